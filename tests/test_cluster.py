"""The same work on a Dask cluster: the same results, though a worker is killed amid it."""

import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from patience import PATIENCE

from clstm.music.midi import Notes, write_midi
from clstm.runtime.errors import UnreadableFileError, UserError
from evaluation.audio.render import RenderSettings
from evaluation.measurement import cluster
from evaluation.measurement.batch import over_files
from evaluation.measurement.cluster import on_cluster
from evaluation.measurement.systems import measure_systems

dask, distributed = pytest.importorskip("dask"), pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")  # distributed's own, of ports and of a worker that is killed


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A scheduler and two workers, each a process; on a busy machine they take their time to meet."""
    with (
        pytest.MonkeyPatch.context() as patience,
        dask.config.set({"distributed.comm.timeouts.connect": PATIENCE, "distributed.comm.timeouts.tcp": PATIENCE}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as running,
    ):
        patience.setattr(cluster, "CONNECT", PATIENCE)
        yield running.scheduler_address


def slow_length(path: Path, note: Path) -> int:
    """The length of a name, after a while; says which process works on it."""
    with (note / "pids").open("a") as file:
        file.write(f"{os.getpid()}\n")
    if path.name == "bad":
        raise UnreadableFileError(path, "no good")
    time.sleep(0.05)
    return len(path.name)


def test_results_are_the_same_when_a_worker_is_killed_amid_the_work(address: str, tmp_path: Path) -> None:
    items = [Path("x" * (1 + number % 9)) for number in range(120)]
    items[50] = Path("bad")
    results = []
    killed = None
    for number, (item, result) in enumerate(on_cluster(partial(slow_length, note=tmp_path), items, address)):
        results.append((item, result if isinstance(result, int) else result.reason))
        if number == 20:
            killed = int((tmp_path / "pids").read_text().split()[-1])
            os.kill(killed, signal.SIGKILL)
    assert [item for item, _ in results] == items
    assert [result for _, result in results] == ["no good" if item.name == "bad" else len(item.name) for item in items]
    workers = [int(line) for line in (tmp_path / "pids").read_text().split()]
    assert killed in workers
    assert len(set(workers)) >= 2
    assert workers[-1] != killed


def test_measurements_are_those_of_this_machine(address: str, tmp_path: Path) -> None:
    for number in range(4):
        write_midi(Notes.of([(k / 4, k / 4 + 0.25, 50 + number + k, 80) for k in range(8)]), tmp_path / f"{number}.mid")
    (tmp_path / "broken.mid").write_text("hello")
    systems = {"all": sorted(tmp_path.glob("*.mid"))}
    settings = RenderSettings(sample_rate=22050)
    here = measure_systems(systems, settings, workers=1)
    there = measure_systems(systems, settings, cluster=address)
    pd.testing.assert_frame_equal(here.values, there.values)
    pd.testing.assert_frame_equal(here.pieces, there.pieces)


def kill_the_worker(path: Path) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


@pytest.mark.slow
def test_a_file_that_kills_every_worker_costs_itself_alone(address: str) -> None:
    results = dict(over_files(kill_the_worker, [Path("a.wav")], cluster=address))
    assert str(results[Path("a.wav")]) == "a.wav: every worker that tried died"


def test_nobody_at_the_address_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT", 1)
    with pytest.raises(UserError, match=r"no Dask scheduler answers at 'localhost:1' .*; give one as host:port"):
        on_cluster(len, [Path("a")], "localhost:1")
