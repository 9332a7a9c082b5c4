"""Table 2: counts against a plain recount, thresholds, skill, and intervals that mean something."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.corpus.corpus import Corpus
from clstm.corpus.preparation import prepare
from clstm.models.checkpoint import build, save_model
from clstm.models.networks import KINDS, Kind, NetworkConfig
from clstm.music.score import Matrix
from clstm.prediction import accuracy, predictors, windows
from clstm.prediction.baselines import Chances, hold_chord, silence
from clstm.prediction.predictors import ScoredSystem
from clstm.prediction.resampling import Draws, is_clear, sign_flips
from clstm.prediction.scores import Horizon, loss
from clstm.runtime.errors import MismatchError, UserError
from clstm.training.batches import training_and_selection

Ends = np.ndarray[Any, np.dtype[np.int64]]


def run_of(kind: Kind, folder: Path, about: dict[str, Any] | None = None, **sizes: int) -> Path:
    """A run of an untrained network."""
    torch.manual_seed(0)
    network = build(NetworkConfig(kind, **({"kernels": 4, "features": 8, "hidden": 16} | sizes)))
    save_model(folder, network.config, network.state_dict(), about or {})
    return folder


def trained_on(corpus: Corpus, seed: int = 0) -> dict[str, Any]:
    return {"training": {"seed": seed}, "corpus": {"sha256": corpus.sha256}}


def oracle(frames: Matrix, ends: Ends, horizon: int) -> Chances:
    return frames[ends[:, None] + np.arange(horizon)].astype(np.float64)


def even(frames: Matrix, ends: Ends, horizon: int) -> Chances:
    return np.full((len(ends), horizon, frames.shape[1]), 0.4)


def hesitant(frames: Matrix, ends: Ends, horizon: int) -> Chances:
    """Right, but with chances of 0.3 for what comes and 0.1 for what does not."""
    return 0.1 + 0.2 * oracle(frames, ends, horizon)


def guessing(frames: Matrix, ends: Ends, horizon: int) -> Chances:
    """A chance drawn for each cell, mostly near 1 where there will be a note, mostly near 0 elsewhere."""
    drawn = np.random.default_rng(len(frames)).random((len(ends), horizon, frames.shape[1]))
    return drawn ** np.where(oracle(frames, ends, horizon) == 1, 1 / 4, 4)


@pytest.mark.parametrize("frames_at_once", [8192, 64])
def test_counts_are_those_of_a_plain_recount(
    frames_at_once: int, tiny_corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "FRAMES_AT_ONCE", frames_at_once)  # in turns or whole, a piece has one row
    systems = {"hold": ScoredSystem(hold_chord, "baseline", calibrated=False)}
    counts = accuracy.count(tiny_corpus, systems, split="train", window=90, stride=9)
    assert len(counts) == 6 * 2 * 2
    for piece in tiny_corpus.of_split("train"):
        matrix = tiny_corpus.matrix(int(piece))
        hits = misses = windows_seen = 0
        for end in range(90, matrix.shape[1] - 8, 9):
            windows_seen += 1
            for frame in range(end, end + 9):
                hits += int((matrix[:78, end - 1] & matrix[:78, frame]).sum())
                misses += int((~matrix[:78, end - 1] & matrix[:78, frame] & 1).sum())
        row = counts[(counts["piece"] == piece) & (counts["horizon"] == "nine") & (counts["part"] == "held")].iloc[0]
        assert (row["hits"], row["misses"], row["windows"]) == (hits, misses, windows_seen)
        assert row["cells"] == windows_seen * 9 * 78


def test_the_table_of_predictors_with_known_answers(tiny_corpus: Corpus) -> None:
    systems = {
        "oracle": ScoredSystem(oracle, "model"),
        "even": ScoredSystem(even, "model"),
        "hesitant": ScoredSystem(hesitant, "model", threshold=0.2),
    }
    counts = accuracy.count(tiny_corpus, systems, split="train", window=90)
    table = accuracy.summarise(counts).set_index(["system", "horizon"])
    for horizon in ("next", "nine"):
        right, flat, shy = (table.loc[(system, horizon)] for system in systems)
        names = [
            f"{name}{part}" for name in ("accuracy", "precision", "recall", "f1") for part in ("", "_held", "_struck")
        ]
        assert right[names].tolist() == [1] * 12
        assert right["nats"] == pytest.approx(0, abs=1e-9)
        own = counts[(counts["system"] == "even") & (counts["horizon"] == horizon)]
        density = own["misses"].sum() / own["cells"].sum()
        assert flat["accuracy"] == pytest.approx(1 - density)
        assert flat["nats"] == pytest.approx(-156 * (density * np.log(0.4) + (1 - density) * np.log(0.6)))
        assert np.isnan(flat["precision"])
        assert flat["f1"] == 0
        assert flat["accuracy_low"] < flat["accuracy"] < flat["accuracy_high"]
        assert (shy["f1"], shy["f1_at_threshold"], shy["accuracy_at_threshold"]) == (0, 1, 1)
        assert shy["nats"] == pytest.approx(-156 * (density * np.log(0.3) + (1 - density) * np.log(0.9)))


def test_values_by_piece_weigh_pieces_alike_and_others_weigh_windows(tiny_corpus: Corpus) -> None:
    counts = accuracy.count(tiny_corpus, {"even": ScoredSystem(even, "model")}, split="train", window=90)
    few = counts["piece"] == counts["piece"].iloc[0]
    counts.loc[~few, ["windows", "frames", *accuracy.SUMS]] *= 10
    row = accuracy.summarise(counts).iloc[0]
    pieces = counts[counts["horizon"] == "next"].groupby("piece")[["nats", "windows", "misses", "cells"]].sum()
    assert row["nats_by_piece"] == pytest.approx((pieces["nats"] / (pieces["windows"] / 2)).mean())
    assert row["nats"] == pytest.approx(pieces["nats"].sum() / (pieces["windows"].sum() / 2))
    assert row["accuracy_by_piece"] == pytest.approx(1 - (pieces["misses"] / pieces["cells"]).mean())
    assert row["nats_by_piece"] != pytest.approx(row["nats"], rel=1e-4)


def test_models_are_compared_with_each_other_on_the_same_draws(tiny_corpus: Corpus) -> None:
    systems = {
        "silence": ScoredSystem(silence, "baseline", calibrated=False),
        "oracle": ScoredSystem(oracle, "model"),
        "even": ScoredSystem(even, "model"),
        "hesitant": ScoredSystem(hesitant, "own", threshold=0.2),
    }
    counts = accuracy.count(tiny_corpus, systems, split="train", window=90)
    table = accuracy.summarise(counts).set_index(["system", "horizon"])
    pairs = accuracy.differences(counts).set_index(["system", "other", "horizon"])
    three = [("even", "oracle"), ("hesitant", "oracle"), ("hesitant", "even")]
    assert [key for key in pairs.index if key[2] == "next"] == [(*pair, "next") for pair in three]
    for (system, other, horizon), row in pairs.iterrows():
        for name in ("nats", "accuracy", "f1_at_threshold"):
            apart = table.loc[(system, horizon), name] - table.loc[(other, horizon), name]
            assert row[name] == pytest.approx(apart, nan_ok=True)
    even_over_oracle, own = pairs.loc[("even", "oracle", "nine")], table.loc[("even", "nine")]
    oracle_is_certain = (own["nats_low"], own["nats_high"])  # so the difference varies as `even` does
    assert (even_over_oracle["nats_low"], even_over_oracle["nats_high"]) == pytest.approx(oracle_is_certain)
    again = accuracy.differences(pd.concat([counts, counts[counts["system"] == "even"].assign(system="twin")]))
    twins = again[(again["system"] == "twin") & (again["other"] == "even")]
    assert (twins[["nats", "nats_low", "nats_high"]] == 0).all(axis=None)


def test_one_model_has_nobody_to_be_compared_with(tiny_corpus: Corpus) -> None:
    counts = accuracy.count(tiny_corpus, {"even": ScoredSystem(even, "model")}, split="train", window=90)
    assert accuracy.differences(counts).empty


def test_certainties_have_no_nats_and_no_threshold(tiny_corpus: Corpus) -> None:
    counts = accuracy.count(tiny_corpus, predictors.baselines(tiny_corpus, 90), split="test", window=90)
    table = accuracy.summarise(counts).set_index(["system", "horizon"])
    uncertain = {name: name == "per-row Markov" for name in predictors.BASELINES}
    for name in ("nats", "skill_nats", "threshold"):
        assert table[name].notna().groupby("system").all().to_dict() == uncertain
    certain = table.drop(index="per-row Markov", level="system")
    for name in ("accuracy", "recall", "f1_held", "f1_struck"):
        assert (certain[name] == certain[f"{name}_at_threshold"]).all()


# Thresholds.


def fixed(predict: Any, corpus: Corpus) -> ScoredSystem:
    return predictors.with_threshold(ScoredSystem(predict, "model"), corpus, corpus.of_split("train"), 90)


def test_the_threshold_is_where_both_f1_add_up_to_most(tiny_corpus: Corpus) -> None:
    system = fixed(guessing, tiny_corpus)
    assert system.fixed_on == "selection pieces"
    size = (90, 9, predictors.SELECTION_STRIDE)
    read = list(windows.windows_of(tiny_corpus, tiny_corpus.of_split("train"), *size))
    chances = np.concatenate([guessing(some.frames, some.ends, 9) for some in read])
    targets = np.concatenate([some.targets for some in read]) == 1

    def f1(ahead: int, threshold: float) -> float:
        said, true = chances[:, :ahead] >= threshold, targets[:, :ahead]
        return 2 * (said & true).sum() / (said.sum() + true.sum())

    sums = [f1(1, level / 256) + f1(9, level / 256) for level in range(1, 256)]
    assert system.threshold == (np.argmax(sums) + 1) / 256
    assert 0.5 < system.threshold < 0.99


def test_of_equally_good_thresholds_the_one_nearest_a_half_is_taken(tiny_corpus: Corpus) -> None:
    assert fixed(oracle, tiny_corpus).threshold == 0.5
    assert fixed(hesitant, tiny_corpus).threshold == 76 / 256  # the last that 0.3 reaches


def test_pieces_without_a_window_fix_no_threshold(tiny_corpus: Corpus) -> None:
    system = predictors.with_threshold(ScoredSystem(oracle, "model"), tiny_corpus, tiny_corpus.of_split("train"), 400)
    assert (system.threshold, system.fixed_on) == (0.5, "")


def test_a_runs_threshold_is_fixed_on_its_own_selection_pieces(tiny_corpus: Corpus, tmp_path: Path) -> None:
    run = run_of("lstm", tmp_path / "run", trained_on(tiny_corpus) | {"threshold": 0.9})
    system = predictors.model(run, tiny_corpus)
    _, selection = training_and_selection(tiny_corpus, 0)
    expected = predictors.with_threshold(system, tiny_corpus, selection, 90)
    assert (system.threshold, system.fixed_on) == (expected.threshold, "selection pieces")
    assert predictors.threshold_of(run, tiny_corpus) == expected.threshold != 0.9


def test_on_another_corpus_a_run_has_the_threshold_it_records_or_a_half(tiny_corpus: Corpus, tmp_path: Path) -> None:
    for about, expected in (({"threshold": 0.25}, (0.25, "config.json")), ({}, (0.5, ""))):
        run = run_of("lstm", tmp_path / "run", about)
        system = predictors.model(run, tiny_corpus)
        assert (system.threshold, system.fixed_on) == expected
        with pytest.raises(MismatchError, match="was not trained on"):
            predictors.threshold_of(run, tiny_corpus)


@pytest.mark.parametrize("threshold", [0.0, 1.5, "a half", None, True])
def test_a_threshold_that_is_none_is_refused(threshold: object, tiny_corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(MismatchError, match=r"config.json has threshold .*; it must lie between 0 and 1"):
        predictors.model(run_of("lstm", tmp_path, {"threshold": threshold}), tiny_corpus)


# Skill and intervals.


def counted(
    system: str, wrong: Sequence[float], role: str = "model", nats: float = 1.0, kind: str = ""
) -> pd.DataFrame:
    """Of each group one window, one frame and 200 cells, of which 100 in each part; `wrong` in each part."""
    same = {
        "system": system,
        "role": role,
        "kind": kind,
        "threshold": 0.5,
        "fixed_on": "",
        "horizon": "next",
        "windows": 1,
        "frames": 1,
    }
    at = {f"{name}{at}": 50 for name in ("hits", "false_alarms", "misses") for at in accuracy.AT}
    rows = [
        {"piece": piece, "group": str(piece), "part": part, "cells": 100, "nats": nats}
        | at
        | {
            f"{name}{at}": count
            for at in accuracy.AT
            for name, count in zip(("hits", "misses"), (50 - w, 0), strict=True)
        }
        | {f"false_alarms{at}": w for at in accuracy.AT}
        for piece, w in enumerate(wrong)
        for part in accuracy.PARTS
    ]
    return pd.DataFrame(rows).assign(**same)


def summarised(*counts: pd.DataFrame) -> pd.DataFrame:
    return accuracy.summarise(pd.concat(counts, ignore_index=True)).set_index("system")


def test_intervals_widen_with_the_spread_between_groups() -> None:
    alike, apart = summarised(counted("s", [25] * 20)).loc["s"], summarised(counted("s", [0, 50] * 10)).loc["s"]
    assert alike["accuracy_low"] == alike["accuracy_high"] == 0.75
    # Twenty groups of 0.5 or 1.0: a standard error of 0.25 / sqrt(19), and Student's t of 95 % at 19 degrees.
    half = 2.093 * 0.25 / np.sqrt(19)
    assert (apart["accuracy_low"], apart["accuracy_high"]) == pytest.approx((0.75 - half, 0.75 + half), abs=0.008)


def test_skill_is_the_share_of_the_best_baselines_loss_that_is_removed() -> None:
    table = summarised(
        counted("worse", [20] * 6, "baseline", nats=8.0),
        counted("best", [10] * 6, "baseline", nats=5.0),
        counted("certain", [15] * 6, "baseline", nats=np.nan),
        counted("good", [4] * 6, nats=4.0),
        counted("bad", [12] * 6, nats=6.0),
        counted("perfect", [0] * 6, nats=0.0),
    )
    assert table["skill_accuracy"].to_dict() == pytest.approx(
        {"worse": -1.0, "best": 0.0, "certain": -0.5, "good": 0.6, "bad": -0.2, "perfect": 1.0}
    )
    expected = {"worse": -0.6, "best": 0.0, "certain": np.nan, "good": 0.2, "bad": -0.2, "perfect": 1.0}
    assert table["skill_nats"].to_dict() == pytest.approx(expected, nan_ok=True)
    for end in ("_low", "_high"):  # pieces that are all alike leave nothing to chance
        np.testing.assert_allclose(table[f"skill_accuracy{end}"], table["skill_accuracy"])


def test_the_interval_of_skill_is_that_of_pairs() -> None:
    """A model that halves the error of every group has a skill of exactly a half, however much groups differ."""
    table = summarised(counted("rival", [2, 10, 40, 50] * 3, "baseline"), counted("half", [1, 5, 20, 25] * 3))
    half = table.loc["half"]
    assert half["accuracy_high"] - half["accuracy_low"] > 0.05
    assert [half[f"skill_accuracy{end}"] for end in ("_low", "", "_high")] == pytest.approx([0.5] * 3)
    assert (table.loc["rival", ["skill_accuracy_low", "skill_accuracy_high"]] == 0).all()


def test_there_is_no_skill_beside_a_perfect_baseline_or_none() -> None:
    beside = summarised(counted("perfect", [0] * 4, "baseline", nats=0.0), counted("good", [4] * 4))
    assert beside[["skill_accuracy", "skill_nats", "skill_accuracy_low"]].isna().all(axis=None)
    assert np.isnan(summarised(counted("alone", [4] * 4)).loc["alone", "skill_accuracy"])


def test_skill_is_tested_against_the_best_baseline() -> None:
    rng = np.random.default_rng(3)
    best, rival, good = (rng.uniform(low, low + 8, 7) for low in (12, 15, 9))
    counts = [counted("rival", rival, "baseline"), counted("best", best, "baseline"), counted("good", good)]
    row = summarised(*counts).loc["good"]
    others = pd.concat([*counts[:1], counted("best", best), counts[2]], ignore_index=True)  # as if it were a model
    (pair,) = accuracy.differences(others).to_dict("records")
    assert (pair["system"], pair["other"]) == ("good", "best")
    assert row["skill_accuracy_p"] == pair["accuracy_p"] < 1
    assert np.isnan(summarised(*counts).loc[["best", "rival"], "skill_accuracy_p"]).all()
    assert np.isnan(summarised(counts[2]).loc["good", "skill_accuracy_p"])


# Few groups.


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_fewer_than_five_groups_have_neither_interval_nor_p(groups: int) -> None:
    counts = pd.concat(
        [
            counted("rival", [20] * groups, "baseline", nats=3.0),
            counted("rnn", [10] * groups, nats=2.0, kind="rnn"),
            counted("lstm", [5] * groups, kind="lstm"),
        ]
    )
    table, pairs = accuracy.summarise(counts), accuracy.differences(counts.assign(horizon="next"))
    assert (table["groups"] == groups).all()
    for made in (table, pairs):
        judged = [name for name in made if name.endswith(("_low", "_high", "_p", "_upper"))]
        assert len(judged) > 10
        assert made[judged].isna().all(axis=None)
    assert table.set_index("system").loc["lstm", "skill_accuracy"] == pytest.approx(0.75)
    assert pairs["errors_removed"].item() == pytest.approx(0.5)


def test_from_five_groups_on_there_are_intervals_and_from_six_directions() -> None:
    for groups, least in ((5, 1 / 16), (6, 1 / 32)):
        wrong = np.arange(groups) + 10.0
        pairs = accuracy.differences(pd.concat([counted("a", wrong), counted("b", wrong - 5)]))
        row = pairs.iloc[0]
        assert [row["accuracy_low"], row["accuracy_high"]] == pytest.approx([0.05, 0.05])
        assert row["accuracy_p"] == least
        assert row["groups"] == groups


# Model against model.


def swapped_by_hand(counts: pd.DataFrame, one: str, other: str) -> dict[str, float]:
    """p of the differences: every way to swap two systems within groups, counted one after another."""
    groups = sorted(counts["group"].unique())
    tables = []
    for ways in product([False, True], repeat=len(groups)):
        turned = counts.copy()
        swap = counts["group"].isin([group for group, way in zip(groups, ways, strict=True) if way])
        turned.loc[swap, "system"] = counts.loc[swap, "system"].map({one: other, other: one})
        sums = turned.drop(columns=["horizon", "part"]).groupby("system").sum(numeric_only=True)
        hits, wrong = sums["hits_at_threshold"], sums["false_alarms_at_threshold"] + sums["misses_at_threshold"]
        figures = {
            "nats": sums["nats"] / sums["frames"],
            "accuracy": -(sums["false_alarms"] + sums["misses"]) / sums["cells"],
            "f1_at_threshold": 2 * hits / (2 * hits + wrong),
        }
        tables.append({name: abs(of[one] - of[other]) for name, of in figures.items()})
    table = pd.DataFrame(tables)
    return {name: float((of >= of[0] - 1e-12).mean()) for name, of in table.items()}


def test_p_is_that_of_swapping_the_systems_within_whole_groups_in_every_way() -> None:
    rng = np.random.default_rng(9)
    both = [counted(system, np.zeros(14)) for system in ("a", "b")]
    for own in both:
        own["group"] = own["piece"].map(lambda piece: piece % 7).astype(str)  # two pieces a group
        size = 1 + own["group"].astype(int)
        for at in accuracy.AT:  # both say as many notes, so that swapped systems have F1 of one kind
            own[f"hits{at}"] = rng.poisson(8 * size)
            own[f"false_alarms{at}"] = own[f"misses{at}"] = 30 * size - own[f"hits{at}"]
        own["nats"], own["cells"], own["frames"] = size * rng.uniform(1, 2, len(own)), 400 * size, size
    counts = pd.concat(both, ignore_index=True)
    row = accuracy.differences(counts).iloc[0]
    by_hand = swapped_by_hand(counts, "a", "b")
    for name, p in by_hand.items():
        assert row[f"{name}_p"] == pytest.approx(p), name
    assert len({*by_hand.values()}) == 3  # each its own test


def test_two_names_of_one_system_do_not_differ_significantly() -> None:
    rng = np.random.default_rng(0)
    wrong = rng.uniform(5, 20, 8)
    row = accuracy.differences(pd.concat([counted("a", wrong), counted("twin", wrong)])).iloc[0]
    assert (row["accuracy"], row["accuracy_low"], row["accuracy_high"], row["accuracy_p"]) == (0, 0, 0, 1)


def test_the_papers_kinds_are_told_by_their_runs_and_the_better_comes_first() -> None:
    """Whatever folders are called, and in whatever order they are given."""
    rng = np.random.default_rng(1)
    kinds = {"lstm": "rnn", "mine": "c-lstm", "b": "lstm", "plus": "c-lstm-plus"}
    counts = pd.concat([counted(name, rng.uniform(5, 9, 7), kind=kind) for name, kind in kinds.items()])
    table, pairs = accuracy.summarise(counts), accuracy.differences(counts)
    assert table.set_index("system")["kind"].to_dict() == kinds
    found = [(row.system, row.kind, row.other, row.other_kind) for row in pairs.itertuples()]
    assert ("mine", "c-lstm", "lstm", "rnn") in found
    assert ("mine", "c-lstm", "b", "lstm") in found
    assert ("b", "lstm", "lstm", "rnn") in found
    asked = pairs.set_index(["kind", "other_kind"])["paper_points"].dropna().to_dict()
    assert asked == pytest.approx({("c-lstm", "lstm"): 1.07, ("c-lstm", "rnn"): 2.66, ("lstm", "rnn"): 1.59})


def advantage(removed: float, points: float, groups: int = 10, horizon: str = "next") -> pd.Series:
    """C-LSTM over LSTM: the share of each group's errors that it removes, and points besides, each with some noise."""
    rng = np.random.default_rng(5)
    wrong = rng.uniform(4, 16, groups)
    noise = rng.normal(0, 0.02, groups)
    better = wrong * (1 - removed + noise - noise.mean()) - points
    counts = pd.concat([counted("l", wrong, kind="lstm"), counted("c", better, kind="c-lstm")])
    (row,) = (row for _, row in accuracy.differences(counts.assign(horizon=horizon)).iterrows())
    return row


