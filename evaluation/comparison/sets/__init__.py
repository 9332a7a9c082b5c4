"""The sets of pieces that are compared: what the user gave, what each system's reference is, which pieces are copies,
and which metrics a set lacks.
"""
