"""What a report shows: the figures, with their captions."""