def test_an_advantage_as_large_as_the_papers_is_ruled_out_where_there_is_none() -> None:
    none = advantage(removed=0.0, points=0.0)
    for paper, upper, size in (
        ("paper_points", "accuracy_upper", 0.0107),
        ("paper_errors", "errors_removed_upper", 0.328),
    ):
        assert none[f"{paper}_p"] == 1 / 1024
        assert none[upper] < size
    assert none["accuracy_p"] > 0.05


def test_an_advantage_as_large_as_the_papers_is_not_ruled_out_where_it_is_there() -> None:
    share, points = advantage(removed=0.3282, points=0.0), advantage(removed=0.0, points=1.07)
    assert share["errors_removed"] == pytest.approx(0.3282, abs=0.01)
    assert share["errors_removed_low"] < 0.3282 < share["errors_removed_high"]
    assert share["paper_errors_p"] > 0.05
    assert share["errors_removed_upper"] > 0.328
    assert points["paper_points_p"] > 0.05
    assert points["accuracy_upper"] > 0.0107
    assert advantage(removed=0.6, points=0.0)["paper_errors_p"] > 0.99


def test_points_and_share_are_two_questions() -> None:
    """A third of few errors is a small advantage in points: one is ruled out, the other is not."""
    rng = np.random.default_rng(5)
    wrong = rng.uniform(1, 2, 10)
    better = wrong * (1 - 0.33 + rng.normal(0, 0.02, 10))
    row = accuracy.differences(pd.concat([counted("l", wrong, kind="lstm"), counted("c", better, kind="c-lstm")])).iloc[
        0
    ]
    assert row["paper_points_p"] < 0.05 < row["paper_errors_p"]


