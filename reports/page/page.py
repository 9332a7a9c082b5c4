"""The page: the report's numbers, laid out for people. Everything a name could contain is escaped by the template.

`render_page` is a pure function of what `report.json` holds and of the figures' sections.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import floor, log10
from pathlib import Path
from typing import Any

from evaluation.comparison.contrasts import DIFFERS, NONE
from evaluation.comparison.tables import VIEWS
from evaluation.measurement.measure import METRICS
from reports.figures.drawing import Drawn
from reports.findings.tables import ACCURACY_SHARES, distance, measured, short
from reports.inputs import touch
from reports.inputs.models import of_the_paper
from reports.numbers import listed, number

TEMPLATES = Path(__file__).parent / "templates"

LOOK_FOR = {
    "score-matrix": "The notes as a score matrix: one column an eighth of a second, held notes below, the strikes that "
    "begin them above. A system that loops, holds one chord or scatters notes can be seen before it is heard.",
    "waveform": "The pale outline is the waveform, the solid core its RMS envelope.",
    "spectrum": "A line follows the spectrum’s course to 5 kHz; the dashed one is the reference’s. Upright lines stand "
    "at 1, 1.2 and 1.3 kHz, with the share of the energy below each.",
    "sonogram": "Brighter is louder, on one scale for all, to 5 kHz.",
    "piano-roll": "Every note of what is drawn, the darker the harder it was struck.",
    "self-similarity": "How alike each half second sounds to each other: squares are sections, lines beside the "
    "diagonal are repeats, an even field is music that goes nowhere.",
}
PAPER_SEES = {
    "score-matrix": "It is what the paper’s models read and write.",
    "waveform": "The paper sees marked ups and downs in the human sample, hardly any in the LSTM’s music, which stays "
    "loud, and some in the C-LSTM’s.",
    "spectrum": "The paper sees the sample concentrated below 1 kHz, the C-LSTM below 1.2 kHz and the LSTM below "
    "1.3 kHz, with strong highs.",
    "sonogram": "The paper sees the highs of the sample and the C-LSTM change with time, and those of the LSTM hardly.",
}
PAPER_FIGURES = {"envelope": 3, "spectrum": 4, "sonogram": 5, "symbolic": 1}  # by view
HORIZONS = {"next": "The next frame (1/8 s ahead)", "nine": "All nine frames ahead"}
SKILLS = {"skill_accuracy": "Skill, error", "skill_nats": "Skill, nats"}
ACCURACY_LABELS = dict(
    zip(ACCURACY_SHARES, ("Accuracy", "Precision", "Recall", "F1", "F1 held", "F1 struck"), strict=True)
)


@dataclass(frozen=True)
class Listening:
    """The players of a system: of the song it shows (None: it is not to be heard), and of samples by their names."""

    shown: str | None
    samples: tuple[tuple[str, str], ...] = ()


def render_page(content: Mapping[str, Any], drawn: Drawn, listening: Mapping[str, Listening], created: str) -> str:
    """The HTML of a report.

    content : what `report.json` holds; drawn : its figures; listening : the players of each system
    created : when, in ISO 8601
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"clock": clock, "pretty": pretty, "short": short, "measured": measured}
    paper = of_the_paper(content["systems"])
    players = {name: f"song-{place}" for place, name in enumerate(listening) if listening[name].shown}
    return environment.get_template("report.html.j2").render(
        **content,
        created=created,
        drawn=drawn,
        listening=listening,
        players=players,
        paper=paper,
        look_for={key: _said(LOOK_FOR[key], PAPER_SEES.get(key, "") if paper else "") for key in LOOK_FOR},
        limits=_limits(content),
        floors=floors(content["verdict"]),
        same_kind=same_kind(content),
        views=list(number_views(content)),
        accuracy_tables=accuracy_tables(content["accuracy"] or [], paper),
        accuracy_labels=ACCURACY_LABELS,
        skills=SKILLS,
        correlations=correlation_rows(content["correlation"]),
    )


