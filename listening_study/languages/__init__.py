"""Every word a participant reads, one TOML file a language.

A file that lacks a text, or has one too many, fails when it is loaded: no listener meets an empty place.
"""

import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Texts:
    """The texts of one language. {count}, {seconds}, {minutes} and {number} are filled in where they are shown."""

    welcome_intro: str
    welcome_task: str
    welcome_duration: str
    consent_title: str
    consent_text: str
    consent_agree: str
    consent_begin: str
    link_unknown: str
    volume_title: str
    volume_text: str
    volume_done: str
    volume_help_title: str
    volume_help: str
    trial_progress: str
    trial_question: str
    trial_hint: str
    trial_human: str
    trial_computer: str
    thanks_title: str
    thanks_text: str
    debrief_title: str
    debrief_text: str
    unavailable: str
    try_again: str


def load(language: str) -> Texts:
    """The texts of a language by its code, "en"."""
    resource = files(__name__) / f"{language}.toml"
    return Texts(**tomllib.loads(resource.read_text(encoding="utf-8")))