def test_the_upper_limit_is_of_one_side() -> None:
    row = advantage(removed=0.1, points=0.0)
    assert row["errors_removed"] < row["errors_removed_upper"] < row["errors_removed_high"]
    assert row["accuracy"] < row["accuracy_upper"] < row["accuracy_high"]


def test_the_paper_says_nothing_of_all_nine_frames_nor_of_other_kinds() -> None:
    nine = advantage(removed=0.0, points=0.0, horizon="nine")
    assert nine[["paper_points", "paper_points_p", "accuracy_upper", "paper_errors", "paper_errors_p"]].isna().all()
    same = accuracy.differences(pd.concat([counted(name, [5, 6, 7, 8, 9, 4], kind="lstm") for name in ("a", "b")]))
    assert same[["paper_points", "paper_errors"]].isna().all(axis=None)


# Simulations: groups of unequal size, some much harder than others.

ERRORS = {"base": 1.0, "lstm": 0.95, "c-lstm": 0.85}  # each system's, relative to the first's
OF_A_SYSTEM = (
    "accuracy",
    "precision",
    "recall",
    "f1",
    "nats",
    "joint_nats",
    *(f"skill_{of}" for of in accuracy.SKILLS),
)
OF_A_PAIR = (*accuracy.COMPARED, "errors_removed")


