"""What the reading of a MIDI file leaves out of what the file says, and the sentence that says so."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

PIANOS = range(6)  # General MIDI's programs called piano, counted from 0; harpsichord and clavi follow


@dataclass(frozen=True)
class LeftOut:
    """What is in a file and not in its notes. The sound has all of it.

    drums : notes on the channel of the drums, which have no pitch
    programs : those that play notes and are no piano, General MIDI 0..127; their notes are kept
    pedals : how often a pedal is pressed; the notes it holds end with their keys
    """

    drums: int = 0
    programs: tuple[int, ...] = ()
    pedals: int = 0


NOTHING = LeftOut()
COLUMNS = ("drums", "pedals", "programs")


def sentence(files: Iterable[LeftOut], *, remedy: str = "", one_instrument: bool = False) -> str:
    """What was left out of the notes of so many files, with counts; empty when nothing was.

    remedy : what the user can do to have the pedal obeyed, such as "--pedal obeys it"
    one_instrument : whether all notes become those of one instrument; which others there were is said then

    >>> sentence([LeftOut(drums=4), LeftOut(pedals=2), LeftOut()])
    'left out of the notes: 4 drum notes in 1 file; the pedal, pressed 2 times in 1 file'
    """
    files = list(files)
    drums, pedals = ([count for one in files if (count := getattr(one, what))] for what in ("drums", "pedals"))
    others = sum(bool(one.programs) for one in files)
    parts = []
    if drums:
        parts.append(f"{_count(sum(drums), 'drum note')} in {_count(len(drums), 'file')}")
    if pedals:
        how = f" ({remedy})" if remedy else ""
        parts.append(f"the pedal, pressed {_count(sum(pedals), 'time')} in {_count(len(pedals), 'file')}{how}")
    if others and one_instrument:
        parts.append(f"instruments other than the piano in {_count(others, 'file')}, read as a piano")
    return f"left out of the notes: {'; '.join(parts)}" if parts else ""


def as_columns(one: LeftOut) -> dict[str, object]:
    """As a table has it: drums, pedals and programs, these as numbers with a blank between.

    >>> as_columns(LeftOut(drums=4, programs=(40, 42)))
    {'drums': 4, 'pedals': 0, 'programs': '40 42'}
    """
    return {"drums": one.drums, "pedals": one.pedals, "programs": " ".join(map(str, one.programs))}


def from_columns(table: "pd.DataFrame") -> list[LeftOut]:
    """What `as_columns` put into a table, row by row; nothing where the table is older than these columns.

    >>> import pandas as pd
    >>> from_columns(pd.DataFrame([as_columns(LeftOut(drums=4, programs=(40, 42)))]))
    [LeftOut(drums=4, programs=(40, 42), pedals=0)]
    """
    if not set(COLUMNS) <= set(table):
        return [NOTHING] * len(table)
    return [
        LeftOut(int(drums), tuple(map(int, str(programs).split())), int(pedals))
        for drums, pedals, programs in table[list(COLUMNS)].itertuples(index=False)
    ]


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
