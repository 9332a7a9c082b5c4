"""What the researcher decides when a study is made."""

from dataclasses import dataclass
from enum import StrEnum

from clstm.errors import UserError


class Loudness(StrEnum):
    """Whether clips are brought to one loudness, or keep the differences they were rendered with."""

    MATCHED = "matched"
    AS_RENDERED = "as-rendered"


@dataclass(frozen=True)
class Plan:
    """What a study is to be. Raises `UserError` for what it cannot be."""

    clips: int = 10  # a source
    seconds: float = 10.0
    seed: int = 0
    title: str = "Listening study"
    loudness: Loudness = Loudness.MATCHED
    as_played: bool = False  # MIDI with its own timing and dynamics

    def __post_init__(self) -> None:
        if self.clips < 1:
            raise UserError(f"--clips {self.clips} leaves nothing to hear; use at least 1")
        if not 1 <= self.seconds <= 60:
            raise UserError(f"--seconds {self.seconds:g} is not possible; clips last 1 to 60 seconds")
        if not self.title.strip():
            raise UserError("--title is empty; it is the first thing participants read")
