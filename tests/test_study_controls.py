"""Human clips are heard under the limits of the systems beside them, and systems as their makers meant them."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from midi_bytes import controller, midi, off, on, program
from mutagen.flac import FLAC
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.music.midi import Notes, write_midi
from clstm.runtime.errors import UserError
from evaluation.audio.render import RenderSettings
from evaluation.controls.control import NO_CONTROL, SCORE_MATRIX, Control
from listening_study.blinding.audit import BlindingVerdict, examine, judge
from listening_study.protocol.configuration import Clips, Configuration, Design
from listening_study.protocol.key import open_key
from listening_study.protocol.order import open_order
from listening_study.protocol.registration import open_registration
from listening_study.protocol.study import Study, read_study
from listening_study.stimuli.controls import as_stated, matched, stated_in
from listening_study.stimuli.creation import Created, create_study
from listening_study.stimuli.songs import SourcePiece, open_songs

PLAN = Configuration(clips=Clips(count=4, seconds=2.0, after=0), design=Design(practice=0, headphone_check=False))
SETTINGS = RenderSettings()
Sources = dict[str, list[Path]]


def performed(folder: Path, name: str, count: int = 4) -> list[Path]:
    """Off any grid, each note with a velocity of its own."""
    random = np.random.default_rng(len(name))
    paths = []
    for number in range(count):
        onsets = np.cumsum(random.uniform(0.17, 0.41, 24))
        rows = [(t, t + 0.3, 50 + int(random.integers(24)), int(random.integers(30, 110))) for t in onsets.tolist()]
        paths.append(folder / f"{name}{number}.mid")
        write_midi(Notes.of(rows), paths[-1])
    return paths


def written(folder: Path, name: str, per_second: int, velocity: int = 80, count: int = 4) -> list[Path]:
    """On a grid, at one velocity."""
    random = np.random.default_rng(len(name))
    paths = []
    for number in range(count):
        frames = np.cumsum(random.integers(1, 4, 40))
        rows = [
            (f / per_second, (f + 1) / per_second, 50 + int(random.integers(24)), velocity) for f in frames.tolist()
        ]
        paths.append(folder / f"{name}{number}.mid")
        write_midi(Notes.of(rows), paths[-1])
    return paths


def band(folder: Path, name: str, count: int = 4) -> list[Path]:
    """Strings, drums and a pedal, with dynamics and no grid."""
    random = np.random.default_rng(len(name))
    paths = []
    for number in range(count):
        events = [(0, program(48)), (0, controller(64, 127))]
        for _ in range(24):
            velocity, key = int(random.integers(40, 110)), int(random.integers(50, 74))
            events += [(int(random.integers(31, 211)), on(key, velocity=velocity)), (0, on(36, 9, velocity))]
            events += [(211, off(key)), (0, off(36, 9))]
        paths.append(folder / f"{name}{number}.mid")
        paths[-1].write_bytes(midi(*events))
    return paths


def made(sources: Sources, out: Path, plan: Configuration = PLAN) -> Created:
    return create_study(sources, "zebrafinch", out, plan, SETTINGS)


def clip_of(study: Study, source: str, piece: str) -> tuple[np.ndarray, float]:
    """The samples of a source's clip of a piece, and where it begins in the piece."""
    origins = open_key(study).clips
    [(name, origin)] = [(n, o) for n, o in origins.items() if (o.source, o.piece) == (source, piece)]
    return soundfile.read(study.clip_path(name), dtype="float32")[0], origin.start


def opened(path: Path, control: Control) -> SourcePiece:
    (song,) = open_songs([path], SETTINGS, control)
    assert isinstance(song, SourcePiece)
    return song


def shape(waveform: np.ndarray) -> np.ndarray:
    """Without its level and its edges."""
    inner = waveform[4410:-8820]
    return inner / np.abs(inner).max()


