"""How fast networks make music: one of the paper's size, and the bundled one that draws notes.

`make bench` runs it and prints the figures.
"""

import os
import time

import numpy as np
import pytest
import torch

from clstm import pretrained
from clstm.generation import notewise
from clstm.generation.prompts import Prompt, opening
from clstm.generation.sampling import Mode, Sampling, generate
from clstm.models.checkpoint import build, load_notes
from clstm.models.networks import Model, NetworkConfig
from clstm.music.score import FRAME_RATE, HELD, ROWS, STRUCK

pytestmark = pytest.mark.bench


@pytest.fixture
def network() -> Model:
    """Untrained, and as dense as music: what it says does not change how long it takes."""
    torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    torch.manual_seed(0)
    network = build(NetworkConfig("c-lstm"))
    means = torch.full((ROWS,), 0.04)
    means[STRUCK] = 0.01
    network.initialise(means)
    return network.eval()


def seeds(count: int) -> list[Prompt]:
    window = np.zeros((ROWS, 90), dtype=np.uint8)
    window[HELD][::12] = 1
    return [Prompt("seed", 0, window, 0, window) for _ in range(count)]


def seconds_for(network: Model, mode: Mode, count: int, seconds: float) -> float:
    generate(network, seeds(count), 16, Sampling(mode))  # the first call sets threads up
    started = time.perf_counter()
    generate(network, seeds(count), round(seconds * FRAME_RATE), Sampling(mode))
    return time.perf_counter() - started


@pytest.mark.parametrize(("count", "goal"), [(1, 20), (10, 100)])
def test_streams_run_many_times_faster_than_they_sound(network: Model, count: int, goal: int) -> None:
    """One alone waits for every weight of the network to come from memory at every frame; ten share them."""
    times = count * 60 / seconds_for(network, "stream", count, 60)
    print(f"\nstream, {count} at once: {times:.0f} times real time ({times * FRAME_RATE:.0f} frames/s), goal {goal}")
    assert times >= goal


def test_ten_segments_of_ten_seconds_take_less_than_15_seconds_in_windows(network: Model) -> None:
    took = seconds_for(network, "window", 10, 10)
    print(f"\nwindow, ten segments of 10 s: {took:.2f} s")
    assert took < 15


@pytest.mark.parametrize(("count", "goal"), [(1, 5), (10, 25)])
def test_notes_are_drawn_many_times_faster_than_they_sound(count: int, goal: int) -> None:
    """Clips of 30 s after Bach's prelude. On one core: a position is too little work to share."""
    network, _ = load_notes(pretrained.find("notes"))
    prompts = [opening()] * count
    notewise.generate(network, prompts, 16, Sampling())
    started = time.perf_counter()
    notewise.generate(network, prompts, 30 * FRAME_RATE, Sampling())
    times = count * 30 / (time.perf_counter() - started)
    print(f"\nnotes, {count} at once: {times:.0f} times real time, goal {goal}")
    assert times >= goal
