"""Table 2: counts against a plain recount, thresholds, skill, and intervals that mean something."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from clstm import accuracy, accuracy_systems, windows
from clstm.accuracy_systems import System
from clstm.baselines import Chances, hold_chord, silence
from clstm.batches import training_and_selection
from clstm.checkpoint import build, save_model
from clstm.cli import load_commands
from clstm.corpus import Corpus
from clstm.errors import MismatchError, UserError
from clstm.models import KINDS, Kind, NetworkConfig
from clstm.preparation import prepare
from clstm.score import Matrix

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
    systems = {"hold": System(hold_chord, "baseline", calibrated=False)}
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
        "oracle": System(oracle, "model"),
        "even": System(even, "model"),
        "hesitant": System(hesitant, "model", threshold=0.2),
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


def test_figures_by_piece_weigh_pieces_alike_and_others_weigh_windows(tiny_corpus: Corpus) -> None:
    counts = accuracy.count(tiny_corpus, {"even": System(even, "model")}, split="train", window=90)
    few = counts["piece"] == counts["piece"].iloc[0]
    counts.loc[~few, ["windows", "frames", *accuracy.SUMS]] *= 10
    row = accuracy.summarise(counts).iloc[0]
    pieces = counts[counts["horizon"] == "next"].groupby("piece")[["nats", "windows", "misses", "cells"]].sum()
    assert row["nats_by_piece"] == pytest.approx((pieces["nats"] / (pieces["windows"] / 2)).mean())
    assert row["nats"] == pytest.approx(pieces["nats"].sum() / (pieces["windows"].sum() / 2))
    assert row["accuracy_by_piece"] == pytest.approx(1 - (pieces["misses"] / pieces["cells"]).mean())
    assert row["nats_by_piece"] != pytest.approx(row["nats"], rel=1e-4)


def test_models_are_held_against_each_other_on_the_same_draws(tiny_corpus: Corpus) -> None:
    systems = {
        "silence": System(silence, "baseline", calibrated=False),
        "oracle": System(oracle, "model"),
        "even": System(even, "model"),
        "hesitant": System(hesitant, "own", threshold=0.2),
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


def test_one_model_has_nobody_to_be_held_against(tiny_corpus: Corpus) -> None:
    counts = accuracy.count(tiny_corpus, {"even": System(even, "model")}, split="train", window=90)
    assert accuracy.differences(counts).empty


def test_certainties_have_no_nats_and_no_threshold(tiny_corpus: Corpus) -> None:
    counts = accuracy.count(tiny_corpus, accuracy_systems.baselines(tiny_corpus, 90), split="test", window=90)
    table = accuracy.summarise(counts).set_index(["system", "horizon"])
    uncertain = {name: name == "per-row Markov" for name in accuracy_systems.BASELINES}
    for name in ("nats", "skill_nats", "threshold"):
        assert table[name].notna().groupby("system").all().to_dict() == uncertain
    certain = table.drop(index="per-row Markov", level="system")
    for name in ("accuracy", "recall", "f1_held", "f1_struck"):
        assert (certain[name] == certain[f"{name}_at_threshold"]).all()


# Thresholds.


def fixed(predict: Any, corpus: Corpus) -> System:
    return accuracy_systems.with_threshold(System(predict, "model"), corpus, corpus.of_split("train"), 90)


def test_the_threshold_is_where_both_f1_add_up_to_most(tiny_corpus: Corpus) -> None:
    system = fixed(guessing, tiny_corpus)
    assert system.fixed_on == "selection pieces"
    size = (90, 9, accuracy_systems.SELECTION_STRIDE)
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
    system = accuracy_systems.with_threshold(System(oracle, "model"), tiny_corpus, tiny_corpus.of_split("train"), 400)
    assert (system.threshold, system.fixed_on) == (0.5, "")


def test_a_runs_threshold_is_fixed_on_its_own_selection_pieces(tiny_corpus: Corpus, tmp_path: Path) -> None:
    run = run_of("lstm", tmp_path / "run", trained_on(tiny_corpus) | {"threshold": 0.9})
    system = accuracy_systems.model(run, tiny_corpus)
    _, selection = training_and_selection(tiny_corpus, 0)
    expected = accuracy_systems.with_threshold(system, tiny_corpus, selection, 90)
    assert (system.threshold, system.fixed_on) == (expected.threshold, "selection pieces")
    assert accuracy_systems.threshold_of(run, tiny_corpus) == expected.threshold != 0.9


def test_on_another_corpus_a_run_has_the_threshold_it_records_or_a_half(tiny_corpus: Corpus, tmp_path: Path) -> None:
    for about, expected in (({"threshold": 0.25}, (0.25, "config.json")), ({}, (0.5, ""))):
        run = run_of("lstm", tmp_path / "run", about)
        system = accuracy_systems.model(run, tiny_corpus)
        assert (system.threshold, system.fixed_on) == expected
        with pytest.raises(MismatchError, match="was not trained on"):
            accuracy_systems.threshold_of(run, tiny_corpus)


@pytest.mark.parametrize("threshold", [0.0, 1.5, "a half", None, True])
def test_a_threshold_that_is_none_is_refused(threshold: object, tiny_corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(MismatchError, match=r"config.json has threshold .*; it must lie between 0 and 1"):
        accuracy_systems.model(run_of("lstm", tmp_path, {"threshold": threshold}), tiny_corpus)


# Skill and intervals.


def counted(system: str, wrong: list[int], role: str = "model", nats: float = 1.0) -> pd.DataFrame:
    """Of each group one window, one frame and 200 cells, of which 100 in each part; `wrong` in each part."""
    same = {
        "system": system,
        "role": role,
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
    # Twenty groups of 0.5 or 1.0: a standard error of 0.25 / sqrt(20) = 0.056.
    assert apart["accuracy_high"] - apart["accuracy_low"] == pytest.approx(2 * 1.96 * 0.056, rel=0.15)


def test_skill_is_the_share_of_the_best_baselines_loss_that_is_removed() -> None:
    table = summarised(
        counted("worse", [20] * 4, "baseline", nats=8.0),
        counted("best", [10] * 4, "baseline", nats=5.0),
        counted("certain", [15] * 4, "baseline", nats=np.nan),
        counted("good", [4] * 4, nats=4.0),
        counted("bad", [12] * 4, nats=6.0),
        counted("perfect", [0] * 4, nats=0.0),
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


# The whole.


def test_the_papers_networks_stand_below_the_baselines_and_ours_below_them(tiny_corpus: Corpus, tmp_path: Path) -> None:
    runs = [run_of(kind, tmp_path / kind) for kind in reversed(KINDS)]
    told: list[tuple[str, int, int]] = []
    table = accuracy.summarise(accuracy.score(tiny_corpus, runs, split="test", advance=lambda *step: told.append(step)))
    order = [*accuracy_systems.BASELINES, "c-lstm", "lstm", "rnn", "c-lstm-plus"]
    for _, own in table.groupby("horizon"):
        assert own["system"].tolist() == order
    assert table.groupby("role")["system"].nunique().to_dict() == {"baseline": 4, "model": 3, "own": 1}
    assert set(table["windows"]) == {16}  # 240 frames: ends 90, 99, ... 225
    assert [what for what, done, total in told if done == total] == [
        "Threshold of per-row Markov",
        *(f"Scoring {name}" for name in order),
    ]
    for name in ("accuracy", "f1_struck_at_threshold", "nats", "skill_nats"):
        known = table.dropna(subset=name)
        assert ((known[f"{name}_low"] <= known[name]) & (known[name] <= known[f"{name}_high"])).all()


def test_what_cannot_stand_in_one_table_is_refused_in_one_line(tiny_corpus: Corpus, tmp_path: Path) -> None:
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
    assert accuracy_systems.cautions(tiny_corpus, [run, stranger], "test") == []
    (chosen,) = accuracy_systems.cautions(tiny_corpus, [run, stranger], "valid")
    assert "run chose its weights and threshold by 1 of the 1 pieces of 'valid'" in chosen
    (learnt,) = accuracy_systems.cautions(tiny_corpus, [run, stranger], "train")
    assert "run learnt from 6 of the 6 pieces of 'train'" in learnt


def test_without_a_test_split_valid_is_reported_and_nothing_flatters(eight_pieces: Path, tmp_path: Path) -> None:
    files = sorted(eight_pieces.glob("*.mid"))
    lines = [f"{file},{'train' if place < 6 else 'valid'},{place}" for place, file in enumerate(files)]
    (tmp_path / "index.csv").write_text("\n".join(["file,split,group", *lines]))
    corpus = prepare([str(eight_pieces)], tmp_path / "corpus", index=tmp_path / "index.csv", workers=1)
    run = run_of("lstm", tmp_path / "mine", trained_on(corpus, seed=3))
    assert corpus.held_out == "valid"
    assert accuracy_systems.cautions(corpus, [run], "valid") == []
    done = CliRunner().invoke(
        load_commands(), ["accuracy", str(corpus.path), str(run), "--out", str(tmp_path / "a.csv")]
    )
    assert done.exit_code == 0, done.output
    assert "flatter" not in done.output
    assert set(pd.read_csv(tmp_path / "a.csv")["pieces"]) == {2}


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
