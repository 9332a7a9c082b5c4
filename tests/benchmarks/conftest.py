"""Music to measure speed on: made here, or a folder of the user's."""

import os
import shutil
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pretty_midi
import pytest

from clstm.music.midi import Notes, write_midi
from clstm.runtime.finding import find_files

MANY = 10_000
SAMPLE = 500  # files that a slow peer reads of so many

os.environ.setdefault(
    "GOMP_SPINCOUNT", "1000"
)  # as `clstm.cli.main.main` does; torch reads it when it is first imported


def dense_piano(seconds: float, seed: int) -> Notes:
    """Ten notes a second in several voices."""
    generator = np.random.default_rng(seed)
    onset = np.sort(generator.uniform(0, seconds - 1, round(10 * seconds)))
    length, pitch, velocity = (generator.uniform(*span, len(onset)) for span in ((0.1, 0.8), (30, 96), (40, 110)))
    return Notes.of(zip(onset, onset + length, pitch.round(), velocity.round(), strict=True))


def band(seconds: float, seed: int) -> pretty_midi.PrettyMIDI:
    """A piano, a bass, strings and drums, on a pulse that is none of the grid's."""
    generator = np.random.default_rng(seed)
    midi = pretty_midi.PrettyMIDI(resolution=480, initial_tempo=float(generator.uniform(70, 160)))
    for program, rate, low in ((0, 4.0, 55), (33, 2.0, 28), (48, 1.0, 60), (None, 6.0, 35)):
        player = pretty_midi.Instrument(program or 0, is_drum=program is None)
        onsets = np.arange(0, seconds - 1, 1 / rate) + generator.uniform(0, 0.02)
        pitches, velocities = (generator.integers(*span, len(onsets)) for span in ((low, low + 20), (40, 110)))
        player.notes = [
            pretty_midi.Note(int(velocity), int(pitch), float(onset), float(onset + 0.8 / rate))
            for velocity, pitch, onset in zip(velocities, pitches, onsets, strict=True)
        ]
        if program is not None:
            bars = np.arange(0, seconds, 4.0)
            held = [(value, at + gap) for at in bars for value, gap in ((127, 0.0), (0, 3.5))]
            player.control_changes = [pretty_midi.ControlChange(64, value, float(at)) for value, at in held]
        midi.instruments.append(player)
    return midi


@pytest.fixture
def corpus_folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """10,000 files of several instruments: of the folder given by `make bench MIDI=FOLDER`, or of 300 made now.

    A folder of fewer is repeated: each copy has a chunk that readers pass over, so that no two files are equal.
    """
    given = request.config.getoption("--midi")
    if given and len(find_files([Path(given)])) >= MANY:
        return Path(given)
    contents = []
    if given:
        contents = [file.read_bytes() for file in find_files([Path(given)])]
    else:
        for seed in range(300):
            band(180, seed).write(str(tmp_path / "one.mid"))
            contents.append((tmp_path / "one.mid").read_bytes())
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(MANY):
        mark = b"COPY" + (4).to_bytes(4, "big") + number.to_bytes(4, "big")
        (folder / f"{number:05}.mid").write_bytes(contents[number % len(contents)] + mark)
    return folder


@pytest.fixture
def of_pretty_midi() -> Callable[[Sequence[Path]], float]:
    """Seconds that pretty_midi takes for all files, in one process: of many, the time of `SAMPLE` of them, scaled.

    A file that it cannot read costs what it did.
    """

    def seconds(files: Sequence[Path]) -> float:
        some = files[:: max(len(files) // SAMPLE, 1)]
        started = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pretty_midi's own
            for file in some:
                with suppress(Exception):  # of any kind, on real files
                    pretty_midi.PrettyMIDI(str(file)).get_piano_roll(fs=8)
        return (time.perf_counter() - started) * len(files) / len(some)

    return seconds


@pytest.fixture
def song() -> Notes:
    """Three minutes."""
    return dense_piano(180, 0)


@pytest.fixture
def write_song() -> Callable[[Path, float, int], None]:
    """Write a song of so many seconds, drawn by a seed."""

    def write(path: Path, seconds: float, seed: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_midi(dense_piano(seconds, seed), path)

    return write


@pytest.fixture
def midi_folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder given by `make bench MIDI=FOLDER`, or 500 files of three minutes, of 20 pieces, made now."""
    if given := request.config.getoption("--midi"):
        return Path(given)
    folder = tmp_path / "midi"
    folder.mkdir()
    for seed in range(20):
        write_midi(dense_piano(180, seed), folder / f"{seed}.mid")
        for copy in range(1, 25):
            shutil.copyfile(folder / f"{seed}.mid", folder / f"{seed}-{copy}.mid")
    return folder
