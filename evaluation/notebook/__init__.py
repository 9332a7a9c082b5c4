"""One piece of music in the output of a notebook's cell: heard, seen as a piano roll and as a sonogram; and music that
lies in memory as the files that everything else reads.
"""
