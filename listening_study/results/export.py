"""A study's results as files: every table, the trials, the figures, the summary, and results.json with every number."""

from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from clstm.runtime.files import replacing, write_json, write_text
from clstm.runtime.ownership import may_replace
from clstm.runtime.spreadsheet import csv
from evaluation.figures.style import save
from listening_study.analysis import tally as describing
from listening_study.analysis.codebook import codebook
from listening_study.exchange.judgements import judgements, of_answers
from listening_study.exchange.trials import as_json
from listening_study.exchange.trials import trials as as_trials
from listening_study.protocol.private_files import write_private
from listening_study.protocol.tasks import TaskKind
from listening_study.results.figures import draw, names
from listening_study.results.results import MANIFEST, SYNTHETIC, Results
from listening_study.results.summary import summary

TRIALS = "trials.json"


def exports(results: Results) -> dict[str, pd.DataFrame]:
    """Every table as it is handed on: the codebook among them, and synthetic rows marked as such."""
    known, asked = codebook(), {name for name in results.tables if name != "answers" or results.study.asks_source}
    book = [known[known["table"].isin(asked)], *_block_columns(results)]
    tables = {name: results.tables[name] for name in results.tables if name in asked}
    tables["codebook"] = pd.concat(book, ignore_index=True)
    if not results.study.synthetic:
        return tables
    return {name: table.assign(note=SYNTHETIC) for name, table in tables.items()}


def all_judgements(results: Results) -> pd.DataFrame:
    """The judgements of all tasks in one table, what was said of human or computer among them."""
    block = next((at for at, task in enumerate(results.study.blocks, 1) if task.kind is TaskKind.SOURCE), 1)
    tables = [of_answers(results.tables["answers"], block)]
    if "judgements" in results.tables:
        tables.append(judgements(results.tables["judgements"]))
    return judgements(pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True))


def trials(results: Results) -> str:
    """Every answered trial as jsPsych has it, a JSON list, one object a line (`listening_study.exchange.trials`)."""
    return as_json(as_trials(all_judgements(results)), SYNTHETIC if results.study.synthetic else "")


def _block_columns(results: Results) -> list[pd.DataFrame]:
    """The codebook of the tables that only this study has."""
    return [
        pd.DataFrame(
            {"table": block.name, "name": list(block.meanings), "unit": "", "meaning": block.meanings.values()}
        )
        for block in results.blocks
    ]


def write_results(results: Results, out: Path) -> list[Path]:
    """Write tables, figures, the summary and results.json into a folder, whole or not at all; returns the files.

    Raises `UserError` for a folder that holds something else.
    """
    out = Path(out)
    tables = exports(results)
    known = {f"{name}.csv" for name in tables} | {
        f"{name}.{form}" for name in names(results) for form in ("svg", "png")
    }

    def written(record: dict[str, Any]) -> set[str]:
        _ = record["key_sha256"]  # something else has none
        return known | {"summary.md", TRIALS}

    may_replace(out, MANIFEST, written, "results")
    with replacing(out) as folder:
        folder.mkdir()
        for name, table in tables.items():
            write = write_private if name in results.personal else write_text
            write(folder / f"{name}.csv", csv(table))
        write_private(folder / TRIALS, trials(results))
        figures = draw(results)
        for name, figure in figures.items():
            save(figure, folder / f"{name}.svg")
            save(figure, folder / f"{name}.png")
        write_text(folder / "summary.md", summary(results, list(figures)))
        write_json(folder / MANIFEST, provenance(results))
    return sorted(out.iterdir())


def provenance(results: Results) -> dict[str, Any]:
    """Every number and where it comes from, as plain values."""
    study = results.study
    numbers: dict[str, Any] = {
        name: _plain(results.tables[name])
        for name in ("tally", "confusion", "contrasts", "components", "ratings", "exclusions")
        if name in results.tables
    }
    return {
        **({"note": SYNTHETIC} if study.synthetic else {}),
        "title": study.title,
        "created": study.created,
        "seconds": study.seconds,
        "key_sha256": study.key_sha256,
        "registration_sha256": study.registration_sha256,
        "order_sha256": study.order_sha256 or None,  # None: it could be computed from public values
        "registration": {
            "human": results.registered.human,
            "sources": list(results.registered.sources),
            **results.registered.plan.model_dump(mode="json"),
        },
        "sound": study.sound,
        "replaced": results.key.replaced,
        "listeners": results.listeners,
        "complete": results.complete,
        "withdrawn": results.withdrawn,
        "answers": len(results.tables["answers"]),
        "answers_that_count": len(results.kept),
        "answers_after_unsealing": results.late,
        "agreement_alpha": None if np.isnan(results.agreement) else results.agreement,
        "journal": [asdict(one) for one in results.journal],
        "notes": list(results.conclusions.notes) if study.asks_source else [],
        "paper": [dict(zip(("source", "clips", "majority_human"), row, strict=True)) for row in describing.PAPER],
        **numbers,
        **_of_tasks(results),
        "versions": {name: version(name) for name in ("clstm", "pandas", "scipy", "numpy", "krippendorff")},
    }


def _of_tasks(results: Results) -> dict[str, Any]:
    """The tasks as they were registered and what came of each block; nothing where there are none."""
    if not results.blocks:
        return {}
    return {
        "tasks": [task.model_dump(mode="json", exclude={"attributes"}) for task in results.registered.tasks],
        "judgements": len(results.tables["judgements"]),
        "judgement-exclusions": _plain(results.tables["judgement-exclusions"]),
        "blocks": [
            {
                "name": block.name,
                "title": block.title,
                "task": str(block.task.kind),
                "scale": block.scale,
                "phrases": block.phrases,
            }
            for block in results.shown_blocks
        ],
        **{block.name: _plain(block.table) for block in results.shown_blocks},
    }


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain values, None for what is missing."""
    whole = table.astype(object).where(table.notna(), None)
    return [
        {str(name): value.item() if isinstance(value, np.generic) else value for name, value in row.items()}
        for row in whole.to_dict("records")
    ]
