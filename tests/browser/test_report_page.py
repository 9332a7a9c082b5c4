"""The report in a real browser, from disk: every image and player loads, on a desktop and on a phone."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from clstm.music.midi import Notes, write_midi
from evaluation.audio.files import write_audio
from reports.build import make_report
from reports.inputs.request import ReportRequest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

pytestmark = pytest.mark.browser

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
LOADED = "image => image.complete && image.naturalWidth > 0 && image.alt.length > 30"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of MIDI, of audio, of an odd and long name, and with a file left out."""
    folder = tmp_path_factory.mktemp("music")
    generator = np.random.default_rng(0)
    for system in ("human", "model"):
        onset = np.sort(generator.uniform(0, 11, 60))
        (folder / system).mkdir()
        notes = zip(onset, onset + 0.3, generator.integers(40, 90, 60), generator.integers(30, 120, 60), strict=True)
        write_midi(Notes.of(notes), folder / system / "song.mid")
    (folder / "model/broken.mid").write_bytes(b"")
    write_audio(folder / "noise.wav", 0.1 * generator.standard_normal((11 * 22050, 1)).astype(np.float32), 22050)
    name = "C-LSTM <b>'with'</b> a \"longnamewithoutanyspacesthatwouldnotfitonthescreenofaphone\""
    sources = (f"Human={folder}/human", f"{name}={folder}/model", f"Noise={folder}/noise.wav")
    make_report(ReportRequest(sources, "Human", folder / "report", grid="reference", for_print=False))
    return folder / "report/index.html"


@pytest.fixture(params=SIZES)
def page(browser: "Browser", report: Path, request: pytest.FixtureRequest) -> "Iterator[Page]":
    """The report opened from disk; anything on the console and any request but for a file fails the test."""
    width, height = SIZES[request.param]
    page = browser.new_page(viewport={"width": width, "height": height})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda failed: complaints.append(f"failed: {failed.url}") if lost(failed) else None)
    page.on("request", lambda asked: asked.url.startswith("file://") or complaints.append(f"asked for {asked.url}"))
    page.goto(report.as_uri())
    yield page
    assert complaints == []
    page.close()


def lost(request: "Request") -> bool:
    """Whether a request failed for good: a player lets go of its file once it knows the length."""
    return not (request.resource_type == "media" and request.failure == "net::ERR_ABORTED")


def test_every_image_is_loaded_and_has_its_finding_as_alternative(page: "Page") -> None:
    images = page.locator("img")
    assert images.count() == 2 * 3 + 4 * 4 + 7, "two figures of notes, four of sound, seven views; audio has no notes"
    images.evaluate_all("images => images.forEach(image => { image.loading = 'eager' })")
    page.locator("details").evaluate_all("all => all.forEach(details => { details.open = true })")
    page.wait_for_function("[...document.images].every(image => image.complete)")
    missing = f"images => images.filter(image => !({LOADED})(image)).map(image => [image.src, image.alt])"
    assert images.evaluate_all(missing) == []


def test_every_player_loads_and_plays(page: "Page") -> None:
    players = page.locator("audio")
    assert players.count() == 4, "a song a system; with one file each there are no samples"
    page.wait_for_function("[...document.querySelectorAll('audio')].every(player => player.readyState >= 1)")
    durations = players.evaluate_all("players => players.map(player => player.duration)")
    assert min(durations) > 10
    for player in players.all():
        player.evaluate("async player => { player.muted = true; await player.play() }")
        page.wait_for_function("player => player.currentTime > 0.05", arg=player.element_handle())


def test_a_figures_button_plays_its_song_and_the_cursor_goes_along(page: "Page") -> None:
    page.locator("audio").evaluate_all("players => players.forEach(player => { player.muted = true })")
    figure = page.locator("#sonogram figure").nth(1)
    button, cursor, bar = figure.locator("button"), figure.locator(".cursor"), page.locator("#playing")
    assert not cursor.is_visible()
    assert not bar.is_visible()
    button.click()
    song = page.locator(f"#{button.get_attribute('data-song')}")
    page.wait_for_function("song => song.currentTime > 0.2", arg=song.element_handle())
    assert cursor.is_visible()
    assert button.get_attribute("aria-pressed") == "true"
    assert bar.inner_text().startswith("Pause")
    before = cursor.bounding_box()
    page.wait_for_function("song => song.currentTime > 0.8", arg=song.element_handle())
    after = cursor.bounding_box()
    assert before
    assert after
    assert after["x"] > before["x"]
    bar.locator("button").click()
    page.wait_for_function("song => song.paused", arg=song.element_handle())
    assert button.inner_text() == "Play"


