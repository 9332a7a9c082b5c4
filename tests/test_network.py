"""Figure 2 is drawn from a model's weights: their shapes, and nothing that is not there."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest
from drawn_texts import boxes, faults

from clstm import pretrained
from clstm.models.checkpoint import build
from clstm.models.networks import KINDS, Kind, NetworkConfig, parameter_count
from clstm.models.note_inputs import DURATIONS, GAPS
from clstm.models.notes import Config
from clstm.runtime.errors import UserError
from evaluation.figures.style import COLUMN_WIDTH, PAGE_WIDTH
from reports.figures import network
from reports.inputs.networks import read_network, structure


def small(kind: Kind) -> tuple[NetworkConfig, dict[str, tuple[int, ...]]]:
    config = NetworkConfig(kind, kernels=4, features=6, hidden=10)
    return config, {name: tuple(tensor.shape) for name, tensor in build(config).state_dict().items()}


@pytest.mark.parametrize("kind", KINDS)
def test_the_sizes_are_those_of_the_network(kind: Kind) -> None:
    config, shapes = small(kind)
    drawn = structure(kind, {"rows": config.rows, "window": config.window, "horizon": config.horizon}, shapes)
    assert drawn.kind == kind
    assert drawn.parameters == parameter_count(build(config))
    assert (drawn.blocks[0].rows, drawn.blocks[0].steps) == (156, 90)
    assert (drawn.blocks[-1].rows, drawn.blocks[-1].steps) == (156, 9)
    recurrence = drawn.blocks[-3]
    assert recurrence.title.startswith("RNN" if kind == "rnn" else "LSTM")
    assert recurrence.rows == 10


def test_a_network_of_notes_is_drawn_with_its_three_draws() -> None:
    config = Config(width=32, layers=2, head=16, context=40, local=4, channels=3)
    shapes = {name: tuple(tensor.shape) for name, tensor in build(config).state_dict().items()}
    drawn = structure("notes", asdict(config), shapes)
    assert drawn.kind == "notes"
    assert drawn.parameters == parameter_count(build(config))
    assert [block.title for block in drawn.blocks] == ["notes so far", "transformer", "pitch", "duration", "gap"]
    assert [block.rows for block in drawn.blocks[2:]] == [78, len(DURATIONS), len(GAPS)]
    assert network.draw([drawn]).axes


def test_the_papers_network_has_the_papers_numbers() -> None:
    drawn = read_network(pretrained.FOLDER / "c-lstm")
    sizes = [(block.layers, block.rows, block.steps) for block in drawn.blocks[:3]]
    assert sizes == [(1, 156, 90), (32, 154, 88), (128, 1, 88)]
    assert "LSTM 88 steps → 1024, then fully connected 1404, sigmoid" in drawn.sentence
    assert drawn.parameters == 6_797_116


@pytest.mark.parametrize("width", [COLUMN_WIDTH, PAGE_WIDTH])
def test_every_network_has_its_row_and_every_block_its_name(width: float) -> None:
    drawn = [read_network(pretrained.FOLDER / name) for name in ("rnn", "c-lstm")]
    figure = network.draw(drawn, width)
    assert len(figure.axes) == 2
    words = {" ".join(text.get_text().split()) for text in figure.axes[1].texts}
    assert {block.title for block in drawn[1].blocks} <= words


@pytest.mark.parametrize("width", [COLUMN_WIDTH, PAGE_WIDTH])
def test_every_word_is_whole_and_none_lies_upon_another(width: float) -> None:
    drawn = [read_network(pretrained.FOLDER / kind, f"{kind} {'long ' * 20}") for kind in KINDS]
    figure = network.draw(drawn, width)
    assert faults(figure) == []
    words = [" ".join(text.split()) for text in boxes(figure)]
    assert all(any(f"{one.parameters:,} parameters" in text for text in words) for one in drawn)


@pytest.mark.parametrize("damage", ["nothing", "no weights", "other weights", "no network"])
def test_what_is_no_run_is_refused_in_one_line(damage: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    if damage != "nothing":
        shutil.copytree(pretrained.FOLDER / "rnn", run)
    if damage == "no weights":
        (run / "weights.safetensors").unlink()
    if damage == "other weights":
        (run / "weights.safetensors").write_bytes(b"none")
    if damage == "no network":
        (run / "config.json").write_text(json.dumps({"network": {}}))
    with pytest.raises(UserError, match="is not a run that can be drawn") as refused:
        read_network(run)
    assert "\n" not in str(refused.value)
