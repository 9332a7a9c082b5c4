"""Metrics watched by continuous integration: a recorded baseline, the check against it, the pytest fixture."""
