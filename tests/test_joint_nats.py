"""Joint nats: what a model of frames and one of notes say of the next frame, on one honest scale."""

from io import StringIO
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rich.console import Console
from test_accuracy import run_of
from test_likelihood import song
from test_notes import every_piece, network
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.corpus.corpus import Corpus
from clstm.generation.sampling import draw
from clstm.models.checkpoint import build, save_model
from clstm.models.note_scoring import notes_of, read
from clstm.models.notes import Config
from clstm.models.sequence import matrix_of, sequence
from clstm.music.score import HELD, PITCHES, ROWS, STRUCK, Matrix, repair
from clstm.prediction import accuracy, benchmark, likelihood, tables
from clstm.prediction.baselines import hold_chord
from clstm.prediction.joint import states
from clstm.prediction.joint.notewise import nats_after, nats_in, whole
from clstm.prediction.predictors import ScoredSystem, baselines, model
from clstm.runtime.errors import MismatchError
from evaluation.prompting.likelihood import read_likelihood

SMALL = Config(width=32, layers=2, ff=2, head=16, context=32, local=4, channels=3)
CHANCE = st.floats(0, 1, allow_nan=False)


def notes_run(folder: Path, config: Config = SMALL) -> Path:
    """A run of an untrained network, whose short durations and gaps are likely."""
    torch.manual_seed(0)
    made = build(config)
    with torch.no_grad():
        for bias in (made.d_b, made.g_b):
            bias.sub_(torch.arange(len(bias)) / 2)
    folder.mkdir(parents=True, exist_ok=True)
    save_model(folder, config, made.state_dict(), {"corpus": {"pedal": False}, "training": {"seed": 0}})
    return folder


# Models of frames.


@settings(max_examples=50, deadline=None)
@given(CHANCE, CHANCE, st.booleans())
def test_the_chances_of_the_three_states_sum_to_one(held: float, struck: float, sounding: bool) -> None:
    chances = np.tile([held, struck], (1, PITCHES)).reshape(1, PITCHES, 2).transpose(0, 2, 1).reshape(1, ROWS)
    each = states.chances_of_states(chances, np.full((1, PITCHES), sounding, dtype=np.uint8))
    assert (each >= 0).all()
    assert each.sum(axis=1) == pytest.approx(1)
    assert sounding or (each[:, states.GOES_ON] == 0).all()


@pytest.mark.parametrize("sounding", [0, 1])
def test_nats_are_of_what_generate_draws(sounding: int) -> None:
    """Each pitch with chances of its own, drawn many times: the shares are the chances that are scored."""
    random = np.random.default_rng(0)
    chances = random.random((1, 1, ROWS)).astype(np.float32)
    before = np.full((1, PITCHES), sounding, dtype=np.uint8)
    times = 4000
    many = np.repeat(chances, times, axis=0), np.repeat(before, times, axis=0)
    drawn = states.states(draw(*many, random.random((times, 1, 2, PITCHES)))[:, 0])
    each = states.chances_of_states(chances[:, 0].astype(np.float64), before)[0]
    for state in range(3):
        assert (drawn == state).mean(axis=0) == pytest.approx(each[state], abs=0.04)


def test_the_chances_of_all_next_frames_of_two_pitches_sum_to_one() -> None:
    random = np.random.default_rng(1)
    chances = np.zeros((1, ROWS))
    chances[0, [30, 31, PITCHES + 30, PITCHES + 31]] = random.random(4)
    before = np.zeros((1, ROWS), dtype=np.uint8)
    before[0, 30] = 1
    total = 0.0
    for cells in product([(0, 0), (1, 0), (1, 1)], repeat=2):
        frame = np.zeros((1, ROWS), dtype=np.uint8)
        for pitch, (held, struck) in zip((30, 31), cells, strict=True):
            frame[0, pitch], frame[0, PITCHES + pitch] = held, struck
        total += float(np.exp(-states.joint_nats(chances, before, frame).nats[0]))
    assert total == pytest.approx(1)


def test_what_came_with_a_chance_of_0_is_dear_and_counted() -> None:
    """Held less likely than struck: what sounds is struck or ends, and cannot go on."""
    chances, before = np.zeros((1, ROWS)), np.zeros((1, ROWS), dtype=np.uint8)
    chances[0, 30], chances[0, PITCHES + 30] = 0.25, 0.75
    before[0, 30] = 1
    found = states.joint_nats(chances, before, before)
    assert found.zeros.tolist() == [1]
    assert found.nats == pytest.approx([-np.log(1e-15)])
    assert np.isnan(found.past).all()