def simulated(random: np.random.Generator, groups: int, spread: float, twins: bool) -> dict[str, Any]:
    """Sums by group of a baseline and two models; twins have the same expected errors."""
    windows = np.maximum(1, np.rint(20 * np.exp(random.normal(0, spread, groups))))
    hardness, density = np.exp(random.normal(0, 0.6, groups)), 0.026 * np.exp(random.normal(0, 0.4, groups))
    found = {}
    for name, factor in ERRORS.items():
        worse = hardness * (0.9 if twins else factor) * np.exp(random.normal(0, 0.15, groups))
        cells, wrong, notes = 78 * windows, np.clip(0.02 * worse, 0, 0.4), density
        misses = np.minimum(wrong / 2, 0.9 * notes)
        counts = [(notes - misses) * cells, (wrong - misses) * cells, misses * cells]
        joint = (4 * worse * windows, 3 * worse * windows, 0 * windows)
        part = np.stack([windows, cells, 5 * worse * windows, *counts, *counts, *joint], axis=1)
        found[name] = np.stack([part, part])
    return found


def values_of(sums: dict[str, Any], draws: Draws, groups: int) -> dict[str, Any]:
    """As `summarise` and `differences` have them, of every row of the draws; and the p of the pair."""
    horizon = Horizon("next", {}, sums, draws, sign_flips(groups, 0))
    base, other, own = (horizon.values(name) for name in ERRORS)
    found = own | {f"skill_{of}": 1 - loss(own, of) / loss(base, of) for of in accuracy.SKILLS}
    found |= {f"pair_{name}": own[name] - other[name] for name in accuracy.COMPARED}
    found["pair_errors_removed"] = 1 - loss(own, "accuracy") / loss(other, "accuracy")
    return found | {f"p_{name}": horizon.p("c-lstm", "lstm", name) for name in accuracy.COMPARED}


