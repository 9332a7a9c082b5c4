"""What a report says: tables, tests of the claims of the paper, correlations, and the sentences made from them."""
