"""What the results of the Python API have in common: how they look in a notebook, light or dark and without a network,
and how a call that takes long says how far it is.
"""