def rates(groups: int, spread: float, times: int, twins: bool = False) -> pd.Series:
    """How often the interval of each figure holds that of a population of 100,000 groups, and how often each p of the
    pair is below .05 and a direction is said."""
    random = np.random.default_rng((groups, int(10 * spread), twins))
    whole = simulated(random, 100_000, spread, twins)
    truth = values_of({name: own.sum(axis=1, keepdims=True) for name, own in whole.items()}, Draws.of(np.ones(1), 0), 1)
    rows = []
    for seed in range(times):
        sums = simulated(random, groups, spread, twins)
        draws = Draws.of(sums["base"][0, :, 0], seed)
        found = values_of(sums, draws, groups)
        ends = {name: draws.interval(found[name]) for name in (*OF_A_SYSTEM, *(f"pair_{name}" for name in OF_A_PAIR))}
        row = {name: low <= truth[name][0] <= high for name, (low, high) in ends.items()}
        for name in accuracy.COMPARED:
            row |= {f"p_{name}": found[f"p_{name}"] < 0.05}
            row |= {f"clear_{name}": is_clear(*ends[f"pair_{name}"], found[f"p_{name}"])}
        rows.append(row)
    return pd.DataFrame(rows).mean()


HELD = [*OF_A_SYSTEM, *(f"pair_{name}" for name in OF_A_PAIR)]
REJECTED, DIRECTED = ([f"{what}_{name}" for name in accuracy.COMPARED] for what in ("p", "clear"))


