"""What a figure is: its name for readers, its unit and definition; and how one that does not exist says so.

Each view of the music (`loudness`, `envelope`, `spectrum`, ...) lists its own in `METRICS`, and `measurement.measure`
all of them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Twin:
    """What makes a metric say the same as another one. Decided once, over 500 human piano pieces cut to 30 s, as they
    were played and on the models' grid: Pearson's r of more than .95 in magnitude in both.

    of : the other's name in the catalogue
    r : their correlation, the lesser of the two
    reason : why this one is left out and not the other
    """

    of: str
    r: float
    reason: str


@dataclass(frozen=True)
class Metric:
    """unit : "" for a pure number, "share" for 0..1
    view : the module that measures it
    paper : the words of Huang, Huang & Cai (2018) that it puts a number to, if any
    compared : whether sets of music are compared by it; not by what says how a file was made (its length, clipping)
    twin : the metric that it says the same as; it is measured and described beside that, and not tested once more
    since : the version of the catalogue (`evaluation.measurement.measure.CATALOGUE`) that gave it the definition it has
    """

    label: str
    unit: str
    definition: str
    view: str
    paper: str = ""
    compared: bool = True
    twin: Twin | None = None
    since: int = 1

    @property
    def tested(self) -> bool:
        """Whether a comparison draws a conclusion from it: it is compared, and no other says the same."""
        return self.compared and self.twin is None


@dataclass(frozen=True)
class Missing:
    """Stands where a figure does not exist for an input. The reason reads on in a table: "silent"."""

    reason: str


MetricValue = float | Missing
