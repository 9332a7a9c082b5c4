"""A run killed with SIGKILL at any moment, mid-checkpoint too, resumes to the very weights of one that never was."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from pools import server_with

from clstm.corpus.corpus import Corpus
from clstm.models import checkpoint
from clstm.models.networks import NetworkConfig
from clstm.runtime.errors import UserError
from clstm.runtime.files import replacing
from clstm.training.loop import Run, train
from clstm.training.settings import TrainingConfig

NETWORK = NetworkConfig("c-lstm", kernels=4, features=16, hidden=32, dropout=0.3)
CONFIG = TrainingConfig(batch=4, excerpt=48, rate=1e-2, steps=20, evaluate_every=5)

PROCESSES = get_context("forkserver")  # imports once, then every process starts in no time


@pytest.fixture(scope="module", autouse=True)
def own_server() -> Iterator[None]:
    with server_with(["clstm.training.loop", __name__]):
        yield


def work(corpus: Path, folder: Path, trains: Event, moment: int | None) -> None:
    """Train to the end. Given a moment, the process kills itself at that one of the moments in which it writes."""
    torch.set_num_threads(1)
    if moment is not None:
        die_while_writing(moment)
    train(Corpus.open(corpus), folder, NETWORK, CONFIG, resume=True, report=lambda run: trains.set())


def die_while_writing(moment: int) -> None:
    """Die when a file is half written, before it is flushed, before it gets its name, or just after."""
    left = iter(range(moment, -1, -1))

    def here() -> None:
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(function: Callable[..., Any], *, after: bool = False) -> Callable[..., Any]:
        def watching(*arguments: Any) -> Any:
            here()
            result = function(*arguments)
            if after:
                here()
            return result

        return watching

    def write_in_halves(path: Path, data: Any) -> int:
        with path.open("wb") as file:
            file.write(bytes(data)[: len(data) // 2])
            file.flush()
            here()
            return file.write(bytes(data)[len(data) // 2 :])

    Path.write_bytes = write_in_halves  # type: ignore[method-assign]
    os.fsync = watched(os.fsync)
    Path.replace = watched(Path.replace, after=True)  # type: ignore[method-assign]


def start(corpus: Corpus, folder: Path, moment: int | None = None) -> tuple[ForkServerProcess, Event]:
    trains = PROCESSES.Event()
    process = PROCESSES.Process(target=work, args=(corpus.path, folder, trains, moment))
    process.start()
    return process, trains


@pytest.fixture(scope="module")
def never_killed(tiny_corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resume") / "whole"
    process, _ = start(tiny_corpus, folder)
    process.join()
    assert process.exitcode == 0
    return folder


def assert_same(run: Path, other: Path) -> None:
    """Weights, all the state that training goes on from, and the log: bit for bit, but for the clock."""
    assert (run / "weights.safetensors").read_bytes() == (other / "weights.safetensors").read_bytes()
    states = [checkpoint.load_state(folder) for folder in (run, other)]
    for state in states:
        del state["progress"]["seconds"]
        state["progress"]["log"] = [(entry["step"], entry["nats"]) for entry in state["progress"]["log"]]
    assert_equal(*states)
    logs = [pd.read_csv(folder / "log.csv")[["step", "nats"]] for folder in (run, other)]
    pd.testing.assert_frame_equal(*logs, check_exact=True)


def assert_equal(one: Any, other: Any) -> None:
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    elif isinstance(one, list):
        assert len(one) == len(other)
        for mine, others in zip(one, other, strict=True):
            assert_equal(mine, others)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_equal(one[key], other[key])
    else:
        assert one == other


def test_killed_at_random_moments_again_and_again(tiny_corpus: Corpus, never_killed: Path, tmp_path: Path) -> None:
    folder, random = tmp_path / "run", np.random.default_rng(0)
    killed = 0
    for delay in random.uniform(0, 0.25, 8):
        process, trains = start(tiny_corpus, folder)
        while process.is_alive() and not trains.wait(0.05):  # a run that had come to its end trains no more
            pass
        time.sleep(delay)
        process.kill()
        process.join()
        killed += process.exitcode == -signal.SIGKILL
    assert killed >= 2  # the others had come to the end: a fast machine
    process, _ = start(tiny_corpus, folder)
    process.join()
    assert process.exitcode == 0
    assert_same(folder, never_killed)


def test_killed_at_every_moment_of_a_checkpoint(tiny_corpus: Corpus, never_killed: Path, tmp_path: Path) -> None:
    """Process after process dies, each a moment later than the one whose leavings it resumed."""
    folder = tmp_path / "run"
    moment, exitcode = 0, None
    while exitcode != 0:
        process, _ = start(tiny_corpus, folder, moment)
        process.join()
        exitcode = process.exitcode
        assert exitcode in (0, -signal.SIGKILL)
        moment += 1
    assert moment > 18  # those of a whole checkpoint
    assert_same(folder, never_killed)
    assert sorted(path.name for path in folder.iterdir()) == [
        *("config.json", "log.csv", "state.ckpt", "weights.safetensors")
    ]


def test_a_file_and_its_name_reach_the_disk_before_it_counts_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[object] = []
    rename = Path.replace

    def renamed(path: Path, target: Path) -> Path:
        done.append("rename")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", lambda descriptor: done.append(os.fstat(descriptor).st_ino))
    monkeypatch.setattr(Path, "replace", renamed)
    with replacing(tmp_path / "file.bin") as temporary:
        temporary.write_bytes(b"content")
    assert done == [(tmp_path / "file.bin").stat().st_ino, "rename", tmp_path.stat().st_ino]


def test_a_run_resumed_with_another_network_is_refused(tiny_corpus: Corpus, never_killed: Path) -> None:
    with pytest.raises(UserError, match="was trained with another"):
        Run(tiny_corpus, never_killed, NetworkConfig("lstm", hidden=32), CONFIG).resume()
