"""What all figures have in common: their style, the colours of the systems, and how they are saved."""
