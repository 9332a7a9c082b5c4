"""The one command `clstm`, and the verbs of this package. Each parses, calls one function, and prints."""
