"""Make a bundled model of a run: `python -m clstm.cli.bundle RUN --name c-lstm --accuracy CSV --index CSV`.

The weights are written in half precision, the configuration without what belongs to a machine. The card is made of
both, the metrics of `clstm accuracy`, and `cards.toml`. Without a run, every card is written again.

A run that draws notes has no threshold, and needs no `--accuracy`: what it was measured at may stand in `cards.toml`.
"""

import json
import math
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import torch
import typer
from safetensors.torch import load_file
from safetensors.torch import save as serialise

from clstm.models.checkpoint import CONFIG, WEIGHTS, load_network
from clstm.models.notes import Notes
from clstm.prediction.predictors import SELECTION
from clstm.prediction.tables import TITLES
from clstm.pretrained import FOLDER, names
from clstm.runtime.console import fail, say
from clstm.runtime.errors import UserError
from clstm.runtime.files import replacing, write_json, write_text
from clstm.training.settings import BUDGETS

ACCURACY, CARD, CREDITS = "accuracy.csv", "README.md", "CREDITS.csv"
CREDITED = ["file", "composer", "title", "opus", "licence", "source"]

# Columns of `clstm accuracy` on a card: heading, scale, decimals.
SHOWN = {
    "accuracy": ("accuracy %", 100, 2),
    "f1_at_threshold": ("F1", 1, 3),
    "f1_struck_at_threshold": ("F1 struck", 1, 3),
    "nats": ("nats per frame", 1, 2),
    "skill_nats": ("skill in nats", 1, 3),
    "joint_nats": ("joint nats", 1, 2),
    "joint_nats_past": ("joint nats, all before", 1, 2),
}


def bundle(run: Path, name: str, accuracy: Path | None, index: Path, folder: Path = FOLDER) -> Path:
    """Make `folder/name` of a run. Returns it.

    accuracy : the CSV of `clstm accuracy`, in which the run has the name of its folder; a run that draws notes may have
        none
    index : the CSV that `clstm prepare` was given, with the columns composer, title, opus, licence and source besides

    Raises `UserError` when the table does not hold the run, with a threshold fixed on pieces of its own corpus, or when
    a weight is too large for half precision.
    """
    network, config = load_network(run)
    if accuracy is None and not isinstance(network, Notes):
        raise UserError(f"{run} writes frames; give --accuracy, the CSV of `clstm accuracy` with its threshold")
    scores = None if accuracy is None else _scores(Path(run).name, accuracy)
    if scores is not None and not isinstance(network, Notes):
        config["threshold"] = _threshold(scores, Path(run).name, accuracy)
    pieces = pd.read_csv(index, dtype=str, keep_default_na=False)
    pieces = pieces[pieces["split"] == "train"]
    config["corpus"]["licences"] = {str(licence): int(n) for licence, n in pieces["licence"].value_counts().items()}
    weights = halved(load_file(Path(run) / WEIGHTS))

    made = Path(folder) / name
    with replacing(made) as building:
        building.mkdir()
        (building / WEIGHTS).write_bytes(serialise(weights))
        write_json(building / CONFIG, config)
        if scores is not None:
            scores.replace({"system": {Path(run).name: name}}).round(8).to_csv(building / ACCURACY, index=False)
    with replacing(Path(folder) / CREDITS) as temporary:
        pieces[CREDITED].to_csv(temporary, index=False)
    write_text(made / CARD, card(made))
    return made


def _scores(run: str, accuracy: Path) -> pd.DataFrame:
    """The rows of a run and of the baselines."""
    scores = pd.read_csv(accuracy)
    is_run = scores["system"] == run
    if not is_run.any():
        raise UserError(f"{accuracy} has no system {run}; it has: {', '.join(scores['system'].unique())}")
    return scores[is_run | (scores["role"] == "baseline")]


def _threshold(scores: pd.DataFrame, run: str, accuracy: Path | None) -> float:
    own = scores[scores["system"] == run]
    if (own["fixed_on"] != SELECTION).any():
        raise UserError(f"{accuracy} has no threshold of {run}; score it on the corpus it was trained on")
    return float(own["threshold"].iloc[0])


