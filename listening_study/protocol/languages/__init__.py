"""Every text a participant reads, one TOML file per language.

A file that lacks a text, or has one too many, fails when it is loaded: no participant sees a gap. The other
languages were translated from English. A translation counts as unvalidated, and its page says so, until the researcher
gives a file of reviewed wording (`clstm study words`), which may replace any of the texts and says who reviewed them.
"""

import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from clstm.runtime.errors import UnreadableFileError
from listening_study.protocol.questions import FORMS, Question, ReplyKind

ORIGINAL = "en"
REVIEWED = "reviewed"  # the key of an override that names the reviewer


@dataclass(frozen=True)
class QuestionTexts:
    """The texts of one question about a clip.

    options : one for each number; low, high : what the ends of a scale mean
    """

    label: str
    options: tuple[str, ...] = ()
    low: str = ""
    high: str = ""


@dataclass(frozen=True)
class Texts:
    """The texts of one language. Names in braces are filled in where a text is shown; lists are options."""

    language: str
    language_choice: str
    unvalidated: str
    welcome_intro: str
    welcome_task: str
    welcome_duration: str
    welcome_catch: str
    welcome_tasks: str
    welcome_screens: str
    consent_title: str
    consent_voluntary: str
    consent_stored: str
    consent_crowd: str
    consent_crowd_until: str
    consent_place: str
    consent_institution: str
    consent_contact: str
    consent_ethics: str
    consent_retention: str
    consent_paid: str
    consent_agree: str
    consent_age: str
    consent_begin: str
    consent_decline: str
    consent_young: str
    left_title: str
    left_text: str
    left_young: str
    end_code: str
    end_take: str
    end_close: str
    link_unknown: str
    link_needed_title: str
    link_needed: str
    busy_title: str
    busy_text: str
    closed_title: str
    closed_text: str
    closed_answered: str
    full_text: str
    background_title: str
    background_text: str
    background_listening: str
    background_listening_options: list[str]
    background_training: str
    background_training_options: list[str]
    background_playing: str
    background_playing_options: list[str]
    background_hearing: str
    background_hearing_options: list[str]
    go_on: str
    volume_title: str
    volume_text: str
    volume_device: str
    volume_device_options: list[str]
    volume_done: str
    volume_help_title: str
    sound_help: str
    headphones_title: str
    headphones_progress: str
    headphones_text: str
    headphones_options: list[str]
    practice_progress: str
    practice_hint: str
    practice_right: str
    practice_wrong: str
    practice_human: str
    practice_computer: str
    trial_progress: str
    trial_question: str
    trial_hint: str
    trial_locked: str
    trial_human: str
    trial_computer: str
    trial_next: str
    trial_missing: str
    trial_not_heard: str
    task_hint: str
    task_locked: str
    task_back: str
    task_progress: str
    task_prompt: str
    task_continuation: str
    rating_title: str
    preference_title: str
    preference_none: str
    continuation_title: str
    abx_title: str
    mushra_title: str
    mushra_text: str
    mushra_small: str
    mushra_scale: list[str]
    mushra_stop: str
    mushra_not_rated: str
    mushra_reference: str
    player_name: str
    player_play: str
    player_pause: str
    player_again: str
    player_progress: str
    player_loading: str
    player_ready: str
    player_playing: str
    player_paused: str
    player_ended: str
    player_key: str
    player_trouble: str
    player_retry: str
    player_give_up: str
    lost: str
    break_title: str
    break_text: str
    break_screens: str
    break_go_on: str
    interview_title: str
    interview_text: str
    interview_cues: str
    interview_human: str
    interview_rhythm: str
    interview_melody: str
    interview_repetition: str
    interview_other: str
    interview_done: str
    thanks_title: str
    thanks_text: str
    thanks_code: str
    thanks_link: str
    debrief_title: str
    debrief_text: str
    debrief_tasks: str
    withdraw: str
    withdraw_sure: str
    withdraw_yes: str
    withdraw_no: str
    withdrawn_title: str
    withdrawn_text: str
    unavailable: str
    try_again: str
    questions: Mapping[Question, QuestionTexts]  # trial_confidence, trial_confidence_options, ... in the file


