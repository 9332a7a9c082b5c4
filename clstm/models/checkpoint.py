"""A run on disk: weights and a JSON configuration.

config.json           network, training, corpus, what was reached
weights.safetensors   the best weights; loading them executes nothing
state.ckpt            all that training needs to continue exactly (weights and their average, optimisers, schedule)
log.csv               one row per evaluation
"""

import io
import pickle
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, overload

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as serialise
from torch import Tensor

from clstm.models.networks import KINDS, PAPER, Model, Network, NetworkConfig
from clstm.models.notes import Config, Notes
from clstm.models.plus import Plus
from clstm.music.pianoroll import KEYS
from clstm.music.score import FRAME_RATE, ROWS
from clstm.runtime.errors import MismatchError, UserError
from clstm.runtime.files import read_json, replacing, write_json

FORMAT = 1
REPRESENTATIONS = ((ROWS, FRAME_RATE), (KEYS, None))  # rows and frames per second: music, published piano rolls
CONFIG, WEIGHTS, STATE = "config.json", "weights.safetensors", "state.ckpt"
LARGEST = 2**14  # units or features; an LSTM of so many has a billion weights
LONGEST = 10**6  # frames of a window, or notes of a context
DEEPEST = 2**8  # layers

Configuration = NetworkConfig | Config  # of a network that writes frames, or that draws notes


@overload
def build(config: NetworkConfig) -> Model: ...
@overload
def build(config: Config) -> Notes: ...
def build(config: Configuration) -> Model | Notes:
    """The network of a configuration, the paper's or our own, as it is before training.

    The paper's C-LSTM, without memory for its weights (PyTorch's LSTM has two bias vectors, the paper's one):

    >>> from clstm.models.networks import parameter_count
    >>> with torch.device("meta"):
    ...     parameter_count(build(NetworkConfig("c-lstm")))
    6797116
    """
    if isinstance(config, Config):
        return Notes(config)
    return Network(config) if config.kind in PAPER else Plus(config)


def configured(network: dict[str, Any]) -> Configuration:
    """A configuration as `config.json` has it: of notes where its kind is `notes`, else of frames.

    Raises `TypeError` for names that it has not, `ValueError` for sizes no network has.

    >>> configured({"kind": "notes", "width": 128}).rows
    156
    """
    config = Config(**network) if network["kind"] == "notes" else NetworkConfig(**network)
    check_sizes(config)
    return config


def save_model(run: Path, network: Configuration, weights: dict[str, Tensor], about: dict[str, Any]) -> None:
    """Write weights and configuration. `about` : more entries of the configuration."""
    with replacing(run / WEIGHTS) as temporary:
        temporary.write_bytes(serialise({name: tensor.contiguous() for name, tensor in weights.items()}))
    rate = dict(REPRESENTATIONS)[network.rows]
    header = {"format": FORMAT, "version": version("clstm"), "frame_rate": rate, "network": asdict(network)}
    write_json(run / CONFIG, header | about)


def read_config(run: Path) -> dict[str, Any]:
    """The configuration of a run. Raises `UserError` when there is none, `MismatchError` for another version's.

    >>> from clstm import pretrained
    >>> network = read_config(pretrained.find("lstm"))["network"]
    >>> network["kind"], network["window"], network["horizon"]
    ('lstm', 90, 9)
    """
    try:
        config = read_json(Path(run) / CONFIG)
    except (OSError, ValueError) as error:
        raise UserError(f"{run} is not a run; make one with: clstm train c-lstm CORPUS --out {run}") from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        config = config if isinstance(config, dict) else {}
        raise MismatchError(
            f"{run} is a run of clstm {config.get('version')} in format {config.get('format')}; this version reads"
            f" format {FORMAT}; train it again"
        )
    try:
        rows, rate = configured(config["network"]).rows, config["frame_rate"]
    except (KeyError, TypeError, ValueError) as error:
        raise MismatchError(f"{Path(run) / CONFIG} is damaged ({error}); train it again") from error
    if (rows, rate) not in REPRESENTATIONS:
        raise MismatchError(
            f"{run} has {rows} rows at {rate} frames per second; this version has {ROWS} at {FRAME_RATE}"
        )
    return config


