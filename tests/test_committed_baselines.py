"""The project's own pieces measure today as they did when their baselines were committed."""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from baselines.pieces import NOTES, signals, write_notes, write_signals

from clstm.runtime.errors import MissingToolError
from evaluation.audio import synthesizer
from evaluation.drift.baseline import BaselineFile, read_baseline
from evaluation.drift.check import SAME, UNMATCHED, Check, check
from evaluation.drift.differences import compare
from evaluation.drift.measuring import measure_piece
from evaluation.measurement.environment import environment, settings_of
from evaluation.measurement.measure import measure_sound
from evaluation.metrics.catalogue import METRICS

HERE = Path(__file__).with_name("baselines")
AGAIN = "record again: python tests/baselines/record.py"
# What another machine may have otherwise. Everything else that a value depends on is ours, and changes with a commit.
INSTALLED = ("measuring.", "rendering.fluidsynth", "rendering.pyfluidsynth", "rendering.soundfont_sha256")


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pieces, and copies of the baselines beside them, as in a repository that was moved."""
    folder = tmp_path_factory.mktemp("pieces")
    write_notes(folder / "notes")
    write_signals(folder / "signals")
    for name in ("notes", "signals"):
        (folder / f"{name}.json").write_bytes((HERE / f"{name}.json").read_bytes())
    return folder


def edited(baseline: Path, section: str, name: str, value: str) -> Path:
    """The baseline as another environment would have recorded it."""
    content = json.loads(baseline.read_text(encoding="utf-8"))
    content["environment"][section][name] = value
    other = baseline.with_name(f"other-{baseline.name}")
    other.write_text(json.dumps(content), encoding="utf-8")
    return other


def installed_otherwise(found: Check) -> bool:
    return all(difference.name.startswith(INSTALLED) for difference in found.unmatched)


@pytest.mark.parametrize("name", ["notes", "signals"])
def test_the_baselines_fit_this_version(name: str) -> None:
    recorded = read_baseline(HERE / f"{name}.json")
    assert recorded.environment["measuring"]["clstm"] == version("clstm"), AGAIN
    assert recorded.units == {metric: about.unit for metric, about in METRICS.items()}, AGAIN
    assert recorded.inputs == [f"{name}/"]


def test_every_piece_is_in_a_baseline_and_no_other() -> None:
    assert set(read_baseline(HERE / "notes.json").files) == {f"{name}.mid" for name in NOTES}, AGAIN
    assert set(read_baseline(HERE / "signals.json").files) == {f"{name}.wav" for name in signals()}, AGAIN


def test_notes_measure_as_recorded_wherever_the_environment_is_the_one_recorded(music: Path) -> None:
    found = check(music / "notes.json")
    assert installed_otherwise(found)
    if found.unmatched:  # another FluidSynth: its sound may differ, and the status says so
        assert found.status == UNMATCHED
    else:
        assert found.moved == ()
        assert found.status == SAME


def test_signals_measure_as_recorded_whatever_is_installed(music: Path) -> None:
    found = check(music / "signals.json")
    assert found.moved == ()
    assert installed_otherwise(found)
    assert found.status == (UNMATCHED if found.unmatched else SAME)


def test_another_fluidsynth_is_noticed_and_named(music: Path) -> None:
    other = edited(music / "notes.json", "rendering", "fluidsynth", "1.0.0")
    found = check(other, [music / "notes" / "one-note.mid"])
    assert found.status == UNMATCHED
    assert f"rendering.fluidsynth: 1.0.0 recorded, {synthesizer.library_version()} now" in map(str, found.unmatched)


def test_signals_need_no_fluidsynth(music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise MissingToolError("FluidSynth's library is not installed")

    monkeypatch.setattr(synthesizer, "load_library", absent)
    recorded = read_baseline(music / "signals.json")
    now = environment(settings_of(recorded.environment), midi=False)
    assert now["rendering"] == recorded.environment["rendering"] == {"sample_rate": 44100}
    assert not measure_piece(music / "signals" / "short.wav").unreadable


def measured(decibels: float = 0.0, off: float = 0.0) -> dict[str, BaselineFile]:
    """The signals as 16-bit files, louder by so many decibels, with float samples off by a random share."""
    random = np.random.default_rng(0)
    pieces = {}
    for name, (waveform, rate) in signals().items():
        sound = np.round(waveform.reshape(len(waveform), -1) * 10 ** (decibels / 20) * 2**15) / 2**15
        sound = sound * (1 + off * random.standard_normal(sound.shape))
        pieces[name] = BaselineFile("", measure_sound(sound.astype(np.float32), rate))
    return pieces


@pytest.fixture(scope="module")
def exact() -> dict[str, BaselineFile]:
    return measured()


def test_no_metric_of_the_signals_depends_on_rounding(exact: dict[str, BaselineFile]) -> None:
    """Another library, or processor, rounds otherwise; float32 to about 1e-7."""
    assert compare(exact, measured(off=1e-7)) == []


def test_two_tenths_of_a_decibel_are_noticed_in_every_signal_but_silence(exact: dict[str, BaselineFile]) -> None:
    assert {moved.file for moved in compare(exact, measured(decibels=0.2))} == set(exact) - {"silence"}


def test_half_a_tenth_of_a_decibel_is_noticed_in_none(exact: dict[str, BaselineFile]) -> None:
    assert compare(exact, measured(decibels=0.05)) == []
