"""Results as figures: tables in, matplotlib `Figure`s out; `evaluation.figures.style.save` writes them.

Each source has one colour in every figure, from the palette of all figures; the human one is that of the reference.
"""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evaluation.figures.palette import GRID, INK, MUTED, REFERENCE, system_colour
from evaluation.figures.style import PAGE_WIDTH, shortened, style
from listening_study.analysis.detection import roc, scores
from listening_study.protocol.questions import RATINGS, SCALE_HIGHEST
from listening_study.results.block_figures import figure_of
from listening_study.results.results import SYNTHETIC, Results

LONGEST_NAME = 24  # characters beside a row

FIGURES = ("taken-for-human", "confusion", "roc", "ratings", "answer-times")


def draw(results: Results) -> dict[str, Figure]:
    """Every figure by name; those without anything to show are left out."""
    makers: tuple[Callable[[Results], Figure | None], ...] = (
        called_human,
        confusion,
        receiver,
        ratings,
        answer_times,
    )
    drawn = dict(zip(FIGURES, makers, strict=True))
    figures = {}
    with style():
        for name, make in drawn.items():
            if len(results.kept) and (figure := make(results)):
                figures[name] = figure
        for block in results.shown_blocks:
            if figure := figure_of(block, colours(results)):
                figures[block.name] = figure
        for figure in figures.values() if results.study.synthetic else ():
            figure.text(0.5, 0.005, SYNTHETIC, ha="center", va="bottom", color="#a33a1e", fontsize=8)
    return figures


def names(results: Results) -> list[str]:
    """Of the figures that there may be."""
    return [*FIGURES, *(block.name for block in results.shown_blocks)]


def colours(results: Results) -> dict[str, str]:
    """The colour of each source."""
    others = [source for source in results.key.sources if source != results.key.human]
    return {results.key.human: REFERENCE} | {source: system_colour(number) for number, source in enumerate(others)}


def called_human(results: Results) -> Figure:
    """Share of answers "human" by source with its interval, and each clip as a dot."""
    table, colour = results.tables["tally"], colours(results)
    figure, axes = _figure(0.9 + 0.55 * len(table), left=_margin(results))
    jitter = np.random.default_rng(0)
    for place, row in enumerate(table.to_dict("records")):
        shares = results.tables["clips"].query("source == @row['source'] and answers > 0")["p_human"]
        offsets = jitter.uniform(-0.16, 0.16, len(shares))
        axes.plot(shares, place + offsets, "o", ms=4, mew=0, alpha=0.35, color=colour[str(row["source"])])
        if row["answers"]:
            axes.plot([row["low"], row["high"]], [place, place], lw=2.5, color=colour[str(row["source"])])
            axes.plot(row["p_human"], place, "D", ms=7, color=colour[str(row["source"])])
    axes.axvline(0.5, color=MUTED, lw=0.8, ls=":")
    _sources(axes, results)
    axes.set(xlim=(-0.02, 1.02), xlabel='share of answers that said "human" (dots: clips; bars: 95 %, descriptive)')
    return figure


def confusion(results: Results) -> Figure:
    """Answers by source, human to the right and computer to the left."""
    table = results.tables["confusion"].query("source != ''").reset_index(drop=True)
    colour = colours(results)
    figure, axes = _figure(0.9 + 0.5 * len(table), left=_margin(results))
    for place, row in enumerate(table.to_dict("records")):
        shade = colour[str(row["source"])]
        for count, sign in ((row["said_human"], 1), (row["said_computer"], -1)):
            axes.barh(place, sign * count, color=shade, alpha=1.0 if sign > 0 else 0.45, height=0.6)
            axes.annotate(
                str(count),
                (sign * count, place),
                xytext=(sign * 4, 0),
                textcoords="offset points",
                ha="left" if sign > 0 else "right",
                va="center",
            )
    furthest = max(1, int(table[["said_human", "said_computer"]].to_numpy().max())) * 1.15
    axes.axvline(0, color=INK, lw=0.8)
    _sources(axes, results)
    axes.set(xlim=(-furthest, furthest), xlabel='answers: "computer" to the left, "human" to the right')
    axes.xaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    return figure


