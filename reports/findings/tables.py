"""The numbers as tables: what every system measures, what separates it from the reference, the paper's Table 2, what
listeners said; and each of them as a reader of a journal wants it, in LaTeX (booktabs).

Tables are data frames in, data frames out, but for `latex`.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from clstm.runtime.errors import UserError
from evaluation.comparison.contrasts import DIFFERS, NONE
from evaluation.comparison.tables import SIGNS, SIGNS_SAY
from evaluation.measurement.measure import METRICS
from reports.numbers import number

LONG = 30  # rows: a longer table may break over pages
UNICODE = {
    "−": "$-$",
    "–": "--",
    "×": r"$\times$",
    "±": r"$\pm$",
    "²": r"$^2$",
    "…": r"\dots{}",
    "“": "``",
    "”": "''",
    "’": "'",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "↔": r"$\leftrightarrow$",
    "≠": r"$\neq$",
    "δ": r"$\delta$",
}
MARKS = (
    "δ is Cliff’s delta. Significant differences (permutation test, p < 0.05 after Holm’s correction over the metrics "
    f"of a system) have a sign, each with a test of its own: {SIGNS_SAY}."
)

ACCURACY_TEXT = ["system", "role", "horizon"]
ACCURACY_SHARES = ["accuracy", "precision", "recall", "f1", "f1_held", "f1_struck"]
ACCURACY_MORE = [  # that older files may lack
    "f1_at_threshold",
    *(f"skill_{of}{end}" for of in ("accuracy", "nats") for end in ("", "_low", "_high", "_p")),
    "groups",
]
ACCURACY_COLUMNS = [*ACCURACY_TEXT, *ACCURACY_SHARES, "nats", "windows"]
ROLES = ("model", "own", "baseline")  # of `clstm accuracy`: the paper's three, networks of ours, no network
HORIZONS = ("next", "nine")
PAIRS = ("horizon", "system", "other", "accuracy", "accuracy_low", "accuracy_high")
PAIRS_KINDS = ("kind", "other_kind")
PAIRS_MORE = (  # that older files lack
    *("nats_p", "accuracy_p", "f1_at_threshold_p"),
    *(f"errors_removed{end}" for end in ("", "_low", "_high", "_p", "_upper")),
    *("paper_points", "paper_points_p", "accuracy_upper", "paper_errors", "paper_errors_p", "groups"),
)


def summary(metrics: pd.DataFrame, systems: Sequence[str]) -> pd.DataFrame:
    """Median and quartiles over the pieces of each system.

    metrics : tidy, with columns system, piece, metric, value, note
    returns metric, system, n, median, lower, upper, note: a row a metric and system, in their order; n counts the
    pieces that have the figure. Without any, the numbers are NaN and the note gives the commonest reason.
    """
    rows = []
    grouped = metrics.groupby(["metric", "system"], sort=False)
    names = metrics["metric"].unique()
    for metric in names:
        for system in systems:
            pieces = grouped.get_group((metric, system))
            values = pieces["value"].dropna()
            lower, median, upper = (values.quantile(share) for share in (0.25, 0.5, 0.75))
            note = "" if len(values) else str(pieces["note"].mode().iloc[0])
            rows.append((metric, system, len(values), median, lower, upper, note))
    return pd.DataFrame(rows, columns=["metric", "system", "n", "median", "lower", "upper", "note"])


def read_accuracy(path: Path) -> pd.DataFrame:
    """The table that `clstm accuracy` writes. Raises `UserError` for anything else.

    Of an older version's table, the columns it lacks are missing, and `kind` is empty.
    """
    table = _read(path, "--accuracy", ACCURACY_COLUMNS, "clstm accuracy")
    for column, accepted in (("role", ROLES), ("horizon", HORIZONS)):
        strange = sorted({str(value) for value in table[column]} - set(accepted))
        if strange:
            raise UserError(f"--accuracy {path}: {column} is {strange[0]!r}; it can be {' or '.join(accepted)}")
    table = table.reindex(columns=list(dict.fromkeys([*table.columns, "kind", *ACCURACY_MORE])))
    numbers = table[[*ACCURACY_SHARES, "nats", "windows", *ACCURACY_MORE]].apply(numeric)
    shares = numbers[ACCURACY_SHARES]
    if ((shares < 0) | (shares > 1)).to_numpy().any():
        raise UserError(f"--accuracy {path}: accuracies are fractions, 0 to 1; this file has others")
    if table.empty:
        raise UserError(f"--accuracy {path} has no rows; give the CSV of `clstm accuracy`")
    texts = table[ACCURACY_TEXT].astype(str).assign(kind=names(table["kind"]))
    return texts.join(numbers)


def read_pairs(path: Path) -> pd.DataFrame:
    """Model against model, as `clstm accuracy --pairs` writes it. Raises `UserError` for anything else.

    Of an older version's table, the columns it lacks are missing, and the kinds are empty.
    """
    table = _read(path, "--pairs", PAIRS, "clstm accuracy --pairs")
    table = table.reindex(columns=list(dict.fromkeys([*table.columns, *PAIRS_KINDS, *PAIRS_MORE])))
    texts = {column: names(table[column]) for column in (*PAIRS[:3], *PAIRS_KINDS)}
    numbers = table.columns.difference(list(texts))
    return table.assign(**texts, **table[numbers].apply(numeric))


def numeric(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """As numbers; missing where it is none, or not finite."""
    try:
        found = pd.to_numeric(column, errors="coerce")
    except OverflowError:  # whole numbers of hundreds of digits
        found = pd.to_numeric(column.astype(str), errors="coerce").astype(float)
    return found.where(np.isfinite(found.astype(float)))


def names(column: "pd.Series[Any]") -> "pd.Series[str]":
    """As text; "" where there is none."""
    return column.astype(object).where(column.notna(), "").astype(str)


def _read(path: Path, option: str, columns: Sequence[str], command: str) -> pd.DataFrame:
    try:
        table = pd.read_csv(path)
    except (OSError, UnicodeDecodeError, ValueError) as error:  # pandas' parser errors are ValueErrors
        raise UserError(f"{option} {path} cannot be read as CSV ({_one_line(error)})") from error
    if missing := [column for column in columns if column not in table.columns]:
        raise UserError(f"{option} {path} has no column {', '.join(missing)}; give the CSV of `{command}`")
    return table


def printed(content: Mapping[str, Any]) -> dict[str, tuple[pd.DataFrame, str]]:
    """Every table of a report as it is read in print, by its file's name, with its caption.

    content : what report.json holds
    """
    against = content["against"]
    tables = {
        "summary": (
            _frame(content["summary"], {"about": "About", "text": "Finding"}),
            f"What the report on {content['reference']} finds, in words.",
        ),
        "numbers": (_numbers(content), "Median over the files of each system, and the range of its middle half."),
    }
    if content["verdict"]:
        tables["verdict"] = (
            _verdict(content),
            (
                f"Distance from {against} in noise floors, with 95 % intervals: 1 is what two of its own samples of "
                f"{sizes(content['verdict'])} pieces differ by. {MARKS}"
            ),
        )
    if content["accuracy"]:
        tables["accuracy"] = (
            _accuracy(content["accuracy"]),
            "Accuracy of prediction, beside baselines that know no music.",
        )
    if content["study"]:
        note = f" {content['study']['note']}." if content["study"]["note"] else ""
        tables["listeners"] = (
            _tally(content["study"]["tally"]),
            f"Clips taken for human; ranges are descriptive.{note}",
        )
    if content["correlation"]:
        tables["correlation"] = (
            _correlation(content["correlation"]),
            "Rank correlation of figures with the share of listeners who took a clip for human.",
        )
    if content["claims"]:
        tables["claims"] = (
            _claims(content["claims"]),
            "The claims of Huang, Huang and Cai (2018), and what is measured here.",
        )
    return tables


def latex(table: pd.DataFrame, caption: str, label: str) -> str:
    """A table for a paper, to be used with the packages booktabs and (for long ones) longtable."""
    made: str = table.to_latex(
        index=False,
        escape=True,
        caption=caption.replace("%", r"\%").replace("&", r"\&").replace("_", r"\_").replace("#", r"\#"),
        label=f"tab:{label}",
        longtable=len(table) > LONG,
        column_format="l" + ("p{0.75\\linewidth}" if label == "summary" else "r" * (len(table.columns) - 1)),
        position=None if len(table) > LONG else "t",
    )
    for letter, command in UNICODE.items():
        made = made.replace(letter, command)
    return made


def _frame(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame([[row[name] for name in columns] for row in rows], columns=list(columns.values()))


def _label(metric: str) -> str:
    unit = METRICS[metric].unit
    return f"{METRICS[metric].label} ({unit})" if unit else METRICS[metric].label


def short(value: float | None) -> str:
    """Three figures that count.

    >>> short(1234.5), short(0.01234), short(-23.04), short(None)
    ('1234', '0.0123', '−23.0', '–')
    """
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    return number(value, max(2 - math.floor(math.log10(abs(value))), 0))


def _numbers(content: Mapping[str, Any]) -> pd.DataFrame:
    cells = {(row["metric"], row["system"]): row for row in content["numbers"]}
    names = [system["name"] for system in content["systems"]]
    rows = []
    for metric in dict.fromkeys(row["metric"] for row in content["numbers"]):
        own = [cells[metric, name] for name in names]
        if any(cell["n"] for cell in own):
            rows.append([_label(metric), *(_median(cell) for cell in own)])
    return pd.DataFrame(rows, columns=["Figure", *names])


def _median(cell: Mapping[str, Any]) -> str:
    if not cell["n"]:
        return "–"
    spread = f" [{short(cell['lower'])}, {short(cell['upper'])}]" if cell["n"] > 1 else ""
    return f"{short(cell['median'])}{spread}"


def distance(row: Mapping[str, Any]) -> str:
    """A distance with its interval and the sign of the verdict, such as `4.5 [2.9, 6.6] ↑`."""
    if row["verdict"] == NONE or row["distance"] is None:
        return "–"
    interval = (
        "" if row["distance_low"] is None else f" [{number(row['distance_low'])}, {number(row['distance_high'])}]"
    )
    sign = f" {SIGNS[row['how'].split(' (')[0]]}" if row["verdict"] == DIFFERS else ""
    return f"{number(row['distance'])}{interval}{sign}"


def _with_delta(row: Mapping[str, Any]) -> str:
    return f"{distance(row)}, δ {number(row['delta'], 2)}" if row["verdict"] != NONE else distance(row)


def sizes(rows: Sequence[Mapping[str, Any]]) -> str:
    """How many pieces a noise floor of the verdict is of: "25", or "9 to 25"."""
    known = sorted({int(row["size"]) for row in rows if row["size"] is not None})
    return " to ".join(map(str, dict.fromkeys((known[0], known[-1])))) if known else "no"


def _verdict(content: Mapping[str, Any]) -> pd.DataFrame:
    cells = {(row["metric"], row["system"]): row for row in content["verdict"]}
    names = list(dict.fromkeys(row["system"] for row in content["verdict"]))
    metrics = list(dict.fromkeys(row["metric"] for row in content["verdict"]))
    rows = [[METRICS[metric].label, *(_with_delta(cells[metric, name]) for name in names)] for metric in metrics]
    return pd.DataFrame(rows, columns=["Figure", *names])


def _accuracy(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    def cell(row: Mapping[str, Any], column: str, factor: float, decimals: int) -> str:
        return "–" if row[column] is None else number(factor * row[column], decimals)

    made = [
        [
            row["system"],
            row["horizon"],
            cell(row, "accuracy", 100, 2),
            cell(row, "f1", 1, 3),
            cell(row, "f1_at_threshold", 1, 3),
            cell(row, "f1_struck", 1, 3),
            cell(row, "nats", 1, 2),
            cell(row, "skill_accuracy", 100, 1),
            cell(row, "skill_nats", 100, 1),
        ]
        for row in rows
    ]
    heads = [
        "System",
        "Horizon",
        "Accuracy (%)",
        "F1",
        "F1 at threshold",
        "F1 struck",
        "Nats",
        "Skill, error (%)",
        "Skill, nats (%)",
    ]
    return pd.DataFrame(made, columns=heads)


def _tally(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    made = [
        [
            row["source"],
            "person" if row["is_human"] else "computer",
            f"{row['said_human']} of {row['answers']}",
            "–"
            if row["p_human"] is None
            else f"{number(100 * row['p_human'])} [{number(100 * row['low'])}, {number(100 * row['high'])}]",
            f"{row['majority_human']} of {row['clips_heard']}",
        ]
        for row in rows
    ]
    return pd.DataFrame(made, columns=["Source", "Made by", "Said human", "Share (%)", "Clips, by most"])


def _correlation(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    def cell(row: Mapping[str, Any], way: str) -> str:
        if row[way] is None:
            return "–"
        return f"{number(row[way], 2)} [{number(row[f'{way}_low'], 2)}, {number(row[f'{way}_high'], 2)}]"

    made = [
        [
            METRICS[row["metric"]].label,
            f"{row['clips']:.0f}",
            cell(row, "overall"),
            short(row["overall_p_holm"]),
            cell(row, "within"),
            short(row["within_p_holm"]),
        ]
        for row in rows
    ]
    return pd.DataFrame(made, columns=["Figure", "Clips", "Over all", "p (Holm)", "Within sources", "p (Holm) "])


def measured(row: Mapping[str, Any]) -> str:
    """What a claim's row measured: `−1.60 [−2.10, −1.10] dB`."""
    if row["value"] is None:
        return "–"
    interval = "" if row["low"] is None else f" [{short(row['low'])}, {short(row['high'])}]"
    return f"{short(row['value'])}{interval} {row['unit']}".rstrip()


def _claims(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    made = [
        [
            row["claim"],
            row["paper"],
            f"{row['measure']}: {measured(row)}",
            "; ".join(filter(None, (row["verdict"], row["ruled_out"]))),
            row["otherwise"],
        ]
        for row in rows
    ]
    return pd.DataFrame(made, columns=["Claim", "The paper", "Here", "Verdict", "Otherwise"])


def _one_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
