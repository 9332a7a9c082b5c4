"""The numbers that papers print, by their names and in the definitions of their reference implementations. They are
measured and described beside those of other papers, never tested. docs/guide/papers-numbers.md says what equals what.
"""
