"""The Python API of the evaluation (`import clstm as cl`): `cl.measure`, `cl.compare` and `cl.describe`, which the
commands of these names call too, and the results that they return.
"""
