"""The results as a page in Markdown, for an appendix: the question, the verdict, caveats, tables, provenance."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from clstm.runtime.names import counted
from listening_study.analysis.tally import PAPER
from listening_study.protocol.configuration import Loudness
from listening_study.protocol.order import doubts
from listening_study.results.results import SYNTHETIC, UNSEALED, Results

LEVELS = {
    Loudness.MATCHED: "All clips have the same loudness: the overall loudness of a source was no cue, though the paper"
    " counts it among the differences.",
    Loudness.AS_RENDERED: "Clips have the loudness they were rendered with: it may have been a cue.",
}
DESCRIPTIVE = (
    "Descriptive: answers of one listener, or about one clip, are not independent; Wilson's intervals are too narrow."
)


def verdict(results: Results) -> list[str]:
    """The result of each contrast of human or computer, one sentence each; none where that was not asked."""
    return [str(words) for words in results.conclusions.contrasts["words"]] if results.study.asks_source else []


def caveats(results: Results) -> list[str]:
    """What a reader must know besides the verdict, most important first."""
    plan, said = results.registered.plan, []
    if results.study.synthetic:
        said.append(f"{SYNTHETIC}. These answers were drawn by `clstm study simulate`.")
    if results.complete < plan.listeners:
        said.append(
            f"{results.complete} of {plan.listeners} registered listeners are complete: the study was closed before it "
            "had the listeners it was planned for."
        )
    said += doubts(results.study)
    if results.late:
        said.append(f"{counted(results.late, 'answer')} came after the key was first opened.")
    if np.isnan(results.agreement) and results.study.asks_source:
        said.append("Agreement cannot be estimated: it needs two listeners of the same clips, and both answers.")
    said.append(LEVELS[Loudness(results.study.sound["loudness"])])
    said.extend(results.conclusions.notes if results.study.asks_source else ())
    return said


def summary(results: Results, figures: Sequence[str]) -> str:
    """The page, with the figures of these names, which are beside it as SVG."""
    blocks = [
        *_opening(results),
        *(["## Verdict", _bullets(verdict(results)), _method(results)] if results.study.asks_source else []),
        "## Caveats",
        _bullets(caveats(results)),
        *_blocks(results),
        *((*_tables(results), *_comparisons(results)) if results.study.asks_source else ()),
        "## Figures",
        *(["\n".join(f"![{name}]({name}.svg)" for name in figures)] if figures else []),
        "## Provenance",
        _bullets(_provenance(results)),
    ]
    return "\n\n".join(blocks) + "\n"


def _opening(results: Results) -> Iterator[str]:
    study, human = results.study, results.registered.human
    others = [source for source in results.registered.sources if source != human]
    yield f"# {study.title}: a {'discrimination' if study.asks_source else 'listening'} test"
    if study.synthetic:
        yield f"**{SYNTHETIC}.**"
    asked = " and said of each whether a human or a computer made it" if study.asks_source else ""
    count = f"{len(results.tables['answers'])} answers, of which {len(results.kept)} count; " if asked else ""
    yield (
        f"Listeners heard clips of {study.seconds:g} s{asked}. Human: "
        f"{human}. Computer: {', '.join(others)}. {counted(results.listeners, 'listener')}, {results.complete} "
        f"complete, {count}{results.withdrawn} withdrew and are not included."
    )


def _method(results: Results) -> str:
    plan, count = results.registered.plan, len(results.registered.plan.contrasts)
    return (
        "Inference by a crossed model of listeners and clips; p-values corrected over "
        f"{count} contrast{'s' * (count > 1)} (Holm), level {plan.alpha:g}; "
        f"equivalence within ±{plan.margin:g} of P(human)."
    )


def _blocks(results: Results) -> Iterator[str]:
    """The results of every block of other tasks."""
    for block in results.shown_blocks:
        yield f"## {block.title}"
        yield _bullets(block.words)
        yield markdown(block.shown)


def _tables(results: Results) -> Iterator[str]:
    for title, name, note in (
        ("Contrasts, with the registered and with other exclusions", "contrasts", ""),
        ("Tally", "tally", DESCRIPTIVE),
        ("Confusion", "confusion", DESCRIPTIVE),
        ("Ratings, 1 to 5", "ratings", DESCRIPTIVE),
        ("Excluded", "exclusions", ""),
    ):
        yield f"## {title}"
        if note:
            yield note
        yield markdown(_shown(results, name))


def _comparisons(results: Results) -> Iterator[str]:
    paper = "; ".join(f"{source}: {human} of {clips}" for source, clips, human in PAPER)
    yield f"Called human by most of 5 listeners in Huang, Huang & Cai 2018 (other music, not this study): {paper}."
    if not np.isnan(results.agreement):
        yield f"Agreement over all clips, Krippendorff's alpha: {results.agreement:.2f} (1: full, 0: as by chance)."


def _provenance(results: Results) -> Iterator[str]:
    yield f"Sealed key SHA-256 `{results.study.key_sha256}`"
    yield f"Registration SHA-256 `{results.study.registration_sha256}`"
    # The first opening of the key alone, and last: reading the results opens it again.
    others = [one for one in results.journal if one.event != UNSEALED]
    opened = [one for one in results.journal if one.event == UNSEALED][:1]
    yield from (f"{one.event}: {one.happened_at}" for one in [*others, *opened])
    replaced = ", ".join(f"{source} {count}" for source, count in results.key.replaced.items())
    yield f"Nearly silent segments replaced: {replaced}"


def _bullets(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _shown(results: Results, name: str) -> pd.DataFrame:
    """The columns of a table that a page has room for."""
    table = results.tables[name]
    if name == "contrasts":
        wanted = ["analysis", "source", "difference", "low", "high", "p_holm", "p_permutation_holm", "tost_p_holm"]
        return table[[*wanted, "verdict"]]
    return table.drop(columns=["is_human", "registered"], errors="ignore")


def markdown(table: pd.DataFrame) -> str:
    if table.empty:
        return "None."
    rows = [[cell(value) for value in row] for row in table.itertuples(index=False)]
    lines = [list(map(str, table.columns)), ["---"] * table.shape[1], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cell(value: object) -> str:
    """A value of a table, as short as can be read.

    >>> cell(0.12345), cell(12.345), cell(float("nan"))
    ('0.123', '12.35', '–')
    """
    if isinstance(value, float):
        return "–" if np.isnan(value) else f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"
    return str(value).replace("|", "\\|").replace("\n", " ")