def test_intervals_of_metrics_hold_the_truth_with_eight_unequal_groups() -> None:
    found = rates(groups=8, spread=0.8, times=300)
    assert found[HELD].min() >= 0.92


def test_systems_that_are_alike_rarely_differ_significantly() -> None:
    found = rates(groups=8, spread=0.8, times=300, twins=True)
    assert found[REJECTED].max() <= 0.06
    assert found[DIRECTED].max() <= 0.06


@pytest.mark.slow
@pytest.mark.parametrize("groups", [5, 8, 12, 20])
@pytest.mark.parametrize("spread", [0.0, 0.8, 1.2])
def test_intervals_and_tests_of_the_whole_grid(groups: int, spread: float) -> None:
    found, alike = rates(groups, spread, 800), rates(groups, spread, 800, twins=True)
    assert found[HELD].min() >= 0.905  # 0.92, less twice the error of 800 simulations
    assert found[HELD].mean() >= 0.92
    assert alike[REJECTED].mean() <= 0.07  # 0.06, and the simulation's own error
    assert alike[REJECTED].max() <= 0.08
    assert alike[DIRECTED].max() <= 0.06


# The whole.


def test_the_papers_networks_come_below_the_baselines_and_ours_below_them(tiny_corpus: Corpus, tmp_path: Path) -> None:
    runs = [run_of(kind, tmp_path / kind) for kind in reversed(KINDS)]
    told: list[tuple[str, int, int]] = []
    counts = accuracy.score(tiny_corpus, runs, split="test", progress=lambda *step: told.append(step))
    table = accuracy.summarise(counts)
    assert table.set_index("system")["kind"].to_dict() == dict.fromkeys(predictors.BASELINES, "") | {
        kind: kind for kind in KINDS
    }
    order = [*predictors.BASELINES, "c-lstm", "lstm", "rnn", "c-lstm-plus"]
    for _, own in table.groupby("horizon"):
        assert own["system"].tolist() == order
    assert table.groupby("role")["system"].nunique().to_dict() == {"baseline": 4, "model": 3, "own": 1}
    assert set(table["windows"]) == {16}  # 240 frames: ends 90, 99, ... 225
    assert [what for what, done, total in told if done == total] == [
        "Threshold of per-row Markov",
        *(f"Scoring {name}" for name in order),
    ]
    several = pd.concat([counts.assign(group=str(copy), nats=counts["nats"] * copy) for copy in range(1, 7)])
    table = accuracy.summarise(several)
    for name in ("accuracy", "f1_struck_at_threshold", "nats", "skill_nats"):
        known = table.dropna(subset=name)
        assert ((known[f"{name}_low"] <= known[name]) & (known[name] <= known[f"{name}_high"])).all()


