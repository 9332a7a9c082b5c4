"""The page: one HTML file with its styles and scripts."""