@pytest.mark.parametrize(
    ("system", "control"),
    [
        (lambda folder: written(folder, "quokka", 8), SCORE_MATRIX),
        (lambda folder: written(folder, "quokka", 12, velocity=64), Control(12, offsets=True, velocity=64)),
        (lambda folder: performed(folder, "quokka"), NO_CONTROL),
        (lambda folder: band(folder, "quokka"), NO_CONTROL),
    ],
)
def test_human_clips_are_heard_under_the_limits_of_the_system(system: object, control: Control, tmp_path: Path) -> None:
    sources = {"zebrafinch": performed(tmp_path, "finch"), "quokka": system(tmp_path)}  # type: ignore[operator]
    study = made(sources, tmp_path / "study").study
    assert stated_in(study.sound) == control
    for source, paths in sources.items():
        for path in paths:
            clip, start = clip_of(study, source, path.name)
            expected = opened(path, control).excerpt(start, 2.0)
            np.testing.assert_allclose(shape(clip), shape(expected), atol=2e-3)


def test_a_system_passes_its_own_limits_unchanged(tmp_path: Path) -> None:
    (path,) = written(tmp_path, "quokka", 12, velocity=64, count=1)
    control = matched({"quokka": [path], "zebrafinch": performed(tmp_path, "finch")}, "zebrafinch").control
    np.testing.assert_array_equal(opened(path, control).excerpt(1.0, 2.0), opened(path, NO_CONTROL).excerpt(1.0, 2.0))


def test_several_systems_have_the_limits_of_all_and_the_study_says_whose_they_are(tmp_path: Path) -> None:
    sources = {
        "zebrafinch": performed(tmp_path, "finch"),
        "quokka": written(tmp_path, "quokka", 12, velocity=64),
        "wombat": performed(tmp_path, "wombat"),
        "numbat": written(tmp_path, "numbat", 16, velocity=90),
    }
    created = made(sources, tmp_path / "study")
    assert stated_in(created.study.sound) == Control(4, offsets=True, velocity=64)
    controls = open_registration(created.study).controls
    assert list(controls) == ["quokka", "wombat", "numbat"]
    assert "grid of 1/12 s; all notes of its 4 files have velocity 64" in controls["quokka"]
    assert controls["wombat"] == "no common grid in seconds and no single velocity in its 4 files"


def test_as_played_nothing_is_limited(tmp_path: Path) -> None:
    sources = {"zebrafinch": performed(tmp_path, "finch"), "quokka": written(tmp_path, "quokka", 8)}
    plan = PLAN.model_copy(update={"clips": PLAN.clips.model_copy(update={"as_played": True})})
    study = made(sources, tmp_path / "study", plan).study
    assert stated_in(study.sound) == NO_CONTROL
    assert open_registration(study).controls == {}


def test_of_audio_no_limits_are_known(tmp_path: Path) -> None:
    sound = tmp_path / "a.wav"
    soundfile.write(sound, np.zeros((44100, 2)), 44100)
    found = matched({"zebrafinch": performed(tmp_path, "finch"), "quokka": [sound]}, "zebrafinch")
    assert found.control == NO_CONTROL
    assert found.reasons() == {"quokka": "it is audio, and its limits are not known"}


def test_human_music_with_limits_that_the_system_lacks_is_pointed_out(tmp_path: Path) -> None:
    sources = {"zebrafinch": written(tmp_path, "finch", 8), "quokka": performed(tmp_path, "quokka")}
    (notice,) = matched(sources, "zebrafinch").cautions()
    assert notice.startswith("zebrafinch: its music has 1/8 s grid")
    assert "may reveal it" in notice
    sources = {"zebrafinch": performed(tmp_path, "finch"), "quokka": written(tmp_path, "quokka", 8)}
    assert matched(sources, "zebrafinch").cautions() == []


def test_a_study_of_before_says_what_it_passed_through() -> None:
    assert stated_in({"as_played": False}) == SCORE_MATRIX
    assert stated_in({"as_played": True}) == NO_CONTROL
    for control in (SCORE_MATRIX, NO_CONTROL, Control(12, velocity="piece")):
        assert stated_in({"control": as_stated(control)}) == control


