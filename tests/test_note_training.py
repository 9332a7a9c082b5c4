"""Training of the network of notes: what a step sees, that it learns, stops and resumes, and what it refuses."""

import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from scipy.io import savemat
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.corpus.corpus import PLAYED, Corpus
from clstm.corpus.preparation import prepare
from clstm.models.checkpoint import load_notes
from clstm.models.note_inputs import of_notes
from clstm.models.note_scoring import notes_of
from clstm.models.notes import Config
from clstm.music.score import is_consistent
from clstm.runtime.errors import MismatchError, UserError
from clstm.training.loop import Run, train
from clstm.training.notes import NoteTask, excerpts_of, played_again
from clstm.training.settings import NoteTraining, configure

NETWORK = Config(width=32, layers=2, ff=2, head=16, context=64, local=4, channels=2)
CONFIG = NoteTraining(batch=3, excerpt=48, steps=8, evaluate_every=4, warmup=0.1)
ON_GRID = replace(CONFIG, tempo=1.0, transpose=(0, 0))


def drawn(corpus: Corpus, config: NoteTraining, step: int = 0) -> list:
    pieces = corpus.of_split("train")
    notes = np.array([len(notes_of(corpus.matrix(int(piece)))) for piece in pieces])
    return excerpts_of(corpus, pieces, notes, NETWORK, config, step)


def test_excerpts_are_a_function_of_seed_and_step(tiny_corpus: Corpus) -> None:
    first, again = drawn(tiny_corpus, CONFIG, 7), drawn(tiny_corpus, CONFIG, 7)
    for one, other in zip(first, again, strict=True):
        assert all((one[name] == other[name]).all() for name in one)
    for other in (drawn(tiny_corpus, CONFIG, 8), drawn(tiny_corpus, replace(CONFIG, seed=1), 7)):
        assert any(len(a["p"]) != len(b["p"]) or (a["p"] != b["p"]).any() for a, b in zip(first, other, strict=True))


def test_an_excerpt_is_a_part_of_its_piece_and_knows_what_was_before(tiny_corpus: Corpus) -> None:
    wholes = [
        of_notes(notes_of(tiny_corpus.matrix(int(piece))), int(tiny_corpus.lengths[piece]))
        for piece in tiny_corpus.of_split("train")
    ]
    places = []
    for step in range(8):
        for excerpt in drawn(tiny_corpus, ON_GRID, step):
            length = len(excerpt["p"])
            found = [
                start
                for whole in wholes
                for start in range(len(whole["p"]) - length + 1)
                if all((own[start : start + length] == excerpt[name]).all() for name, own in whole.items())
            ]
            assert len(found) == 1
            places += found
    assert min(places) < 10
    assert max(places) > 100


def test_an_excerpt_longer_than_every_piece_is_a_whole_piece(tiny_corpus: Corpus) -> None:
    for excerpt in drawn(tiny_corpus, replace(ON_GRID, excerpt=1000)):
        assert excerpt["p"][0] == NETWORK.pitches  # the beginning
        assert len(excerpt["p"]) in {1 + len(notes_of(tiny_corpus.matrix(piece))) for piece in range(8)}


@given(
    st.lists(st.tuples(st.floats(0, 30), st.floats(0.01, 3), st.integers(24, 101)), min_size=1, max_size=30),
    st.integers(0, 1000),
)
def test_a_piece_played_again_has_its_notes_at_another_tempo(rows: list[tuple[float, float, int]], seed: int) -> None:
    played = np.array(sorted((onset, onset + length, pitch) for onset, length, pitch in rows), PLAYED)
    matrix = played_again(played, 1.25, np.random.default_rng(seed))
    assert is_consistent(matrix)
    frames = 8 * played["offset"].max()
    assert frames / 1.25 - 1 <= matrix.shape[1] <= max(frames * 1.25 + 2, 2)
    assert {*np.flatnonzero(matrix[:78].any(axis=1)) + 24} == {*played["pitch"]}


def test_excerpts_differ_in_tempo_and_a_quarter_are_on_the_grid_as_it_is(tiny_corpus: Corpus) -> None:
    """The pieces are on the grid, with a chord at every half second: every fourth frame, unless it is played again."""
    config = replace(CONFIG, batch=200, excerpt=1000, transpose=(0, 0))
    as_they_are = [
        bool((np.unique(one["time"][1:]) % 4 == 0).any()) and _even(one) for one in drawn(tiny_corpus, config)
    ]
    assert 0.15 < np.mean(as_they_are) < 0.4


def _even(excerpt: dict) -> bool:
    """Whether the lowest note of the piece comes every half second for 30 s."""
    onset = excerpt["time"][1:]
    return bool(onset.min() == 0 and {*range(0, 240, 4)} <= {*onset.tolist()})


def test_it_learns_its_pieces(tiny_corpus: Corpus, tmp_path: Path) -> None:
    config = replace(ON_GRID, steps=60, evaluate_every=60, batch=4, excerpt=64, average=0.1)
    run = train(tiny_corpus, tmp_path / "run", NETWORK, config)
    before = Run(tiny_corpus, tmp_path / "other", NETWORK, config)
    before._evaluate()
    assert run.progress.best < 0.6 * before.progress.best


def test_the_shares_of_two_processes_are_together_what_one_asks(tiny_corpus: Corpus, tmp_path: Path) -> None:
    run = Run(tiny_corpus, tmp_path, NETWORK, replace(CONFIG, dropout=0.0, without_guesses=0.0))
    both = [replace(run.share, rank=rank, world=2) for rank in range(2)]
    for asked in (lambda share: run.task.ask(run.network, 3, share), lambda share: run.task.score(run.bare, share)):
        with torch.no_grad():
            whole, parts = asked(run.share), [asked(share) for share in both]
        assert float(whole[0]) == pytest.approx(sum(float(nats) for nats, _ in parts), rel=1e-5)
        assert int(whole[1]) == sum(int(count) for _, count in parts)


