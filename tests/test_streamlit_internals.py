"""Each assumption about Streamlit's internals holds in the installed version; a failure says what it was for."""

import ast
import asyncio
import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest
import streamlit
from app_server import AppServer, running
from patience import PATIENCE
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Button_pb2 import Button
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime import Runtime
from streamlit.runtime.media_file_manager import MediaFileManager
from uvicorn import Config
from uvicorn.protocols.http.auto import AutoHTTPProtocol

import listening_study
from listening_study.streamlit_internals import addresses, launch, messages, options, own_files, parts
from listening_study.streamlit_internals.page_client import Session
from listening_study.streamlit_internals.page_selectors import (
    APP,
    CONNECTION_STATUS,
    DRAWN,
    SCRIPT_STATE,
    SELECTORS,
    with_selectors,
)

ROOT = Path(__file__).parents[1]
PACKAGE = Path(listening_study.__file__).parent
ROOM = PACKAGE / "streamlit_internals"

FIELDS = [
    (BackMsg, "rerun_script", "to ask for a page"),
    (BackMsg().rerun_script, "query_string", "to open a participant's own address"),
    (BackMsg().rerun_script, "fragment_id", "to draw a part of the page alone"),
    (BackMsg().rerun_script, "cached_message_hashes", "to say which messages were kept"),
    (BackMsg().rerun_script, "widget_states", "to fill in a form"),
    (BackMsg().rerun_script, "context_info", "to say the language"),
    (BackMsg().rerun_script.context_info, "locale", "to say the language"),
    (ForwardMsg, "new_session", "to see where a screen begins"),
    (ForwardMsg, "delta", "to see what is drawn"),
    (ForwardMsg, "page_info_changed", "to follow the address"),
    (ForwardMsg, "script_finished", "to wait until a screen is drawn"),
    (ForwardMsg, "ref_hash", "to read a message that was kept"),
    (ForwardMsg().metadata, "cacheable", "to know which messages to keep"),
    (ForwardMsg().metadata, "delta_path", "to know where an element stands"),
    (ForwardMsg().metadata.run, "fragment_ids", "to know what a run draws again"),
    (ForwardMsg().new_session.initialize, "session_id", "to come back after a lost connection"),
    (ForwardMsg().delta, "fragment_id", "to know what a run draws again"),
    (ForwardMsg().delta, "new_element", "to read elements"),
    (ForwardMsg().delta, "add_block", "to read containers"),
    (ForwardMsg().delta.new_element, "bidi_component", "to find the study's own player"),
    (Button, "is_form_submitter", "to send a form"),
    (Button, "form_id", "to send a form"),
    *(
        (WidgetState, f"{kind}_value", "to fill in a form")
        for kind in ("trigger", "bool", "string", "string_array", "double_array", "json", "json_trigger")
    ),
]


def at(field: tuple[Any, ...]) -> str:
    return f"{field[0].DESCRIPTOR.full_name}.{field[1]}"


@pytest.mark.parametrize("field", FIELDS, ids=at)
def test_the_websockets_messages_have_their_fields(field: tuple[Any, str, str]) -> None:
    message, name, use = field
    parts.require(name in message.DESCRIPTOR.fields_by_name, at(field), use)


@pytest.mark.parametrize(
    "replaced", [*launch.UNANSWERED, launch.UVICORN, launch.FILES, launch.COMMAND], ids=lambda one: one[1]
)
def test_functions_that_are_replaced_or_called_are_there(replaced: tuple[Any, str, str]) -> None:
    assert callable(parts.part(*replaced))


def test_a_part_that_is_gone_is_named_with_its_use() -> None:
    words = rf"Streamlit {re.escape(streamlit.__version__)} no longer has streamlit\.headline; it was used for headings"
    with pytest.raises(parts.StreamlitChangedError, match=words):
        parts.part(streamlit, "headline", "for headings")


def test_uvicorn_takes_the_protocol_by_its_argument_http() -> None:
    parts.require("http" in inspect.signature(Config).parameters, "uvicorn.Config(http=)", launch.UVICORN[2])
    source = inspect.getsource(parts.part(*launch.UVICORN))
    assert '"http"' not in source, f"Streamlit {streamlit.__version__} chooses uvicorn's HTTP protocol itself"


@pytest.mark.parametrize("name", ["cycle", "transport", "loop"])
def test_uvicorns_protocol_has_the_attributes_that_are_read(name: str) -> None:
    known = AutoHTTPProtocol.__init__.__code__.co_names
    parts.require(name in known, f"uvicorn's protocol.{name}", "to close connections that send no whole request")


@pytest.mark.parametrize("name", ["more_body", "response_complete"])
def test_uvicorns_record_of_a_request_has_the_attributes_that_are_read(name: str) -> None:
    cycle = inspect.getmodule(AutoHTTPProtocol).RequestResponseCycle  # type: ignore[union-attr]
    known = cycle.__init__.__code__.co_names
    parts.require(name in known, f"uvicorn's cycle.{name}", "to close connections that send no whole request")


@pytest.mark.parametrize("name", [*options.SETTINGS, *options.SMALL_MESSAGES, *options.public_settings("a", 1, "b")])
def test_every_option_is_known(name: str) -> None:
    parts.require(name in config.get_config_options(), f"the option {name}", "to serve the study's pages")


