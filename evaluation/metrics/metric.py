"""A metric: its label, unit and definition; the views of the music; and a value that does not exist.

Each view (`loudness`, `envelope`, `spectrum`, ...) is a module with its metrics in `METRICS`; `catalogue` has all of
them.
"""

from dataclasses import dataclass

VIEWS = {  # the modules that measure, in the order of reports, and their headings
    "loudness": "Loudness",
    "envelope": "Time domain",
    "spectrum": "Frequency domain",
    "sonogram": "Change over time",
    "structure": "Structure of the sound",
    "symbolic": "Notes",
    "repetition": "Repetition",
    "instruments": "Instruments",
    "metre": "Metre",
    "papers": "Numbers of the literature",
}

COUNTED = {  # the notes that a view counts
    "symbolic": "All notes with a pitch count, whatever instrument plays them; drums do not.",
    "repetition": "All notes with a pitch count, whatever instrument plays them; drums do not.",
    "instruments": (
        "Drums are what the sound plays on a kit; all other notes have a pitch. Keyboards include organ and mallets, "
        "strings include ensembles and voices, winds include brass."
    ),
    "metre": (
        "Only files whose onsets follow the beats that they state (tempo and time signature). All notes with a pitch "
        "count, and drums where they are named."
    ),
    "papers": (
        "Each in the definition of its authors' own code. All notes with a pitch count, and drums where they are "
        "named. What needs beats exists only for files whose onsets follow those that they state."
    ),
}


@dataclass(frozen=True)
class Twin:
    """Why a metric adds nothing to another one: Pearson's r above .95 in magnitude. This was decided once, over 500
    human piano pieces cut to 30 s, both as they were played and on the models' grid; of what pianos lack, over others.

    of : the other metric's name in the catalogue
    r : their correlation, the smaller of the two
    reason : why this metric is left out and not the other
    """

    of: str
    r: float
    reason: str


@dataclass(frozen=True)
class Metric:
    """One metric, without its value.

    unit : "" for a pure number, "share" for 0..1
    view : the module that measures it, one of `VIEWS`
    paper : the words of Huang, Huang & Cai (2018) that it measures, if any
    compared : whether sets of music are compared by it; False where it shows how a file was made (length, clipping)
    quoted : whether it is measured only because other papers print it: it is described beside their numbers, never
        compared, tested or part of a distance
    heard : of numbers of the literature, whether it is measured on the sound
    twin : the metric that already says the same; this one is measured and described, but not tested again
    since : the version of the catalogue (`evaluation.metrics.catalogue.CATALOGUE`) that has today's definition
    sources : BibTeX keys of the papers that define it, entries of `sources.bib`
    plain : values that say that there is nothing of the kind, or nothing else, and these words; where all pieces of a
        comparison have one of them, there is nothing to compare (`evaluation.comparison.sets.absent`)
    """

    label: str
    unit: str
    definition: str
    view: str
    paper: str = ""
    compared: bool = True
    quoted: bool = False
    heard: bool = False
    twin: Twin | None = None
    since: int = 1
    sources: tuple[str, ...] = ()
    plain: tuple[tuple[float, str], ...] = ()

    @property
    def tested(self) -> bool:
        """Whether a comparison tests it: it is compared, and no other metric says the same.

        >>> Metric("Duration", "s", "Length of the piece.", "envelope", compared=False).tested
        False
        """
        return self.compared and self.twin is None

    @property
    def phrase(self) -> str:
        """The label within a sentence.

        >>> Metric("Energy below 1 kHz", "share", "", "spectrum").phrase
        'energy below 1 kHz'
        """
        return self.label[:1].lower() + self.label[1:]


@dataclass(frozen=True)
class Missing:
    """In place of a value that does not exist. The reason is written so that a table can show it, such as "silent"."""

    reason: str


MetricValue = float | Missing
