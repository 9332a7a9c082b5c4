"""Training: its settings, its batches, and the loop, which can be stopped and resumed at any moment."""
