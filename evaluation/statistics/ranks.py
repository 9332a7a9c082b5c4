"""Who is closer: systems compared with each other in pairs, and the ranks that are possible.

Two systems are compared by the difference of their discrepancies from one reference, in bootstrap resamples that draw
the groups of all sets together: what the same prompts make easy or hard for both falls out (cf. Bounliphone et al., "A
test of relative similarity for model selection", ICLR 2016). p is that of the difference over its bootstrap standard
error, by t with one degree of freedom less than there are groups; it is corrected over all pairs by Holm (1979). Counts
of resamples would not do: correction asks for the far tail, where few groups have too few of them. In simulation the
true ranks of four systems, 24 pieces in 8 groups, then held in 88 % where 95 % were meant.

A system's rank is known as far as these tests show who is closer: at best one more than the number of systems that are
significantly closer than it, at worst the number of systems less those that are significantly further (Mogstad,
Romano, Shaikh & Wilhelm, "Inference for ranks", Review of Economic Studies 91, 2024). Without any significant
difference every system may have every rank.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from evaluation.statistics.effects import Interval, interval
from evaluation.statistics.inference import holm
from evaluation.statistics.resampling import Array

ALPHA = 0.05


@dataclass(frozen=True)
class Comparison:
    """Two systems: the discrepancy of `further` minus that of `closer`, its p, and p corrected over a family."""

    closer: str
    further: str
    found: Interval
    p: float
    p_holm: float = np.nan

    @property
    def significant(self) -> bool:
        """Whether it is known which is closer: both by the corrected test and by the interval, two procedures."""
        return self.p_holm < ALPHA and self.found.low > 0


def pairs(values: Mapping[str, float], resampled: Mapping[str, Array], groups: int) -> list[Comparison]:
    """Every pair of systems, the one closer to the reference first. A pair without a difference is left out.

    values : each system's discrepancy; resampled : the same in resamples drawn together, (resamples,) each
    groups : of the smallest set

    >>> drawn = np.random.default_rng(0).normal(size=999)
    >>> (found,) = pairs({"a": 5.0, "b": 1.0}, {"a": 5 + drawn, "b": 1 + drawn / 2}, groups=20)
    >>> found.closer, found.further, found.found.value, found.significant
    ('b', 'a', 4.0, True)
    """
    found = []
    for one, other in combinations(values, 2):
        closer, further = (one, other) if values[one] <= values[other] else (other, one)
        gap = values[further] - values[closer]
        drawn = resampled[further] - resampled[closer]
        drawn = drawn[np.isfinite(drawn)]
        if not np.isfinite(gap) or not len(drawn):
            continue
        found.append(
            Comparison(closer, further, interval(np.concatenate([[gap], drawn]), groups), _p(gap, drawn, groups))
        )
    return corrected(found)


def _p(gap: float, drawn: Array, groups: int) -> float:
    """Two-sided, of a difference above or equal to 0 and its resamples; 1 where nothing differs.

    NaN of one group, and where all resamples are equal: how far the difference is by chance is then unknown.
    """
    from scipy.stats import t

    if gap == 0 or groups < 2:
        return 1.0 if gap == 0 else np.nan
    # Plain resamples vary by (n - 1) / n of what samples do.
    error = float(drawn.std()) * np.sqrt(groups / (groups - 1))
    return float(2 * t.sf(gap / error, groups - 1)) if error > 1e-9 * gap else np.nan  # rounding is no error


def corrected(found: Sequence[Comparison]) -> list[Comparison]:
    """With p corrected by Holm over all of these, one family."""
    p = holm([one.p for one in found])
    return [replace(one, p_holm=float(value)) for one, value in zip(found, p, strict=True)]


def ranks(systems: Mapping[str, float], compared: list[Comparison]) -> dict[str, tuple[int, int]]:
    """The best and the worst rank of each system that the comparisons leave possible; 1 is the closest.

    >>> far = Interval(2.0, 1.0, 3.0)
    >>> ranks({"a": 1.0, "b": 3.0, "c": 3.1}, [Comparison("a", "b", far, 0.01, 0.03)])
    {'a': (1, 2), 'b': (2, 3), 'c': (1, 3)}
    """
    known = [one for one in compared if one.significant]
    return {
        name: (
            1 + sum(one.further == name for one in known),
            len(systems) - sum(one.closer == name for one in known),
        )
        for name in systems
    }