def test_hidden_options_are_among_those_set() -> None:
    assert set(options.HIDDEN) <= {*options.SETTINGS, *options.SMALL_MESSAGES}


def test_media_files_can_be_added() -> None:
    parts.part(Runtime, "media_file_mgr", "to serve a clip to the study's own player")
    taken = list(inspect.signature(MediaFileManager.add).parameters)
    parts.require(taken[1:4] == ["path_or_data", "mimetype", "coordinates"], "MediaFileManager.add", "to serve a clip")


@pytest.fixture(scope="module")
def bundle() -> str:
    """The JavaScript of Streamlit's own page."""
    folder = Path(streamlit.__file__).parent / "static" / "static" / "js"
    return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in folder.glob("*.js"))


def test_streamlits_page_has_a_place_for_words_a_font_and_a_font_of_icons(bundle: str) -> None:
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    for part in (own_files.ROOT, "</head>", '<html lang="en">', "<title>"):
        parts.require(page.count(part) == 1, part, "to show words before the app")
    parts.require(len(own_files.FONT.findall(page)) == 1, "a font that is loaded first", "to load none")
    parts.require("preloadIconFont" in bundle, "preloadIconFont", "to load no icons before there are any")


@pytest.mark.parametrize("selector", [*SELECTORS.values(), APP, CONNECTION_STATUS, *DRAWN.split()])
def test_every_element_that_is_styled_is_in_streamlits_page(selector: str, bundle: str) -> None:
    name = re.findall(r'"(\w+)"', selector)[0]
    parts.require(re.search(rf"\b{name}\b", bundle) is not None, f"the element {selector}", "in style.css or page.js")


def test_the_page_says_when_it_is_being_drawn(bundle: str) -> None:
    parts.require(SCRIPT_STATE in bundle, SCRIPT_STATE, "to move the focus once a screen is drawn")


def test_the_style_sheet_names_elements_and_uses_each_name() -> None:
    css = (PACKAGE / "participants" / "style.css").read_text(encoding="utf-8")
    assert set(re.findall(r"(?<!\$)\$(\w+)", css)) == {*SELECTORS}
    assert "$header" not in with_selectors(css)


def test_nothing_outside_the_room_relies_on_streamlits_internals() -> None:
    names = re.compile(r"data-testid|\bst[A-Z]\w+\b|_stcore|\$\$ID|dataset\.test")
    for path in sorted(PACKAGE.rglob("*")):
        if ROOM in path.parents or path.suffix not in (".py", ".js", ".css", ".html"):
            continue
        text = path.read_text(encoding="utf-8")
        assert not names.findall(text), path
        if path.suffix == ".py":
            found = {
                module
                for node in ast.walk(ast.parse(text))
                for module in (
                    [alias.name for alias in node.names]
                    if isinstance(node, ast.Import)
                    else [str(node.module)]
                    if isinstance(node, ast.ImportFrom)
                    else []
                )
            }
            assert not [module for module in found if module.startswith(("streamlit.", "uvicorn", "websockets"))], path
            assert "from streamlit" not in text, path


def test_streamlit_has_an_upper_bound_that_the_tested_version_keeps() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (wanted,) = [one for one in project["dependencies"] if one.startswith("streamlit")]
    bound = re.search(r"<(\d+)\.(\d+)$", wanted)
    tested = re.search(
        r"^streamlit==(\d+)\.(\d+)", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert bound
    assert tested
    assert tuple(map(int, tested.groups())) < tuple(map(int, bound.groups()))


SCRIPT = """
import streamlit as st

st.text_input("A name", key="a-key")
st.audio(b"not really a sound", format="audio/flac")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    folder = tmp_path_factory.mktemp("app")
    (folder / "app.py").write_text(SCRIPT)
    with running(AppServer(folder / "app.py", log=folder / "log")) as server:
        yield server


def test_a_server_answers_where_it_is_asked(server: AppServer) -> None:
    async def look() -> None:
        async with await Session.connect(server.url, keep_frames=True) as page:
            address = page.all_of("audio")[0].content.url
            parts.require(bool(addresses.MEDIA.fullmatch(address)), "addresses /media/...", f"for clips; got {address}")
            assert await page.fetch(address) == b"not really a sound"
            (field,) = page.all_of("text_input")
            parts.require(field.key == "a-key", "keys at the end of ids", f"to find a widget; got {field.id}")
            begun = sum(map(messages.starts_run, page.frames))
            parts.require(begun == 1, "one message new_session for each run", f"to find screens; got {begun}")

    asyncio.run(look())


def test_a_server_tells_its_health_with_a_token_against_forgery(server: AppServer) -> None:
    with build_opener(ProxyHandler({})).open(server.url + addresses.HEALTH, timeout=PATIENCE) as answer:
        cookies = answer.headers.get_all("Set-Cookie") or []
    there = any(cookie.startswith(f"{messages.XSRF_COOKIE}=") for cookie in cookies)
    parts.require(there, f"the cookie {messages.XSRF_COOKIE}", f"to open the websocket; got {cookies}")
