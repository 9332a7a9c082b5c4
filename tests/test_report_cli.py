"""`clstm report` on small music of every kind: what it writes, that it replaces only its own, and what it refuses."""

import hashlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clstm.cli import main
from clstm.midi import Notes, read_midi, write_midi
from evaluation.audio import read_audio, write_audio
from evaluation.measures import measure_file
from reports.tables import ACCURACY_COLUMNS

NASTY = "Größe <b>\"x\"</b> & 'y'"


def tune(path: Path, seconds: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    onset = np.arange(0, seconds, 0.25)
    pitch, velocity = generator.integers(48, 84, len(onset)), generator.integers(30, 120, len(onset))
    write_midi(Notes.of(zip(onset, onset + 0.4, pitch, velocity, strict=True)), path)


def hum(path: Path, seconds: float) -> None:
    times = np.arange(round(seconds * 22050)) / 22050
    write_audio(path, (0.2 * np.sin(2 * np.pi * 220 * times))[:, None].astype(np.float32), 22050)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of human MIDI, a model's with a broken file and an odd name, and one audio file."""
    folder = tmp_path_factory.mktemp("music")
    for name, seconds in (("a", 3.0), ("b", 5.0)):
        tune(folder / f"human/{name}.mid", seconds, seed=len(name))
    tune(folder / "model/x 'é' <i>.mid", 4.0, seed=3)
    (folder / "model/broken.mid").write_bytes(b"MThd but not for long")
    hum(folder / "hum.wav", 2.0)
    row = dict.fromkeys(ACCURACY_COLUMNS, 0.5) | {"system": "LSTM", "role": "model", "horizon": "next", "windows": 10}
    pd.DataFrame([row]).to_csv(folder / "accuracy.csv", index=False)
    return folder


def clstm(*words: object) -> int:
    """Run the command line as a user would; returns its exit status."""
    before = sys.argv
    sys.argv = ["clstm", *map(str, words)]
    try:
        main()
    except SystemExit as exit_:
        return int(exit_.code or 0)
    finally:
        sys.argv = before
    return 0


@pytest.fixture(scope="module")
def report(music: Path) -> Path:
    """A report of all of it."""
    out = music / "out/report"
    systems = [f"{NASTY}={music}/model", f"Human={music}/human", f"Recording={music}/hum.wav"]
    options = ["--reference", "Human", "--out", out, "--accuracy", music / "accuracy.csv", "--seed", 3]
    assert clstm("report", *systems, *options) == 0
    return out


def made(report: Path) -> dict:
    return json.loads((report / "report.json").read_text(encoding="utf-8"))


def test_the_folder_holds_page_players_figures_and_numbers(report: Path, music: Path) -> None:
    files = {path.relative_to(report).as_posix() for path in report.rglob("*") if path.is_file()}
    assert {"index.html", "metrics.csv", "report.json", "accuracy.csv"} <= files
    assert sorted(file for file in files if file.startswith("audio")) == [
        "audio/0-human.flac",
        "audio/1-human-same-grid.flac",
        "audio/2-grosse-b-x-b-y.flac",
        "audio/3-recording.flac",
    ]
    for figure in ("figure1-score-matrix", "figure3-waveform", "figure4-spectrum", "figure5-sonogram"):
        assert f"figures/{figure}-0-human.svg" in files
        for ending in ("", "-one-column"):
            assert {f"figures/{figure}{ending}.{suffix}" for suffix in ("svg", "pdf", "png")} <= files
    assert "figures/figure1-score-matrix-3-recording.svg" not in files
    assert (report / "accuracy.csv").read_bytes() == (music / "accuracy.csv").read_bytes()


def test_everything_the_page_points_at_is_there(report: Path) -> None:
    page = (report / "index.html").read_text(encoding="utf-8")
    links = [link for link in re.findall(r'(?:src|href)="([^"]+)"', page) if not link.startswith("#")]
    assert len(links) > 30
    assert [link for link in links if not (report / link).is_file()] == []


def test_all_files_count_in_the_numbers(report: Path, music: Path) -> None:
    table = pd.read_csv(report / "metrics.csv")
    assert table.columns.tolist() == ["system", "piece", "metric", "value", "unit", "note"]
    pieces = table.groupby("system", sort=False)["piece"].unique().map(list).to_dict()
    human = ["a", "b"]
    assert pieces == {"Human": human, "Human, same grid": human, NASTY: ["x 'é' <i>"], "Recording": ["hum"]}
    expected = {name: np.nan if one is None else one for name, one in measure_file(music / "human/b.mid").items()}
    found = table[(table["system"] == "Human") & (table["piece"] == "b")].set_index("metric")["value"]
    assert found.to_dict() == pytest.approx(expected, nan_ok=True)
    assert set(table.loc[table["value"].isna() & (table["system"] == "Recording"), "note"]) >= {"audio has no notes"}


def test_the_median_of_two_files_lies_between_them(report: Path) -> None:
    table = pd.read_csv(report / "metrics.csv")
    values = table[(table["system"] == "Human") & (table["metric"] == "mean_level")]["value"]
    (row,) = (row for row in made(report)["numbers"] if (row["metric"], row["system"]) == ("mean_level", "Human"))
    assert row["n"] == 2
    assert row["median"] == pytest.approx(values.mean())


def test_the_control_has_one_velocity_and_the_same_song(report: Path) -> None:
    human, control, *_ = made(report)["systems"]
    assert (control["name"], control["role"], control["shown"]) == ("Human, same grid", "control", human["shown"])
    numbers = {(row["metric"], row["system"]): row["median"] for row in made(report)["numbers"]}
    assert numbers["note_density", "Human"] == pytest.approx(numbers["note_density", control["name"]], rel=0.1)
    assert numbers["level_spread", "Human"] > numbers["level_spread", control["name"]]


def test_a_player_holds_the_song_as_rendered(report: Path, music: Path) -> None:
    waveform, rate = read_audio(report / "audio/2-grosse-b-x-b-y.flac")
    seconds = read_midi(music / "model/x 'é' <i>.mid").duration + 1.5
    assert len(waveform) / rate == pytest.approx(seconds, abs=0.01)
    assert np.abs(waveform).max() > 0.01


def test_how_it_was_made_is_written_down(report: Path, music: Path) -> None:
    content = made(report)
    assert content["seed"] == 3
    assert content["command"].startswith("clstm report ")
    assert content["rendering"]["soundfont_sha256"] in (report / "index.html").read_text(encoding="utf-8")
    assert content["versions"].keys() >= {"clstm", "python", "numpy", "matplotlib"}
    (piece,) = content["systems"][2]["inputs"]
    assert piece["sha256"] == hashlib.sha256((music / "model/x 'é' <i>.mid").read_bytes()).hexdigest()
    (failure,) = content["systems"][2]["failures"]
    assert failure["file"].endswith("broken.mid")
    assert failure["reason"].startswith("corrupt")


def test_the_same_music_gives_the_same_report_but_for_its_time(report: Path, music: Path) -> None:
    before = {path: path.read_bytes() for path in report.rglob("*") if path.is_file()}
    command = made(report)["command"]
    systems = [f"{NASTY}={music}/model", f"Human={music}/human", f"Recording={music}/hum.wav"]
    options = ["--reference", "Human", "--out", report, "--accuracy", music / "accuracy.csv", "--seed", 3]
    assert clstm("report", *systems, *options) == 0, "an earlier report is replaced"
    assert made(report)["command"] == command
    changed = [path.name for path, content in before.items() if path.read_bytes() != content]
    assert set(changed) <= {"index.html", "report.json"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["Human=human"], "--reference 'A' is none of the systems given (Human)"),
        (["A=human", "A=model"], "the name 'A' is given twice"),
        (["human"], "'human' is not NAME=PATH"),
        (["A=nowhere"], "A: nowhere does not exist"),
        (["A=human", "B=model/broken.mid"], "B: none of its 1 files can be used; broken.mid: corrupt"),
        (["A=human", "--accuracy", "nowhere.csv"], "--accuracy nowhere.csv cannot be read"),
        (["A=human", "--soundfont", "hum.wav"], "SoundFont"),
        (["A=human", "--out", "model"], "is not empty and not an earlier report"),
        (["A=human", "--out", "hum.wav"], "is a file; give a folder"),
        (["A=human/a.mid", "--out", "human"], "holds the music of A and would be replaced"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing_behind(
    words: list[str], message: str, music: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(music)
    before = sorted(music.rglob("*"))
    assert clstm("report", "--reference", "A", *(() if "--out" in words else ("--out", "new")), *words) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line and "━" not in line]
    assert message in line
    assert sorted(music.rglob("*")) == before


def test_a_recording_alone_makes_a_report_without_scores(music: Path, tmp_path: Path) -> None:
    assert clstm("report", f"A={music}/hum.wav", "--reference", "A", "--out", tmp_path) == 0
    content = made(tmp_path)
    assert [system["name"] for system in content["systems"]] == ["A"]
    assert content["rendering"] is None
    assert not (tmp_path / "figures/figure1-score-matrix.svg").exists()
