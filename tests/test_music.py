"""Three lines from a notebook give every view and every number."""

from pathlib import Path

import numpy as np
import pytest

from clstm.music.midi import Notes, write_midi
from clstm.runtime.errors import UserError
from evaluation.audio.files import write_audio
from evaluation.audio.render import RenderSettings
from evaluation.measurement.measure import measure_file
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import Missing
from evaluation.music import Music

SETTINGS = RenderSettings(sample_rate=22050)
TUNE = Notes.of([(k / 4 + 0.01, k / 4 + 0.26, 60 + k % 7, 40 + k) for k in range(48)])


@pytest.fixture(scope="module")
def midi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("notebook") / "tune.mid"
    write_midi(TUNE, path)
    return path


@pytest.fixture(scope="module")
def music(midi: Path) -> Music:
    return Music.read(midi, SETTINGS)


def test_the_metrics_are_those_of_the_tables(music: Music, midi: Path) -> None:
    expected = measure_file(midi, SETTINGS)
    found = {name: None if isinstance(one, Missing) else one for name, one in music.metrics.items()}
    assert found == pytest.approx(expected)
    table = music.table()
    assert list(table.index) == list(METRICS)
    assert table.loc["centroid", "value"] == expected["centroid"]
    assert table.loc["novelty_rate", "note"] == "shorter than 30 s"


def test_the_old_name_of_the_metrics_still_answers_and_warns(music: Music) -> None:
    with pytest.warns(DeprecationWarning, match=r"Music\.figures is now called metrics"):
        assert music.figures is music.metrics


@pytest.mark.parametrize("view", ["envelope", "analytic_envelope", "loudness", "spectrum", "novelty"])
def test_a_curve_has_an_axis_and_as_many_values(music: Music, view: str) -> None:
    axis, values = getattr(music, view)()
    assert len(axis) == len(values) > 10
    assert (np.diff(axis) > 0).all()


@pytest.mark.parametrize("scale", ["linear", "mel", "cqt"])
def test_a_sonogram_has_two(music: Music, scale: str) -> None:
    frequency, times, level = music.sonogram(scale)
    assert level.shape == (len(frequency), len(times))


def test_moments_are_compared_with_each_other(music: Music) -> None:
    times, alike = music.self_similarity()
    assert alike.shape == (len(times), len(times))


def test_a_scale_that_does_not_exist_is_named(music: Music) -> None:
    with pytest.raises(
        UserError, match=r"the scale of a sonogram 'bark' is not known; choose one of: linear, mel, cqt"
    ):
        music.sonogram("bark")


def test_the_same_grid_takes_touch_and_timing_away(midi: Path) -> None:
    grid = Music.read(midi, SETTINGS, on_same_grid=True)
    assert grid.notes is not None
    assert set(grid.notes.velocity) == {80}
    assert grid.notes.onset[0] == 0


def test_audio_has_no_score_and_says_what_was_done_to_it(music: Music, tmp_path: Path) -> None:
    write_audio(tmp_path / "tune.wav", music.waveform[:, :1], 22050)
    audio = Music.read(tmp_path / "tune.wav")
    assert audio.score is None
    assert audio.metrics["note_density"] == Missing("audio has no notes")
    assert "resampled from 22050 Hz" in audio.remarks
    assert music.score is not None
    assert music.score.shape[0] == 156
