"""How far a system's music is from a reference, all metrics taken together: a number, its doubt, and who is closer."""
