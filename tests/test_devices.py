"""Several processes that share each batch train as one that has all of it; one of them writes; all stop together."""

import gc
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
import pytest
import torch
from patience import PATIENCE
from pools import server_with
from safetensors.torch import load_file
from torch.nn.parallel import DistributedDataParallel

from clstm.corpus.corpus import Corpus
from clstm.models.networks import NetworkConfig
from clstm.runtime.errors import UserError
from clstm.training.loop import Run, train
from clstm.training.settings import Machines, TrainingConfig

NETWORK = NetworkConfig("c-lstm", kernels=4, features=16, hidden=32)
CONFIG = TrainingConfig(batch=6, excerpt=48, rate=1e-2, steps=10, evaluate_every=1)
SETTINGS = ("kernels=4", "features=16", "hidden=32", "batch=6", "excerpt=48", "rate=1e-2", "evaluate_every=100")

PROCESSES = get_context("forkserver")  # imports once, then every process starts in no time

OUTLIVED = 3  # exit code: a part of the group was left when training was over


def work(corpus: Path, folder: Path, stop_at: int | None, environment: dict[str, str]) -> None:
    """One of the processes, in the environment that torchrun gives. Ctrl-C is exit status 130."""
    torch.set_num_threads(1)
    os.environ.update(environment)

    def report(run: Run) -> None:
        if run.progress.step == stop_at:
            os.kill(os.getpid(), signal.SIGINT)

    code, machines = 0, Machines(devices=2)
    kept: list[Run] = []
    try:
        kept.append(train(Corpus.open(corpus), folder, NETWORK, CONFIG, machines=machines, resume=True, report=report))
    except KeyboardInterrupt:
        code = 130
    # What outlives the group, though the run be kept, can wait for it for ever when it goes.
    left = [one for one in gc.get_objects() if type(one) is DistributedDataParallel]
    sys.exit(OUTLIVED if left or torch.distributed.is_initialized() else code)


def run_two(corpus: Corpus, first: Path, second: Path, stop_at: int | None = None) -> list[int | None]:
    """Two processes, each with a folder of its own, as on two machines; their exit codes.

    stop_at : the step after which the first of them, and it alone, gets a Ctrl-C
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "test"}
    shared |= {"LOCAL_WORLD_SIZE": "2", "CUDA_VISIBLE_DEVICES": ""}
    processes = []
    for rank, folder in enumerate((first, second)):
        environment = shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)}
        processes.append(PROCESSES.Process(target=work, args=(corpus.path, folder, stop_at, environment)))
        processes[-1].start()
    for process in processes:
        process.join(PATIENCE / 2)
    codes = [process.exitcode for process in processes]
    for process in processes:
        process.kill()  # pytest would wait for one that never ends
    return codes


@pytest.fixture(scope="module", autouse=True)
def own_server() -> Iterator[None]:
    with server_with(["clstm.training.loop", __name__]):
        yield


@pytest.fixture(scope="module")
def together(tiny_corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two processes; beside it nothing, for the second writes nothing."""
    folder = tmp_path_factory.mktemp("devices")
    assert run_two(tiny_corpus, folder / "run", folder / "of the second") == [0, 0]
    return folder / "run"


def test_two_processes_agree_with_one_that_has_the_whole_batch(
    tiny_corpus: Corpus, together: Path, tmp_path: Path
) -> None:
    train(tiny_corpus, tmp_path, NETWORK, CONFIG)
    one, two = (load_file(folder / "weights.safetensors") for folder in (tmp_path, together))
    for name, weights in one.items():
        torch.testing.assert_close(two[name], weights, rtol=0, atol=1e-4)
    one_log, two_log = (pd.read_csv(folder / "log.csv") for folder in (tmp_path, together))
    assert len(two_log) == CONFIG.steps
    assert (one_log["nats"] - two_log["nats"]).abs().max() < 1e-4


def test_only_the_first_process_writes(together: Path) -> None:
    assert [path.name for path in together.parent.iterdir()] == ["run"]


def test_ctrl_c_in_one_stops_both_and_they_resume_to_the_same_weights(
    tiny_corpus: Corpus, together: Path, tmp_path: Path
) -> None:
    folders = (tmp_path / "run", tmp_path / "of the second")
    assert run_two(tiny_corpus, *folders, stop_at=6) == [130, 130]
    assert pd.read_csv(folders[0] / "log.csv")["step"].max() == 6
    assert run_two(tiny_corpus, *folders) == [0, 0]
    for name, weights in load_file(together / "weights.safetensors").items():
        assert torch.equal(load_file(folders[0] / "weights.safetensors")[name], weights)


def test_torchrun_and_the_options_must_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TORCHELASTIC_RUN_ID": "test", "WORLD_SIZE": "4"}.items():
        monkeypatch.setenv(name, value)
    Machines(devices=2, nodes=2).validate()
    with pytest.raises(UserError, match="torchrun started 4 processes, but --devices 1 and --nodes 1 make 1; give"):
        Machines().validate()


def test_more_devices_than_gpus_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    Machines(devices=2).validate()
    with pytest.raises(UserError, match="--devices 3 asks for more than the 2 there are; give 1 to 2"):
        Machines(devices=3).validate()


def test_the_command_starts_its_processes_itself_and_ctrl_c_leaves_none(tiny_corpus: Corpus, tmp_path: Path) -> None:
    settings = [word for setting in SETTINGS for word in ("--set", setting)]
    size = ["--steps", str(10**6), "--devices", "2"]
    command = [Path(sys.executable).with_name("clstm"), "train", "c-lstm", tiny_corpus.path, "--out", tmp_path / "run"]
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    with subprocess.Popen(
        [*command, *size, *settings], start_new_session=True, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        while not (tmp_path / "run" / "state.ckpt").exists() and process.poll() is None:
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    deadline = time.monotonic() + PATIENCE
    while any_of_group(process.pid) and time.monotonic() < deadline:  # the second may take a moment longer
        time.sleep(0.1)
    assert not any_of_group(process.pid)


def any_of_group(group: int) -> bool:
    """Whether a process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_torchrun_starts_it_as_the_readme_says(tiny_corpus: Corpus, tmp_path: Path) -> None:
    torchrun, clstm = (Path(sys.executable).with_name(name) for name in ("torchrun", "clstm"))
    settings = [word for setting in SETTINGS for word in ("--set", setting)]
    command = [torchrun, "--standalone", "--nproc-per-node", "2", "--no-python", clstm, "train", "c-lstm"]
    command += [tiny_corpus.path, "--out", tmp_path / "run", "--steps", "3", "--devices", "2", *settings]
    done = subprocess.run(
        command, env=os.environ | {"CUDA_VISIBLE_DEVICES": ""}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("3 steps in") == 1