@pytest.fixture(scope="module")
def drummed(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("drummed")
    plan = PLAN.model_copy(update={"clips": PLAN.clips.model_copy(update={"count": 8})})
    sources = {"zebrafinch": performed(folder, "finch", 8), "quokka": band(folder, "quokka", 8)}
    return made(sources, folder / "study", plan).study


def test_no_file_tells_a_source_where_clips_differ_in_instruments_and_dynamics(drummed: Study) -> None:
    paths = [drummed.clip_path(clip) for clip in drummed.clips]
    assert len({(path.stat().st_size, path.stat().st_mtime_ns) for path in paths}) == 1
    assert len({FLAC(path).info.total_samples for path in paths}) == 1
    found = judge(drummed, open_key(drummed), open_order(drummed), examine(drummed))
    exact = [finding for finding in found.findings if finding.kind == "exact"]
    assert {finding.verdict for finding in exact} == {BlindingVerdict.CLEAN}, exact


def test_the_audit_says_which_limits_and_why(drummed: Study) -> None:
    shown = CliRunner().invoke(load_commands(), ["study", "audit", str(drummed.folder), "--no-server"])
    assert "Music is heard as it was made (quokka: no common grid in seconds and no single velocity" in " ".join(
        shown.output.split()
    )


def test_drums_alone_are_heard_where_no_limit_leaves_them_out(tmp_path: Path) -> None:
    path = tmp_path / "drums.mid"
    path.write_bytes(midi(*[event for _ in range(12) for event in ((240, on(36, 9)), (60, off(36, 9)))]))
    assert np.abs(opened(path, NO_CONTROL).excerpt(0.0, 2.0)).max() > 0.001
    (refused,) = open_songs([path], SETTINGS, SCORE_MATRIX)
    assert str(refused).endswith("only drums, which the limits of the systems leave out")


def test_the_pedal_lengthens_notes_where_the_limits_leave_no_pedal(tmp_path: Path) -> None:
    path = tmp_path / "held.mid"
    path.write_bytes(midi((0, controller(64, 127)), (0, on(60)), (240, off(60)), (3600, controller(64, 0))))
    short, long = (next(open_songs([path], SETTINGS, SCORE_MATRIX, pedal=pedal)) for pedal in (False, True))
    assert isinstance(short, SourcePiece)
    assert isinstance(long, SourcePiece)
    assert (short.seconds, long.seconds) == (0.25, 4.0)


def test_the_study_reads_back_as_it_was_made(drummed: Study) -> None:
    assert read_study(drummed.folder).sound == drummed.sound


def test_a_pedal_in_human_music_alone_is_pointed_out_until_it_is_declared(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    sources = {"zebrafinch": band(tmp_path, "finch"), "quokka": performed(model, "quokka")}
    (notice,) = matched(sources, "zebrafinch").cautions()
    assert notice.startswith("zebrafinch: pedals are pressed in its music alone")
    limits = {"items": [], "limits": {"pedal": "none", "instruments": [0], "drums": False}}
    (model / "generated.json").write_text(json.dumps(limits), encoding="utf-8")
    found = matched(sources, "zebrafinch")
    assert found.cautions() == []
    assert found.control == Control(programs=(0,), drums=False, pedal="none")


@pytest.mark.parametrize("control", [{"grid": 8}, {"programs": 3}, 7, "none"])
def test_a_damaged_control_is_refused_in_one_line(control: object) -> None:
    with pytest.raises(UserError, match=r"study\.json is damaged"):
        stated_in({"control": control})


def test_systems_whose_limits_no_music_can_have_are_refused_in_one_line(tmp_path: Path) -> None:
    sources: Sources = {"zebrafinch": performed(tmp_path, "finch")}
    for name, limits in (("quokka", [0, 40]), ("wombat", [60, 127])):
        (tmp_path / name).mkdir()
        path = tmp_path / name / "a.mid"
        write_midi(Notes.of([(0.0, 3.0, limits[0] + 20 * (name == "quokka"), 80)]), path)
        declared = {"items": [], "limits": {"range": limits}}
        (tmp_path / name / "generated.json").write_text(json.dumps(declared), encoding="utf-8")
        sources[name] = [path]
    with pytest.raises(UserError, match="no music can obey the limits of all systems; leave one out"):
        matched(sources, "zebrafinch")
