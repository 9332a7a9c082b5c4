"""Table 2: counts against a plain recount, exact windows, and intervals that mean something."""

from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from rich.console import Console

from clstm import accuracy
from clstm.baselines import Chances, hold_chord
from clstm.checkpoint import save_model
from clstm.corpus import Corpus
from clstm.errors import MismatchError, UserError
from clstm.models import KINDS, Kind, Network, NetworkConfig
from clstm.score import Matrix


def small(kind: Kind, seed: int = 0, **sizes: int) -> Network:
    torch.manual_seed(seed)
    return Network(NetworkConfig(kind, **({"kernels": 4, "features": 8, "hidden": 16} | sizes))).eval()


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_is_asked_windows_of_90_frames_from_a_zero_state(kind: Kind, tiny_corpus: Corpus) -> None:
    network = small(kind)
    frames = np.ascontiguousarray(tiny_corpus.matrix(0).T)
    ends = np.array([90, 99, 231])
    chances = accuracy.model(network).predict(frames, ends, 9)
    with torch.inference_mode():
        for end, given in zip(ends, chances, strict=True):
            window = torch.from_numpy(frames[end - 90 : end].astype(np.float32))[None]
            np.testing.assert_allclose(given, torch.sigmoid(network(window))[0, -1], atol=1e-6)


def test_counts_are_those_of_a_plain_recount(tiny_corpus: Corpus) -> None:
    systems = {"hold": accuracy.System(hold_chord, "baseline", calibrated=False)}
    counts = accuracy.count(tiny_corpus, systems, split="train", window=90, horizon=9, stride=9)
    for piece in tiny_corpus.of_split("train"):
        matrix = tiny_corpus.matrix(int(piece))
        hits = misses = windows = 0
        for end in range(90, matrix.shape[1] - 8, 9):
            windows += 1
            for frame in range(end, end + 9):
                hits += int((matrix[:78, end - 1] & matrix[:78, frame]).sum())
                misses += int((~matrix[:78, end - 1] & matrix[:78, frame] & 1).sum())
        row = counts[(counts["piece"] == piece) & (counts["horizon"] == "nine") & (counts["part"] == "held")].iloc[0]
        assert (row["hits"], row["misses"], row["windows"]) == (hits, misses, windows)
        assert row["cells"] == windows * 9 * 78


def oracle(frames: Matrix, ends: np.ndarray, horizon: int) -> Chances:
    return frames[ends[:, None] + np.arange(horizon)].astype(np.float32)


def even(frames: Matrix, ends: np.ndarray, horizon: int) -> Chances:
    return np.full((len(ends), horizon, frames.shape[1]), 0.4, dtype=np.float32)


def test_the_table_of_predictors_with_known_answers(tiny_corpus: Corpus) -> None:
    systems = {
        "oracle": accuracy.System(oracle, "model", calibrated=True),
        "even": accuracy.System(even, "model", calibrated=True),
    }
    counts = accuracy.count(tiny_corpus, systems, split="train", window=90, horizon=9)
    table = accuracy.summarise(counts).set_index(["system", "horizon"])
    for horizon in ("next", "nine"):
        right, flat = table.loc[("oracle", horizon)], table.loc[("even", horizon)]
        assert [right[name] for name in ("accuracy", "precision", "recall", "f1", "f1_struck")] == [1] * 5
        assert right["nats"] == pytest.approx(0, abs=1e-4)
        own = counts[(counts["system"] == "even") & (counts["horizon"] == horizon)]
        density = own["misses"].sum() / own["cells"].sum()
        assert flat["accuracy"] == pytest.approx(1 - density)
        assert flat["nats"] == pytest.approx(-156 * (density * np.log(0.4) + (1 - density) * np.log(0.6)), rel=1e-6)
        assert np.isnan(flat["precision"])
        assert flat["f1"] == 0
        assert flat["accuracy_low"] <= flat["accuracy"] <= flat["accuracy_high"]
        assert flat["accuracy_low"] < flat["accuracy_high"]


def test_certainties_have_no_nats(tiny_corpus: Corpus) -> None:
    counts = accuracy.count(tiny_corpus, accuracy.baselines(tiny_corpus, 9), split="test", window=90, horizon=9)
    table = accuracy.summarise(counts).set_index(["system", "horizon"])
    assert table["nats"].isna().groupby("system").all().to_dict() == {
        "silence": True,
        "copy last frame": True,
        "hold last chord": True,
        "per-row Markov": False,
    }


def save(network: Network, run: Path) -> Path:
    save_model(run, network.config, network.state_dict(), {})
    return run


def test_runs_stand_below_the_baselines(tiny_corpus: Corpus, tmp_path: Path) -> None:
    runs = [save(small(kind), tmp_path / kind) for kind in KINDS]
    table = accuracy.table(tiny_corpus, runs, split="test")
    assert table["system"].unique().tolist()[-3:] == ["rnn", "lstm", "c-lstm"]
    assert table.groupby("role")["system"].nunique().to_dict() == {"baseline": 4, "model": 3}
    assert set(table["windows"]) == {16}  # 240 frames: ends 90, 99, ... 225


def test_what_cannot_be_scored_is_refused(tiny_corpus: Corpus, tmp_path: Path) -> None:
    first = save(small("rnn"), tmp_path / "a" / "rnn")
    with pytest.raises(UserError, match="two runs have one name"):
        accuracy.table(tiny_corpus, [first, save(small("rnn"), tmp_path / "b" / "rnn")], split="test")
    with pytest.raises(MismatchError, match="different"):
        accuracy.table(tiny_corpus, [first, save(small("rnn", window=80), tmp_path / "c")], split="test")
    with pytest.raises(UserError, match="as long as 409 frames"):
        accuracy.count(tiny_corpus, {}, split="test", window=400, horizon=9)


def test_the_terminal_table_fits_80_columns(tiny_corpus: Corpus) -> None:
    counts = accuracy.count(tiny_corpus, accuracy.baselines(tiny_corpus, 9), split="test", window=90, horizon=9)
    console = Console(width=80, file=StringIO())
    console.print(accuracy.readable(accuracy.summarise(counts), "next"))
    text = console.file.getvalue()
    assert "per-row Markov" in text
    assert "…" not in text


def test_intervals_widen_with_the_spread_between_groups() -> None:
    def counted(hits: list[int]) -> pd.DataFrame:
        rows = [
            {"system": "s", "role": "model", "piece": i, "group": str(i), "horizon": "next", "part": part}
            | {"windows": 1, "frames": 1, "cells": 100, "hits": hit, "false_alarms": 50 - hit, "misses": 0, "nats": 1.0}
            for i, hit in enumerate(hits)
            for part in ("held", "struck")
        ]
        return accuracy.summarise(pd.DataFrame(rows))

    alike, apart = counted([25] * 20).iloc[0], counted([0, 50] * 10).iloc[0]
    assert alike["accuracy_low"] == alike["accuracy_high"] == 0.75
    # Twenty groups of 0.5 or 1.0: a standard error of 0.25 / sqrt(20) = 0.056.
    assert apart["accuracy_high"] - apart["accuracy_low"] == pytest.approx(2 * 1.96 * 0.056, rel=0.15)
