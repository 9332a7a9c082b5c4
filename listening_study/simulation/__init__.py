"""Listeners that do not exist: a rehearsal of a whole study, and the power of a design."""
