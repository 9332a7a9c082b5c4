"""What every package needs: errors, the console, the layout of commands, files, worker processes.

Nothing here concerns music, and nothing imports heavy libraries.
"""
