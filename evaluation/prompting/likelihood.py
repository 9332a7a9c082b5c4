"""Nats per frame of systems under trained models, from the table of `clstm likelihood`, compared with the reference's.

One row per system and model: the means, their difference with its 95 % interval, and a permutation test by whole groups
(`evaluation.statistics.inference`), corrected by Holm over the models of the system: a family of its own. Fewer nats
than the reference's and more are both a difference; neither is better. A model's own music is likely under itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from clstm.runtime.errors import UserError
from clstm.runtime.names import readable
from evaluation.statistics.inference import holm, means_apart
from evaluation.statistics.resampling import Pair

if TYPE_CHECKING:
    import pandas as pd

LIKELIHOOD = "likelihood.csv"
NEEDED = ("system", "file", "model", "nats_per_frame")
JOINT = "joint_nats_whole"
COLUMNS = (
    *("system", "model", "pieces", "reference_pieces", "mean", "reference_mean"),
    *("difference", "low", "high", "p", "p_holm"),
)
ALPHA = 0.05
HONEST = (
    "Fewer nats are not better music: a model's own music, and a note that is repeated, are likely. Fewer than "
    "people's and more are both a difference."
)


@dataclass(frozen=True, eq=False)
class LikelihoodTable:
    """table : `COLUMNS`; remarks : what the given table lacks, one line each"""

    table: "pd.DataFrame"
    remarks: tuple[str, ...] = ()


def read_likelihood(path: Path) -> "pd.DataFrame":
    """The table of `clstm likelihood`. Raises `UserError` for anything else.

    A model without nats of cells, one that draws notes, has joint nats of whole pieces in their place: each model's
    nats are compared with its own.
    """
    import pandas as pd

    hint = "give the CSV of `clstm likelihood`"
    try:
        table = pd.read_csv(path, dtype={"system": str, "file": str, "model": str})
    except (OSError, UnicodeDecodeError, ValueError) as error:  # pandas' parser errors are ValueErrors
        reason = error.strerror if isinstance(error, OSError) else "it is no table"
        raise UserError(f"--likelihood {path} cannot be read as CSV ({reason}); {hint}") from error
    if missing := [column for column in NEEDED if column not in table]:
        raise UserError(f"--likelihood {path} has no column {', '.join(missing)}; {hint}")
    nats = pd.to_numeric(table["nats_per_frame"], errors="coerce")
    if JOINT in table:
        of_cells = nats.notna().groupby(table["model"]).transform("any")
        nats = nats.where(of_cells, pd.to_numeric(table[JOINT], errors="coerce"))
    if (words := table["nats_per_frame"][nats.isna() & table["nats_per_frame"].notna()]).size:
        raise UserError(f"--likelihood {path} has {words.iloc[0]!r} where a number of nats belongs; {hint}")
    if (twice := table[table.duplicated(["system", "file", "model"])]).size:
        system, file, model = twice[["system", "file", "model"]].iloc[0]
        raise UserError(f"--likelihood {path} has {file} of {system} under {model} twice; {hint}")
    if table.empty or not np.isfinite(nats.dropna()).all() or (nats.dropna() < 0).any() or nats.notna().sum() == 0:
        raise UserError(f"--likelihood {path} has no nats, or some below 0; {hint}")
    return table.assign(nats_per_frame=nats)


def compared(
    given: "pd.DataFrame",
    pieces: "pd.DataFrame",
    sources: Mapping[str, Path],
    reference: str,
    *,
    seed: int = 0,
) -> LikelihoodTable:
    """Every system of the table compared with the reference, by the files that both tables have.

    given : of `read_likelihood`; pieces : of `evaluation.measurement.systems.Measurements`, whose groups count
    sources : where each system's music is, by name
    """
    import pandas as pd

    own = pieces[pieces["system"].isin(list(sources))]
    each = zip(own["file"], own["system"], strict=True)
    files = [_within(Path(file), Path(readable(sources[system]))) for file, system in each]
    known = own[["system", "group"]].assign(file=files).drop_duplicates(["system", "file"])
    both = given.merge(known, on=["system", "file"]).dropna(subset=["nats_per_frame"])
    remarks = tuple(_lacking(both, known, list(sources)))
    people = both[both["system"] == reference]
    if people.empty:
        said = f"--likelihood has no nats of files of {reference}; nats are compared with nothing"
        return LikelihoodTable(pd.DataFrame(columns=list(COLUMNS)), (said,))
    tables = []
    for system in sources:
        rows = [_row(system, model, people, both, seed) for model in both["model"].unique()]
        rows = [row for row in rows if row and system != reference]
        if rows:
            table = pd.DataFrame(rows).reindex(columns=list(COLUMNS))
            tables.append(table.assign(p_holm=holm(table["p"].tolist())))
    found = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))
    return LikelihoodTable(found, remarks)


def sentences(found: LikelihoodTable) -> list[str]:
    """One line per system, and what nats do not say."""
    said = []
    for system, own in found.table.groupby("system", sort=False):
        parts = ", ".join(map(_words, own.to_dict("records")))
        said.append(f"{system}, nats per frame: {parts}.")
    return [*said, HONEST] if said else []


def _words(row: Mapping[Any, Any]) -> str:
    known = "significantly different" if row["p_holm"] < ALPHA else "inconclusive"
    return f"{row['mean']:.2f} under {row['model']} (reference {row['reference_mean']:.2f}, {known})"


def _row(system: str, model: str, people: "pd.DataFrame", both: "pd.DataFrame", seed: int) -> dict[str, object] | None:
    ours = people[people["model"] == model]
    theirs = both[(both["system"] == system) & (both["model"] == model)]
    if not len(ours) or not len(theirs):
        return None
    values = [one["nats_per_frame"].to_numpy(float) for one in (ours, theirs)]
    row: dict[str, object] = {"system": system, "model": model, "pieces": len(theirs), "reference_pieces": len(ours)}
    row |= {"reference_mean": float(values[0].mean()), "mean": float(values[1].mean())}
    row["difference"] = float(values[1].mean() - values[0].mean())
    try:
        pair = Pair(ours["group"].to_numpy(), theirs["group"].to_numpy())
    except ValueError:  # of one group nothing is inferred
        return row
    test = means_apart(values[0], values[1], pair, np.random.default_rng(seed))
    return row | {"low": test.found.low, "high": test.found.high, "p": test.p}


def _lacking(both: "pd.DataFrame", known: "pd.DataFrame", systems: Sequence[str]) -> Iterator[str]:
    for system in systems:
        total = int((known["system"] == system).sum())
        have = both.loc[both["system"] == system, "file"].nunique()
        if have < total:
            yield f"{system}: --likelihood has nats of {have} of {total} files"


def _within(path: Path, source: Path) -> str:
    return path.name if path == source else path.relative_to(source).as_posix()


def markdown(found: LikelihoodTable) -> str:
    """The section of a verdict; "" where nothing is compared."""
    if found.table.empty:
        return ""
    lines = ["", "## Nats per frame under trained models", "", HONEST, ""]
    lines += ["| | model | pieces | mean | reference | difference | p (Holm) |", "|---|---|---:|---:|---:|---:|---:|"]
    for row in found.table.to_dict("records"):
        ends = f"{row['difference']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
        values = f"{row['pieces']} | {row['mean']:.2f} | {row['reference_mean']:.2f} | {ends} | {row['p_holm']:.3g}"
        lines.append(f"| {escape(str(row['system']))} | {escape(str(row['model']))} | {values} |")
    return "\n".join([*lines, ""])
