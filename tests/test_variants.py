"""A system decoded another way is measured as the system is, changes no verdict, and shows which claims depend on
it."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clstm.cli.main import main
from clstm.music.midi import Notes, write_midi
from clstm.runtime.errors import UserError
from evaluation.audio.render import RenderSettings
from evaluation.comparison.closeness import Closeness
from evaluation.comparison.compare import Comparison
from evaluation.comparison.sets.references import References
from evaluation.controls.control import SCORE_MATRIX
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.systems import measure_systems
from reports.content.report import VariantContent
from reports.inputs import variants
from reports.inputs.variants import Variant, parse

pytestmark = pytest.mark.usefixtures("empty_charts", "measured_once", "rough_floors")

SYSTEMS = ["people", "lstm", "lstm:warm"]


def tune(path: Path, seed: int, notes: int = 16) -> Path:
    generator = np.random.default_rng(seed)
    pitch = generator.integers(48, 84, notes)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_midi(Notes.of([(i / 4, i / 4 + 0.3, int(pitch[i]), 60) for i in range(notes)]), path)
    return path


@pytest.mark.parametrize(
    ("text", "system", "label", "path"),
    [
        ("lstm:threshold 0.15=music", "lstm", "threshold 0.15", "music"),
        ("lstm:T=0.8=music", "lstm", "T=0.8", "music"),
        ("lstm:T=0.8=a=b", "lstm", "T=0.8", "a=b"),
        ("lstm:warm:T 1=music", "lstm:warm", "T 1", "music"),
        ("lstm:  a :  b =music", "lstm", "a : b", "music"),
    ],
)
def test_a_variant_is_a_system_a_label_and_a_path(
    text: str, system: str, label: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("music", "a=b"):
        Path(folder).mkdir()
    assert parse([text], SYSTEMS, "people") == [Variant(system, label, Path(path))]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["rnn:a=."], "--variant names 'rnn', which is not one of the systems (people, lstm, lstm:warm)"),
        (["lstm=."], "'lstm=.' is not SYSTEM:LABEL=PATH"),
        (["lstm:=."], "is not SYSTEM:LABEL=PATH"),
        (["lstm:a"], "is not SYSTEM:LABEL=PATH"),
        (["lstm:a="], "is not SYSTEM:LABEL=PATH"),
        ([""], "is not SYSTEM:LABEL=PATH"),
        (["lstm:a=nowhere"], "nowhere does not exist"),
        (["people:a=."], "is of the reference"),
        (["lstm:a=.", "lstm:a=."], "'lstm:a' is given twice"),
        (["lstm:warm=."], "'lstm:warm' is given twice"),
    ],
)
def test_a_mistake_is_one_line(given: list[str], message: str) -> None:
    with pytest.raises(UserError) as raised:
        parse(given, SYSTEMS, "people")
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def verdict_of(systems: dict[str, list[MeasurementInput]]) -> Comparison:
    measured = {"": measure_systems(systems, workers=1)}
    return Comparison(
        References("people"), systems, pd.DataFrame(), measured, {}, [], [], Closeness([], None), pd.DataFrame()
    )


def test_a_variant_is_measured_as_its_system_is_and_takes_its_place(tmp_path: Path) -> None:
    """On the same grid, cut alike; every other system stays as it was."""
    for number in range(2):
        tune(tmp_path / f"people/{number}.mid", number)
        tune(tmp_path / f"lstm/{number}.mid", number + 5)
        tune(tmp_path / f"other/{number}.mid", number + 9, notes=40)
    systems = {
        name: [MeasurementInput(path, control=SCORE_MATRIX, cut=2.0) for path in sorted((tmp_path / name).iterdir())]
        for name in ("people", "lstm")
    }
    verdict = verdict_of(systems)
    steps: list[tuple[str, int, int]] = []
    own = [Variant("lstm", "warm", tmp_path / "other")]
    (one,) = variants.measure(own, systems, RenderSettings(), None, 2.0, lambda *step: steps.append(step))
    assert steps == [("Measuring, lstm:warm", 1, 2), ("Measuring, lstm:warm", 2, 2)]
    assert [(own.control, own.cut) for own in one.inputs] == [(SCORE_MATRIX, 2.0)] * 2
    assert one.described() == VariantContent(system="lstm", label="warm", path=str(tmp_path / "other"), pieces=2)
    whole = variants.as_decoded([one], verdict.measurements)["lstm, warm"]
    assert whole.pieces["system"].value_counts().to_dict() == {"people": 2, "lstm": 2}
    assert set(whole.pieces.loc[whole.pieces["system"] == "lstm", "file"]) == {str(own.path) for own in one.inputs}
    people = [table[table["system"] == "people"] for table in (whole.values, verdict.measurements.values)]
    pd.testing.assert_frame_equal(*(table.reset_index(drop=True) for table in people))
    assert one.remarks(verdict.measurements) == []


def test_music_of_another_kind_is_no_variant(tmp_path: Path) -> None:
    tune(tmp_path / "other/a.mid", 1)
    with pytest.raises(UserError, match="lstm:warm is MIDI and lstm is audio"):
        variants.inputs_of(
            Variant("lstm", "warm", tmp_path / "other"), [MeasurementInput(Path("a.wav"))], groups={}, seconds=None
        )


def clstm(*words: object) -> int:
    sys.argv = ["clstm", *map(str, words)]
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_a_report_lists_its_variants_and_verify_covers_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(2):
        tune(tmp_path / f"people/{number}.mid", number)
        tune(tmp_path / f"lstm/{number}.mid", number + 5)
        tune(tmp_path / f"other/{number}.mid", number + 9)
    out = tmp_path / "report"
    systems = [f"people={tmp_path}/people", f"lstm={tmp_path}/lstm", "--reference", "people", "--page-only"]
    assert clstm("report", *systems, "--variant", f"lstm:threshold 0.15={tmp_path}/other", "--out", out) == 0
    content, manifest = (json.loads((out / f"{name}.json").read_text()) for name in ("report", "manifest"))
    entry = {"system": "lstm", "label": "threshold 0.15", "path": f"{tmp_path}/other"}
    assert content["variants"] == [entry | {"pieces": 2}]
    (hashed,) = manifest["variants"]
    assert [file["file"] for file in hashed["files"]] == ["0.mid", "1.mid"]
    assert [system["name"] for system in content["systems"]] == ["people", "people, 1/4 s grid, one velocity", "lstm"]
    assert {row["system"] for row in content["verdict"]} == {"people", "lstm"}
    table = pd.read_csv(out / "variants.csv")
    assert list(table.columns[:3]) == ["system", "label", "piece"]
    assert set(table["label"]) == {"threshold 0.15"}
    assert "threshold 0.15: 2 files" in (out / "index.html").read_text(encoding="utf-8")
    assert clstm("report", *systems, "--variant", f"lstm:x={tmp_path}/other", "--out", tmp_path / "other/in") == 2
    tune(tmp_path / "other/1.mid", 77)
    capsys.readouterr()
    assert clstm("report", "verify", out) == 1
    assert "lstm:threshold 0.15: 1.mid was changed" in " ".join(capsys.readouterr().err.split())
