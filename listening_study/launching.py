"""Starts Streamlit as `python -m streamlit` does, but without a way to ask the network where it is.

To decide whether a page from elsewhere may connect, Streamlit would look up its own external address on the internet.
No study needs that: a page is served from the address it connects to, and `--public-url` says where that is.
"""

import sys

from streamlit import net_util
from streamlit.web.cli import main


def _unknown() -> None:
    return None


net_util.get_external_ip = _unknown
net_util.get_internal_ip = _unknown

if __name__ == "__main__":
    sys.exit(main(prog_name="streamlit"))
