"""The page says what the numbers say, to everyone, and no name can break it."""

from html.parser import HTMLParser
from typing import Any

import pytest

from evaluation.measurement.measure import METRICS
from reports.figures.drawing import Chart, Drawn, Panel, Section
from reports.findings.paper_claims import roles
from reports.page import page
from reports.page.page import Listening, clock, number_views
from reports.page.page import render_page as render

PROVENANCE = {
    "command": "clstm report",
    "seed": 7,
    "grid": "reference",
    "versions": {"python": "3.11"},
    "rendering": None,
    "soundfont_licence": None,
    "systems": [],
}
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
        "model": None,
        "touch": None,
        "generated": None,
    } | more


def numbers(systems: list[dict[str, Any]], **changed: Any) -> list[dict[str, Any]]:
    row = {"n": 3, "median": 0.25, "lower": 0.2, "upper": 0.3, "note": ""} | changed
    return [row | {"metric": metric, "system": one["name"]} for metric in METRICS for one in systems]


def judged(name: str, verdict: str = "differs", **changed: Any) -> dict[str, Any]:
    row = {"distance": 2.5, "distance_low": 1.5, "distance_high": 3.5, "p": 0.001, "p_holm": 0.01, "note": ""}
    sizes = {"system_n": 9, "reference_n": 9, "system_pieces": 9, "reference_pieces": 9}
    how = "higher (large)" if verdict == "differs" else ""
    return {"system": name, "metric": "level_spread", "verdict": verdict, "how": how} | row | sizes | changed


def render_page(content: dict[str, Any], sections: list[Section], heard: bool = True, **charts: Chart) -> str:
    players = {
        system["name"]: Listening(f"audio/{place}.mp3" if heard else None, ((system["shown"], "audio/s.mp3"),) * heard)
        for place, system in enumerate(content["systems"])
    }
    return render(content, Drawn(tuple(sections), charts, ()), players, "2026-01-02T03:04:05+00:00")


def content(*systems: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {
        "title": "Does it hold up?",
        "reference": systems[0]["name"],
        "against": systems[0]["name"],
        "remarks": [],
        "sounds": [],
        "summary": [],
        "verdict": [],
        "claims": [],
        "correlation": [],
        "seconds_drawn": 60.0,
        "seconds_heard": 40.0,
        "systems": list(systems),
        "parts": roles(systems),
        "variants": [],
        "numbers": numbers(list(systems)),
        "accuracy": None,
        "study": None,
        "provenance": PROVENANCE,
    } | changed


def accuracy_row(name: str, role: str, accuracy: float) -> dict[str, Any]:
    shares = dict.fromkeys(("precision", "recall", "f1", "f1_held", "f1_struck"), 0.5)
    skills = {"skill_accuracy": 0.25, "skill_accuracy_low": 0.2, "skill_accuracy_high": 0.3, "skill_nats": None}
    row = {"system": name, "role": role, "horizon": "next", "accuracy": accuracy, "nats": None, "windows": 9}
    return row | shares | skills


def section(name: str, **more: Any) -> Section:
    box = (0.1, 0.2, 0.8, 0.6)
    panel = Panel(name, "#123456", "figures/1.svg", f"Waveform of {name}: loud.", "loud", (288, 170), box, 60.0)
    return Section("waveform", 3, "Waveform", (panel,), **more)


def claim(text: str, verdict: str = "holds") -> dict[str, Any]:
    words = dict.fromkeys(("paper", "measure", "ruled_out", "otherwise"), text)
    return {
        "claim": text,
        "verdict": verdict,
        "value": 1.0,
        "low": 0.5,
        "high": 1.5,
        "unit": "dB",
        "p_holm": 0.01,
    } | words


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
            content(
                nasty,
                title=NASTY,
                remarks=[NASTY],
                summary=[{"about": NASTY, "text": NASTY}],
                claims=[claim(NASTY)],
                accuracy=[accuracy_row(NASTY, "model", 0.9)],
                provenance=PROVENANCE | {"command": NASTY},
            ),
            [section(NASTY, without=(NASTY,))],
            distances=Chart("distances", NASTY, NASTY),
        )
    )
    assert len(page.all("script")) == 1, "only the page's own"
    assert "49" not in page.text
    assert page.text.count(NASTY) > 10
    assert [image["alt"] for image in page.all("img")] == [NASTY, f"Waveform of {NASTY}: loud."]


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


def test_a_figure_of_a_song_names_its_player_and_where_its_axes_lie() -> None:
    page = Tags(render_page(content(system("A", "reference")), [section("A")]))
    (plot,) = [tag for tag in page.all("div") if tag.get("class") == "plot"]
    (song,) = [tag for tag in page.all("audio") if tag.get("class") == "song"]
    assert (plot["data-song"], plot["data-seconds"]) == (song["id"], "60.0")
    assert plot["style"] == "--left: 10.0%; --top: 20.0%; --width: 80.0%; --height: 60.0%"
    assert [button["data-song"] for button in page.all("button") if "data-song" in button] == [song["id"]]


def test_music_that_is_not_to_be_heard_has_no_player_and_says_so() -> None:
    page = Tags(render_page(content(system("A", "reference")), [section("A")], heard=False))
    assert page.all("audio") == []
    assert "its audio is left out" in page.text


