"""How fast a folder of MIDI becomes a corpus, and its notes are measured, beside pretty_midi in one process.

`make bench` prints the figures.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from clstm.corpus.corpus import Corpus
from clstm.corpus.preparation import prepare
from clstm.runtime.finding import find_files

pytestmark = pytest.mark.bench

OfPrettyMidi = Callable[[Sequence[Path]], float]


def test_prepare_is_ten_times_as_fast_as_pretty_midi(
    midi_folder: Path, tmp_path: Path, of_pretty_midi: OfPrettyMidi
) -> None:
    """Like for like: both with their libraries imported, ours with the start of its processes and all it writes."""
    files = find_files([midi_folder])
    started = time.perf_counter()
    prepare([str(midi_folder)], tmp_path / "corpus")
    ours = time.perf_counter() - started
    theirs = of_pretty_midi(files)
    print(f"\n{len(files)} files: prepare {ours:.2f} s, pretty_midi {theirs:.1f} s: {theirs / ours:.1f} times as fast")
    assert theirs >= 10 * ours


def test_the_whole_command_takes_less_than_five_seconds(midi_folder: Path, tmp_path: Path) -> None:
    """Of 500 files; of more, as much longer."""
    command = [Path(sys.executable).parent / "clstm", "prepare", midi_folder, "--out", tmp_path / "corpus"]
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    taken = time.perf_counter() - started
    print(f"\nclstm prepare, from the shell: {taken:.2f} s")
    assert taken < 5 * max(len(find_files([midi_folder])) / 500, 1)


def test_ten_thousand_files_of_several_instruments_take_less_than_90_seconds_on_two_cores(
    corpus_folder: Path, tmp_path: Path, of_pretty_midi: OfPrettyMidi
) -> None:
    """From the shell, in two processes and less than 1 GB; the corpus opens in under two seconds."""
    files = find_files([corpus_folder])
    command = [Path(sys.executable).parent / "clstm", "prepare", corpus_folder, "--out", tmp_path / "corpus"]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*command, "--workers", "2"], check=True, capture_output=True)
    taken, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    of_a_core = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    memory = after.ru_maxrss / 1e6  # of the largest process
    started = time.perf_counter()
    pieces = len(Corpus.open(tmp_path / "corpus").pieces)
    opened = time.perf_counter() - started
    theirs = of_pretty_midi(files)
    print(
        f"\n{len(files):,} files: clstm prepare {taken:.0f} s, {of_a_core:.0f} s of a core, at most {memory:.2f} GB a "
        f"process; {pieces:,} pieces open in {opened:.2f} s; pretty_midi {theirs:.0f} s, {theirs / taken:.0f} times"
    )
    assert taken < 90
    assert memory < 1
    assert opened < 2
    assert theirs >= 10 * taken


def test_the_notes_of_ten_thousand_files_are_measured_in_less_than_90_seconds_on_two_cores(
    corpus_folder: Path, tmp_path: Path, of_pretty_midi: OfPrettyMidi
) -> None:
    """From the shell, in two processes, without anything that was measured before; pretty_midi measures nothing."""
    files = find_files([corpus_folder])
    command = [Path(sys.executable).parent / "clstm", "measure", f"all={corpus_folder}", "--only", "notes"]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [*command, "--out", tmp_path / "notes.csv", "--workers", "2"],
        check=True,
        capture_output=True,
        env={**os.environ, "CLSTM_CACHE": str(tmp_path / "cache")},
    )
    taken, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    of_a_core = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    memory = after.ru_maxrss / 1e6  # of the largest process so far
    theirs = of_pretty_midi(files)
    print(
        f"\n{len(files):,} files: clstm measure --only notes {taken:.0f} s, {of_a_core:.0f} s of a core, at most "
        f"{memory:.2f} GB a process; pretty_midi only reads them in {theirs:.0f} s, {theirs / taken:.0f} times"
    )
    assert taken < 90
    assert memory < 1
