"""The table of `accuracy` for people: compact in the terminal, with every interval in LaTeX (booktabs).

The paper's three networks and those of our own design never share a block.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from clstm.models.checkpoint import CONFIG
from clstm.prediction.predictors import ROLES, SELECTION
from clstm.prediction.resampling import ALPHA, FEWEST_FOR_A_DIRECTION, FEWEST_GROUPS, RESAMPLES, is_clear
from clstm.prediction.scores import NEAREST

DIFFERENCES = {"nats": "nats per frame", "joint_nats": "joint nats of the next frame"}
TITLES = {"next": "the next frame", "nine": "all nine frames"}
BLOCKS = {"baseline": "trivial baselines", "model": "the paper's", "own": "ours, not the paper's"}
STYLES = {"baseline": "dim", "model": "bold", "own": "bold"}
THRESHOLDS = {
    SELECTION: "fixed on the selection pieces",
    CONFIG: f"as its {CONFIG} has it",
    "": "0.5 where there was nothing to fix it on",
}
MISSING = "-"
JOINT = (
    "Joint nats are -log P of the next frame as a model draws it: every pitch is off, goes on (only what sounds) or is"
    " struck. Given the window alone; of models that draw notes, also given all of the piece before the frame."
)

SHOWN = {  # in the terminal: scale, decimals
    "accuracy": (100, 2),
    "f1_at_threshold": (1, 3),
    "f1_struck_at_threshold": (1, 3),
    "nats": (1, 2),
}
MADE = "% Made by clstm accuracy"  # in the first line of LaTeX: it may be replaced
COLUMNS = {  # in LaTeX: heading, scale, decimals
    "accuracy": (r"Accuracy (\%)", 100, 2),
    "f1": ("F1", 1, 3),
    "precision_at_threshold": ("Precision", 1, 3),
    "recall_at_threshold": ("Recall", 1, 3),
    "f1_at_threshold": ("F1", 1, 3),
    "f1_held_at_threshold": ("held", 1, 3),
    "f1_struck_at_threshold": ("struck", 1, 3),
    "nats": ("Nats", 1, 2),
    "skill_accuracy": ("error", 100, 1),
    "skill_nats": ("nats", 100, 1),
}
JOINT_COLUMNS = {  # beside them, where there are any
    "skill_joint_nats": ("joint nats", 100, 1),
    "joint_nats": ("window", 1, 2),
    "joint_nats_past": ("all before", 1, 2),
}
SPECIAL = str.maketrans(
    {letter: rf"\{letter}" for letter in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
)

Row = Mapping[Any, Any]


def readable(table: pd.DataFrame, horizon: str) -> Table:
    """One horizon for the terminal; the other metrics are in the CSV."""
    own = table[table["horizon"] == horizon]
    windows, pieces = own[["windows", "pieces"]].iloc[0]
    shown = Table(
        title=f"Prediction of {TITLES[horizon]}: {windows:,} windows of {pieces:,} pieces",
        box=SIMPLE_HEAD,
        padding=0,
    )
    shown.add_column("", overflow="fold")  # names give way to numbers
    for heading in ("\nacc. %", "\nF1", "\nstruck", "\nnats", "skill\nerror", "%\n95 %", "skill\nnats", "%\n95 %"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for role, rows in _blocks(own):
        shown.add_section()
        shown.add_row(Text(BLOCKS[role], style="italic"))
        for row in rows:
            values = (_text(row, name, scale, decimals) for name, (scale, decimals) in SHOWN.items())
            skills = (text for of in ("accuracy", "nats") for text in _with_interval(row, f"skill_{of}"))
            shown.add_row(Text(row["system"]), *values, *skills, style=STYLES[role])
    return shown


def joint(table: pd.DataFrame) -> Table:
    """Joint nats of the next frame for the terminal, of the systems that have them."""
    own = table[table["horizon"] == "next"].dropna(subset="joint_nats")
    shown = Table(title="Joint nats of the next frame, as it is drawn", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    shown.add_column("", overflow="fold")
    for heading in ("given the\nwindow", "\n95 %", "given all\nbefore", "\n95 %", "skill\n%", "\n95 %"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for role, rows in _blocks(own):
        shown.add_section()
        shown.add_row(Text(BLOCKS[role], style="italic"))
        for row in rows:
            nats = (text for of in ("joint_nats", "joint_nats_past") for text in _with_interval(row, of, 1, 2))
            shown.add_row(Text(row["system"]), *nats, *_with_interval(row, "skill_joint_nats"), style=STYLES[role])
    return shown


def has_joint(table: pd.DataFrame) -> bool:
    """Whether any system, or pair of them, has joint nats."""
    return "joint_nats" in table and bool(table["joint_nats"].notna().any())


def joint_notes(table: pd.DataFrame) -> list[str]:
    """How to read the joint nats, a line each; none where there are none."""
    if not has_joint(table):
        return []
    own = table[table["horizon"] == "next"].dropna(subset="joint_nats")
    counts = zip(own["system"], own["joint_zeros"], strict=True)
    zeros = [f"{system} {count:,.0f}" for system, count in counts if count]
    lines = [
        JOINT,
        f"States that came with a chance of 0 cost {-np.log(NEAREST):.1f} nats each: {', '.join(zeros) or 'none'}.",
    ]
    if without := own["system"][own["accuracy"].isna()].tolist():
        has = "draw notes and have" if len(without) > 1 else "draws notes and has"
        lines.append(f"{', '.join(without)} {has} no chance of each cell: no accuracy, F1, threshold or nats of cells.")
    return lines


def compared(differences: pd.DataFrame, of: str = "nats") -> Table:
    """Model against model in one of `DIFFERENCES`; marked where test and interval say so (`resampling.is_clear`)."""
    differences = differences.dropna(subset=of)
    horizons = [horizon for horizon in TITLES if (differences["horizon"] == horizon).any()]
    title = f"Differences in {DIFFERENCES[of]}; below 0 the first is better"
    shown = Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    shown.add_column("", overflow="fold")
    for horizon in horizons:
        for heading in (horizon, "95 %", "p"):
            shown.add_column(heading, justify="right", no_wrap=True)
    for (system, other), own in differences.groupby(["system", "other"], sort=False):
        by_horizon = own.set_index("horizon").loc[horizons]
        cells = []
        for row in by_horizon.to_dict("records"):
            low, high, p = (float(row[f"{of}_{name}"]) for name in ("low", "high", "p"))
            clear = "*" if is_clear(low, high, p) else " "
            interval = MISSING if np.isnan(low) else f"{low:+.3f}, {high:+.3f}"
            cells += [f"{row[of]:+.3f}{clear}", interval, _chance(p)]
        shown.add_row(Text(f"{system} - {other}"), *cells)
    return shown


def pair_notes(differences: pd.DataFrame) -> list[str]:
    """How to read the pairs, a line each: what a star rests on, and what of the paper's Table 2 is ruled out."""
    if differences.empty:
        return []
    groups = int(differences["groups"].iloc[0])
    if groups < FEWEST_GROUPS:
        return []  # `notes` has said that there is nothing to read
    star = "* where the p of flipping the signs of the groups' differences is below .05 and the interval leaves out 0"
    if groups < FEWEST_FOR_A_DIRECTION:
        star += f"; with {groups} groups no p is below {2 / 2**groups:.3f}, so none can be"
    asked = differences.dropna(subset="paper_points")
    return [f"{star}.", *(_against_paper(row) for row in asked.to_dict("records"))]


