"""How fast the numbers of a file's notes are, beside MusPy's in the same run: from the file, in one process.

`make bench` prints both ratios: of MusPy's own numbers in its definitions, and of all metrics of notes, of which there
are seven times as many. The peer is in the extra `bench`.
"""

import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from clstm.music.piece import read_piece
from clstm.runtime.finding import MIDI, find_files
from evaluation.measurement import cache
from evaluation.measurement.inputs import measurement_inputs
from evaluation.measurement.measure import measure_input
from evaluation.metrics import metre, symbolic
from evaluation.metrics.papers import muspy as own
from evaluation.metrics.papers.reading import Reading

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

GOAL = 10  # times MusPy, for its own numbers
FILES = 200


def of_muspy(path: Path) -> None:
    """Its fourteen numbers."""
    import muspy  # type: ignore[import-not-found]

    music = muspy.read_midi(path)
    bar = 4 * music.resolution
    for function in (
        *(muspy.n_pitches_used, muspy.n_pitch_classes_used, muspy.pitch_range, muspy.empty_beat_rate),
        *(muspy.polyphony, muspy.polyphony_rate, muspy.scale_consistency, muspy.pitch_entropy),
        *(muspy.pitch_class_entropy, muspy.drum_pattern_consistency),
    ):
        function(music)
    muspy.pitch_in_scale_rate(music, 0, "major")
    muspy.drum_in_pattern_rate(music, "duple")
    muspy.empty_measure_rate(music, bar)
    muspy.groove_consistency(music, bar)


def of_ours(path: Path) -> None:
    """The same numbers, and what is measured with them."""
    piece = read_piece(path)
    seconds = piece.notes.duration
    beatless = metre.beatless(piece.notes, piece.drums, piece.metre, seconds)
    own.measure(Reading.of(piece.notes, piece.drums, piece.metre, seconds, beatless))
    symbolic.measure(piece.notes)


def every_metric(path: Path) -> None:
    measure_input(replace(measurement_inputs([path])[0], notes_only=True))


def seconds(work: Callable[[Path], None], files: Sequence[Path]) -> float:
    """Of all files; one that cannot be read costs what it did."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peer's own
        with suppress(Exception):
            work(files[0])  # what is imported and built once
        started = time.perf_counter()
        for file in files:
            with suppress(Exception):
                work(file)
    return time.perf_counter() - started


def test_numbers_of_notes_beside_muspy(midi_folder: Path) -> None:
    every = sorted(find_files([midi_folder], MIDI))
    files = every[:: max(len(every) // FILES, 1)][:FILES]
    with cache.nothing_remembered():
        peer, same, all_of_them = (seconds(work, files) for work in (of_muspy, of_ours, every_metric))
    print(
        f"\n{len(files)} files, milliseconds a file: MusPy {1000 * peer / len(files):.1f}, its numbers here "
        f"{1000 * same / len(files):.1f} ({peer / same:.1f} times; goal {GOAL}), every metric of notes "
        f"{1000 * all_of_them / len(files):.1f} ({peer / all_of_them:.1f} times)"
    )
    assert same < peer