# A model of notes.


WIDE = network(PITCHES, context=32)


def melody(frames: int, seed: int = 0) -> Matrix:
    """Consistent music that sounds all the time."""
    random = np.random.default_rng(seed)
    matrix = np.zeros((ROWS, frames), dtype=np.uint8)
    for onset in range(0, frames, 2):
        for pitch in random.choice(np.arange(30, 50), 2, replace=False):
            matrix[pitch, onset : onset + int(random.integers(1, 7))] = 1
            matrix[PITCHES + pitch, onset] = 1
    return matrix


def test_the_chances_of_all_that_can_follow_a_window_sum_to_one() -> None:
    """Of two pitches, in a window of four frames: one of them sounds from before it on."""
    made = network(2)
    past = np.array([(0, 0, 4), (1, 1, 2)])
    chances = [
        np.exp(-one.of_frame(4))
        for notes in every_piece(2, 5)
        if (grid(notes, 5)[:, :4] == grid(past, 4)).all()
        for one in read(made, [(notes, 5)])
    ]
    assert len(chances) == 6  # what sounds has three states, what is silent two
    assert sum(chances) == pytest.approx(1, abs=1e-5)
    assert max(chances) < 0.9


def grid(notes: NDArray[np.int64], frames: int) -> NDArray[np.int64]:
    """0 silent, 1 goes on, 2 struck; (2, frames)."""
    made = np.zeros((2, frames), dtype=np.int64)
    for pitch, onset, lasting in notes:
        made[pitch, onset : onset + lasting] = 1
        made[pitch, onset] = 2
    return made


def test_a_piece_scored_frame_by_frame_adds_up_to_the_whole() -> None:
    made, matrix = network(78, context=32), melody(80)
    each = nats_in(made, matrix, np.arange(80))
    assert each.sum() == pytest.approx(whole(made, matrix))
    (one,) = read(made, [(notes_of(matrix), 80)])
    np.testing.assert_allclose(each, np.diff([one.before(frame) for frame in range(81)]), atol=1e-9)


def test_the_nats_after_a_window_depend_on_nothing_before_it_nor_behind_the_frame() -> None:
    made, matrix = network(78), melody(60)
    frames = np.ascontiguousarray(matrix.T)
    ends = np.array([30, 41])
    found = nats_after(made, frames, ends, 20)
    other = frames.copy()
    other[42:] = 0
    other[:10] = 0
    np.testing.assert_allclose(nats_after(made, other, ends, 20), found)
    changed = frames.copy()
    changed[40] = 0
    assert nats_after(made, changed, ends, 20)[1] != pytest.approx(found[1], abs=1e-3)


def test_a_window_as_long_as_the_past_gives_what_the_whole_past_gives() -> None:
    made, matrix = network(78), melody(40)
    (given,) = nats_after(made, np.ascontiguousarray(matrix.T), np.array([39]), 39)
    (past,) = nats_in(made, matrix, np.array([39]))
    assert given == pytest.approx(past, abs=1e-4)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 40))
def test_frames_of_any_music_add_up_and_none_costs_less_than_nothing(seed: int, frames: int) -> None:
    each = nats_in(WIDE, matrix := melody(frames, seed), np.arange(frames))
    assert (each >= -1e-6).all()
    assert each.sum() == pytest.approx(whole(WIDE, matrix))


def test_notes_read_back_are_the_matrix() -> None:
    matrix = repair(melody(30))
    np.testing.assert_array_equal(matrix_of(sequence(matrix), 30), matrix)
    assert (matrix[STRUCK] <= matrix[HELD]).all()


# `clstm accuracy`.


