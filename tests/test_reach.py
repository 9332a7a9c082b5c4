"""How far back a network looks."""

import numpy as np
import torch

from clstm.checkpoint import build
from clstm.models import NetworkConfig
from clstm.reach import gradient_norms, half_life


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
