"""The paper against ours: each of its claims, what it rests on there, what is measured here, and what follows.

A claim *holds* where the difference it speaks of is sure and has the direction it says, *does not hold* where the
difference is sure and has the other direction, and else *cannot be told*. Sure is a permutation test (or a bootstrap
interval of a mean) corrected by Holm over all claims tested, or an interval of `clstm accuracy` that leaves out 0.

Each is asked again without the controls (human music as it was played, instead of on the models' grid) and with other
sounds: what comes out otherwise there hangs on the control, not on composition.

Source: Huang, Huang & Cai (2018), sections 4.1 to 4.5.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from evaluation import comparison, inference
from evaluation.measures import METRICS, Measurements
from reports.findings import number

HOLDS, FAILS, UNKNOWN = "holds", "does not hold", "cannot be told"
RESAMPLES = 5000
COLUMNS = ("claim", "paper", "measure", "value", "low", "high", "unit", "p_holm", "verdict", "otherwise")

Role = Literal["human", "rnn", "lstm", "c-lstm"]


@dataclass(frozen=True)
class Claim:
    """One claim about the sound or the notes: `one` has more, or less, of a figure than `other`; without `other`, its
    mean lies above 1."""

    text: str
    paper: str
    metric: str
    one: Role
    other: Role | None
    more: bool


CLAIMS = (
    Claim(
        "The LSTM’s volume has fewer ups and downs than human music",
        "Figure 3: one song; “almost no ups and downs”",
        "level_spread",
        "lstm",
        "human",
        more=False,
    ),
    Claim(
        "The LSTM’s music is always loud",
        "Figure 3: one song; “always at a large value”",
        "time_near_maximum",
        "lstm",
        "human",
        more=True,
    ),
    Claim(
        "The C-LSTM’s volume has more ups and downs than the LSTM’s",
        "Figure 3: one song each; “some ups and downs”",
        "level_spread",
        "c-lstm",
        "lstm",
        more=True,
    ),
    Claim(
        "The C-LSTM’s ups and downs are slower than human ones",
        "Figure 3: one song; “not as fast”",
        "fluctuation_rate",
        "c-lstm",
        "human",
        more=False,
    ),
    Claim(
        "The LSTM has less of its energy below 1 kHz than human music",
        "Figure 4: one song; below 1.3 kHz, “dispersed”",
        "energy_below_1000_hz",
        "lstm",
        "human",
        more=False,
    ),
    Claim(
        "The C-LSTM is more concentrated below 1 kHz than the LSTM",
        "Figure 4: one song each; 1.2 kHz against 1.3 kHz",
        "energy_below_1000_hz",
        "c-lstm",
        "lstm",
        more=True,
    ),
    Claim(
        "The C-LSTM has less above 1.3 kHz than the LSTM",
        "Figure 4: one song each; highs “slightly smaller”",
        "energy_below_1300_hz",
        "c-lstm",
        "lstm",
        more=True,
    ),
    Claim(
        "Human music changes mainly in the highs",
        "Figure 5: one song, by eye",
        "change_ratio",
        "human",
        None,
        more=True,
    ),
    Claim(
        "The C-LSTM’s music changes mainly in the highs",
        "Figure 5: one song, by eye",
        "change_ratio",
        "c-lstm",
        None,
        more=True,
    ),
    Claim(
        "The LSTM’s spectrum hardly changes with time, against human music",
        "Figure 5: one song; “hardly changes”",
        "spectral_change",
        "lstm",
        "human",
        more=False,
    ),
    Claim(
        "The C-LSTM’s spectrum changes more than the LSTM’s",
        "Figure 5: one song each, by eye",
        "spectral_change",
        "c-lstm",
        "lstm",
        more=True,
    ),
    Claim(
        "The LSTM repeats more than human music",
        "Interviews: “more repetitions and loops”",
        "longest_repeat_share",
        "lstm",
        "human",
        more=True,
    ),
    Claim(
        "The C-LSTM repeats less than the LSTM",
        "Interviews: “will not repeat the same melody exactly”",
        "longest_repeat_share",
        "c-lstm",
        "lstm",
        more=False,
    ),
)


def roles(systems: Sequence[Mapping[str, Any]]) -> dict[Role, str]:
    """Which system plays which of the paper's parts: by the model that made its music, else by its name."""
    found: dict[Role, str] = {}
    kinds: tuple[Role, ...] = ("rnn", "lstm", "c-lstm")
    for system in systems:
        made = (system.get("generated") or {}).get("model")
        kind = str(made or system["name"]).casefold()
        for role in kinds:
            if system["role"] == "system" and kind == role:
                found.setdefault(role, system["name"])
    return found


