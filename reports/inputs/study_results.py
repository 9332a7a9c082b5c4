"""A listening study's results, read from the folder that `clstm study results --out` writes.

Its `results.json` and `clips.csv`, and `agreement.csv` where `clstm study agreement --out` wrote it there, are all that
reports know of studies: neither package imports the other.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from clstm.runtime import old_names
from clstm.runtime.errors import UserError
from clstm.runtime.files import read_json
from evaluation.agreement import METRIC, PAIRED, SAID, WAYS, WRITTEN, sentence
from reports.content.listeners import (
    BlockRow,
    HeardClip,
    ListenerContrast,
    ListenerTally,
    StudyBlock,
    StudyContent,
)
from reports.content.rows import TableContent, rows_as
from reports.numbers import number

HINT = "give the folder that `clstm study results --out` wrote"
SHARES = ("p_human", "low", "high")
DIFFERS = "significant difference"  # a study's own verdict on a contrast
SOURCE = "source"  # the task of saying who made the music
AGREEMENT = "agreement.csv"
MEASURES = ("mean", "worth", "share")  # of a block's table, the first that it has
ENDS = ("", "_low", "_high")
NONE = "–"


def read_study(folder: Path) -> StudyContent:
    """A study's results, of this version or an earlier one. Raises `UserError` for a folder that holds none.

    A source on which no answer counts has no share; clips without answers are left out.
    """
    path = Path(folder) / "results.json"
    try:
        found = old_names.translated(read_json(path))
        blocks = tuple(_block(one, found[one["name"]]) for one in found.get("blocks", ()))
        asked = _asks_source(found)
        if not asked and not blocks:
            raise UserError(f"--study {folder} is of an earlier version, without its blocks; make the results again")
        registered = [row for row in found["contrasts"] if row["analysis"] == "registered"] if asked else []
        return StudyContent(
            title=str(found["title"]),
            note=str(found.get("note", "")),
            listeners=int(found["listeners"]),
            complete=int(found["complete"]),
            registered=int(found["registration"]["listeners"]),
            key_sha256=str(found["key_sha256"]),
            human=str(found["registration"]["human"]),
            seconds=float(found["seconds"]),
            as_played=bool(found["sound"]["as_played"]),
            verdict=tuple(str(row["words"]) for row in registered),
            contrasts=tuple(ListenerContrast.model_validate(row) for row in registered),
            tally=tuple(map(_tally, found["tally"])) if asked else (),
            clips=tuple(_clips(path.with_name("clips.csv"))) if asked else (),
            blocks=blocks,
            agreement=_agreement(path.with_name(AGREEMENT), str(found.get("note", ""))),
        )
    except OSError as error:
        raise UserError(f"--study {folder} has no readable results.json ({error.strerror}); {HINT}") from error
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise UserError(f"--study {path} is not a study's results ({_reason(error)}); {HINT}") from error


def _tally(row: dict[str, Any]) -> ListenerTally:
    return ListenerTally.model_validate(row if row["answers"] else row | dict.fromkeys(SHARES))


def _clips(path: Path) -> list[HeardClip]:
    table = old_names.table(pd.read_csv(path, dtype={"clip": str, "source": str, "piece": str}))
    return rows_as(HeardClip, table[table["answers"] > 0])


def _asks_source(found: Mapping[str, Any]) -> bool:
    """Whether a study has a block of human or computer: all studies that have no tasks."""
    tasks = found.get("tasks")
    return not tasks or SOURCE in [task["kind"] for task in tasks]


def _block(about: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> StudyBlock:
    """about : name, title, task, scale and phrases; rows : its table"""
    measure = next((name for name in MEASURES if rows and name in rows[0]), MEASURES[-1])
    return StudyBlock(
        name=str(about["name"]),
        title=str(about["title"]),
        task=str(about["task"]),
        measure=measure,
        scale=about["scale"],
        phrases=tuple(map(str, about["phrases"])),
        rows=tuple(_block_row(measure, row) for row in rows),
    )


def _block_row(measure: str, row: Mapping[str, Any]) -> BlockRow:
    """Of a mean, `low` and `high` of the study's table are those of its difference from the reference."""
    of_mean = measure == "mean"
    value, low, high = (row[f"mean{end}"] if of_mean else row[end.lstrip("_") or measure] for end in ENDS)
    gap = [row[name] for name in ("difference", "low", "high")] if of_mean else [None] * 3
    return BlockRow(
        attribute=str(row.get("attribute", "")) if of_mean else "",
        source=str(row["source"]),
        other=str(row.get("other", "")),
        value=value,
        low=low,
        high=high,
        difference=gap[0],
        difference_low=gap[1],
        difference_high=gap[2],
        rank_low=row.get("rank_low"),
        rank_high=row.get("rank_high"),
        p_holm=row.get("p_holm"),
    )


