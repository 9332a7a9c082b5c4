"""The structure of networks as a figure (the paper's Figure 2): every block is a tensor of the weights."""

from collections.abc import Sequence
from itertools import pairwise
from math import log2

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from evaluation.figures.palette import INK, MUTED
from evaluation.figures.style import LONGEST_NAME, PAGE_WIDTH, extent, shortened, style, wrapped
from reports.inputs.networks import Block, NetworkDiagram


def draw(networks: Sequence[NetworkDiagram], width: float = PAGE_WIDTH) -> Figure:
    """Networks one below the other, each from its window at the left to the notes it predicts at the right.

    Sizes are on a logarithmic scale.
    """
    narrow = width < PAGE_WIDTH
    size = 5.2 if narrow else 7.5
    heads = [
        wrapped(f"{shortened(one.name, LONGEST_NAME)}: {one.parameters:,} parameters", size + 1.5, 0.92 * width)
        for one in networks
    ]
    feet = [wrapped(one.beside, size - 0.5, 0.97 * width) for one in networks]
    stages = 1.3 if narrow else 1.45  # inches
    tall = [extent(head, size + 1.5)[1] + stages + (extent(foot, size - 0.5)[1] + 0.08 if foot else 0.0)
            for head, foot in zip(heads, feet, strict=True)]  # fmt: skip
    height, above = sum(tall), 0.0
    with style():
        figure = Figure(figsize=(width, height), facecolor="white")
        for network, head, foot, own in zip(networks, heads, feet, tall, strict=True):
            above += own
            axes = figure.add_axes((0.01, 1 - above / height, 0.98, own / height))
            axes.set(xlim=(0, width), ylim=(0, own))
            axes.axis("off")
            axes.text(0.05, own - 0.06, head, va="top", fontsize=size + 1.5, color=INK)
            axes.text(0.05, 0.02, foot, va="bottom", fontsize=size - 0.5, color=MUTED)
            _stages(axes, network.blocks, width, own - extent(head, size + 1.5)[1], size, stages)
    return figure


def _stages(axes: Axes, blocks: Sequence[Block], width: float, top: float, size: float, tall: float) -> None:
    """Blocks, arrows and words in the `tall` inches below `top`."""
    slot = width / len(blocks)
    middle, words = top - 0.4 * tall, top - 0.72 * tall
    scale = min(0.085, 0.062 * slot)
    edges = []
    for place, block in enumerate(blocks):
        x = (place + 0.5) * slot
        wide, tall = 0.05 + scale * log2(1 + block.steps), 0.05 + 0.062 * log2(1 + block.rows)
        layers = min(block.layers, 5)
        shift = 0.035
        x0 = x - (wide + shift * (layers - 1)) / 2
        for layer in reversed(range(layers)):
            corner = (x0 + shift * layer, middle - tall / 2 + shift * layer)
            shade = "#dbe7f3" if layer else "#b8d2ea"
            axes.add_patch(Rectangle(corner, wide, tall, facecolor=shade, edgecolor=INK, linewidth=0.6))
        edges.append((x0, x0 + wide + shift * (layers - 1)))
        title = wrapped(block.title, size, slot - 0.04)
        axes.text(x, words, title, ha="center", va="top", fontsize=size, color=INK)
        below = words - extent(title, size)[1] - 0.03
        detail = wrapped(block.detail, size - 0.7, slot - 0.04)
        axes.text(x, below, detail, ha="center", va="top", fontsize=size - 0.7, color=MUTED)
    for (_, right), (left, _) in pairwise(edges):
        arrow = FancyArrowPatch(
            (right + 0.03, middle),
            (left - 0.03, middle),
            arrowstyle="-|>",
            mutation_scale=7,
            color=MUTED,
            linewidth=0.8,
        )
        axes.add_patch(arrow)
