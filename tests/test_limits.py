"""What limits music has, and when a reference is brought to those of a score matrix."""

from pathlib import Path

import pytest
from midi_bytes import controller, midi, off, on, program

from clstm.music.midi import Notes, write_midi
from evaluation.comparison.compare import ComparisonRequest, judge
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.limits import Limits, limits_of

ON_GRID = [(0.0, 0.5, 60, 80), (0.125, 0.5, 64, 80), (1.0, 1.5, 67, 80)]
PLAYED = [(0.013, 0.5, 60, 40), (0.131, 0.5, 64, 80), (1.07, 1.5, 67, 100)]


def found(path: Path, *, same_grid: bool = False) -> Limits | None:
    return limits_of([MeasurementInput(path, same_grid=same_grid)])


def test_a_models_music_has_all_limits_of_a_score_matrix(tmp_path: Path) -> None:
    write_midi(Notes.of(ON_GRID), tmp_path / "a.mid")
    limits = found(tmp_path / "a.mid")
    assert limits == Limits(one_velocity=True, on_grid=True, piano=True)
    assert limits.of_a_score_matrix
    assert limits.beyond() == ""


def test_one_file_of_many_without_a_limit_is_enough(tmp_path: Path) -> None:
    write_midi(Notes.of(ON_GRID), tmp_path / "a.mid")
    write_midi(Notes.of(PLAYED), tmp_path / "b.mid")
    limits = limits_of([MeasurementInput(tmp_path / "a.mid"), MeasurementInput(tmp_path / "b.mid")])
    assert limits == Limits(one_velocity=False, on_grid=False, piano=True)
    assert found(tmp_path / "b.mid", same_grid=True) == Limits(one_velocity=True, on_grid=True, piano=True)


@pytest.mark.parametrize("event", [program(40), on(36, 9), controller(64, 127)])
def test_drums_other_instruments_and_pedals_are_beyond_a_score_matrix(event: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(midi((0, event), (0, on(60)), (480, off(60))))
    limits = found(tmp_path / "a.mid")
    assert limits == Limits(one_velocity=True, on_grid=True, piano=False)
    assert limits.beyond() == "instruments or pedal"


def test_of_audio_and_of_silence_nothing_is_known(tmp_path: Path) -> None:
    assert found(tmp_path / "a.wav") is None
    write_midi(Notes.of(), tmp_path / "a.mid")
    assert found(tmp_path / "a.mid") is None


def folders(root: Path, **music: list[tuple[float, float, int, int]]) -> dict[str, Path]:
    for name, rows in music.items():
        for number in range(3):
            moved = [(onset, offset, pitch + number, velocity) for onset, offset, pitch, velocity in rows]
            write_midi(Notes.of(moved), root / name / f"{number}.mid")
    return {name: root / name for name in music}


def compared(sources: dict[str, Path], root: Path, grid: str = "auto") -> tuple[str, list[str]]:
    verdict = judge(ComparisonRequest(sources, "human", root / "out", grid=grid))  # type: ignore[arg-type]
    return verdict.reference, verdict.remarks


def test_the_reference_is_brought_to_the_grid_where_all_others_are_on_it(tmp_path: Path) -> None:
    sources = folders(tmp_path, human=PLAYED, model=ON_GRID)
    assert compared(sources, tmp_path)[0] == "human, same grid"


def test_performances_are_compared_with_performances_as_they_are(tmp_path: Path) -> None:
    sources = folders(tmp_path, human=PLAYED, other=PLAYED)
    reference, remarks = compared(sources, tmp_path)
    assert reference == "human"
    assert "other has velocities and timing that a score matrix cannot have: all music is compared as it is" in remarks


def test_where_some_are_on_the_grid_and_others_not_it_is_said_which(tmp_path: Path) -> None:
    sources = folders(tmp_path, human=PLAYED, model=ON_GRID, other=PLAYED)
    reference, remarks = compared(sources, tmp_path)
    assert reference == "human"
    assert any(remark.startswith("model has neither: compare it alone") for remark in remarks)
    assert compared(sources, tmp_path, "reference")[0] == "human, same grid"
