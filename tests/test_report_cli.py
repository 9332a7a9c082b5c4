"""`clstm report` on small music of every kind: what it writes, that it replaces only its own, and what it refuses."""

import hashlib
import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clstm import pretrained
from clstm.cli.main import main
from clstm.music.midi import Notes, read_midi, write_midi
from evaluation.audio.files import read_audio, write_audio
from evaluation.audio.render import RenderSettings
from evaluation.measurement.measure import measure_file
from evaluation.metrics.catalogue import CATALOGUE
from reports.inputs.prediction import ACCURACY_COLUMNS

pytestmark = pytest.mark.usefixtures("empty_charts", "measured_once", "rough_floors")

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
    (folder / "thesis.html").write_text("<html>mine</html>")
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
    """A report of all of it, for the page alone: print is three times as many figures."""
    out = music / "out/report"
    systems = [f"{NASTY}={music}/model", f"Human={music}/human", f"Recording={music}/hum.wav"]
    options = [
        "--reference",
        "Human",
        "--grid",
        "reference",
        "--out",
        out,
        "--accuracy",
        music / "accuracy.csv",
        "--seed",
        3,
        "--page-only",
    ]
    assert clstm("report", *systems, *options) == 0
    return out


def made(report: Path) -> dict:
    return json.loads((report / "report.json").read_text(encoding="utf-8"))


def test_the_folder_holds_page_players_figures_and_numbers(report: Path, music: Path) -> None:
    files = {path.relative_to(report).as_posix() for path in report.rglob("*") if path.is_file()}
    data = {"metrics.csv", "pieces.csv", "verdict.csv", "report.json", "manifest.json", "accuracy.csv"}
    assert {"index.html", *data} <= files
    for table in ("summary", "numbers", "verdict", "accuracy"):
        assert {f"tables/{table}.csv", f"tables/{table}.tex"} <= files
    pieces = ["0-human-001", "0-human-002", "1-human-same-grid-001", "1-human-same-grid-002"]
    pieces += ["2-grosse-b-x-b-y-001", "3-recording-001"]
    assert sorted(file for file in files if file.startswith("audio")) == [f"audio/{name}.mp3" for name in pieces]
    assert sorted(file for file in files if file.startswith("listening")) == [f"listening/{name}.js" for name in pieces]
    assert {Path(file).suffix for file in files if file.startswith("figures")} == {".svg"}
    assert (report / "accuracy.csv").read_bytes() == (music / "accuracy.csv").read_bytes()


def test_everything_the_page_points_at_is_there(report: Path) -> None:
    page = (report / "index.html").read_text(encoding="utf-8")
    links = [link for link in re.findall(r'(?:src|href|srcset|data-views)="([^"]+)"', page) if not link.startswith("#")]
    assert len(links) > 30
    assert [link for link in links if not (report / link).is_file()] == []


