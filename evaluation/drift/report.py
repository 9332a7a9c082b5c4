"""The result of a check, for people and for machines: a table of what moved, the same as text, and JUnit's cases."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from clstm.runtime.names import printable
from evaluation.drift.check import Check
from evaluation.drift.differences import FILE, FINGERPRINT, Moved
from evaluation.drift.tolerances import LEVELS, ROUNDING, default
from evaluation.junit import Case
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import MetricValue, Missing

if TYPE_CHECKING:
    from rich.table import Table

HEADINGS = ("File", "Metric", "Recorded", "Now", "Change", "Tolerance")
NAMED = {FILE: "the file", FINGERPRINT: "fingerprint"}
WIDTH = 140  # characters of a table as text, which has no terminal's width


def row(moved: Moved) -> tuple[str, str, str, str, str, str]:
    """`HEADINGS` of one thing that moved.

    >>> row(Moved("a.wav", "integrated_loudness", -20.0, -19.8))
    ('a.wav', 'Loudness', '-20.00 LUFS', '-19.80 LUFS', '+0.20 LU', '0.1 LU')
    """
    label = NAMED.get(moved.metric) or METRICS[moved.metric].label
    return (moved.file, label, _value(moved.metric, moved.recorded), _value(moved.metric, moved.now), *_change(moved))


def _value(metric: str, value: MetricValue | None) -> str:
    if value is None:
        return "measured"
    if isinstance(value, Missing):
        return value.reason if metric in NAMED else f"none: {value.reason}"
    unit = METRICS[metric].unit
    return f"{value:.2f} {unit}" if unit in LEVELS else f"{value:.5g} {unit}".rstrip()


def _change(moved: Moved) -> tuple[str, str]:
    """The change and its tolerance, both in decibels, in percent, or in the metric's unit."""
    before, after = moved.recorded, moved.now
    if not isinstance(before, float) or not isinstance(after, float):
        return "", ""
    unit, tolerance = METRICS[moved.metric].unit, moved.allowed or default(moved.metric)
    allowed = tolerance.of(before)
    if unit in LEVELS:
        difference = "dB" if unit.startswith("dB") else "LU"
        return f"{after - before:+.2f} {difference}", f"{allowed:g} {difference}"
    if tolerance.share and allowed > ROUNDING:
        return f"{after / before - 1:+.2%}".replace("%", " %"), f"{100 * tolerance.value:g} %"
    return f"{after - before:+.2g} {unit}".rstrip(), f"{allowed:g} {unit}".rstrip()


def table(check: Check) -> "Table":
    """What moved, as rich shows it."""
    from rich.table import Column, Table
    from rich.text import Text

    shown = Table(
        Column("File", overflow="fold"), *HEADINGS[1:4], *(Column(name, justify="right") for name in HEADINGS[4:])
    )
    for moved in check.moved:
        shown.add_row(*map(Text, row(moved)))  # a file's name is no markup
    return shown


def summary(check: Check) -> list[str]:
    """The result in a few lines.

    >>> from pathlib import Path
    >>> summary(Check(Path("baseline.json"), files=("a.wav",), changed=(), moved=(), unmatched=()))
    ['Nothing moved: 1 of 1 files are as recorded in baseline.json.']
    """
    files, moved = len(check.files), {moved.file for moved in check.moved}
    lines = []
    if check.unmatched:
        lines.append("This is not the environment of the baseline, so differences prove nothing about the music.")
        lines += [f"  {difference}" for difference in check.unmatched]
    if check.tolerances:
        said = ", ".join(f"{metric} {tolerance}" for metric, tolerance in check.tolerances.items())
        lines.append(f"Tolerances other than the default: {said}.")
    if check.redefined:
        lines.append(
            "Recorded with an earlier catalogue of metrics. Not compared, as they are new or defined anew: "
            f"{', '.join(check.redefined)}. To check them too, record again: clstm spectra record"
        )
    if check.without_fingerprint:
        lines.append(
            f"Recorded without the fingerprint of its audio ({_named(check.without_fingerprint)}): rate, length, "
            "channels, their order and signs were not compared. To check them too, record again: clstm spectra record"
        )
    if alone := [name for name in check.changed if name not in moved]:
        named = [f"{name}, now {check.renamed[name]}" if name in check.renamed else name for name in alone]
        lines.append(f"Only the bytes changed, nothing that is compared: {_named(named)}. With --bytes this fails.")
    if not moved:
        return [*lines, f"Nothing moved: {files} of {files} files are as recorded in {check.baseline}."]
    lines += [f"{one.file}: {_value(FINGERPRINT, one.now)}." for one in check.moved if one.metric == FINGERPRINT]
    values = [one.file for one in check.moved if one.metric not in NAMED]
    lines.append(
        f"{len(moved)} of {files} files are not as recorded in {check.baseline}; values that moved: {len(values)}."
    )
    changed = moved & set(check.changed)
    same = set(values) - changed
    lines.append(f"Files whose bytes changed: {len(changed)}; with the same bytes, but other values: {len(same)}.")
    return lines


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def text(check: Check) -> str:
    """The table and the summary, as plain text."""
    from rich.console import Console

    plain = io.StringIO()
    if check.moved:
        Console(file=plain, width=WIDTH, color_system=None).print(table(check))
    return printable(plain.getvalue() + "\n".join(summary(check)))


def junit_cases(check: Check) -> list[Case]:
    """One case for the environment and one for each file; those of files are skipped in another environment, for what
    moved there proves nothing."""
    of, other = check.baseline.stem, "not the environment of the baseline"
    cases = [Case(of, "environment", "error", other, [*map(str, check.unmatched)])]
    if not check.unmatched:
        cases = [Case(of, "environment")]
    moved: dict[str, list[str]] = {file: [] for file in check.files}
    for one in check.moved:
        moved[one.file].append(" | ".join(filter(None, row(one)[1:])))
    for file, lines in moved.items():
        if check.unmatched:
            cases.append(Case(of, file, "skipped", other, lines))
        elif lines:
            cases.append(Case(of, file, "failure", f"{len(lines)} not as recorded", lines))
        else:
            cases.append(Case(of, file))
    return cases
