"""Imported by a server that processes fork off: it imports what they will need, named in the environment.

What cannot be imported is left to the process that needs it, whose error is the user's. What was imported is no
garbage: every collection in a process would visit all of it, and copy its memory by that.
"""

import gc
import os
from contextlib import suppress
from importlib import import_module

from clstm.runtime.forking.server import NEEDED

for _name in filter(None, os.environ.get(NEEDED, "").split(",")):
    with suppress(Exception):
        import_module(_name)
gc.freeze()
