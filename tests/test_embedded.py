"""Embeddings in a comparison: rows of their own, what is wrong with one is a line, and the rest goes on."""

from pathlib import Path

import numpy as np
import pytest

from clstm.music.midi import Notes, write_midi
from evaluation.audio.render import RenderSettings
from evaluation.comparison.compare import ComparisonRequest
from evaluation.comparison.folder import make_verdict

PIECES = 8


@pytest.fixture
def music(tmp_path: Path) -> dict[str, Path]:
    """People, and a system on a grid, with an array of each file: one lacks, one is of another width, one is NaN."""
    for seed, name in enumerate(("human", "rnn")):
        (tmp_path / "arrays" / name).mkdir(parents=True)
        for number in range(PIECES):
            random = np.random.default_rng((seed, number))
            onset = np.cumsum(random.gamma(2, 0.15, 20))
            onset = np.round(onset * 8) / 8 if name == "rnn" else onset
            rows = zip(onset, onset + 0.31, random.integers(50, 80, 20), random.integers(40, 100, 20), strict=True)
            write_midi(Notes.of(rows), tmp_path / name / f"{number}.mid")
            np.save(tmp_path / "arrays" / name / f"{number}.npy", random.normal(3 * seed, 1, (30, 3)))
    (tmp_path / "arrays" / "rnn" / "0.npy").unlink()
    np.save(tmp_path / "arrays" / "rnn" / "1.npy", np.ones(5))
    np.save(tmp_path / "arrays" / "rnn" / "2.npy", np.full(3, np.nan))
    return {name: tmp_path / name for name in ("human", "rnn")}


def test_what_is_wrong_with_arrays_is_said_and_the_rest_is_compared(music: dict[str, Path], tmp_path: Path) -> None:
    settings = RenderSettings(sample_rate=16000)
    asked = (f"mine={tmp_path / 'arrays'}",)
    request = ComparisonRequest(*(music, "human", tmp_path / "out", settings), seconds=3, workers=2, embeddings=asked)
    made = make_verdict(request)
    (row,) = [one for one in made.near.distances if one.space == "mine"]
    assert (row.system, row.against, row.pieces) == ("rnn", "human", PIECES - 3)
    assert row.found.value > row.human_95
    said = [remark for remark in made.remarks if remark.startswith("mine:")]
    assert said[0] == "mine: the arrays are of music as it is, so rnn met human without any control"
    assert said[1].startswith("mine: 2 of 8 files of rnn have no array: ")
    assert said[2] == "mine: 1 of 8 files of rnn are left out: others have arrays of 3 numbers"
    header, *rows = (tmp_path / "out" / "distances.csv").read_text().splitlines()
    assert "frechet_human_95" in header
    assert sum(",mine," in one for one in rows) == 1
    assert any("in mine: MMD² × 1000 is" in line for line in made.summary)
