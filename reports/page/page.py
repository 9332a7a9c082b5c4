"""The page: the report's numbers, laid out for people. Everything a name could contain is escaped by the template.

`render_page` is a pure function of a report's content and of the figures' sections.
"""

import json
import re
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from reports.content.report import ModelRole, ReportContent, SystemContent
from reports.content.rows import SummaryLine
from reports.figures.drawing import Drawn
from reports.findings import limits
from reports.findings.latex import UNICODE
from reports.findings.tables import measured, of_distances, of_pairs
from reports.inputs.models import OURS, of_the_paper
from reports.listening import section
from reports.listening.section import HeardPiece, Listening
from reports.numbers import listed, short
from reports.page import first
from reports.page.cells import NBSP, floors, number_views
from reports.page.dots import dots
from reports.page.given import SHARES, SKILLS, accuracy_tables, correlation_lines
from reports.page.listeners import heard_blocks
from reports.page.marks import marks_of

if TYPE_CHECKING:
    import pandas as pd

AGREEMENT = "agreement"  # what the keys of the tables of listeners and metrics begin with
TEMPLATES = Path(__file__).parent / "templates"

LOOK_FOR = {
    "score-matrix": "The notes as a score matrix: one column per eighth of a second, held notes below, their onsets "
    "above. Music that loops, holds one chord or scatters notes can be seen here.",
    "waveform": "The pale outline is the waveform, the solid core its RMS envelope.",
    "spectrum": "The line is the smoothed spectrum to 5 kHz; the dashed one is that of what the system is compared "
    "with, in print the reference’s. Vertical lines mark 1, 1.2 and 1.3 kHz, with the share of the energy below each.",
    "sonogram": "The stronger the colour, the louder, on one scale for all, to 5 kHz.",
    "piano-roll": "Every note with a pitch; within a panel, the stronger the colour, the louder.",
    "self-similarity": "How similar any two half seconds sound: squares are sections, lines parallel to the "
    "diagonal are repeats, a uniform field is music without change.",
}
PAPER_SEES = {
    "score-matrix": "The paper’s models read and write this matrix.",
    "waveform": "The paper sees marked ups and downs in the human sample, hardly any in the LSTM’s music, which stays "
    "loud, and some in the C-LSTM’s.",
    "spectrum": "The paper sees the sample concentrated below 1 kHz, the C-LSTM below 1.2 kHz and the LSTM below "
    "1.3 kHz, with strong highs.",
    "sonogram": "The paper sees the highs change with time in the sample and the C-LSTM, hardly at all in the LSTM.",
}


