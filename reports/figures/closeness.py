"""How far each system is in all metrics together, and by view: distances with their intervals, in small panels.

Rows in, a matplotlib `Figure` out. One panel for all metrics together, with the ranks that are possible beside each
name, then one for each view, several beside each other. A tick is what two samples of the reference of these sizes stay
below in 95 %: a line to compare with.
"""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evaluation.distance.sentences import of_metrics, rank, title_of
from evaluation.distance.space import JOINT
from evaluation.figures.palette import INK, MUTED
from evaluation.figures.style import COLUMN_WIDTH, PAGE_WIDTH, extent, shortened, style, ticks, wrapped
from evaluation.statistics.ranks import ALPHA
from reports.content.rows import DistanceRow
from reports.figures.charts import EDGE, Colours, axes_in

LONGEST = 34  # characters of a system's name
LINE = 0.24  # inches of a system in the panel of all metrics together, at least
SMALL = 0.14  # and in that of a view
HEAD, FOOT = 0.24, 0.26  # inches above and below a panel
FOOTNOTE = "MMD² × 1000, with 95 % intervals; | : 95 % of the reference’s samples of these sizes stay below"


def closeness(rows: Sequence[DistanceRow], colours: Colours, width: float = PAGE_WIDTH) -> Figure:
    """Distances of all systems; filled where p < 0.05, pale where nothing is shown. Panels have axes of their own."""
    narrow = width <= COLUMN_WIDTH
    size = 6.5 if narrow else 8
    known = [row for row in rows if not row.without_control and row.distance is not None]
    shown = [row for row in known if of_metrics(row.space)]
    whole = [row for row in shown if row.space == JOINT]
    labels = {row.system: _label(row, named(row, rows), size, 0.4 * width) for row in whole}
    left = 2 * EDGE + max((extent(text, size)[0] for text in labels.values()), default=0.0)
    lines = max([LINE, *(extent(text, size)[1] + 0.06 for text in labels.values())])
    views = list(dict.fromkeys(row.space for row in shown if row.space != JOINT))
    across = 2 if narrow else 4
    deep = -(-len(views) // across)
    top, small = lines * max(len(whole), 1), max(SMALL * len(whole), 0.3)
    foot = wrapped(FOOTNOTE, size, width - 2 * EDGE)
    note = extent(foot, size)[1] + 2 * EDGE
    height = HEAD + top + FOOT + deep * (HEAD + small + FOOT) + note
    with style():
        figure = Figure(figsize=(width, height), facecolor="white")
        above = height - HEAD - top
        axes = axes_in(figure, left, above, width - left - 2 * EDGE, top)
        _panel(axes, whole, list(labels), colours, size)
        axes.set_yticks(range(len(labels)), list(labels.values()))
        axes.set_title("All metrics together", fontsize=size, color=INK, loc="left", pad=4)
        each = (width - 2 * EDGE) / across
        for place, view in enumerate(views):
            down, right = divmod(place, across)
            below = above - FOOT - (down + 1) * (HEAD + small) - down * FOOT
            axes = axes_in(figure, EDGE + right * each + 0.08, below, each - 0.16, small)
            _panel(axes, [row for row in shown if row.space == view], list(labels), colours, size - 1)
            axes.set_yticks(range(len(labels)), [""] * len(labels))
            axes.set_title(title_of(view), fontsize=size - 0.5, color=INK, loc="left", pad=3)
        figure.text(0.5, EDGE / height, foot, ha="center", va="bottom", color=MUTED, fontsize=size)
    return figure


def named(row: DistanceRow, rows: Sequence[DistanceRow]) -> str:
    """The system, and that it is the reference without a control where it is.

    >>> same = {"space": "joint", "distance": 0.02}
    >>> plain = DistanceRow(system="rnn", against="human", without_control=True, **same)
    >>> human = DistanceRow(system="human", against="human, same grid", **same)
    >>> named(human, [human, plain]), named(plain, [human, plain])
    ('human, without a control', 'rnn')
    """
    name = shortened(row.system, LONGEST)
    reference = any(one.without_control and one.against == row.system for one in rows)
    return f"{name}, without a control" if reference else name


def _label(row: DistanceRow, name: str, size: float, length: float) -> str:
    if row.rank_best is not None and row.rank_worst is not None:
        name += f" (rank {rank((int(row.rank_best), int(row.rank_worst)))})"
    return wrapped(name, size, length)


def _panel(axes: Axes, rows: Sequence[DistanceRow], systems: Sequence[str], colours: Colours, size: float) -> None:
    """The rows of one space, one line per system; the axis begins at 0 or at the lowest end."""
    ends = [
        1000 * one for row in rows for one in (row.distance, row.distance_low, row.distance_high, row.human_95) if one
    ]
    low, high = min([0.0, *ends]), max([1.0, *ends])
    axes.set_xlim(low - 0.03 * (high - low), high + 0.05 * (high - low))
    axes.set_ylim(len(systems) - 0.5, -0.5)
    axes.axvline(0, color=MUTED, linewidth=0.5)
    for row in rows:
        y, colour = systems.index(row.system), colours.get(row.system, MUTED)
        p = row.p if row.space == JOINT else row.p_holm
        differs = p is not None and p < ALPHA
        if row.distance_low is not None and row.distance_high is not None:
            line = [1000 * row.distance_low, 1000 * row.distance_high]
            axes.plot(line, [y, y], color=colour, linewidth=1.1, alpha=1.0 if differs else 0.45)
        face = colour if differs else "white"
        axes.plot(1000 * (row.distance or 0), y, "o", color=colour, markerfacecolor=face, markersize=3.6)
        if row.human_95 is not None:
            axes.plot([1000 * row.human_95] * 2, [y - 0.34, y + 0.34], color=INK, linewidth=0.9)
    ticks(axes, MaxNLocator(4).tick_values(low, high), size - 0.5, 0.1)
    axes.tick_params(axis="y", length=0, labelsize=size, pad=2)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", linewidth=0.4)
    axes.set_axisbelow(True)