def test_both_optimisers_move_their_weights_and_no_others(tiny_corpus: Corpus, tmp_path: Path) -> None:
    run = Run(tiny_corpus, tmp_path, NETWORK, CONFIG)
    assert isinstance(run.task, NoteTask)
    matrices = {id(one) for one in run.task.bare.matrices()}
    names = [name for name, one in run.bare.named_parameters() if id(one) in matrices]
    for number in range(2):
        before = {name: one.detach().clone() for name, one in run.bare.named_parameters()}
        run.bare.zero_grad()
        seen = run.task.ask(run.network, number, run.share)
        run.fabric.backward(seen[0] / seen[1])
        run.task.before_step()
        run.optimisers[number].step()
        moved = {name for name, one in run.bare.named_parameters() if (one != before[name]).any()}
        assert moved == ({*names} & moved if number == 0 else moved - {*names})
        assert len(moved) > 5


def test_what_is_kept_is_an_average_of_the_weights(tiny_corpus: Corpus, tmp_path: Path) -> None:
    run = train(tiny_corpus, tmp_path, NETWORK, replace(CONFIG, average=0.5, evaluate_every=8))
    kept = load_file(tmp_path / "weights.safetensors")
    own = dict(run.bare.named_parameters())
    assert all(torch.equal(kept[name], one) for name, one in run.average.named_parameters())
    assert (kept["state"] != own["state"]).any()


def test_a_run_stopped_and_resumed_ends_as_the_one_that_was_not(tiny_corpus: Corpus, tmp_path: Path) -> None:
    config = replace(CONFIG, average=0.2)
    train(tiny_corpus, tmp_path / "whole", NETWORK, config)

    def stop(run: Run) -> None:
        if run.progress.step == 3:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(tiny_corpus, tmp_path / "halves", NETWORK, config, report=stop)
    train(tiny_corpus, tmp_path / "halves", NETWORK, config, resume=True)
    whole, halves = (load_file(tmp_path / name / "weights.safetensors") for name in ("whole", "halves"))
    assert all(torch.equal(weights, halves[name]) for name, weights in whole.items())
    logs = [pd.read_csv(tmp_path / name / "log.csv")[["step", "nats"]] for name in ("whole", "halves")]
    pd.testing.assert_frame_equal(*logs, check_exact=True)


def test_it_learns_a_piano_roll_in_which_a_key_that_ends_cannot_be_struck(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rolls = [(random.random((40, 88)) < 0.05).astype(np.uint8) for _ in range(4)]
    cells = np.empty((1, 4), dtype=object)
    cells[0] = rolls
    savemat(tmp_path / "set.mat", {"traindata": cells, "validdata": cells[:, :1], "testdata": cells[:, :1]})
    corpus = prepare([str(tmp_path / "set.mat")], tmp_path / "rolls")
    network, config = configure("notes", "small", rows=corpus.rows, settings=["width=32", "head=16", "steps=2"])
    train(corpus, tmp_path / "run", network, config)
    made, about = load_notes(tmp_path / "run")
    assert (made.c.pitches, made.c.roll, made.c.free) == (88, True, 0)
    assert about["frame_rate"] is None


def test_the_command_trains_a_model_that_generate_takes(tiny_corpus: Corpus, tmp_path: Path) -> None:
    sizes = [word for one in ("width=32", "head=16", "batch=2", "excerpt=48") for word in ("--set", one)]
    command = ["train", "notes", str(tiny_corpus.path), "--out", str(tmp_path / "run"), "--steps", "3", *sizes]
    done = CliRunner().invoke(load_commands(), command)
    assert done.exit_code == 0, done.output
    assert "joint nats per frame, whole pieces, on 1 selection pieces" in " ".join(done.output.split())
    made = ["generate", str(tmp_path / "run"), "--from-nothing", "--seconds", "5", "--out", str(tmp_path / "music")]
    done = CliRunner().invoke(load_commands(), made)
    assert done.exit_code == 0, done.output


def test_a_corpus_without_notes_as_played_is_refused_unless_pieces_stay_on_their_grid(
    tiny_corpus: Corpus, tmp_path: Path
) -> None:
    shutil.copytree(tiny_corpus.path, tmp_path / "old")
    (tmp_path / "old" / "notes.bin").unlink()
    old = Corpus.open(tmp_path / "old")
    with pytest.raises(
        MismatchError, match=r"was prepared by an earlier version, without notes\.bin; prepare it again"
    ):
        train(old, tmp_path / "run", NETWORK, CONFIG)
    assert not (tmp_path / "run").exists()
    train(old, tmp_path / "run", NETWORK, replace(ON_GRID, steps=1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"preset": "paper"}, "choose one of: small, full"),
        ({"supervision": "dense"}, "--supervision is for networks that write frames"),
        ({"settings": ["kernels=4"]}, "--set kernels=4 is not a setting; give NAME=VALUE, with width, layers"),
        ({"settings": ["roll=1"]}, "--set roll=1 is not a setting"),
        ({"settings": ["width=100"]}, "no network has such sizes: 100 is not a multiple of heads of 32"),
        ({"settings": ["momentum=1"]}, "--set momentum=1 is not possible; give a share below 1"),
        ({"settings": ["tempo=0.5"]}, "--set tempo=0.5 is below 1"),
    ],
)
def test_a_wrong_configuration_is_refused(options: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        configure("notes", **({"preset": "small"} | options))
