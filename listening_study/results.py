"""A study's results: the sealed key opened, joined to the answers, and written as tables."""

from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from clstm.files import write_text
from listening_study.analysis import CODEBOOK, Turnout, answers_table, tally, turnout
from listening_study.key import open_key
from listening_study.store import Store
from listening_study.study import Study


@dataclass(frozen=True, eq=False)
class Results:
    """What a study has found so far."""

    study: Study
    turnout: Turnout
    answers: pd.DataFrame  # one row an answer
    tally: pd.DataFrame  # one row a source


def read_results(study: Study) -> Results:
    """Opens the sealed key. Raises `UserError` when it is missing or was changed."""
    key = open_key(study)
    store = Store(study.answers_path)
    try:
        answers = answers_table(store.answered_trials(), key)
        return Results(study, turnout(store.progress(), len(study.clips)), answers, tally(answers, key))
    finally:
        store.close()


def tables(results: Results) -> dict[str, str]:
    """File name -> CSV text: answers, tally and the codebook of both."""
    codebook = pd.DataFrame([asdict(column) for column in CODEBOOK])
    named = {"answers": results.answers, "tally": results.tally, "codebook": codebook}
    return {f"{name}.csv": table.to_csv(index=False, lineterminator="\n") for name, table in named.items()}


def write_results(results: Results, out: Path) -> list[Path]:
    """Write the tables into a folder; returns their paths."""
    paths = []
    for name, text in tables(results).items():
        write_text(out / name, text)
        paths.append(out / name)
    return paths
