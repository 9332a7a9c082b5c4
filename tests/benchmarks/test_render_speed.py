"""How fast songs become sound and sound becomes figures. `make bench` runs it and prints the figures."""

import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from clstm.midi import Notes, write_midi
from evaluation import envelope, sonogram, spectrum, structure
from evaluation.audio import mono
from evaluation.measures import measure_sound, measure_systems
from evaluation.render import render

pytestmark = pytest.mark.bench

MINUTES = 3

WriteSong = Callable[[Path, float, int], None]


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    start = clock()
    work()
    return clock() - start


def test_views_and_figures_run_at_50_times_real_time_on_a_core(song: Notes) -> None:
    waveform = render(song)

    def views_and_figures() -> None:
        measure_sound(waveform, 44100)
        single = mono(waveform)
        structure.measure(single, 44100)
        for view in (
            envelope.rms_envelope,
            spectrum.magnitude_spectrum,
            sonogram.sonogram,
            sonogram.mel_sonogram,
            structure.self_similarity_matrix,
            structure.novelty_curve,
        ):
            view(single, 44100)

    views_and_figures()  # the first call imports scipy
    took = seconds(views_and_figures, time.process_time)  # of one core, whatever else the machine does
    speed = len(waveform) / 44100 / took
    print(f"views and figures of {MINUTES} minutes: {took:.2f} s, {speed:.0f} times real time")
    assert speed >= 50


def test_a_thousand_clips_are_measured_in_under_a_minute_and_a_half_on_a_core(song: Notes) -> None:
    """Three minutes on two cores, less what rendering takes of them: half."""
    clip = render(song)[60 * 44100 : 70 * 44100]

    def figures() -> None:
        measure_sound(clip, 44100)
        structure.measure(mono(clip), 44100)

    figures()  # the first call imports scipy
    took = sorted(seconds(figures, time.process_time) for _ in range(21))[10]
    print(f"figures of a clip of 10 s: {1000 * took:.0f} ms")
    assert took < 0.1


def test_three_songs_are_rendered_and_measured_in_under_20_seconds(write_song: WriteSong, tmp_path: Path) -> None:
    systems = {}
    for seed in range(3):
        write_song(tmp_path / f"{seed}.mid", 60 * MINUTES, seed)
        systems[f"system {seed}"] = [tmp_path / f"{seed}.mid"]
    took = seconds(lambda: measure_systems(systems))
    print(f"three songs of {MINUTES} minutes rendered and measured: {took:.1f} s")
    assert took < 20


def test_rendering_is_faster_than_pretty_midi(song: Notes, tmp_path: Path) -> None:
    import pretty_midi

    write_midi(song, tmp_path / "song.mid")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pretty_midi's own
        theirs = seconds(lambda: pretty_midi.PrettyMIDI(str(tmp_path / "song.mid")).fluidsynth(fs=44100))
    ours = seconds(lambda: render(song))
    print(f"one song of {MINUTES} minutes: {ours:.2f} s, pretty_midi {theirs:.2f} s")
    assert ours < theirs
