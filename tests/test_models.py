"""The paper's networks: shapes, sizes, what they may see, and where learning starts."""

import pytest
import torch

from clstm.models.checkpoint import build
from clstm.models.networks import KINDS, PAPER, Convolutions, Kind, Network, NetworkConfig, parameter_count, recur
from clstm.models.plus import REACH, Plus
from clstm.training.settings import configure

WINDOW = torch.zeros(1, 90, 156)


def test_the_layers_of_the_c_lstm_have_the_papers_shapes() -> None:
    network = Network(NetworkConfig("c-lstm"))
    first = network.get_submodule("convolutions.first")(WINDOW.transpose(1, 2).unsqueeze(1))
    assert first.shape == (1, 32, 154, 88)
    assert network.get_submodule("convolutions.second")(first).shape == (1, 128, 1, 88)
    assert network.front(WINDOW).shape == (1, 88, 128)
    assert network.recurrence(network.front(WINDOW))[0].shape == (1, 88, 1024)
    assert network(WINDOW).shape == (1, 88, 9, 156)
    assert network.output.out_features == 1404


@pytest.mark.parametrize(("kind", "count"), [("c-lstm", 6_797_116), ("lstm", 6_280_572), ("rnn", 2_649_468)])
def test_parameter_counts(kind: Kind, count: int) -> None:
    assert parameter_count(Network(NetworkConfig(kind))) == count


def test_the_matched_lstm_has_as_many_parameters_as_the_c_lstm() -> None:
    matched, c_lstm = (
        parameter_count(build(configure(kind, preset)[0]))
        for kind, preset in (("lstm", "paper-matched"), ("c-lstm", "paper"))
    )
    assert abs(matched - c_lstm) / c_lstm < 1e-3


def test_pooling_halves_the_rows_and_keeps_the_output() -> None:
    network = Network(NetworkConfig("c-lstm", pooling=2))
    assert network.get_submodule("convolutions.second").weight.shape == (128, 32, 77, 1)
    assert network(WINDOW).shape == (1, 88, 9, 156)


@pytest.mark.parametrize("pooling", [1, 2])
def test_the_convolutions_give_what_their_layers_give_one_after_another(pooling: int) -> None:
    torch.manual_seed(0)
    convolutions = Convolutions(NetworkConfig("c-lstm", kernels=4, features=8, pooling=pooling))
    frames = torch.randint(0, 2, (2, 20, 156)).float()
    first = torch.relu(convolutions.first(frames.transpose(1, 2).unsqueeze(1)))
    second = torch.relu(convolutions.second(torch.max_pool2d(first, (pooling, 1))))
    torch.testing.assert_close(convolutions(frames), second.squeeze(2).transpose(1, 2))


def test_a_step_asked_for_alone_answers_as_among_all() -> None:
    torch.manual_seed(0)
    network = build(NetworkConfig("c-lstm", kernels=4, features=8, hidden=16))
    frames = torch.rand(2, 30, 156).round()
    torch.testing.assert_close(network(frames, last=True), network(frames)[:, -1:])


def test_dropout_is_for_training_only() -> None:
    network = build(NetworkConfig("lstm", hidden=16, dropout=0.5))
    frames = torch.rand(1, 30, 156).round()
    assert not torch.equal(network(frames), network(frames))
    network.eval()
    assert torch.equal(network(frames), network(frames))


@pytest.mark.parametrize(("rows", "horizon"), [(156, 9), (88, 1)])
@pytest.mark.parametrize("kind", KINDS)
def test_no_step_sees_what_it_is_asked_for(kind: Kind, rows: int, horizon: int) -> None:
    torch.manual_seed(0)
    network = build(NetworkConfig(kind, rows=rows, horizon=horizon, kernels=4, features=8, hidden=16))
    frames = torch.rand(2, 30, rows).round()
    changed = frames.clone()
    changed[:, 20:] = 1 - changed[:, 20:]
    last = 20 - network.lag  # the step that has just seen frame 19
    same, other = network(frames)[:, :last], network(changed)[:, :last]
    torch.testing.assert_close(same, other, rtol=0, atol=0)
    assert not torch.equal(network(frames)[:, last], network(changed)[:, last])


