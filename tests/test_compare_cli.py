"""`clstm measure` and `clstm compare` from the shell: folders in, tables out, a user's mistake in one line."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from typer.testing import CliRunner, Result

from clstm.cli.main import load_commands
from clstm.music.midi import Notes, write_midi
from clstm.runtime.errors import UserError
from evaluation import doctor
from evaluation.audio.synthesizer import default_soundfont
from evaluation.comparison import compare
from evaluation.metrics.catalogue import METRICS

pytestmark = pytest.mark.usefixtures("measured_once", "rough_floors")

CONTROL = "human, 1/4 s grid, one velocity"


def tune(seed: int, lowest: int, velocity: int | None) -> Notes:
    """Four seconds of a tune of its own."""
    random = np.random.default_rng(seed)
    times = np.arange(0, 4, 0.25) + (random.uniform(0, 0.05, 16) if velocity is None else 0)
    rows = [
        (time, time + 0.3, lowest + int(random.integers(0, 20)), velocity or int(random.integers(30, 110)))
        for time in times
    ]
    return Notes.of(rows)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight played pieces, eight of a model two octaves up, and a few files of other kinds."""
    folder = tmp_path_factory.mktemp("music")
    for number in range(8):
        write_midi(tune(number, 48, None), folder / "human" / f"{number}.mid")
        write_midi(tune(100 + number, 72, 80), folder / "model" / f"{number}.mid")
    (folder / "model" / "broken.mid").write_text("hello")
    sine = 0.1 * np.sin(2 * np.pi * 440 * np.arange(48000) / 48000)
    (folder / "audio").mkdir()
    soundfile.write(folder / "audio" / "sine.wav", sine, 48000)
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(load_commands(), [str(argument) for argument in arguments])


def user_error(*arguments: object) -> str:
    result = run(*arguments)
    assert isinstance(result.exception, UserError), result.output
    return str(result.exception)


