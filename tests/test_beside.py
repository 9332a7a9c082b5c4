"""Embeddings, true continuations, likelihood, the literature and power, from music to a report's page and `verify`."""

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_report_cli import clstm

from clstm.music.midi import Notes, write_midi
from clstm.runtime.files import write_json
from reports.content.report import read_report

pytestmark = pytest.mark.usefixtures("empty_charts", "measured_once")

CHANGED = {
    "literature.csv": "mean",
    "power.csv": "smallest",
    "continuations.csv": "value",
    "likelihood.csv": "mean",
    "distances.csv": "distance",
}
PIECES = 8  # the fewest of which is said what they can find
SECTIONS = ["embeddings", "continuations", "likelihood", "literature", "power"]


def _tune(path: Path, seed: int, low: int) -> None:
    random = np.random.default_rng(seed)
    onset = np.arange(0, 4, 0.25)
    path.parent.mkdir(parents=True, exist_ok=True)
    pitch, velocity = random.integers(low, low + 20, len(onset)), random.integers(30, 120, len(onset))
    write_midi(Notes.of(zip(onset, onset + 0.2, pitch, velocity, strict=True)), path)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("music")
    nats = []
    for piece in range(PIECES):
        for system, low in (("human", 60), ("model", 40)):
            _tune(folder / system / f"{piece}.mid", piece + low, low)
            nats.append((system, f"{piece}.mid", "judge", low / 10 + piece / 10))
    items = [{"file": f"{piece}.mid", "piece": f"{piece}", "prompt_start_seconds": 1.0} for piece in range(PIECES)]
    for system in ("human", "model"):
        write_json(folder / system / "generated.json", {"items": items, "excerpts": system == "human"})
    table = pd.DataFrame(nats, columns=["system", "file", "model", "nats_per_frame"])
    table.to_csv(folder / "likelihood-given.csv", index=False)
    for system in ("human", "model"):
        (folder / "arrays" / system).mkdir(parents=True)
        for piece in range(PIECES):
            array = np.random.default_rng(piece).normal(system == "model", 1, 3).astype(np.float32)
            np.save(folder / "arrays" / system / f"{piece}.mid.npy", array)
    return folder


@pytest.fixture(scope="module")
def report(music: Path) -> Path:
    given = [f"{name}={music / name}" for name in ("human", "model")]
    options = ("--embedding", "musicnn", "--embedding", f"mine={music / 'arrays'}", "--margin", "10")
    options += ("--likelihood", music / "likelihood-given.csv")
    out = music / "report"
    assert clstm("report", "make", *given, "--reference", "human", "--page-only", *options, "--out", out) == 0
    return out


def verified(folder: Path, music: Path) -> int:
    given = [f"{name}={music / name}" for name in ("human", "model")]
    files = [f"likelihood={music / 'likelihood-given.csv'}", f"embedding:mine={music / 'arrays'}"]
    return clstm("report", "verify", folder, *given, *(part for one in files for part in ("--file", one)))


def test_each_has_a_section_with_a_table_and_the_files_of_its_numbers(report: Path) -> None:
    content = read_report(report)
    assert [one.key for one in content.beside] == SECTIONS
    page = (report / "index.html").read_text()
    for one in content.beside:
        assert one.rows
        assert f'<section id="{one.key}"' in page
        assert all((report / name).is_file() for name in one.files)
        printed = pd.read_csv(report / "tables" / f"{one.key}.csv")
        assert list(printed.columns) == list(one.columns)
        assert (report / "tables" / f"{one.key}.tex").is_file()


def test_an_embedding_is_no_view(report: Path) -> None:
    content = read_report(report)
    assert "musicnn" in {row.space for row in content.distances}
    (said,) = [line.text for line in content.summary if line.about == "model" and "musicnn" in line.text]
    assert re.search(r"model (differs|does not differ) significantly from human.* in musicnn: MMD² × 1000 is ", said)
    together = pd.read_csv(report / "tables/distances.csv")
    assert "Musicnn" not in together.columns
    assert not [column for column in together.columns if "musicnn" in column.lower()]


def test_the_report_is_verified_with_the_same_options(
    report: Path, capsys: pytest.CaptureFixture[str], music: Path
) -> None:
    assert verified(report, music) == 0, capsys.readouterr()
    said = capsys.readouterr()
    assert "literature.csv" in said.out + said.err


@pytest.mark.slow
def test_other_numbers_are_found(report: Path, music: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = music / "changed"
    shutil.copytree(report, copy)
    for file, column in CHANGED.items():
        table = pd.read_csv(copy / file)
        row = table[column].first_valid_index()
        table.loc[row, column] = table.loc[row, column] * 2 + 1
        table.to_csv(copy / file, index=False)
    assert verified(copy, music) == 1
    said = capsys.readouterr()
    for file in CHANGED:
        assert re.search(rf"{re.escape(file)}: \S.* was ", said.out + said.err)


@pytest.mark.slow
def test_arrays_that_were_changed_are_found_and_those_not_given_are_said(
    report: Path, music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The arrays of an embedding are an input: they have a hash, and lie where the user says."""
    other = tmp_path / "arrays"
    shutil.copytree(music / "arrays", other)
    for array in (other / "model").iterdir():
        np.save(array, 5 * np.load(array) + 9)
    given = [f"{name}={music / name}" for name in ("human", "model")]
    files = ("--file", f"likelihood={music / 'likelihood-given.csv'}")
    assert clstm("report", "verify", report, *given, *files, "--file", f"embedding:mine={other}") == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "was changed" in said
    assert re.search(r"distances.csv: model, human.*, mine: distance was ", said)
    assert clstm("report", "verify", report, *given, *files) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "distances in mine were not compared: its folder was not read" in said
