"""The catalogue of metrics has a version, and what was recorded with an earlier one is checked as far as it can be."""

import json
from pathlib import Path

import numpy as np
import pytest
from baselines.pieces import NOTES, RATE, signals

from clstm.music.midi import Notes, write_midi
from clstm.runtime.errors import MismatchError
from evaluation.audio.files import write_audio
from evaluation.drift.baseline import read_baseline
from evaluation.drift.check import MOVED, SAME, UNMATCHED, Check, check, record
from evaluation.drift.report import text
from evaluation.metrics.catalogue import CATALOGUE, METRICS, of_notes, redefined

HERE = Path(__file__).with_name("baselines")
ADDED = {name for name, one in METRICS.items() if one.view in ("instruments", "metre", "papers")}  # by 4, 5 and 6


def test_no_definition_is_newer_than_the_catalogue() -> None:
    assert max(metric.since for metric in METRICS.values()) <= CATALOGUE
    assert min(metric.since for metric in METRICS.values()) == 1


def test_nothing_is_redefined_since_today() -> None:
    assert redefined(CATALOGUE, rendered=True) == redefined(CATALOGUE, rendered=False) == frozenset()


def test_all_sound_of_notes_was_another_before_it_was_as_written() -> None:
    audio, notes = redefined(1, rendered=False), redefined(1, rendered=True)
    assert {"level_spread", "compression_ratio"} <= audio
    assert not {"integrated_loudness", "note_density"} & audio
    assert redefined(2, rendered=False) == redefined(3, rendered=True) == ADDED
    of_sound = {name for name in METRICS if not of_notes(name)}
    assert redefined(2, rendered=True) == of_sound | ADDED <= notes
    assert not {"note_density", "longest_repeat_share"} & notes


def test_a_twin_is_measured_and_not_tested_and_its_other_is() -> None:
    for name, metric in METRICS.items():
        assert metric.tested == (metric.compared and metric.twin is None)
        if metric.twin:
            assert 0.95 < abs(metric.twin.r) <= 1
            assert METRICS[metric.twin.of].tested, name
            assert metric.twin.reason


# --- a baseline of the version before --------------------------------------------------------------------------------


def music(folder: Path, name: str, semitones: int = 0, decibels: float = 0.0) -> Path:
    """The pieces of the baselines of catalogue 1, as they were or changed, beside a copy of the baseline."""
    baseline = folder / f"{name}.json"
    baseline.write_bytes((HERE / f"catalogue1-{name}.json").read_bytes())
    for file in read_baseline(baseline).files:
        if name == "notes":
            onset, offset, pitch, velocity = zip(*NOTES[Path(file).stem], strict=True)
            rows = zip(onset, offset, np.array(pitch) + semitones * np.arange(len(pitch)) % 13, velocity, strict=True)
            write_midi(Notes.of(list(rows)), folder / name / file)
        else:
            waveform, rate = signals()[Path(file).stem]
            (folder / name).mkdir(exist_ok=True)
            write_audio(
                folder / name / file,
                np.float32(10 ** (decibels / 20)) * waveform.reshape(len(waveform), -1).astype(np.float32),
                rate,
            )
    return baseline


def expected(found: Check, status: int) -> int:
    """Another FluidSynth, or version of what measures, is another environment whatever moved."""
    return UNMATCHED if found.unmatched else status


@pytest.mark.parametrize("name", ["notes", "signals"])
def test_music_that_did_not_change_passes_the_baseline_of_the_version_before(name: str, tmp_path: Path) -> None:
    found = check(music(tmp_path, name))
    assert not [one for one in found.unmatched if one.name.startswith("metric.")]
    assert found.moved == ()
    assert found.status == expected(found, SAME)
    (said,) = [line for line in text(found).splitlines() if "earlier catalogue" in line]
    assert {"level_spread", "change_ratio"} <= set(found.redefined)
    for metric in found.redefined:
        assert metric in said


def test_notes_that_changed_fail_the_baseline_of_the_version_before(tmp_path: Path) -> None:
    found = check(music(tmp_path, "notes", semitones=1))
    assert {one.file for one in found.moved} >= {"fugue-subject.mid", "chords.mid"}
    assert found.status == expected(found, MOVED)
    assert not {one.metric for one in found.moved} & set(found.redefined)


def test_sound_that_changed_fails_the_baseline_of_the_version_before(tmp_path: Path) -> None:
    found = check(music(tmp_path, "signals", decibels=0.3))
    assert {one.file for one in found.moved} == {"tone-am.wav", "loud-then-soft.wav"}
    assert {one.metric for one in found.moved} >= {"integrated_loudness", "true_peak"}
    assert found.status == expected(found, MOVED)


def test_a_baseline_says_its_catalogue_and_one_of_a_later_version_is_refused(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", np.sin(np.arange(RATE) / 9, dtype=np.float32)[:, None] / 2, RATE)
    record([tmp_path / "a.wav"], tmp_path / "a.json", workers=1)
    assert read_baseline(tmp_path / "a.json").catalogue == CATALOGUE
    assert check(tmp_path / "a.json").redefined == ()
    content = json.loads((tmp_path / "a.json").read_text())
    (tmp_path / "a.json").write_text(json.dumps(content | {"catalogue": CATALOGUE + 1}))
    with pytest.raises(MismatchError, match="later version of clstm"):
        check(tmp_path / "a.json")
