"""Imported last by a server that processes fork off: what it has imported is no garbage, and no process looks at it.

Every collection in a process would visit all of it, and copy its memory by that.
"""

import gc

gc.freeze()
