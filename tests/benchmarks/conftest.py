"""Music to measure speed on: made here, or a folder of the user's."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from clstm.music.midi import Notes, write_midi

os.environ.setdefault(
    "GOMP_SPINCOUNT", "1000"
)  # as `clstm.cli.main.main` does; torch reads it when it is first imported


def dense_piano(seconds: float, seed: int) -> Notes:
    """Ten notes a second in several voices."""
    generator = np.random.default_rng(seed)
    onset = np.sort(generator.uniform(0, seconds - 1, round(10 * seconds)))
    length, pitch, velocity = (generator.uniform(*span, len(onset)) for span in ((0.1, 0.8), (30, 96), (40, 110)))
    return Notes.of(zip(onset, onset + length, pitch.round(), velocity.round(), strict=True))


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
