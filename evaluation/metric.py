"""What a figure is: its name for readers, its unit and definition; and how one that does not exist says so.

Each view of the music (`loudness`, `envelope`, `spectrum`, ...) lists its own in `METRICS`, and `evaluation.measures`
all of them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """unit : "" for a pure number, "share" for 0..1
    view : the module that measures it
    paper : the words of Huang, Huang & Cai (2018) that it puts a number to, if any
    compared : whether sets of music are compared by it; not by what says how a file was made (its length, clipping)
    """

    label: str
    unit: str
    definition: str
    view: str
    paper: str = ""
    compared: bool = True


@dataclass(frozen=True)
class Missing:
    """Stands where a figure does not exist for an input. The reason reads on in a table: "silent"."""

    reason: str


Figure = float | Missing
