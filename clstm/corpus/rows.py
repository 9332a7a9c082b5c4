"""The tables of a corpus, made of one row per file: its pieces, and what was left out of each file.

A row has plain values, so that a file of JSON lines can keep it (`corpus.unfinished`). That of a rejected file has
nothing but the reason, as `rejected`.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from clstm.corpus.pieces import EncodedPiece
from clstm.music import left_out
from clstm.runtime.errors import UnreadableFileError
from clstm.runtime.names import readable

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]

REMARKS = "remarks"  # on a file, with semicolons between

LEFT_OUT = (
    *("file", "rejected", "seconds", "notes", "kept"),
    *("out_of_range", "merged", "lengthened", "moved"),  # of `music.score`
    *left_out.COLUMNS,
    REMARKS,
)


def row_of(result: EncodedPiece | UnreadableFileError) -> Row:
    """The row of a file that was read, or could not be.

    >>> row_of(UnreadableFileError("song.mid", "0 bytes"))
    {'rejected': '0 bytes'}
    """
    if isinstance(result, UnreadableFileError):
        return {"rejected": result.reason}
    size = {"frames": len(result.packed), **asdict(result.losses)}
    about = {"fingerprint": result.fingerprint, "seconds": result.seconds, "moved": result.moved}
    about |= {REMARKS: "; ".join(result.left_out.remarks)}
    return size | left_out.as_columns(result.left_out) | about


def in_range(row: Row) -> int:
    """How many notes of a file lie within the range of the matrix.

    >>> in_range({"notes": 24, "out_of_range": 4})
    20
    """
    count: int = row["notes"] - row["out_of_range"]
    return count


def pieces(places: Sequence[Row], rows: Sequence[Row]) -> "pd.DataFrame":
    """One row per piece, as pieces.csv has it, with its fingerprint as the last column.

    places : file, split and group of each file, in the order of `rows`
    """
    import pandas as pd

    table, start = [], 0
    for place, row in zip(places, rows, strict=True):
        if "rejected" not in row:
            own = {name: value for name, value in row.items() if name not in ("seconds", "moved", REMARKS)}
            table.append(place | {"start": start} | own)
            start += row["frames"]
    return pd.DataFrame(table)


def what_was_left_out(
    places: Sequence[Row], rows: Sequence[Row], rejected: Sequence[tuple[str, str]]
) -> "pd.DataFrame":
    """`LEFT_OUT`, one row per file: those used in their order, then those rejected with the reason.

    seconds : to the end of its last note
    notes, kept : those with a pitch, and how many of them begin in the corpus
    moved : how far their onsets moved to the grid, ms on average
    remarks : what of the file is not used as it is written, or was not stated and is assumed

    >>> what_was_left_out([], [], [("song.mid", "0 bytes")])[["file", "rejected"]].to_dict("records")
    [{'file': 'song.mid', 'rejected': '0 bytes'}]
    """
    import pandas as pd

    used = [
        {"file": readable(place["file"]), "kept": in_range(row) - row["merged"], **row}
        for place, row in zip(places, rows, strict=True)
        if "rejected" not in row
    ]
    others = [{"file": readable(file), "rejected": readable(reason)} for file, reason in rejected]
    table = pd.DataFrame([*used, *others], columns=list(LEFT_OUT))
    counts = ["notes", "kept", "out_of_range", "merged", "lengthened", "drums", "pedals"]
    return table.astype(dict.fromkeys(counts, "Int64")).round({"seconds": 3, "moved": 1})
