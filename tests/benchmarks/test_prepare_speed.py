"""How fast a folder of MIDI becomes a corpus, beside pretty_midi in one process. `make bench` prints the figures."""

import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

from clstm.corpus.preparation import prepare
from clstm.runtime.finding import find_files

pytestmark = pytest.mark.bench


def test_prepare_is_ten_times_as_fast_as_pretty_midi(midi_folder: Path, tmp_path: Path) -> None:
    """Like for like: both with their libraries imported, ours with the start of its processes and all it writes."""
    import pretty_midi

    files = find_files([midi_folder])
    started = time.perf_counter()
    prepare([str(midi_folder)], tmp_path / "corpus")
    ours = time.perf_counter() - started
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pretty_midi's own
        for file in files:
            pretty_midi.PrettyMIDI(str(file)).get_piano_roll(fs=8)
    theirs = time.perf_counter() - started
    print(f"\n{len(files)} files: prepare {ours:.2f} s, pretty_midi {theirs:.1f} s: {theirs / ours:.1f} times as fast")
    assert theirs >= 10 * ours


def test_the_whole_command_takes_less_than_five_seconds(midi_folder: Path, tmp_path: Path) -> None:
    command = [Path(sys.executable).parent / "clstm", "prepare", midi_folder, "--out", tmp_path / "corpus"]
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    taken = time.perf_counter() - started
    print(f"\nclstm prepare, from the shell: {taken:.2f} s")
    assert taken < 5
