"""The demonstration: real commands, each finished once, and music at the end."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from clstm import demo, pretrained
from clstm.cli.main import load_commands
from clstm.corpus import chorales
from clstm.models.networks import PAPER


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """BWV 846 without converting it."""
    path = tmp_path / "sample.mid"
    path.touch()
    monkeypatch.setattr(chorales, "sample", lambda: path)
    return path


@pytest.fixture
def bundled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of three bundled models, in the order in which they are shown; the last draws notes."""
    monkeypatch.setattr(pretrained, "names", lambda: ["c-lstm", "lstm", "notes", "unknown"])
    return ["lstm", "c-lstm", "notes"]


def verbs(steps: Iterator[list[str]]) -> list[str]:
    return [" ".join(step[: 2 if step[0] == "study" else 1]) for step in steps]


def test_corpus_and_study_are_made_once_and_the_rest_goes_on(sample: Path, tmp_path: Path) -> None:
    out = tmp_path / "demo"
    (out / "music").mkdir(parents=True)
    chain = ["train"] * 3 + ["accuracy", "excerpts"] + ["generate"] * 3 + ["render"]
    study = ["study create", "study simulate"]
    last = ["study results", "report"]
    assert verbs(demo.steps(out, train=True)) == ["prepare", *chain, *study, *last]
    for made in ("corpus", "study", "rehearsal"):
        (out / made).mkdir()
    assert verbs(demo.steps(out, train=True)) == [*chain, *last]


def test_bundled_models_play_without_training(sample: Path, bundled: list[str], tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    steps = list(demo.steps(tmp_path, train=False))
    chain = ["prepare", "accuracy", "excerpts", "generate", "generate", "generate", "render"]
    assert verbs(iter(steps)) == [*chain, "study create", "study simulate", "study results", "report"]
    accuracy, study, report = steps[1], steps[-4], steps[-1]
    assert accuracy[2:-2] == bundled
    for name in ("chorales", *bundled):
        assert f"{name}={tmp_path / 'music' / name}" in report
        assert f"{name}={tmp_path / 'music' / name}" in study


@pytest.mark.parametrize(
    ("names", "asked", "trains"), [([], False, True), (["lstm"], False, False), (["lstm"], True, True)]
)
def test_it_trains_when_asked_or_when_nothing_is_bundled(
    names: list[str], asked: bool, trains: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []

    def steps(out: Path, *, train: bool, minutes: float, seed: int) -> Iterator[list[str]]:
        told.append(train)
        return iter(())

    monkeypatch.setattr(pretrained, "names", lambda: names)
    monkeypatch.setattr(demo, "steps", steps)
    demo.run(tmp_path, None, train=asked)
    assert told == [trains]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("train", [False, True])
def test_the_whole_demonstration(train: bool, tmp_path: Path) -> None:
    out = tmp_path / "demo"
    command = typer.main.get_command(load_commands())
    demo.run(out, command, train=train, minutes=0.25)
    assert (out / "report" / "index.html").exists()
    systems = list(PAPER) if train else list(demo.MODELS)
    study = json.loads((out / "study" / "study.json").read_text())
    assert (study["sources"], len(study["clips"])) == (1 + len(systems), 10 * (1 + len(systems)))
    assert len(list((out / "study" / "clips").glob("*.flac"))) == 10 * (1 + len(systems)) + len(study["practice"])
    for name in systems:
        density = json.loads((out / "music" / name / "generated.json").read_text())["density"]
        assert density["below"] + density["above"] <= demo.CLIPS / 4
    with (out / "report" / "distances.csv").open(encoding="utf-8") as file:
        far = [row for row in csv.DictReader(file) if (row["space"], row["without_control"]) == ("joint", "False")]
    tested = {row["system"]: row for row in far if row["system"] in systems}
    assert all(float(row["p"]) < 0.05 for row in tested.values())  # enough clips to show that they differ
    if not train:
        assert min(tested, key=lambda name: float(tested[name]["distance"])) == "notes"
    key = (out / "study" / "sealed" / "key.json").read_bytes()
    demo.run(out, command, train=train, minutes=0.25)
    assert (out / "study" / "sealed" / "key.json").read_bytes() == key