def halved(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The weights in half precision. Raises `UserError` for what that cannot hold: more than 65504, or not a number."""
    half = {name: tensor.half().contiguous() for name, tensor in weights.items()}
    lost = [name for name, tensor in half.items() if not tensor.isfinite().all()]
    if lost:
        raise UserError(f"half precision cannot hold {', '.join(lost)}: values beyond 65504; bundle another run")
    return half


def card(folder: Path) -> str:
    """The card of a bundled model, Markdown, from the files beside it and `cards.toml`."""
    folder = Path(folder)
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    texts = tomllib.loads((FOLDER / "cards.toml").read_text(encoding="utf-8"))
    if folder.name not in texts:
        raise UserError(f"cards.toml says nothing about {folder.name}; it has: {', '.join(texts)}")
    every, own = texts["every"], texts[folder.name]
    kind = every["notes" if _draws_notes(config) else "frames"]
    size = (folder / WEIGHTS).stat().st_size / 1e6
    sizes = [(name, value) for name, value in config["network"].items() if name != "kind"]
    recipe = [(name, value) for name, value in config["training"].items() if name not in BUDGETS and value is not None]
    weaknesses = [*own["weaknesses"], *kind["weaknesses"], *every["weaknesses"]]
    sections = [
        f"# {folder.name}",
        f"{own['about']} {config['parameters']:,} parameters, {size:.1f} MB in half precision.",
        f"    clstm generate {folder.name} --prompt song.mid --out music",
        "## Known weaknesses",
        "\n".join(f"- {weakness}" for weakness in weaknesses),
        "## Data and licences",
        every["data"],
        _markdown(["licence", "pieces"], config["corpus"]["licences"].items()),
        "## Recipe",
        kind["recipe"],
        _markdown(["setting", "value"], sizes + recipe),
        "## Time",
        *_time(config, own.get("machine", every["machine"])),
        "## Accuracy",
        *([own["measured"]] if "measured" in own else []),
        *(_accuracy(config, pd.read_csv(folder / ACCURACY)) if (folder / ACCURACY).exists() else []),
    ]
    return "\n\n".join(section.strip("\n") for section in sections) + "\n"


def _draws_notes(config: dict[str, Any]) -> bool:
    return bool(config["network"]["kind"] == "notes")


def _time(config: dict[str, Any], machine: str) -> Iterable[str]:
    """What a training took, and where it was best."""
    training, reached = config["training"], config["reached"]
    what = "notes" if _draws_notes(config) else "frames"
    seen = reached["steps"] * training["batch"] * training["excerpt"]
    minutes = f" in {reached['minutes']:.0f} minutes" if "minutes" in reached else ""
    yield f"{reached['steps']:,} steps{minutes}, at most {seen / 1e6:.1f} million {what}."
    yield machine
    best = f"Best at step {reached['best_step']:,}, with "
    if _draws_notes(config):
        yield f"{best}{reached['joint_nats']:.3f} joint nats per frame, whole pieces."
    else:
        yield f"{best}{reached['nats_nine']:.3f} nats per frame over nine frames."


def _accuracy(config: dict[str, Any], scores: pd.DataFrame) -> Iterable[str]:
    """What `clstm accuracy` says of a model and the baselines."""
    windows = int(scores["windows"].iloc[0])
    yield "On pieces no model has seen, by `clstm accuracy`; 95 % intervals in brackets. The baselines are trivial."
    if "threshold" in config:
        fixed = "F1 is at one threshold per system, fixed on pieces set aside in training"
        yield f"{fixed}: here {config['threshold']:.3f}."
    for horizon, title in TITLES.items():
        yield f"{title.capitalize()}, {windows:,} windows:\n\n{rows(scores[scores['horizon'] == horizon])}"


def rows(scores: pd.DataFrame) -> str:
    """The rows of one horizon as a Markdown table."""
    shown = {name: form for name, form in SHOWN.items() if name in scores and scores[name].notna().any()}
    lines = [
        [row["system"], *(_cell(row, name, scale, decimals) for name, (_, scale, decimals) in shown.items())]
        for row in scores.to_dict("records")
    ]
    return _markdown(["", *(heading for heading, _, _ in shown.values())], lines)


def _cell(row: dict[Any, Any], name: str, scale: float, decimals: int) -> str:
    if math.isnan(row[name]):
        return "-"
    value = f"{scale * row[name]:.{decimals}f}"
    if math.isnan(row.get(f"{name}_low", math.nan)):  # of too few groups, or none in the table
        return value
    low, high = (f"{scale * row[f'{name}_{end}']:.{decimals}f}" for end in ("low", "high"))
    return f"{value} [{low}, {high}]"


def _markdown(headings: list[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def main(
    run: Annotated[Path | None, typer.Argument(help="A run made by `clstm train`.")] = None,
    name: Annotated[str | None, typer.Option(help="The name of the model.")] = None,
    accuracy: Annotated[Path | None, typer.Option(help="The CSV of `clstm accuracy` with this run.")] = None,
    index: Annotated[Path | None, typer.Option(help="The CSV given to `clstm prepare`, with licences.")] = None,
) -> None:
    """Bundle a run with the package; without one, write the cards of the bundled models again."""
    if run is not None:
        if not (name and index):
            raise UserError("a run becomes a bundled model with --name, --index and, if it writes frames, --accuracy")
        say(f"{bundle(run, name, accuracy, index)} made.")
    for one in names():
        write_text(FOLDER / one / CARD, card(FOLDER / one))


if __name__ == "__main__":
    try:
        typer.run(main)
    except UserError as error:
        fail(str(error))
        sys.exit(2)
