"""How far back a network looks."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.corpus.corpus import Corpus
from clstm.models.checkpoint import build
from clstm.models.networks import NetworkConfig
from clstm.prediction.gradient_reach import gradient_norms, measure, table
from clstm.prediction.reach_tables import Gradients, beyond, curves, half_life, notes, pairs, summary
from clstm.runtime.errors import UserError
from clstm.training import batches
from clstm.training.loop import train
from clstm.training.settings import TrainingConfig


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


@pytest.fixture(scope="module")
def runs(tiny_corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("runs")
    for kind in ("rnn", "c-lstm"):
        network = NetworkConfig(kind, kernels=4, features=8, hidden=16)
        train(tiny_corpus, folder / kind, network, TrainingConfig(batch=2, excerpt=32, steps=1, evaluate_every=1))
    return [folder / "rnn", folder / "c-lstm"]


def test_every_run_has_a_curve_over_its_window(tiny_corpus: Corpus, runs: list[Path], tmp_path: Path) -> None:
    given = [str(tiny_corpus.path), *map(str, runs), "--count", "40", "--split", "train"]
    given += ["--out", str(tmp_path / "reach.csv"), "--pairs", str(tmp_path / "pairs.csv")]
    result = CliRunner().invoke(load_commands(), ["reach", *given])
    assert result.exit_code == 0, result.output
    curves_of = pd.read_csv(tmp_path / "reach.csv")
    assert list(curves_of["system"].unique()) == ["rnn", "c-lstm"]
    for _, curve in curves_of.groupby("system"):
        assert list(curve["frames_back"]) == list(range(90))
        assert curve["share"].sum() == pytest.approx(1)
        assert curve["share_low"].le(curve["share"]).all()
        assert curve["share_high"].ge(curve["share"]).all()
    assert "rnn: half of the gradient lies in the last" in result.output
    made = pd.read_csv(tmp_path / "pairs.csv")
    assert (
        made[["system", "kind", "other", "other_kind"]].to_numpy().tolist() == [["c-lstm", "c-lstm", "rnn", "rnn"]] * 3
    )
    for seconds, own in made.groupby("seconds"):
        shares = beyond(curves_of, float(seconds))
        assert (own["share"].item(), own["other_share"].item()) == pytest.approx((shares["c-lstm"], shares["rnn"]))


def test_the_figure_of_a_measurement_is_that_drawn_from_its_table_later(
    tiny_corpus: Corpus, runs: list[Path], tmp_path: Path
) -> None:
    table, at_once, later, older = (tmp_path / name for name in ("reach.csv", "a.svg", "b.svg", "c.svg"))
    measure = ["reach", tiny_corpus.path, runs[0], "--count", "4", "--split", "train", "--out", table]
    for given in (
        [*measure, "--figure", at_once],
        ["reach", "--from", table, "--figure", later],
        ["reach-figure", table, "--out", older],
    ):
        result = CliRunner().invoke(load_commands(), [*map(str, given)])
        assert result.exit_code == 0, result.output
    assert at_once.read_bytes() == later.read_bytes() == older.read_bytes()
    assert result.stderr.count("\n") == 1
    assert "clstm reach --from CSV --figure FILE" in result.stderr


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ([], "give CORPUS, RUN and --out to measure"),
        (["corpus"], "give CORPUS, RUN and --out to measure"),
        (["corpus", "rnn"], "give CORPUS, RUN and --out to measure"),
        (["--from", "reach.csv"], "--from only draws an earlier measurement"),
        (["corpus", "rnn", "--from", "reach.csv", "--figure", "a.svg"], "--from only draws an earlier measurement"),
        (["--from", "none.csv", "--figure", "a.svg"], "none.csv cannot be read"),
        (["--from", "none.csv", "--figure", "a.docx"], "the ending of --figure"),
    ],
)
def test_reach_measures_or_draws_and_says_what_is_missing(
    given: list[str], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(load_commands(), ["reach", *given])
    assert isinstance(result.exception, UserError)
    assert why in str(result.exception)


def test_windows_are_taken_in_turns_without_a_difference(
    tiny_corpus: Corpus, runs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = table(tiny_corpus, runs[:1], split="test", count=10)
    monkeypatch.setattr("clstm.prediction.gradient_reach.AT_ONCE", 4)
    pd.testing.assert_frame_equal(table(tiny_corpus, runs[:1], split="test", count=10), whole, rtol=1e-5)


def test_pieces_shorter_than_the_window_are_said(tiny_corpus: Corpus, tmp_path: Path) -> None:
    network = NetworkConfig("rnn", hidden=4, window=100_000)
    train(tiny_corpus, tmp_path / "long", network, TrainingConfig(batch=1, excerpt=32, steps=1, evaluate_every=1))
    with pytest.raises(UserError, match="in 'test' is as long as 100009 frames"):
        table(tiny_corpus, [tmp_path / "long"], split="test")


# Tables: groups of windows with known gradients.


def measured(shares: dict[str, Sequence[float]], windows: int = 3, kinds: Sequence[str] = ()) -> list[Gradients]:
    """Of each system and group some windows, whose gradient lies by a share on frame 60, 7.5 s ago, else on 0."""
    found = []
    for place, (system, far) in enumerate(shares.items()):
        norms = np.zeros((windows * len(far), 90))
        norms[:, 60] = np.repeat(far, windows)
        norms[:, 0] = 1 - norms[:, 60]
        kind = kinds[place] if kinds else system
        found.append(Gradients.of(system, kind, norms, np.repeat([f"g{n}" for n in range(len(far))], windows)))
    return found


def test_a_frame_five_seconds_ago_is_not_more_than_five_seconds_ago() -> None:
    back = np.arange(90)
    even = pd.DataFrame({"system": "even", "seconds_back": back / 8, "share": 1 / 90})
    assert beyond(even, 5) == pytest.approx({"even": 49 / 90})  # 5.125 s to 11.125 s
    (one,) = [Gradients.of("even", "rnn", np.ones((6, 90)), np.arange(6))]
    assert one.beyond(5).sum() / one.totals.sum() == pytest.approx(49 / 90)
    (line,) = summary([one])
    assert line == (
        "even: half of the gradient lies in the last 45 frames; % of it: 90.0 [90.0, 90.0] from more than 1 s ago, "
        "54.4 [54.4, 54.4] from more than 5 s ago, 10.0 [10.0, 10.0] from more than 10 s ago"
    )


def test_the_interval_of_reach_is_over_groups_not_over_windows() -> None:
    far = [0.1, 0.3, 0.2, 0.5, 0.4, 0.3]
    few, many = (pairs_of(measured({"rnn": [0.1] * 6, "lstm": far}, windows)) for windows in (1, 100))
    pd.testing.assert_frame_equal(few, many)
    assert few["difference"].item() == pytest.approx(0.2)
    assert few["low"].item() < 0.2 < few["high"].item()


def pairs_of(gradients: list[Gradients]) -> pd.DataFrame:
    made = pairs(gradients)
    return made[made["seconds"] == 5].reset_index(drop=True)


def test_pairs_of_reach_have_the_p_of_flipping_the_groups() -> None:
    row = pairs_of(measured({"rnn": [0.1] * 8, "lstm": [0.2, 0.3, 0.4, 0.2, 0.5, 0.2, 0.3, 0.3]})).iloc[0]
    assert row["p"] == 2 / 2**8
    assert (row["share"], row["other_share"]) == pytest.approx((0.3, 0.1))
    assert row["low"] > 0
    beyond_ten = pairs(measured({"rnn": [0.1] * 8, "lstm": [0.3] * 8})).set_index("seconds").loc[10]
    assert (beyond_ten["difference"], beyond_ten["p"]) == (0, 1)


def test_a_group_with_a_large_gradient_in_one_network_says_nothing_of_how_far_back_it_lies() -> None:
    """Shares differ by as much in every group, whatever the size of its gradient in either network."""
    rng = np.random.default_rng(2)
    one, other = measured({"rnn": [0.2] * 10, "lstm": [0.25] * 10})
    scaled = [replace(each, sums=each.sums * rng.lognormal(0, 1, (10, 1))) for each in (one, other)]
    row = pairs_of(scaled).iloc[0]
    assert row["difference"] == pytest.approx(0.05)
    assert row["p"] == 2 / 2**10


def test_fewer_than_five_groups_have_neither_interval_nor_p_of_reach() -> None:
    gradients = measured({"rnn": [0.1] * 4, "lstm": [0.3, 0.2, 0.4, 0.3]})
    made = pairs(gradients)
    assert made[["low", "high", "p"]].isna().all(axis=None)
    assert curves(gradients)[["share_low", "share_high"]].isna().all(axis=None)
    assert "[" not in "".join(summary(gradients))
    assert notes(gradients, made) == ["No interval and no p: they rest on groups of pieces, here 4, and need 5."]


def test_the_papers_kinds_stand_in_its_order_whatever_the_runs_are_called() -> None:
    gradients = measured({"lstm": [0.3, 0.2] * 3, "a": [0.1, 0.2] * 3, "b": [0.2] * 6}, kinds=("c-lstm", "rnn", "lstm"))
    found = pairs_of(gradients)[["system", "kind", "other", "other_kind"]].to_numpy().tolist()
    assert found == [["lstm", "c-lstm", "a", "rnn"], ["lstm", "c-lstm", "b", "lstm"], ["b", "lstm", "a", "rnn"]]


def test_notes_say_who_has_more_of_its_gradient_far_back_where_it_is_clear() -> None:
    gradients = measured(
        {"rnn": [0.1] * 7, "lstm": [0.3, 0.2, 0.4, 0.3, 0.2, 0.3, 0.4], "x": [0.05, 0.1, 0.05] * 2 + [0.0]}
    )
    text = "\n".join(notes(gradients, pairs(gradients)))
    assert "lstm has more of its gradient from more than 5 s ago than rnn: 20.0 points [" in text
    assert "lstm has more of its gradient from more than 10 s" not in text
    assert "x has less of its gradient from more than 5 s ago than lstm" in text
    assert "ago than x" not in text
    assert "x has less of its gradient from more than 5 s ago than rnn" not in text
    assert "7 groups" in text


def test_curves_have_the_interval_of_each_frame() -> None:
    curve = curves(measured({"lstm": [0.1, 0.3, 0.2, 0.5, 0.4, 0.3]})).set_index("frames_back")
    assert curve.loc[60, "share"] == pytest.approx(0.3)
    assert 0 < curve.loc[60, "share_low"] < 0.3 < curve.loc[60, "share_high"] < 1
    assert (curve.loc[1, "share_low"], curve.loc[1, "share_high"]) == (0, 0)
    assert set(curve["groups"]) == {6}


def test_systems_that_read_other_windows_are_not_held_against_each_other() -> None:
    one, _ = measured({"a": [0.1] * 6, "b": [0.2] * 6})
    short = Gradients.of("short", "lstm", np.ones((6, 40)), np.arange(6))
    assert pairs([one, short]).empty
    assert "seconds" in pairs([one, short])


def test_a_window_belongs_to_the_group_of_its_piece(tiny_corpus: Corpus, runs: list[Path]) -> None:
    (one,) = measure(tiny_corpus, runs[:1], split="train", count=30)
    drawn = batches.fixed(tiny_corpus, tiny_corpus.of_split("train"), 30, 99, 0, whole=True)
    for frames, piece in zip(drawn.frames, drawn.pieces, strict=True):
        assert frames[1:].tobytes() in tiny_corpus.matrix(int(piece)).T.tobytes()  # the first is repaired at the cut
    groups = tiny_corpus.pieces["group"].to_numpy()[drawn.pieces]
    assert dict(zip(one.groups, one.windows, strict=True)) == pd.Series(groups).value_counts().to_dict()
    assert one.windows.sum() == 30