def receiver(results: Results) -> Figure | None:
    """ROC of every system against the human source; None without answers about either."""
    kept, colour = results.kept, colours(results)
    human = kept[kept["source"] == results.key.human]
    figure, axes = _figure(4.2, left=0.8, width=4.6)
    shown = False
    for source in results.key.sources:
        mine = kept[kept["source"] == source]
        if source == results.key.human or not len(mine) or not len(human):
            continue
        alarms, hits, area = roc(scores(human), scores(mine))
        axes.plot(
            alarms,
            hits,
            "o-",
            ms=4,
            lw=1.6,
            color=colour[source],
            label=f"{shortened(source, LONGEST_NAME)}: area {area:.2f}",
        )
        shown = True
    axes.plot([0, 1], [0, 1], color=MUTED, lw=0.8, ls=":")
    axes.set(
        xlim=(-0.01, 1.01),
        ylim=(-0.01, 1.01),
        xlabel="system called human, at every confidence",
        ylabel="human called human",
        aspect="equal",
    )
    if shown:
        axes.legend(loc="lower right", frameon=False)
    return figure if shown else None


def ratings(results: Results) -> Figure | None:
    """Mean rating of each question by source, with how the ratings spread."""
    table, colour = results.tables["ratings"], colours(results)
    asked = [str(question) for question in RATINGS if (table["question"] == question).any()]
    if not asked:
        return None
    values = range(1, SCALE_HIGHEST + 1)
    figure = Figure(figsize=(PAGE_WIDTH, 1.0 + 0.42 * len(results.key.sources)))
    left = _margin(results) / PAGE_WIDTH
    panels = figure.subplots(1, len(asked), sharey=True, squeeze=False)[0]
    figure.subplots_adjust(left=left, right=0.98, top=0.88, bottom=0.62 / figure.get_figheight(), wspace=0.12)
    for axes, question in zip(panels, asked, strict=True):
        for place, source in enumerate(results.key.sources):
            for row in table.query("source == @source and question == @question").to_dict("records"):
                counts = np.array([row[f"rated_{value}"] for value in values], float)
                sizes = 260 * counts / counts.sum()
                axes.scatter(
                    range(1, SCALE_HIGHEST + 1),
                    [place] * SCALE_HIGHEST,
                    s=sizes,
                    color=colour[source],
                    alpha=0.3,
                    linewidths=0,
                )
                axes.plot(row["mean"], place, "|", ms=14, mew=2.5, color=colour[source])
        axes.set(xlim=(0.5, SCALE_HIGHEST + 0.5), title=question, xticks=values)
        axes.grid(axis="x", color=GRID, lw=0.6)
        axes.set_axisbelow(True)
    _sources(panels[0], results)
    panels[len(asked) // 2].set_xlabel("rating, 1 low to 5 high (bar: mean; dots: share of ratings)")
    return figure


def answer_times(results: Results) -> Figure:
    """Seconds from a clip's first showing to its answer."""
    figure, axes = _figure(0.9 + 0.5 * len(results.key.sources), left=_margin(results))
    colour = colours(results)
    for place, source in enumerate(results.key.sources):
        seconds = results.kept.loc[results.kept["source"] == source, "seconds"].to_numpy(float)
        if len(seconds):
            axes.boxplot(
                seconds,
                positions=[place],
                orientation="horizontal",
                widths=0.5,
                patch_artist=True,
                boxprops={"facecolor": colour[source], "alpha": 0.35},
                medianprops={"color": colour[source], "lw": 2.5},
                flierprops={"marker": ".", "ms": 3, "markeredgecolor": MUTED},
            )
    axes.axvline(results.study.seconds, color=MUTED, lw=0.8, ls=":")
    _sources(axes, results)
    axes.set(xlabel="seconds from shown to answered (dotted: the clip's length)")
    axes.set_xlim(left=0)
    return figure


def _figure(height: float, *, left: float, width: float = PAGE_WIDTH) -> tuple[Figure, Axes]:
    """left : inches for the names"""
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((left / width, 0.62 / height, 1 - (left + 0.25) / width, 1 - 0.8 / height))
    axes.grid(axis="x", color=GRID, lw=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def _sources(axes: Axes, results: Results) -> None:
    """The sources, the first one on top."""
    sources = results.key.sources
    axes.set_yticks(range(len(sources)), [shortened(source, LONGEST_NAME) for source in sources])
    axes.set_ylim(len(sources) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)


def _margin(results: Results) -> float:
    """Inches that the longest name takes."""
    return 0.35 + 0.075 * max(len(shortened(source, LONGEST_NAME)) for source in results.key.sources)