def test_all_files_count_in_the_numbers(report: Path, music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLSTM_CACHE", "off")  # measured again
    table = pd.read_csv(report / "metrics.csv")
    assert table.columns.tolist() == ["system", "piece", "metric", "value", "unit", "note"]
    pieces = table.groupby("system", sort=False)["piece"].unique().map(list).to_dict()
    human = ["a", "b"]
    model = ["broken", "x 'é' <i>"]
    assert pieces == {"Human": human, "Human, same grid": human, NASTY: model, "Recording": ["hum"]}
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
    waveform, rate = read_audio(report / "audio/2-grosse-b-x-b-y-001.mp3")
    seconds = read_midi(music / "model/x 'é' <i>.mid").duration + 1.5
    assert len(waveform) / rate == pytest.approx(seconds, abs=0.01)
    assert np.abs(waveform).max() > 0.01


def test_how_it_was_made_is_written_down(report: Path, music: Path) -> None:
    about = json.loads((report / "manifest.json").read_text(encoding="utf-8"))
    assert about["seed"] == 3
    assert about["command"].startswith("clstm report ")
    assert about["rendering"]["soundfont_sha256"] in (report / "index.html").read_text(encoding="utf-8")
    assert "GPL" in about["soundfont_licence"]
    assert about["versions"].keys() >= {"clstm", "python", "numpy", "matplotlib"}
    model = next(system for system in about["systems"] if system["name"] == NASTY)
    (piece,) = model["files"]
    assert piece["sha256"] == hashlib.sha256((music / "model/x 'é' <i>.mid").read_bytes()).hexdigest()
    (failure,) = made(report)["systems"][2]["failures"]
    assert failure["file"] == "broken.mid"
    assert failure["reason"].startswith("corrupt")
    assert {name: hashlib.sha256((report / name).read_bytes()).hexdigest() for name in about["outputs"]} == about[
        "outputs"
    ]
    assert made(report)["provenance"].items() <= about.items()


@pytest.mark.slow
def test_the_same_music_gives_the_same_report_but_for_its_time(
    report: Path, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLSTM_CACHE", "off")  # measured again
    before = {path: path.read_bytes() for path in report.rglob("*") if path.is_file()}
    command = made(report)["provenance"]["command"]
    systems = [f"{NASTY}={music}/model", f"Human={music}/human", f"Recording={music}/hum.wav"]
    options = [
        "--reference",
        "Human",
        "--grid",
        "reference",
        "--out",
        report,
        "--accuracy",
        music / "accuracy.csv",
        "--seed",
        3,
        "--page-only",
    ]
    assert clstm("report", *systems, *options) == 0, "an earlier report is replaced"
    assert made(report)["provenance"]["command"] == command
    changed = [path.name for path, content in before.items() if path.read_bytes() != content]
    assert set(changed) <= {"index.html", "manifest.json"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["Human=human"], "--reference 'A' is not one of the systems given (Human)"),
        (["A=human", "A=model"], "the name 'A' is given twice"),
        (["human"], "'human' is not NAME=PATH"),
        (["A=nowhere"], "A: nowhere does not exist"),
        (["A=human", "B=model/broken.mid"], "B has no file that can be measured: model/broken.mid: corrupt"),
        (["A=human"], "A alone cannot be compared"),
        (["A=human", "a=model"], "differ in case alone"),
        (["A=human", "B=model", "--pairs", "hum.wav"], "--pairs hum.wav cannot be read"),
        (["A=human", "B=model", "--index", "accuracy.csv"], "has no column file"),
        (["A=human", "B=model", "--weights", "C=lstm"], "--weights names 'C', which is not one"),
        (["A=human", "B=model", "--weights", "B"], "is not NAME=RUN"),
        (["A=human", "B=model", "--without-audio", "C"], "--without-audio names 'C', which is not one"),
        (["A=human", "B=model", "--grid", "some"], "--grid 'some' is not known"),
        (["A=human", "B=model", "--single-file"], "is not the name of a page"),
        (["A=human", "--accuracy", "nowhere.csv"], "--accuracy nowhere.csv cannot be read"),
        (["A=human", "B=model", "--soundfont", "hum.wav"], "SoundFont"),
        (["A=human", "--out", "model"], "is not empty and not a report that this command wrote"),
        (["A=human", "--out", "hum.wav"], "is a file; give a folder"),
        (["A=human", "--out", ""], "--out is empty or the working directory itself"),
        (["A=human", "B=model", "--single-file", "--out", ""], "--out is empty or the working directory itself"),
        (["A=human/a.mid", "--out", "human"], "contains the music of A and would be replaced"),
        (["A=human", "B=model", "--out", "model/report"], "lies within the music of B"),
        (["A=human", "B=model", "--single-file", "--out", "thesis.html"], "is not a report that this command wrote"),
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


def test_recordings_make_a_report_without_scores_and_without_a_soundfont(music: Path, tmp_path: Path) -> None:
    systems = [f"A={music}/hum.wav", f"B={music}/hum.wav"]
    assert clstm("report", *systems, "--reference", "A", "--out", tmp_path) == 0
    content = made(tmp_path)
    assert [system["role"] for system in content["systems"]] == ["reference", "system"]
    assert content["provenance"]["rendering"] is None
    assert not list((tmp_path / "figures").glob("score-matrix*"))
    figures = {path.name for path in (tmp_path / "figures").iterdir()}
    for figure in ("waveform", "spectrum", "sonogram", "distributions-envelope"):
        for ending in ("", "-one-column"):
            assert {f"{figure}{ending}.{suffix}" for suffix in ("svg", "pdf", "png")} <= figures
    assert "nothing is inferred from single pieces" in content["summary"][0]["text"]


def test_one_file_holds_everything_and_points_at_nothing(music: Path, tmp_path: Path) -> None:
    systems = [f"A={music}/human/a.mid", f"B={music}/hum.wav", "--without-audio", "A"]
    assert clstm("report", *systems, "--reference", "A", "--single-file", "--out", tmp_path / "one.html") == 0
    assert [path.name for path in tmp_path.iterdir()] == ["one.html"]
    page = (tmp_path / "one.html").read_text(encoding="utf-8")
    links = re.findall(r'(?:src|href|srcset)="([^"]{,40})', page)
    assert len([link for link in links if link.startswith("data:")]) > 20
    assert [link for link in links if not link.startswith(("data:", "#"))] == []
    assert page.count("<audio") == page.count("data:audio/mpeg") == 1, "of B alone"
    assert page.count("data:text/javascript") == 2, "what is drawn of both"


@pytest.fixture
def copied(report: Path, music: Path, tmp_path: Path) -> tuple[Path, list[str]]:
    """The report, and its music under other folders, to be damaged."""
    shutil.copytree(report, tmp_path / "report")
    places = {"Human": "human", NASTY: "model", "Recording": "hum.wav"}
    for place in places.values():
        copy = shutil.copytree if (music / place).is_dir() else shutil.copy
        copy(music / place, tmp_path / place)
    return tmp_path / "report", [f"{name}={tmp_path / place}" for name, place in places.items()]


def test_a_report_of_unchanged_music_holds(copied: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    assert clstm("report", "verify", copied[0], *copied[1]) == 0
    assert "report is verified" in " ".join(capsys.readouterr().out.split())


def test_a_report_from_before_each_system_had_a_control_of_its_own_holds(
    copied: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Its manifest says "auto", which then meant the score matrix for all, or for none, as its values show."""
    folder, systems = copied
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest.pop("controls") == 2
    del manifest["limits"]
    (folder / "manifest.json").write_text(json.dumps(manifest | {"grid": "auto"}), encoding="utf-8")
    assert clstm("report", "verify", folder, *systems) == 0
    assert "report is verified" in " ".join(capsys.readouterr().out.split())


def test_a_changed_note_a_new_file_and_a_changed_table_do_not_hold(
    copied: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, systems = copied
    notes = read_midi(folder.with_name("human") / "a.mid")
    notes.pitch[0] += 12
    write_midi(notes, folder.with_name("human") / "a.mid")
    tune(folder.with_name("model") / "new.mid", 2.0, seed=9)
    for changed in ("metrics.csv", "listening/0-human-001.js", "audio/0-human-002.mp3"):
        with (folder / changed).open("a") as file:
            file.write("\n")
    assert clstm("report", "verify", folder, *systems) == 1
    said = " ".join(capsys.readouterr().err.split())
    for words in (
        "Human: a.mid was changed",
        "new.mid is new",
        "metrics.csv: was changed after",
        "0-human-001.js: was changed after",
        "0-human-002.mp3: was changed after",
        "same grid, a: ",
    ):
        assert words in said
    assert ", b: " not in said


def test_a_table_that_is_gone_is_said_and_the_rest_is_checked(
    copied: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, systems = copied
    (folder / "metrics.csv").unlink()
    (folder / "verdict.csv").write_text("nothing")
    assert clstm("report", "verify", folder, *systems) == 1
    said = " ".join(capsys.readouterr().err.split())
    for words in (
        "metrics.csv: does not exist in the report any more",
        "metrics.csv: cannot be read",
        "verdict.csv: cannot be read",
    ):
        assert words in said


def test_another_soundfont_does_not_hold(
    copied: tuple[Path, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same instrument with a byte of its comment changed: it sounds alike, and is another file."""
    content = bytearray(RenderSettings().soundfont_file.read_bytes())
    place = content.index(b"INAM") + 8
    content[place] ^= 1
    (tmp_path / "other.sf2").write_bytes(content)
    assert clstm("report", "verify", copied[0], *copied[1], "--soundfont", tmp_path / "other.sf2") == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "SoundFont other.sf2: SHA-256 is" in said
    assert "Verification failed: the report differs from its inputs" in said
    assert said.count("SHA-256") == 1


@pytest.mark.slow
def test_changed_weights_do_not_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, seed in (("human", 1), ("model", 2)):
        tune(tmp_path / name / "a.mid", 2.0, seed=seed)
    shutil.copytree(pretrained.FOLDER / "rnn", tmp_path / "run")
    weights = tmp_path / "run/weights.safetensors"
    about = {"model": "rnn", "run": "run", "weights_sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}
    (tmp_path / "model/generated.json").write_text(json.dumps(about))
    systems = [f"A={tmp_path}/human", f"B={tmp_path}/model", "--reference", "A", "--page-only"]
    systems += ["--weights", f"B={tmp_path}/run"]
    assert clstm("report", *systems, "--out", tmp_path / "report") == 0
    assert (tmp_path / "report/figures/network.svg").exists()
    with weights.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x55")
    assert clstm("report", "verify", tmp_path / "report") == 1
    assert "B: its weights" in " ".join(capsys.readouterr().err.split())
    assert clstm("report", *systems, "--out", tmp_path / "again") == 2, "they did not make this music"


def test_without_the_index_values_are_checked_and_conclusions_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, seed in (("human", 1), ("model", 2)):
        tune(tmp_path / name / "a.mid", 2.0, seed=seed)
    (tmp_path / "index.csv").write_text("file,group,licence\na.mid,1,CC0\n")
    systems = [f"A={tmp_path}/human", f"B={tmp_path}/model", "--reference", "A", "--page-only"]
    assert clstm("report", *systems, "--index", tmp_path / "index.csv", "--out", tmp_path / "report") == 0
    assert made(tmp_path / "report")["systems"][0]["inputs"][0]["credit"] == {"licence": "CC0"}
    (tmp_path / "index.csv").unlink()
    assert clstm("report", "verify", tmp_path / "report") == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "conclusions were not compared" in said


def as_made_with_the_first_catalogue(report: Path, metric: str) -> None:
    """A report with a metric that is gone, one of another definition, and other values of `metric` than measured."""
    table = pd.read_csv(report / "metrics.csv", dtype=str, keep_default_na=False)
    table.loc[table["metric"].isin(["level_spread", metric]), "value"] = "7.25"
    gone = table[table["metric"] == "level_spread"].assign(metric="change_ratio", value="1.5", unit="")
    pd.concat([table, gone]).to_csv(report / "metrics.csv", index=False)
    manifest = json.loads((report / "manifest.json").read_text())
    del manifest["catalogue"]
    manifest["outputs"]["metrics.csv"] = hashlib.sha256((report / "metrics.csv").read_bytes()).hexdigest()
    (report / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.slow
def test_a_report_of_an_earlier_catalogue_is_verified_on_what_is_defined_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, seed in (("human", 1), ("model", 2)):
        tune(tmp_path / name / "a.mid", 2.0, seed=seed)
    systems = [f"A={tmp_path}/human", f"B={tmp_path}/model", "--reference", "A", "--page-only"]
    assert clstm("report", *systems, "--out", tmp_path / "report") == 0
    as_made_with_the_first_catalogue(tmp_path / "report", "level_spread")
    assert clstm("report", "verify", tmp_path / "report") == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "since their definition was another when it was made: " in said
    assert "centroid, change_above_1000_hz, change_below_1000_hz, change_ratio" in said
    assert f"conclusions were not compared: the catalogue of metrics is version {CATALOGUE} here, 1 when it" in said
    shutil.rmtree(tmp_path / "report")
    assert clstm("report", *systems, "--out", tmp_path / "report") == 0
    as_made_with_the_first_catalogue(tmp_path / "report", "note_density")
    assert clstm("report", "verify", tmp_path / "report") == 1
    assert "Note density was 7.25, is" in " ".join(capsys.readouterr().err.split())


@pytest.mark.slow
def test_conclusions_are_compared_where_no_metric_tested_is_newer_than_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, seed in (("human", 1), ("model", 2)):
        onset = np.cumsum(np.random.default_rng(seed).gamma(2.0, 0.1, 20))  # over no beats
        write_midi(Notes.of((at, at + 0.2, 60, 60 + k) for k, at in enumerate(onset)), tmp_path / name / "a.mid")
    systems = [f"A={tmp_path}/human", f"B={tmp_path}/model", "--reference", "A", "--page-only"]
    assert clstm("report", *systems, "--out", tmp_path / "report") == 0
    manifest = json.loads((tmp_path / "report" / "manifest.json").read_text())
    for catalogue, compared in ((3, True), (2, False)):
        (tmp_path / "report" / "manifest.json").write_text(json.dumps(manifest | {"catalogue": catalogue}))
        capsys.readouterr()
        assert clstm("report", "verify", tmp_path / "report") == 0
        assert ("conclusions were not compared" not in "".join(capsys.readouterr())) == compared


@pytest.mark.parametrize("text", [None, "{", '{"made_by": "somebody"}', '{"made_by": "clstm report", "format": 2}'])
def test_what_is_no_report_cannot_be_verified(
    text: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if text:
        (tmp_path / "manifest.json").write_text(text)
    assert clstm("report", "verify", tmp_path) == 2
    assert "manifest.json" in capsys.readouterr().err
