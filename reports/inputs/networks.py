"""The structure of a network, read from the model itself: from the shapes of its weights.

Reports need no torch, so a model is read as its files: `config.json` and the header of `weights.safetensors`. The name
and the size of a block follow from the tensors; nothing without weights becomes a block.
"""

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from clstm.runtime.errors import UserError
from clstm.runtime.files import read_json

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Block:
    """One stage: its name, and the size of its output, (layers, rows, steps)."""

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
        """The network in words: the figure's alternative text.

        >>> NetworkDiagram("mine", "lstm", (Block("window", "156 × 32", 1, 156, 32),), 118000).sentence
        'mine: window 156 × 32; 118,000 parameters'
        """
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
        raise UserError(f"{run} is not a run that can be drawn ({_reason(error)}); give one of clstm train") from error


def _reason(error: Exception) -> str:
    """What of a run cannot be read, without the words of Python."""
    match error:
        case OSError():
            return error.strerror or "a file cannot be opened"
        case KeyError():
            return f"it has no {error.args[0]}"
    return "its config.json and weights.safetensors do not fit together"


def structure(name: str, config: dict[str, Any], shapes: dict[str, Shape]) -> NetworkDiagram:
    """The stages that the weights of a network make; raises KeyError where they make none known.

    config : `clstm.models.networks.NetworkConfig`, or of `clstm.models.notes`; shapes : of every tensor, by name

    >>> shapes = {"recurrence.weight_ih_l0": (400, 156), "recurrence.weight_hh_l0": (400, 100)}
    >>> shapes["output.weight"] = (156, 100)
    >>> network = structure("mine", {"rows": 156, "window": 32, "horizon": 9}, shapes)
    >>> network.kind, network.parameters, [block.title for block in network.blocks]
    ('lstm', 118000, ['window', 'LSTM', 'fully connected', 'next frames'])
    """
    if "blocks.0.qkv" in shapes:
        return _of_notes(name, config, shapes)
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
    return NetworkDiagram(name, kind or recurrence, tuple(blocks), _parameters(shapes), beside)


def _of_notes(name: str, config: dict[str, Any], shapes: dict[str, Shape]) -> NetworkDiagram:
    """The stages of a network that draws notes."""
    context = config["context"]
    pitches, width = shapes["pitch_out"]
    channels = shapes["state"][1] // pitches
    layers = len([key for key in shapes if key.endswith(".qkv")])
    filters, _, near = shapes["conv"]
    durations, gaps = shapes["d_b"][0], shapes["g_b"][0]
    blocks = (
        Block("notes so far", f"{context}, and what the past suggests", 1, channels, context),
        Block("transformer", f"{layers} layers of {width}", layers, width, context),
        Block("pitch", f"{pitches}, and {filters} filters of {near} pitches", 1, pitches, 1),
        Block("duration", f"{durations} classes", 1, durations, 1),
        Block("gap", f"{gaps} classes", 1, gaps, 1),
    )
    beside = "beside them what followed the last times these notes came, in any key and in this, over the whole piece"
    return NetworkDiagram(name, "notes", blocks, _parameters(shapes), beside)


def _parameters(shapes: dict[str, Shape]) -> int:
    return sum(prod(shape) for shape in shapes.values())
