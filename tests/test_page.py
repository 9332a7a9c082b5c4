"""The page says what the numbers say, to everyone, and no name can break it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest

from evaluation.audio.render import RenderSettings, describe
from evaluation.comparison.verdict import VerdictRow
from evaluation.metrics.catalogue import METRICS
from reports.content.provenance import InputFile, Provenance
from reports.content.report import ControlContent, LeftOutFile, ReportContent, SystemContent, Touch, VariantContent
from reports.content.rows import AccuracyRow, ClaimRow, MetricSummary, SummaryLine
from reports.figures.drawing import Chart, Drawn, Section
from reports.findings.paper_claims import parts_of
from reports.findings.standing import first_screen
from reports.inputs.matched import Match
from reports.listening.section import HeardPiece, Listening
from reports.page.cells import ViewOfNumbers, metric_line, number_views
from reports.page.page import clock
from reports.page.page import render_page as render

PROVENANCE = Provenance(command="clstm report", reference="A", seed=7, versions={"python": "3.11"})
AUTO = PROVENANCE.model_copy(update={"grid": "auto"})
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


def system(name: str, role: str = "system", files: int = 3, **more: Any) -> SystemContent:
    inputs = tuple(InputFile(file=f"{n}", sha256="ab" * 32, seconds=61.0) for n in range(files))
    about = {"name": name, "role": role, "colour": "#123456", "shown": "song", "median_seconds": 61.0}
    return SystemContent(**(about | {"inputs": inputs} | more))


def numbers(systems: Sequence[SystemContent], **changed: Any) -> tuple[MetricSummary, ...]:
    row = {"n": 3, "median": 0.25, "lower": 0.2, "upper": 0.3} | changed
    return tuple(MetricSummary(metric=metric, system=one.name, **row) for metric in METRICS for one in systems)


def judged(name: str, verdict: str = "differs", **changed: Any) -> VerdictRow:
    row: dict[str, Any] = {"distance": 2.5, "distance_low": 1.5, "distance_high": 3.5, "p": 0.001, "p_holm": 0.01}
    row |= {"system_n": 9, "reference_n": 9, "system_pieces": 9, "reference_pieces": 9}
    row |= {"direction": "higher", "magnitude": "large"} if verdict == "differs" else {}
    return VerdictRow(system=name, metric="level_spread", verdict=verdict, **(row | changed))


def render_page(content: ReportContent, sections: list[Section], heard: bool = True, **charts: Chart) -> str:
    created = "2026-01-02T03:04:05+00:00"
    return render(content, Drawn(tuple(sections), charts, ()), listening(content, heard), created, measured(content))


def listening(content: ReportContent, heard: bool = True) -> Listening:
    """Two pieces of every system, with one prompt in common."""
    pieces = {
        one.name: tuple(
            HeardPiece(
                f"{place}-{number}", one.shown, "a.mid", "listening/1.js", "audio/1.mp3" if heard else None, match
            )
            for number, match in enumerate((0, None))
        )
        for place, one in enumerate(content.systems)
    }
    shown = {name: own[0].id for name, own in pieces.items()}
    return Listening(pieces, shown, dict.fromkeys(pieces, 2), (Match(NASTY, "prompt"),), {"peak": 1.0})


def measured(content: ReportContent) -> pd.DataFrame:
    """Every value of every piece, one of each system."""
    rows = [(one.system, one.system, one.metric, one.median) for one in content.numbers]
    return pd.DataFrame(rows, columns=["system", "piece", "metric", "value"])


def content(*systems: SystemContent, **changed: Any) -> ReportContent:
    parts: dict[str, Any] = {
        "title": "Does it hold up?",
        "reference": systems[0].name,
        "against": systems[0].name,
        "seconds_drawn": 60.0,
        "seconds_heard": 40.0,
        "systems": systems,
        "parts": parts_of(systems),
        "numbers": numbers(systems),
        "provenance": PROVENANCE,
    }
    return ReportContent(**(parts | changed))


def accuracy_row(name: str, role: str, accuracy: float) -> AccuracyRow:
    shares = dict.fromkeys(("precision", "recall", "f1", "f1_held", "f1_struck"), 0.5)
    skills = {"skill_accuracy": 0.25, "skill_accuracy_low": 0.2, "skill_accuracy_high": 0.3}
    row = {"system": name, "role": role, "horizon": "next", "accuracy": accuracy, "windows": 9}
    return AccuracyRow(**row, **shares, **skills)


def section(*without: str) -> Section:
    return Section("waveform", 3, "Waveform", without)


def claim(text: str, verdict: str = "holds", otherwise: str | None = None) -> ClaimRow:
    words = dict.fromkeys(("claim", "paper", "measure", "ruled_out", "otherwise"), text)
    words |= {} if otherwise is None else {"otherwise": otherwise}
    return ClaimRow(verdict=verdict, value=1.0, low=0.5, high=1.5, unit="dB", p_holm=0.01, **words)


def views(report: ReportContent) -> list[ViewOfNumbers]:
    return list(number_views(report.systems, report.numbers, report.verdict, paper=False))


def test_no_name_can_break_the_page() -> None:
    nasty = system(
        NASTY,
        "reference",
        shown=NASTY,
        remarks=[NASTY],
        failures=(LeftOutFile(file=NASTY, reason=NASTY),),
        generated={NASTY: NASTY},
    )
    page = Tags(
        render_page(
            content(
                nasty,
                title=NASTY,
                remarks=[NASTY],
                summary=[SummaryLine(about=NASTY, text=NASTY)],
                claims=[claim(NASTY)],
                accuracy=[accuracy_row(NASTY, "model", 0.9)],
                provenance=PROVENANCE.model_copy(update={"command": NASTY}),
            ),
            [section("B")],
            network=Chart("network", NASTY, NASTY),
        )
    )
    assert [script.get("type") for script in page.all("script")] == ["application/json", None], "only the page's own"
    assert "49" not in page.text
    assert page.text.count(NASTY) > 10
    assert [image["alt"] for image in page.all("img")] == [NASTY]
    (view,) = page.all("canvas")
    assert view == {}, "what it shows is said by the slider around it"
    assert {row["data-name"] for row in page.all("li") if "data-piece" in row} == {NASTY}


def test_the_page_asks_for_nothing_beside_its_folder() -> None:
    page = Tags(render_page(content(system("A", "reference")), [section()]))
    links = [value for _, attributes in page.tags for name, value in attributes.items() if name in ("src", "href")]
    assert links
    assert [link for link in links if link is None or ":" in link or link.startswith("/")] == []
    assert page.all("link") == []


def test_every_image_has_an_alternative_and_every_header_a_scope() -> None:
    table = [accuracy_row("LSTM", "model", 0.98), accuracy_row("silence", "baseline", 0.97)]
    page = Tags(render_page(content(system("A", "reference"), system("B"), accuracy=table), [section()]))
    assert all(image["alt"] for image in page.all("img"))
    assert all("scope" in header for header in page.all("th"))
    assert all(player["aria-label"] for player in page.all("audio"))


def test_where_the_reference_cannot_be_heard_every_card_plays_one_prompt() -> None:
    systems = [system("people", "reference"), system("first"), system("second")]
    first = first_screen("people", [], [], [], ["first", "second"])
    page = content(*systems, first=first)
    pieces = listening(page)
    silent = tuple(replace(piece, audio=None) for piece in pieces.pieces["people"])
    alone = tuple(replace(piece, match=None) for piece in pieces.pieces["second"])
    for own, second, words in (
        (silent, pieces.pieces["second"], ["After the same prompt as the others"] * 2),
        (silent, alone, ["One of its pieces"] * 2),
        (pieces.pieces["people"], pieces.pieces["second"], ["After the same prompt"] * 2),
    ):
        heard = replace(pieces, pieces={**pieces.pieces, "people": own, "second": second})
        html = render(page, Drawn((), {}, ()), heard, "2026-01-02T03:04:05+00:00", measured(page))
        assert re.findall('<p class="after">(.*)</p>', html) == words
        played = re.findall('class="play named" data-play="([^:]*):', html)
        assert played == (["first", "second"] if own is silent else ["people", "first", "people", "second"])


def test_the_strips_have_the_band_of_what_the_systems_are_compared_with() -> None:
    systems = [system("people", "reference"), system("people, on a grid", "control"), system("first")]
    for against in ("people", "people, on a grid"):
        html = render_page(content(*systems, against=against), [section()])
        assert f"the band are those of {against}." in " ".join(html.split())
        strip = html[html.index('<td class="strip"') :]
        assert [one == "reference" for one in re.findall('<p class="(\\w+)"', strip)[:3]] == [
            one.name == against for one in systems
        ]


def test_joint_nats_have_columns_where_a_table_has_them() -> None:
    rows = [accuracy_row("LSTM", "model", 0.98), accuracy_row("notes", "own", 0.97)]
    joint = [row.model_copy(update={"joint_nats": nats}) for row, nats in zip(rows, (4.25, 2.25), strict=True)]
    for table, columns in ((rows, 0), (joint, 2)):
        html = render_page(content(system("A", "reference"), system("B"), accuracy=table), [section()])
        assert html.count('class="number">Joint, ') == columns
        assert html.count('data-label="Joint, ') == columns * len(rows), "a card names every value"
        assert ("Joint nats are of the next frame" in html) == bool(columns)
        assert ("<strong>2.25</strong>" in html) == bool(columns)


def test_a_view_can_be_played_and_its_moment_chosen_by_keyboard() -> None:
    page = Tags(render_page(content(system("A", "reference"), system("B")), [section()]))
    assert [button["data-play"] for button in page.all("button") if "data-play" in button] == ["A:", "B:"]
    plots = [tag for tag in page.all("div") if tag.get("role") == "slider"]
    assert [plot["tabindex"] for plot in plots] == ["0", "-1"], "one stop a figure; arrows lead to the others"
    assert all(plot["aria-label"] and plot["aria-describedby"] for plot in plots)


def test_music_that_is_not_to_be_heard_has_no_player_and_says_so() -> None:
    page = Tags(render_page(content(system("A", "reference"), system("B")), [section()], heard=False))
    assert page.all("audio") == []
    assert "this audio is not included" in page.text
    assert not any("data-play" in button for button in page.all("button"))
    assert "Which is A?" not in page.text, "there is nothing to guess from"


def test_systems_without_a_prompt_in_common_have_pickers_of_their_own() -> None:
    one = content(system("A", "reference"), system("B"))
    heard = listening(one)
    apart = {name: tuple(replace(piece, match=None) for piece in own) for name, own in heard.pieces.items()}
    for given, pickers, words in (
        (heard, 1, "every system that has it plays it"),
        (replace(heard, pieces=apart), 2, "The systems have no prompt in common"),
    ):
        page = Tags(render(one, Drawn((), {}, ()), given, "2026-01-02T03:04:05+00:00", measured(one)))
        assert len([one for one in page.all("select") if one.get("name") != "view"]) == pickers
        assert words in " ".join(page.text.split())


def test_a_distance_is_bold_where_the_difference_is_significant() -> None:
    rows = [judged("B", flips="other sound", size=9, delta=-0.5), judged("C", "inconclusive")]
    html = render_page(content(system("A", "reference"), system("B"), system("C"), verdict=rows), [])
    assert '<strong class="distance" title="higher (large)">2.5 [1.5, 3.5] ↑</strong>' in html
    assert '<span class="distance" title="inconclusive">2.5 [1.5, 3.5]</span>' in html
    assert "conclusion changes with other sound" in html
    assert "<small>floor of 9, δ\xa0=\xa0−0.50</small>" in html, (
        "beside a distance the pieces of its floor, and Cliff's delta"
    )


def test_a_dot_is_explained_only_where_something_was_not_tested() -> None:
    systems = (system("human", "reference"), system("model"))
    chart = Chart("distances", "Distances", "Distances")
    same = judged("model", "no verdict", note="the same in both", distance=0.0)
    for row, said in ((judged("model"), False), (same, True)):
        page = render_page(content(*systems, verdict=(row,)), [], distances=chart)
        assert ("the metric is the same in all pieces of both sets" in " ".join(page.split())) == said


def test_the_summary_the_claims_and_the_limits_are_on_the_page() -> None:
    said = [SummaryLine(about="B", text="B differs significantly.")]
    rows = [claim("One", "holds"), claim("Two", "does not hold"), claim("Three", "inconclusive")]
    page = render_page(content(system("A", "reference"), summary=said, claims=rows, remarks=["A has one piece"]), [])
    for words in (
        "B differs significantly.",
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
    blocks = ("Models</span>", ">LSTM<", ours, ">plus<", "Trivial baselines", ">silence<")
    order = [html.index(words) for words in blocks]
    assert order == sorted(order)
    assert "<strong>98.26</strong>" in html
    assert "<strong>97.44</strong>" not in html
    assert "25.0<small>20.0 to 30.0</small>" in html
    assert ("Table 2" in html) == (model is not None)


def test_without_an_accuracy_table_none_is_shown() -> None:
    assert "Table 2" not in render_page(content(system("A", "reference")), [])


def test_a_system_with_one_file_shows_no_range() -> None:
    alone = system("A", "reference", files=1)
    one = content(alone, numbers=numbers([alone], n=1))
    assert all(cell.range == "" for view in views(one) for metric in view.metrics for cell in metric.cells)
    assert "1 file, 1:01\xa0min" in Tags(render_page(one, [])).text


def test_a_metric_without_a_value_gives_its_reason() -> None:
    one, other = system("A", "reference"), system("B")
    none = {"n": 0, "median": None, "lower": None, "upper": None, "note": "audio has no notes"}
    both = content(one, other, numbers=numbers([one]) + numbers([other], **none))
    assert Tags(render_page(both, [])).text.count("audio has no notes") == sum(
        not metric.quoted for metric in METRICS.values()
    )


def test_a_metric_that_no_system_has_is_left_out() -> None:
    one = system("A", "reference")
    empty = content(one, numbers=numbers([one], n=0, median=None, lower=None, upper=None, note="silent"))
    assert views(empty) == []


def test_views_of_notes_say_which_notes_count() -> None:
    one = system("A", "reference")
    shown = {view.title: view.counted for view in views(content(one, numbers=numbers([one])))}
    assert {title for title, words in shown.items() if words} == {"Notes", "Repetition", "Instruments", "Metre"}
    assert "drums do not" in shown["Notes"]
    assert shown["Notes"] in Tags(render_page(content(one, numbers=numbers([one])), [])).text


def test_shares_are_shown_in_percent_and_placed_between_the_rows_extremes() -> None:
    one, other = system("A", "reference"), system("B")
    high = {"median": 0.75, "lower": 0.7, "upper": 0.8}
    both = content(one, other, numbers=numbers([one]) + numbers([other], **high))
    metrics = {metric.label: metric for view in views(both) for metric in view.metrics}
    low_cell, high_cell = metrics["Energy below 1 kHz"].cells
    assert (low_cell.median, low_cell.range, high_cell.median) == ("25.0", "20.0 to 30.0", "75.0")
    assert (low_cell.start, high_cell.end) == (0, 100)


LIMITED = Touch(one_velocity=True, on_grid=True)
PLAYED = Touch(one_velocity=False, on_grid=False)


def test_the_control_is_explained_only_where_there_is_one() -> None:
    plain = Tags(render_page(content(system("A", "reference", touch=LIMITED)), [])).text
    assert "Controls" not in plain
    controlled = content(
        system("A", "reference", touch=PLAYED),
        system("A, same grid", "control", touch=LIMITED),
        system("B", against="A, same grid", why=("all notes have velocity 80", "generated.json declares <piano>")),
        controls=[
            ControlContent(
                name="A, same grid",
                limits="with every onset and offset on a grid of 1/8 s",
                parts={"grid": "1/8 s grid", "velocity": "one velocity"},
                removes=("the velocities", "the finer timing"),
            )
        ],
        against="A, same grid",
        provenance=AUTO,
    )
    text = " ".join(Tags(render_page(controlled, [])).text.split())
    assert "The systems are compared with A, same grid: A under the limits of their own music" in text
    assert "A, same grid is the same music with every onset and offset on a grid of 1/8 s. System" in text
    assert "B A, same grid All notes have velocity 80. Generated.json declares <piano>." in text
    assert "A, same grid lacks the velocities and the finer timing of A." in text
    assert "A system shares the limits of its control" in text
    for words in ("grid", "velocity", "velocities"):
        assert words not in plain.split("What each number means")[0]


@pytest.mark.parametrize(
    ("pedal", "words"), [(False, "from note-on to note-off"), (True, "as long as the pedal holds")]
)
def test_the_page_says_how_long_notes_are_where_music_was_rendered(pedal: bool, words: str) -> None:
    report = content(system("human", "reference"), system("lstm"))
    made = report.provenance.model_copy(update={"pedal": pedal, "rendering": describe(RenderSettings())})
    page = render_page(report.model_copy(update={"provenance": made}), [])
    assert page.count(f"Note lengths in all MIDI: {words}") == 2  # with the definitions, and among the caveats
    audio = report.provenance.model_copy(update={"rendering": None})
    assert "Note lengths" not in render_page(report.model_copy(update={"provenance": audio}), [])


def test_where_references_differ_the_page_says_for_each_system_which_and_why() -> None:
    rows = judged("B", against="A, one velocity"), judged("C", against="A")
    both = content(
        system("A", "reference", touch=PLAYED),
        system("A, one velocity", "control"),
        system("B", against="A, one velocity", why=("all notes have velocity 80",)),
        system("C", against="A", touch=PLAYED, why=("no grid and no single velocity was found",)),
        controls=[ControlContent(name="A, one velocity", limits="with every note at velocity 80")],
        verdict=rows,
        provenance=AUTO,
    )
    chart = Chart("distances", "Distance", "Distance of every metric.", (300, 200), (200, 300))
    text = " ".join(Tags(render_page(both, [], distances=chart)).text.split())
    assert "Each system is compared with A under the limits of its own music" in text
    assert "The distance of each system from what it is compared with ( Controls ) in every metric" in text
    assert "C A no control No grid and no single velocity was found." in text
    both_vary = "Both C and A vary in velocity and timing: a difference may come from performance or from composition."
    assert both_vary in text


@pytest.mark.parametrize(
    ("touch", "words"),
    [
        (LIMITED, []),
        (PLAYED, ["All notes of A, same grid have one velocity and begin on a grid of 1/8 s; those of B do not"]),
        (Touch(one_velocity=True, on_grid=False), ["All notes of A, same grid begin on a grid of 1/8 s; those of B"]),
        (Touch(one_velocity=False, on_grid=True), ["All notes of A, same grid have one velocity; those of B do not"]),
        (None, ["B is audio: a difference may also come from its instrument or recording."]),
    ],
)
def test_of_a_systems_velocities_and_timing_is_said_what_its_notes_show(touch: Any, words: list[str]) -> None:
    control = ControlContent(name="A, same grid", limits="with every note at velocity 80")
    own = system("B", touch=touch, against=control.name, why=("--grid decides it",))
    played, limited = system("A", "reference", touch=PLAYED), system("A, same grid", "control", touch=LIMITED)
    three = content(played, limited, own, controls=[control])
    text = " ".join(Tags(render_page(three, [])).text.split())
    assert all(one in text for one in words)
    assert ("a difference may" in text) == bool(words)


def test_without_controls_by_choice_no_limits_are_promised() -> None:
    free = PROVENANCE.model_copy(update={"grid": "none"})
    both = content(
        system("A", "reference", touch=PLAYED),
        system("B", touch=LIMITED, against="A", why=("--grid decides it",)),
        provenance=free,
    )
    text = " ".join(Tags(render_page(both, [])).text.split())
    assert "--grid none: all music is compared as it is, whatever limits it has." in text
    assert "All notes of B have one velocity and begin on a grid of 1/8 s; those of A do not" in text
    assert "own music" not in text


def test_two_systems_of_one_kind_share_no_part_and_the_page_says_which_has_it() -> None:
    both = content(
        system("A", "reference"), system("Warm", model="lstm"), system("Cold", model="lstm"), claims=[claim("One")]
    )
    text = " ".join(Tags(render_page(both, [])).text.split())
    assert "Claims about the LSTM are tested on Warm, the first system of that kind, not on Cold." in text


def test_each_setting_with_another_verdict_on_a_claim_has_a_line_below_it() -> None:
    row = claim("One", otherwise="lstm, threshold 0.15: does not hold; reverb: inconclusive")
    page = render_page(content(system("A", "reference"), system("B", model="lstm"), claims=[row]), [])
    assert "<small>lstm, threshold 0.15: does not hold</small><small>reverb: inconclusive</small>" in page
    assert '<tr class="otherwise">' not in render_page(
        content(system("A", "reference"), claims=[claim("One", otherwise="")]), []
    )


def test_variants_are_listed_where_the_page_says_how_it_was_made() -> None:
    variant = VariantContent(system="B", label="threshold 0.15", path="music/b", pieces=12)
    page = Tags(render_page(content(system("A", "reference"), system("B"), variants=[variant]), []))
    assert "threshold 0.15: 12 files" in page.text.split("How it was made")[-1]
    assert "variants.csv" in [link["href"] for link in page.all("a")]


def test_files_left_out_are_listed_with_their_reason() -> None:
    failed = system("A", "reference", failures=(LeftOutFile(file="broken.mid", reason="0 bytes"),))
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
        MetricSummary(metric="flatness", system="a", n=1, lower=value, median=value, upper=value) for value in values
    ]
    cells = metric_line("flatness", [(system("a"), row, None) for row in rows], paper=False).cells
    assert [cell.median for cell in cells] == [f"{value:.{decimals}f}" for value in values]
