"""The structure of a network (the paper's Figure 2), drawn from the model itself: from the shapes of its weights.

Reports need no torch, so a model is read as its files: `config.json` and the header of `weights.safetensors`. What a
block is called and how large it is follows from the tensors that are there; nothing is drawn that has no weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log2, prod
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from clstm.runtime.errors import UserError
from clstm.runtime.json_files import read_json
from evaluation.figures.palette import INK, MUTED
from evaluation.figures.style import LONGEST_NAME, PAGE_WIDTH, extent, shortened, style, wrapped

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Block:
    """One stage: what it is, and the size of what leaves it, (layers, rows, steps)."""

    title: str
    detail: str
    layers: int
    rows: int
    steps: int


@dataclass(frozen=True)
class NetworkDiagram:
    """A model as drawn: its stages from the window to the notes, and paths beside them.

    kind : one of `reports.inputs.models.KINDS`, as its weights show
    """

    name: str
    kind: str
    blocks: tuple[Block, ...]
    parameters: int
    beside: str = ""

    @property
    def sentence(self) -> str:
        """The network in words: the figure's alternative text."""
        stages = ", then ".join(f"{block.title} {block.detail}".strip() for block in self.blocks)
        return f"{self.name}: {stages}; {self.parameters:,} parameters" + (f"; {self.beside}" if self.beside else "")


def read_network(run: Path, name: str = "") -> NetworkDiagram:
    """The structure of a run or bundled model. Raises `UserError` for anything else."""
    from safetensors import SafetensorError, safe_open

    try:
        config = read_json(run / "config.json")["network"]
        with safe_open(run / "weights.safetensors", framework="numpy") as weights:
            shapes = {key: tuple(weights.get_slice(key).get_shape()) for key in weights.keys()}  # noqa: SIM118 - no dict
        return structure(name or run.name, config, shapes)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise UserError(f"{run} is not a run that can be drawn ({error}); give one of clstm train") from error


def structure(name: str, config: dict[str, Any], shapes: dict[str, Shape]) -> NetworkDiagram:
    """The stages that the weights of a network make; raises KeyError where they make none known.

    config : `clstm.models.networks.NetworkConfig`; shapes : of every tensor, by name
    """
    rows, window, horizon = config["rows"], config["window"], config["horizon"]
    blocks = [Block("window", f"{rows} × {window}", 1, rows, window)]
    steps, beside, kind = window, "", ""
    if "convolutions.first.weight" in shapes:
        kind = "c-lstm"
        kernels, _, *size = shapes["convolutions.first.weight"]
        height, steps = rows - size[0] + 1, steps - size[1] + 1
        blocks.append(Block("convolution 1", f"{kernels} of {size[0]}×{size[1]}, ReLU", kernels, height, steps))
        features, _, *size = shapes["convolutions.second.weight"]
        blocks.append(
            Block("convolution 2", f"{features} of {size[0]}×{size[1]}, ReLU", features, height // size[0], steps)
        )
    elif "local.weight" in shapes:
        kind = "c-lstm-plus"
        channels, states, *size = shapes["local.weight"]
        pitches, steps = rows // states, steps - size[1] + 1
        blocks.append(Block("local convolution", f"{channels} of {size[0]}×{size[1]}, ReLU", channels, pitches, steps))
        features = shapes["features.weight"][0]
        blocks.append(Block("features", f"{features} and the raw frame", 1, features + rows, steps))
        notes = shapes["notes.weight_hh_l0"][1]
        beside = f"beside them a recall of like moments, and an LSTM of {notes} along each pitch"
    gates, _ = shapes["recurrence.weight_ih_l0"]
    hidden = shapes["recurrence.weight_hh_l0"][1]
    recurrence = "lstm" if gates == 4 * hidden else "rnn"
    title = {"lstm": "LSTM", "rnn": "RNN, tanh"}[recurrence]
    blocks.append(Block(title, f"{steps} steps → {hidden}", 1, hidden, 1))
    outputs = shapes["output.weight"][0]
    blocks.append(Block("fully connected", f"{outputs}, sigmoid", 1, outputs, 1))
    blocks.append(Block("next frames", f"{rows} × {horizon}", 1, rows, horizon))
    total = sum(prod(shape) for shape in shapes.values())
    return NetworkDiagram(name, kind or recurrence, tuple(blocks), total, beside)


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
