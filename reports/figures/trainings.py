"""Systems with several trainings: one dot per training, systems side by side, one panel per distance.

Rows in, a matplotlib `Figure` out; colours by system, as everywhere in a report.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from evaluation.distance.space import JOINT
from evaluation.distance.trained import DISTANCE
from evaluation.figures.palette import MUTED
from evaluation.figures.style import COLUMN_WIDTH, LONGEST_NAME, PAGE_WIDTH, extent, shortened, style, ticks, wrapped
from evaluation.metrics.metric import VIEWS
from reports.content.rows import TrainingRow, TrainingTestRow
from reports.figures.charts import EDGE, Colours, axes_in

SIZE = 7  # points of the names


def dots(
    rows: Sequence[TrainingRow], tests: Sequence[TrainingTestRow], colours: Colours, width: float = PAGE_WIDTH
) -> Figure:
    """MMD^2 x 1000 of each training; the line is the mean of a system's trainings with its 95 % interval.

    rows : of distances only; tests : those of the means are drawn
    """
    systems = list(dict.fromkeys(row.system for row in rows))
    spaces = list(dict.fromkeys(row.metric for row in rows))
    columns = 2 if width > COLUMN_WIDTH else 1
    names = {name: wrapped(shortened(name, LONGEST_NAME), SIZE, 1.3) for name in systems}
    labels = 2 * EDGE + max(extent(name, SIZE)[0] for name in names.values())
    tall = max(0.22, *(extent(name, SIZE)[1] + 0.04 for name in names.values())) * max(len(systems), 2)
    top, bottom, gap = 0.24, 0.3, 0.3
    wide = (width - labels - 2 * EDGE - (columns - 1) * gap - 0.1) / columns
    height = -(-len(spaces) // columns) * (top + tall + bottom)
    with style():
        figure = Figure(figsize=(width, height), facecolor="white")
        for place, space in enumerate(spaces):
            row, column = divmod(place, columns)
            below = height - row * (top + tall + bottom) - top - tall
            axes = axes_in(figure, labels + column * (wide + gap), below, wide, tall)
            for y, system in enumerate(systems):
                own = [row for row in rows if (row.system, row.metric) == (system, space)]
                mean = next((one for one in tests if (one.system, one.other, one.metric) == (system, "", space)), None)
                _system(axes, y, own, mean, colours.get(system, MUTED))
            name = space.removeprefix(DISTANCE)
            title = "All metrics together" if name == JOINT else VIEWS.get(name, name.capitalize())
            axes.set_title(f"{title}, MMD² × 1000", loc="left", fontsize=SIZE + 0.5, pad=3)
            _finish(axes, [] if column else list(names.values()), len(systems))
    return figure


def _system(axes: Axes, y: int, own: Sequence[TrainingRow], mean: TrainingTestRow | None, colour: str) -> None:
    values = 1000 * np.array([row.value for row in own if row.value is not None])
    if mean is not None and mean.difference is not None and mean.low is not None and mean.high is not None:
        axes.plot([1000 * mean.low, 1000 * mean.high], [y, y], color=colour, linewidth=1.0, alpha=0.6)
        axes.plot(1000 * mean.difference, y, "|", color=colour, markersize=11, markeredgewidth=1.6)
    apart = np.linspace(-0.18, 0.18, len(values)) if len(values) > 1 else np.zeros(len(values))
    axes.plot(values, y + apart, "o", color=colour, markersize=3.6, markeredgecolor="white", markeredgewidth=0.4)


def _finish(axes: Axes, names: Sequence[str], systems: int) -> None:
    axes.set_ylim(max(systems, 2) - 0.5, -0.5)
    axes.set_yticks(range(systems), names or [""] * systems)
    axes.tick_params(axis="y", length=0, labelsize=SIZE)
    axes.tick_params(axis="x", pad=2)
    low, high = axes.get_xlim()
    axes.set_xlim(min(low, 0.0), high)
    ticks(axes, MaxNLocator(4).tick_values(*axes.get_xlim()), SIZE - 0.5, 0.1)
    axes.axvline(0, color=MUTED, linewidth=0.6)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", linewidth=0.4)
    axes.set_axisbelow(True)
