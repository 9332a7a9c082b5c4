"""What moved is found, what did not is not, and another environment is distinguished from drift."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from clstm.music.midi import Notes, write_midi
from clstm.runtime.errors import MismatchError, NothingUsableError, UserError
from evaluation.audio.buffers import Waveform
from evaluation.audio.files import write_audio
from evaluation.audio.render import RenderSettings, render
from evaluation.drift.baseline import BaselineFile, read_baseline
from evaluation.drift.check import MOVED, SAME, UNMATCHED, check, record, record_again
from evaluation.drift.differences import Moved, compare, other_metrics, tolerance
from evaluation.drift.measuring import measure_piece, named_files
from evaluation.measurement import cache
from evaluation.measurement.environment import EnvironmentDifference, differences, environment, settings_of
from evaluation.measurement.measure import measure_notes, measure_sound
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import MetricValue, Missing

SETTINGS = RenderSettings(sample_rate=22050)
TUNE = Notes.of([(k / 4, k / 4 + 0.25, 60 + 7 * k % 12, 60 + 5 * (k % 4)) for k in range(24)])
SOUND = render(TUNE, SETTINGS)


def faster(notes: Notes, share: float) -> Notes:
    return Notes(notes.onset / (1 + share), notes.offset / (1 + share), notes.pitch, notes.velocity)


def louder(waveform: Waveform, decibels: float) -> Waveform:
    return waveform * np.float32(10 ** (decibels / 20))


def measured(sound: Waveform, notes: Notes | None = None) -> dict[str, BaselineFile]:
    values = measure_sound(sound, SETTINGS.sample_rate) | (measure_notes(notes) if notes else {})
    return {"tune": BaselineFile("", values)}


def moved_metrics(recorded: Mapping[str, BaselineFile], now: Mapping[str, BaselineFile]) -> set[str]:
    return {moved.metric for moved in compare(recorded, now)}


def of(value: MetricValue) -> dict[str, BaselineFile]:
    return {"a.wav": BaselineFile("", {"centroid": value})}


# --- what moves, and by how much it may ------------------------------------------------------------------------------


def test_levels_may_move_by_a_tenth_loudness_range_by_half_a_unit_and_all_else_by_half_a_percent() -> None:
    for name, metric in METRICS.items():
        if name == "loudness_range":
            assert tolerance(name, 12.0) == 0.5
        elif metric.unit.startswith(("dB", "LU")):
            assert tolerance(name, -30.0) == 0.1
        else:
            assert tolerance(name, 200.0) == pytest.approx(1.0)
            assert tolerance(name, 0.0) == 1e-9


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("recorded", [-20.0, 0.0, 0.5, 3000.0])
def test_every_metric_moves_beyond_its_tolerance_and_not_within(metric: str, recorded: float) -> None:
    allowed = tolerance(metric, recorded)
    for sign in (-1, 1):
        within, beyond = (recorded + sign * share * allowed for share in (0.99, 1.01))
        before, near, far = ({"a": BaselineFile("", {metric: value})} for value in (recorded, within, beyond))
        assert compare(before, near) == []
        assert compare(before, far) == [Moved("a", metric, recorded, beyond)]


def test_what_was_missing_must_be_missing_for_the_same_reason() -> None:
    silent, short = Missing("silent"), Missing("shorter than 0.4 s")
    assert compare(of(silent), of(Missing("silent"))) == []
    assert compare(of(silent), of(short)) == [Moved("a.wav", "centroid", silent, short)]
    assert compare(of(silent), of(440.0)) == [Moved("a.wav", "centroid", silent, 440.0)]
    assert compare(of(440.0), of(silent)) == [Moved("a.wav", "centroid", 440.0, silent)]


def test_a_file_that_came_went_or_cannot_be_read_any_more_moved_as_a_whole() -> None:
    here, broken = BaselineFile("", {"centroid": 440.0}), BaselineFile("", {}, "0 bytes")
    gone = Missing("no such file")
    assert compare({"a": here}, {}) == [Moved("a", "", None, gone)]
    assert compare({}, {"a": here}) == [Moved("a", "", gone, None)]
    assert compare({"a": here}, {"a": broken}) == [Moved("a", "", None, Missing("0 bytes"))]
    assert compare({"a": broken}, {"a": here}) == [Moved("a", "", Missing("0 bytes"), None)]
    assert compare({"a": broken}, {"a": broken}) == []


def test_what_moved_is_in_the_order_recorded_with_new_files_last() -> None:
    before = {name: BaselineFile("", {"centroid": 1.0, "integrated_loudness": -20.0}) for name in ("b", "a")}
    after = {name: BaselineFile("", {"centroid": 2.0, "integrated_loudness": -21.0}) for name in ("c", "a", "b")}
    assert [(moved.file, moved.metric) for moved in compare(before, after)] == [
        *[("b", "integrated_loudness"), ("b", "centroid"), ("a", "integrated_loudness"), ("a", "centroid")],
        ("c", ""),
    ]


# --- the drifts it is there for --------------------------------------------------------------------------------------


def test_nothing_moves_in_the_same_music_rendered_again() -> None:
    assert compare(measured(SOUND, TUNE), measured(render(TUNE, SETTINGS), TUNE)) == []


@pytest.mark.parametrize("decibels", [0.2, -0.2])
def test_a_gain_of_two_tenths_of_a_decibel_moves_every_level_and_nothing_else(decibels: float) -> None:
    moved = moved_metrics(measured(SOUND), measured(louder(SOUND, decibels)))
    assert {"integrated_loudness", "true_peak", "mean_level"} <= moved
    assert {METRICS[metric].unit for metric in moved} <= {"LUFS", "dBTP", "dBFS"}


@pytest.mark.parametrize("decibels", [0.05, -0.05])
def test_a_gain_of_half_a_tenth_of_a_decibel_moves_nothing(decibels: float) -> None:
    assert compare(measured(SOUND), measured(louder(SOUND, decibels))) == []


def test_a_gain_that_a_renderer_changes_without_saying_moves_the_levels() -> None:
    renders = [
        render(TUNE, RenderSettings(sample_rate=22050, gain=0.8 * 10 ** (decibels / 20))) for decibels in (0.05, 0.2)
    ]
    assert compare(measured(SOUND), measured(renders[0])) == []
    assert "integrated_loudness" in moved_metrics(measured(SOUND), measured(renders[1]))


def test_one_step_of_velocity_is_noticed_in_the_sound() -> None:
    harder = Notes(TUNE.onset, TUNE.offset, TUNE.pitch, TUNE.velocity + 1)
    assert "integrated_loudness" in moved_metrics(measured(SOUND), measured(render(harder, SETTINGS)))


@pytest.mark.parametrize("share", [0.01, -0.01])
def test_a_tempo_of_one_percent_is_noticed_in_notes_and_in_audio_alone(share: float) -> None:
    other = faster(TUNE, share)
    sound = render(other, SETTINGS)
    assert {"note_density", "inter_onset_interval"} <= moved_metrics(measured(SOUND, TUNE), measured(sound, other))
    assert "duration" in moved_metrics(measured(SOUND), measured(sound))


def test_reverb_is_noticed() -> None:
    wet = render(TUNE, RenderSettings(sample_rate=22050, reverb=True))
    assert moved_metrics(measured(SOUND), measured(wet))


# --- recording and checking ------------------------------------------------------------------------------------------


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """A repository with music in two folders: MIDI, audio, silence and a file nobody can read."""
    folder = tmp_path / "repository" / "music"
    write_midi(TUNE, folder / "notes" / "tune.mid")
    write_audio(folder / "tune.wav", SOUND, SETTINGS.sample_rate)
    write_audio(folder / "silence.wav", np.zeros((9000, 1), dtype=np.float32), SETTINGS.sample_rate)
    (folder / "text.mid").write_text("hello")
    return folder


def test_a_baseline_holds_values_reasons_hashes_and_the_environment_and_moves_with_its_repository(
    music: Path, tmp_path: Path
) -> None:
    path = music.parent / "tests" / "baseline.json"
    done: list[tuple[str, int, int]] = []
    record([music], path, SETTINGS, progress=lambda *told: done.append(told))
    assert done == [("Measuring", count, 4) for count in (1, 2, 3, 4)]

    text = path.read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    content = json.loads(text)
    assert content["inputs"] == ["../music/"]
    assert content["environment"] == json.loads(json.dumps(environment(SETTINGS, midi=True)))
    assert list(content["files"]) == ["notes/tune.mid", "silence.wav", "text.mid", "tune.wav"]
    assert content["files"]["text.mid"]["unreadable"] == "not a MIDI file (it does not begin with MThd)"
    assert content["files"]["silence.wav"]["missing"]["centroid"] == "silent"
    assert content["files"]["notes/tune.mid"]["sha256"] == cache.sha256(music / "notes" / "tune.mid")
    assert content["files"]["notes/tune.mid"]["values"]["note_density"] == pytest.approx(4.0)

    moved = shutil.move(music.parent, tmp_path / "elsewhere")
    found = check(Path(moved) / "tests" / "baseline.json")
    assert (found.status, found.moved, found.changed) == (SAME, (), ())

    (Path(moved) / "music" / "text.mid").unlink()
    write_audio(Path(moved) / "music" / "tune.wav", louder(SOUND, 0.2), SETTINGS.sample_rate)
    write_midi(faster(TUNE, 0.01), Path(moved) / "music" / "new.mid")
    found = check(Path(moved) / "tests" / "baseline.json")
    assert found.status == MOVED
    assert found.changed == ("tune.wav",)
    assert found.files == ("notes/tune.mid", "silence.wav", "text.mid", "tune.wav", "new.mid")
    assert {(one.file, one.metric) for one in found.moved} >= {
        ("text.mid", ""),
        ("new.mid", ""),
        ("tune.wav", "true_peak"),
    }
    assert {one.file for one in found.moved} == {"text.mid", "new.mid", "tune.wav"}


def test_other_folders_take_the_place_of_those_recorded_and_are_measured_as_recorded(
    music: Path, tmp_path: Path
) -> None:
    path = tmp_path / "baseline.json"
    record([music / "notes"], path, SETTINGS)
    other = tmp_path / "another-place"
    shutil.copytree(music / "notes", other)
    assert check(path, [other]).status == SAME
    write_midi(faster(TUNE, 0.01), other / "tune.mid")
    found = check(path, [other / "tune.mid"])
    assert found.status == MOVED
    assert {"note_density", "duration"} <= {moved.metric for moved in found.moved}

    write_midi(TUNE, other / "tune.mid")
    again = record_again(path, [other])
    assert again.inputs == ["another-place/"]
    assert settings_of(again.environment) == SETTINGS


def test_a_baseline_of_the_first_format_is_still_read(music: Path, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    record([music / "tune.wav", music / "silence.wav"], path, SETTINGS, 1)
    content = json.loads(path.read_text(encoding="utf-8"))
    content["format"] = "clstm spectra 1"
    for file in content["files"].values():
        file["figures"] = file.pop("values")
    old = path.with_name("old.json")
    old.write_text(json.dumps(content), encoding="utf-8")
    assert read_baseline(old) == read_baseline(path)
    found = check(old, workers=1)
    assert (found.status, found.moved) == (SAME, ())
    record_again(old, workers=1)
    assert old.read_bytes() == path.read_bytes()


def test_a_setting_or_version_that_differs_is_unmatched_and_named_whatever_moved(music: Path, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    record([music / "tune.wav"], path, SETTINGS)
    content = json.loads(path.read_text(encoding="utf-8"))
    content["environment"]["measuring"]["numpy"] = "0.1"
    del content["units"]["centroid"], content["files"]["tune.wav"]["values"]["centroid"]
    content["units"]["long_gone"] = "Hz"
    content["files"]["tune.wav"]["values"]["long_gone"] = 1.0
    content["units"]["rolloff_85"] = "kHz"
    content["files"]["tune.wav"]["values"]["rolloff_85"] /= 1000
    path.write_text(json.dumps(content), encoding="utf-8")
    found = check(path)
    assert found.status == UNMATCHED
    assert found.moved == ()  # a metric without a counterpart has not moved
    assert [(one.name, one.recorded, one.now) for one in found.unmatched] == [
        ("measuring.numpy", "0.1", np.__version__),
        ("metric.rolloff_85", "kHz", "Hz"),
        ("metric.long_gone", "Hz", "none"),
        ("metric.centroid", "none", "Hz"),
    ]


def test_nothing_is_remembered_from_an_earlier_measurement(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    assert not measure_piece(music / "notes" / "tune.mid", SETTINGS).unreadable
    assert not (tmp_path / "cache").exists()
    assert cache.folder() == tmp_path / "cache"


def test_the_same_metrics_need_no_new_baseline_and_others_do() -> None:
    units = {name: metric.unit for name, metric in METRICS.items()}
    assert other_metrics(units) == []
    assert other_metrics(units | {"warmth": ""}) == [EnvironmentDifference("metric.warmth", "a number", "none")]


# --- the environment -------------------------------------------------------------------------------------------------


def test_an_environment_names_what_renders_and_measures_and_differs_where_it_does() -> None:
    recorded = environment(SETTINGS, midi=True)
    assert {"numpy", "scipy", "pyloudnorm", "soxr", "soundfile", "libsndfile", "librosa"} <= set(recorded["measuring"])
    assert differences(recorded, json.loads(json.dumps(recorded))) == []
    assert [
        one.name for one in differences(recorded, environment(RenderSettings(sample_rate=22050, gain=0.9), midi=True))
    ] == [
        "rendering.gain",
        "rendering.fluidsynth_settings.synth.gain",
    ]
    assert str(differences(recorded, {**recorded, "rendering": {}})[-1]).startswith("rendering.fluidsynth_settings.")


def test_settings_come_back_as_recorded(tmp_path: Path) -> None:
    settings = RenderSettings(sample_rate=48000, gain=0.5, reverb=True, chorus=True, polyphony=64, tail=2.0)
    assert settings_of(environment(settings, midi=True)) == settings
    with pytest.raises(UserError, match="a gain of 99 cannot be rendered"):
        settings_of({"rendering": {"gain": 99}})
    with pytest.raises(UserError, match=r"cannot use the recorded settings.*record again"):
        settings_of({"rendering": {"gain": "loud"}})


# --- mistakes --------------------------------------------------------------------------------------------------------


def test_files_have_one_name_each_their_own_or_that_in_their_folder(music: Path, tmp_path: Path) -> None:
    assert list(named_files([music])) == ["notes/tune.mid", "silence.wav", "text.mid", "tune.wav"]
    assert list(named_files([music / "notes" / "tune.mid", music / "tune.wav"])) == ["tune.mid", "tune.wav"]
    other = tmp_path / "other"
    shutil.copytree(music / "notes", other)
    assert list(named_files([music / "notes", other])) == ["notes/tune.mid", "other/tune.mid"]
    with pytest.raises(UserError, match="have the same name here; give the folder with both"):
        named_files([music / "notes" / "tune.mid", other / "tune.mid"])
    with pytest.raises(UserError, match="nowhere does not exist"):
        named_files([tmp_path / "nowhere"])


def test_what_cannot_be_recorded_leaves_the_old_baseline(music: Path, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    old = '{"format": "clstm spectra 1"}'
    path.write_text(old)
    with pytest.raises(NothingUsableError, match=r"no file can be measured: text\.mid: not a MIDI file"):
        record([music / "text.mid"], path, SETTINGS)
    assert path.read_text() == old
    with pytest.raises(UserError, match="is a folder; give a file"):
        record([music / "tune.wav"], tmp_path, SETTINGS)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "cannot be opened"),
        (b"\xff\xfe", "is not a baseline"),
        (b"{", "is not a baseline"),
        (b"[1]", "no format"),
        (b'{"format": "clstm spectra 0"}', "clstm spectra 0, not clstm spectra 2"),
        (b'{"format": "clstm spectra 1"}', "damaged baseline"),
        (b'{"format": "clstm spectra 1", "files": {"a": 1}}', "damaged baseline"),
        (
            b'{"format": "clstm spectra 1", "files": {}, "inputs": [], "units": {}, "environment": {}}',
            "damaged baseline",
        ),
    ],
)
def test_what_is_no_baseline_is_refused_with_the_reason(content: bytes | None, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=complaint):
        read_baseline(path)


def test_a_check_of_nothing_that_was_recorded_is_a_mistake_and_no_drift(music: Path, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    record([music / "notes"], path, SETTINGS)
    with pytest.raises(MismatchError, match=r"none of the 1 files is in .*baseline\.json, which has tune\.mid"):
        check(path, [music / "tune.wav"])
    content = json.loads(path.read_text(encoding="utf-8"))
    content["environment"]["rendering"]["soundfont"] = "theirs.sf2"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(MismatchError, match=r"recorded with theirs\.sf2, not TimGM6mb\.sf2; give theirs\.sf2"):
        record_again(path)
    shutil.rmtree(music)
    with pytest.raises(UserError, match=r"none of its recorded inputs exists .*name the inputs"):
        check(path)
