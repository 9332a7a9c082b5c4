"""Does the distance of systems depend on how many pieces they have, and does its test keep its level?

    python -m evaluation.distance.sizes VERDICT [--sizes 24,50,100] [--splits 400] [--seed 0]

VERDICT is a folder of `clstm compare`; nothing is measured again. Each system's distance is estimated from the first n
of its pieces in one random order, the same for all systems, so that pieces of one prompt stay together. Then, as many
times as --splits, two sets of n pieces of each reference are compared, apart by whole groups: nothing differs there, so
their mean distance should be 0, and p should lie below 0.05 in 5 of 100.
"""

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clstm.runtime.console import say
from clstm.runtime.files import read_json
from evaluation.distance import joint, kernels
from evaluation.distance.space import JOINT

if TYPE_CHECKING:
    import pandas as pd

SIZES, SPLITS = "24,50,100", 400
QUICK = 199  # exchanges of each split
LEVEL = 0.05


def by_size(
    values: "pd.DataFrame", pieces: "pd.DataFrame", against: Mapping[str, str], sizes: Sequence[int], seed: int = 0
) -> "pd.DataFrame":
    """Each system's distance in all metrics, from n of its pieces; one row per size and system.

    values, pieces : of a comparison; against : each system's reference, both by name
    """
    import pandas as pd

    places = pieces.groupby("system", sort=False).cumcount()
    order = np.random.default_rng(seed).permutation(int(places.max()) + 1)
    rank = pd.Series(np.argsort(order)[places], index=pieces.index)
    rows = []
    for size in sizes:
        own = pieces[rank < size] if size < len(order) else pieces
        for one in joint.distances(values, own, against, only=(JOINT,), seed=seed):
            found = one.found
            row = {"pieces": size, "system": one.system, "against": one.against, "distance": found.value}
            rows.append(row | {"low": found.low, "high": found.high, "p": one.p, "human_95": one.human_95})
    return pd.DataFrame(rows)


def halves(
    values: "pd.DataFrame",
    pieces: "pd.DataFrame",
    reference: str,
    sizes: Sequence[int],
    *,
    splits: int = SPLITS,
    seed: int = 0,
) -> "pd.DataFrame":
    """Random sets of n pieces of a reference against as many others of it: mean distance, its standard error, and the
    share of splits with p below 0.05; one row per size that the reference is large enough for."""
    import pandas as pd

    wide, groups = joint.table(values, pieces[pieces["system"] == reference])
    names, number = np.unique(groups.to_numpy().astype(str), return_inverse=True)
    rows = []
    for size in sizes:
        random = np.random.default_rng((seed, size))
        drawn = [_apart(number, len(names), size, random) for _ in range(splits if 2 * size <= len(number) else 0)]
        if not drawn:
            continue
        found = np.array([_compared(wide, groups.to_numpy(), one, random) for one in drawn])
        error = found[:, 0].std(ddof=1) / np.sqrt(len(found))
        row = {"pieces": size, "reference": reference, "splits": len(found), "mean": found[:, 0].mean()}
        rows.append(row | {"error": error, "significant": (found[:, 1] < LEVEL).mean()})
    return pd.DataFrame(rows)


def _apart(
    number: NDArray[np.int64], groups: int, size: int, random: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The places of about n pieces, and of about as many others, of other groups. number : (pieces,) of their groups"""
    order = random.permutation(groups)
    places = np.argsort(order)[number].argsort(kind="stable")  # pieces, group by group
    place = np.argsort(order)[number][places]
    first = place <= place[size - 1]
    rest = places[~first]
    return places[first], rest[: max(size, 1)]


def _compared(
    wide: "pd.DataFrame",
    groups: NDArray[Any],
    sides: tuple[NDArray[np.int64], NDArray[np.int64]],
    random: np.random.Generator,
) -> tuple[float, float]:
    """The distance of two sets of one table, and its p."""
    import pandas as pd

    table = pd.concat([wide.iloc[side] for side in sides], keys=("one", "other"))
    names = {name: groups[side] for name, side in zip(("one", "other"), sides, strict=True)}
    sets = kernels.of_all_spaces(table, names)[JOINT]
    return sets.squared()["other"], sets.p("other", random, QUICK)


def main(arguments: Sequence[str] | None = None) -> None:
    import pandas as pd

    parser = ArgumentParser(prog="python -m evaluation.distance.sizes")
    parser.add_argument("verdict", type=Path)
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument("--splits", type=int, default=SPLITS)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    sizes = [int(size) for size in given.sizes.split(",")]
    values, pieces = (pd.read_csv(given.verdict / name) for name in ("metrics.csv", "pieces.csv"))
    against = read_json(given.verdict / "comparison.json")["against"]
    for line in _printed(values, pieces, against, sizes, given.splits, given.seed):
        say(line)


def _printed(
    values: "pd.DataFrame",
    pieces: "pd.DataFrame",
    against: Mapping[str, str],
    sizes: Sequence[int],
    splits: int,
    seed: int,
) -> Iterator[str]:
    yield "| system | pieces | MMD² × 1000 | p | halves, 95 % |\n|---|---:|---:|---:|---:|"
    for row in by_size(values, pieces, against, sizes, seed).sort_values(["system", "pieces"]).to_dict("records"):
        distance, low, high, line = (f"{1000 * row[name]:.0f}" for name in ("distance", "low", "high", "human_95"))
        yield f"| {row['system']} | {row['pieces']} | {distance} [{low}, {high}] | {row['p']:.2g} | {line} |"
    yield "\n| halves of | pieces | splits | mean of MMD² × 1000 | p < 0.05 |\n|---|---:|---:|---:|---:|"
    for reference in dict.fromkeys(against.values()):
        for row in halves(values, pieces, reference, sizes, splits=splits, seed=seed).to_dict("records"):
            mean = f"{1000 * row['mean']:.2f} ± {1000 * row['error']:.2f}"
            yield f"| {reference} | {row['pieces']} | {row['splits']} | {mean} | {100 * row['significant']:.1f} % |"


if __name__ == "__main__":
    main()
