"""The objective in closed form, the schedule, and the real loop: it learns, stops, resumes and refuses."""

import math
import os
import signal
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from clstm.corpus.corpus import Corpus
from clstm.models.checkpoint import load_state, save_state
from clstm.models.networks import KINDS, Kind, NetworkConfig
from clstm.prediction.baselines import Markov
from clstm.runtime.errors import MismatchError, UserError
from clstm.training import batches
from clstm.training.frames import Frames
from clstm.training.loop import Run, train
from clstm.training.objective import objective as summed
from clstm.training.objective import scale_at
from clstm.training.settings import TrainingConfig, configure

NETWORK = NetworkConfig("c-lstm", kernels=4, features=16, hidden=32)
CONFIG = TrainingConfig(batch=4, excerpt=48, rate=1e-2, steps=12, evaluate_every=4)


def objective(logits: torch.Tensor, frames: torch.Tensor, real: torch.Tensor, lag: int) -> torch.Tensor:
    nats, asked = summed(logits, frames, real, lag)
    return nats / asked


def test_the_objective_of_even_chances_is_156_ln_2() -> None:
    frames = torch.randint(0, 2, (2, 40, 156)).float()
    nats = objective(torch.zeros(2, 38, 9, 156), frames, torch.ones(2, 40, dtype=torch.bool), lag=2)
    assert float(nats) == pytest.approx(156 * math.log(2), rel=1e-5)


@pytest.mark.parametrize("lag", [0, 2])
def test_the_objective_asks_for_the_next_nine_frames(lag: int) -> None:
    torch.manual_seed(0)
    frames = torch.randint(0, 2, (1, 40, 156)).float()
    logits = torch.zeros(1, 40 - lag, 9, 156)
    for step in range(40 - lag - 9):
        logits[0, step] = 40 * (frames[0, step + lag + 1 : step + lag + 10] - 0.5)
    real = torch.ones(1, 40, dtype=torch.bool)
    assert float(objective(logits, frames, real, lag)) == pytest.approx(0, abs=1e-4)


def test_frames_behind_the_end_are_not_asked_for() -> None:
    frames, real = torch.zeros(1, 40, 156), torch.ones(1, 40, dtype=torch.bool)
    frames[:, 30:], real[:, 30:] = 1, False
    certain_of_silence = torch.full((1, 40, 9, 156), -40.0)
    assert float(objective(certain_of_silence, frames, real, 0)) == pytest.approx(0, abs=1e-4)
    assert float(objective(certain_of_silence, frames, ~real, 0)) == pytest.approx(156 * 40, rel=1e-4)


def test_the_rate_warms_up_and_falls_to_zero() -> None:
    assert scale_at(0.05, warmup=0.1) == pytest.approx(0.5)
    assert scale_at(0.1, warmup=0.1) == pytest.approx(1)
    assert scale_at(0.55, warmup=0.1) == pytest.approx(0.5)
    assert scale_at(1.0, warmup=0.1) == pytest.approx(0)


@pytest.mark.parametrize("kind", KINDS)
def test_asking_at_every_step_but_counting_the_last_alone_is_the_papers_gradient(
    kind: Kind, tiny_corpus: Corpus, tmp_path: Path
) -> None:
    small = replace(NETWORK, kind=kind, window=40)
    last = Run(tiny_corpus, tmp_path, small, replace(CONFIG, supervision="last"))
    seen = batches.batch(tiny_corpus, last.task.train_pieces, 4, 49, 0, 0, (0, 0), whole=True)
    frames, real = torch.from_numpy(seen.frames).float(), torch.from_numpy(seen.real)
    assert isinstance(last.task, Frames)
    nats, asked = last.task.nats(last.network, frames, real)
    (nats / asked).backward()
    network = last.bare
    gradients = {name: parameter.grad.clone() for name, parameter in network.named_parameters()}  # type: ignore[union-attr]
    network.zero_grad()
    real[:, :40] = False  # frames 40..48 are what the window of 40 is asked for, all of them by the last step alone
    logits = network(frames)
    only_last = torch.zeros_like(logits)
    only_last[:, 40 - network.lag - 1] = 1
    masked = torch.where(only_last == 1, logits, logits.detach())
    nats, _ = summed(masked, frames, real, network.lag)
    (nats / asked).backward()
    for name, parameter in network.named_parameters():
        torch.testing.assert_close(parameter.grad, gradients[name], rtol=1e-4, atol=1e-6, msg=name)


def test_windows_of_the_papers_supervision_are_whole_and_start_anywhere(tiny_corpus: Corpus) -> None:
    pieces = tiny_corpus.of_split("train")
    seen = [batches.batch(tiny_corpus, pieces, 8, 49, 0, step, (0, 0), whole=True) for step in range(20)]
    assert all(excerpts.real.all() for excerpts in seen)


def test_an_excerpt_may_begin_in_the_silence_before_its_piece(tiny_corpus: Corpus) -> None:
    pieces = tiny_corpus.of_split("train")
    longest = int(tiny_corpus.lengths.max())
    seen = batches.batch(tiny_corpus, pieces, 8, longest + 3, 0, 0, (0, 0), lead_in=3)
    assert not seen.frames[:, :3].any()
    assert not seen.real[:, :3].any()
    assert seen.real[:, 3].all()


