"""`--replicates` from music to `compare`, the report's page, and `report verify`."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_report_cli import clstm

from clstm.music.midi import Notes, write_midi
from reports.content.report import read_report

pytestmark = pytest.mark.usefixtures("empty_charts", "measured_once", "rough_floors")


def _tune(path: Path, seed: int, low: int) -> None:
    random = np.random.default_rng(seed)
    onset = np.arange(0, 1.5, 0.25)
    path.parent.mkdir(parents=True, exist_ok=True)
    pitch, velocity = random.integers(low, low + 24, len(onset)), random.integers(30, 120, len(onset))
    write_midi(Notes.of(zip(onset, onset + 0.2, pitch, velocity, strict=True)), path)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Human music; a system of five trainings, one of two with an empty folder, and one without sub-folders."""
    folder = tmp_path_factory.mktemp("music")
    for piece in range(6):
        _tune(folder / f"human/{piece}.mid", piece, 60)
        _tune(folder / f"plain/{piece}.mid", 50 + piece, 55)
    for run in range(1, 6):
        for piece in range(2):
            _tune(folder / f"many/{run}/{piece}.mid", 100 * run + piece, 40)
            if run < 3:
                _tune(folder / f"few/seed-{run}/{piece}.mid", 1000 * run + piece, 50)
    (folder / "few/seed-3").mkdir()
    return folder


@pytest.fixture(scope="module")
def report(music: Path) -> Path:
    given = [f"{name}={music / name}" for name in ("human", "many", "few", "plain")]
    out = music / "report"
    options = ("--reference", "human", "--replicates", "--page-only", "--grid", "none", "--out", out)
    assert clstm("report", "make", *given, *options) == 0
    return out


def test_the_page_says_what_holds_for_methods_and_what_for_one_training(report: Path) -> None:
    content = read_report(report)
    assert [line.split(":")[0] for line in content.training_lines] == [
        "many, 5 trainings",
        "few",
        "plain",
    ]
    page = (report / "index.html").read_text()
    assert 'id="trainings"' in page
    assert "plain: one training: what is said holds for this training, not for the method." in page
    assert "few: 2 trainings, too few for a verdict on the method" in page
    assert (report / "figures/trainings-one-column.svg").is_file()
    assert "few: seed-3 has no music; 2 trainings left" in content.remarks


def test_every_training_has_its_values_in_a_table(report: Path) -> None:
    table = pd.read_csv(report / "trainings.csv", dtype={"replicate": str})
    assert list(table.columns) == ["system", "replicate", "metric", "n", "value"]
    own = table[(table["system"] == "many") & (table["metric"] == "note_density")]
    assert own["replicate"].tolist() == ["1", "2", "3", "4", "5"]
    assert own["n"].tolist() == [2] * 5
    pieces = pd.read_csv(report / "pieces.csv", dtype={"replicate": str})
    assert set(pieces.loc[pieces["system"] == "few", "replicate"]) == {"seed-1", "seed-2"}


def test_a_report_of_trainings_is_verified(report: Path, capsys: pytest.CaptureFixture[str], music: Path) -> None:
    moved = [f"{name}={music / name}" for name in ("human", "many", "few", "plain")]
    assert clstm("report", "verify", report, *moved) == 0
    assert "conclusions of trainings" in capsys.readouterr().out


@pytest.mark.slow
def test_another_conclusion_on_trainings_is_found(report: Path, music: Path, tmp_path: Path) -> None:
    from evaluation.measurement.cache import sha256

    changed = tmp_path / "report"
    shutil.copytree(report, changed)
    table = pd.read_csv(changed / "between.csv")
    before = sha256(changed / "between.csv")
    table["significant"] = ~table["significant"]
    table.to_csv(changed / "between.csv", index=False)
    manifest = changed / "manifest.json"
    manifest.write_text(manifest.read_text().replace(before, sha256(changed / "between.csv")))
    moved = [f"{name}={music / name}" for name in ("human", "many", "few", "plain")]
    assert clstm("report", "verify", changed, *moved) == 1


def test_compare_says_that_folders_look_like_trainings(music: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = [f"{name}={music / name}" for name in ("human", "many")]
    assert clstm("compare", *given, "--reference", "human", "--out", music / "verdict", "--grid", "none") == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "look like trainings of one system" in said
    assert "Several trainings" not in (music / "verdict/verdict.md").read_text()
    assert not (music / "verdict/trainings.csv").exists()


def test_measure_writes_the_training_of_each_file(music: Path) -> None:
    out, pieces = music / "metrics.csv", music / "files.csv"
    options = ("--replicates", "--only", "notes", "--out", out, "--pieces", pieces)
    assert clstm("measure", f"many={music / 'many'}", *options) == 0
    assert pd.read_csv(pieces)["replicate"].tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
