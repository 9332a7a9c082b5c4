"""Answers -> tables, and what can be concluded from them.

"Human or computer?" is a discrimination test (Ariza 2009). `tables` joins answers and the sealed key; `exclusion`
leaves out what the registration excludes; `tally`, `detection` and `agreement` describe; `inference` tests.
"""
