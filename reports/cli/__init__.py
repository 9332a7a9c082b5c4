"""`clstm report ...`."""
