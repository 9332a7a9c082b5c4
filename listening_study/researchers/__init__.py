"""The researchers' page, and what it shows of a running study."""
