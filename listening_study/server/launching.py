"""The process that serves a page, `python -m listening_study.server.launching run ...`; `serving` starts it."""

import sys

from listening_study.server.connections import raise_file_limit
from listening_study.server.parent import end_with_parent
from listening_study.streamlit_internals.launch import launch

if __name__ == "__main__":
    raise_file_limit()
    end_with_parent()
    sys.exit(launch())