def test_what_does_not_fit_in_one_table_is_refused_in_one_line(tiny_corpus: Corpus, tmp_path: Path) -> None:
    first = run_of("rnn", tmp_path / "a" / "rnn")
    with pytest.raises(UserError, match="two systems are called rnn"):
        accuracy.score(tiny_corpus, [first, run_of("rnn", tmp_path / "b" / "rnn")], split="test")
    with pytest.raises(UserError, match="two systems are called silence"):
        accuracy.score(tiny_corpus, [run_of("rnn", tmp_path / "silence")], split="test")
    with pytest.raises(MismatchError, match=r"windows of different frames \(rnn 90, c 80\)"):
        accuracy.score(tiny_corpus, [first, run_of("rnn", tmp_path / "c", window=80)], split="test")
    with pytest.raises(MismatchError, match=r"d predicts 4 frames ahead; the table is about 9"):
        accuracy.score(tiny_corpus, [run_of("rnn", tmp_path / "d", horizon=4)], split="test")
    with pytest.raises(MismatchError, match=r"was trained on a benchmark of 88 keys.*: clstm benchmark"):
        accuracy.score(tiny_corpus, [run_of("rnn", tmp_path / "e", rows=88)], split="test")
    with pytest.raises(UserError, match="as long as 409 frames"):
        accuracy.score(tiny_corpus, [run_of("rnn", tmp_path / "f", window=400)], split="test")


def test_a_split_that_training_has_seen_is_told(tiny_corpus: Corpus, tmp_path: Path) -> None:
    run, stranger = run_of("rnn", tmp_path / "run", trained_on(tiny_corpus)), run_of("rnn", tmp_path / "stranger")
    assert predictors.cautions(tiny_corpus, [run, stranger], "test") == []
    (chosen,) = predictors.cautions(tiny_corpus, [run, stranger], "valid")
    assert "run chose its weights and threshold by 1 of the 1 pieces of 'valid'" in chosen
    (learnt,) = predictors.cautions(tiny_corpus, [run, stranger], "train")
    assert "run learnt from 6 of the 6 pieces of 'train'" in learnt


def test_without_a_test_split_valid_is_reported_and_no_result_is_too_good(eight_pieces: Path, tmp_path: Path) -> None:
    files = sorted(eight_pieces.glob("*.mid"))
    lines = [f"{file},{'train' if place < 6 else 'valid'},{place}" for place, file in enumerate(files)]
    (tmp_path / "index.csv").write_text("\n".join(["file,split,group", *lines]))
    corpus = prepare([str(eight_pieces)], tmp_path / "corpus", index=tmp_path / "index.csv", workers=1)
    run = run_of("lstm", tmp_path / "mine", trained_on(corpus, seed=3))
    assert corpus.held_out == "valid"
    assert predictors.cautions(corpus, [run], "valid") == []
    done = CliRunner().invoke(
        load_commands(), ["accuracy", str(corpus.path), str(run), "--out", str(tmp_path / "a.csv")]
    )
    assert done.exit_code == 0, done.output
    assert "too good" not in done.output
    assert set(pd.read_csv(tmp_path / "a.csv")["pieces"]) == {2}


# Corpora without a train split.


