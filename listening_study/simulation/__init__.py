"""Simulated listeners: a rehearsal of a whole study, and the power of a design."""