def test_accuracy_has_joint_nats_of_all_that_draw_and_cells_of_all_but_notes(
    tiny_corpus: Corpus, tmp_path: Path
) -> None:
    runs = [run_of("lstm", tmp_path / "lstm"), notes_run(tmp_path / "mine")]
    csv, tex, pairs = (tmp_path / name for name in ("a.csv", "a.tex", "pairs.csv"))
    words = ["accuracy", str(tiny_corpus.path), *map(str, runs), "--stride", "31"]
    words += ["--out", str(csv), "--latex", str(tex), "--pairs", str(pairs)]
    done = CliRunner().invoke(load_commands(), words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "mine draws notes and has no chance of each cell: no accuracy, F1, threshold or nats of cells." in said
    assert "Joint nats of the next frame" in said
    assert "came with a chance of 0 cost 34.5 nats each: none." in said
    assert "nan" not in done.output
    console = Console(width=80, file=StringIO())
    console.print(tables.joint(pd.read_csv(csv)), tables.compared(pd.read_csv(pairs), "joint_nats"))
    assert max(map(len, console.file.getvalue().splitlines())) <= 80
    assert "…" not in console.file.getvalue()
    table = pd.read_csv(csv).set_index(["system", "horizon"])
    known = table["joint_nats"].xs("next", level="horizon").notna()
    assert known.to_dict() == {
        **dict.fromkeys(("silence", "copy last frame", "hold last chord"), False),
        **dict.fromkeys(("per-row Markov", "lstm", "mine"), True),
    }
    assert table["joint_nats"].xs("nine", level="horizon").isna().all()
    mine = table.loc[("mine", "next")]
    assert mine[["accuracy", "f1", "f1_at_threshold", "nats", "threshold"]].isna().all()
    assert mine["joint_nats_past"] > 0
    assert table.loc[("lstm", "next"), "joint_nats"] < table.loc[("lstm", "next"), "nats"]
    best = table.loc[("per-row Markov", "next"), "joint_nats"]
    assert mine["skill_joint_nats"] == pytest.approx(1 - mine["joint_nats"] / best)
    (pair,) = pd.read_csv(pairs).query("horizon == 'next'").to_dict("records")
    assert np.isnan(pair["nats"])
    assert pair["joint_nats"] == pytest.approx(mine["joint_nats"] - table.loc[("lstm", "next"), "joint_nats"])
    assert "Joint nats, given" in tex.read_text()
    assert f"${mine['joint_nats_past']:.2f}$" in tex.read_text()
    assert "nan" not in tex.read_text()


def test_accuracy_scores_the_frames_after_its_windows(tiny_corpus: Corpus, tmp_path: Path) -> None:
    system = model(notes_run(tmp_path / "mine"), tiny_corpus)
    assert system.notes is not None
    systems = {"mine": system, "hold": ScoredSystem(hold_chord, "baseline", calibrated=False)}
    counts = accuracy.count(tiny_corpus, systems, split="test", window=90, stride=50)
    (piece,) = tiny_corpus.of_split("test")
    matrix = tiny_corpus.matrix(int(piece))
    ends = np.arange(90, matrix.shape[1] - 8, 50)
    own = counts[(counts["system"] == "mine") & (counts["horizon"] == "next")]
    frames = np.ascontiguousarray(matrix.T)
    assert own["joint_nats"].sum() == pytest.approx(nats_after(system.notes, frames, ends, 90).sum(), abs=1e-3)
    assert own["joint_nats_past"].sum() == pytest.approx(nats_in(system.notes, matrix, ends).sum(), abs=1e-3)
    assert counts.loc[counts["system"] == "hold", "joint_nats"].isna().all()


def test_intervals_of_joint_nats_hold_their_values(tiny_corpus: Corpus) -> None:
    systems = {"per-row Markov": baselines(tiny_corpus, 90)["per-row Markov"]}
    counts = accuracy.count(tiny_corpus, systems, split="train", window=90, stride=31)
    row = accuracy.summarise(counts).set_index("horizon").loc["next"]
    assert row["groups"] == 6
    assert 0 < row["joint_nats_low"] < row["joint_nats"] < row["joint_nats_high"]
    assert row["joint_zeros"] == 0


# `clstm likelihood`.


def test_likelihood_has_exact_nats_of_whole_pieces_under_notes(tmp_path: Path) -> None:
    song(tmp_path / "music" / "long.mid", 0, seconds=20.0)
    song(tmp_path / "music" / "short.mid", 1, seconds=5.0)
    run, frames = notes_run(tmp_path / "mine"), run_of("lstm", tmp_path / "lstm")
    found = likelihood.score_systems({"a": tmp_path / "music"}, [run, frames], stride=31)
    table = found.table.set_index(["model", "file"])
    piece = likelihood.read_score(likelihood.Source(tmp_path / "music" / "short.mid")).matrix
    exact = whole(build_of(run), piece) / piece.shape[1]
    assert table.loc[("mine", "short.mid"), "joint_nats_whole"] == pytest.approx(exact)
    assert table.loc["mine", "nats_per_frame"].isna().all()
    assert table.loc["lstm", "joint_nats_whole"].isna().all()
    for name in ("mine", "lstm"):
        assert table.loc[(name, "long.mid"), "joint_nats_per_frame"] > 0
        assert np.isnan(table.loc[(name, "short.mid"), "joint_nats_per_frame"])
    alone = likelihood.score_systems({"a": tmp_path / "music" / "short.mid"}, [run])
    assert alone.table["joint_nats_whole"].notna().all()


def build_of(run: Path):
    return model(run, None).notes  # type: ignore[arg-type]  # a model of notes needs no corpus


def test_the_table_of_likelihood_gives_compare_the_nats_of_notes(tmp_path: Path) -> None:
    song(tmp_path / "music" / "a.mid", 0, seconds=20.0)
    runs = [str(notes_run(tmp_path / "mine")), str(run_of("lstm", tmp_path / "lstm"))]
    out = tmp_path / "likelihood.csv"
    words = ["likelihood", f"m={tmp_path / 'music'}", "--model", runs[0], "--model", runs[1], "--out", str(out)]
    done = CliRunner().invoke(load_commands(), words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    for words in ("nats per frame, mean", "joint nats per frame, mean", "joint nats per frame, whole pieces"):
        assert words in done.output
    assert "nan" not in done.output
    written, given = pd.read_csv(out).set_index("model"), read_likelihood(out).set_index("model")
    assert given.loc["mine", "nats_per_frame"] == written.loc["mine", "joint_nats_whole"]
    assert given.loc["lstm", "nats_per_frame"] == written.loc["lstm", "nats_per_frame"]


# `clstm benchmark`.

ROLLS = Config(pitches=88, roll=True, width=32, layers=2, ff=2, head=16, context=32, local=4, channels=3)


def test_benchmark_has_exact_joint_nats_of_steps_and_no_accuracy(tmp_path: Path) -> None:
    made = build_of(notes_run(tmp_path / "mine", ROLLS))
    frames = (np.random.default_rng(0).random((24, 88)) < 0.05).astype(np.uint8)
    every, later = benchmark.count_joint(made, frames)
    (one,) = read(made, [(notes_of(frames.T), 24)])
    each = [one.of_frame(step) for step in range(24)]
    assert every[:2] == pytest.approx([24, sum(each)])
    assert later[:2] == pytest.approx([23, sum(each[1:])])
    values = benchmark.values(np.stack([every, later]))
    assert np.isnan(values).tolist() == [False, True, False, True]


def test_the_command_takes_notes_of_piano_rolls_and_refuses_those_of_music(tmp_path: Path) -> None:
    from scipy.io import savemat
    from test_polyphony import rolls

    lists = {"traindata": rolls(4, 1), "validdata": rolls(3, 2), "testdata": rolls(5, 3)}
    savemat(tmp_path / "Tiny.mat", lists)
    from clstm.corpus.preparation import prepare

    corpus = prepare([str(tmp_path / "Tiny.mat")], tmp_path / "tiny")
    run = notes_run(tmp_path / "mine", ROLLS)
    words = [
        "benchmark",
        str(corpus.path),
        str(run),
        "--out",
        str(tmp_path / "b.csv"),
        "--latex",
        str(tmp_path / "b.tex"),
    ]
    done = CliRunner().invoke(load_commands(), words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    row = pd.read_csv(tmp_path / "b.csv").set_index("system").loc["mine"]
    assert row["nats_low"] < row["nats"] < row["nats_high"]
    assert np.isfinite(row["nats_from_2"])
    assert np.isnan(row["accuracy"])
    assert "jointly" in row["note"]
    assert "mine: models the keys of a frame jointly" in " ".join(done.output.split())
    assert "nan" not in done.output.lower() + (tmp_path / "b.tex").read_text().lower()
    with pytest.raises(MismatchError, match=r"was trained on music of 156 rows.*clstm train notes CORPUS"):
        benchmark.score(corpus, [notes_run(tmp_path / "music")])
