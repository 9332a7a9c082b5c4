"""The accuracy table as people see it: in the terminal, in a paper, with names that could break either."""

import re
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from clstm.corpus.corpus import Corpus
from clstm.music.score import Matrix
from clstm.prediction import accuracy
from clstm.prediction.baselines import Chances, hold_chord
from clstm.prediction.predictors import ScoredSystem, baselines
from clstm.prediction.tables import compared, latex, notes, pair_notes, readable

NASTY = r"50%_of [bold]R&D\x{1} #$~^"


def nearly_held(frames: Matrix, ends: np.ndarray, horizon: int) -> Chances:
    return 0.01 + 0.8 * hold_chord(frames, ends, horizon)


@pytest.fixture(scope="module")
def table(tiny_corpus: Corpus) -> pd.DataFrame:
    systems = baselines(tiny_corpus, 90) | {
        "c-lstm": ScoredSystem(nearly_held, "model", threshold=0.25, fixed_on="config.json"),
        NASTY: ScoredSystem(nearly_held, "own"),
    }
    return accuracy.summarise(accuracy.count(tiny_corpus, systems, split="train", window=90))


def shown(table: pd.DataFrame, horizon: str, width: int = 80) -> str:
    console = Console(width=width, file=StringIO())
    console.print(readable(table, horizon))
    return console.file.getvalue()


def compared_text(low: float, high: float, p: float) -> str:
    figures = {"nats": [-0.25, 0.125], "nats_low": [low, -0.25], "nats_high": [high, 0.5], "nats_p": [p, 0.5]}
    pair = {"system": NASTY, "other": "c-lstm-plus", "horizon": ["next", "nine"]}
    console = Console(width=80, file=StringIO())
    console.print(compared(pd.DataFrame(pair | figures)))
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    return text


def test_differences_of_models_are_marked_where_test_and_interval_are_clear() -> None:
    text = compared_text(-0.5, -0.125, 0.0004)
    for figure in ("-0.250*", "-0.500, -0.125", "<.001", "+0.125 ", "-0.250, +0.500", ".500"):
        assert figure in text


@pytest.mark.parametrize(
    ("low", "high", "p"), [(-0.5, -0.125, 0.0625), (-0.5, 0.01, 0.01), (np.nan, np.nan, np.nan), (-0.5, -0.1, np.nan)]
)
def test_no_star_where_test_or_interval_say_less(low: float, high: float, p: float) -> None:
    text = compared_text(low, high, p)
    assert "-0.250" in text
    assert "*" not in text
    assert "nan" not in text


def few(groups: int) -> pd.DataFrame:
    """Counts of a baseline and two of the paper's models that differ clearly, on some groups of one piece each."""
    rows = []
    for place, (name, role) in enumerate((("hold", "baseline"), ("lstm", "model"), ("c-lstm", "model"))):
        for piece in range(groups):
            for part in accuracy.PARTS:
                wrong = 20 - 4 * place + piece / 8
                at = {
                    f"{what}{at}": value
                    for at in accuracy.AT
                    for what, value in (("hits", 50 - wrong), ("false_alarms", wrong), ("misses", 0.0))
                }
                about = {"system": name, "role": role, "kind": name if role == "model" else "", "threshold": 0.5}
                rows.append(
                    about
                    | at
                    | {
                        "fixed_on": "",
                        "piece": piece,
                        "group": str(piece),
                        "part": part,
                        "windows": 1,
                        "frames": 1,
                        "cells": 100,
                        "nats": 3.0 - place + piece / 8,
                    }
                )
    one = pd.DataFrame(rows)
    return pd.concat([one.assign(horizon=horizon) for horizon in ("next", "nine")], ignore_index=True)


@pytest.mark.parametrize("groups", [1, 4])
def test_few_groups_show_figures_and_no_interval_anywhere(groups: int) -> None:
    table, differences = accuracy.summarise(few(groups)), accuracy.differences(few(groups))
    console = Console(width=80, file=StringIO())
    console.print(readable(table, "next"), compared(differences))
    for text in (console.file.getvalue(), latex(table)):
        assert "nan" not in text
        assert "[" not in text.partition(r"\begin")[2].replace("[bold]", "")
        assert "*" not in text
    assert re.search(r"c-lstm .* - ", console.file.getvalue())
    assert f"No interval and no p: they rest on groups of pieces, here {groups}, and need 5." in notes(table)
    assert pair_notes(differences) == []


def test_five_groups_have_intervals_and_the_note_says_that_no_star_is_possible() -> None:
    for groups, possible in ((5, False), (6, True)):
        differences = accuracy.differences(few(groups))
        console = Console(width=80, file=StringIO())
        console.print(compared(differences))
        assert ("*" in console.file.getvalue()) == possible
        assert ("with 5 groups no p is below 0.062, so none can be" in pair_notes(differences)[0]) != possible


def test_notes_say_whether_the_papers_advantage_is_ruled_out() -> None:
    (star, paper) = pair_notes(accuracy.differences(few(8)))
    assert "below .05 and the interval leaves out 0" in star
    assert paper.startswith(
        "c-lstm over lstm, next frame, these trainings: +4.00 points, at most +4.00 (95 %, one-sided)"
    )
    assert "the paper's +1.07 not ruled out" in paper
    assert "+24.33 % of the errors" in paper
    assert re.search(r"the paper's \+32\.82 ruled out, p \.004", paper)


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
    for written in (shown(table, "next", width=200), latex(table).partition(r"\begin")[2]):
        text = written.lower()
        places = [
            text.index(words) for words in ("trivial baselines", "silence", "the paper's", "c-lstm", "ours, not the")
        ]
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
