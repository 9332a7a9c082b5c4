"""Starts Streamlit as `python -m streamlit` does, but without ways to ask the network where it is, or git what it runs.

To decide whether a page from elsewhere may connect, Streamlit would look up its own external address on the internet.
No study needs that: a page is served from the address it connects to, and `--public-url` says where that is. And any
page may ask Streamlit for the repository it runs from, and is told its untracked files: pieces among them.

And it gives uvicorn, which serves Streamlit's pages, a protocol that does not wait for ever (`connections`). uvicorn
takes one by its option `http`, and Streamlit has no option of its own for that.
"""

import sys
from typing import Any

from streamlit import git_util, net_util
from streamlit.web.cli import main
from streamlit.web.server.starlette import starlette_server

from listening_study.server.connections import ImpatientProtocol, raise_file_limit
from listening_study.server.parent import end_with_parent


def _unknown(*_: Any) -> None:
    return None


for _place, _name in (
    (net_util, "get_external_ip"),
    (net_util, "get_internal_ip"),
    (git_util.GitRepo, "get_repo_info"),
):
    assert hasattr(_place, _name), f"Streamlit has no {_name} any more: look where it went"
    setattr(_place, _name, _unknown)

assert hasattr(starlette_server, "_get_uvicorn_config_kwargs"), "Streamlit starts uvicorn in another way: look where"
_uvicorn_options = starlette_server._get_uvicorn_config_kwargs


def _options() -> dict[str, Any]:
    return {**_uvicorn_options(), "http": ImpatientProtocol}


starlette_server._get_uvicorn_config_kwargs = _options

if __name__ == "__main__":
    raise_file_limit()
    end_with_parent()
    sys.exit(main(prog_name="streamlit"))