@pytest.mark.parametrize("kind", KINDS)
def test_a_single_step_of_a_stream_is_a_step_of_the_recurrence(kind: Kind) -> None:
    torch.manual_seed(0)
    recurrence = build(NetworkConfig(kind, kernels=4, features=8, hidden=16)).recurrence
    before, now = torch.rand(3, 5, recurrence.input_size), torch.rand(3, 1, recurrence.input_size)
    _, state = recurrence(before)
    hidden, after = recurrence(now, state)
    with torch.inference_mode():
        torch.testing.assert_close(recur(recurrence, now, state), (hidden, after))


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_carried_on_gives_what_one_pass_gives(kind: Kind) -> None:
    torch.manual_seed(0)
    network = build(NetworkConfig(kind, kernels=4, features=8, hidden=16))
    frames = torch.rand(2, 30, 156).round()
    hidden, state = network.advance(frames[:, :20], None)
    for end in range(21, 31):
        hidden, state = network.advance(frames[:, end - 1 - network.lag : end], state)
    torch.testing.assert_close(network.predict(hidden), network(frames)[:, -1])


@pytest.mark.parametrize("kind", PAPER)
def test_learning_starts_from_the_density_of_each_row(kind: Kind) -> None:
    torch.manual_seed(0)
    means = torch.linspace(0.0, 0.2, 156)
    network = Network(NetworkConfig(kind, kernels=4, features=8, hidden=16))
    network.initialise(means)
    chances = torch.sigmoid(network.predict(torch.zeros(1, 16)))[0]
    torch.testing.assert_close(chances, means.clamp(min=1e-4).expand(9, 156))
    biases = {name: value for name, value in network.named_parameters() if "bias" in name and "output" not in name}
    ones = sum(int((value == 1).sum()) for value in biases.values())
    assert ones == (0 if kind == "rnn" else 16)  # the forget gates
    assert sum(int((value != 0).sum()) for value in biases.values()) == ones
    weight = network.recurrence.get_parameter("weight_hh_l0")[:16]
    torch.testing.assert_close(weight @ weight.T, torch.eye(16), atol=1e-5, rtol=0)


def test_the_local_features_of_c_lstm_plus_move_with_the_music() -> None:
    torch.manual_seed(0)
    network = build(NetworkConfig("c-lstm-plus", kernels=4, features=8, hidden=16))
    network.initialise(torch.full((156,), 0.03))
    frames = torch.zeros(1, 20, 2, 78)
    frames[..., 30:45] = torch.rand(1, 20, 2, 15).round()
    moved = frames.roll(5, dims=3)
    here, there = (network.front(some.flatten(2))[..., : 78 * 4].unflatten(2, (78, 4)) for some in (frames, moved))
    torch.testing.assert_close(here.roll(5, dims=2), there)
    assert here.any()


def test_c_lstm_plus_recalls_what_followed_a_moment() -> None:
    torch.manual_seed(0)
    network = Plus(NetworkConfig("c-lstm-plus", kernels=4, features=8, hidden=16))
    with torch.no_grad():
        network.nearness[:, 20] = 100.0  # every head looks 20 frames back
    frames = torch.rand(1, 40, 156).round()
    recalled = network.recall(torch.zeros(1, 40, 16), torch.cat([torch.zeros(1, 40, 128), frames], dim=2))
    after = frames[0, 11:20].unflatten(1, (2, 78))  # what followed frame 10, as heard at frame 30
    expected = network.followed(after.permute(2, 1, 0).flatten(1)).unflatten(1, (4, 4)).sum(1)  # of the heads
    torch.testing.assert_close(recalled[0, 30].unflatten(0, (78, 4)), expected)


def test_c_lstm_plus_forgets_in_a_stream_what_it_forgets_in_one_pass() -> None:
    torch.manual_seed(0)
    network = build(NetworkConfig("c-lstm-plus", kernels=2, features=4, hidden=8))
    frames = torch.rand(1, 200, 156).round()
    summary, state = network.advance(frames[:, :150], None)
    assert state[-1].shape[2] == REACH
    for first in range(149, 199, 10):
        summary, state = network.advance(frames[:, first : first + 11], state)
    torch.testing.assert_close(network.predict(summary), network(frames)[:, -1])


def test_c_lstm_plus_reads_a_piano_roll_of_88_keys() -> None:
    network = build(NetworkConfig("c-lstm-plus", rows=88, horizon=1, kernels=4, features=8, hidden=16))
    assert network(torch.zeros(2, 30, 88)).shape == (2, 29, 1, 88)