def test_a_click_on_a_figure_goes_to_that_moment_and_all_cursors_with_it(page: "Page") -> None:
    page.locator("audio").evaluate_all("players => players.forEach(player => { player.muted = true })")
    plot = page.locator("#waveform .plot").nth(2)
    plot.scroll_into_view_if_needed()
    share = "(plot, name) => parseFloat(plot.style.getPropertyValue(name)) / 100"
    box, left, width = plot.bounding_box(), plot.evaluate(share, "--left"), plot.evaluate(share, "--width")
    assert box
    page.mouse.click(box["x"] + (left + width / 2) * box["width"], box["y"] + box["height"] / 2)
    song = page.locator(f"#{plot.get_attribute('data-song')}")
    seconds = float(plot.get_attribute("data-seconds") or 0)
    page.wait_for_function("song => !song.seeking && song.currentTime > 1", arg=song.element_handle())
    song.evaluate("song => song.pause()")
    assert song.evaluate("song => song.currentTime") == pytest.approx(seconds / 2, abs=1.5)
    page.wait_for_timeout(100)
    for other in page.locator(f".plot[data-song={plot.get_attribute('data-song')}] .cursor").all():
        assert not other.evaluate("cursor => cursor.hidden")


def test_one_player_sounds_at_a_time(page: "Page") -> None:
    first, second = (page.locator("audio").nth(number) for number in (0, 1))
    for player in (first, second):
        player.evaluate("async player => { player.muted = true; await player.play() }")
    page.wait_for_function("player => player.paused", arg=first.element_handle())
    assert not second.evaluate("player => player.paused")


def test_nothing_reaches_beyond_the_screen(page: "Page") -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    wide = (
        "elements => elements.filter(element => element.getBoundingClientRect().right > window.innerWidth)"
        ".map(element => element.outerHTML.slice(0, 200))"
    )
    assert page.locator("h1, h2, h3, p, img, audio, .scroll, nav a, button").evaluate_all(wide) == []


def test_wide_tables_scroll_and_can_be_reached_by_keyboard(page: "Page") -> None:
    table = page.locator("#numbers .scroll")
    table.focus()
    assert table.evaluate("table => document.activeElement === table")
    table.evaluate("table => table.scrollBy(10000, 0)")
    header = page.locator("#numbers thead th").last
    assert header.evaluate("header => header.getBoundingClientRect().right <= window.innerWidth + 1")


def test_names_are_shown_as_they_are(page: "Page") -> None:
    assert "C-LSTM <b>'with'</b>" in page.locator("#systems").inner_text()
    assert page.locator("#systems b").count() == 0


def test_what_is_folded_is_printed(page: "Page") -> None:
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open], .long)").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 1, "the first distributions, as before"


def test_a_page_printed_has_every_figure_and_no_player(page: "Page") -> None:
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.wait_for_function(f"[...document.images].every({LOADED})")
    assert page.locator("img:visible").count() == page.locator("img").count()
    assert page.locator("audio:visible, button:visible, nav:visible").count() == 0
    page.set_viewport_size({"width": 700, "height": 1000})  # A4 within its margins
    wide = (
        "tables => tables.filter(table => table.getBoundingClientRect().right > innerWidth).map(one => one.className)"
    )
    assert page.locator("table").evaluate_all(wide) == []


def test_text_can_be_read_in_the_dark(page: "Page") -> None:
    page.emulate_media(color_scheme="dark")
    dark, light = page.evaluate(
        "[document.body, document.querySelector('.panel')].map(part => getComputedStyle(part).backgroundColor)"
    )
    ink = page.evaluate("getComputedStyle(document.body).color")
    assert brightness(dark) < 0.2 < 0.8 < brightness(ink)
    assert brightness(light) == 1, "figures keep their white paper"


def brightness(colour: str) -> float:
    """Of a CSS `rgb(...)`, 0..1."""
    return sum(int(part) for part in colour[4:-1].split(",")) / 765
