"""The report's page as it is read: nothing is clipped at any width, with few systems and many; figures answer."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from test_page import AUTO, content, measured, numbers, system

from evaluation.comparison.verdict import VerdictRow
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import VIEWS
from reports.content.report import ReportContent
from reports.content.rows import DistanceRow, PairRow
from reports.figures.drawing import Chart, Drawn
from reports.findings.standing import first_screen
from reports.listening.section import Listening
from reports.page.page import render_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

WIDTHS = (390, 768, 1280, 1920)
NAMES = (
    "lstm",
    "C-LSTM with attention, 12 layers, temperature 0.9, top-p 0.95",
    "anticipatory_music_transformer_medium_800k_finetuned_on_chorales",
    "<b>x</b>",
)
SHOWN = [name for name, metric in METRICS.items() if metric.tested][::2]
CLIPPED = """() => {
  const found = document.documentElement.scrollWidth > innerWidth ? ["the page is wider than the screen"] : [];
  for (const part of document.querySelectorAll("h1, h2, h3, p, td, th, button, svg, li, nav a, select, label")) {
    if (!part.getClientRects().length || part.closest(".hidden, .stacked thead, .scale")) continue;
    const { left, right } = part.getBoundingClientRect(), place = part.closest(".scroll")?.getBoundingClientRect();
    const cut = part.matches("td, th") && part.scrollWidth > part.clientWidth + 1;
    if (right > innerWidth + 1 || left < -1 || (place && right > place.right + 1) || cut) found.push(part.outerHTML);
  }
  return found.map((text) => text.slice(0, 160));
}"""


def report_of(count: int) -> ReportContent:
    """A report of so many systems, their names long and short, with every metric, view and verdict."""
    names = [f"{NAMES[number % len(NAMES)]}{number or ''}" for number in range(count)]
    systems = [system("human, played on one grid", "reference"), *(system(name, colour="#0072b2") for name in names)]
    judged = {"distance": 12.5, "distance_low": 8.0, "distance_high": 19.0, "p_holm": 0.001, "delta": 0.5}
    judged |= {"system_n": 9, "system_pieces": 9}
    verdict = [
        VerdictRow(
            system=name,
            against=systems[0].name,
            metric=metric,
            **judged | {"distance": 10.0 + place * 7 % 5},
            verdict="inconclusive" if place % 3 else "differs",
            direction="" if place % 3 else "higher",
            magnitude="" if place % 3 else "large",
        )
        for name in names
        for place, metric in enumerate(SHOWN)
    ]
    far = {"distance": 0.4, "distance_low": 0.3, "distance_high": 0.5, "p": 0.001, "p_holm": 0.001, "human_95": 0.05}
    spaces = ("joint", *VIEWS)
    distances = [
        DistanceRow(system=name, against=systems[0].name, space=space, pieces=9, **far)
        for name in names
        for space in spaces
    ]
    values = numbers(systems, median=-1234.5, lower=-2345.6, upper=1234.5)
    return content(
        *systems,
        numbers=[row if row.metric in SHOWN else row.model_copy(update={"n": 0}) for row in values],
        verdict=verdict,
        distances=distances,
        pairs=[PairRow(closer=names[0], further=names[-1], space="joint", difference=0.1, p_holm=0.2)],
        provenance=AUTO,
        first=first_screen(systems[0].name, verdict, distances, [], names),
    )


def written(report: ReportContent, path: Path) -> str:
    charts = {key: Chart(key, key, key, (400, 200), (200, 200)) for key in ("distances", "closeness")}
    views = tuple(Chart(f"distributions-{view}", title, title) for view, title in VIEWS.items())
    names = [one.name for one in report.systems]
    silent = Listening(dict.fromkeys(names, ()), dict.fromkeys(names, ""), dict.fromkeys(names, 0))
    drawn = Drawn((), charts, views, for_print=False)
    path.write_text(render_page(report, drawn, silent, "2026-01-02T03:04:05+00:00", measured(report)), "utf-8")
    return path.as_uri()


def opened(browser: "Browser", address: str, width: int) -> "Page":
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(address)
    page.locator("details").evaluate_all("all => all.forEach(details => { details.open = true })")
    page.wait_for_function("document.querySelectorAll('.dots figure').length > 0", timeout=20_000)
    return page


@pytest.mark.parametrize(
    "count", [pytest.param(one, marks=() if one == 3 else pytest.mark.slow) for one in (1, 3, 7, 15)]
)
def test_nothing_is_clipped_at_any_width(browser: "Browser", tmp_path: Path, count: int) -> None:
    address = written(report_of(count), tmp_path / "index.html")
    page = opened(browser, address, WIDTHS[0])
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert page.evaluate(CLIPPED) == [], width
    page.close()


@pytest.fixture(scope="module")
def page(browser: "Browser", tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Page]":
    page = opened(browser, written(report_of(3), tmp_path_factory.mktemp("page") / "index.html"), 1280)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []
    page.close()


def test_the_first_screen_has_answer_figure_and_cards(browser: "Browser", tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(written(report_of(3), tmp_path / "index.html"))
    ends = page.locator(".answer, .standing, .cards").evaluate_all(
        "parts => parts.map(part => part.getBoundingClientRect().bottom)"
    )
    wide = page.locator(".standing svg").first.evaluate("lane => lane.clientWidth")
    page.close()
    assert wide > 350, "the ranking has most of the width"
    assert len(ends) == 3
    assert max(ends) <= 900


def test_a_mark_tells_its_value_interval_p_and_n_on_hover_and_focus(page: "Page") -> None:
    tip, marks = page.locator("#tip"), page.locator(".standing svg[data-tip]")
    marks.first.hover()
    assert "distance 400 [300, 500], p = 0.001, n = 9" in tip.inner_text()
    page.mouse.move(0, 0)
    marks.first.focus()
    page.keyboard.press("ArrowRight")
    assert "loudness: distance 400" in tip.inner_text()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.closest('tr').rowIndex") == 2
    page.keyboard.press("Escape")
    assert not tip.is_visible()


def test_a_link_opens_every_fold_around_what_it_leads_to(page: "Page") -> None:
    page.locator("details").evaluate_all("all => all.forEach(details => { details.open = false })")
    assert page.get_by_role("link", name="every pair").get_attribute("href") == "#pairs"
    # Chromium opens the folds around a link's target by itself, other browsers do not: so without its help.
    page.evaluate("history.replaceState(null, '', '#pairs'); dispatchEvent(new HashChangeEvent('hashchange'))")
    assert page.locator("#pairs table").is_visible()
    page.locator("details").evaluate_all("all => all.forEach(details => { details.open = true })")


def test_a_figure_shows_one_view_only_what_is_significant_the_furthest_first(page: "Page") -> None:
    tools, rows = page.locator(".tools[data-of=verdict]"), page.locator("#verdict .metric:visible")
    everything = rows.count()
    tools.locator("[name=significant]").check()
    assert 0 < rows.count() < everything
    assert page.locator("#verdict .metric.significant:visible").count() == rows.count()
    tools.locator("[name=view]").select_option("loudness")
    assert page.locator("#verdict [data-view]:visible").count() == 1
    assert tools.locator(".shown").inner_text() == f"{rows.count()} metrics"
    tools.locator("[name=view]").select_option("")
    tools.locator("[name=significant]").uncheck()
    assert rows.count() == everything
    by_view, far = rows.all_inner_texts(), "rows => rows.map(row => Number(row.dataset.order))"
    tools.locator("[name=order]").select_option("distance")
    distances = rows.evaluate_all(far)
    assert distances == sorted(distances, reverse=True), "of all views in one order"
    assert rows.all_inner_texts() != by_view
    assert sorted(rows.all_inner_texts()) == sorted(by_view)
    tools.locator("[name=order]").select_option("")
    assert rows.all_inner_texts() == by_view


@pytest.mark.parametrize(
    ("kind", "begins"), [("csv", "Metric,"), ("latex", "\\begin{tabular}{l"), ("markdown", "| Metric |")]
)
def test_a_table_is_copied_by_one_button(page: "Page", kind: str, begins: str) -> None:
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text }")
    place = page.locator("#numbers .copies")
    if place.locator(".copy").get_attribute("aria-expanded") == "false":
        place.locator(".copy").click()
    place.locator(f"[data-as={kind}]").click()
    text = page.evaluate("window.copied")
    assert text.startswith(begins)
    assert "anticipatory" in text
    minus = "$-$" if kind == "latex" else "−"
    assert f"{minus}1234" in text or f"{minus}1235" in text
    assert "n = " not in text, "what is folded away is not copied"


def test_the_head_of_a_table_stays_in_sight(page: "Page") -> None:
    page.locator("#numbers .metric").nth(20).evaluate("row => row.scrollIntoView({ block: 'center' })")
    top = page.locator("#numbers thead th").first.evaluate("head => head.getBoundingClientRect().top")
    assert top == pytest.approx(0, abs=2)


def test_every_piece_is_a_dot_that_names_itself(page: "Page") -> None:
    dots = page.locator(".dots circle")
    assert dots.count() > 50
    assert (dots.first.get_attribute("data-tip") or "").startswith(
        "human, played on one grid, human, played on one grid: "
    )
    assert dots.first.get_attribute("data-play") is None, "it has no player"


def test_figures_are_dark_in_the_dark(page: "Page") -> None:
    page.emulate_media(color_scheme="dark")
    for place in (".standing-box", ".rows", ".dots figure"):
        colour = page.locator(place).first.evaluate("part => getComputedStyle(part).backgroundColor")
        assert sum(int(part) for part in colour[4:-1].split(",")) < 200
    page.emulate_media(color_scheme="light")