@pytest.mark.parametrize(
    # What is between the smallest network and the paper's is slow: the same loop once more.
    "kind",
    [kind if kind in ("rnn", "c-lstm") else pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS],
)
def test_the_loop_learns_its_pieces_better_than_markov_chains(kind: Kind, tiny_corpus: Corpus, tmp_path: Path) -> None:
    _, config = configure(kind, "small", steps=75)
    network = replace(NETWORK, kind=kind, hidden=64)
    run = train(tiny_corpus, tmp_path / "run", network, replace(config, batch=8, transpose=(0, 0)))
    seen = batches.fixed(tiny_corpus, run.task.train_pieces, 16, 64, 1, whole=False, lead_in=0)
    frames, real = torch.from_numpy(seen.frames).float(), torch.from_numpy(seen.real)
    table = torch.from_numpy(Markov.fit(tiny_corpus, run.task.train_pieces, 9).table).float()
    chains = torch.logit(torch.where(frames[:, :, None] == 1, table[:, 1], table[:, 0]))  # (B, T, 9, rows)
    with torch.no_grad():
        learned = objective(run.bare(frames), frames, real, run.bare.lag)
    assert float(learned) < float(objective(chains, frames, real, lag=0))


def test_a_run_stopped_and_resumed_ends_as_the_one_that_was_not(tiny_corpus: Corpus, tmp_path: Path) -> None:
    train(tiny_corpus, tmp_path / "whole", NETWORK, CONFIG)

    def stop(run: Run) -> None:
        if run.progress.step == 6:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(tiny_corpus, tmp_path / "halves", NETWORK, CONFIG, report=stop)
    assert Run(tiny_corpus, tmp_path / "halves", NETWORK, CONFIG).progress.step == 0
    resumed = train(tiny_corpus, tmp_path / "halves", NETWORK, CONFIG, resume=True)
    assert resumed.progress.step == 12
    whole, halves = (load_file(tmp_path / name / "weights.safetensors") for name in ("whole", "halves"))
    for name, weights in whole.items():
        assert torch.equal(weights, halves[name]), name
    logs = [pd.read_csv(tmp_path / name / "log.csv")[["step", "nats"]] for name in ("whole", "halves")]
    pd.testing.assert_frame_equal(*logs, check_exact=True)


def test_a_run_is_not_overwritten_nor_resumed_as_another(tiny_corpus: Corpus, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    train(tiny_corpus, folder, NETWORK, replace(CONFIG, steps=1))
    with pytest.raises(UserError, match="contains a run; continue it with --resume"):
        train(tiny_corpus, folder, NETWORK, CONFIG)
    with pytest.raises(MismatchError, match="trained with another seed; resume with the same"):
        train(tiny_corpus, folder, NETWORK, replace(CONFIG, seed=5), resume=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    with pytest.raises(UserError, match="not empty and not a run"):
        train(tiny_corpus, tmp_path / "other", NETWORK, CONFIG)


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_state(tiny_corpus: Corpus, tmp_path: Path) -> None:
    def spoil(run: Run) -> None:
        if run.progress.step == 6:
            with torch.no_grad():
                next(run.network.parameters()).fill_(float("nan"))

    with pytest.raises(UserError, match=r"the loss became nan at step 6; .* keeps what was saved last"):
        train(tiny_corpus, tmp_path / "run", NETWORK, CONFIG, report=spoil)
    kept = load_file(tmp_path / "run" / "weights.safetensors")
    assert all(weights.isfinite().all() for weights in kept.values())


def test_training_stops_when_nothing_better_comes(tiny_corpus: Corpus, tmp_path: Path) -> None:
    hopeless = replace(CONFIG, rate=1e-12, steps=1000, evaluate_every=1, patience=3, warmup=0.5)
    run = train(tiny_corpus, tmp_path / "run", NETWORK, hopeless)
    assert run.progress.step < 1000
    assert run.progress.step - run.progress.best_step == 3
    again = train(tiny_corpus, tmp_path / "run", NETWORK, hopeless, resume=True)
    assert again.progress.step == run.progress.step


def test_a_finished_run_whose_weights_were_lost_gets_them_back(tiny_corpus: Corpus, tmp_path: Path) -> None:
    """As when it is killed between saving its state and its weights."""
    train(tiny_corpus, tmp_path, NETWORK, replace(CONFIG, steps=1))
    weights = (tmp_path / "weights.safetensors").read_bytes()
    for name in ("weights.safetensors", "config.json"):
        (tmp_path / name).unlink()
    train(tiny_corpus, tmp_path, NETWORK, replace(CONFIG, steps=1), resume=True)
    assert (tmp_path / "weights.safetensors").read_bytes() == weights
    assert (tmp_path / "config.json").exists()


def test_a_run_that_an_earlier_version_began_goes_on(tiny_corpus: Corpus, tmp_path: Path) -> None:
    """Its state has one optimiser, under another name."""
    for name in ("whole", "old"):
        train(tiny_corpus, tmp_path / name, NETWORK, replace(CONFIG, steps=4))
    state = load_state(tmp_path / "old")
    [state["optimiser"]] = state.pop("optimisers")
    save_state(tmp_path / "old", state)
    for name in ("whole", "old"):
        train(tiny_corpus, tmp_path / name, NETWORK, replace(CONFIG, steps=8), resume=True)
    whole, old = (load_file(tmp_path / name / "weights.safetensors") for name in ("whole", "old"))
    assert all(torch.equal(weights, old[name]) for name, weights in whole.items())