def learnt_pedal(config: dict[str, Any]) -> bool:
    """Whether a run learnt notes as long as a pedal holds them; one that does not say learnt them as pressed.

    >>> from clstm import pretrained
    >>> learnt_pedal(read_config(pretrained.find("lstm")))
    False
    """
    corpus = config.get("corpus")
    return isinstance(corpus, dict) and corpus.get("pedal") is True


def check_sizes(network: Configuration) -> None:
    """Raises `ValueError` for sizes no network has; building one would fail, or take all memory."""
    for name, value in asdict(network).items():
        match name:
            case "kind":
                fits = value in (*KINDS, "notes")
            case "dropout":
                fits = isinstance(value, int | float) and 0 <= value < 1
            case "roll":
                fits = isinstance(value, bool)
            case _:
                most = {"window": LONGEST, "context": LONGEST, "layers": DEEPEST}.get(name, LARGEST)
                fits = type(value) is int and 1 <= value <= most
        if not fits:
            raise ValueError(f"{name} is {str(value)[:40]}")
    if isinstance(network, Config):
        if network.head % 2 or network.head < 4 or network.width % network.head:
            raise ValueError(f"{network.width} is not a multiple of heads of {network.head}, an even number from 4 on")
        if network.context < 2:
            raise ValueError(f"context is {network.context}")


def network_of(run: Path) -> NetworkConfig:
    """The network of a run that writes frames. Raises `MismatchError` for one that draws notes."""
    config = configured(read_config(run)["network"])
    if isinstance(config, Config):
        raise MismatchError(f"{run} draws notes, and this is for models that write frames: {', '.join(KINDS)}")
    return config


def load_model(run: Path) -> tuple[Model, dict[str, Any]]:
    """The network of a run that writes frames with its best weights, ready to use, and the configuration beside it.

    Raises `MismatchError` for a run that draws notes, and for weights that do not fit.
    """
    network_of(run)
    network, config = load_network(run)
    assert isinstance(network, Model)
    return network, config


def load_notes(run: Path) -> tuple[Notes, dict[str, Any]]:
    """The same of a run that draws notes. Raises `MismatchError` for any other."""
    kind = read_config(run)["network"]["kind"]
    if kind != "notes":
        raise MismatchError(f"{run} is a {kind} and writes frames; give a run of the kind notes")
    network, config = load_network(run)
    assert isinstance(network, Notes)
    return network, config


def load_network(run: Path) -> tuple[Model | Notes, dict[str, Any]]:
    """The same of any run."""
    run = Path(run)
    config = read_config(run)
    try:
        weights = load_file(run / WEIGHTS)
        wanted = configured(config["network"])
        with torch.device("meta"):  # sizes that do not fit are found before they take memory
            _must_fit(build(wanted).state_dict(), weights)
        network = build(wanted)
        network.load_state_dict(weights)
    except (OSError, SafetensorError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise MismatchError(f"{run / WEIGHTS} does not fit {CONFIG} beside it ({reason})") from error
    return network.eval(), config


def _must_fit(wanted: dict[str, Tensor], weights: dict[str, Tensor]) -> None:
    for name in sorted(wanted.keys() | weights.keys()):
        sizes = [str(tuple(own[name].shape)) if name in own else "nothing" for own in (wanted, weights)]
        if sizes[0] != sizes[1]:
            raise ValueError(f"{name} is {sizes[1]}, not {sizes[0]}")


def save_state(run: Path, state: dict[str, Any]) -> None:
    """Write what a run needs to be resumed; whole or not at all."""
    data = io.BytesIO()
    torch.save(state, data)  # in memory: on a full disk torch's own writer hides what went wrong
    with replacing(run / STATE) as temporary:
        temporary.write_bytes(data.getbuffer())


def load_state(run: Path) -> dict[str, Any]:
    """What `save_state` wrote. Only tensors and plain values are read: a forged file executes nothing."""
    try:
        state: dict[str, Any] = torch.load(Path(run) / STATE, weights_only=True, map_location="cpu")
    except FileNotFoundError as error:
        raise UserError(f"{run} has no {STATE} to resume from; train it again without --resume") from error
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError) as error:
        raise UserError(f"{Path(run) / STATE} is damaged; train again into another folder") from error
    return state
