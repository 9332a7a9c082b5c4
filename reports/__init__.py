"""The comparison as a page to read, with its tables and figures."""