@pytest.fixture
def unseen(eight_pieces: Path, tmp_path: Path) -> Corpus:
    """Two pieces, both in `test`."""
    return all_in_test(sorted(eight_pieces.glob("*.mid"))[6:], tmp_path, "unseen")


def all_in_test(files: Sequence[Path], folder: Path, name: str) -> Corpus:
    index = folder / f"{name}.csv"
    index.write_text("\n".join(["file,split,group", *(f"{file},test,{n}" for n, file in enumerate(files))]))
    return prepare([str(file) for file in files], folder / name, index=index, workers=1)


def accuracy_of(corpus: Corpus, run: Path, *options: str) -> Any:
    return CliRunner().invoke(load_commands(), ["accuracy", str(corpus.path), str(run), *options])


def test_without_a_train_split_what_must_learn_is_left_out_and_said(unseen: Corpus, tmp_path: Path) -> None:
    run = run_of("lstm", tmp_path / "mine", {"threshold": 0.3})
    done = accuracy_of(unseen, run, "--out", str(tmp_path / "a.csv"))
    assert done.exit_code == 0, done.output
    assert "per-row Markov is left out" in done.output
    assert "--baselines-from" in done.output
    table = pd.read_csv(tmp_path / "a.csv").set_index(["system", "horizon"])
    assert set(table.index.get_level_values("system")) == {*predictors.BASELINES[:3], "mine"}
    mine = table.loc[("mine", "next")]
    assert (mine["threshold"], mine["fixed_on"]) == (0.3, "config.json")
    assert np.isfinite(mine["skill_accuracy"])
    assert np.isnan(mine["skill_nats"])


def test_baselines_learn_from_the_corpus_that_is_named(unseen: Corpus, eight_pieces: Path, tmp_path: Path) -> None:
    files = sorted(eight_pieces.glob("*.mid"))[:6]
    (tmp_path / "lessons.csv").write_text(
        "\n".join(["file,split,group", *(f"{file},train,{n}" for n, file in enumerate(files))])
    )
    teacher = prepare([str(file) for file in files], tmp_path / "lessons", index=tmp_path / "lessons.csv", workers=1)
    run = run_of("lstm", tmp_path / "mine")
    done = accuracy_of(unseen, run, "--out", str(tmp_path / "a.csv"), "--baselines-from", str(teacher.path))
    assert done.exit_code == 0, done.output
    assert f"per-row Markov learnt from the train split of {teacher.path}" in done.output
    row = pd.read_csv(tmp_path / "a.csv").set_index(["system", "horizon"]).loc[("per-row Markov", "nine")]
    learnt = predictors.baselines(teacher, 90)["per-row Markov"]
    counts = accuracy.count(unseen, {"per-row Markov": learnt}, split="test", window=90)
    assert row["nats"] == pytest.approx(accuracy.summarise(counts).set_index("horizon").loc["nine", "nats"])
    assert row["threshold"] == learnt.threshold
    assert row["fixed_on"] == "selection pieces"


def test_baselines_that_have_learnt_what_is_scored_are_refused(
    eight_pieces: Path, tiny_corpus: Corpus, tmp_path: Path
) -> None:
    known = [eight_pieces / tiny_corpus.pieces["file"][int(piece)] for piece in tiny_corpus.of_split("train")[:2]]
    corpus = all_in_test(known, tmp_path, "known")
    done = accuracy_of(corpus, run_of("lstm", tmp_path / "mine"), "--baselines-from", str(tiny_corpus.path))
    assert isinstance(done.exception, UserError)
    assert "2 of the 2 pieces of 'test'" in str(done.exception)
    assert known[0].name in str(done.exception)


def test_a_corpus_to_learn_from_is_checked_like_every_other(unseen: Corpus, tmp_path: Path) -> None:
    run = run_of("lstm", tmp_path / "mine")
    for given, message in ((tmp_path / "nothing", "is not a corpus"), (unseen.path, "no piece in the split 'train'")):
        done = accuracy_of(unseen, run, "--baselines-from", str(given))
        assert isinstance(done.exception, UserError)
        assert message in str(done.exception)


def test_the_command_prints_and_writes_the_table(tiny_corpus: Corpus, tmp_path: Path) -> None:
    run = run_of("c-lstm", tmp_path / "my_run", trained_on(tiny_corpus))
    files = ["--out", str(tmp_path / "accuracy.csv"), "--latex", str(tmp_path / "accuracy.tex")]
    command = ["accuracy", str(tiny_corpus.path), str(run), "--split", "valid", *files]
    done = CliRunner().invoke(load_commands(), command)
    assert done.exit_code == 0, done.output
    assert "chose its weights and threshold by 1 of the 1 pieces" in done.output
    table = pd.read_csv(tmp_path / "accuracy.csv").set_index(["system", "horizon"])
    nats = f"{table.loc[('my_run', 'nine'), 'nats']:.2f}"
    assert nats in done.output
    assert f"${nats}$" in (tmp_path / "accuracy.tex").read_text()
    assert f"my_run {table.loc[('my_run', 'nine'), 'threshold']:.3f}" in done.output
