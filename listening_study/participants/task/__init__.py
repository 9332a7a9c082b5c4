"""The task on a screen: a component of our own that holds the player or players and all that is asked about them.

It works by mouse, touch and keyboard, keeps what was chosen in the tab until it is sent, loads the next clip while this
one is answered, and sends one answer, which is validated here: what our page does not send is refused. What the page
receives does not identify a clip: sounds are named by their place, and their addresses are hashes of their bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import streamlit as st

from listening_study.participants import player
from listening_study.participants.player import address, labels
from listening_study.participants.task.asked import Asked, accepted
from listening_study.protocol.languages import Texts

SCRIPTS = ("items.js", "task.js")
SWITCHING = "comparison.js"  # what tasks need whose sounds run together


@dataclass(frozen=True)
class Sound:
    """One sound of a task.

    name : what stands on its player, "A"; "" where there is one player
    is_prompt : heard before the others
    """

    path: Path
    name: str = ""
    is_prompt: bool = False


@dataclass(frozen=True)
class Sheet:
    """What is heard and asked on one screen.

    key : the listener's step; the page receives it, so it must not identify a clip
    panels : places of the items that are shown together, one panel after another
    next : sounds that may be heard next; they are loaded while this is answered
    must_hear : share of each sound that must be heard, 0..1
    switching : all sounds run together, and one of them is heard at a time
    alone : a panel shows the sound that it is about, and not the others
    at_once : the first choice is sent at once
    closed : nothing can be chosen any more
    """

    key: str
    sounds: tuple[Sound, ...]
    asked: tuple[Asked, ...]
    panels: tuple[tuple[int, ...], ...]
    must_hear: float
    next: tuple[Path, ...] = ()
    switching: bool = False
    alone: bool = False
    at_once: bool = False
    closed: bool = False


@dataclass(frozen=True)
class Progress:
    """What the page reported last.

    heard : share of each sound, 0..1
    number : of the report, to distinguish a new one from a repeated one
    values : of the answer that was sent, one for each item; None without one
    refused : an answer was sent that our page cannot send
    """

    heard: tuple[float, ...]
    plays: int = 0
    event: str = ""
    number: int = 0
    given_up: bool = False
    values: list[Any] | None = field(default=None, compare=False)
    refused: bool = field(default=False, compare=False)

    @property
    def least(self) -> float:
        """The share of the sound that was heard least."""
        return min(self.heard)


def show(sheet: Sheet, texts: Texts, heard: float = 0.0) -> Progress:
    """Show a task. heard : share of the sound heard before this page was loaded, where there is one."""
    data = {
        "task": sheet.key,
        "sounds": [_sound(sheet, place, heard) for place in range(len(sheet.sounds))],
        "next": [address(f"next-{place}", path) for place, path in enumerate(sheet.next or _own(sheet))],
        "items": [one.data() for one in sheet.asked],
        "panels": sheet.panels,
        "mustHear": sheet.must_hear,
        "switching": sheet.switching,
        "alone": sheet.alone,
        "atOnce": sheet.at_once,
        "closed": sheet.closed,
        "labels": labels(texts),
        "help": texts.sound_help,
        "words": _words(texts, sheet),
    }
    result = _component(sheet.switching)(
        key=f"task-{sheet.key}",
        data=data,
        default={"report": None, "answer": None},  # a trigger would be lost where a report interrupts its run
        on_report_change=lambda: None,
        on_answer_change=lambda: None,
        height="content",
    )
    return validated(sheet, result.get("report"), result.get("answer"))


def validated(sheet: Sheet, report: Any, answer: Any) -> Progress:
    """What the page sent, if our page can have sent it: any other report counts as nothing heard.

    >>> sheet = Sheet("trial-0", (Sound(Path("a.flac")),), (), (), must_hear=1.0)
    >>> validated(sheet, {"event": "end", "heard": [1.0], "plays": 1, "number": 2}, None).least
    1.0
    >>> validated(sheet, {"event": "end", "heard": [7.0], "plays": 1, "number": 2}, {"values": ["x"]})  # forged
    Progress(heard=(0.0,), plays=0, event='', number=0, given_up=False, values=None, refused=True)
    """
    values = accepted(sheet.asked, answer.get("values")) if isinstance(answer, Mapping) else None
    refused = answer is not None and values is None
    shares = report.get("heard") if isinstance(report, Mapping) else None
    if not isinstance(shares, list) or len(shares) != len(sheet.sounds):
        return Progress((0.0,) * len(sheet.sounds), values=values, refused=refused)
    hearings = [player.validated({**report, "heard": share}) for share in shares]
    if not all(hearing.event for hearing in hearings):
        return Progress((0.0,) * len(sheet.sounds), values=values, refused=refused)
    one = hearings[0]
    shares = tuple(hearing.heard for hearing in hearings)
    return Progress(shares, one.plays, one.event, one.number, one.given_up, values, refused)


def _own(sheet: Sheet) -> tuple[Path, ...]:
    """The sounds of a sheet itself, where none comes next: what the page is sent has the same length at every place."""
    return tuple(sound.path for sound in sheet.sounds)


def _words(texts: Texts, sheet: Sheet) -> dict[str, Any]:
    several = len(sheet.sounds) > 1
    words: dict[str, Any] = {
        "hint": texts.task_hint if several else texts.trial_hint,
        "locked": texts.task_locked if several else texts.trial_locked,
        "missing": texts.trial_missing,
        "back": texts.task_back,
        "on": texts.go_on,
        "send": texts.trial_next,
    }
    if sheet.switching:
        words |= {name: getattr(texts, f"mushra_{name}") for name in ("text", "small", "scale", "stop", "not_rated")}
    return words


def _sound(sheet: Sheet, place: int, heard: float) -> dict[str, Any]:
    sound = sheet.sounds[place]
    alone = len(sheet.sounds) == 1
    return {
        "url": address(f"{sheet.key}-{place}", sound.path),
        "name": sound.name,
        "prompt": sound.is_prompt,
        "heard": heard if alone else 0.0,
    }


@st.cache_resource(show_spinner=False)
def _component(switching: bool) -> Any:
    html = Template(_part("task.html")).substitute(player=player.part("player.html"))
    css = player.part("player.css") + _part("task.css")
    scripts = (*SCRIPTS, SWITCHING, "mount.js") if switching else (*SCRIPTS, "mount.js")
    js = "\n".join([*map(player.part, player.SCRIPTS), *map(_part, scripts)])
    return st.components.v2.component("comparison" if switching else "task", html=html, css=css, js=js)


def _part(name: str) -> str:
    return player.packed(files(__name__).joinpath(name).read_text(encoding="utf-8"))
