"""Resampling, tests and intervals, for whole groups of pieces. Arrays in, numbers out; nothing here knows of music."""