def render_page(
    content: ReportContent,
    drawn: Drawn,
    listening: Listening,
    created: str,
    tidy: "pd.DataFrame",
    *,
    kit: bool = False,
) -> str:
    """The HTML of a report.

    content : what `report.json` holds; drawn : its figures; listening : the pieces that can be picked
    kit : whether the folder `paper` is beside it
    created : when, in ISO 8601; tidy : every value, with columns system, piece, metric, value
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([TEMPLATES, section.TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "clock": clock,
        "pretty": pretty,
        "short": short,
        "measured": measured,
        "of_numbers": of_numbers,
    }
    paper = of_the_paper(system.model for system in content.systems)
    grid, controls = content.provenance.grid, content.controls
    content = content.model_copy(update={"systems": tuple(map(in_page, content.systems))})
    colours = {system.name: system.colour for system in content.systems}
    return environment.get_template("report.html.j2").render(
        **{name: getattr(content, name) for name in ReportContent.model_fields},
        created=created,
        drawn=drawn,
        listening=listening,
        timed=section.TIMED,
        letters=UNICODE,
        paper=paper,
        kit=kit,
        look_for={key: _joined(text, PAPER_SEES.get(key, "") if paper else "") for key, text in LOOK_FOR.items()},
        short=by_subject(content.summary),
        asked=[shlex.quote(f"{one.name}={one.path}") for one in content.provenance.systems],
        reference_given=shlex.quote(content.reference),
        marks=marks_of(content.verdict, colours, content.reference),
        values=dots(tidy, content.systems),
        screen=first.screen(content.first, colours, _pairs(content, listening)),
        together=of_distances(content.distances, by_view=False),
        ours={system.name for system in content.systems if paper and system.model in OURS},
        prompts=of_prompts(content.systems),
        of_one_prompt=any(listening.matches[place].by == "prompt" for place in listening.picked),
        of_claims=first.of_claims(content.claims),
        every_pair=of_pairs(content.pairs),
        compared_with=content.compared_with,
        band=content.against if content.against in colours else content.reference,
        grid=grid,
        # Of audio no limits are known, and none can be put on it.
        has_controls=bool(controls) or any(one.why and one.touch for one in content.systems),
        has_untested=any(not row.judged and row.distance is not None for row in content.verdict),
        controlled=controlled(content.systems),
        of_controls=[limits.of_grid(grid, content.reference, controls), *limits.of_controls(controls)],
        of_limits=[
            *filter(None, [limits.of_sharing(grid, controls)]),
            *limits.of_reference(content.reference, controls),
            *limits.of_sides(content.systems, controls, grid),
        ],
        floors=floors(content.verdict),
        same_kind=same_kind(content.parts, content.systems),
        views=list(number_views(content.systems, content.numbers, content.verdict, paper)),
        accuracy_tables=accuracy_tables(content.accuracy, paper),
        accuracy_labels=list(SHARES),
        skills=SKILLS,
        heard=heard_blocks(content.study) if content.study else [],
        related=[one for one in content.beside if one.key.startswith(AGREEMENT)],
        correlations=correlation_lines(content.correlation),
        note_lengths=limits.of_lengths(controls, pedal=content.provenance.pedal)
        if content.provenance.rendering
        else "",
    )


def in_page(system: SystemContent) -> SystemContent:
    """With the colour of the page: the reference is dark on white, and white in the dark."""
    return system.model_copy(update={"colour": "var(--ink)"}) if system.role == "reference" else system


def _pairs(content: ReportContent, listening: Listening) -> dict[str, first.Pair]:
    """Of each system, a piece of the reference and one of its own that can be heard: after the same prompt, or of the
    same name, where there are such; else those that the page begins with. Where the reference cannot be heard, a piece
    that as many systems as possible have in common."""

    def heard(name: str) -> list[HeardPiece]:
        own = [piece for piece in listening.pieces[name] if piece.audio]
        return sorted(own, key=lambda piece: piece.id != listening.shown[name])

    human, found = heard(content.reference), {}
    ranked = [system for system in content.systems if system.role == "system"]
    having = Counter(match for system in ranked for match in {piece.match for piece in heard(system.name)} - {None})
    common = max(having, key=lambda match: having[match], default=None)
    for system in ranked:
        own = heard(system.name)
        if not own:
            continue
        if not human:
            shared = next((piece for piece in own if piece.match is not None and piece.match == common), None)
            by = listening.matches[common].by if shared and common is not None and having[common] > 1 else ""
            found[system.name] = first.Pair(None, shared or own[0], by)
            continue
        of_match = {piece.match: piece for piece in reversed(own) if piece.match is not None}
        same = (
            first.Pair(piece, of_match[piece.match], listening.matches[piece.match].by)
            for piece in human
            if piece.match is not None and piece.match in of_match
        )
        found[system.name] = next(same, first.Pair(human[0], own[0]))
    return found


def of_prompts(systems: Sequence[SystemContent]) -> str:
    """What a prompt is, and whether it is heard, as far as that is recorded.

    >>> of = {"role": "system", "colour": "", "shown": "", "median_seconds": 9.0, "inputs": ()}
    >>> made = [SystemContent(name=str(one), generated={"with_prompt": one}, **of) for one in (False, True)]
    >>> of_prompts(made[:1])
    'A prompt is the music that a piece continues; it is not heard itself.'
    >>> of_prompts(made)
    'A prompt is the music that a piece continues; of True it is heard first, of False it is not.'
    """
    made = {one.name: one.generated or {} for one in systems}
    known = {name: own["with_prompt"] for name, own in made.items() if "with_prompt" in own}
    said, heard = "A prompt is the music that a piece continues", [name for name, own in known.items() if own]
    if not known:
        return f"{said}."
    if len(heard) in (0, len(known)):
        return f"{said}; it is {'heard first' if heard else 'not heard itself'}."
    others = [name for name in known if name not in heard]
    return f"{said}; of {listed(heard)} it is heard first, of {listed(others)} it is not."


def by_subject(lines: Sequence[SummaryLine]) -> list[tuple[str, list[str]]]:
    """The lines of one subject that follow each other, together.

    >>> by_subject([SummaryLine(about="a", text="One."), SummaryLine(about="a", text="Two.")])
    [('a', ['One.', 'Two.'])]
    """
    return [(about, [line.text for line in own]) for about, own in groupby(lines, key=lambda line: line.about)]


def controlled(systems: Sequence[SystemContent]) -> list[list[SystemContent]]:
    """The systems that have a reason for what they are compared with; those of one reason together."""
    found: dict[tuple[str, tuple[str, ...]], list[SystemContent]] = {}
    for one in systems:
        if one.why:
            found.setdefault((one.against, one.why), []).append(one)
    return list(found.values())


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def same_kind(parts: Mapping[ModelRole, str], systems: Sequence[SystemContent]) -> list[str]:
    """Which system the paper's claims are tested on, where a model of that kind made another system's music too; one
    sentence each.

    >>> of = {"role": "system", "colour": "", "shown": "", "median_seconds": 9.0, "inputs": ()}
    >>> systems = [SystemContent(name=name, model="lstm", **of) for name in ("first", "second")]
    >>> same_kind({"lstm": "first"}, systems)
    ['Claims about the LSTM are tested on first, the first system of that kind, not on second.']
    """
    said = []
    for kind, name in parts.items():
        others = [one.name for one in systems if one.role == "system" and one.model == kind and one.name != name]
        if others:
            said.append(
                f"Claims about the {kind.upper()} are tested on {name}, the first system of that kind, not on "
                f"{listed(others)}."
            )
    return said


def of_numbers(table: "pd.DataFrame") -> list[bool]:
    """Which columns of a table of texts are of numbers, or of nothing: they are set to the right.

    >>> import pandas as pd
    >>> of_numbers(pd.DataFrame([["rnn", "< 0.001", "−3 [−5, 1]"], ["lstm", "–", "(0.95; floor 0.89)"]]))
    [False, True, True]
    """
    return [
        all(re.match(r"[<=(\[]* ?[−-]?\d|[–-]?$", str(cell)) for cell in table.iloc[:, place])
        for place in range(table.shape[1])
    ]


def clock(seconds: float) -> str:
    r"""Minutes and seconds of a longer time, seconds of a short one.

    >>> clock(11.5), clock(165.7)
    ('11.5\xa0s', '2:46\xa0min')
    """
    if seconds < 59.95:  # one decimal still shows less than a minute
        return f"{seconds:.1f}".removesuffix(".0") + f"{NBSP}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}{NBSP}min"


def pretty(content: JsonValue) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False)
