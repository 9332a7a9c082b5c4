"""The paper's Figure 2, the structure of a network, drawn from the model itself: from the shapes of its weights.

Reports need no torch, so a model is read as its files: `config.json` and the header of `weights.safetensors`. What a
block is called and how large it is follows from the tensors that are there; nothing is drawn that has no weights.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log2, prod
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from clstm.errors import UserError
from reports.palette import INK, MUTED
from reports.style import PAGE_WIDTH, shortened, style

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
class Network:
    """A model as drawn: its stages from the window to the notes, and paths beside them."""

    name: str
    blocks: tuple[Block, ...]
    parameters: int
    beside: str = ""

    @property
    def sentence(self) -> str:
        """The network in words: the figure's alternative text."""
        stages = ", then ".join(f"{block.title} {block.detail}".strip() for block in self.blocks)
        return f"{self.name}: {stages}; {self.parameters:,} parameters" + (f"; {self.beside}" if self.beside else "")


def read_network(run: Path, name: str = "") -> Network:
    """The structure of a run or bundled model. Raises `UserError` for anything else."""
    from safetensors import SafetensorError, safe_open

    try:
        config = json.loads((run / "config.json").read_text(encoding="utf-8"))["network"]
        with safe_open(run / "weights.safetensors", framework="numpy") as weights:
            shapes = {key: tuple(weights.get_slice(key).get_shape()) for key in weights.keys()}  # noqa: SIM118 - no dict
        return structure(name or run.name, config, shapes)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise UserError(f"{run} is not a run that can be drawn ({error}); give one of clstm train") from error


def structure(name: str, config: dict[str, Any], shapes: dict[str, Shape]) -> Network:
    """The stages that the weights of a network make; raises KeyError where they make none known.

    config : `clstm.models.NetworkConfig`; shapes : of every tensor, by name
    """
    rows, window, horizon = config["rows"], config["window"], config["horizon"]
    blocks = [Block("window", f"{rows} × {window}", 1, rows, window)]
    steps, beside = window, ""
    if "convolutions.first.weight" in shapes:
        kernels, _, *size = shapes["convolutions.first.weight"]
        height, steps = rows - size[0] + 1, steps - size[1] + 1
        blocks.append(Block("convolution 1", f"{kernels} of {size[0]}×{size[1]}, ReLU", kernels, height, steps))
        features, _, *size = shapes["convolutions.second.weight"]
        blocks.append(
            Block("convolution 2", f"{features} of {size[0]}×{size[1]}, ReLU", features, height // size[0], steps)
        )
    elif "local.weight" in shapes:
        channels, states, *size = shapes["local.weight"]
        pitches, steps = rows // states, steps - size[1] + 1
        blocks.append(Block("local convolution", f"{channels} of {size[0]}×{size[1]}, ReLU", channels, pitches, steps))
        features = shapes["features.weight"][0]
        blocks.append(Block("features", f"{features} and the raw frame", 1, features + rows, steps))
        notes = shapes["notes.weight_hh_l0"][1]
        beside = f"beside them a recall of like moments, and an LSTM of {notes} along each pitch"
    gates, _ = shapes["recurrence.weight_ih_l0"]
    hidden = shapes["recurrence.weight_hh_l0"][1]
    kind = "LSTM" if gates == 4 * hidden else "RNN, tanh"
    blocks.append(Block(kind, f"{steps} steps → {hidden}", 1, hidden, 1))
    outputs = shapes["output.weight"][0]
    blocks.append(Block("fully connected", f"{outputs}, sigmoid", 1, outputs, 1))
    blocks.append(Block("next frames", f"{rows} × {horizon}", 1, rows, horizon))
    total = sum(prod(shape) for shape in shapes.values())
    return Network(name, tuple(blocks), total, beside)


def draw(networks: Sequence[Network], width: float = PAGE_WIDTH) -> Figure:
    """Networks one below the other, each from its window at the left to the notes it predicts at the right.

    Sizes are on a logarithmic scale, as the paper's squares are not to scale either.
    """
    narrow = width < PAGE_WIDTH
    each = 1.55 if narrow else 1.75
    height = each * len(networks)
    size = 5.2 if narrow else 7.5
    with style():
        figure = Figure(figsize=(width, height), facecolor="white")
        for row, network in enumerate(networks):
            axes = figure.add_axes((0.01, 1 - (row + 1) / len(networks), 0.98, 1 / len(networks)))
            axes.set(xlim=(0, width), ylim=(0, each))
            axes.axis("off")
            title = f"{shortened(network.name, 40)}   {network.parameters:,} parameters"
            axes.text(0.05, each - 0.06, title, va="top", fontsize=size + 1.5, color=INK, weight="bold")
            if network.beside:
                axes.text(0.05, 0.02, network.beside, va="bottom", fontsize=size - 0.5, color=MUTED)
            _stages(axes, network.blocks, width, each, size)
    return figure


def _stages(axes: Axes, blocks: Sequence[Block], width: float, height: float, size: float) -> None:
    slot = width / len(blocks)
    middle = 0.56 * height
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
        axes.text(x, 0.235 * height, block.title, ha="center", va="top", fontsize=size, color=INK)
        detail = block.detail.replace(", ", ",\n").replace(" and ", "\nand ") if slot < 0.9 else block.detail
        axes.text(x, 0.235 * height - 0.13, detail, ha="center", va="top", fontsize=size - 0.7, color=MUTED)
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