def test_a_cell_has_its_distance_bold_where_it_is_told_apart() -> None:
    two = content(system("A", "reference"), system("B"), system("C"))
    two["verdict"] = [judged("B", flips="other sound", size=9.0, delta=-0.5), judged("C", "not told apart")]
    html = render_page(two, [])
    assert '<strong class="distance" title="higher (large)">2.5 [1.5, 3.5] ↑</strong>' in html
    assert '<span class="distance" title="not told apart">2.5 [1.5, 3.5]</span>' in html
    assert "otherwise with other sound" in html
    assert "<small>n\xa0=\xa09, δ\xa0=\xa0−0.50</small>" in html, "beside a distance its n, and Cliff's delta"


def test_the_summary_the_claims_and_the_limits_are_on_the_page() -> None:
    said = [{"about": "B", "text": "B is told apart."}]
    rows = [claim("One", "holds"), claim("Two", "does not hold"), claim("Three", "inconclusive")]
    page = render_page(content(system("A", "reference"), summary=said, claims=rows, remarks=["A has one piece"]), [])
    for words in (
        "B is told apart.",
        "1.00 [0.500, 1.50] dB",
        "mark holds",
        "mark fails",
        "mark open",
        "A has one piece.",
    ):
        assert words in page
    assert "The paper’s claims" not in render_page(content(system("A", "reference")), [])


@pytest.mark.parametrize(("model", "ours"), [("lstm", "Our own model, not the paper"), (None, "Our own model<")])
def test_models_stand_apart_from_ours_and_from_baselines_and_the_best_is_marked(model: str | None, ours: str) -> None:
    rows = [("silence", "baseline", 0.9744), ("plus", "own", 0.98), ("LSTM", "model", 0.9826)]
    table = [accuracy_row(*row) for row in rows]
    html = render_page(content(system("A", "reference"), system("B", model=model), accuracy=table), [])
    blocks = ("Models</span>", ">LSTM<", ours, ">plus<", "Baselines that know", ">silence<")
    order = [html.index(words) for words in blocks]
    assert order == sorted(order)
    assert "<strong>98.26</strong>" in html
    assert "<strong>97.44</strong>" not in html
    assert "25.0<small>20.0 to 30.0</small>" in html
    assert ("Table 2" in html) == (model is not None)


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


LIMITED = {"one_velocity": True, "on_grid": True}
PLAYED = {"one_velocity": False, "on_grid": False}


def test_the_control_is_explained_only_where_there_is_one() -> None:
    plain = Tags(render_page(content(system("A", "reference", touch=LIMITED)), [])).text
    controlled = content(system("A", "reference", touch=PLAYED), system("A, same grid", "control", touch=LIMITED))
    text = Tags(render_page(controlled, [])).text
    assert "A, same grid is the same music with every note on a grid" in text
    assert "As it was played, A has velocities and timing that a score matrix cannot hold" in text
    for words in ("grid", "velocity", "velocities"):
        assert words not in plain.split("What each number means")[0]


@pytest.mark.parametrize(
    ("touch", "words"),
    [
        (LIMITED, "B has one velocity and begins every note on that grid"),
        (PLAYED, "B has velocities and timing of its own"),
        (LIMITED | {"on_grid": False}, "B has timing of its own"),
        (LIMITED | {"one_velocity": False}, "B has velocities of its own"),
        (None, ""),
    ],
)
def test_of_a_systems_velocities_and_timing_is_said_what_its_notes_show(touch: Any, words: str) -> None:
    sentences = ("B has one velocity", "of its own, which the control lacks")
    three = content(system("A", "reference"), system("A, same grid", "control"), system("B", touch=touch))
    text = " ".join(Tags(render_page(three, [])).text.split())
    assert words in text
    assert sum(sentence in text for sentence in sentences) == bool(words)


def test_two_systems_of_one_kind_share_no_part_and_the_page_says_which_has_it() -> None:
    both = content(
        system("A", "reference"), system("Warm", model="lstm"), system("Cold", model="lstm"), claims=[claim("One")]
    )
    text = " ".join(Tags(render_page(both, [])).text.split())
    assert "Claims about the LSTM are asked of Warm, the first by such a model; not of Cold." in text


def test_each_way_in_which_a_claim_comes_out_otherwise_has_a_line_under_it() -> None:
    row = claim("One") | {"otherwise": "lstm, threshold 0.15: does not hold; reverb: inconclusive"}
    page = render_page(content(system("A", "reference"), system("B", model="lstm"), claims=[row]), [])
    assert "<small>lstm, threshold 0.15: does not hold</small><small>reverb: inconclusive</small>" in page
    assert '<tr class="otherwise">' not in render_page(
        content(system("A", "reference"), claims=[claim("One") | {"otherwise": ""}]), []
    )


def test_variants_are_listed_where_the_page_says_how_it_was_made() -> None:
    variant = {"system": "B", "label": "threshold 0.15", "path": "music/b", "pieces": 12}
    page = Tags(render_page(content(system("A", "reference"), system("B"), variants=[variant]), []))
    assert "threshold 0.15: 12 files" in page.text.split("How it was made")[-1]
    assert "variants.csv" in [link["href"] for link in page.all("a")]


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
