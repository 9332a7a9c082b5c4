"""How far back a network looks."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from clstm.checkpoint import build
from clstm.cli import load_commands
from clstm.corpus import Corpus
from clstm.errors import UserError
from clstm.models import NetworkConfig
from clstm.reach import gradient_norms, half_life, summary, table
from clstm.settings import TrainingConfig
from clstm.training import train


def windows() -> torch.Tensor:
    torch.manual_seed(0)
    return (torch.rand(4, 29, 156) < 0.1).float()


def test_a_recurrence_that_forgets_has_its_gradient_at_the_last_frame() -> None:
    network = build(NetworkConfig("rnn", window=20, hidden=8))
    network.initialise(torch.full((156,), 0.05))
    with torch.no_grad():
        network.get_parameter("recurrence.weight_hh_l0").zero_()
    norms = gradient_norms(network, windows())
    assert norms.shape == (20,)
    assert norms[0] > 0
    assert not norms[1:].any()
    assert half_life(norms) == 0


def test_a_smaller_recurrence_reaches_less_far() -> None:
    network = build(NetworkConfig("rnn", window=20, hidden=8))
    network.initialise(torch.full((156,), 0.05))
    far = gradient_norms(network, windows())
    with torch.no_grad():
        network.get_parameter("recurrence.weight_hh_l0").mul_(0.5)
    near = gradient_norms(network, windows())
    assert near[10] / near[0] < 0.01 * far[10] / far[0]


def test_half_of_an_even_gradient_lies_in_the_nearer_half() -> None:
    assert half_life(np.ones(10)) == 4
    assert half_life(np.zeros(10)) == 0


@pytest.fixture(scope="module")
def runs(tiny_corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("runs")
    for kind in ("rnn", "c-lstm"):
        network = NetworkConfig(kind, kernels=4, features=8, hidden=16)
        train(tiny_corpus, folder / kind, network, TrainingConfig(batch=2, excerpt=32, steps=1, evaluate_every=1))
    return [folder / "rnn", folder / "c-lstm"]


def test_every_run_has_a_curve_over_its_window(tiny_corpus: Corpus, runs: list[Path], tmp_path: Path) -> None:
    given = [str(tiny_corpus.path), *map(str, runs), "--count", "40", "--out", str(tmp_path / "reach.csv")]
    result = CliRunner().invoke(load_commands(), ["reach", *given])
    assert result.exit_code == 0, result.output
    curves = pd.read_csv(tmp_path / "reach.csv")
    assert list(curves["system"].unique()) == ["rnn", "c-lstm"]
    for _, curve in curves.groupby("system"):
        assert list(curve["frames_back"]) == list(range(90))
        assert curve["share"].sum() == pytest.approx(1)
    assert "rnn: half of the gradient lies in the last" in result.output


def test_windows_are_taken_in_turns_without_a_difference(
    tiny_corpus: Corpus, runs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = table(tiny_corpus, runs[:1], split="test", count=10)
    monkeypatch.setattr("clstm.reach.AT_ONCE", 4)
    pd.testing.assert_frame_equal(table(tiny_corpus, runs[:1], split="test", count=10), whole, rtol=1e-5)


def test_pieces_shorter_than_the_window_are_said(tiny_corpus: Corpus, tmp_path: Path) -> None:
    network = NetworkConfig("rnn", hidden=4, window=100_000)
    train(tiny_corpus, tmp_path / "long", network, TrainingConfig(batch=1, excerpt=32, steps=1, evaluate_every=1))
    with pytest.raises(UserError, match="in 'test' is as long as 100009 frames"):
        table(tiny_corpus, [tmp_path / "long"], split="test")


def test_the_summary_counts_what_lies_beyond() -> None:
    back = np.arange(90)
    even = pd.DataFrame({"system": "even", "seconds_back": back / 8, "gradient": 1.0, "share": 1 / 90})
    assert summary(even) == [
        "even: half of the gradient lies in the last 45 frames; 91.1% beyond 1 s, 55.6% beyond 5 s, 11.1% beyond 10 s"
    ]
