"""The limits of folders of music, and which control fits a system."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from midi_bytes import controller, midi, off, on, program

from clstm.music.generated import LIMITS
from clstm.music.midi import Notes, write_midi
from clstm.runtime.errors import UserError
from evaluation.comparison.compare import ComparisonRequest, judge
from evaluation.controls.control import NO_CONTROL, SCORE_MATRIX, Control
from evaluation.controls.declared import of_json, of_options
from evaluation.controls.fitting import Fit, fitted
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.limits import fits, limits_of

ON_GRID = [(0.0, 0.5, 60, 80), (0.125, 0.5, 64, 80), (1.0, 1.5, 67, 80), (1.375, 1.5, 67, 80)]
PLAYED = [(0.013, 0.5, 60, 40), (0.131, 0.51, 64, 80), (1.07, 1.53, 67, 100), (1.322, 1.61, 67, 90)]
LOUDER = [(onset, offset, pitch, 100) for onset, offset, pitch, _ in ON_GRID]
ONE_VELOCITY = [(onset, offset, pitch, 80) for onset, offset, pitch, _ in PLAYED]


def folders(root: Path, **music: list[tuple[float, float, int, int]]) -> dict[str, Path]:
    for name, rows in music.items():
        for number in range(3):
            moved = [(onset, offset, pitch + number, velocity) for onset, offset, pitch, velocity in rows]
            write_midi(Notes.of(moved), root / name / f"{number}.mid")
    return {name: root / name for name in music}


def fit(folder: Path, declared: Control = NO_CONTROL) -> Fit:
    inputs = [MeasurementInput(path) for path in sorted(folder.iterdir()) if path.suffix != ".json"]
    return fits({"a": inputs}, {"a": declared}, workers=1)["a"]


def declare(folder: Path, content: object) -> None:
    (folder / "generated.json").write_text(json.dumps(content))


def test_music_of_a_score_matrix_is_on_its_grid_at_one_velocity(tmp_path: Path) -> None:
    found = fit(folders(tmp_path, a=ON_GRID)["a"])
    assert found.control == Control(8, offsets=True, velocity=80)
    assert found.reasons == (
        "every onset and offset of its 3 files lies on a grid of 1/8 s",
        "all notes of its 3 files have velocity 80",
    )


def test_one_file_of_many_without_a_limit_is_enough(tmp_path: Path) -> None:
    folder = folders(tmp_path, a=ON_GRID)["a"]
    write_midi(Notes.of(PLAYED), folder / "3.mid")
    found = fit(folder)
    assert found.control == NO_CONTROL
    assert found.reasons == ("no common grid in seconds and no single velocity in its 4 files",)


def test_of_audio_and_of_silence_nothing_is_known(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(8000), 8000)
    write_midi(Notes.of(), tmp_path / "b.mid")
    assert limits_of({"a": [tmp_path / "a.wav"], "b": [tmp_path / "b.mid"], "c": []}) == {
        "a": None,
        "b": None,
        "c": None,
    }
    assert fit(tmp_path).control == NO_CONTROL


def test_what_our_own_models_declare_is_the_score_matrix(tmp_path: Path) -> None:
    folder = folders(tmp_path, a=ON_GRID)["a"]
    declare(folder, {"limits": LIMITS, "items": []})
    assert fit(folder).control == SCORE_MATRIX
    assert fit(folder).reasons == (
        "every onset and offset of its 3 files lies on a grid of 1/8 s",
        "all notes of its 3 files have velocity 80",
        "declared in generated.json: pitches from MIDI 24 to 101, piano and no pedal, which its 3 files obey",
    )
    declare(folder, {"version": "0.2.0", "model": "lstm", "weights_sha256": "0" * 64, "items": []})
    assert fit(folder).control == SCORE_MATRIX  # of an earlier version, which did not write its limits
    declare(folder, {"version": "0.2.0", "items": []})
    assert fit(folder).control == Control(8, offsets=True, velocity=80)


def test_a_grid_that_is_declared_counts_more_than_a_coarser_one_that_is_found(tmp_path: Path) -> None:
    rows = [(k / 2, k / 2 + 0.5, 60, 80) for k in range(8)]
    folder = folders(tmp_path, a=rows)["a"]
    assert fit(folder).control.per_second == 2
    found = fit(folder, Control(per_second=8))
    assert found.control == Control(8, offsets=True, velocity=80)
    assert found.reasons == (
        "all notes of its 3 files have velocity 80",
        "declared with --limits: a grid of 1/8 s, which its 3 files obey",
    )


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (Control(per_second=3), "declares a grid of 1/3 s, and some onsets are off it"),
        (Control(velocity=64), "declares velocity 64, and the notes have velocities 80 to 80"),
        (Control(lowest=61, highest=90), "declares pitches from MIDI 61 to 90, and the notes are from MIDI 60 to 69"),
        (Control(programs=(40,)), "declares program 40, and drums, and the files have piano"),
    ],
)
def test_a_declaration_that_the_music_breaks_is_not_used(declared: Control, words: str, tmp_path: Path) -> None:
    found = fit(folders(tmp_path, a=ON_GRID)["a"], declared)
    assert found.control == Control(8, offsets=True, velocity=80)
    assert found.remarks == (f"--limits {words}: it is not used",)


@pytest.mark.parametrize(
    ("event", "declared", "words"),
    [
        (on(36, 9), Control(drums=False), "the files have piano and drums"),
        (program(40), Control(programs=(0,), drums=False), "the files have program 40"),
        (controller(64, 127), Control(pedal="none"), "a pedal is pressed 1 times"),
    ],
)
def test_instruments_drums_and_pedal_are_read_from_the_music(
    event: bytes, declared: Control, words: str, tmp_path: Path
) -> None:
    (tmp_path / "a.mid").write_bytes(midi((0, event), (0, on(60)), (480, off(60))))
    (remark,) = fit(tmp_path, declared).remarks
    assert words in remark


def test_the_key_of_generated_json_is_checked_limit_by_limit() -> None:
    control, remarks = of_json(
        {"grid": "1/8", "velocity": 0, "range": [90, 20], "instruments": [0, 300], "drums": "no", "pedal": 3, "key": 1}
    )
    assert control == Control(per_second=8)
    assert len(remarks) == 6
    assert "the limit velocity: 0 in generated.json is not used; accepted are 1 to 127" in remarks[0]
    assert remarks[-1].endswith("limits are grid, offsets, velocity, range, instruments, drums, pedal")
    assert of_json([1])[1] == ["limits: [1] in generated.json is not used; it is not an object"]
    assert of_json(None) == (NO_CONTROL, [])
    whole = {
        "grid": 0.02,
        "velocity": "piece",
        "range": [21, 108],
        "instruments": [0, 40],
        "drums": True,
        "pedal": "none",
    }
    assert of_json(whole) == (Control(50, False, "piece", 21, 108, (0, 40), drums=True, pedal="none"), [])


@pytest.mark.parametrize("bad", ["0", "-1", "1/0", "2", "0.3", "nan", "inf", "1/126", "x", ""])
def test_a_step_that_is_no_part_of_a_second_is_refused(bad: str) -> None:
    with pytest.raises(UserError, match=r"is no limit; accepted are a step of 1/n s, n from 1 to 125"):
        of_options([f"a:grid={bad}"], ["a"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("b:range=1-2", "names 'b', which is not one of the systems (a)"),
        ("a", "names 'a', which is not one of the systems"),
        ("a:range", "'range' is not LIMIT=VALUE"),
        ("a:range=1-2,range=1-3", "'range' is given twice"),
        ("a:range=108-21", "accepted are the lowest and the highest pitch"),
        ("a:range=1-2-3", "accepted are the lowest and the highest pitch"),
        ("a:instruments=7-0", "accepted are programs 0 to 127"),
        ("a:instruments=128", "accepted are programs 0 to 127"),
        ("a:pedal=half", "accepted are none or lengths"),
        ("a:colour=red", "limits are grid, offsets, velocity"),
    ],
)
def test_options_that_are_none_are_refused_in_one_line(text: str, words: str) -> None:
    with pytest.raises(UserError) as error:
        of_options([text], ["a"])
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_options_name_systems_of_any_name() -> None:
    found = of_options(["a:b:instruments=0-1+40+drums", "a:velocity=piece,pedal=lengths"], ["a", "a:b"])
    assert found["a:b"] == Control(programs=(0, 1, 40), drums=True)
    assert found["a"] == Control(velocity="piece", pedal="lengths")
    with pytest.raises(UserError, match="given twice for 'a'"):
        of_options(["a:pedal=none", "a:range=1-2"], ["a"])


def test_of_audio_what_is_declared_counts() -> None:
    found = fitted(None, NO_CONTROL, of_options(["a:grid=1/8,offsets=true,velocity=80"], ["a"])["a"])
    assert found.control == Control(8, offsets=True, velocity=80)
    assert all("which cannot be checked in audio" in why for why in found.reasons)


def compared(
    root: Path, sources: dict[str, Path], **more: object
) -> tuple[dict[str, str], dict[str, Control], list[str]]:
    verdict = judge(ComparisonRequest(sources, "human", root / "out", workers=2, **more))  # type: ignore[arg-type]
    assert {(row["system"], row["against"]) for row in verdict.table.to_dict("records")} == set(
        verdict.references.against.items()
    )
    return dict(verdict.references.against), dict(verdict.references.controls), verdict.remarks


def test_each_system_meets_the_reference_under_its_own_limits(tmp_path: Path) -> None:
    sources = folders(tmp_path, human=PLAYED, model=ON_GRID, other=PLAYED, even=ONE_VELOCITY, loud=LOUDER)
    (tmp_path / "audio").mkdir()
    for number in range(2):
        noise = np.random.default_rng(number).normal(0, 0.1, 16000)
        soundfile.write(tmp_path / "audio" / f"{number}.wav", noise, 16000)
    against, controls, _ = compared(tmp_path, {**sources, "audio": tmp_path / "audio"})
    soft, loud = (
        f"human, 1/8 s grid, one velocity (onsets and offsets, velocity {velocity})" for velocity in (80, 100)
    )
    assert against == {
        "human": soft,
        "model": soft,
        "other": "human",
        "even": "human, one velocity",
        "loud": loud,
        "audio": "human",
    }
    assert set(controls) == {soft, loud, "human, one velocity"}


def test_one_control_for_all_has_one_reference_and_performances_meet_as_they_are(tmp_path: Path) -> None:
    sources = folders(tmp_path, human=PLAYED, model=ON_GRID, other=PLAYED)
    name = "human, 1/8 s grid, one velocity"
    assert compared(tmp_path, {one: sources[one] for one in ("human", "model")})[0] == {"human": name, "model": name}
    assert compared(tmp_path, {one: sources[one] for one in ("human", "other")})[:2] == ({"other": "human"}, {})


def test_the_score_matrix_has_the_name_it_always_had(tmp_path: Path) -> None:
    sources = folders(tmp_path, human=PLAYED, model=ON_GRID)
    declare(sources["model"], {"limits": LIMITS, "items": []})
    against, controls, _ = compared(tmp_path, sources)
    assert controls == {"human, same grid": SCORE_MATRIX}
    assert set(against.values()) == {"human, same grid"}
    for grid in ("reference", "all"):
        assert compared(tmp_path, sources, grid=grid)[1] == controls
    assert compared(tmp_path, sources, grid="none")[:2] == ({"model": "human"}, {})


def test_the_reference_as_played_meets_the_control_of_all_limits_together(tmp_path: Path) -> None:
    grid = [(onset, offset, pitch, 40 + number) for number, (onset, offset, pitch, _) in enumerate(ON_GRID)]
    against, controls, _ = compared(tmp_path, folders(tmp_path, human=PLAYED, a=grid, b=ONE_VELOCITY))
    assert against["a"] == "human, 1/8 s grid"
    assert against["b"] == "human, one velocity"
    assert controls[against["human"]] == Control(8, offsets=True, velocity=80)


def test_what_a_declared_range_leaves_out_of_the_reference_is_said(tmp_path: Path) -> None:
    sources = folders(tmp_path, human=PLAYED, model=ON_GRID)
    low = [(0.013, 0.5, 30, 40), (1.013, 1.5, 60, 50)]
    write_midi(Notes.of(low), sources["human"] / "low.mid")
    _, _, remarks = compared(tmp_path, sources, limits=("model:range=50-90",))
    name = "human, 1/8 s grid, one velocity, MIDI 50 to 90"
    assert f"{name}: removed 1 of 14 notes beyond its range in 1 file" in remarks


def test_limits_are_for_systems_of_grid_auto(tmp_path: Path) -> None:
    sources = folders(tmp_path, human=PLAYED, model=ON_GRID)
    with pytest.raises(UserError, match="--limits is for --grid auto; leave it out with --grid none"):
        compared(tmp_path, sources, grid="none", limits=("model:pedal=none",))
    with pytest.raises(UserError, match="names 'human'"):
        compared(tmp_path, sources, limits=("human:pedal=none",))


def test_systems_of_contradictory_limits_leave_the_reference_as_played_out(tmp_path: Path) -> None:
    high = [(onset, offset, pitch + 36, velocity) for onset, offset, pitch, velocity in PLAYED]
    sources = folders(tmp_path, human=PLAYED, a=PLAYED, b=high)
    write_midi(Notes.of(high), sources["human"] / "high.mid")
    against, controls, remarks = compared(tmp_path, sources, limits=("a:range=40-80", "b:range=90-120"))
    assert "human" not in against
    assert len(controls) == 2
    assert "no music has all limits of a, b: human as it was played is compared with nothing" in remarks


def test_no_limits_are_put_on_audio(tmp_path: Path) -> None:
    sources = folders(tmp_path, model=ON_GRID)
    (tmp_path / "human").mkdir()
    for number in range(2):
        soundfile.write(
            tmp_path / "human" / f"{number}.wav", np.random.default_rng(number).normal(0, 0.1, 16000), 16000
        )
    against, controls, remarks = compared(tmp_path, {"human": tmp_path / "human", **sources})
    assert (against, controls) == ({"model": "human"}, {})
    assert "human is audio, on which no limits can be put: model meets it as it is" in remarks


def test_limits_that_leave_no_note_of_the_reference_are_refused(tmp_path: Path) -> None:
    sources = folders(tmp_path, human=PLAYED, model=[(onset, offset, 110, 80) for onset, offset, *_ in ON_GRID])
    total = 3 * len(PLAYED)
    said = (
        rf"^model: the limits \(MIDI 109 to 120\) leave none of the {total} notes of human in 3 files, .*--grid none$"
    )
    with pytest.raises(UserError, match=said):
        compared(tmp_path, sources, limits=("model:range=109-120",))
    with pytest.raises(UserError, match=r"^model: the limits \(MIDI 24 to 101\) leave none of the .* notes of model"):
        compared(tmp_path, sources, grid="all")
    assert compared(tmp_path, sources)[0]["model"] == "human, 1/8 s grid, one velocity"


def test_limits_that_leave_little_of_the_reference_are_said_with_the_pieces_that_lose_everything(
    tmp_path: Path,
) -> None:
    sources = folders(tmp_path, human=[(0.013, 0.5, 60, 40)], model=[(0.125, 0.5, 60, 80)])
    write_midi(Notes.of([(k + 0.013, k + 0.5, 100, 40) for k in range(4)]), sources["human"] / "high.mid")
    _, _, remarks = compared(tmp_path, sources, limits=("model:range=50-90",))
    said = [one for one in remarks if "removed" in one]
    assert len(said) == 1
    assert said[0].endswith(
        "removed 4 of 7 notes beyond its range in 1 file; nothing is left of 1 file of 4; this is more than half"
    )


def test_limits_that_leave_nothing_together_are_not_put_together(tmp_path: Path) -> None:
    sources = folders(tmp_path, human=PLAYED, low=[(0.125, 0.5, 30, 80)], strings=[])
    (sources["human"] / "low.mid").write_bytes(midi((0, on(30)), (113, off(30))))
    (sources["human"] / "high.mid").write_bytes(midi((0, program(40)), (0, on(90)), (113, off(90))))
    for file in sources["strings"].iterdir():
        file.write_bytes(midi((0, program(40)), (0, on(90)), (480, off(90))))
    limits = ("low:range=30-32", "strings:instruments=40")
    against, controls, remarks = compared(tmp_path, sources, limits=limits)
    assert set(against) == {"low", "strings"}
    assert set(against.values()) == set(controls)
    assert any(one.endswith("human as it was played is compared with nothing") for one in remarks)


@pytest.mark.parametrize(("limit", "pedal"), [("none", True), ("lengths", False)])
def test_a_pedal_that_is_declared_in_contradiction_is_said_and_not_used(
    limit: str, pedal: bool, tmp_path: Path
) -> None:
    folder = folders(tmp_path, a=ON_GRID)["a"]
    declare(folder, {"limits": {"pedal": limit}, "pedal": pedal, "items": []})
    found = fit(folder)
    assert found.control.pedal is None
    assert len(found.remarks) == 1
    assert found.remarks[0].startswith(f"the limit pedal: '{limit}' in generated.json is not used; beside it stands")
    declare(folder, {"limits": {"pedal": limit}, "pedal": not pedal, "items": []})
    assert (fit(folder).control.pedal, fit(folder).remarks) == (limit, ())


@pytest.mark.parametrize(
    ("limits", "needed"),
    [
        ({"drums": 1}, "true or false"),
        ({"drums": 0.0}, "true or false"),
        ({"grid": 0.125, "offsets": 1}, "true or false"),
        ({"range": [60.0, 72.0]}, "whole numbers from 0 to 127"),
        ({"instruments": [0.0]}, "programs 0 to 127, whole numbers"),
        ({"velocity": 80.0}, "1 to 127, a whole number"),
        ({"offsets": True}, "none is given"),
    ],
)
def test_a_limit_of_the_wrong_type_is_said_with_what_is_needed(limits: dict[str, object], needed: str) -> None:
    control, remarks = of_json(limits)
    assert control == (Control(8) if "grid" in limits else NO_CONTROL) or control.offsets
    assert len(remarks) == 1
    assert needed in remarks[0]


@pytest.mark.parametrize("grid", ["reference", "all"])
def test_a_grid_for_a_reference_of_audio_is_said_to_do_nothing(grid: str, tmp_path: Path) -> None:
    sources = folders(tmp_path, model=ON_GRID)
    (tmp_path / "human").mkdir()
    for number in range(2):
        noise = np.random.default_rng(number).normal(0, 0.1, 16000)
        soundfile.write(tmp_path / "human" / f"{number}.wav", noise, 16000)
    _, _, remarks = compared(tmp_path, {"human": tmp_path / "human", **sources}, grid=grid)
    assert f"human is audio, on which no limits can be put: --grid {grid} leaves it as it is" in remarks
