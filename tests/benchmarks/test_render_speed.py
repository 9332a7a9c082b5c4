"""How fast songs become sound and sound becomes figures. `make bench` runs it and prints the figures."""

import resource
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from clstm.music.midi import Notes
from evaluation.audio.files import mono
from evaluation.audio.render import render
from evaluation.measurement.measure import measure_sound
from evaluation.measurement.render_folder import render_folder
from evaluation.measurement.systems import measure_systems
from evaluation.metrics import envelope, sonogram, spectrum, structure

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


def test_a_thousand_clips_are_rendered_and_measured_in_under_three_minutes(
    write_song: WriteSong, tmp_path: Path
) -> None:
    """In two processes, and in less than 2 GB with the one that waits for them."""
    clips = [tmp_path / f"{seed}.mid" for seed in range(1000)]
    for seed, clip in enumerate(clips):
        write_song(clip, 10, seed)
    took = seconds(lambda: measure_systems({"all": clips}, workers=2))
    here, worker = (resource.getrusage(who).ru_maxrss / 1e6 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    memory = here + 2 * worker
    print(f"1,000 clips of 10 s rendered and measured: {took:.0f} s, at most {memory:.2f} GB")
    assert took < 180
    assert memory < 2


def test_three_songs_are_rendered_and_measured_in_under_20_seconds(write_song: WriteSong, tmp_path: Path) -> None:
    systems = {}
    for seed in range(3):
        write_song(tmp_path / f"{seed}.mid", 60 * MINUTES, seed)
        systems[f"system {seed}"] = [tmp_path / f"{seed}.mid"]
    took = seconds(lambda: measure_systems(systems))
    print(f"three songs of {MINUTES} minutes rendered and measured: {took:.1f} s")
    assert took < 20


def test_a_folder_is_rendered_faster_than_by_pretty_midi(write_song: WriteSong, tmp_path: Path) -> None:
    """Two processes of ours against one of theirs: both to audio files, which theirs does not even write."""
    import pretty_midi

    songs = [tmp_path / f"{seed}.mid" for seed in range(8)]
    for seed, song in enumerate(songs):
        write_song(song, 60 * MINUTES, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pretty_midi's own
        theirs = seconds(lambda: [pretty_midi.PrettyMIDI(str(song)).fluidsynth(fs=44100) for song in songs])
    ours = seconds(lambda: render_folder(songs, tmp_path / "audio", suffix=".wav", workers=2))
    print(f"8 songs of {MINUTES} minutes: {ours:.1f} s, pretty_midi {theirs:.1f} s, {theirs / ours:.2f} times")
    assert theirs / ours >= 1.8
