r"""The paragraph on methods of a paper: how music was rendered, cut, limited, measured, and compared.

Every number is read from the record; what it does not say is left out. A citation is written {key, key} here, and
becomes `\cite{key,key}` or `[@key; @key]`.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from clstm.runtime.files import write_text
from clstm.runtime.names import counted
from evaluation.distance.sentences import of_metrics
from evaluation.metrics.catalogue import METRICS
from reports.findings.latex import escaped
from reports.numbers import listed, quoted
from reports.paper.closest import possible_ranks
from reports.paper.record import Record, read_record
from reports.paper.references import bibliography, entries
from reports.paper.selection import DISTANCE, VARIETY, available, selected

SOURCES = {  # of embedders
    "musicnn": "pons2019",
    "clap": "wu2023clap",
    "mert": "li2024mert",
    "vggish": "hershey2017",
    "clamp2": "wu2024clamp",
    "clamp3": "wu2025clamp",
}
_CITED = re.compile(r" ?\{([a-z0-9, ]+)\}")


def write_methods(report: Path, out: Path, metrics: Sequence[str] = ()) -> list[Path]:
    """Write methods.tex, methods.md and references.bib into a folder; returns their paths.

    Raises `UserError` for what is no report or comparison.
    """
    record = read_record(report)
    names = selected(record, metrics) if metrics else available(record)
    text = paragraph(record, names)
    made = {
        "methods.tex": as_latex(text) + "\n",
        "methods.md": as_markdown(text) + "\n",
        "references.bib": bibliography(cited(text)),
    }
    for name, content in made.items():
        write_text(out / name, content)
    return [out / name for name in made]


def paragraph(record: Record, names: Sequence[str]) -> str:
    """names : of the lines that a paper prints, as in `selection.available`"""
    said = [*_sets(record), *_rendering(record), *_measured(names), *_tested(record), *_together(record, names)]
    return " ".join([*said, *_trainings(record), *_beside(record)])


def cited(text: str) -> list[str]:
    """The keys of a text, each once, in their order.

    >>> cited("By Holm {holm1979}, twice {holm1979, gretton2012}.")
    ['holm1979', 'gretton2012']
    """
    keys = [key for found in _CITED.findall(text) for key in found.split(", ")]
    return [key for key in dict.fromkeys(keys) if key in entries()]


def as_latex(text: str) -> str:
    r"""
    >>> print(as_latex("5 % by Holm {holm1979}."))
    5 \% by Holm~\cite{holm1979}.
    """
    found = _CITED.split(text)
    parts = [
        escaped(part) if not place % 2 else f"~\\cite{{{part.replace(', ', ',')}}}" for place, part in enumerate(found)
    ]
    return "".join(parts)


def as_markdown(text: str) -> str:
    """
    >>> as_markdown("By Holm {holm1979, gretton2012}.")
    'By Holm [@holm1979; @gretton2012].'
    """
    return _CITED.sub(lambda found: f" [{'; '.join(f'@{key}' for key in found[1].split(', '))}]", text)


def _plain(name: str) -> str:
    """A name of a user's, which cites nothing."""
    return quoted(name.replace("{", "(").replace("}", ")"))


def _sets(record: Record) -> list[str]:
    sizes, groups = record.sizes, record.pieces
    named = []
    for name in (*record.sets, *record.systems):
        own = groups[groups["system"] == name]["group"].nunique() if len(groups) else 0
        of = f" in {own} groups" if own and own != sizes.get(name) else ""
        named.append(f"{_plain(name)} ({counted(sizes[name], 'piece')}{of})" if name in sizes else _plain(name))
    said = [f"We compared {listed(named)}."]
    if seconds := record.about.get("seconds"):
        said.append(f"Of each piece, the first {seconds:g} s were used.")
    against = {row.system: row.against or record.reference for row in record.rows}
    if len(record.sets) == 1:
        said.append(f"Every system was compared with {_plain(record.sets[0])}.")
    else:
        said.append(f"We compared {listed([f'{_plain(one)} with {_plain(other)}' for one, other in against.items()])}.")
    limited = {name: record.controls[name] for name in record.sets if record.controls.get(name)}
    is_music = f"is the music of {_plain(record.reference)}"
    return [*said, *(f"{_plain(name)} {is_music} {limits}." for name, limits in limited.items())]


def _rendering(record: Record) -> list[str]:
    how = record.about.get("rendering")
    if not how or "fluidsynth" not in how:
        return []
    effects = "without reverb and chorus"
    if how.get("reverb") or how.get("chorus"):
        effects = f"with {listed([name for name in ('reverb', 'chorus') if how.get(name)])}"
    every = "" if how.get("instrument") is None else f", everything on General MIDI program {how['instrument']}"
    soundfont = _plain(Path(str(how["soundfont"])).name)
    said = (
        f"MIDI was rendered with FluidSynth {how['fluidsynth']} and the SoundFont {soundfont} at "
        f"{how['sample_rate']} Hz, gain {how['gain']:g}, {effects}{every}; nothing was normalised."
    )
    return [said]


