"""The sentences on limits are true of every kind of comparison: each grid, each side, audio, drums and pedals."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from midi_bytes import controller, midi, off, on, program, tempo

from evaluation.comparison.sets.references import GRIDS, Grid, under
from evaluation.controls.control import NO_CONTROL, SCORE_MATRIX, Control
from evaluation.controls.fitting import fitted
from evaluation.controls.removed import removed
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.limits import left_out_by_controls, left_out_in_words, limits_of
from reports.content.report import ControlContent, SystemContent, Touch
from reports.findings import limits

LIMITED = Touch(one_velocity=True, on_grid=True)
PLAYED = Touch(one_velocity=False, on_grid=False)
VELOCITY = ControlContent(name="human, one velocity", limits="", parts={"velocity": "one velocity"})


def system(name: str, touch: Touch | None, against: str = "", role: str = "system") -> SystemContent:
    about: dict[str, Any] = {"colour": "", "shown": "", "median_seconds": 1.0, "inputs": ()}
    return SystemContent(name=name, role=role, touch=touch, against=against, **about)


def sides(*systems: SystemContent, grid: Grid = "auto", controls: Sequence[ControlContent] = ()) -> list[str]:
    return limits.of_sides(systems, controls, grid)


HUMAN = system("human", PLAYED, role="reference")


@pytest.fixture
def band(tmp_path: Path) -> Path:
    """A violin with a pedal and a drum, loud and soft, off any grid, from MIDI 60 to 110."""
    events = [(0, program(40)), (48, on(60, velocity=40)), (7, controller(64, 127)), (5, on(36, 9)), (90, off(36, 9))]
    events += [(31, off(60)), (11, controller(64, 0)), (13, on(110, velocity=99)), (50, off(110))]
    (tmp_path / "band.mid").write_bytes(midi(*events))
    return tmp_path / "band.mid"


@pytest.mark.parametrize(
    ("control", "words"),
    [
        (NO_CONTROL, ()),
        (Control(velocity=80), ("the velocities",)),
        (Control(velocity="piece"), ("the velocities within each piece",)),
        (Control(per_second=1), ("the finer timing",)),
        (Control(lowest=21, highest=127), ()),
        (Control(lowest=21, highest=108), ("the pitches outside MIDI 21 to 108",)),
        (Control(programs=tuple(range(32)), drums=False), ("the drums", "the other instruments")),
        (Control(programs=(40,)), ()),
        (Control(drums=False), ("the drums",)),
        (Control(pedal="none"), ("the pedal",)),
        (Control(pedal="lengths"), ()),
    ],
)
def test_a_control_removes_what_the_music_has_and_the_control_limits(
    band: Path, control: Control, words: tuple[str, ...]
) -> None:
    known = limits_of({"": [band]}, workers=1)[""]
    assert removed(control, known) == words
    assert removed(control, None) == ()


def test_what_the_music_lacks_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(midi((0, on(60)), (480, off(60))))
    known = limits_of({"": [tmp_path / "a.mid"]}, workers=1)[""]
    assert removed(SCORE_MATRIX, known) == ()


OTHERS = "of other instruments or drums in 1 file"


@pytest.mark.parametrize(
    ("control", "words"),
    [
        (
            Control(programs=(0,), drums=False),
            f"2 of 3 notes {OTHERS}; this is more than half",
        ),
        (Control(drums=False), f"1 of 3 notes {OTHERS}"),
        (Control(programs=(0,)), f"2 of 3 notes {OTHERS}; this is more than half"),
        (Control(lowest=21, highest=108), "1 of 3 notes beyond its range in 1 file"),
        (
            SCORE_MATRIX,
            f"1 of 3 notes beyond its range in 1 file and 1 of 3 notes {OTHERS}; this is more than half",
        ),
    ],
)
def test_notes_that_a_control_removes_are_counted(band: Path, control: Control, words: str) -> None:
    piano = [(0, on(60)), (30, on(36, 9)), (30, off(36, 9)), (0, off(60))]
    if control.programs == (0,) and not control.drums:
        band.write_bytes(midi((0, program(40, 1)), (0, on(62, 1)), *piano, (9, off(62, 1))))
    found = left_out_by_controls(under(control, [MeasurementInput(band)]), workers=1)
    assert left_out_in_words(found) == f"removed {words}"


def test_both_sides_that_vary_are_said_to() -> None:
    (said,) = sides(HUMAN, system("a", PLAYED, "human"))
    assert (
        said
        == "Both a and human vary in velocity and timing: a difference may come from performance or from composition."
    )
    (said,) = sides(HUMAN, system("a", PLAYED, "human"), system("b", PLAYED, "human"))
    assert said.startswith("All of a, b and human vary in velocity and timing: ")


def test_a_side_that_alone_is_limited_is_said_to_be() -> None:
    (said,) = sides(HUMAN, system("b", LIMITED, "human"), grid="none")
    assert said == (
        "All notes of b have one velocity and begin on a grid of 1/8 s; those of human do not: a difference may come "
        "from this alone."
    )
    flat = system("flat", LIMITED, role="reference")
    (said,) = sides(flat, system("a", Touch(one_velocity=False, on_grid=True), "flat"))
    assert said.startswith("All notes of flat have one velocity; those of a do not")


def test_a_limit_that_both_sides_share_is_no_difference() -> None:
    control = system(VELOCITY.name, Touch(one_velocity=True, on_grid=False), role="control")
    timed = system("a", Touch(one_velocity=True, on_grid=False), VELOCITY.name)
    (said,) = sides(HUMAN, control, timed, controls=[VELOCITY])
    assert said.startswith("Both a and human, one velocity vary in timing: ")
    # One velocity per piece: over all pieces velocities differ, on both sides.
    each = system(VELOCITY.name, PLAYED, role="control")
    (said,) = sides(HUMAN, each, system("a", PLAYED, VELOCITY.name), controls=[VELOCITY])
    assert "velocity and timing" not in said


def test_audio_is_said_to_be_audio() -> None:
    assert sides(HUMAN, system("wave", None, "human")) == [
        "wave is audio: a difference may also come from its instrument or recording."
    ]
    heard = system("human", None, role="reference")
    assert sides(heard, system("wave", None, "human"), system("a", PLAYED, "human")) == [
        "wave and human are audio: a difference may also come from their instruments or recordings."
    ]


@pytest.mark.parametrize("grid", GRIDS)
def test_each_grid_is_described_as_it_is(grid: Grid) -> None:
    with_control, without = (limits.of_grid(grid, "human", controls) for controls in ([VELOCITY], []))
    if grid != "auto":
        assert with_control.startswith(f"--grid {grid}: ")
        assert "own music" not in with_control
    else:
        assert "the limits of the system’s own music" in with_control
        assert without == "No control is used: no system has limits that are known and can be put on human."
    assert ("both sides share" in with_control) == (grid in ("auto", "all"))


@pytest.mark.parametrize("pedal", [False, True])
def test_the_sound_obeys_the_pedal_but_where_a_control_removes_it(pedal: bool) -> None:
    without = ControlContent(name="a", limits="", parts={"pedal": "no pedal"})
    assert limits.of_lengths([VELOCITY], pedal=pedal).endswith("The sound obeys the pedal.")
    assert limits.of_lengths([without], pedal=pedal).endswith(
        "The sound obeys the pedal, except under a control that removes it."
    )


def test_audio_and_files_without_notes_are_told_apart() -> None:
    assert fitted(None).reasons == ("it is audio, and its limits are not known",)
    assert fitted(None, kind="music without notes").reasons == (
        "it is music without notes, and its limits are not known",
    )


def test_grids_of_beats_of_some_files_are_named(tmp_path: Path) -> None:
    paths = [tmp_path / "beats.mid", tmp_path / "free.mid"]
    steps = [3, 1, 2, 2, 1, 3, 1, 1, 2, 3] * 4
    beats = [
        event
        for step in steps
        for event in ((120 * step, on(60, velocity=40 + step)), (60, off(60)), (60, on(62)), (0, off(62)))
    ]
    paths[0].write_bytes(midi((0, tempo(612_345)), *beats))
    free = [event for step in steps for event in ((37 * step, on(60, velocity=40 + step)), (61 + step, off(60)))]
    paths[1].write_bytes(midi((0, tempo(731_111)), *free))
    known = limits_of({"": paths}, workers=1)[""]
    (reason,) = fitted(known).reasons
    assert reason.startswith("no common grid in seconds and no single velocity in its 2 files; grids of beats: 1/")
    assert reason.endswith(" of a quarter in 1 of 2")
