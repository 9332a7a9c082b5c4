"""The page says what the numbers say, to everyone, and no name can break it."""

from html.parser import HTMLParser
from typing import Any

import pytest

from evaluation.measures import METRICS
from reports import page
from reports.page import Panel, Section, clock, number_views, render_page

NASTY = """</title><script>alert("1")</script> & 'é' {{ 7 * 7 }}"""


class Tags(HTMLParser):
    """Every tag with its attributes, and all text outside styles and scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] not in ("style", "script"):
            self.text += f" {data.strip()}"

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def system(name: str, role: str = "system", files: int = 3, **more: Any) -> dict[str, Any]:
    inputs = [{"file": f"{n}", "sha256": "ab" * 32, "seconds": 61.0} for n in range(files)]
    return {
        "name": name,
        "role": role,
        "colour": "#123456",
        "shown": "song",
        "median_seconds": 61.0,
        "inputs": inputs,
        "failures": [],
        "remarks": [],
        "generated": None,
    } | more


def numbers(systems: list[dict[str, Any]], **changed: Any) -> list[dict[str, Any]]:
    row = {"n": 3, "median": 0.25, "lower": 0.2, "upper": 0.3, "note": ""} | changed
    return [row | {"metric": metric, "system": one["name"]} for metric in METRICS for one in systems]


def content(*systems: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {
        "created": "2026-01-02T03:04:05+00:00",
        "title": "Does it hold up?",
        "reference": systems[0]["name"],
        "seconds_drawn": 60.0,
        "seconds_heard": 40.0,
        "systems": list(systems),
        "numbers": numbers(list(systems)),
        "accuracy": None,
        "study": None,
        "command": "clstm report",
        "seed": 7,
        "versions": {"python": "3.11"},
        "rendering": None,
    } | changed


def accuracy_row(name: str, role: str, accuracy: float) -> dict[str, Any]:
    shares = dict.fromkeys(("precision", "recall", "f1", "f1_held", "f1_struck"), 0.5)
    return {"system": name, "role": role, "horizon": "next", "accuracy": accuracy, "nats": None, "windows": 9} | shares


def section(name: str, **more: Any) -> Section:
    panel = Panel(name, "#123456", "figures/1.svg", "audio/1.flac", f"Waveform of {name}: loud.", "loud")
    return Section("figure3-waveform", 3, "Waveform", (panel,), **more)


def test_no_name_can_break_the_page() -> None:
    nasty = system(
        NASTY,
        "reference",
        shown=NASTY,
        remarks=[NASTY],
        failures=[{"file": NASTY, "reason": NASTY}],
        generated={NASTY: NASTY},
    )
    page = Tags(
        render_page(
            content(nasty, title=NASTY, command=NASTY, accuracy=[accuracy_row(NASTY, "model", 0.9)]),
            [section(NASTY, without=(NASTY,))],
        )
    )
    assert len(page.all("script")) == 1, "only the page's own"
    assert "49" not in page.text
    assert page.text.count(NASTY) > 10
    assert page.all("img")[0]["alt"] == f"Waveform of {NASTY}: loud."


def test_the_page_asks_for_nothing_beside_its_folder() -> None:
    page = Tags(render_page(content(system("A", "reference")), [section("A")]))
    links = [value for _, attributes in page.tags for name, value in attributes.items() if name in ("src", "href")]
    assert links
    assert [link for link in links if link is None or ":" in link or link.startswith("/")] == []
    assert page.all("link") == []


def test_every_image_has_an_alternative_and_every_header_a_scope() -> None:
    table = [accuracy_row("LSTM", "model", 0.98), accuracy_row("silence", "baseline", 0.97)]
    page = Tags(render_page(content(system("A", "reference"), system("B"), accuracy=table), [section("A")]))
    assert all(image["alt"] for image in page.all("img"))
    assert all("scope" in header for header in page.all("th"))
    assert all(player["aria-label"] for player in page.all("audio"))


def test_models_stand_apart_from_ours_and_from_baselines_and_the_best_is_marked() -> None:
    rows = [("silence", "baseline", 0.9744), ("plus", "own", 0.98), ("LSTM", "model", 0.9826)]
    table = [accuracy_row(*row) for row in rows]
    html = render_page(content(system("A", "reference"), accuracy=table), [])
    blocks = ("Models</span>", ">LSTM<", "Our own model, not the paper", ">plus<", "Baselines that know", ">silence<")
    order = [html.index(words) for words in blocks]
    assert order == sorted(order)
    assert "<strong>98.26</strong>" in html
    assert "<strong>97.44</strong>" not in html


def test_without_an_accuracy_table_none_is_shown() -> None:
    assert "Table 2" not in render_page(content(system("A", "reference")), [])


def test_a_system_with_one_file_shows_no_range() -> None:
    one = content(system("A", "reference", files=1))
    one["numbers"] = numbers(one["systems"], n=1)
    assert all(
        cell["range"] is None for view in number_views(one) for metric in view["metrics"] for cell in metric["cells"]
    )
    assert "1 file, 1:01\xa0min" in Tags(render_page(one, [])).text


def test_a_figure_that_does_not_exist_gives_its_reason() -> None:
    both = content(system("A", "reference"), system("B"))
    none = {"n": 0, "median": None, "lower": None, "upper": None, "note": "audio has no notes"}
    both["numbers"] = numbers([both["systems"][0]]) + numbers([both["systems"][1]], **none)
    assert Tags(render_page(both, [])).text.count("audio has no notes") == len(METRICS)


def test_a_figure_nobody_has_is_left_out() -> None:
    empty = content(system("A", "reference"))
    empty["numbers"] = numbers(empty["systems"], n=0, median=None, lower=None, upper=None, note="silent")
    assert list(number_views(empty)) == []


def test_shares_are_shown_in_percent_and_placed_between_the_rows_extremes() -> None:
    both = content(system("A", "reference"), system("B"))
    high = {"median": 0.75, "lower": 0.7, "upper": 0.8}
    both["numbers"] = numbers([both["systems"][0]]) + numbers([both["systems"][1]], **high)
    metrics = {metric["label"]: metric for view in number_views(both) for metric in view["metrics"]}
    low_cell, high_cell = metrics["Energy below 1 kHz"]["cells"]
    assert (low_cell["median"], low_cell["range"], high_cell["median"]) == ("25.0", "20.0 to 30.0", "75.0")
    assert (low_cell["from"], high_cell["to"]) == (0, 100)


def test_the_control_is_explained_only_where_there_is_one() -> None:
    plain = render_page(content(system("A", "reference")), [])
    controlled = render_page(content(system("A", "reference"), system("A, same grid", "control")), [])
    assert "has no velocity" in controlled
    assert "has no velocity" not in plain


def test_files_left_out_are_listed_with_their_reason() -> None:
    failed = system("A", "reference", failures=[{"file": "broken.mid", "reason": "0 bytes"}])
    text = Tags(render_page(content(failed), [])).text
    assert "1 file left out" in text
    assert "broken.mid" in text
    assert "0 bytes" in text


@pytest.mark.parametrize(("seconds", "words"), [(9.96, "10\xa0s"), (59.96, "1:00\xa0min"), (165.7, "2:46\xa0min")])
def test_times_read_as_a_clock(seconds: float, words: str) -> None:
    assert clock(seconds) == words


@pytest.mark.parametrize(
    ("values", "decimals"),
    [([0.00004, 0.00001], 6), ([0.05, 0.03], 3), ([0.88], 2), ([1.5], 2), ([12.5], 1), ([150.5], 0), ([3.0, 2.0], 0)],
)
def test_a_small_number_shows_two_digits_that_count(values: list[float], decimals: int) -> None:
    rows = [
        {"metric": "flatness", "system": "a", "n": 1, "lower": value, "median": value, "upper": value, "note": ""}
        for value in values
    ]
    systems = [{"name": "a"}] * len(rows)
    cells = page._metric("flatness", rows, systems)["cells"]
    assert [cell["median"] for cell in cells] == [f"{value:.{decimals}f}" for value in values]