def judge(
    sounds: Mapping[str, Measurements], parts: Mapping[Role, str], reference: str, played: str | None, seed: int = 0
) -> list[dict[str, Any]]:
    """The claims about sound and notes, rows of `COLUMNS`; empty unless there is an LSTM or a C-LSTM.

    sounds : measurements by the sound they were made with, the first the one asked for
    reference : the human music the models are held against; played : the same as it was played, if that is another
    """
    if not {"lstm", "c-lstm"} & set(parts):
        return []
    variants = {name: (measured, reference) for name, measured in sounds.items()}
    if played and played != reference:
        variants["human music as played"] = (sounds[""], played)
    outcomes = {
        name: list(_judged(measured, {**parts, "human": human}, seed)) for name, (measured, human) in variants.items()
    }
    base = outcomes.pop("")
    for place, row in enumerate(base):
        other = [
            f"{name}: {rows[place]['verdict']}"
            for name, rows in outcomes.items()
            if rows[place]["verdict"] != row["verdict"]
        ]
        row["otherwise"] = "; ".join(other)
    return base


def of_prediction(accuracy: Sequence[Mapping[str, Any]], pairs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The claims of Table 2, from the tables of `clstm accuracy`."""
    rows = []
    for one, other, figures in (("lstm", "rnn", "96.74 against 95.15 %"), ("c-lstm", "lstm", "97.81 against 96.74 %")):
        for pair in pairs:
            if pair["horizon"] == "next" and (pair["system"].casefold(), pair["other"].casefold()) == (one, other):
                value, low, high = (100 * float(pair[f"accuracy{end}"]) for end in ("", "_low", "_high"))
                text = f"The {one.upper()} predicts better than the {other.upper()}"
                rows.append(
                    _row(
                        text,
                        f"Table 2: {figures}",
                        "accuracy of the next frame, difference",
                        value,
                        low,
                        high,
                        "points",
                    )
                )
    for system in accuracy:
        if (
            system["horizon"] == "next"
            and system["system"].casefold() == "c-lstm"
            and system.get("skill_accuracy") is not None
        ):
            value, low, high = (100 * float(system[f"skill_accuracy{end}"]) for end in ("", "_low", "_high"))
            rows.append(
                _row(
                    "The C-LSTM’s accuracy is more than that of knowing no music",
                    "Table 2: 97.81 %, without a baseline",
                    "share of the best baseline’s error it removes",
                    value,
                    low,
                    high,
                    "%",
                )
            )
    return rows


def of_reach(curves: pd.DataFrame | None, seconds: float = 5.0) -> list[dict[str, Any]]:
    """The claim of the vanishing gradient, from the table of `clstm reach`: one number a model, without an interval."""
    if curves is None:
        return []
    beyond = curves[curves["seconds_back"] > seconds].groupby("system")["share"].sum()
    shares = {str(system).casefold(): 100 * float(share) for system, share in beyond.items()}
    if not {"rnn", "lstm"} <= set(shares):
        return []
    row = _row(
        "The RNN’s gradient vanishes",
        "Section 4.1: “was found”",
        f"share of the gradient from more than {seconds:g} s ago, RNN less LSTM",
        shares["rnn"] - shares["lstm"],
        None,
        None,
        "points",
    )
    return [
        row
        | {
            "verdict": UNKNOWN,
            "otherwise": f"{number(shares['rnn'])} % against {number(shares['lstm'])} %, without an interval",
        }
    ]


def of_listening(study: Mapping[str, Any] | None, parts: Mapping[Role, str]) -> list[dict[str, Any]]:
    """The claims of the listening test: from a study's own conclusions, or that nobody has listened yet."""
    wanted: tuple[tuple[Role, str, str], ...] = (
        ("lstm", "Listeners tell the LSTM’s music from human music", "5 listeners: 10 of 10 clips recognised"),
        ("c-lstm", "Listeners tell the C-LSTM’s music from human music", "5 listeners: 8 of 10 clips recognised"),
    )
    rows = []
    for role, text, paper in wanted:
        if role not in parts:
            continue
        row = _row(text, paper, "share taken for human, less that of human clips", None, None, None, "points")
        row["verdict"] = UNKNOWN
        found = [
            one for one in (study or {}).get("contrasts", []) if one["source"].casefold() == parts[role].casefold()
        ]
        if not study or study["note"]:
            row["otherwise"] = "no listener has taken part"
        elif found and found[0]["difference"] is not None:
            row |= {end: 100 * found[0][of] for end, of in (("value", "difference"), ("low", "low"), ("high", "high"))}
            row["p_holm"] = found[0]["p_holm"]
            if found[0]["verdict"] == "told apart":
                row["verdict"] = HOLDS if row["value"] < 0 else FAILS
        rows.append(row)
    return rows


def _judged(measured: Measurements, parts: Mapping[Role, str], seed: int) -> Iterator[dict[str, Any]]:
    """Every claim in one sound, all corrected together."""
    asked = [claim for claim in CLAIMS if {claim.one, claim.other or claim.one} <= set(parts)]
    contrasts: dict[tuple[str, str, str], Mapping[Any, Any]] = {}
    for other in dict.fromkeys(claim.other for claim in asked if claim.other):
        own = [claim for claim in asked if claim.other == other]
        systems = [parts[other], *dict.fromkeys(parts[claim.one] for claim in own)]
        figures = measured.figures[measured.figures["metric"].isin([claim.metric for claim in own])]
        table = comparison.compare(
            figures[figures["system"].isin(systems)],
            measured.pieces[measured.pieces["system"].isin(systems)],
            parts[other],
            seed=seed,
        )
        contrasts |= {(row["system"], parts[other], row["metric"]): row for row in table.to_dict("records")}
    found = []
    for claim in asked:
        if claim.other:
            row = contrasts[parts[claim.one], parts[claim.other], claim.metric]
            value, low, high, p = (row[name] for name in ("difference", "difference_low", "difference_high", "p"))
        else:
            value, low, high, p = _mean(measured, parts[claim.one], claim.metric, seed)
        found.append((claim, value, low, high, p))
    for (claim, value, low, high, _), p in zip(found, inference.holm([p for *_, p in found]), strict=True):
        metric = METRICS[claim.metric]
        factor, unit = (100, "points") if metric.unit == "share" else (1, metric.unit)
        what = f"{metric.label}, difference of means" if claim.other else f"{metric.label}, mean"
        row = _row(
            claim.text, claim.paper, what, _scaled(value, factor), _scaled(low, factor), _scaled(high, factor), unit
        )
        row["p_holm"] = None if np.isnan(p) else float(p)
        sure = bool(p < comparison.ALPHA)
        above = value > (0 if claim.other else 1)
        yield row | {"verdict": UNKNOWN if not sure else HOLDS if above == claim.more else FAILS}


def _mean(measured: Measurements, system: str, metric: str, seed: int) -> tuple[float, float, float, float]:
    """Mean of a figure with its 95 % interval, and the p of its being 1: a bootstrap over groups."""
    figures = measured.figures[(measured.figures["system"] == system) & (measured.figures["metric"] == metric)]
    groups = measured.pieces[measured.pieces["system"] == system].set_index("piece")["group"]
    own = figures.dropna(subset="value")
    by_group = own.groupby(own["piece"].map(groups))["value"].agg(["sum", "count"])
    if len(by_group) < inference.FEWEST_GROUPS:
        return (float(own["value"].mean()) if len(own) else np.nan), np.nan, np.nan, np.nan
    draws = np.random.default_rng(seed).integers(len(by_group), size=(RESAMPLES, len(by_group)))
    sums, counts = (by_group[name].to_numpy(float)[draws].sum(axis=1) for name in ("sum", "count"))
    means = sums / counts
    low, high = np.percentile(means, [2.5, 97.5])
    tail = min((means <= 1).mean(), (means >= 1).mean())
    return (
        float(own["value"].mean()),
        float(low),
        float(high),
        float(min(1.0, 2 * (tail * RESAMPLES + 1) / (RESAMPLES + 1))),
    )


def _row(
    text: str, paper: str, measure: str, value: float | None, low: float | None, high: float | None, unit: str
) -> dict[str, Any]:
    """A row judged by its interval: 0 inside is not to be told."""
    verdict = UNKNOWN if low is None or high is None or low <= 0 <= high else HOLDS if low > 0 else FAILS
    return dict(zip(COLUMNS, (text, paper, measure, value, low, high, unit, None, verdict, ""), strict=True))


def _scaled(value: float, factor: float) -> float | None:
    return None if not np.isfinite(value) else float(factor * value)
