"""The way out: what falls silent or saturates is drawn again from before it did, and nothing else is touched."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from clstm.generation.prompts import Prompt, opening
from clstm.generation.rescue import ATTEMPTS, rescue
from clstm.generation.sampling import MODES, Mode, Sampling, density, generate
from clstm.models.networks import Model, NetworkConfig, State
from clstm.music.degeneration import measure
from clstm.music.score import FRAME_RATE, ROWS, is_consistent


class Monotonous(Model):
    """A network that gives every cell the same chance, whatever it hears."""

    def __init__(self, chance: float) -> None:
        super().__init__()
        self.config = NetworkConfig("lstm")
        self.lag = 0
        self.log_odds = nn.Parameter(torch.tensor(math.log(chance / (1 - chance))))

    def front(self, frames: Tensor) -> Tensor:
        return frames

    def carry(self, features: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        return features, features

    def predict(self, summary: Tensor) -> Tensor:
        return self.log_odds.expand(*summary.shape[:-1], self.config.horizon, ROWS)


SPARSE, DENSE, HOPELESS = Monotonous(7e-4), Monotonous(0.075), Monotonous(1e-30)
SEEDS: list[Prompt] = [opening()] * 12
FRAMES = 30 * FRAME_RATE


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("network", "kind"), [(SPARSE, "silence"), (DENSE, "saturation")])
def test_what_fails_is_drawn_again_and_what_does_not_stays(network: Model, kind: str, mode: Mode) -> None:
    alone = generate(network, SEEDS, FRAMES, Sampling(mode))
    rescued, redrawn = rescue(network, SEEDS, alone, Sampling(mode))
    failed = [getattr(measure(matrix), kind) is not None for matrix in alone]
    assert sum(failed) >= 3
    assert [count > 0 for count in redrawn] == failed
    assert not any(measure(matrix).first for matrix in rescued)
    for seed, before, after, count in zip(SEEDS, alone, rescued, redrawn, strict=True):
        assert after.shape == before.shape
        assert is_consistent(np.concatenate([seed.window, after], axis=1))
        first = measure(before).first
        back = count * (count + 1) // 2  # seconds at most, should each attempt fail where it begins
        kept = FRAMES if first is None else max(round((first[1] - back) * FRAME_RATE), 0)
        np.testing.assert_array_equal(after[:, :kept], before[:, :kept])


def test_silence_is_answered_with_more_heat_and_saturation_with_less() -> None:
    for network, higher in ((SPARSE, True), (DENSE, False)):
        alone = generate(network, SEEDS, FRAMES)
        rescued, redrawn = rescue(network, SEEDS, alone, Sampling())
        changes = [
            density(after) - density(before)
            for before, after, count in zip(alone, rescued, redrawn, strict=True)
            if count
        ]
        assert (np.mean(changes) > 0) == higher


def test_the_same_seed_is_rescued_in_the_same_way_in_any_batch() -> None:
    def twice(prompts: list[Prompt], seed: int) -> list[np.ndarray]:
        sampling = Sampling(seed=seed)
        return rescue(SPARSE, prompts, generate(SPARSE, prompts, FRAMES, sampling), sampling)[0]

    np.testing.assert_array_equal(twice(SEEDS, 3), twice(SEEDS, 3))
    np.testing.assert_array_equal(twice(SEEDS[:5], 3), twice(SEEDS, 3)[:5])
    assert (np.array(twice(SEEDS, 3)) != np.array(twice(SEEDS, 4))).any()


def test_where_nothing_helps_the_music_stays_as_it_is_and_the_failure_is_there_to_see() -> None:
    alone = generate(HOPELESS, SEEDS[:2], FRAMES)
    rescued, redrawn = rescue(HOPELESS, SEEDS[:2], alone, Sampling())
    assert redrawn == [ATTEMPTS, ATTEMPTS]
    assert [measure(matrix).silence is not None for matrix in rescued] == [True, True]
