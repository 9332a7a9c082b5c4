"""What goes from a report or a comparison into a paper: tables, a paragraph on methods, and references."""
