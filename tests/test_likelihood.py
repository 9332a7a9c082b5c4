"""Nats of any music under a model: the same number as `clstm accuracy`, whatever else is scored beside it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_accuracy import run_of
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.corpus.preparation import prepare
from clstm.models.checkpoint import load_model
from clstm.music.midi import Notes, write_midi
from clstm.prediction import accuracy, likelihood
from clstm.prediction.windows import predictor
from clstm.runtime.errors import MismatchError, NothingUsableError, UserError


def song(path: Path, seed: int, seconds: float = 30.0, velocity: int = 80) -> Path:
    random = np.random.default_rng(seed)
    onsets = np.arange(0, seconds - 0.5, 0.25)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_midi(Notes.of([(t, t + 0.5, int(random.integers(40, 80)), velocity) for t in onsets]), path)
    return path


@pytest.fixture
def music(tmp_path: Path) -> Path:
    for seed in range(6):
        song(tmp_path / "music" / f"{seed}.mid", seed)
    return tmp_path / "music"


def test_a_piece_has_the_nats_that_accuracy_counts(music: Path, tmp_path: Path) -> None:
    run = run_of("lstm", tmp_path / "tiny")
    prepare([str(music)], tmp_path / "corpus")
    from clstm.corpus.corpus import Corpus

    corpus = Corpus.open(tmp_path / "corpus")
    split = corpus.held_out
    counts = accuracy.score(corpus, [run], split=split)
    own = counts[(counts["system"] == "tiny") & (counts["horizon"] == "next")]
    found = likelihood.score_systems({"a": music}, [run]).table.set_index("file")
    assert len(corpus.of_split(split))
    for piece in corpus.of_split(split):
        rows = own[own["piece"] == piece]
        name = Path(corpus.pieces["file"][piece]).name
        assert found.loc[name, "frames"] == rows["windows"].iloc[0]
        assert found.loc[name, "nats_per_frame"] == pytest.approx(rows["nats"].sum() / rows["windows"].iloc[0])


def test_what_is_scored_beside_a_piece_and_turns_of_a_long_one_change_nothing(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of("c-lstm", tmp_path / "tiny")
    together = likelihood.score_systems({"a": music}, [run]).table["nats_per_frame"]
    monkeypatch.setattr(likelihood, "FRAMES_AT_ONCE", 110)
    in_turns = likelihood.score_systems({"a": music}, [run]).table["nats_per_frame"]
    np.testing.assert_allclose(together, in_turns, rtol=1e-5)
    piece = likelihood.read_score(likelihood.Source(music / "0.mid")).matrix
    alone = likelihood.nats_of(piece, predictor(load_model(run)[0]))
    assert together[0] == pytest.approx(alone.mean(), rel=1e-5)


def test_a_repeated_note_is_likelier_than_random_notes_under_a_trained_model(tmp_path: Path) -> None:
    song(tmp_path / "random" / "a.mid", 0)
    (tmp_path / "one").mkdir()
    write_midi(Notes.of([(t / 2, t / 2 + 0.5, 60, 80) for t in range(60)]), tmp_path / "one" / "a.mid")
    sources = {"random": tmp_path / "random", "one": tmp_path / "one"}
    means = likelihood.mean_table(likelihood.score_systems(sources, ["rnn"]).table)
    assert means.loc["one", "rnn"] < means.loc["random", "rnn"]


def test_losses_and_short_and_broken_files_are_said_and_the_rest_is_scored(tmp_path: Path) -> None:
    song(tmp_path / "m" / "good.mid", 0)
    song(tmp_path / "m" / "short.mid", 1, seconds=5.0)
    (tmp_path / "m" / "broken.mid").write_bytes(b"MThd nothing")
    write_midi(Notes.of([(0.03, 20.0, 20, 80), (1.0, 2.0, 60, 40)]), tmp_path / "m" / "low.mid")
    found = likelihood.score_systems({"m": tmp_path / "m"}, ["rnn"])
    table = found.table.set_index("file")
    assert table["nats_per_frame"].notna().to_dict() == {
        "broken.mid": False,
        "good.mid": True,
        "low.mid": False,
        "short.mid": False,
    }
    assert "shorter than 99 frames" in table.loc["short.mid", "note"]
    said = "\n".join(found.remarks)
    assert "broken.mid" in said
    assert "1 of 130 notes outside MIDI 24 to 101" in said or "notes outside MIDI 24 to 101" in said
    assert "velocities in 1 file" in said
    with pytest.raises(NothingUsableError, match="short: none of its 1 file can be scored"):
        likelihood.score_systems({"short": tmp_path / "m" / "short.mid"}, ["rnn"])


def test_runs_of_two_windows_are_refused(music: Path, tmp_path: Path) -> None:
    runs = [run_of("lstm", tmp_path / "a"), run_of("lstm", tmp_path / "b", window=60)]
    with pytest.raises(MismatchError, match="windows of different frames"):
        likelihood.score_systems({"m": music}, runs)
    with pytest.raises(UserError, match="two systems are called a"):
        likelihood.score_systems({"m": music}, [runs[0], runs[0]])


def test_the_command_writes_a_table_that_it_may_replace(music: Path, tmp_path: Path) -> None:
    out = tmp_path / "likelihood.csv"
    for _ in range(2):
        made = CliRunner().invoke(
            load_commands(), ["likelihood", f"m={music}", "--model", "rnn", "--out", str(out)], catch_exceptions=False
        )
        assert made.exit_code == 0, made.output
    assert tuple(pd.read_csv(out).columns) == likelihood.COLUMNS
