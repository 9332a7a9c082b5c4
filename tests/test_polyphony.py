"""The published benchmark is scored as the literature scores it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.io import savemat
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.corpus.corpus import Corpus
from clstm.corpus.preparation import prepare
from clstm.models import checkpoint
from clstm.models.networks import KINDS, Kind, NetworkConfig
from clstm.prediction import benchmark
from clstm.runtime.errors import MismatchError, UserError

SMALL = {"window": 8, "horizon": 2, "kernels": 2, "features": 5, "hidden": 6}


def rolls(pieces: int, seed: int, density: float = 0.05) -> np.ndarray:
    random = np.random.default_rng(seed)
    cells = np.empty((1, pieces), dtype=object)
    for piece in range(pieces):
        cells[0, piece] = (random.random((20 + 5 * piece, 88)) < density).astype(np.uint8)
    return cells


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("benchmark")
    lists = {"traindata": rolls(4, 1), "validdata": rolls(3, 2), "testdata": rolls(5, 3)}
    savemat(folder / "Tiny.mat", lists)
    return prepare([str(folder / "Tiny.mat")], folder / "tiny")


def run_of(kind: Kind, folder: Path, rows: int = 88) -> Path:
    """A run of an untrained network."""
    config = NetworkConfig(kind, rows=rows, **SMALL)  # type: ignore[arg-type]
    torch.manual_seed(1)
    network = checkpoint.build(config)
    checkpoint.save_model(folder, config, network.state_dict(), {})
    return folder


def test_nats_and_expected_accuracy_of_a_frame_by_hand() -> None:
    frames = np.zeros((2, 88), dtype=np.uint8)
    frames[0, :2] = 1
    chances = np.zeros((2, 88))
    chances[0, 1], chances[0, 0], chances[0, 5] = 0.25, 0.5, 0.75
    chances[1, 3] = 0.5
    both, second = benchmark.count(chances, frames)
    # frame 1: 2 keys sound, hit with 0.5 and 0.25; 1 false with 0.75. Frame 2: none sounds, 1 false with 0.5.
    np.testing.assert_allclose(both, [2, -np.log(0.5 * 0.25 * 0.25 * 0.5), 0.75, 2 + 0.75 + 0.5])
    np.testing.assert_allclose(second, [1, np.log(2), 0, 0.5], atol=1e-9)


def test_the_expectation_is_the_mean_of_drawn_predictions() -> None:
    random = np.random.default_rng(0)
    frames, chances = (random.random((30, 88)) < 0.1).astype(np.uint8), random.random((30, 88)) ** 3
    _, _, hits, struck = benchmark.count(chances, frames)[0]
    drawn = random.random((400, 30, 88)) < chances
    accuracies = (drawn & (frames == 1)).sum(axis=(1, 2)) / (drawn | (frames == 1)).sum(axis=(1, 2))
    assert hits / struck == pytest.approx(accuracies.mean(), rel=0.01)


def test_certain_and_right_is_no_nats_and_certain_and_wrong_is_finite() -> None:
    frames = np.eye(88, dtype=np.uint8)
    nats, accuracy, _, _ = benchmark.values(benchmark.count(frames.astype(np.float64), frames))
    assert (nats, accuracy) == pytest.approx((0, 1), abs=1e-9)
    assert np.isfinite(benchmark.count(1.0 - frames, frames)).all()


def test_where_nothing_is_asked_there_is_no_figure() -> None:
    one_frame = benchmark.count(np.full((1, 88), 0.5), np.zeros((1, 88), dtype=np.uint8))
    assert np.isnan(benchmark.values(one_frame)).tolist() == [False, False, True, True]


@pytest.mark.parametrize("kind", KINDS)
def test_each_frame_is_predicted_from_those_before_it_and_no_other(kind: Kind, tmp_path: Path) -> None:
    predict = benchmark.network(checkpoint.load_model(run_of(kind, tmp_path))[0])
    frames = rolls(1, 5, density=0.3)[0, 0]
    chances = predict(frames)
    assert chances.shape == frames.shape
    for changed in (0, 7, 19):
        other = frames.copy()
        other[changed] = 1 - other[changed]
        np.testing.assert_array_equal(predict(other)[: changed + 1], chances[: changed + 1])
        assert changed == 19 or (predict(other)[changed + 1] != chances[changed + 1]).any()
    np.testing.assert_array_equal(predict(rolls(1, 6)[0, 0])[0], chances[0])  # the first from silence alone


@pytest.mark.parametrize("kind", KINDS)
def test_the_state_is_carried_through_the_whole_sequence(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of(kind, tmp_path)
    model, _ = checkpoint.load_model(run)
    frames = rolls(1, 5, density=0.3)[0, 0]
    past = np.pad(frames, ((model.lag + 1, 0), (0, 0)))[None, :-1].astype(np.float32)
    with torch.inference_mode():
        whole = torch.sigmoid(model(torch.from_numpy(past))[0, :, 0]).numpy()
    monkeypatch.setattr(benchmark, "STEPS_AT_ONCE", 6)
    np.testing.assert_allclose(benchmark.network(model)(frames), whole, atol=1e-6)


def test_the_table_has_baselines_and_runs_with_intervals_around_them(tiny: Corpus, tmp_path: Path) -> None:
    runs = [run_of("lstm", tmp_path / "one"), run_of("c-lstm", tmp_path / "two")]
    scores = benchmark.score(tiny, runs)
    assert (scores.name, scores.split, scores.pieces, scores.frames) == ("tiny", "test", 5, 20 + 25 + 30 + 35 + 40)
    assert scores.table["system"].tolist() == ["per-key Bernoulli", "per-key Markov", "one", "two"]
    for measure in benchmark.MEASURES:
        low, value, high = (scores.table[f"{measure}{end}"] for end in ("_low", "", "_high"))
        assert ((low < value) & (value < high)).all()
    frames = np.concatenate([tiny.matrix(int(piece)).T for piece in tiny.of_split("train")])
    share = (frames.sum(axis=0) + 1) / (len(frames) + 2)
    test = np.concatenate([tiny.matrix(int(piece)).T for piece in tiny.of_split("test")])
    nats = -np.where(test == 1, np.log(share), np.log(1 - share)).sum(axis=1).mean()
    assert scores.table["nats"][0] == pytest.approx(nats)


def test_fewer_than_five_pieces_have_no_interval_and_that_is_said(tiny: Corpus) -> None:
    scores = benchmark.score(tiny, [], split="valid")
    assert scores.pieces == 3
    ends = [f"{measure}{end}" for measure in benchmark.MEASURES for end in ("_low", "_high")]
    assert scores.table[ends].isna().all(axis=None)
    assert np.isfinite(scores.table[list(benchmark.MEASURES)]).all(axis=None)
    assert "No interval: they rest on pieces, here 3, and need 5." in benchmark.notes(scores)
    assert "nan" not in benchmark.latex(scores)


def test_a_chain_knows_that_a_key_goes_on(tmp_path: Path) -> None:
    cells = np.empty((1, 1), dtype=object)
    cells[0, 0] = np.zeros((2000, 88), dtype=np.uint8)
    cells[0, 0][:, 40] = np.arange(2000) % 10 < 5
    savemat(tmp_path / "Runs.mat", {"traindata": cells, "validdata": cells, "testdata": cells})
    table = benchmark.score(prepare([str(tmp_path / "Runs.mat")], tmp_path / "runs"), []).table.set_index("system")
    silence = 87 / 2000  # what each silent key costs by add-one smoothing, about
    assert table["nats"]["per-key Bernoulli"] == pytest.approx(np.log(2) + silence, rel=0.01)
    assert table["nats"]["per-key Markov"] == pytest.approx(
        -(0.8 * np.log(0.8) + 0.2 * np.log(0.2)) + silence, rel=0.01
    )
    assert table["accuracy"]["per-key Bernoulli"] == pytest.approx(0.25 / (0.75 + silence), rel=0.01)
    assert table["accuracy"]["per-key Markov"] == pytest.approx(0.34 / (0.66 + silence), rel=0.01)


def test_the_literature_stands_beside_the_published_test_splits_only(
    tiny: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = ((4, 110), (3, 75), (5, 150))
    monkeypatch.setattr(benchmark, "SETS", {sizes: "JSB Chorales"})
    assert set(benchmark.score(tiny, [], split="valid").table["role"]) == {"baseline"}
    scores = benchmark.score(tiny, [])
    table = scores.table.set_index("system")
    assert scores.name == "JSB Chorales"
    assert table["nats_from_2"]["TCN (2018)"] == 8.10
    assert table["nats"]["RNN (2012)"] == 8.71
    assert np.isnan(table["nats"]["TCN (2018)"])
    assert table["note"]["RNN-NADE (2012)"].startswith("models the keys of a frame jointly")
    assert "RNN-NADE (2012): models the keys of a frame jointly" in benchmark.notes(scores)[-1]


def test_every_published_figure_is_in_nats_below_the_baseline_without_memory() -> None:
    bernoulli = {"Nottingham": 10.26, "JSB Chorales": 11.09, "MuseData": 11.51, "Piano-midi.de": 11.05}
    assert set(bernoulli) == set(benchmark.SETS.values())
    for published in benchmark.LITERATURE:
        assert all(2 < nats < bernoulli[name] for name, nats in published.nats.items())


def test_music_is_no_benchmark_and_its_runs_cannot_be_scored_on_one(
    tiny: Corpus, tiny_corpus: Corpus, tmp_path: Path
) -> None:
    with pytest.raises(MismatchError, match=r"has 156 rows, and a benchmark has 88; .*: clstm accuracy"):
        benchmark.score(tiny_corpus, [])
    with pytest.raises(MismatchError, match="was trained on music of 156 rows; give one trained on the benchmark's 88"):
        benchmark.score(tiny, [run_of("lstm", tmp_path, rows=156)])


def test_two_runs_of_one_name_are_refused(tiny: Corpus, tmp_path: Path) -> None:
    runs = [run_of("rnn", tmp_path / folder / "rnn") for folder in "ab"]
    with pytest.raises(UserError, match="two systems are called rnn"):
        benchmark.score(tiny, runs)


def test_the_command_prints_and_writes_one_table(tiny: Corpus, tmp_path: Path) -> None:
    run = run_of("rnn", tmp_path / "my_rnn")
    files = ["--out", str(tmp_path / "scores.csv"), "--latex", str(tmp_path / "scores.tex")]
    done = CliRunner().invoke(load_commands(), ["benchmark", str(tiny.path), str(run), *files])
    assert done.exit_code == 0, done.output
    assert "was trained on another corpus" in done.output
    table = pd.read_csv(tmp_path / "scores.csv").set_index("system")
    written = (tmp_path / "scores.tex").read_text()
    assert r"\toprule" in written
    for name, shown in (("my_rnn", r"my\_rnn"), ("per-key Markov", "per-key Markov")):
        nats = f"{table['nats'][name]:.2f}"
        assert f"{shown} & {nats} &" in written
        assert nats in done.output


def test_accuracy_of_a_benchmark_points_to_this_command(tiny: Corpus, tmp_path: Path) -> None:
    done = CliRunner().invoke(load_commands(), ["accuracy", str(tiny.path), str(run_of("rnn", tmp_path))])
    assert isinstance(done.exception, MismatchError)
    assert "score it with: clstm benchmark" in str(done.exception)
