"""The demonstration: real commands, each finished once, and music at the end."""

import json
from pathlib import Path

import pytest
import typer

from clstm import chorales, demo
from clstm.cli import load_commands
from clstm.models import KINDS


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """BWV 846 without converting it."""
    path = tmp_path / "sample.mid"
    path.touch()
    monkeypatch.setattr(chorales, "sample", lambda: path)
    return path


def test_corpus_and_study_are_made_once_and_the_rest_goes_on(sample: Path, tmp_path: Path) -> None:
    out = tmp_path / "demo"
    (out / "music").mkdir(parents=True)
    verbs = [" ".join(step[: 2 if step[0] == "study" else 1]) for step in demo.steps(out, 1.0, 0)]
    chain = ["train"] * 3 + ["accuracy", "excerpts"] + ["generate"] * 3 + ["render", "report"]
    assert verbs == ["prepare", *chain, "study create"]
    for made in ("corpus", "study"):
        (out / made).mkdir()
    assert [step[0] for step in demo.steps(out, 1.0, 0)] == chain


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_whole_demonstration(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    command = typer.main.get_command(load_commands())
    demo.run(out, 0.25, 0, command)
    assert (out / "report" / "index.html").exists()
    assert len(list((out / "study" / "clips").glob("*.flac"))) == 40
    outside = 0
    for kind in KINDS:
        density = json.loads((out / "music" / kind / "generated.json").read_text())["density"]
        outside += density["below"] + density["above"]
    assert outside <= 0.05 * 3 * demo.CLIPS
    key = (out / "study" / "sealed" / "key.json").read_bytes()
    demo.run(out, 0.25, 0, command)
    assert (out / "study" / "sealed" / "key.json").read_bytes() == key
