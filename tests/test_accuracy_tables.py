"""The accuracy table as people see it: in the terminal, in a paper, with names that could break either."""

import re
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from clstm import accuracy
from clstm.accuracy_systems import System, baselines
from clstm.accuracy_tables import compared, latex, notes, readable
from clstm.baselines import Chances, hold_chord
from clstm.corpus import Corpus
from clstm.score import Matrix

NASTY = r"50%_of [bold]R&D\x{1} #$~^"


def nearly_held(frames: Matrix, ends: np.ndarray, horizon: int) -> Chances:
    return 0.01 + 0.8 * hold_chord(frames, ends, horizon)


@pytest.fixture(scope="module")
def table(tiny_corpus: Corpus) -> pd.DataFrame:
    systems = baselines(tiny_corpus, 90) | {
        "c-lstm": System(nearly_held, "model", threshold=0.25, fixed_on="config.json"),
        NASTY: System(nearly_held, "own"),
    }
    return accuracy.summarise(accuracy.count(tiny_corpus, systems, split="train", window=90))


def shown(table: pd.DataFrame, horizon: str, width: int = 80) -> str:
    console = Console(width=width, file=StringIO())
    console.print(readable(table, horizon))
    return console.file.getvalue()


def test_differences_of_models_are_marked_where_they_are_clear() -> None:
    ends = {"nats": [-0.25, 0.125], "nats_low": [-0.5, -0.25], "nats_high": [-0.125, 0.5]}
    pair = {"system": NASTY, "other": "c-lstm-plus", "horizon": ["next", "nine"]}
    console = Console(width=80, file=StringIO())
    console.print(compared(pd.DataFrame(pair | ends)))
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    for figure in ("-0.250*", "-0.500, -0.125", "+0.125 ", "-0.250, +0.500"):
        assert figure in text


@pytest.mark.parametrize("horizon", ["next", "nine"])
def test_the_terminal_table_fits_80_columns_and_cuts_no_number(table: pd.DataFrame, horizon: str) -> None:
    text = shown(table, horizon)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert "per-row Markov" in shown(table[table["system"] != NASTY], horizon)
    row = table[(table["system"] == "c-lstm") & (table["horizon"] == horizon)].iloc[0]
    for number in (f"{100 * row['accuracy']:.2f}", f"{row['nats']:.2f}", f"{100 * row['skill_nats_low']:.1f},"):
        assert number in text


def test_ours_have_a_block_of_their_own_below_the_papers(table: pd.DataFrame) -> None:
    for text in (shown(table, "next", width=200), latex(table).partition(r"\begin")[2]):
        text = text.lower()
        places = [text.index(words) for words in ("know no music", "silence", "the paper's", "c-lstm", "ours, not the")]
        assert places == sorted(places)
        assert places[-1] < text.index("[bold]r")
    papers = table[table["role"] != "own"]
    assert "ours" not in shown(papers, "next") + latex(papers)


def test_a_name_is_taken_neither_for_markup_nor_for_latex(table: pd.DataFrame) -> None:
    assert NASTY in shown(table, "next", width=200)
    escaped = r"50\%\_of [bold]R\&D\textbackslash{}x\{1\} \#\$\textasciitilde{}\textasciicircum{} &"
    assert latex(table).count(escaped) == 2


def test_a_line_break_in_a_name_breaks_no_line_of_latex(table: pd.DataFrame) -> None:
    broken = table.replace({"system": {NASTY: "a\nb"}})
    for line in latex(broken).splitlines():
        assert line.startswith(("%", "\\", " &")) or line.endswith("\\\\")


def test_latex_has_both_horizons_every_interval_and_no_hole(table: pd.DataFrame) -> None:
    lines = latex(table).splitlines()
    assert lines[-1] == r"\end{tabular}"
    begin = next(line for line in lines if line.startswith(r"\begin{tabular}"))
    columns = len(re.fullmatch(r"\\begin\{tabular\}\{(l?r+)\}", begin).group(1))
    rows = [line for line in lines if line.endswith(r"\\") and r"\multicolumn" not in line]
    assert len(rows) == 1 + 2 * 2 * 6
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {columns - 1}
    assert "nan" not in "\n".join(lines)
    row = table[(table["system"] == "c-lstm") & (table["horizon"] == "nine")].iloc[0]
    assert f"$[{row['nats_low']:.2f}, {row['nats_high']:.2f}]$" in "\n".join(rows)


def test_notes_say_where_thresholds_are_from_and_what_skill_is_over(table: pd.DataFrame) -> None:
    thresholds, skill, intervals = notes(table)
    markov = table.set_index("system").loc["per-row Markov", "threshold"].iloc[0]
    assert f"fixed on the selection pieces (per-row Markov {markov:.3f})" in thresholds
    assert "as its config.json has it (c-lstm 0.250)" in thresholds
    assert f"0.5 where there was nothing to fix it on ({NASTY} 0.500)" in thresholds
    best = table[(table["horizon"] == "nine") & (table["skill_accuracy"] == 0)]["system"].item()
    assert f"all nine frames over {best} (error) and per-row Markov (nats)" in skill
    assert ": 6 groups, 1,000 resamples" in intervals