def _agreement(path: Path, note: str) -> tuple[TableContent, ...]:
    """What goes with the answers, a table for each block; none where it was not computed."""
    if not path.is_file():
        return ()
    table = _read_agreement(path)
    blocks = list(table.groupby("block", sort=False))
    return tuple(_of_block(str(number), own, note, single=len(blocks) == 1) for number, own in blocks)


def _of_block(number: str, table: pd.DataFrame, note: str, *, single: bool) -> TableContent:
    """Question by question, distances, then metrics, those first that go most with the answers; over all clips only
    where that has a sign."""
    task, several = str(table["task"].iloc[0]), len(set(table["question"])) > 1
    ways = WAYS[::-1] if table["overall"].notna().any() else ("within",)
    key = "agreement" if single else f"agreement-block-{number}"
    titles = {"within": "Within sources", "overall": "Over all"}
    over_all = " Over all clips, sources that differ are enough for a correlation." if "overall" in ways else ""
    return TableContent(
        key=key,
        title=f"What goes with listeners’ judgements{'' if single else f': block {number}, {task}'}",
        look=(
            f"{f'{note}. ' if note else ''}{sentence(table)} Rank correlations over the study’s clips, as they were "
            f"heard, with {SAID[task]}. 95 % intervals, for other clips and other listeners; p corrected by Holm over "
            f"this table.{over_all}"
        ),
        columns=(
            "Quantity",
            *(["Attribute"] if several else []),
            "Pairs of clips" if task in PAIRED else "Clips",
            *(text for way in ways for text in (titles[way], f"p (Holm), {titles[way].lower()}")),
        ),
        rows=tuple(
            (str(row["label"]), *([str(row["question"])] if several else []), str(row["clips"]), *_ways(row, ways))
            for _, own in table.groupby("question", sort=False)
            for row in _ordered(own)
        ),
        files=(f"tables/{key}.csv",),
        folded=True,
    )


def _ordered(table: pd.DataFrame) -> list[dict[Hashable, Any]]:
    order = table.reindex(table["within"].abs().sort_values(ascending=False, kind="stable").index)
    metrics, distances = (order[(order["kind"] == METRIC) == yes] for yes in (True, False))
    return pd.concat([distances, metrics]).to_dict("records")


def _read_agreement(path: Path) -> pd.DataFrame:
    """Raises `UserError` for another table."""
    another = f"--study {path} is no table that `clstm study agreement --out` wrote; remove it"
    try:
        table = pd.read_csv(path, dtype=dict.fromkeys(("task", "question", "label"), str))[list(WRITTEN)]
        table = table.astype({name: float for name in WRITTEN if name.startswith(WAYS)})
    except (ValueError, KeyError, OSError) as error:
        raise UserError(another) from error
    if table.empty or not set(table["task"]) <= set(SAID):
        raise UserError(another)
    return table


def _ways(row: Mapping[Hashable, Any], ways: Iterable[str]) -> tuple[str, ...]:
    cells: list[str] = []
    for way in ways:
        value, low, high, p = (row[f"{way}{end}"] for end in ("", "_low", "_high", "_p_holm"))
        known = not pd.isna(value)
        cells += [f"{number(value, 2)} [{number(low, 2)}, {number(high, 2)}]" if known else NONE]
        cells += [NONE if not known else "< 0.001" if p < 0.001 else f"{p:.3f}"]
    return tuple(cells)


def _reason(error: Exception) -> str:
    """What is wrong with results, without the words of Python."""
    match error:
        case KeyError():
            return f"it has no {error.args[0]}"
        case ValidationError():
            return f"its {'.'.join(map(str, error.errors()[0]['loc']))} cannot be read"
        case TypeError() | AttributeError():
            return "a value is of another kind"
    return "it is not JSON, or a value is of another kind"
