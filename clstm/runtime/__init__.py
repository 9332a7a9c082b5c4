"""What every package needs of the machine: errors, the console, files written whole, files found, worker processes.

Nothing here knows of music, and nothing imports anything heavy.
"""
