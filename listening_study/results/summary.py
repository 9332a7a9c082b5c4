"""The results as a page: what was asked, the verdict in words, the tables, the limits. Markdown, for an appendix."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from listening_study.analysis.tally import PAPER
from listening_study.protocol.configuration import Loudness
from listening_study.protocol.order import doubts
from listening_study.results.results import SYNTHETIC, UNSEALED, Results

LEVELS = {
    Loudness.MATCHED: "All clips were brought to one loudness: how loud a source is on the whole was no cue, though the"
    " paper counts it among the differences.",
    Loudness.AS_RENDERED: "Clips kept the loudness they were rendered with: it may have been a cue.",
}
DESCRIPTIVE = (
    "Descriptive: answers of one listener, or about one clip, are not independent; Wilson's intervals are too narrow."
)


def verdict(results: Results) -> list[str]:
    """What can be said, one sentence a contrast."""
    return [str(words) for words in results.conclusions.contrasts["words"]]


def cautions(results: Results) -> list[str]:
    """What a reader must know beside the verdict, most important first."""
    plan, said = results.registered.plan, []
    if results.study.synthetic:
        said.append(f"{SYNTHETIC}. These answers were drawn by `clstm study simulate`.")
    if results.complete < plan.listeners:
        said.append(
            f"{results.complete} of {plan.listeners} registered listeners are complete: the study was closed too "
            "soon for what it was planned to show."
        )
    said += doubts(results.study)
    if results.late:
        said.append(f"{results.late} answers came after the key was first opened.")
    if results.agreement is not None and np.isnan(results.agreement):
        said.append("Agreement cannot be told: it needs two listeners of the same clips, and both answers.")
    said.append(LEVELS[Loudness(results.study.sound["loudness"])])
    said.extend(results.conclusions.notes)
    return said


def summary(results: Results, figures: Sequence[str]) -> str:
    """The page, with the figures that lie beside it."""
    return "\n".join(_lines(results, figures)) + "\n"


def _lines(results: Results, figures: Sequence[str]) -> Iterator[str]:
    study, plan = results.study, results.registered.plan
    others = [source for source in results.registered.sources if source != results.registered.human]
    yield f"# {study.title}: a discrimination test"
    yield ""
    if study.synthetic:
        yield f"**{SYNTHETIC}.**"
        yield ""
    yield (
        f"Listeners heard clips of {study.seconds:g} s and said of each whether a human or a computer made it. Human: "
        f"{results.registered.human}. Computer: {', '.join(others)}. {results.listeners} listeners, {results.complete} "
        f"complete, {len(results.tables['answers'])} answers, of which {len(results.kept)} count; {results.withdrawn} "
        "withdrew and are in no figure."
    )
    yield ""
    yield "## Verdict"
    yield ""
    yield from (f"- {sentence}" for sentence in verdict(results))
    yield ""
    yield (
        f"Inference by a crossed model of listeners and clips; p-values corrected over {len(plan.contrasts)} contrasts "
        f"(Holm), level {plan.alpha:g}; equivalence within ±{plan.margin:g} of P(human)."
    )
    yield ""
    yield "## To be read with"
    yield ""
    yield from (f"- {sentence}" for sentence in cautions(results))
    for title, name, note in (
        ("Contrasts, and what comes out with other exclusions", "contrasts", ""),
        ("Tally", "tally", DESCRIPTIVE),
        ("Confusion", "confusion", DESCRIPTIVE),
        ("Ratings, 1 to 5", "ratings", DESCRIPTIVE),
        ("Left out", "exclusions", ""),
    ):
        yield ""
        yield f"## {title}"
        yield ""
        if note:
            yield note
            yield ""
        yield _markdown(_shown(results, name))
    yield ""
    paper = "; ".join(f"{source}: {human} of {clips}" for source, clips, human in PAPER)
    yield f"Taken for human by most of 5 listeners in Huang, Huang & Cai 2018 (other music, not this study): {paper}."
    if not np.isnan(results.agreement):
        yield ""
        yield f"Agreement over all clips, Krippendorff's alpha: {results.agreement:.2f} (1: all, 0: as by chance)."
    yield ""
    yield "## Figures"
    yield ""
    yield from (f"![{name}]({name}.svg)" for name in figures)
    yield ""
    yield "## How it was made"
    yield ""
    yield f"- Sealed key SHA-256 `{study.key_sha256}`"
    yield f"- Registration SHA-256 `{study.registration_sha256}`"
    events = [one for one in results.journal if one.event != UNSEALED]
    opened = [one for one in results.journal if one.event == UNSEALED][:1]
    yield from (f"- {one.event}: {one.happened_at}" for one in [*events, *opened])
    replaced = ", ".join(f"{source} {count}" for source, count in results.key.replaced.items())
    yield f"- Nearly silent segments replaced: {replaced}"


def _shown(results: Results, name: str) -> pd.DataFrame:
    """The columns of a table that a page has room for."""
    table = results.tables[name]
    if name == "contrasts":
        wanted = ["analysis", "source", "difference", "low", "high", "p_holm", "p_permutation_holm", "tost_p_holm"]
        return table[[*wanted, "verdict"]]
    return table.drop(columns=["is_human", "registered"], errors="ignore")


def _markdown(table: pd.DataFrame) -> str:
    if table.empty:
        return "None."
    rows = [[_cell(value) for value in row] for row in table.itertuples(index=False)]
    lines = [list(map(str, table.columns)), ["---"] * table.shape[1], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "–" if np.isnan(value) else f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"
    return str(value).replace("|", "\\|").replace("\n", " ")
