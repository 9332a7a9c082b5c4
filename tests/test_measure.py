"""The tables: every metric is there, is a number or says why not, and no file takes the others with it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clstm.music.midi import Notes, write_midi
from clstm.runtime.errors import NothingUsableError, UnreadableFileError
from evaluation.audio.files import write_audio
from evaluation.audio.render import RenderSettings, render
from evaluation.measurement.measure import complete, measure_file, measure_notes, measure_sound
from evaluation.measurement.systems import COLUMNS, Measurements, measure_systems
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import VIEWS, Missing

SETTINGS = RenderSettings(sample_rate=22050)
TUNE = Notes.of([(k / 4, k / 4 + 0.25, 60 + k % 7, 80) for k in range(20)])
LOOP = Notes.of([(k / 4, k / 4 + 0.25, 60 + k % 7, 80) for k in range(130)])  # long enough for every metric


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_midi(LOOP, tmp_path / "tune.mid")
    write_audio(tmp_path / "tune.flac", render(LOOP, SETTINGS), SETTINGS.sample_rate)
    (tmp_path / "text.mid").write_text("hello")
    (tmp_path / "empty.wav").write_bytes(b"")
    return tmp_path


NEED_FILES = ("instruments", "metre", "papers")
OF_FILES = {name for name, one in METRICS.items() if one.view in NEED_FILES}  # not of notes alone
PAPERS = {
    name
    for name, value in measure_notes(LOOP).items()
    if METRICS[name].view == "papers" and not isinstance(value, Missing)
} | {name for name, one in METRICS.items() if one.heard}


def test_the_catalogue_says_what_each_metric_is() -> None:
    for name, metric in METRICS.items():
        assert name == name.lower()
        assert metric.definition.endswith(".")
        assert metric.view in VIEWS
    assert len({metric.label for metric in METRICS.values()}) == len(METRICS)


def test_sound_and_notes_together_give_the_whole_catalogue() -> None:
    values = {**measure_sound(render(LOOP, SETTINGS), SETTINGS.sample_rate), **measure_notes(LOOP)}
    assert list(complete(values)) == list(METRICS)
    assert values.keys() == METRICS.keys()
    assert {
        name for name, value in values.items() if isinstance(value, Missing) or np.isnan(value)
    } == OF_FILES - PAPERS


def test_silence_has_no_metric_that_pretends() -> None:
    values = measure_sound(np.zeros((44100, 2), dtype=np.float32), 44100)
    assert {name for name, value in values.items() if not isinstance(value, Missing)} == {
        "duration",
        "clipped_samples",
    }
    assert {value for value in values.values() if isinstance(value, Missing)} == {Missing("silent")}


def test_a_file_of_midi_has_every_metric_and_one_of_audio_none_of_the_notes(folder: Path) -> None:
    midi, audio = (measure_file(folder / name, SETTINGS) for name in ("tune.mid", "tune.flac"))
    plain = {name: midi[name] for name in ("families", "keyboards_notes", "guitar_notes", "drum_density")}
    assert plain == {"families": 1.0, "keyboards_notes": 1.0, "guitar_notes": 0.0, "drum_density": 0.0}
    assert {name for name, value in midi.items() if value is None} < OF_FILES
    assert [name for name, value in audio.items() if value is None] == list(measure_notes(TUNE))
    assert midi["integrated_loudness"] == pytest.approx(audio["integrated_loudness"], abs=0.1)  # the file has a tail
    assert midi["spectral_change"] == pytest.approx(audio["spectral_change"], rel=0.05)


def test_a_file_that_cannot_be_read_says_why(folder: Path) -> None:
    with pytest.raises(UnreadableFileError, match="not a MIDI file"):
        measure_file(folder / "text.mid", SETTINGS)


def test_a_table_has_one_row_per_metric_and_a_reason_wherever_the_value_is_missing(folder: Path) -> None:
    done: list[tuple[str, int, int]] = []
    systems = {
        "human": [folder / "tune.mid"],
        "model": [folder / "text.mid", folder / "tune.flac", folder / "empty.wav"],
    }
    table = measure_systems(systems, SETTINGS, lambda *told: done.append(told)).values
    assert tuple(table.columns) == COLUMNS
    assert len(table) == 4 * len(METRICS)
    assert done == [("Measuring", count, 4) for count in (1, 2, 3, 4)]
    assert (table["value"].isna() == (table["note"] != "")).all()
    lacking = table[table["value"].isna() & (table["system"] == "model")]
    reasons = lacking.groupby("piece")["note"].unique().apply(list).to_dict()
    assert reasons == {
        "empty": ["0 bytes"],
        "text": ["not a MIDI file (it does not begin with MThd)"],
        "tune": ["audio has no notes"],
    }
    human = table[table["system"] == "human"].set_index("metric")
    expected = {
        name: np.nan if one is None else one for name, one in measure_file(folder / "tune.mid", SETTINGS).items()
    }
    assert human["value"].to_dict() == pytest.approx(expected, nan_ok=True)
    assert human.loc["centroid", "unit"] == "Hz"


def test_equal_names_stay_two_pieces(folder: Path) -> None:
    table = measure_systems({"all": [folder / "tune.mid", folder / "tune.flac"]}, SETTINGS).values
    assert table["piece"].nunique() == 2


def test_a_system_without_a_usable_file_is_named(folder: Path) -> None:
    systems = {"good": [folder / "tune.mid"], "bad": [folder / "text.mid", folder / "empty.wav"]}
    with pytest.raises(NothingUsableError, match=r"bad has no file that can be measured: .*text\.mid.*0 bytes"):
        measure_systems(systems, SETTINGS)
    with pytest.raises(NothingUsableError, match="none given"):
        measure_systems({"nobody": []}, SETTINGS)


def test_the_old_name_of_the_values_still_answers_and_warns() -> None:
    measured = Measurements(pd.DataFrame({"value": [1.0]}), pd.DataFrame())
    with pytest.warns(DeprecationWarning, match=r"Measurements\.figures is now called values"):
        assert measured.figures is measured.values