@dataclass(frozen=True)
class Wording:
    """A language as it is shown: its code, its texts, and whether they were reviewed."""

    code: str
    texts: Texts
    validated: bool


def load(language: str) -> Texts:
    """The bundled texts of a language by its code, "en".

    >>> load("de").trial_human, load("es").language
    ('Mensch', 'Español')
    """
    return _texts(every_text(language))


@cache
def every_text(language: str) -> Mapping[str, Any]:
    """The bundled texts of a language as in its file: key -> text, or list of options.

    >>> every_text("en")["background_playing_options"]
    ['no', 'I used to', 'yes']
    """
    return tomllib.loads(bundled(language))


def _texts(given: Mapping[str, Any]) -> Texts:
    """The texts of a whole file. Raises `KeyError` or `TypeError` for one that lacks a text or has one too many."""
    rest = dict(given)
    ends = {name: rest.pop(name) for name in {end for question in Question for end in _ends(question)}}
    questions = {
        question: QuestionTexts(
            rest.pop(f"trial_{question}"),
            tuple(rest.pop(f"trial_{question}_options") if FORMS[question].kind is ReplyKind.OPTIONS else ()),
            *(ends[name] for name in _ends(question)),
        )
        for question in Question
    }
    return Texts(**rest, questions=questions)


def _ends(question: Question) -> tuple[str, ...]:
    """The keys of the texts that say what the ends of a scale mean; none for another question."""
    form = FORMS[question]
    shared = form.ends or str(question)
    return (f"trial_{shared}_low", f"trial_{shared}_high") if form.kind is ReplyKind.SCALE else ()


def bundled(language: str) -> str:
    """The bundled file of a language, to review and override.

    >>> 'language = "Deutsch"' in bundled("de")
    True
    """
    return files(__name__).joinpath(f"{language}.toml").read_text(encoding="utf-8")


def read(language: str, override: Path) -> Wording:
    """A language with the researcher's wording in place of the bundled one, where the file `override` exists.

    Raises `UnreadableFileError` for an override that is no TOML, names a text that does not exist, or gives one that
    lacks a place to fill in or has another number of options.

    >>> read("en", Path("no-file.toml")).validated, read("de", Path("no-file.toml")).validated
    (True, False)
    """
    original = every_text(language)
    if not override.is_file():
        return Wording(language, load(language), validated=language == ORIGINAL)
    try:
        given: dict[str, Any] = tomllib.loads(override.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableFileError(override, f"is not a readable TOML file ({error})") from error
    reviewed = str(given.pop(REVIEWED, "")).strip()
    for name, text in given.items():
        if name not in original:
            raise UnreadableFileError(
                override, f"{name!r} is not a text of the page; see `clstm study words {language}`"
            )
        if fault := _fault(original[name], text):
            raise UnreadableFileError(override, f"{name} {fault}")
    return Wording(language, _texts({**original, **given}), validated=bool(reviewed) or language == ORIGINAL)


def placeholders(text: str) -> set[str]:
    """What a text wants filled in.

    >>> sorted(placeholders("Clip {number} of {count}"))
    ['count', 'number']
    """
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def choose(preferred: Iterable[str], offered: Iterable[str]) -> str:
    """The first preferred language that is offered, else the first offered.

    >>> choose(["zh-Hans-CN", "en"], ["en", "zh"])
    'zh'
    """
    offered = list(offered)
    return next((code for wish in preferred if (code := wish.split("-")[0].lower()) in offered), offered[0])


def _fault(original: Any, given: Any) -> str | None:
    if isinstance(original, list):
        right = isinstance(given, list) and len(given) == len(original) and all(isinstance(one, str) for one in given)
        return None if right and all(given) else f"needs {len(original)} options, each a text"
    if not isinstance(given, str) or not given.strip():
        return "is empty or no text"
    try:
        fields = [field for field in string.Formatter().parse(given) if field[1] is not None]
        found = placeholders(given)
    except ValueError as error:
        return f"has a brace out of place ({error})"
    if found != placeholders(original) or any(not name or form or conversion for _, name, form, conversion in fields):
        wanted = ", ".join(f"{{{name}}}" for name in sorted(placeholders(original))) or "nothing"
        return f"must fill in {wanted}"
    return None
