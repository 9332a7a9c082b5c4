"""How fast the paper's C-LSTM trains, beside the same in Keras in the same run. `make bench` prints the figures.

Like for like is one window a question, the paper's way, in both. Dense supervision is the same network asked at every
frame. What stands in its way is arithmetic: a supervised frame takes 41 million operations forward and backward, so the
machine's matrix product sets a limit, which is printed beside.
"""

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from clstm.corpus.preparation import prepare

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

HERE = Path(__file__).parent
GOAL = 400  # times Keras
# Forward, the gradient of the weights and that of the inputs; each multiplies and adds.
OPERATIONS = 3 * 2 * (154 * 32 * 9 + 128 * 154 * 32 + 4096 * (128 + 1024) + 1024 * 1404)


def measured(script: str, *arguments: object) -> dict[str, Any]:
    """What a script prints, on all cores this process may use."""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, HERE / script, *map(str, arguments)],
        env=environment | {"GOMP_SPINCOUNT": "1000"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture
def corpus(write_song: Callable[[Path, float, int], None], tmp_path: Path) -> Path:
    """Twenty songs of three minutes."""
    for seed in range(20):
        write_song(tmp_path / "midi" / f"{seed}.mid", 180, seed)
    return prepare([str(tmp_path / "midi")], tmp_path / "corpus").path


def matrix_product() -> float:
    """Operations a second of one large product in float32."""
    torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    left, right = torch.rand(2048, 2048), torch.rand(2048, 2048)
    fastest = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        torch.mm(left, right)
        fastest = min(fastest, time.perf_counter() - started)
    return 2 * 2048**3 / fastest


def test_training_beside_keras_at_the_papers_size(corpus: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("the reference needs Keras: .venv/bin/pip install -c constraints.txt -e '.[bench]'")
    keras = measured("keras_reference.py")
    last = measured("paper_training.py", corpus, tmp_path / "last", "last", "32-true", 6)
    dense = measured("paper_training.py", corpus, tmp_path / "dense", "dense", "32-true", 6)
    limit = matrix_product() / OPERATIONS
    reference = keras["windows"]
    print(f"\nC-LSTM at the paper's size, questions a second in training; {keras['versions']}")
    for name, speed in (
        ("Keras, a window a question", reference),
        ("clstm, --supervision last", last["asked"]),
        ("clstm, --supervision dense", dense["asked"]),
        ("no faster than its matrix products", limit),
    ):
        print(f"  {name:36}{speed:10,.1f}{speed / reference:9.1f} times Keras")
    print(f"  goal: {GOAL} times Keras; memory at most {max(last['gigabytes'], dense['gigabytes']):.2f} GB")
    assert keras["parameters"] == 6_793_020
    assert max(last["gigabytes"], dense["gigabytes"]) < 4
    assert dense["asked"] > 50 * max(reference, last["asked"])


def test_bfloat16_learns_as_well_as_float32(corpus: Path, tmp_path: Path) -> None:
    """At equal frames, by cross-entropy on pieces held out."""
    has = torch.cpu.get_capabilities()
    if not (has.get("avx512_bf16") or has.get("amx_bf16") or torch.cuda.is_available()):
        print("\nbfloat16: this machine has no arithmetic for it, so there is nothing to gain and nothing measured")
        return
    runs = {
        precision: measured("paper_training.py", corpus, tmp_path / precision, "dense", precision, 40)
        for precision in ("32-true", "bf16-true", "bf16-mixed")
    }
    print()
    for precision, run in runs.items():
        print(
            f"  {precision:12}{run['asked']:10,.1f} supervised frames/s{run['nats']:9.3f} nats per frame after 40 steps"
        )
    assert min(runs["bf16-true"]["nats"], runs["bf16-mixed"]["nats"]) < 1.01 * runs["32-true"]["nats"]
