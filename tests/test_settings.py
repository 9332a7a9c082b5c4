"""Settings: the paper's are Table 1, any can be given by name, and what cannot be is refused."""

import pytest

from clstm.runtime.errors import UserError
from clstm.training.settings import configure


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "gru"}, "choose one of: rnn, lstm, c-lstm, c-lstm-plus"),
        ({"preset": "huge"}, "choose one of: small, paper"),
        ({"steps": 0}, "the budget of 0 steps is not possible"),
        ({"minutes": float("nan")}, "the budget of nan minutes is not possible"),
        ({"rate": -1.0}, "a rate of -1.0 cannot train"),
        ({"settings": ["hiden=3"]}, "--set hiden=3 is not a setting; give NAME=VALUE, with window, "),
        ({"settings": ["hidden=3.5"]}, "--set hidden=3.5 is not a whole number that can be used here"),
        ({"settings": ["batch=0"]}, "--set batch=0 is not a whole number that can be used here"),
        ({"settings": ["transpose=5"]}, "--set transpose=5 is not two whole numbers"),
        ({"settings": ["dropout=1"]}, "--set dropout=1 drops everything"),
        ({"settings": ["rate=0.1"], "rate": 0.2}, "rate is given twice"),
        ({"supervision": "none"}, "choose one of: dense, last"),
        ({"steps": 5, "minutes": 2.0}, "two budgets, steps and minutes"),
    ],
)
def test_a_wrong_configuration_is_refused(options: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        configure(**({"kind": "rnn", "preset": "small"} | options))


def test_the_paper_preset_is_table_1() -> None:
    network, config = configure("c-lstm", "paper")
    assert (network.window, network.kernels, network.features, network.hidden, network.horizon) == (
        90,
        32,
        128,
        1024,
        9,
    )
    assert (config.batch, config.epochs, config.weight_decay) == (32, 64, 0)


def test_any_setting_can_be_given_by_name() -> None:
    network, config = configure("c-lstm", "paper", settings=["hidden=64", "dropout=0.1", "transpose=-2,2", "steps=7"])
    assert (network.hidden, network.dropout) == (64, 0.1)
    assert (config.transpose, config.steps, config.epochs) == ((-2, 2), 7, None)
