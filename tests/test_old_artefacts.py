"""What an earlier version made is still opened, resumed, checked or replaced; see tests/fixtures/*/README.md.

Each folder of fixtures is of one version. Nothing here knows what today's version would make instead.
"""

import json
import shutil
import sys
import tarfile
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from clstm.cli.main import main
from clstm.music.midi import read_midi, write_midi
from evaluation.audio import synthesizer
from evaluation.audio.files import write_audio
from evaluation.drift.check import MOVED, SAME, UNMATCHED
from evaluation.measurement.environment import environment, settings_of
from evaluation.measurement.inputs import measurement_inputs

pytestmark = pytest.mark.usefixtures("empty_charts", "rough_floors")

FIXTURES = Path(__file__).with_name("fixtures")
VERSIONS = sorted(folder.name for folder in FIXTURES.iterdir() if folder.is_dir())
TINY = [word for setting in ("hidden=8", "batch=4", "excerpt=48") for word in ("--set", setting)]


@pytest.fixture(params=VERSIONS)
def old(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of all that a version made, as the working directory, as it was when that was made."""
    folder = tmp_path / "old"
    shutil.copytree(FIXTURES / request.param, folder)
    with tarfile.open(folder / "report.tar.xz") as archive:
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # Python 3.11.0 to 3.11.3 have none
        archive.extractall(folder, **safely)
    monkeypatch.chdir(folder)
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


def change_a_piece(folder: Path) -> str:
    """Another octave for the first note of the first of the people's pieces; its name."""
    path = min((folder / "human").glob("*.mid"))
    notes = read_midi(path)
    notes.pitch[0] += 12
    write_midi(notes, path)
    return path.name


def test_an_old_corpus_trains_a_model_that_is_scored_and_generates_on_it(old: Path) -> None:
    assert clstm("train", "lstm", "corpus", "--out", "new", "--steps", 2, *TINY) == 0
    assert clstm("accuracy", "corpus", "new", "--stride", 45, "--out", "new.csv") == 0
    assert "new" in set(pd.read_csv("new.csv")["system"])
    assert clstm("generate", "new", "--corpus", "corpus", "--count", 2, "--seconds", 2, "--out", "music") == 0
    assert len(list(Path("music").glob("*.mid"))) == 2


def test_an_old_run_is_scored_looked_into_and_generates(old: Path) -> None:
    assert clstm("accuracy", "corpus", "run", "--out", "again.csv") == 0
    recorded, now = (pd.read_csv(name).set_index(["system", "horizon"]) for name in ("accuracy.csv", "again.csv"))
    for horizon in ("next", "nine"):  # the weights are the same, and so is the loss they give
        assert now.loc[("run", horizon), "nats"] == pytest.approx(recorded.loc[("run", horizon), "nats"], rel=1e-4)
    assert clstm("reach", "corpus", "run", "--count", 8, "--out", "reach.csv") == 0
    assert clstm("generate", "run", "--corpus", "corpus", "--count", 2, "--seconds", 2, "--out", "music") == 0
    assert len(list(Path("music").glob("*.mid"))) == 2


def test_an_old_run_resumes_where_it_stopped(old: Path) -> None:
    before = pd.read_csv("run/log.csv")
    kind = json.loads(Path("run/config.json").read_text(encoding="utf-8"))["network"]["kind"]
    about = json.loads(Path("run/config.json").read_text(encoding="utf-8"))
    settings = {name: about["network"][name] for name in ("kernels", "features", "hidden")}
    settings |= {name: about["training"][name] for name in ("batch", "excerpt", "rate", "evaluate_every")}
    words = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
    assert clstm("train", kind, "corpus", "--out", "run", "--steps", 12, "--resume", *words) == 0
    after = pd.read_csv("run/log.csv")
    assert after["step"].tolist() == [3, 6, 9, 12]
    pd.testing.assert_frame_equal(after[: len(before)], before)


def test_old_music_says_where_it_goes_on_from(old: Path) -> None:
    """`generated.json` names the group of each prompt: continuations of one piece are no independent draws."""
    index = pd.read_csv("index.csv")
    found = [given.group for given in measurement_inputs(sorted(Path("model").glob("*.mid")))]
    assert set(found) <= set(index.loc[index["split"] == "test", "group"])
    assert len(set(found)) == 6


def test_old_tables_of_prediction_are_drawn_or_refused_in_one_line(
    old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert clstm("reach-figure", "reach.csv", "--out", "reach.svg") == 0
    write_audio(Path("tone.wav"), 0.1 * np.sin(np.arange(22050))[:, None].astype(np.float32), 22050)
    tables = ["--accuracy", "accuracy.csv", "--pairs", "pairs.csv", "--reach", "reach.csv"]
    capsys.readouterr()
    status = clstm("report", "A=tone.wav", "B=tone.wav", "--reference", "A", *tables, "--page-only", "--out", "new")
    said = capsys.readouterr().err
    if status == 0:
        assert (Path("new") / "tables/accuracy.csv").is_file()
    else:
        assert status == 2
        (line,) = [line for line in said.splitlines() if line and "━" not in line]
        assert "clstm accuracy" in line or "clstm reach" in line, "it says which command makes the table again"


def verified(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit status of `clstm report verify`, and all it says, as one line."""
    capsys.readouterr()
    status = clstm("report", "verify", "report")
    said = capsys.readouterr()
    return status, " ".join((said.out + said.err).split())


def test_an_old_report_of_unchanged_music_holds_or_is_to_be_made_again(
    old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Never that it does not hold: nothing was changed. What is defined as it was is measured again; the rest, and the
    conclusions, are said to need another report."""
    status, said = verified(capsys)
    assert (status, "report is verified" in said, "make the report again" in said) == (0, True, True)


def test_an_old_report_of_changed_music_never_holds(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = change_a_piece(old)
    status, said = verified(capsys)
    assert "report is verified" not in said
    if status == 1:
        assert f"{name} was changed" in said
    else:
        assert status == 2
        assert "make the report again" in said


def test_an_old_comparison_is_known_and_replaced(old: Path) -> None:
    piece = min(Path("human").glob("*.mid"))
    systems = [f"human={piece}", "model=model/001-piece11.mid"]
    before = Path("comparison/metrics.csv").read_bytes()
    assert clstm("compare", *systems, "--reference", "human", "--out", "comparison") == 0
    assert Path("comparison/metrics.csv").read_bytes() != before


def baseline(old: Path) -> Path:
    """The baseline as a machine with today's libraries would have recorded it. Those round otherwise at most; the
    version of clstm itself, and of the synthesizer that makes the sound, are as they were."""
    path = old / "baseline.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    now = environment(settings_of(content["environment"]), midi=True)
    ours = content["environment"]["measuring"]["clstm"]
    content["environment"]["measuring"] = now["measuring"] | {"clstm": ours}
    content["environment"]["rendering"]["pyfluidsynth"] = now["rendering"]["pyfluidsynth"]
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def same_synthesizer(path: Path) -> bool:
    """Whether FluidSynth is here the one recorded; another one may sound otherwise, and the status says so."""
    recorded = json.loads(path.read_text(encoding="utf-8"))["environment"]["rendering"]["fluidsynth"]
    return bool(recorded == synthesizer.library_version())


def test_an_old_baseline_of_unchanged_music_passes(old: Path) -> None:
    """On the figures that both versions have; what either has alone is no reason to fail."""
    path = baseline(old)
    assert clstm("spectra", "check", path) == (SAME if same_synthesizer(path) else UNMATCHED)


def test_an_old_baseline_of_changed_music_fails(old: Path) -> None:
    path = baseline(old)
    name = change_a_piece(old)
    status = clstm("spectra", "check", path, "--junit", "found.xml")
    assert status == (MOVED if same_synthesizer(path) else UNMATCHED)
    failed = {case.get("name") for case in ET.parse("found.xml").iter("testcase") if case.find("failure") is not None}
    assert any(name in str(one) for one in failed)
    assert len(failed) == 1 or not same_synthesizer(path)
