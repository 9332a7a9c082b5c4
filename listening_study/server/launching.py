"""The process that serves a page, `python -m listening_study.server.launching run ...`; `serving` starts it."""

import sys
from pathlib import Path

from listening_study.server.connections import raise_file_limit
from listening_study.server.first_page import of_folder
from listening_study.server.parent import end_with_parent
from listening_study.streamlit_internals.launch import launch

if __name__ == "__main__":
    raise_file_limit()
    end_with_parent()
    participants = Path(sys.argv[2]).parent.name == "participants"
    sys.exit(launch(of_folder(Path(sys.argv[-1])) if participants else None))
