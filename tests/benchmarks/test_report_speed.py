"""How long a report takes. `make bench` runs it and prints the figures."""

import time
from pathlib import Path

import numpy as np
import pytest

from clstm.midi import Notes, write_midi
from reports.report import Request, make_report

pytestmark = pytest.mark.bench


def piece(path: Path, seconds: float, seed: int) -> None:
    """Dense piano: ten notes a second."""
    generator = np.random.default_rng(seed)
    onset = np.sort(generator.uniform(0, seconds - 1, round(10 * seconds)))
    length, pitch, velocity = (generator.uniform(*span, len(onset)) for span in ((0.1, 0.8), (30, 96), (40, 110)))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_midi(Notes.of(zip(onset, onset + length, pitch.round(), velocity.round(), strict=True)), path)


def measured(name: str, folder: Path, systems: str) -> float:
    """Seconds that a report of the folder's systems takes; its size must stay below 15 MB."""
    out = folder / "report"
    start = time.perf_counter()
    make_report(Request(tuple(f"{one}={folder / one}" for one in systems), systems[0], out), lambda *_: None)
    taken = time.perf_counter() - start
    megabytes = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 1e6
    print(f"\n{name}: {taken:.1f} s, {megabytes:.1f} MB")
    assert megabytes < 15
    return taken


def test_three_songs_of_three_minutes_take_less_than_30_seconds(tmp_path: Path) -> None:
    for seed, system in enumerate("ABC"):
        piece(tmp_path / f"{system}/song.mid", 180, seed)
    assert measured("three songs of three minutes", tmp_path, "ABC") < 30


def test_four_systems_of_ten_clips_take_less_than_20_seconds(tmp_path: Path) -> None:
    for seed in range(40):
        piece(tmp_path / f"{'ABCD'[seed % 4]}/{seed}.mid", 10, seed)
    assert measured("four systems of ten clips of ten seconds", tmp_path, "ABCD") < 20