def _against_paper(row: Row) -> str:
    """Of these trainings: the difference, the most it can be, and whether the paper's is ruled out; twice."""
    asked = (
        (100, " points", "paper_points", 1, row["accuracy"], row["accuracy_upper"]),
        (100, " % of the errors", "paper_errors", 100, row["errors_removed"], row["errors_removed_upper"]),
    )
    parts = []
    for scale, unit, paper, papers_scale, value, upper in asked:
        p = float(row[f"{paper}_p"])
        said = "ruled out" if p < ALPHA and scale * upper < papers_scale * row[paper] else "not ruled out"
        parts.append(
            f"{scale * value:+.2f}{unit}, at most {scale * upper:+.2f} (95 %, one-sided); the paper's"
            f" {papers_scale * row[paper]:+.2f} {said}, p {_chance(p)}"
        )
    return f"{row['system']} over {row['other']}, next frame, these trainings: {'; '.join(parts)}."


def _chance(p: float) -> str:
    """A p in four characters, or "<.001"."""
    if np.isnan(p):
        return MISSING
    return "<.001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def notes(table: pd.DataFrame) -> list[str]:
    """How to read the table, a line each: thresholds, rivals, intervals."""
    systems = table.drop_duplicates("system").dropna(subset="threshold")
    fixed = [
        f"{reason} ({', '.join(f'{row.system} {row.threshold:.3f}' for row in own.itertuples())})"
        for where, reason in THRESHOLDS.items()
        if len(own := systems[systems["fixed_on"] == where])
    ]
    over = [
        f"{TITLES[str(horizon)]} over {_best(own, 'accuracy')} (error) and {_best(own, 'nats')} (nats)"
        for horizon, own in table.groupby("horizon", sort=False)
    ]
    groups = table["groups"].iloc[0]
    intervals = f"95 % intervals by bootstrap and jackknife over groups of pieces: {groups:,} groups"
    intervals += f", {RESAMPLES:,} resamples."
    if groups < FEWEST_GROUPS:
        intervals = f"No interval and no p: they rest on groups of pieces, here {groups}, and need {FEWEST_GROUPS}."
    return [
        f"F1 is at one threshold per system: {'; '.join(fixed)}. Accuracy is at 0.5.",
        "Skill is the share of the best baseline's error, or nats per frame, that is removed: " + "; ".join(over) + ".",
        intervals,
    ]


