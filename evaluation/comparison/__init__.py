"""Systems compared with the reference, metric by metric: distances, tests, intervals, and the table of results."""
