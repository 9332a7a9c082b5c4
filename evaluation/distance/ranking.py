"""Who is closer to one reference: every pair of systems in every space, the ranks, and who is no worse by a margin.

Two families of tests: the pairs in all metrics together, which give the ranks, are corrected by Holm over the pairs;
those by view over all pairs and views.

"No worse" is said only by a margin that the user states, and with the upper limit of a one-sided interval below it:
whether the distance of one system exceeds that of another by less than the margin. The level is divided by the number
of such statements that are possible (Bonferroni), two for each pair.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

from clstm.runtime.errors import UserError
from evaluation.distance.joint import table
from evaluation.distance.kernels import of_all_spaces
from evaluation.distance.space import JOINT, Array
from evaluation.statistics import ranks
from evaluation.statistics.effects import interval
from evaluation.statistics.ranks import ALPHA, Comparison

if TYPE_CHECKING:
    import pandas as pd

_MARGIN = re.compile(r"(?:(?P<system>.+)=)?(?P<number>\d*\.?\d+)(?P<percent>\s*%)?")


@dataclass(frozen=True)
class Margin:
    """How much further still counts as no worse.

    share : in MMD^2, or of the distance of `system` where that is named; typed and printed as MMD^2 x 1000, or in %
    """

    share: float
    system: str = ""

    @classmethod
    def of(cls, text: str, systems: Sequence[str]) -> "Margin":
        """Of `--margin`. Raises `UserError` for anything else.

        >>> Margin.of("20", []), Margin.of("rnn=10%", ["rnn"])
        (Margin(share=0.02, system=''), Margin(share=0.1, system='rnn'))
        """
        hint = "give MMD² × 1000 as it is printed, such as 20, or a share of a system's distance, such as NAME=10%"
        found = _MARGIN.fullmatch(text.strip())
        system = (found and found["system"]) or ""
        if found is None or float(found["number"]) <= 0 or bool(found["percent"]) != bool(system):
            raise UserError(f"--margin {text!r} is not a margin; {hint}")
        if system and system not in systems:
            raise UserError(f"--margin {text!r} names no system that is ranked ({', '.join(systems)}); {hint}")
        size, least, most = float(found["number"]), *((0.1, 100.0) if system else (0.1, 1000.0))
        if not least <= size <= most:
            what = "%" if system else " MMD² × 1000"
            raise UserError(f"--margin {text!r} is not between {least:g} and {most:g}{what}; {hint}")
        return cls(size / (100 if system else 1000), system)

    def words(self) -> str:
        """
        >>> Margin(0.02).words(), Margin(0.1, "rnn").words()
        ('MMD² × 1000 of 20', '10 % of the distance of rnn')
        """
        return (
            f"{100 * self.share:g} % of the distance of {self.system}"
            if self.system
            else (f"MMD² × 1000 of {1000 * self.share:g}")
        )

    def size(self, far: Mapping[str, Array]) -> Array:
        """In MMD^2, of distances by system; of each resample its own, as the named system's distance is not known
        exactly."""
        return self.share * (np.maximum(far[self.system], 0) if self.system else np.ones_like(next(iter(far.values()))))


@dataclass(frozen=True)
class NoWorse:
    """Whether `system` is further than `other` by less than the margin; upper : the limit of the excess, MMD^2."""

    system: str
    other: str
    upper: float

    @property
    def shown(self) -> bool:
        return self.upper < 0


@dataclass(frozen=True, eq=False)
class Ranking:
    """Who is closer to one reference: every pair of systems, and the ranks that these leave possible.

    reference : what all are compared with
    distances : MMD^2 in all metrics, by system
    pairs : in all metrics; by_view : the same in every other space
    control : the limits of all together that reference and systems were measured under again, in words; "" where they
        had met one reference already
    margin, no_worse : only where the user states a margin; none of a share of a system without a distance
    """

    reference: str
    distances: Mapping[str, float]
    pairs: Sequence[Comparison]
    ranks: Mapping[str, tuple[int, int]]
    control: str = ""
    by_view: Mapping[str, Sequence[Comparison]] | None = None
    margin: Margin | None = None
    no_worse: Sequence[NoWorse] = ()


def ranking(
    values: "pd.DataFrame",
    pieces: "pd.DataFrame",
    reference: str,
    systems: Sequence[str],
    *,
    margin: Margin | None = None,
    seed: int = 0,
) -> Ranking:
    """Systems that met one reference under one control, ranked by their distance in all metrics."""
    wide, groups = table(values, pieces)
    own = {name: groups.loc[name].to_numpy() for name in (reference, *systems)}
    fewest = min(len(np.unique(each.astype(str))) for each in own.values())
    far: dict[str, float] = {}
    resampled: dict[str, Array] = {}
    compared: dict[str, list[Comparison]] = {}
    for name, sets in of_all_spaces(wide, own).items():
        squared, drawn = sets.squared(), sets.resampled(np.random.default_rng((seed, 3)))
        compared[name] = ranks.pairs(squared, drawn, fewest)
        if name == JOINT:
            far, resampled = squared, drawn
    joint = compared.pop(JOINT)
    return Ranking(
        reference,
        far,
        joint,
        ranks.ranks(far, joint),
        by_view=one_family(compared),
        margin=margin,
        no_worse=no_worse(far, resampled, margin, fewest) if margin and margin.system in ("", *far) else (),
    )


def one_family(compared: Mapping[str, Sequence[Comparison]]) -> dict[str, list[Comparison]]:
    """The pairs of each view, with p corrected over all pairs and views."""
    every = iter(ranks.corrected([one for own in compared.values() for one in own]))
    return {view: [next(every) for _ in own] for view, own in compared.items()}


def no_worse(far: Mapping[str, float], resampled: Mapping[str, Array], margin: Margin, groups: int) -> list[NoWorse]:
    """Of each system and each other one, whether it is no worse than it by more than the margin.

    far : MMD^2 by system; resampled : the same in resamples drawn together; groups : of the smallest set

    >>> drawn = np.random.default_rng(0).normal(0, 0.001, 999)
    >>> found = no_worse({"a": 0.1, "b": 0.11}, {"a": 0.1 + drawn, "b": 0.11 + drawn}, Margin(0.02), groups=50)
    >>> [(one.system, one.other) for one in found if one.shown]
    [('a', 'b'), ('b', 'a')]
    """
    ordered = list(permutations(far, 2))
    level = 1 - 2 * ALPHA / max(len(ordered), 1)  # its upper end is a one-sided limit
    actual = {name: np.array([value]) for name, value in far.items()}
    both = {name: np.concatenate([actual[name], resampled[name]]) for name in far}
    beyond = margin.size(both)
    found = (interval(both[one] - both[other] - beyond, groups, level) for one, other in ordered)
    return [NoWorse(one, other, limit.high) for (one, other), limit in zip(ordered, found, strict=True)]
