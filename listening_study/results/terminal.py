"""Results in the terminal: the verdict, then the tally with that of the paper."""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd
from rich.table import Table

from clstm.runtime.console import console
from clstm.runtime.names import counted
from evaluation.agreement import ABOUT, METRIC, PAIRED
from listening_study.analysis.tally import PAPER
from listening_study.exchange.importing import Imported
from listening_study.results.blocks import TaskTable
from listening_study.results.imported import CAVEAT
from listening_study.results.results import Results
from listening_study.results.summary import DESCRIPTIVE, caveats, cell, verdict


def print_results(results: Results) -> None:
    """The discrimination test's verdict and tally."""
    study = results.study
    counts = f"; {len(results.tables['answers'])} answers, {len(results.kept)} count" if study.asks_source else ""
    _say(
        f"{study.title}: {counted(results.listeners, 'listener')}, {results.complete} complete of "
        f"{results.registered.plan.listeners} registered{counts}"
    )
    for sentence in verdict(results):
        _say(f"• {sentence}")
    if study.asks_source:
        console.print(tally_table(results.tables["tally"]))
    for block in results.shown_blocks:
        for sentence in block.phrases:
            _say(f"• {sentence}")
        console.print(block_table(block.title, block.shown))
    for sentence in [*([DESCRIPTIVE] if study.asks_source else []), *caveats(results)]:
        _say(sentence, style="dim")
    _say(f"Sealed key SHA-256 {results.study.key_sha256}", style="dim")
    _say(f"Registration SHA-256 {results.study.registration_sha256}", style="dim")


def tally_table(tally: pd.DataFrame) -> Table:
    """One row per source, then the paper's."""
    table = Table(title="Discrimination test: called human", title_justify="left")
    table.add_column("Source")
    for heading in ("Majority", "Ties", "By answers", "P(human)", "95 %", "d'", "c"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in tally.to_dict("records"):
        name = str(row["source"])
        if row["is_human"] and name.casefold() != "human":
            name += " (human)"
        table.add_row(name, f"{row['majority_human']} of {row['clips_heard']}", str(row["ties"]), *_shares(row))
    table.add_section()
    for source, clips, human in PAPER:
        table.add_row(f"{source}*", f"{human} of {clips}", *["–"] * 6, style="dim")
    table.caption = "* Huang, Huang & Cai 2018, 5 listeners: other music, not this study"
    table.caption_justify = "left"
    return table


def print_imported(imported: Imported, found: Sequence[TaskTable]) -> None:
    """What came of each block of results of other programs."""
    _say(f"{counted(imported.participants, 'participant')}, {counted(len(imported.table), 'judgement')}")
    for one in found:
        if one.of_persons:
            continue
        for sentence in one.words:
            _say(f"• {sentence}")
        console.print(block_table(one.title, one.shown))
    for sentence in (CAVEAT, *imported.remarks):
        _say(sentence, style="dim")


TENS = 10.0  # means above it are of a slider: no decimals
# Of a block's table: column, the ends of its interval, heading.
ESTIMATES = (
    ("mean", "mean_low", "mean_high", "Mean"),
    ("worth", "low", "high", "Worth"),
    ("share", "low", "high", "Share"),
    ("difference", "low", "high", "Difference"),
)


def block_table(title: str, own: pd.DataFrame) -> Table:
    """What came of one block, one row per system, pair or attribute, estimates with their intervals.

    The verdicts are in the sentences above it.
    """
    table = Table(title=title, title_justify="left")
    several = "attribute" in own and len(set(own["attribute"])) > 1
    texts = [*(["attribute"] if several else []), "source", *(["other"] if "other" in own else [])]
    digits = 0 if "mean" in own and own["mean"].max() > TENS else 2
    estimates = [one for one in ESTIMATES if one[0] in own and not own[one[0]].isna().all()]
    for name in texts:
        table.add_column(name.capitalize())
    for *_, heading in estimates:
        table.add_column(heading, justify="right", no_wrap=True)
    for heading, wanted in (("Ranks", "rank_low"), ("p (Holm)", "p_holm")):
        if wanted in own:
            table.add_column(heading, justify="right", no_wrap=True)
    for row in own.to_dict("records"):
        cells = [str(row[name]) for name in texts]
        cells += [_interval(row[one], row[low], row[high], digits) for one, low, high, _ in estimates]
        cells += [f"{row['rank_low']:.0f} to {row['rank_high']:.0f}"] if "rank_low" in row else []
        cells += [cell(row["p_holm"])] if "p_holm" in row else []
        table.add_row(*cells)
    return table


def _interval(estimate: float, low: float, high: float, digits: int) -> str:
    """An estimate with its interval, where there is one.

    >>> _interval(3.8, 3.07, 4.53, 2), _interval(float("nan"), 0.0, 0.0, 2)
    ('3.80 [3.07, 4.53]', '–')
    """
    if math.isnan(estimate):
        return "–"
    return f"{estimate:.{digits}f}" + ("" if math.isnan(low) else f" [{low:.{digits}f}, {high:.{digits}f}]")


SHOWN = 10  # metrics in the terminal; the table that is written has all


def print_agreement(results: Results, found: pd.DataFrame) -> None:
    """What goes with listeners' judgements, question by question: the distances, then the metrics that do most."""
    for (number, task, question), own in found.groupby(list(ABOUT), sort=False):
        title = f"{results.study.title}, block {number}, {task}{'' if question == task else f', {question}'}"
        console.print(agreement_table(title, own, task in PAIRED))


def agreement_table(title: str, own: pd.DataFrame, paired: bool) -> Table:
    """The table of one question. paired : whether it is of pairs of clips"""
    order = own.assign(size=own["within"].abs().fillna(-1)).sort_values("size", ascending=False, kind="stable")
    metrics, distances = (order[(order["kind"] == METRIC) == yes] for yes in (True, False))
    table = Table(title=f"{title}: rank correlation", title_justify="left")
    table.add_column("")
    over_all = not own["overall"].isna().all()
    headings = ("Pairs" if paired else "Clips", "Within sources", "p (Holm)", *(["Over all"] if over_all else []))
    for heading in headings:  # five columns fit 80 characters
        table.add_column(heading, justify="right", no_wrap=True)
    for part in (distances, metrics[:SHOWN]):
        for row in part.to_dict("records"):
            rest = ["–" if pd.isna(row["overall"]) else f"{row['overall']:.2f}"] if over_all else []
            table.add_row(str(row["label"]), str(row["clips"]), *_correlation(row, "within"), *rest)
        table.add_section()
    if len(metrics) > SHOWN:
        table.caption = f"and {len(metrics) - SHOWN} more metrics; --out writes all"
        table.caption_justify = "left"
    return table


def _correlation(row: Mapping[Hashable, Any], way: str) -> tuple[str, str]:
    if pd.isna(row[way]):
        return "–", "–"
    ends = f"{row[way]:.2f} [{row[f'{way}_low']:.2f}, {row[f'{way}_high']:.2f}]"
    return ends, f"{row[f'{way}_p_holm']:.3f}"


def _shares(row: Mapping[Hashable, Any]) -> tuple[str, ...]:
    if not row["answers"]:
        return "none", "–", "–", "–", "–"
    interval = f"{row['low']:.2f}–{row['high']:.2f}"
    detected = ["–" if pd.isna(row[name]) else f"{row[name]:.2f}" for name in ("d_prime", "criterion")]
    return f"{row['said_human']} of {row['answers']}", f"{row['p_human']:.2f}", interval, *detected


def _say(line: str, style: str | None = None) -> None:
    console.print(line, style=style, highlight=False, markup=False)
