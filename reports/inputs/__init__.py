"""What a report is made from: systems and their pieces, variants of decoding, models, and the results of a study."""