def _said(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _limits(content: Mapping[str, Any]) -> dict[str, Any]:
    """What limits the comparison, as far as the notes show it: of the control, and of the reference."""
    systems = content["systems"]
    control = next((system["name"] for system in systems if system["role"] == "control"), None)
    reference = systems[0]
    return {
        "control": touch.of_control(control, systems) if control else [],
        "reference": touch.of_reference(reference["name"], "control" if control else "", reference["touch"]),
    }


def floors(rows: Sequence[Mapping[str, Any]]) -> str:
    """How many pieces each sample has whose distance a noise floor is: `n = 9`, `n = 3 to 9`; "" where none is."""
    sizes = sorted({int(row["size"]) for row in rows if row.get("size") is not None and row["distance"] is not None})
    return f"n = {sizes[0]}" + (f" to {sizes[-1]}" if len(sizes) > 1 else "") if sizes else ""


def same_kind(content: Mapping[str, Any]) -> list[str]:
    """Whose music the paper's claims are asked of, where another system is by a model of that kind too; a sentence
    each."""
    said = []
    for kind, name in content["parts"].items():
        others = [
            one["name"]
            for one in content["systems"]
            if one["role"] == "system" and one["model"] == kind and one["name"] != name
        ]
        if others:
            said.append(
                f"Claims about the {kind.upper()} are asked of {name}, the first by such a model; not of "
                f"{listed(others)}."
            )
    return said


def clock(seconds: float) -> str:
    """Minutes and seconds of a longer time, seconds of a short one.

    >>> clock(11.5), clock(165.7)
    ('11.5\\xa0s', '2:46\\xa0min')
    """
    if seconds < 59.95:  # what one decimal still shows as less than a minute
        return f"{seconds:.1f}".removesuffix(".0") + "\N{NO-BREAK SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}\N{NO-BREAK SPACE}min"


def pretty(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False)


def number_views(content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The table of numbers: views of metrics of cells, a cell a system; a metric nobody has is left out."""
    systems = content["systems"]
    paper = of_the_paper(systems)
    rows = {(row["metric"], row["system"]): row for row in content["numbers"]}
    judged = {(row["metric"], row["system"]): row for row in content["verdict"]}
    had = [name for name in METRICS if any(rows[name, system["name"]]["n"] for system in systems)]
    for view, names in groupby(had, key=lambda name: METRICS[name].view):
        metrics = []
        for name in names:
            metric = _metric(name, [rows[name, system["name"]] for system in systems], systems)
            for cell, system in zip(metric["cells"], systems, strict=True):
                cell["verdict"] = _verdict(judged.get((name, system["name"])))
            metric["paper"] = METRICS[name].paper if paper else ""
            metrics.append(metric)
        yield {"title": _title(view, paper), "metrics": metrics}


def _title(view: str, paper: bool) -> str:
    title = VIEWS.get(view, view.capitalize()).split(" (")[0]
    return f"{title} (Figure {PAPER_FIGURES[view]})" if paper and view in PAPER_FIGURES else title


def _verdict(row: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What a cell says of its distance from the reference; None for the reference itself, and where none is judged."""
    if row is None or row["verdict"] == NONE or row["distance"] is None:
        return None
    told = row["verdict"] == DIFFERS
    return {
        "text": distance(row),
        "beside": beside(row),
        "told": told,
        "how": row["how"] if told else row["verdict"],
        "flips": row.get("flips"),
    }


def beside(row: Mapping[str, Any]) -> str:
    """What stands beside a distance: the pieces of each sample, for floors grow with them, and Cliff's delta, which
    does not."""
    parts = []
    if row.get("size") is not None:
        parts.append(f"n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{row['size']:.0f}")
    if row.get("delta") is not None:
        parts.append(f"δ\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{number(row['delta'], 2)}")
    return ", ".join(parts)


def correlation_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The table of correlations, the strongest within sources first; a figure without any is left out."""
    shown = [row for row in rows if row["within"] is not None or row["overall"] is not None]
    shown.sort(key=lambda row: -abs(row["within"] or 0))
    return [
        {
            "label": METRICS[row["metric"]].label,
            "clips": int(row["clips"]),
            **{
                way: {
                    "value": "–" if row[way] is None else number(row[way], 2),
                    "range": ""
                    if row[way] is None
                    else f"{number(row[f'{way}_low'], 2)} to {number(row[f'{way}_high'], 2)}",
                    "told": row[f"{way}_p_holm"] is not None and row[f"{way}_p_holm"] < 0.05,
                }
                for way in ("overall", "within")
            },
        }
        for row in shown
    ]


def _metric(name: str, rows: Sequence[dict[str, Any]], systems: Sequence[dict[str, Any]]) -> dict[str, Any]:
    metric = METRICS[name]
    factor = 100 if metric.unit == "share" else 1
    values = [factor * row[part] for row in rows if row["n"] for part in ("lower", "median", "upper")]
    low, high = min(values), max(values)
    decimals = 1 if metric.unit == "share" else _decimals(values)

    def position(value: float) -> float:
        """Where a value lies between the row's lowest and highest, in percent; in the middle when all are alike."""
        return round(100 * (factor * value - low) / (high - low), 2) if high > low else 50.0

    cells = []
    for row, system in zip(rows, systems, strict=True):
        cell: dict[str, Any] = {"system": system, "n": row["n"], "note": row["note"], "range": None}
        if row["n"]:
            cell["median"] = number(factor * row["median"], decimals)
            cell["at"] = position(row["median"])
            cell["from"], cell["to"] = position(row["lower"]), position(row["upper"])
        if row["n"] > 1:
            cell["range"] = f"{number(factor * row['lower'], decimals)} to {number(factor * row['upper'], decimals)}"
        cells.append(cell)
    unit = "%" if metric.unit == "share" else metric.unit
    return {"label": metric.label, "unit": unit, "definition": metric.definition, "cells": cells}


def _decimals(values: Sequence[float]) -> int:
    """None for whole numbers, else as many as give the largest three significant digits, or two below 1."""
    largest = max(map(abs, values))
    if largest >= 100 or all(value == round(value) for value in values):
        return 0
    return 1 if largest >= 10 else max(1 - floor(log10(largest)), 2)


def accuracy_tables(rows: Sequence[dict[str, Any]], paper: bool) -> list[dict[str, Any]]:
    """The paper's Table 2 and more, a table a horizon: models first, then baselines; each column's best is marked."""
    tables = []
    for horizon, title in HORIZONS.items():
        here = [row for row in rows if row["horizon"] == horizon]
        if not here:
            continue
        best = {column: _extreme(here, column, max) for column in ACCURACY_SHARES} | {
            "nats": _extreme(here, "nats", min)
        }
        groups = [
            ("Models", "model"),
            ("Our own model, not the paper’s" if paper else "Our own model", "own"),
            ("Baselines that know no music", "baseline"),
        ]
        tables.append(
            {
                "title": title,
                "groups": [
                    (label, [_accuracy_row(row, best) for row in here if row["role"] == role]) for label, role in groups
                ],
            }
        )
    return tables


def _accuracy_row(row: dict[str, Any], best: dict[str, float | None]) -> dict[str, Any]:
    cells: list[dict[str, Any]] = []
    for column in (*ACCURACY_SHARES, "nats"):
        value = row[column]
        factor, decimals = (1, 2) if column == "nats" else (100, 2 if column == "accuracy" else 1)
        text = "–" if value is None else number(factor * value, decimals)
        cells.append({"text": text, "best": value is not None and value == best[column], "range": ""})
    for column in SKILLS:
        value, low, high = (row.get(f"{column}{end}") for end in ("", "_low", "_high"))
        spread = "" if low is None or high is None else f"{number(100 * low)} to {number(100 * high)}"
        cells.append({"text": "–" if value is None else number(100 * value), "best": False, "range": spread})
    windows = "–" if row["windows"] is None else f"{row['windows']:,.0f}"
    return {"system": row["system"], "cells": cells, "windows": windows}


def _extreme(rows: Sequence[dict[str, Any]], column: str, choose: Callable[[list[float]], float]) -> float | None:
    values = [row[column] for row in rows if row[column] is not None]
    return choose(values) if values else None
