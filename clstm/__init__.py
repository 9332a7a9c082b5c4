"""MIDI to score matrix, the three networks of Huang et al. 2018, their training, accuracy and generation.

Kept empty of imports: `evaluation`, `listening_study` and `reports` take the light modules from here without torch.
"""
