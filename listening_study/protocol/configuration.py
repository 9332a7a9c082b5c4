"""The researcher's decisions about a study: one validated file, `study.toml`, every key with its comment.

Keys, ranges, defaults and comments are defined by the models below and nowhere else: the file is checked against them,
and the template of `clstm study config` is made of them. A key that is left out has its default.
"""

import re
from contextlib import suppress
from datetime import date
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from listening_study.protocol.languages.codes import Language
from listening_study.protocol.questions import Question
from listening_study.protocol.tasks import Task


def _shaped(pattern: str, words: str) -> AfterValidator:
    """Text of this form, which `words` describe in the error message."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise PydanticCustomError("form", "it should {words}", {"words": words})
        return text

    return AfterValidator(check)


# Nothing that a spreadsheet takes for a formula.
Name = Annotated[
    str,
    _shaped(
        r"[^\W_][\w .+-]{0,39}",
        "begin with a letter or digit; then up to 39 letters, digits, spaces and . + - _ follow",
    ),
]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Parameter = Annotated[
    str, _shaped(r"[A-Za-z][A-Za-z0-9_-]{0,39}", "begin with a letter, then up to 39 of A-Z a-z 0-9 _ -")
]
Address = Annotated[str, _shaped(r"(https://\S{1,492})?", "begin with https:// and have at most 500 characters")]


def _network_address(text: str) -> str:
    with suppress(ValueError):
        return str(ip_address(text)) if text else ""
    raise PydanticCustomError("address", "it should be an IP address, such as 127.0.0.1, or empty")


NetworkAddress = Annotated[str, AfterValidator(_network_address)]


class Loudness(StrEnum):
    """Whether clips are brought to one loudness, or keep the differences they were rendered with."""

    MATCHED = "matched"
    AS_RENDERED = "as-rendered"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Clips(_Section):
    """[clips] How clips are cut and made alike."""

    count: int = Field(10, ge=1, description="clips of each source, from different songs where there are enough")
    seconds: float = Field(10.0, ge=1, le=60, description="length of a clip")
    after: float = Field(
        10.0,
        ge=0,
        description="a clip begins at least this many seconds after the beginning of its piece, or after its prompt",
    )
    prompt: float = Field(
        5.0, ge=1, le=60, description="seconds heard of a prompt, those before its continuation, in that task"
    )
    loudness: Loudness = Field(
        Loudness.MATCHED,
        description='"matched": every clip at -23 LUFS; "as-rendered": louder sources stay louder, as in the paper',
    )
    as_played: bool = Field(
        False, description="hear all MIDI as it is written, whatever limits the music of one source has"
    )
    pedal: bool = Field(
        False, description="notes last as long as the pedal holds them, where limits leave no pedal to hear"
    )
    soundfont: str | None = Field(
        None, description="SoundFont to render MIDI with, a file or the name of an installed one; left out: TimGM6mb"
    )
    instrument: int | None = Field(
        None,
        ge=0,
        le=127,
        description="one General MIDI program for all MIDI that is heard as played; left out: as written",
    )


class Design(_Section):
    """[design] What one listener hears and is asked."""

    clips_each: int | None = Field(
        None, ge=1, description="clips of each source that one listener hears; left out: all of them"
    )
    repeats: int = Field(0, ge=0, le=20, description="clips heard a second time at the end, for consistency")
    catch: int = Field(0, ge=0, le=10, description="catch trials: three beeps, for which the answer was agreed")
    practice: int = Field(2, ge=0, le=10, description="practice clips with feedback, from pieces used nowhere else")
    break_every: int = Field(20, ge=0, description="trials between two breaks; 0: no breaks")
    must_hear: float = Field(
        1.0, ge=0, le=1, description="share of a clip that must be heard before it can be answered"
    )
    questions: tuple[Question, ...] = Field(
        tuple(Question), description="asked about each clip besides human or computer, in this order"
    )
    background: bool = Field(True, description="ask about listening and musical training before the clips")
    headphone_check: bool = Field(True, description="a short check whether headphones are worn; nobody is turned away")
    interview: bool = Field(True, description="open questions after the last clip")


class Exclusions(_Section):
    """[registration.exclusions] Whose answers, and which, the main analysis leaves out."""

    incomplete: bool = Field(False, description="listeners who did not answer every clip")
    catch_missed: int | None = Field(1, ge=0, description="listeners who missed more catch trials than this")
    fastest_median: float | None = Field(
        None, ge=0, description="listeners whose median answer came sooner than this many seconds after the clip's end"
    )
    headphones: bool = Field(False, description="listeners who failed the headphone check")
    extras: bool = Field(False, description="listeners whose place was given to another while they were away")
    known: bool = Field(True, description="answers about pieces that the listener knows")
    heard: float = Field(1.0, ge=0, le=1, description="answers to clips of which less than this share was heard")


class Registration(_Section):
    """[registration] Fixed before the first answer and published by its SHA-256."""

    listeners: int = Field(20, ge=1, description="complete listeners that the study needs; see also access.full_at")
    contrasts: tuple[Name, ...] = Field((), description="sources tested against the human one; empty: all others")
    anchor: Name | None = Field(
        None, description="a source known to be bad; unless listeners recognise it, no system is called equivalent"
    )
    margin: float = Field(
        0.1,
        gt=0,
        lt=1,
        description='equivalence: P("human" | system) - P("human" | human) within plus or minus this; of ratings, the '
        "means, within this share of the scale",
    )
    alpha: float = Field(0.05, gt=0, lt=0.5, description="level of the tests, Holm-corrected over the contrasts")
    exclusions: Exclusions = Exclusions()


class Consent(_Section):
    """[consent] What participants are told before they agree. The page shows what is filled in here."""

    version: Line = Field("1", description="change it whenever a word of this section changes")
    institution: Line = Field("", description="who runs the study")
    contact: Line = Field("", description="name and e-mail address for questions and complaints")
    ethics: Line = Field("", description="number of the ethics approval")
    minimum_age: int = Field(
        18, ge=0, le=99, description="participants confirm that they are at least this old; 0: not asked"
    )
    retention: Line = Field("", description='how long answers are kept, such as "ten years"')
    paid: Line = Field("", description="what participants receive, if anything")


class End(_Section):
    """[access.*] What participants take back to a recruiting platform."""

    code: Line = Field("", description="shown to copy")
    url: Address = Field("", description='a link back, with parameters of crowd_parameters in braces: "...?id={ID}"')


class Access(_Section):
    """[access] Who gets in."""

    mode: Literal["open", "tokens"] = Field(
        "open", description='"open": anyone with the link; "tokens": only links made by `clstm study invite`'
    )
    reissue_after: float = Field(
        120.0, gt=0, description="minutes of inactivity after which a place in the design is given to another"
    )
    admissions: int = Field(
        120,
        ge=0,
        description="newcomers admitted per minute; others wait and are admitted automatically; 0: no limit",
    )
    trusted_proxy: NetworkAddress = Field(
        "",
        description='address of the proxy before the study, such as "127.0.0.1"; what it forwards is trusted',
    )
    admissions_per_address: int = Field(
        30, ge=0, description="newcomers per minute and address, with a trusted_proxy; kept in memory only; 0: no limit"
    )
    crowd_parameters: tuple[Parameter, ...] = Field(
        (),
        description='parameters of the link to store, the id first: ["PROLIFIC_PID"]; participants are informed',
    )
    crowd_parameters_until: date | None = Field(
        None,
        description="day on which these are deleted, such as 2027-03-31; participants are informed; left out: never",
    )
    full_at: int | None = Field(
        None,
        ge=0,
        description="complete listeners after whom no newcomer is admitted; left out: those registered; 0: no limit",
    )
    completion_code: Line = Field("", description="shown when every answer is stored")
    completion_url: Address = Field(
        "", description="where participants continue afterwards, with crowd_parameters in braces"
    )
    screened_out: End = Field(End(), description="For those who say that they are younger than the minimum age")
    no_consent: End = Field(End(), description="For those who say that they do not want to take part")
    closed: End = Field(End(), description="For those who come to a study that is closed or has enough listeners")
    withdrawn: End = Field(End(), description="For those who withdraw")


class Words(_Section):
    """[words] Languages of the page."""

    languages: tuple[Language, ...] = Field(
        ("en", "zh", "de", "es"),
        min_length=1,
        description="languages offered; the browser's is chosen if it is among them, otherwise the first",
    )
    overrides: dict[Language, str] = Field(
        {}, description='files with reviewed wording, such as {de = "texts-de.toml"}; see `clstm study words`'
    )


class Configuration(_Section):
    """A whole study."""

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] = Field(
        "Listening study", description="what participants read first"
    )
    seed: int = Field(
        0,
        ge=0,
        description="of the random choice of songs and segments; the order of clips comes from a secret instead",
    )
    human: Name | None = Field(None, description="which of the sources is made by humans")
    sources: dict[Name, tuple[str, ...]] = Field(
        {}, description='files or folders of each source, such as {human = ["songs"], lstm = ["out/lstm"]}'
    )
    clips: Clips = Clips()
    design: Design = Design()
    registration: Registration = Registration()
    consent: Consent = Consent()
    access: Access = Access()
    words: Words = Words()
    tasks: tuple[Task, ...] = Field(
        (),
        description='Blocks of tasks, in the order heard. Left out: one block of "source", human or computer',
    )
