"""The clip player: a component of our own, because Streamlit's own player reports nothing to the server.

It loads the whole clip before it offers to play, so that playing never stalls on the network, and reports what was
heard: the share of the clip that sounded, how often it was started, and when it ended or failed. Reports are
cumulative: the next one replaces one that is lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import streamlit as st

from listening_study.protocol.languages import Texts
from listening_study.streamlit_internals.media import media_address

EVENTS = ("play", "pause", "end", "error")
SCRIPTS = ("sounds.js", "clip.js")  # one script together: a component's script can import nothing


@dataclass(frozen=True)
class Hearing:
    """What the player reported last."""

    heard: float = 0.0  # share of the clip, 0..1
    plays: int = 0
    event: str = ""
    number: int = 0  # of the report, to distinguish a new one from a repeated one
    given_up: bool = False  # the listener reports that it does not play on this device


def play(key: str, path: Path, texts: Texts, *, must_hear: float, heard: float = 0.0) -> Hearing:
    """Show the player of one clip.

    key : the listener's step; the page receives it, so it must not identify the clip, not even by its random name
    must_hear : share of the clip that is reported as soon as it is heard, 0..1
    heard : share heard before this page was loaded
    """
    data = {
        "clip": key,
        "url": address(key, path),
        "labels": labels(texts),
        "help": texts.sound_help,
        "mustHear": must_hear,
        "heard": heard,
    }
    result = _component()(
        key=f"player-{key}", data=data, default={"report": None}, on_report_change=lambda: None, height="content"
    )
    return validated(result.get("report"))


def validated(report: Any) -> Hearing:
    """A validated report of the page: anything that our player does not send counts as nothing heard.

    >>> validated({"event": "end", "heard": 1.0, "plays": 1, "number": 3}).heard
    1.0
    >>> validated({"event": "end", "heard": 7.0, "plays": 1, "number": 3}).heard  # forged
    0.0
    """
    if not isinstance(report, Mapping):
        return Hearing()
    event, heard = report.get("event"), report.get("heard")
    plays, number = report.get("plays"), report.get("number")
    if event not in EVENTS or not isinstance(heard, int | float) or not 0 <= heard <= 1:
        return Hearing()
    if not isinstance(plays, int | float) or not isinstance(number, int | float) or not 0 <= plays < 10_000:
        return Hearing()
    if not 0 <= number < 1_000_000:
        return Hearing()
    return Hearing(float(heard), int(plays), event, int(number), report.get("givenUp") is True)


def labels(texts: Texts) -> dict[str, str]:
    """What stands on a player and is said about it."""
    return {name.removeprefix("player_"): text for name, text in vars(texts).items() if name.startswith("player_")}


def address(key: str, path: Path) -> str:
    """Where the page finds the clip: a hash of its bytes, kept by Streamlit for those who are on this page."""
    return media_address(_read(path), "audio/flac", key)


@st.cache_resource(show_spinner=False)
def _read(path: Path) -> bytes:
    return path.read_bytes()


def part(name: str) -> str:
    """A file of the player, for a component that has one or several in it."""
    return packed(files(__name__).joinpath(name).read_text(encoding="utf-8"))


def packed(text: str) -> str:
    r"""A script or style sheet without its comments and indentation: a page receives it with every clip.

    >>> packed("// why\nif (ready) {\n  play() // now\n}\n")
    'if (ready) {\nplay() // now\n}'
    """
    lines = map(str.strip, text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    js = "\n".join(part(name) for name in (*SCRIPTS, "mount.js"))
    return st.components.v2.component("clip_player", html=part("player.html"), css=part("player.css"), js=js)
