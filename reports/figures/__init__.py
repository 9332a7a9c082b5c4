"""What a report shows: excerpts to hear, and the figures with their captions."""
