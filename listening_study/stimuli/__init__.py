"""The clips: chosen from the sources, cut, matched in loudness, and written under random names."""
