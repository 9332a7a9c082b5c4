"""The Python API of the models (`import clstm as cl`): `cl.prepare`, `cl.train`, `cl.generate` and `cl.accuracy`, which
the commands of these names call too, and the results that they return.
"""
