"""A run on disk: what is written is read, what does not fit is refused, and no file executes anything."""

import json
from pathlib import Path

import pytest
import torch

from clstm.models.checkpoint import load_model, load_state, save_model, save_state
from clstm.models.networks import Network, NetworkConfig
from clstm.runtime.errors import MismatchError, UserError

CONFIG = NetworkConfig("c-lstm", kernels=4, features=8, hidden=16)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save_model(tmp_path / "run", CONFIG, Network(CONFIG).state_dict(), {"note": "mine"})
    return tmp_path / "run"


def change(run: Path, **changes: object) -> None:
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(config | changes))


def test_weights_and_configuration_come_back(tmp_path: Path) -> None:
    network = Network(CONFIG)
    save_model(tmp_path, CONFIG, network.state_dict(), {"note": "mine"})
    again, config = load_model(tmp_path)
    assert again.config == CONFIG
    assert config["note"] == "mine"
    frames = torch.rand(1, 12, 156)
    torch.testing.assert_close(again(frames), network(frames), rtol=0, atol=0)


def test_a_folder_that_is_no_run_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a run; make one with: clstm train"):
        load_model(tmp_path)
    with pytest.raises(UserError, match=r"has no state\.ckpt"):
        load_state(tmp_path)


def test_another_version_is_refused(saved: Path) -> None:
    change(saved, format=7)
    with pytest.raises(MismatchError, match="in format 7; this version reads format 1"):
        load_model(saved)


def test_another_row_count_is_refused(saved: Path) -> None:
    config = json.loads((saved / "config.json").read_text())
    change(saved, network=config["network"] | {"rows": 176})
    with pytest.raises(MismatchError, match="has 176 rows"):
        load_model(saved)


@pytest.mark.parametrize("damage", [b"", b"nonsense" * 100])
def test_damaged_weights_are_refused(saved: Path, damage: bytes) -> None:
    (saved / "weights.safetensors").write_bytes(damage)
    with pytest.raises(MismatchError, match=r"weights\.safetensors does not fit"):
        load_model(saved)


def test_weights_of_another_shape_are_refused(saved: Path) -> None:
    config = json.loads((saved / "config.json").read_text())
    change(saved, network=config["network"] | {"hidden": 32})
    with pytest.raises(MismatchError, match="does not fit") as refused:
        load_model(saved)
    assert "\n" not in str(refused.value)


class Trap:
    def __reduce__(self) -> tuple:
        return (pytest.fail, ("the file was executed",))


def test_a_forged_state_executes_nothing(tmp_path: Path) -> None:
    save_state(tmp_path, {"trap": 1})
    assert load_state(tmp_path) == {"trap": 1}
    torch.save({"trap": Trap()}, tmp_path / "state.ckpt")
    with pytest.raises(UserError, match=r"state\.ckpt is damaged; train again into another folder"):
        load_state(tmp_path)
