"""What can be concluded from the tasks other than "human or computer?": ratings, preferences, MUSHRA and ABX.

Pure functions of the tidy table `judgements`: tables in, tables out. `ratings`, `preferences`, `mushra` and `abx` have
one function each that a results page calls; `components`, `means`, `shares` and `cumulative_link` are their models.
"""
