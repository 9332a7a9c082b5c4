"""How long a report takes. `make bench` runs it and prints the figures."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reports.report import Request, make_report

pytestmark = pytest.mark.bench

WriteSong = Callable[[Path, float, int], None]


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


def test_three_songs_of_three_minutes_take_less_than_30_seconds(write_song: WriteSong, tmp_path: Path) -> None:
    for seed, system in enumerate("ABC"):
        write_song(tmp_path / f"{system}/song.mid", 180, seed)
    assert measured("three songs of three minutes", tmp_path, "ABC") < 30


def test_four_systems_of_ten_clips_take_less_than_20_seconds(write_song: WriteSong, tmp_path: Path) -> None:
    for seed in range(40):
        write_song(tmp_path / f"{'ABCD'[seed % 4]}/{seed}.mid", 10, seed)
    assert measured("four systems of ten clips of ten seconds", tmp_path, "ABCD") < 20
