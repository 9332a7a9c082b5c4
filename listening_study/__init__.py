"""A blind listening study: participants say of each clip whether a person or a computer made it."""
