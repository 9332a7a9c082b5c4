"""Starts Streamlit as `python -m streamlit` does, with five functions replaced.

- To decide whether a page from elsewhere may connect, Streamlit would look up its own external address on the internet.
  No study needs that: a page is served from the address it connects to, and `--public-url` says where that is.
- Any page may ask Streamlit for the repository it runs from, and would get its untracked files, pieces among them.
- uvicorn waits for ever for a request to be complete. It takes another HTTP protocol by its argument `http`, for which
  Streamlit has no option (`http_protocol`).
- Its own files are sent compressed, and its page with words of the study (`own_files`).
"""

from typing import Any

from starlette.routing import Mount
from streamlit import git_util, net_util
from streamlit.web import cli
from streamlit.web.server.starlette import starlette_app, starlette_server

from listening_study.streamlit_internals.http_protocol import ImpatientProtocol
from listening_study.streamlit_internals.own_files import First, OwnFiles
from listening_study.streamlit_internals.parts import part

# Owner, name and use of each function that is replaced by one that returns nothing.
UNANSWERED = (
    (net_util, "get_external_ip", "to keep the server from asking the internet for its address"),
    (net_util, "get_internal_ip", "to keep the server from looking for its address in the network"),
    (git_util.GitRepo, "get_repo_info", "to keep the names of the researcher's files from the page"),
)
UVICORN = (
    starlette_server,
    "_get_uvicorn_config_kwargs",
    "to give uvicorn an HTTP protocol that does not wait for ever",
)
FILES = (
    starlette_app,
    "create_streamlit_static_assets_routes",
    "to send its own files compressed, and words before the app",
)
COMMAND = (cli, "main", "to start a server from the command line")


def replace_parts(first: First | None = None) -> None:
    """Replace the functions named above. Raises `StreamlitChangedError` when one of them is gone.

    first : what the page shows before the app does
    """
    for owner, name, use in UNANSWERED:
        part(owner, name, use)
        setattr(owner, name, _unknown)
    arguments = part(*UVICORN)
    setattr(UVICORN[0], UVICORN[1], lambda: {**arguments(), "http": ImpatientProtocol})
    routes = part(*FILES)
    setattr(FILES[0], FILES[1], lambda base_url: [_own(mount, first) for mount in routes(base_url=base_url)])


def _own(mount: Mount, first: First | None) -> Mount:
    return Mount(mount.path, app=OwnFiles(mount.app, first), name=mount.name)


def launch(first: First | None = None) -> int:
    """Run Streamlit with the process's own arguments. Returns its exit status."""
    replace_parts(first)
    status: int = part(*COMMAND)(prog_name="streamlit")
    return status


def _unknown(*_: Any) -> None:
    return None
