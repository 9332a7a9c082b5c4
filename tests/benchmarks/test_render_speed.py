"""How fast songs become sound and sound becomes figures. `make bench` runs it and prints the figures."""

import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from clstm.midi import Notes, write_midi
from evaluation import envelope, sonogram, spectrum
from evaluation.audio import mono
from evaluation.measures import measure_sound, measure_systems
from evaluation.render import render

pytestmark = pytest.mark.bench

MINUTES = 3


def song(seed: int) -> Notes:
    """Three minutes of dense piano: ten notes a second in four voices."""
    generator = np.random.default_rng(seed)
    onset = np.sort(generator.uniform(0, 60 * MINUTES - 2, 600 * MINUTES))
    length, pitch, velocity = (generator.uniform(*span, len(onset)) for span in ((0.1, 0.8), (30, 96), (40, 110)))
    return Notes.of(zip(onset, onset + length, pitch.round(), velocity.round(), strict=True))


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    start = clock()
    work()
    return clock() - start


def test_views_and_figures_run_at_50_times_real_time_on_a_core() -> None:
    waveform = render(song(0))

    def views_and_figures() -> None:
        measure_sound(waveform, 44100)
        single = mono(waveform)
        for view in (envelope.rms_envelope, spectrum.magnitude_spectrum, sonogram.sonogram):
            view(single, 44100)

    views_and_figures()  # the first call imports scipy
    took = seconds(views_and_figures, time.process_time)  # of one core, whatever else the machine does
    speed = len(waveform) / 44100 / took
    print(f"views and figures of {MINUTES} minutes: {took:.2f} s, {speed:.0f} times real time")
    assert speed >= 50


def test_three_songs_are_rendered_and_measured_in_under_20_seconds(tmp_path: Path) -> None:
    systems = {}
    for seed in range(3):
        write_midi(song(seed), tmp_path / f"{seed}.mid")
        systems[f"system {seed}"] = [tmp_path / f"{seed}.mid"]
    took = seconds(lambda: measure_systems(systems))
    print(f"three songs of {MINUTES} minutes rendered and measured: {took:.1f} s")
    assert took < 20


def test_rendering_is_faster_than_pretty_midi(tmp_path: Path) -> None:
    import pretty_midi

    write_midi(song(0), tmp_path / "song.mid")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pretty_midi's own
        theirs = seconds(lambda: pretty_midi.PrettyMIDI(str(tmp_path / "song.mid")).fluidsynth(fs=44100))
    ours = seconds(lambda: render(song(0)))
    print(f"one song of {MINUTES} minutes: {ours:.2f} s, pretty_midi {theirs:.2f} s")
    assert ours < theirs
