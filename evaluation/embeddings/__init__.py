"""Embeddings: music as vectors of a network that others trained, or of your own arrays. Embedders are plug-ins that run
in processes of their own; torch is imported nowhere else."""
