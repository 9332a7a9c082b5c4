"""The researchers' page, and what it shows while a study runs."""
