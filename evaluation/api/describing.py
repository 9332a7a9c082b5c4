"""`cl.describe`: what limits music has, before anything is measured. `clstm describe` calls it too."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clstm.notebook import markup
from clstm.notebook.result import Folder, Result
from clstm.notebook.waiting import waiting
from clstm.runtime.progress import Progress
from clstm.runtime.shadowing import load
from evaluation.api.systems import Options, Place, Systems, as_options, as_path, placed
from evaluation.comparison import description
from evaluation.comparison.description import Description

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FILE = "limits.csv"


@dataclass(frozen=True, eq=False, repr=False)
class Described(Result):
    """What limits each system's music has, and the control that fits it.

    table : one row per system: lengths, notes, grid of onsets, velocities, instruments, range, pedal
    systems : the same, with the reasons and the files off a rule
    """

    systems: tuple[Description, ...]
    said: tuple[str, ...] = ()

    def caveats(self) -> tuple[str, ...]:
        return self.said

    @property
    def table(self) -> "pd.DataFrame":
        return description.table(self.systems)

    @property
    def words(self) -> "pd.DataFrame":
        """The same in words, one row per property and one column per system."""
        import pandas as pd

        found = {one.name: description.rows(one) for one in self.systems}
        return pd.DataFrame(found).fillna("")

    def __str__(self) -> str:
        return f"Limits of {', '.join(one.name for one in self.systems)}"

    def parts(self) -> Sequence[str]:
        words = self.words
        cells = (
            [markup.text(name), *map(markup.text, row)] for name, row in zip(words.index, words.to_numpy(), strict=True)
        )
        columns = range(1, len(words.columns) + 1)
        why = [description.why(one) for one in self.systems]
        return [markup.table(["", *words.columns], cells, texts=columns), markup.lines(why)]

    def plot(self) -> "Figure":
        """The pitch range of each system."""
        from evaluation.api.drawing import pitch_ranges

        return pitch_ranges(self.table.reindex(columns=["system", "lowest", "highest"]).to_dict("records"))

    def to_latex(self) -> str:
        latex: str = load("clstm.tables", "latex")(self.words.reset_index(names=""), f"{self}.", "limits")
        return latex

    def save(self, folder: Folder) -> Path:
        """limits.csv."""
        folder = Path(folder)
        description.may_write(folder / FILE)
        description.write(folder / FILE, self.systems)
        return folder


def describe(
    systems: Systems,
    *,
    out: Place | None = None,
    limits: Options | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Described:
    """Find what limits music has: grid of onsets, velocities, instruments, range, pedal. Nothing is rendered.

    systems : by name: a file, a folder, a piece in memory, or a list of files and pieces
    out : a .csv or .json file to write
    limits : what systems cannot have, which notes do not show, as in {"rnn": "range=21-108,pedal=none"}

    Raises `UserError` for what cannot be read.

    >>> import clstm as cl
    >>> cl.describe({"mine": "music/mine"}, workers=1).table.loc[0, ["onset_grid", "velocities"]].tolist()
    ['1/4 s, offsets too', 'one, 80']
    """
    target = as_path(out)
    if target is not None:
        description.may_write(target)
    with placed(systems) as places, waiting(progress) as advance:
        made, remarks = description.describe_systems(places.paths, as_options(limits, ":"), workers, advance)
        if target is not None:
            description.write(target, made)
        return Described(tuple(made), tuple(map(places.without, remarks)))
