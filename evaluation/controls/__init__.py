"""Controls: the limits of a system's music, found or declared, and put on the reference before the two are compared."""
