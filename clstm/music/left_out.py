"""What the reading of a MIDI file leaves out of what the file says, and the sentence that says so."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clstm.runtime.names import counted

if TYPE_CHECKING:
    import pandas as pd

PIANOS = range(6)  # General MIDI's programs called piano, counted from 0; harpsichord and clavi follow


@dataclass(frozen=True)
class LeftOut:
    """What is in a file and not in its notes. The sound has all of it.

    drums : notes on the channel of the drums, which have no pitch
    programs : those that play notes and are no piano, General MIDI 0..127; their notes are kept
    pedals : how often a pedal is pressed; the notes it holds end with their keys
    remarks : what of its file is not used as it is written, or was not stated and is assumed
    """

    drums: int = 0
    programs: tuple[int, ...] = ()
    pedals: int = 0
    remarks: tuple[str, ...] = ()


NOTHING = LeftOut()
COLUMNS = ("drums", "pedals", "programs")


def of_metrics(files: Iterable[LeftOut], *, drums_counted: bool) -> str:
    """What metrics of notes leave out of so many files, or of the parts of them that are measured, with counts.

    drums_counted : whether metrics of drums are measured beside them

    >>> of_metrics([LeftOut(drums=4), LeftOut(pedals=2)], drums_counted=True)
    'metrics of notes leave out 4 drum notes in 1 file (metrics of drums count them); lengths of notes leave out the \
pedal, pressed 2 times in 1 file (--pedal counts it)'
    """
    files = list(files)
    drums, pedals = _counts(files)
    parts = []
    if drums:
        counted = " (metrics of drums count them)" if drums_counted else ""
        parts.append(f"metrics of notes leave out {drums}{counted}")
    if pedals:
        parts.append(f"lengths of notes leave out {pedals} (--pedal counts it)")
    return "; ".join(parts)


def sentence(files: Iterable[LeftOut], *, remedy: str = "", one_instrument: bool = False) -> str:
    """What was left out of the notes of so many files, with counts; empty when nothing was.

    remedy : what the user can do to have the pedal obeyed, such as "--pedal obeys it"
    one_instrument : whether all notes become those of one instrument; which others there were is said then

    >>> sentence([LeftOut(drums=4), LeftOut(pedals=2), LeftOut()])
    'left out of the notes: 4 drum notes in 1 file; the pedal, pressed 2 times in 1 file'
    """
    files = list(files)
    drums, pedals = _counts(files)
    others = sum(bool(one.programs) for one in files)
    parts = []
    if drums:
        parts.append(drums)
    if pedals:
        parts.append(f"{pedals} ({remedy})" if remedy else pedals)
    if others and one_instrument:
        parts.append(f"instruments other than the piano in {counted(others, 'file')}, read as a piano")
    return f"left out of the notes: {'; '.join(parts)}" if parts else ""


def on_one_program(files: Iterable[LeftOut], program: int) -> str:
    """What is heard otherwise than written where one program plays everything; empty where nothing is.

    >>> on_one_program([LeftOut(drums=4, programs=(33,)), LeftOut()], 12)
    'everything is played on program 12: other instruments in 1 file too; 4 drum notes in 1 file are left out'
    """
    files = list(files)
    others = sum(bool(set(one.programs) - {program}) for one in files)
    drums = [one.drums for one in files if one.drums]
    parts = [f"other instruments in {counted(others, 'file')} too"] if others else []
    if drums:
        are = "are" if sum(drums) > 1 else "is"
        parts.append(f"{counted(sum(drums), 'drum note')} in {counted(len(drums), 'file')} {are} left out")
    return f"everything is played on program {program}: {'; '.join(parts)}" if parts else ""


def remarks(files: Iterable[LeftOut]) -> list[str]:
    """The remarks on files, each with the number of files.

    >>> remarks([LeftOut(remarks=("120 quarters per minute",)), LeftOut()])
    ['1 file: 120 quarters per minute']
    """
    counts = Counter(one for own in files for one in own.remarks)
    return [f"{counted(number, 'file')}: {what}" for what, number in counts.items()]


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
    [LeftOut(drums=4, programs=(40, 42), pedals=0, remarks=())]
    """
    if not set(COLUMNS) <= set(table):
        return [NOTHING] * len(table)
    return [
        LeftOut(int(drums), tuple(map(int, str(programs).split())), int(pedals))
        for drums, pedals, programs in table[list(COLUMNS)].itertuples(index=False)
    ]


def _counts(files: Iterable[LeftOut]) -> tuple[str, str]:
    """The drums and the pedal in words, each with the number of files that have it; "" where none has."""
    files = list(files)
    drums, pedals = ([count for one in files if (count := getattr(one, what))] for what in ("drums", "pedals"))
    return (
        f"{counted(sum(drums), 'drum note')} in {counted(len(drums), 'file')}" if drums else "",
        f"the pedal, pressed {counted(sum(pedals), 'time')} in {counted(len(pedals), 'file')}" if pedals else "",
    )
