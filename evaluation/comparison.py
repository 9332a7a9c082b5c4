"""Set against set: every figure of every system beside the reference, and what can be concluded from it.

One table, a row a system and figure: the two distributions, how far apart they are in units of what the reference's own
halves differ by, how sure that is, and a verdict. `evaluation.inference` says how each number comes about.

The verdict follows the permutation test, corrected over the whole table by Holm: "differs" where p < 0.05, else "not
told apart", which is no proof of being alike. A figure that too few pieces have gets none; nor does a system with a
single piece, or a reference with one: that is a comparison of songs, and nothing is inferred from it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation import inference
from evaluation.inference import Pair
from evaluation.measures import METRICS, OF_NOTES

if TYPE_CHECKING:
    import pandas as pd

ALPHA = 0.05
DIFFERS, ALIKE, NONE = "differs", "not told apart", "no verdict"
FEWEST = 2  # pieces of a set that must have a figure
UNEQUAL = 1.1  # lengths further apart than this make figures incomparable

TEXT = ("system", "metric", "verdict", "how", "note")
NUMBERS = (
    "reference_n",
    "reference_q1",
    "reference_median",
    "reference_q3",
    "system_n",
    "system_q1",
    "system_median",
    "system_q3",
    "difference",
    "difference_low",
    "difference_high",
    "delta",
    "delta_low",
    "delta_high",
    "distance",
    "distance_low",
    "distance_high",
    "human_95",
    "floor",
    "size",
    "p",
    "p_holm",
    "permutations",
)
COLUMNS = ("system", "metric", "verdict", "how", *NUMBERS, "note")


def compare(
    figures: "pd.DataFrame",
    pieces: "pd.DataFrame",
    reference: str,
    *,
    permutations: int | None = None,
    seed: int = 0,
    progress: Callable[[str], object] | None = None,
) -> "pd.DataFrame":
    """The table of `COLUMNS`: every other system against the reference, in the order of the systems.

    figures, pieces : of `evaluation.measures.Measurements`
    permutations : of each test; by default 10,000, or as many as the smallest corrected p of the table needs to be 0.01
    progress : called with each system when it is done
    """
    import pandas as pd

    groups = pieces.set_index(["system", "piece"])["group"]
    indexed = figures.set_index(["system", "piece", "metric"])["value"]
    values = indexed.unstack("metric").reindex(groups.index)  # noqa: PD010 - pivot_table drops pieces without a figure
    notes = figures.set_index(["system", "piece", "metric"])["note"]
    metrics = [name for name, metric in METRICS.items() if metric.compared and name in values.columns]
    systems = [system for system in dict.fromkeys(pieces["system"]) if system != reference]
    tests = max(len(metrics) * len(systems), 1)
    count = permutations or max(inference.PERMUTATIONS, 100 * tests)
    rows = []
    for number, system in enumerate(systems):
        of_groups = groups.loc[reference].to_numpy(), groups.loc[system].to_numpy()
        own = {
            name: (values.loc[reference][name].to_numpy(float), values.loc[system][name].to_numpy(float))
            for name in metrics
        }
        reasons = {name: _reasons(notes, reference, system, name) for name in metrics}
        rows += _against(system, own, of_groups, reasons, count, np.random.SeedSequence([seed, number]))
        if progress:
            progress(system)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table["p_holm"] = inference.holm(table["p"].tolist())
    tested = table["p_holm"].notna()
    table.loc[tested, "verdict"] = np.where(table.loc[tested, "p_holm"] < ALPHA, DIFFERS, ALIKE)
    told = table["verdict"] == DIFFERS
    table.loc[told, "how"] = [_how(row) for row in table[told].to_dict("records")]
    return table


def _against(
    system: str,
    values: Mapping[str, tuple[Any, Any]],
    groups: tuple[Any, Any],
    reasons: Mapping[str, str],
    permutations: int,
    seed: np.random.SeedSequence,
) -> list[dict[str, Any]]:
    """Rows of one system. All its figures are tested on the same draws."""
    rows = {name: _described(system, name, *own, reasons[name]) for name, own in values.items()}
    testable = {}
    for name, (reference, own) in values.items():
        here = np.isfinite(reference), np.isfinite(own)
        pair = _pair(groups[0][here[0]], groups[1][here[1]])
        if isinstance(pair, str):
            rows[name]["note"] = "; ".join(filter(None, (pair, reasons[name])))
        else:
            testable[name] = pair, here
    if not testable:
        return list(rows.values())
    whole = Pair(*groups)
    draws, shuffles = (np.random.default_rng(part) for part in seed.spawn(2))
    counted = dict.fromkeys(testable, 0)
    for sides in inference.permuted_sides(whole, shuffles, permutations):
        for name, (_, here) in testable.items():
            both = np.concatenate(here)
            counted[name] += inference.as_far_apart(*_present(values[name], here), sides[:, both])
    for name, (pair, here) in testable.items():
        reference, own = _present(values[name], here)
        samples = inference.equal_samples(pair, draws)
        weights = inference.resampled_weights(pair, draws)
        found = inference.effects(reference, own, samples, weights, pair.groups)
        rows[name] |= _flat(found) | {
            "p": inference.permutation_p(counted[name], permutations),
            "permutations": permutations,
        }
    return list(rows.values())


def _present(values: tuple[Any, Any], here: tuple[Any, Any]) -> tuple[Any, Any]:
    return values[0][here[0]], values[1][here[1]]


def _pair(reference: Any, system: Any) -> Pair | str:
    """The pieces that have a figure; or why nothing can be inferred from it."""
    if min(len(reference), len(system)) < FEWEST:
        return f"fewer than {FEWEST} pieces have it"
    try:
        return Pair(reference, system)
    except ValueError:
        return "all pieces are of one group"


def _described(system: str, name: str, reference: Any, own: Any, reason: str) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(COLUMNS, np.nan)
    row |= {"system": system, "metric": name, "verdict": NONE, "how": "", "note": reason}
    for label, values in (("reference", reference), ("system", own)):
        there = values[np.isfinite(values)]
        row[f"{label}_n"] = len(there)
        if len(there):
            quartiles = np.percentile(there, [25, 50, 75])
            row |= dict(zip((f"{label}_q1", f"{label}_median", f"{label}_q3"), quartiles, strict=True))
    return row


def _flat(found: inference.Effects) -> dict[str, Any]:
    row = {"floor": found.floor, "human_95": found.human_95, "size": found.size}
    for name in ("difference", "delta", "distance"):
        interval = asdict(getattr(found, name))
        row |= {name: interval["value"], f"{name}_low": interval["low"], f"{name}_high": interval["high"]}
    return row


def _how(row: Mapping[Any, Any]) -> str:
    """What differs: most pieces are higher, or lower; or they differ otherwise, mostly in how much they vary."""
    word = inference.magnitude(row["delta"])
    if word == "negligible":
        wider = (row["system_q3"] - row["system_q1"]) - (row["reference_q3"] - row["reference_q1"])
        return "varies more" if wider > 0 else "varies less"
    return f"{'higher' if row['delta'] > 0 else 'lower'} ({word})"


def _reasons(notes: "pd.Series[Any]", reference: str, system: str, metric: str) -> str:
    """How many pieces lack a figure, and the commonest reason."""
    said = []
    for name in (reference, system):
        own = notes.loc[name].xs(metric, level="metric")
        lacking = own[own != ""]
        if len(lacking):
            said.append(f"{len(lacking)} of {len(own)} of {name} without ({lacking.mode().iloc[0]})")
    return "; ".join(said)


def flips(base: "pd.DataFrame", variants: Mapping[str, "pd.DataFrame"]) -> "pd.DataFrame":
    """The table with a column `flips`: the variants, of other sound, in which a row's conclusion is another one.

    A conclusion is the verdict, and where both differ, the direction. Those on notes do not depend on the sound; that
    their correction depends on the other rows is no reason to doubt them.
    """
    table = base.copy()
    marks: list[list[str]] = [[] for _ in range(len(table))]
    for variant, other in variants.items():
        for place, (one, two) in enumerate(zip(_conclusions(base), _conclusions(other), strict=True)):
            if one != two and METRICS[one[1]].view not in OF_NOTES:
                marks[place].append(variant)
    table["flips"] = [", ".join(mark) for mark in marks]
    return table


def _conclusions(table: "pd.DataFrame") -> list[tuple[str, ...]]:
    rows = table[["system", "metric", "verdict", "how"]].astype(str).to_numpy().tolist()
    return [(system, metric, verdict, how.split(" (")[0]) for system, metric, verdict, how in rows]


def remarks(pieces: "pd.DataFrame", reference: str) -> list[str]:
    """What a reader must know before believing the table, one line each."""
    each = {str(system): own for system, own in pieces.groupby("system", sort=False)}
    sizes = {system: len(own) for system, own in each.items()}
    lengths = {system: float(own["seconds"].median()) for system, own in each.items()}
    few, many = min(sizes, key=sizes.__getitem__), max(sizes, key=sizes.__getitem__)
    said = []
    for system, own in each.items():
        if sizes[system] == 1:
            said.append(f"{system} has one piece: songs are compared, and nothing is inferred from it")
        if rejected := int((own["rejected"] != "").sum()):
            said.append(f"{system}: {rejected} of {sizes[system]} files cannot be read")
        if not 1 / UNEQUAL <= lengths[system] / lengths[reference] <= UNEQUAL:
            said.append(
                f"{system} lasts {lengths[system]:.0f} s, {reference} {lengths[reference]:.0f} s (medians): many "
                "figures depend on length; cut all with --seconds"
            )
        counts = own.loc[own["remarks"] != "", "remarks"].value_counts()
        said += [f"{system}: {count} of {sizes[system]} {remark}" for remark, count in counts.items()]
    if sizes[many] > 4 * sizes[few]:
        said.append(
            f"{many} has {sizes[many]} pieces, {few} {sizes[few]}: distances are of samples as small as {few} allows"
        )
    return said


def summary(table: "pd.DataFrame", systems: Sequence[str]) -> list[str]:
    """One line a system: in how many figures it differs, and most in which."""
    lines = []
    for system in systems:
        own = table[table["system"] == system]
        tested, told = own[own["verdict"] != NONE], own[own["verdict"] == DIFFERS]
        line = f"{system} differs in {len(told)} of {len(tested)} figures"
        furthest = told.sort_values("distance", ascending=False).head(3).to_dict("records")
        if furthest:
            most = (f"{METRICS[row['metric']].label.lower()} {row['how']} {row['distance']:.1f}" for row in furthest)
            line += f"; furthest, in noise floors: {', '.join(most)}"
        lines.append(line + ".")
    return lines
