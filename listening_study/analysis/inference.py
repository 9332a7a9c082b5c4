"""The results of a study: each system compared with the human source, in numbers and in words.

The difference of P("human") comes from a crossed model (`analysis.crossed`); a permutation of source over clips
(`analysis.permutation`) is reported with it. p-values are corrected over the registered contrasts by Holm ("A simple
sequentially rejective multiple test procedure", 1979), each kind of test as a family of its own.

Equivalence is shown by two one-sided tests (Schuirmann, "A comparison of the two one-sided tests procedure and the
power approach for assessing the equivalence of average bioavailability", 1987): the difference lies within the
registered margin. Finding no difference shows nothing if nobody could have heard one, so the anchor, a source known to
be bad, must be called human significantly less often than the human source (assay sensitivity: ICH E10, "Choice of
control group and related issues in clinical trials", 2000). Otherwise equivalence is inconclusive.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.statistics.inference import holm
from listening_study.analysis.crossed import CrossedDifference, difference
from listening_study.analysis.listener_model import Spread, spread_of_shares
from listening_study.analysis.permutation import permuted_p
from listening_study.analysis.verdicts import insensitive, judged, notes
from listening_study.protocol.registration import Registered

Array = NDArray[np.float64]

COLUMNS = (
    "source",
    "human",
    "is_anchor",
    "listeners",  # who answered about either source
    "clips",  # of the system, with an answer
    "human_clips",
    "p_system",  # shares of answers
    "p_human",
    "difference",  # P("human" | system) - P("human" | human)
    "low",  # the two-sided interval at 1 - alpha, not corrected
    "high",
    "log_odds_ratio",  # of the two shares; empty where one is 0 or 1
    "log_odds_low",
    "log_odds_high",
    "statistic",  # the t at which the interval begins to include 0
    "df",
    "p",
    "p_holm",
    "p_permutation",
    "p_permutation_holm",
    "margin",
    "equivalent_low",  # the two-sided interval at 1 - 2 alpha that the equivalence test compares with the margin
    "equivalent_high",
    "tost_p",  # empty for the anchor
    "tost_p_holm",
    "equivalence",  # "equivalent within the margin" or "inconclusive"
    "verdict",  # the same, or "significant difference"
    "words",
)


@dataclass(frozen=True)
class Conclusions:
    """The results of a study.

    contrasts : one row per registered contrast, and one for the anchor; COLUMNS; values without an estimate are NaN
    components : one row per contrast: source; standard deviations in shares between listeners (listener), between
        listeners in the difference of the two sources (slope) and between clips of a source (clip); and,
        approximately, the same in log-odds (listener_log_odds, ...), as `clstm study power` takes them. 0: no more
        than by chance
    notes : remarks on the study as a whole
    """

    contrasts: pd.DataFrame
    components: pd.DataFrame
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Contrast:
    """The answers about one system and the human source, (listeners, clips) each, and the model fitted to them."""

    source: str
    system: Array
    human: Array
    found: CrossedDifference

    @property
    def listeners(self) -> int:
        return int((~np.isnan(np.concatenate([self.system, self.human], axis=1))).any(axis=1).sum())

    def gap(self, human: str) -> str:
        """Why there is no result; empty where there is one."""
        missing = [name for name, grid in ((self.source, self.system), (human, self.human)) if not grid.shape[1]]
        if missing:
            return f"there are no answers about {' or '.join(missing)}"
        if self.listeners < 2:
            return "one listener does not show how others would answer"
        if min(self.system.shape[1], self.human.shape[1]) < 2:
            return "one clip does not show how others of its source would sound"
        return "" if self.found.estimable else "too few answers"


def conclude(answers: pd.DataFrame, registered: Registered, seed: int = 0) -> Conclusions:
    """Test every registered contrast.

    answers : columns participant, clip, source, said_human (1, 0 or missing: not counted); of the main trials,
        after exclusions, without catch trials and repeats; several of one participant about one clip are averaged
    seed : of the permutations

    A contrast without enough answers has a row as well; its words say what is missing.

    >>> from listening_study.protocol.configuration import Registration
    >>> trials = [(who, source, clip) for who in range(6) for source in ("human", "lstm") for clip in range(6)]
    >>> rows = [(who, f"{source} {clip}", source, int(source == "human")) for who, source, clip in trials]
    >>> answers = pd.DataFrame(rows, columns=["participant", "clip", "source", "said_human"])
    >>> registered = Registered("human", ("human", "lstm"), Registration(contrasts=("lstm",)))
    >>> conclude(answers, registered).contrasts["verdict"].tolist()
    ['significant difference']
    """
    plan, human = registered.plan, registered.human
    tested = list(dict.fromkeys([*plan.contrasts, *([plan.anchor] if plan.anchor else [])]))
    grids = _grids(answers, [human, *tested])
    contrasts = [_Contrast(name, grids[name], grids[human], difference(grids[name], grids[human])) for name in tested]
    rows = [_row(one, registered, seed) for one in contrasts]
    for name in ("p", "p_permutation", "tost_p"):
        # An anchor that is no registered contrast is not part of the family: it only decides whether others can be
        # called equivalent.
        family = holm([row[name] if row["source"] in plan.contrasts else np.nan for row in rows])
        for row, corrected in zip(rows, family, strict=True):
            row[f"{name}_holm"] = float(corrected) if row["source"] in plan.contrasts else row[name]
    reason = insensitive(rows, plan.alpha)
    gaps = [one.gap(human) for one in contrasts]
    for row, gap in zip(rows, gaps, strict=True):
        row.update(judged(row, gap, reason, plan.alpha))
    return Conclusions(
        pd.DataFrame(rows, columns=list(COLUMNS)),
        pd.DataFrame([{"source": one.source, **_components(one.found)} for one in contrasts]),
        notes(rows, gaps, reason, plan.alpha),
    )


def _row(one: _Contrast, registered: Registered, seed: int) -> dict[str, Any]:
    """What is known of a contrast by itself: without corrected p-values, and without words."""
    plan = registered.plan
    is_anchor = one.source == plan.anchor
    return {
        "source": one.source,
        "human": registered.human,
        "is_anchor": is_anchor,
        "margin": plan.margin,
        "listeners": one.listeners,
        "clips": one.system.shape[1],
        "human_clips": one.human.shape[1],
        "p_permutation": permuted_p(one.system, one.human, seed),
        **_values(one.found, plan.alpha),
        "tost_p": np.nan if is_anchor else float(one.found.p_equivalence(plan.margin)),
    }


def _grids(answers: pd.DataFrame, sources: list[str]) -> dict[str, Array]:
    """The answers about each source, (listeners, clips); the same listeners for all, NaN where not given."""
    answers = answers.loc[answers["source"].isin(sources), ["participant", "clip", "source", "said_human"]]
    answers = answers.assign(said_human=pd.to_numeric(answers["said_human"]).astype(float)).dropna()
    listeners = np.sort(answers["participant"].unique())
    found = {}
    for source in sources:
        own = answers[answers["source"] == source]
        table = own.pivot_table(index="participant", columns="clip", values="said_human", aggfunc="mean")
        found[source] = table.reindex(listeners).to_numpy(dtype=np.float64)
    return found


def _values(found: CrossedDifference, alpha: float) -> dict[str, Any]:
    low, high = found.interval(1 - alpha)
    narrow, wide = found.interval(1 - 2 * alpha, cautious=True)
    ratio = np.array(found.log_odds_interval(1 - alpha), dtype=np.float64)
    if not np.isfinite(ratio).all():
        ratio = np.full(3, np.nan)
    return {
        "p_system": float(found.system),
        "p_human": float(found.human),
        "difference": float(found.estimate),
        "low": float(low),
        "high": float(high),
        "log_odds_ratio": float(ratio[0]),
        "log_odds_low": float(ratio[1]),
        "log_odds_high": float(ratio[2]),
        "statistic": float(found.t(0.0)),
        "df": float(found.df),
        "p": float(found.p()),
        "equivalent_low": float(narrow),
        "equivalent_high": float(wide),
    }


def _components(found: CrossedDifference) -> dict[str, float]:
    nothing = Spread(np.nan, np.nan, np.nan)
    parts = found.components
    shares = Spread(*(float(np.sqrt(np.maximum(part, 0))) for part in (parts.listener, parts.clip, parts.slope)))
    middle = float(found.system + found.human) / 2
    if not found.estimable:
        shares = nothing
    odds = spread_of_shares(middle, shares) if found.estimable and 0 < middle < 1 else nothing
    return {
        "listener": shares.listener,
        "slope": shares.slope,
        "clip": shares.clip,
        "listener_log_odds": odds.listener,
        "slope_log_odds": odds.slope,
        "clip_log_odds": odds.clip,
    }
