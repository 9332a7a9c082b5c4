"""A run of the kind `notes` on disk: loaded as it was written, and refused in one line where it is damaged."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from clstm.models.checkpoint import (
    CONFIG,
    WEIGHTS,
    build,
    configured,
    load_model,
    load_network,
    load_notes,
    network_of,
    read_config,
    save_model,
)
from clstm.models.networks import Model, NetworkConfig
from clstm.models.notes import Config, Notes
from clstm.runtime.errors import MismatchError, UserError

SMALL = Config(width=32, layers=2, ff=2, head=16, context=32, local=4, channels=3)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    folder = tmp_path / "mine"
    folder.mkdir()
    save_model(folder, SMALL, build(SMALL).state_dict(), {"corpus": {}})
    return folder


def changed(run: Path, **network: Any) -> None:
    config = json.loads((run / CONFIG).read_text())
    config["network"] |= network
    (run / CONFIG).write_text(json.dumps(config))


def test_a_network_of_notes_is_loaded_as_it_was_written(run: Path) -> None:
    torch.manual_seed(0)
    written = build(SMALL).state_dict()
    for load in (load_notes, load_network):
        network, config = load(run)
        assert isinstance(network, Notes)
        assert not network.training
        assert network.c == SMALL
        assert config["network"] == asdict(SMALL)
        for name, value in network.state_dict().items():
            assert torch.equal(value, written[name])


def test_a_network_of_piano_rolls_has_their_keys(tmp_path: Path) -> None:
    rolls = Config(pitches=88, roll=True, width=32, layers=1, head=16, local=2, channels=2)
    tmp_path.joinpath("rolls").mkdir()
    save_model(tmp_path / "rolls", rolls, build(rolls).state_dict(), {})
    config = read_config(tmp_path / "rolls")
    assert config["frame_rate"] is None
    assert configured(config["network"]).rows == 88
    assert load_notes(tmp_path / "rolls")[0].P == 88


def test_half_precision_becomes_float32_exactly(run: Path) -> None:
    half = {name: tensor.half() for name, tensor in load_file(run / WEIGHTS).items()}
    save_file(half, run / WEIGHTS)
    for name, value in load_notes(run)[0].state_dict().items():
        assert value.dtype == torch.float32
        assert torch.equal(value, half[name].float())


def test_what_is_for_frames_refuses_notes_and_what_is_for_notes_refuses_frames(run: Path, tmp_path: Path) -> None:
    for load in (load_model, network_of):
        with pytest.raises(MismatchError, match=r"mine draws notes, and this is for models that write frames: rnn, "):
            load(run)
    frames = NetworkConfig("rnn", hidden=4)
    (tmp_path / "frames").mkdir()
    save_model(tmp_path / "frames", frames, build(frames).state_dict(), {})
    assert network_of(tmp_path / "frames") == frames
    assert isinstance(load_network(tmp_path / "frames")[0], Model)
    with pytest.raises(MismatchError, match="frames is a rnn and writes frames; give a run of the kind notes"):
        load_notes(tmp_path / "frames")


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ({"width": 0}, "width is 0"),
        ({"width": 2**40}, f"width is {2**40}"),
        ({"width": 33}, "33 is not a multiple of heads of 16"),
        ({"head": 1}, "heads of 1, an even number"),
        ({"layers": 2**12}, "layers is 4096"),
        ({"layers": 1.5}, "layers is 1.5"),
        ({"context": 1}, "context is 1"),
        ({"roll": 1}, "roll is 1"),
        ({"pitches": True}, "pitches is True"),
        ({"pitches": 77}, "mine has 154 rows at 8 frames per second"),
        ({"roll": True}, "mine has 78 rows at 8 frames per second"),
        ({"hidden": 4}, "hidden"),
        ({"kind": "note"}, "damaged"),
        ({"kind": ["notes"]}, "damaged"),
        ({"kind": "rnn"}, "damaged"),
    ],
)
def test_a_configuration_that_cannot_be_is_one_line(run: Path, network: dict[str, Any], words: str) -> None:
    changed(run, **network)
    for load in (read_config, load_network, load_model, load_notes):
        with pytest.raises(MismatchError) as refused:
            load(run)
        assert words in str(refused.value)
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("network", [{"layers": 3}, {"layers": 1}, {"width": 16384}, {"channels": 4}])
def test_sizes_that_the_weights_have_not_are_one_line(run: Path, network: dict[str, Any]) -> None:
    changed(run, **network)
    with pytest.raises(
        MismatchError, match=r"weights\.safetensors does not fit config\.json beside it \(.* is .*, not"
    ):
        load_notes(run)


def test_weights_that_are_cut_or_absent_are_one_line(run: Path) -> None:
    whole = (run / WEIGHTS).read_bytes()
    for part in (whole[: len(whole) // 2], whole[:4], b""):
        (run / WEIGHTS).write_bytes(part)
        with pytest.raises(UserError, match="does not fit"):
            load_notes(run)
    (run / WEIGHTS).unlink()
    with pytest.raises(UserError, match="does not fit"):
        load_notes(run)
