"""How far systems are, and who is closer: only where all of them met one reference under one control."""

import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from clstm.music.midi import Notes, write_midi
from evaluation.audio.render import RenderSettings
from evaluation.comparison.closeness import DISTANCES, PAIRS, Closeness, _coarser, said
from evaluation.comparison.compare import Comparison, ComparisonRequest, judge
from evaluation.comparison.folder import make_verdict
from evaluation.controls.control import Control, together
from evaluation.distance.space import JOINT

pytestmark = pytest.mark.usefixtures("measured_once", "rough_floors")

PIECES = 6


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """People and another like them; one on a grid, one at one velocity; two far from all; and audio."""
    home = tmp_path_factory.mktemp("music")
    kinds = {"human": {}, "other": {}, "grid": {"grid": True}, "even": {"velocity": 80}}  # type: dict[str, dict[str, int]]
    kinds |= {"high": {"pitch": 30}, "low": {"pitch": -24}, "again": {"pitch": 30}}
    for seed, (name, how) in enumerate(kinds.items()):
        for number in range(PIECES):
            random = np.random.default_rng((seed, number))
            onset = np.cumsum(random.gamma(2, 0.15, 30))
            onset = np.round(onset * 8) / 8 if how.get("grid") else onset
            velocity = np.full(30, how["velocity"]) if "velocity" in how else random.integers(40, 100, 30)
            pitch = random.integers(55, 75, 30) + how.get("pitch", 0)
            lasts = 0.25 if how.get("grid") else 0.31
            write_midi(Notes.of(zip(onset, onset + lasts, pitch, velocity, strict=True)), home / name / f"{number}.mid")
    (home / "audio").mkdir()
    for number in range(PIECES):
        noise = np.random.default_rng(number).normal(0, 0.1, 5 * 16000)
        soundfile.write(home / "audio" / f"{number}.wav", noise, 16000)
    return {name: home / name for name in (*kinds, "audio")}


def compared(music: dict[str, Path], *names: str) -> Comparison:
    sources = {name: music[name] for name in ("human", *names)}
    settings = RenderSettings(sample_rate=16000)
    return judge(ComparisonRequest(sources, "human", music["human"] / "out", settings, seconds=5, workers=2))


def sentences(near: Closeness) -> list[str]:
    return [words for _, words in said(near)]


def test_systems_that_met_one_reference_are_ranked(music: dict[str, Path]) -> None:
    near = compared(music, "other", "high").near
    assert near.ranking is not None
    assert (near.ranking.reference, near.ranking.control) == ("human", "")
    assert near.ranking.distances["other"] < near.ranking.distances["high"]
    (pair,) = near.ranking.pairs
    assert (pair.closer, pair.significant) == ("other", True)
    assert near.ranking.ranks == {"other": (1, 1), "high": (2, 2)}
    assert "other is significantly closer to human than high." in sentences(near)


def test_systems_of_other_limits_are_ranked_under_the_limits_of_all(music: dict[str, Path]) -> None:
    found = compared(music, "grid", "even")
    assert found.references.against["grid"] != found.references.against["even"]
    assert found.near.ranking is not None
    assert found.near.ranking.control == "1/8 s grid, one velocity"
    assert set(found.near.ranking.distances) == {"grid", "even"}


@pytest.mark.parametrize(("grids", "said"), [((10, 8), 1), ((16, 8), 0), ((8, None), 0), ((8, 8), 0)])
def test_a_ranking_on_a_grid_coarser_than_any_system_has_says_so(grids: tuple[int | None, ...], said: int) -> None:
    own = [Control(per_second=one, offsets=True) for one in grids]
    both = together(own)
    assert both is not None
    found = _coarser(both, own)
    assert len(found) == said
    if said:
        assert "on a grid of 1/2 s, which their grids (1/10 s, 1/8 s) have in common" in found[0]


def test_audio_and_music_with_limits_are_not_ranked(music: dict[str, Path]) -> None:
    near = compared(music, "grid", "audio").near
    assert near.ranking is None
    assert near.remarks == ("grid, audio cannot be ranked: no limits can be put on audio",)
    assert {one.system for one in near.distances if one.space == JOINT} == {"human", "grid", "audio"}


def test_one_system_has_a_distance_and_no_rank(music: dict[str, Path]) -> None:
    near = compared(music, "low").near
    assert near.ranking is None
    (line,) = sentences(near)
    assert line.startswith("low differs significantly from human in all metrics together: MMD² × 1000 is ")


def test_what_is_not_known_is_said(music: dict[str, Path]) -> None:
    """Two systems that are one and the same music, in another order: neither is closer."""
    near = compared(music, "high", "again").near
    assert near.ranking is not None
    assert [one.significant for one in near.ranking.pairs] == [False]
    assert any(
        re.fullmatch("Which of (high and again|again and high) is closer is inconclusive.", one)
        for one in sentences(near)
    )
    assert near.ranking.ranks == {"high": (1, 2), "again": (1, 2)}


def test_the_folder_has_distances_and_pairs(music: dict[str, Path], tmp_path: Path) -> None:
    sources = {name: music[name] for name in ("human", "other", "high")}
    settings = RenderSettings(sample_rate=16000)
    made = make_verdict(ComparisonRequest(sources, "human", tmp_path / "out", settings, seconds=5, workers=2))
    assert (tmp_path / "out" / DISTANCES).read_text().count("\n") == 1 + len(made.near.distances) + len(made.near.plain)
    assert (tmp_path / "out" / PAIRS).read_text().splitlines()[1].startswith("other,high,")
    text = (tmp_path / "out" / "verdict.md").read_text()
    assert "## All metrics together" in text
    assert "nan" not in text  # near copies of fewer than a hundred pieces
