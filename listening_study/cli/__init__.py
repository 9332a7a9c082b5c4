"""`clstm study ...`: the verbs of the listening study."""
