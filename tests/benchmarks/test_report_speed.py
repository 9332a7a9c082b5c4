"""How long a report takes, how large its page is and how soon it opens. `make bench` runs it and prints the figures."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evaluation.measurement.cache import nothing_remembered
from reports.build import make_report
from reports.inputs.request import ReportRequest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.bench

WriteSong = Callable[[Path, float, int], None]


def measured(name: str, folder: Path, systems: str, browser: "Browser") -> float:
    """Seconds that a report of the folder's systems takes; its page must stay below 15 MB and open within 2 s."""
    out = folder / "report"
    start = time.perf_counter()
    with nothing_remembered():
        make_report(ReportRequest(tuple(f"{one}={folder / one}" for one in systems), systems[0], out))
    taken = time.perf_counter() - start
    page = browser.new_page()
    asked: set[Path] = set()
    page.on("request", lambda request: asked.add(Path(request.url.removeprefix("file://"))))
    start = time.perf_counter()
    page.goto((out / "index.html").as_uri(), wait_until="load")
    opened = time.perf_counter() - start
    page.evaluate("for (const image of document.images) image.loading = 'eager'")
    page.wait_for_function("[...document.images].every(image => image.complete)")
    megabytes = sum(path.stat().st_size for path in asked | set((out / "audio").iterdir())) / 1e6
    folder_megabytes = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 1e6
    page.close()
    print(f"\n{name}: {taken:.1f} s; page {megabytes:.1f} MB, open in {opened:.2f} s; folder {folder_megabytes:.1f} MB")
    assert megabytes < 15
    assert opened < 2
    return taken


def test_three_songs_of_three_minutes_take_less_than_40_seconds(
    write_song: WriteSong, tmp_path: Path, browser: "Browser"
) -> None:
    for seed, system in enumerate("ABC"):
        write_song(tmp_path / f"{system}/song.mid", 180, seed)
    assert measured("three songs of three minutes", tmp_path, "ABC", browser) < 40


def test_four_systems_of_a_hundred_clips_take_less_than_three_minutes(
    write_song: WriteSong, tmp_path: Path, browser: "Browser"
) -> None:
    for seed in range(400):
        write_song(tmp_path / f"{'ABCD'[seed % 4]}/{seed}.mid", 30, seed)
    assert measured("four systems of a hundred clips of thirty seconds", tmp_path, "ABCD", browser) < 180