def _measured(names: Sequence[str]) -> list[str]:
    known = [name for name in names if name in METRICS]
    if not known:
        return []
    cells = []
    for name in known:
        keys = ", ".join(METRICS[name].sources)
        cells.append(METRICS[name].label.replace(",", "") + (f" {{{keys}}}" if keys else ""))
    return [f"The metrics are {listed(cells)}."]


def _tested(record: Record) -> list[str]:
    rows = [row for row in record.rows if row.p is not None]
    if not rows:
        return []
    permutations = max(int(row.permutations or 0) for row in rows)
    least = min(int(row.permutations or 0) for row in rows)
    count = f"{permutations}" if least == permutations else f"{least} to {permutations}"
    resamples = record.about.get("resamples")
    drawn = f" with {resamples} resamples" if resamples else ""
    version = record.about.get("version") or record.about.get("versions", {}).get("clstm")
    by = f" with clstm {version}" if version else ""
    said = (
        f"Each metric of each system was compared with its reference{by} by a permutation test of the "
        f"Wasserstein distance that exchanges whole groups of pieces ({count} exchanges {{phipson2010}}), corrected "
        "over the metrics of a system by Holm {holm1979}; metrics that no exchange changes do not count {tarone1990}. "
        "Directions rest on studentized permutation tests of means {chung2013}. Effect sizes are Cliff’s delta "
        f"{{cliff1993}}. 95 % intervals are by a bootstrap over groups {{field2007}}{drawn}, with expanded percentiles "
        "{hesterberg2015}."
    )
    return [said, *([f"The seed of random numbers is {record.about['seed']}."] if "seed" in record.about else [])]


def _together(record: Record, names: Sequence[str]) -> list[str]:
    said = []
    if any(name.startswith(DISTANCE) for name in names):
        said.append(
            "The distance of all metrics together is the unbiased squared maximum mean discrepancy {gretton2012}, in a "
            "space whose scales, components and bandwidth come from other human music."
        )
    if any(name in VARIETY for name in names):
        said.append("Fidelity and diversity are given as density and coverage {naeem2020}.")
    if ranked := possible_ranks(record):
        several = len({row.against for row in record.rows if row.system in ranked}) > 1
        limits = ", reference and systems under the limits of all of them together" if several else ""
        said.append(
            "Systems were compared in pairs by the difference of their discrepancies in resamples drawn together "
            f"{{bounliphone2016}}{limits}, corrected by Holm over all pairs; from these tests follow the possible "
            "ranks {mogstad2024}."
        )
    if ranked and record.about.get("margin"):
        said.append(
            "A system is called no worse than another where the one-sided limit of the difference of their distances "
            f"is below a margin of {_plain(record.about['margin'])}, at a level divided by the number of such "
            "statements."
        )
    return said


def _trainings(record: Record) -> list[str]:
    """That trainings are counted, where systems have several."""
    trained = record.trainings[record.trainings["replicate"].notna()]
    counts = trained.groupby("system", sort=False)["replicate"].nunique()
    if counts.empty:
        return []
    each = listed([f"{_plain(str(name))} ({count})" for name, count in counts.items()])
    said = (
        f"With trainings counted ({each}), each training has one value, the mean of its pieces; systems were "
        "compared by t between trainings {welch1947}, to which the variation of shared groups of pieces was added, "
        "corrected by Holm over the metrics of two systems."
    )
    return [said]


def _beside(record: Record) -> list[str]:
    """Embeddings, true continuations and likelihood, where there are any."""
    said = []
    spaces = record.distances["space"].unique()
    if names := [str(name) for name in spaces if not of_metrics(name)]:
        own = [_plain(name) + (f" {{{SOURCES[name]}}}" if name in SOURCES else "") for name in names]
        said.append(
            f"The discrepancy was also taken in {listed(own)}, of the directions of the pieces’ mean vectors, with a "
            "mean of Gaussian kernels of fixed bandwidths"
        )
        found = "frechet" in record.distances and record.distances["frechet"].notna().any()
        beside = ", and beside it the Fréchet distance extrapolated to infinitely many pieces {gui2024}"
        said[-1] += f"{beside if found else ''}."
    if len(record.continuations):
        said.append(
            "Generated continuations were compared with the true ones by the F1 of notes (onset within 50 ms, and "
            "pitch) and by the similarity of bars in pitch classes and in rhythm {wu2021musemorphose}."
        )
    if len(record.likelihood):
        models = listed([_plain(str(name)) for name in record.likelihood["model"].unique()])
        said.append(
            f"The nats per frame of all music under {models} were compared with the reference’s by permutation of "
            "whole groups, corrected by Holm over the models."
        )
    return said