@pytest.fixture(scope="module")
def compared(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "verdict"
    result = run(
        "compare", f"human={music}/human", f"model={music}/model", "--reference", "human", "--out", out, "--workers", 2
    )
    assert result.exit_code == 0, result.output
    assert "model differs significantly in" in result.output
    return out


def test_the_folder_holds_the_verdict_its_numbers_and_how_it_was_made(compared: Path) -> None:
    assert sorted(path.name for path in compared.iterdir()) == [
        "comparison.json",
        "distances.csv",
        "literature.csv",
        "metrics.csv",
        "pieces.csv",
        "power.csv",
        "verdict.csv",
        "verdict.md",
    ]
    record = json.loads((compared / "comparison.json").read_text())
    assert record["reference"] == CONTROL
    assert record["systems"] == {CONTROL: 8, "human": 8, "model": 9}
    assert record["against"] == {"human": CONTROL, "model": CONTROL}
    assert record["controls"][CONTROL]["per_second"] == 4
    assert record["why"]["model"][1] == "all notes of its 8 files have velocity 80"
    assert record["rendering"]["soundfont"] == "TimGM6mb.sf2"
    assert record["command"].startswith("clstm")


def test_composition_is_compared_with_composition(compared: Path) -> None:
    """The model is two octaves up and as loud as its notes; the person's touch is seen in the row of the person."""
    table = pd.read_csv(compared / "verdict.csv").set_index(["system", "metric"])
    assert table.loc[("model", "centroid"), "verdict"] == "differs"
    assert table.loc[("model", "centroid"), "direction"] == "higher"
    assert table.loc[("model", "note_density"), "difference"] == pytest.approx(0, abs=0.2)
    assert table.loc[("human", "pitch_range"), "verdict"] == "no verdict"  # eight pairs are too few for a test
    assert abs(table.loc[("human", "mean_level"), "difference"]) > 1


def test_every_file_counts_and_the_lost_one_says_why(compared: Path) -> None:
    pieces = pd.read_csv(compared / "pieces.csv", keep_default_na=False)
    lost = pieces[pieces["rejected"] != ""]
    assert lost[["system", "piece"]].to_numpy().tolist() == [["model", "broken"]]
    assert "model: 1 of 9 files cannot be used" in (compared / "verdict.md").read_text()
    figures = pd.read_csv(compared / "metrics.csv")
    assert len(figures) == 25 * len(METRICS)
    assert (figures["value"].isna() == figures["note"].notna()).all()


def test_robustness_marks_what_hangs_on_the_sound(music: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sf2"
    font = bytearray(default_soundfont().read_bytes())
    place = font.find(b"INAM") + 8
    font[place : place + 4] = b"Else"  # another file with the same sound
    other.write_bytes(font)
    out = tmp_path / "verdict"
    sources = f"human={music}/human", f"model={music}/model"
    asked = ("--reference", "human", "--seconds", 2, "--robustness", "--other-soundfont", other)
    result = run("compare", *sources, *asked, "--out", out)
    assert result.exit_code == 0, result.output
    table = pd.read_csv(out / "verdict.csv", dtype={"flips": str})  # it may be empty throughout
    table["flips"] = table["flips"].fillna("")
    again = pd.read_csv(out / "robustness.csv")
    assert set(again["sound"]) == {"SoundFont other.sf2", "reverb and chorus", "softer velocities"}
    assert not table["flips"].str.contains("other.sf2").any()
    notes = table["metric"].map(lambda metric: METRICS[metric].view in ("symbolic", "repetition"))
    assert (table.loc[notes, "flips"] == "").all()
    quiet = again[(again["sound"] == "softer velocities") & (again["metric"] == "mean_level")]
    usual = table[table["metric"] == "mean_level"]
    assert (quiet["reference_median"].to_numpy() < usual["reference_median"].to_numpy(float) - 3).all()


def test_a_robustness_without_another_soundfont_says_how_to_get_one(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("compare", f"a={music}/human", f"b={music}/model", "--reference", "a", "--out", tmp_path, "--robustness")
    monkeypatch.setattr(doctor, "find_second_soundfont", lambda: None)
    monkeypatch.setattr(doctor, "package_manager", lambda: "apt")
    assert "sudo apt-get install -y fluid-soundfont-gm" in user_error(*asked)
    assert "already used; give another" in user_error(*asked, "--other-soundfont", default_soundfont())


def test_the_grid_can_be_for_all_or_none(music: Path, tmp_path: Path) -> None:
    sources = f"human={music}/human", f"model={music}/human"
    common = ("compare", *sources, "--reference", "human", "--workers", 2, "--seconds", 2)
    assert run(*common, "--grid", "all", "--out", tmp_path / "all").exit_code == 0
    assert run(*common, "--grid", "none", "--out", tmp_path / "none").exit_code == 0
    every = pd.read_csv(tmp_path / "all" / "verdict.csv")
    assert set(every["system"]) == {"human", "model"}
    assert (every.loc[every["system"] == "model", "difference"].dropna().abs() < 1e-9).all()
    assert set(pd.read_csv(tmp_path / "none" / "verdict.csv")["system"]) == {"model"}
    assert pd.read_csv(tmp_path / "none" / "pieces.csv")["seconds"].max() <= 2


def test_a_composition_of_silence_counts(music: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    for number in range(3):
        write_midi(tune(number, 60, 80) if number else Notes.of(), folder / f"{number}.mid")
    items = [{"file": f"{number}.mid", "piece": f"{number}", "seconds": 4.0} for number in range(3)]
    (folder / "generated.json").write_text(json.dumps({"items": items, "with_prompt": False}))
    result = run("measure", f"model={folder}", f"human={music}/human", "--out", tmp_path / "m.csv", "--workers", 1)
    assert result.exit_code == 0, result.output
    table = pd.read_csv(tmp_path / "m.csv", dtype={"piece": str}).set_index(["system", "piece", "metric"])
    assert table.loc[("model", "0", "empty_frames"), "value"] == 1
    assert table.loc[("model", "0", "note_density"), "value"] == 0
    assert table.loc[("model", "0", "centroid"), "note"] == "silent"


def test_a_cut_in_a_rest_lasts_to_the_cut(tmp_path: Path) -> None:
    write_midi(Notes.of([(1, 2, 60, 80), (6, 7, 60, 80)]), tmp_path / "a.mid")
    write_midi(Notes.of([(1, 4, 60, 80), (6, 7, 60, 80)]), tmp_path / "b.mid")
    for seconds, empty in ((4, 0.75), (0.5, 1.0)):
        out = tmp_path / f"{seconds}"
        sources = f"a={tmp_path}/a.mid", f"b={tmp_path}/b.mid"
        result = run("compare", *sources, "--reference", "a", "--out", out, "--seconds", seconds, "--workers", 1)
        assert result.exit_code == 0, result.output
        table = pd.read_csv(out / "metrics.csv").set_index(["system", "metric"])
        assert table.loc[("a", "empty_frames"), "value"] == empty


def test_robustness_of_audio_alone_is_refused(music: Path, tmp_path: Path) -> None:
    asked = ("compare", f"a={music}/audio", f"b={music}/audio", "--reference", "a", "--out", tmp_path / "v")
    assert "every system is audio; leave it out" in user_error(*asked, "--robustness")


def test_groups_that_name_no_file_are_refused(music: Path, tmp_path: Path) -> None:
    (tmp_path / "groups.csv").write_text("file,group\nnobody.mid,1\n")
    asked = ("compare", f"a={music}/human", f"b={music}/model", "--reference", "a", "--out", tmp_path / "v")
    assert "lists none of the 17 files" in user_error(*asked, "--groups", tmp_path / "groups.csv")


def test_one_song_against_one_song_infers_nothing(music: Path, tmp_path: Path) -> None:
    sources = f"human={music}/human/0.mid", f"sine={music}/audio/sine.wav"
    result = run("compare", *sources, "--reference", "human", "--out", tmp_path / "v", "--workers", 1)
    assert result.exit_code == 0, result.output
    table = pd.read_csv(tmp_path / "v" / "verdict.csv")
    assert set(table["verdict"]) == {"no verdict"}
    said = (tmp_path / "v" / "verdict.md").read_text()
    assert "it is measured, and nothing is inferred from it" in said
    assert "sine is audio and the rest is rendered here: instrument, reverb and loudness may differ" in said
    assert "sine, 1 of 1 file: mono, duplicated to stereo; resampled from 48000 Hz" in said


def test_an_earlier_comparison_is_replaced_and_nothing_else(compared: Path, music: Path, tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    asked = ("compare", f"human={music}/human", f"model={music}/model", "--reference", "human")
    assert "is not empty and not a comparison that this command wrote" in user_error(*asked, "--out", tmp_path)
    assert "is a file; give a folder" in user_error(*asked, "--out", tmp_path / "precious.txt")
    before = (compared / "verdict.csv").read_text()
    assert run(*asked, "--out", compared).exit_code == 0
    assert (compared / "verdict.csv").read_text() == before


@pytest.mark.parametrize(
    ("sources", "options", "message"),
    [
        (("human={}/human",), (), "human alone cannot be compared"),
        (("human={}/human", "human={}/model"), (), "given twice"),
        (("human={}/human", "model={}/none"), (), "does not exist"),
        (("a={}/human", "b={}/model"), (), "--reference 'human' is not one of the systems given"),
        (("human={}/human", f"{CONTROL}={{}}/model"), (), "belongs to the control"),
        (("human={}/human", "model={}/model"), ("--grid", "some"), "choose one of: auto, reference, all, none"),
        (("human={}/human", "model={}/model"), ("--groups", "none.csv"), "none.csv cannot be read as CSV"),
        (("human={}/human", "model={}/model"), ("--soundfont", "none.sf2"), "none.sf2 cannot be opened"),
        (("human={}/human", "model={}/model"), ("--cluster", "localhost:1"), "no Dask scheduler answers"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(
    sources: tuple[str, ...],
    options: tuple[str, ...],
    message: str,
    music: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from evaluation.measurement import cluster

    monkeypatch.setattr(cluster, "CONNECT", 1)
    named = [source.format(music) for source in sources]
    said = user_error("compare", *named, "--reference", "human", "--out", tmp_path / "out", *options)
    assert message in said
    assert "\n" not in said
    assert not (tmp_path / "out").exists()


def test_a_system_without_a_usable_file_is_named(music: Path, tmp_path: Path) -> None:
    bad = f"bad={music}/model/broken.mid"
    asked = ("compare", f"human={music}/human", bad, "--reference", "human", "--out", tmp_path / "out")
    assert "bad has no file that can be measured" in user_error(*asked)


def test_measure_writes_every_figure_and_its_warnings(music: Path, tmp_path: Path) -> None:
    out = tmp_path / "metrics.csv"
    result = run(
        "measure", f"model={music}/model", f"audio={music}/audio", "--out", out, "--workers", 2, "--seconds", 1
    )
    assert result.exit_code == 0, result.output
    table = pd.read_csv(out)
    assert len(table) == 10 * len(METRICS)
    assert "broken.mid: not a MIDI file" in result.output.replace("\n", " ")
    assert "9 of 10 files measured" in result.output
    assert "given twice" in user_error("measure", f"a={music}/model", f"a={music}/audio", "--out", out)
    assert "is a folder; give a file" in user_error("measure", f"a={music}/model", "--out", tmp_path)
    assert "is not a length" in user_error("measure", f"a={music}/model", "--out", out, "--seconds", "inf")


def test_the_default_request_is_the_one_of_the_command_line() -> None:
    request = compare.ComparisonRequest({"a": Path("b")}, "a", Path("out"))
    assert (request.grid, request.seed, request.robustness) == ("auto", 0, False)


def test_a_control_is_put_on_what_is_measured(music: Path, tmp_path: Path) -> None:
    common = ("measure", f"human={music}/human", "--seconds", 2, "--workers", 2)
    for name, control in (("played", ()), ("grid", ("--control", "grid=1/4,velocity=80"))):
        assert run(*common, "--out", tmp_path / f"{name}.csv", *control).exit_code == 0
    played, grid = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("played", "grid"))
    steps = grid.loc[grid["metric"] == "inter_onset_interval", "value"]
    assert (steps == 0.25).all()
    assert (played.loc[played["metric"] == "inter_onset_interval", "value"] != 0.25).any()
    assert "--control 'grid=2': grid=2 is no limit" in user_error(
        *common, "--out", tmp_path / "c.csv", "--control", "grid=2"
    )
    assert "give it or --control" in user_error(
        *common, "--out", tmp_path / "c.csv", "--same-grid", "--control", "velocity=80"
    )


def test_a_limit_that_is_declared_is_on_the_record(music: Path, tmp_path: Path) -> None:
    sources = f"human={music}/human", f"model={music}/model"
    common = ("compare", *sources, "--reference", "human", "--workers", 2, "--seconds", 2, "--out", tmp_path / "out")
    assert run(*common, "--limits", "model:range=50-108,pedal=none").exit_code == 0
    record = json.loads((tmp_path / "out/comparison.json").read_text())
    assert record["limits"] == ["model:range=50-108,pedal=none"]
    assert record["reference"] == f"{CONTROL}, MIDI 50 to 108, no pedal"
    assert "declared with --limits: pitches from MIDI 50 to 108 and no pedal" in record["why"]["model"][-1]
    assert "names 'nobody'" in user_error(*common, "--limits", "nobody:pedal=none")


def test_a_broken_bound_is_exit_status_1_and_a_kept_one_0(music: Path, tmp_path: Path) -> None:
    given = ["compare", f"human={music / 'human'}", f"model={music / 'model'}", "--reference", "human"]
    given += ["--seconds", 2, "--grid", "none", "--out", tmp_path / "out", "--junit", tmp_path / "bounds.xml"]
    broken = run(*given, "--fail-over", "distance=10")
    assert broken.exit_code == 1
    assert "--fail-over distance=10: model: distance" in broken.stdout
    assert 'failures="1"' in (tmp_path / "bounds.xml").read_text()
    kept = run(*given, "--fail-over", "distance=2000")
    assert kept.exit_code == 0
    assert 'failures="0"' in (tmp_path / "bounds.xml").read_text()
    assert "is neither distance nor a metric" in user_error(*given, "--fail-over", "loudnes_of_all=1")


def test_a_plan_says_how_many_clips_find_a_pilot(music: Path, tmp_path: Path) -> None:
    given = ["plan", f"human={music / 'human'}", f"model={music / 'model'}", "--reference", "human"]
    result = run(*given, "--clips", "8,12", "--simulations", "20", "--distance", "900", "--out", tmp_path / "plan.csv")
    assert result.exit_code == 0, result.output
    assert "To tell model from human in all metrics together with power 0.8: 8 clips of each." in result.stdout
    assert "To find a distance of 900 with power 0.8: 8 clips of each" in result.stdout
    table = pd.read_csv(tmp_path / "plan.csv")
    assert set(table["clips"]) == {8, 12}
    assert set(table["system"].dropna()) == {"model"}
    for wrong in (["--target", "2"], ["--simulations", "3"], ["--distance", "-1"], ["--clips", "2"]):
        assert wrong[0] in user_error(*given, *wrong)
