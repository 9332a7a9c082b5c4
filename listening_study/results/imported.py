"""What can be concluded from results of other programs, by the analyses of a study of ours.

Each block is compared with the human source, where one is named and heard in it; MUSHRA with its hidden reference, and
anything else with the first of its sources by name. Nothing was registered with this kit: there is no margin of
equivalence and no anchor, and nobody is excluded but by MUSHRA's post-screening.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from clstm.runtime.files import replacing, write_json, write_text
from clstm.runtime.ownership import may_replace
from clstm.runtime.spreadsheet import csv
from listening_study.analysis.codebook import CODEBOOK
from listening_study.analysis.inference import conclude
from listening_study.analysis.tasks import abx, mushra, preferences, ratings
from listening_study.exchange.importing import Imported, codebook
from listening_study.exchange.trials import as_json, trials
from listening_study.protocol.configuration import Registration
from listening_study.protocol.private_files import write_private
from listening_study.protocol.registration import register
from listening_study.results.blocks import TaskTable
from listening_study.results.summary import markdown

MANIFEST = "results.json"
JUDGEMENTS, TRIALS = "judgements.csv", "trials.json"
CAVEAT = (
    "Nothing was registered with this kit, so equivalence is not tested, and nobody is excluded but by MUSHRA's "
    "post-screening. p is corrected within each table, not over blocks."
)


def conclude_import(imported: Imported) -> list[TaskTable]:
    """The tables of every block, in their order; none of human or computer where no source is named as human."""
    found: list[TaskTable] = []
    for (number, task), rows in imported.table.groupby(["block", "task"], sort=True):
        found += _tables(f"block-{number}-{task}", f"Block {number}: {task}", str(task), rows, imported.human)
    return found


def _tables(name: str, title: str, task: str, rows: pd.DataFrame, human: str | None) -> list[TaskTable]:
    sources = sorted(map(str, rows["source"].unique()))
    reference = human if human is not None and human in sources else sources[0]
    match task:
        case "preference":
            made = preferences.prefer(rows)
            return [
                TaskTable(name, title, made.pairs, preferences.PAIRS),
                TaskTable(f"{name}-systems", f"{title}, systems", made.systems, preferences.SYSTEMS),
            ]
        case "abx":
            return [TaskTable(name, title, abx.identify(rows), abx.COLUMNS)]
        case "mushra":
            return _mushra(name, title, rows, mushra.REFERENCE if mushra.REFERENCE in sources else reference)
        case "source" if reference == human and len(sources) > 1:
            registered = register(reference, tuple(sources), Registration())
            said = rows[rows["kind"] == "main"].rename(columns={"value": "said_human"})
            meanings = {column.name: column.meaning for column in CODEBOOK["contrasts"]}
            return [TaskTable(name, title, conclude(said, registered).contrasts, meanings)]
        case "source":
            return []
    return [TaskTable(name, title, ratings.rate(rows, reference), ratings.COLUMNS)]


def _mushra(name: str, title: str, rows: pd.DataFrame, reference: str) -> list[TaskTable]:
    """The scores of the listeners who pass the post-screening, and who does not."""
    screened = mushra.screen(rows)
    anchor = mushra.LOW_ANCHOR if mushra.LOW_ANCHOR in set(rows["source"]) else None
    remark = mushra.remark(screened)
    return [
        TaskTable(name, title, mushra.score(rows, reference, anchor=anchor), ratings.COLUMNS, (remark,)),
        TaskTable(f"{name}-screening", f"{title}, screening", screened, mushra.SCREENED),
    ]


def summary(imported: Imported, found: list[TaskTable]) -> str:
    """The results as a page in Markdown."""
    table = imported.table
    files = ", ".join(f"{one['file']} ({one['program']})" for one in imported.origins)
    counted = f"{imported.participants} participants, {len(table)} judgements of {table['clip'].nunique()} clips"
    blocks = ["# Imported results", f"Read from {files}: {counted}."]
    blocks.append("\n".join(f"- {line}" for line in [CAVEAT, *imported.remarks]))
    for one in found:
        if one.of_persons:
            continue
        blocks.append(f"## {one.title}")
        if one.words:
            blocks.append("\n".join(f"- {sentence}" for sentence in one.words))
        blocks.append(markdown(one.shown))
    return "\n\n".join(blocks) + "\n"


def write_concluded(imported: Imported, found: list[TaskTable], out: Path) -> list[Path]:
    """Write tables, trials and summary into a folder, whole or not at all; returns the files.

    Raises `UserError` for a folder that holds something else.
    """
    out = Path(out)

    def written(record: dict[str, Any]) -> list[str]:
        _ = record["imported_from"]  # something else has none
        return [str(name) for name in record["files"]]

    may_replace(out, MANIFEST, written, "results")
    with replacing(out) as folder:
        folder.mkdir()
        write_private(folder / JUDGEMENTS, csv(imported.table))
        write_private(folder / TRIALS, as_json(trials(imported.table)))
        for one in found:
            write = write_private if one.of_persons else write_text
            write(folder / f"{one.name}.csv", csv(one.table))
        write_text(folder / "codebook.csv", csv(pd.concat([codebook(), *map(_codebook, found)], ignore_index=True)))
        write_text(folder / "summary.md", summary(imported, found))
        names = sorted(path.name for path in folder.iterdir())
        record = {"imported_from": list(imported.origins), "human": imported.human, "files": names}
        write_json(folder / MANIFEST, record | {"caveats": [CAVEAT, *imported.remarks]})
    return sorted(out.iterdir())


def _codebook(one: TaskTable) -> pd.DataFrame:
    rows = [{"table": one.name, "name": name, "unit": "", "meaning": meaning} for name, meaning in one.meanings.items()]
    return pd.DataFrame([row for row in rows if row["name"] in one.table])