def _best(own: pd.DataFrame, of: str) -> str:
    """The baseline that has skill 0."""
    rivals = own[own["role"] == "baseline"].dropna(subset=of).sort_values(of, ascending=of == "nats")
    return "no baseline" if rivals.empty else str(rivals["system"].iloc[0])


def _blocks(own: pd.DataFrame) -> Iterator[tuple[str, list[Row]]]:
    for role in ROLES:
        if rows := list[Row](own[own["role"] == role].to_dict("records")):
            yield role, rows


def _text(row: Row, name: str, scale: float, decimals: int) -> str:
    return MISSING if np.isnan(row[name]) else f"{scale * row[name]:.{decimals}f}"


def _with_interval(row: Row, name: str, scale: float = 100, decimals: int = 1) -> tuple[str, str]:
    """In percent unless said otherwise. A baseline's interval is in the CSV."""
    value, low, high = (_text(row, name + end, scale, decimals) for end in ("", "_low", "_high"))
    if row["role"] == "baseline" or value == MISSING:
        return value, ""
    return value, MISSING if low == MISSING else f"{low}, {high}"


def latex(table: pd.DataFrame) -> str:
    """A `tabular` for booktabs: both horizons, in blocks, the interval under each value. Shares are fractions."""
    columns = COLUMNS | (JOINT_COLUMNS if has_joint(table) else {})
    skills, of_joint = (3, r" & \multicolumn{2}{c}{Joint nats, given}") if has_joint(table) else (2, "")
    at = r" & \multicolumn{2}{c}{at 0.5} & \multicolumn{5}{c}{at its threshold}"
    lines = [
        MADE,
        *(f"% {' '.join(note.split())}" for note in (*notes(table), *joint_notes(table))),
        rf"\begin{{tabular}}{{l{'r' * len(columns)}}}",
        r"\toprule",
        rf"{at} & & \multicolumn{{{skills}}}{{c}}{{Skill (\%)}}{of_joint} \\",
        rf"\cmidrule(lr){{2-3}} \cmidrule(lr){{4-8}} \cmidrule(lr){{10-{9 + skills}}}"
        + (r" \cmidrule(lr){13-14}" if of_joint else ""),
        rf" & {' & '.join(heading for heading, _, _ in columns.values())} \\",
    ]
    for horizon, own in table.groupby("horizon", sort=False):
        lines += [r"\midrule", _across(f"Prediction of {TITLES[str(horizon)]}", "textbf", len(columns))]
        for role, rows in _blocks(own):
            lines += [r"\addlinespace", _across(BLOCKS[role].capitalize(), "emph", len(columns))]
            lines += [line for row in rows for line in _latex_rows(row, columns)]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _across(words: str, command: str, columns: int) -> str:
    return rf"\multicolumn{{{columns + 1}}}{{l}}{{\{command}{{{words}}}}} \\"


def _latex_rows(row: Row, columns: Mapping[str, tuple[str, int, int]]) -> tuple[str, str]:
    values, intervals = [" ".join(row["system"].split()).translate(SPECIAL)], [""]
    for name, (_, scale, decimals) in columns.items():
        value, low, high = (_text(row, name + end, scale, decimals) for end in ("", "_low", "_high"))
        values.append("--" if value == MISSING else f"${value}$")
        interval = "--" if low == MISSING else f"$[{low}, {high}]$"
        intervals.append("" if value == MISSING else rf"{{\scriptsize {interval}}}")
    return rf"{' & '.join(values)} \\", rf"{' & '.join(intervals)} \\"
