"""The report in a real browser, from disk: every image and player loads, on a desktop and on a phone."""

import http.server
import json
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from accessibility import violations

from clstm.music.midi import Notes, write_midi
from evaluation.audio.files import write_audio
from reports.build import make_report
from reports.inputs.request import ReportRequest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Request

pytestmark = pytest.mark.browser

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
PLAYER = "document.querySelector('li[data-system={}] audio')"
COLOURS = """canvas => new Set(
    new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size"""
LOADED = "image => image.complete && image.naturalWidth > 0 && image.alt.length > 30"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of MIDI with prompts, of audio without, of an odd and long name, and with a file left out."""
    folder = tmp_path_factory.mktemp("music")
    generator = np.random.default_rng(0)
    for system, songs in (("human", ("first", "second")), ("model", ("first",))):
        (folder / system).mkdir()
        for song in songs:
            onset = np.sort(generator.uniform(0, 11, 60))
            pitch, velocity = generator.integers(40, 90, 60), generator.integers(30, 120, 60)
            write_midi(Notes.of(zip(onset, onset + 0.3, pitch, velocity, strict=True)), folder / system / f"{song}.mid")
        items = [{"file": f"{song}.mid", "piece": f"bwv {song}", "prompt_start_seconds": 8.0} for song in songs]
        (folder / system / "generated.json").write_text(json.dumps({"items": items}))
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


def muted(page: "Page") -> None:
    page.locator("audio").evaluate_all("players => players.forEach(player => { player.muted = true })")
    page.wait_for_function("document.documentElement.dataset.drawn !== undefined")


def system(page: "Page", name: str) -> "Locator":
    return page.locator(f'.systems > li[data-system="{name}"]')


def test_nothing_of_the_page_is_an_image(page: "Page") -> None:
    assert page.locator("img").count() == 0, "figures are drawn in the page, in the colours of its theme"


def test_every_figure_is_drawn_and_says_what_it_shows(page: "Page") -> None:
    muted(page)
    views = page.locator("figure.view")
    assert views.count() == 2 * 3 + 4 * 4, "two figures of notes, four of sound; audio has no notes"
    assert views.locator("canvas").evaluate_all(f"all => all.filter(canvas => ({COLOURS})(canvas) < 3).length") == 0
    assert min(len(caption) for caption in views.locator("figcaption").all_inner_texts()) > 20


def test_every_player_loads_and_plays(page: "Page") -> None:
    players = page.locator("audio")
    assert players.count() == 4, "one a system"
    page.wait_for_function("[...document.querySelectorAll('audio')].every(player => player.readyState >= 1)")
    durations = players.evaluate_all("players => players.map(player => player.duration)")
    assert min(durations) > 10
    for player in players.all():
        player.evaluate("async player => { player.muted = true; await player.play() }")
        page.wait_for_function("player => player.currentTime > 0.05", arg=player.element_handle())


def test_the_next_piece_is_that_of_every_system_that_has_it(page: "Page") -> None:
    muted(page)
    before = page.locator("#sonogram canvas").first.evaluate("canvas => canvas.toDataURL()")
    picker = page.locator("#picked")
    while picker.input_value() != "1":
        page.get_by_role("button", name="Next", exact=True).click()
    page.wait_for_function("document.querySelector('#sonogram .of').textContent === 'second'")
    assert system(page, "Human").locator(".now").inner_text() == "second"
    assert page.locator("#picked-says").inner_text() == "2 of 2: the same prompt in 2 of 4 sets"
    model = page.locator(".systems > li.system").first
    assert model.locator(".absent").is_visible()
    assert not model.locator("audio").is_visible()
    assert page.locator("#sonogram .of").last.inner_text() == "noise", "it has no prompt and does not follow"
    page.get_by_role("button", name="Previous piece", exact=True).click()  # at the foot, for the whole page
    page.wait_for_function("document.querySelector('#sonogram .of').textContent === 'first'")
    assert model.locator("audio").is_visible()
    assert page.locator("#sonogram canvas").first.evaluate("canvas => canvas.toDataURL()") != before or before


def test_anything_on_the_page_can_pick_and_play_a_piece(page: "Page") -> None:
    muted(page)
    elements = """<button id="two" data-play="Human:second">two</button>
        <button id="one" data-pick="bwv first at 8.0 s">one</button>
        <svg width="40" height="40"><circle id="dot" tabindex="0" r="20" data-play="Noise:noise"/></svg>"""
    page.locator("main").evaluate("(main, text) => main.insertAdjacentHTML('afterbegin', text)", elements)
    page.locator("#two").click()
    page.wait_for_function(f"{PLAYER.format('Human')}.currentTime > 0.05")
    assert page.locator("#picked").input_value() == "1"
    assert page.locator("#two").get_attribute("aria-pressed") == "true"
    assert page.locator("#two").inner_text() == "two", "its own words"
    page.locator("#two").click()
    page.wait_for_function(f"{PLAYER.format('Human')}.paused")
    page.locator("#one").click()
    assert page.locator("#picked").input_value() == "0"
    page.locator("#dot").focus()
    page.keyboard.press("Enter")
    page.wait_for_function(f"{PLAYER.format('Noise')}.currentTime > 0.05")


def test_a_figures_button_plays_its_piece_and_the_cursor_goes_along(page: "Page") -> None:
    muted(page)
    figure = page.locator("#sonogram figure").first
    button, cursor, bar = figure.locator("button"), figure.locator(".cursor"), page.locator("#playing")
    assert not cursor.is_visible()
    assert not bar.is_visible()
    button.click()
    page.wait_for_function(f"{PLAYER.format('Human')}.currentTime > 0.2")
    assert cursor.is_visible()
    assert button.get_attribute("aria-pressed") == "true"
    assert bar.locator(".play").inner_text() == "Pause"
    before = cursor.bounding_box()
    page.wait_for_function(f"{PLAYER.format('Human')}.currentTime > 0.8")
    after = cursor.bounding_box()
    assert before
    assert after
    assert after["x"] > before["x"]
    bar.locator(".play").click()
    page.wait_for_function(f"{PLAYER.format('Human')}.paused")
    assert button.inner_text() == "Play"


def test_a_click_on_a_figure_goes_to_that_moment_and_all_cursors_with_it(page: "Page") -> None:
    muted(page)
    plot = page.locator("#waveform .plot").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    seconds = float(plot.get_attribute("aria-valuemax") or 0)
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function(f"!{PLAYER.format('Human')}.seeking && {PLAYER.format('Human')}.currentTime > 1")
    page.evaluate(f"{PLAYER.format('Human')}.pause()")
    assert page.evaluate(f"{PLAYER.format('Human')}.currentTime") == pytest.approx(seconds / 2, abs=2)
    page.wait_for_timeout(100)
    for other in page.locator('figure.view[data-system="Human"] .cursor').all():
        assert not other.evaluate("cursor => cursor.hidden")


def test_figures_can_be_played_by_keyboard(page: "Page") -> None:
    muted(page)
    plots = page.locator("#waveform .plot")
    assert plots.evaluate_all("all => all.filter(plot => plot.tabIndex === 0).length") == 1, "one stop a figure"
    plots.first.focus()
    page.wait_for_function(f"{PLAYER.format('Human')}.readyState >= 1")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(f"Math.abs({PLAYER.format('Human')}.currentTime - 3) < 0.1")
    assert plots.first.get_attribute("aria-valuenow") == "3"
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    page.wait_for_function(f"!{PLAYER.format('Human')}.paused")
    page.keyboard.press("ArrowDown")
    assert plots.nth(1).evaluate("plot => document.activeElement === plot")


def test_the_quiz_names_nobody_before_the_answer_and_counts_what_is_right(page: "Page") -> None:
    quiz = page.locator("#quiz")
    quiz.get_by_role("button", name="Start").click()
    assert quiz.get_by_role("button", name="A is Human").is_disabled(), "neither was heard"
    for name in ("Play A", "Play B"):
        quiz.get_by_role("button", name=name).click()
        quiz.locator("[data-clip][aria-pressed=true]", has_text=name[-1]).wait_for()
    quiz.locator("[data-answer]:enabled").first.wait_for()
    assert "noise" not in quiz.inner_text()
    assert not page.locator("#playing").is_visible(), "it would name the piece"
    quiz.get_by_role("button", name="B is Human").click()
    said, score = quiz.locator(".result").inner_text(), quiz.locator(".score").inner_text()
    right = said.split("B was ")[1].startswith("Human")
    assert said.startswith("Right" if right else "Wrong")
    assert score.startswith("1 of 1" if right else "0 of 1")
    quiz.get_by_role("button", name="Show this pair").click()
    shown = page.evaluate("[...listening.values()].map(own => `${own.name}, ${own.piece?.name}`)")
    pair = said.partition("A was ")[2].removesuffix(".").split("; B was ")
    assert set(pair) <= set(shown)
    quiz.get_by_role("button", name="Another pair").click()
    assert quiz.locator(".result").inner_text() == ""


def test_a_click_in_a_sonogram_seeks_where_a_server_sends_no_parts_of_files(browser: "Browser", report: Path) -> None:
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=report.parent)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/{report.name}")
        muted(page)
        player = page.locator("audio").first
        page.wait_for_function("player => player.readyState > 0", arg=player.element_handle())
        assert player.evaluate("player => player.seekable.end(0)") == 0
        page.locator("#sonogram .plot.timed").first.click()
        begun = "player.played.length && player.played.start(player.played.length - 1)"
        page.wait_for_function(f"player => !player.paused && {begun} > 3", arg=player.element_handle())
        page.close()
        server.shutdown()


def test_one_player_sounds_at_a_time(page: "Page") -> None:
    first, second = (page.locator("audio").nth(number) for number in (0, 1))
    for player in (first, second):
        player.evaluate("async player => { player.muted = true; await player.play() }")
    page.wait_for_function("player => player.paused", arg=first.element_handle())
    assert not second.evaluate("player => player.paused")


def test_axe_finds_nothing_with_and_without_the_bar_of_the_player(page: "Page") -> None:
    muted(page)
    assert violations(page) == []
    page.locator("button[data-play]:enabled").first.click()
    page.locator("#playing").wait_for()
    assert violations(page) == []


def test_nothing_reaches_beyond_the_screen(page: "Page") -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    wide = (
        "elements => elements.filter(element => element.getBoundingClientRect().right > window.innerWidth)"
        ".map(element => element.outerHTML.slice(0, 200))"
    )
    assert page.locator("h1, h2, h3, p, img, audio, .scroll, nav a, button").evaluate_all(wide) == []


def test_plots_beside_each_other_begin_at_one_height(page: "Page") -> None:
    page.wait_for_function("document.documentElement.dataset.drawn !== undefined")
    tops = """panels => panels.map(panel => [panel, panel.querySelector(".plot")].map(
        part => Math.round(part.getBoundingClientRect().top)))"""
    for section in page.locator(".panels").all():
        rows: dict[int, set[int]] = {}
        for panel, plot in section.locator(".panel").evaluate_all(tops):
            rows.setdefault(panel, set()).add(plot)
        assert all(len(found) == 1 for found in rows.values()), rows


def test_wide_tables_are_cards_and_their_cells_are_reached_by_arrow_keys(page: "Page") -> None:
    page.locator("details").evaluate_all("all => all.forEach(details => { details.open = true })")
    cells = page.locator("#numbers-table [data-tip]")
    assert cells.evaluate_all("cells => cells.every(cell => cell.getBoundingClientRect().right <= innerWidth)")
    cells.first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.label").startswith("Human, same grid")
    assert "Human, same grid" in page.locator("#tip").inner_text()


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
    assert page.locator("canvas:visible").count() == page.locator("canvas").count(), "the piece picked last"
    page.set_viewport_size({"width": 700, "height": 1000})  # A4 within its margins
    wide = (
        "tables => tables.filter(table => table.getBoundingClientRect().right > innerWidth).map(one => one.className)"
    )
    assert page.locator("table").evaluate_all(wide) == []


def test_the_page_and_its_figures_can_be_read_in_the_dark(page: "Page") -> None:
    muted(page)
    page.emulate_media(color_scheme="dark")
    dark, panel = page.evaluate(
        "[document.body, document.querySelector('.panel')].map(part => getComputedStyle(part).backgroundColor)"
    )
    ink = page.evaluate("getComputedStyle(document.body).color")
    assert max(brightness(dark), brightness(panel)) < 0.2 < 0.8 < brightness(ink)
    page.wait_for_function("document.documentElement.dataset.drawn > 1")
    brightest = """canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.reduce(
        (most, one, place) => place % 4 < 3 ? Math.max(most, one) : most)"""
    assert page.locator("#waveform canvas").first.evaluate(brightest) > 200, "the reference is drawn in ink"


def brightness(colour: str) -> float:
    """Of a CSS `rgb(...)`, 0..1."""
    return sum(int(part) for part in colour[4:-1].split(",")) / 765
