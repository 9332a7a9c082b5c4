"""The distance in all metrics together, on music made up so that the truth is known."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from evaluation.distance import joint, kernels, sentences, space
from evaluation.distance.joint import Distance
from evaluation.distance.ranking import ranking
from evaluation.distance.space import JOINT, spaces
from evaluation.metrics.catalogue import CATALOGUE, METRICS
from evaluation.metrics.metric import VIEWS
from evaluation.statistics.effects import Interval

Music = tuple[pd.DataFrame, pd.DataFrame]


def music(
    random: np.random.Generator, shifts: Mapping[str, float], pieces: int = 24, *, prompts: bool = False
) -> Music:
    """Systems whose metrics are those of the human pieces of the scale, shifted by so many spreads."""
    whole = spaces()[JOINT]
    rows, listed = [], []
    for number, (system, shift) in enumerate(shifts.items()):
        drawn = whole.centre + whole.spread * (random.normal(size=(pieces, len(whole.metrics))) + shift)
        for piece, values in enumerate(drawn):
            rows += [(system, str(piece), name, value) for name, value in zip(whole.metrics, values, strict=True)]
            listed.append((system, str(piece), piece if prompts else 1000 * number + piece))
    return (
        pd.DataFrame(rows, columns=["system", "piece", "metric", "value"]),
        pd.DataFrame(listed, columns=["system", "piece", "group"]),
    )


def test_the_space_has_every_metric_that_piano_music_is_tested_by() -> None:
    of_piano = [name for name, metric in METRICS.items() if metric.tested and metric.view in VIEWS]
    assert set(spaces()[JOINT].metrics) <= set(of_piano)
    assert len(spaces()[JOINT].metrics) >= 38
    assert list(spaces()) == [JOINT, *(view for view in VIEWS if view in spaces())]


def test_components_have_variance_1_among_the_pieces_they_are_fitted_to(tmp_path: pytest.TempPathFactory) -> None:
    random = np.random.default_rng(0)
    values = pd.DataFrame(random.normal(size=(300, 6)) @ random.normal(size=(6, 38)), columns=spaces()[JOINT].metrics)
    found = space.fitted(values)
    assert np.cov(found[JOINT].points(values).T) == pytest.approx(np.eye(found[JOINT].components.shape[1]), abs=1e-6)
    assert found[JOINT].components.shape[1] <= 6


def test_people_against_people_are_on_the_line_and_a_model_is_above_it() -> None:
    random = np.random.default_rng(1)
    people, far = [], []
    for _ in range(5):
        found = joint.distances(
            *music(random, {"human": 0, "people": 0, "model": 2}),
            {"people": "human", "model": "human"},
            permutations=99,
        )
        people.append(next(one for one in found if one.system == "people" and one.space == JOINT))
        far.append(next(one for one in found if one.system == "model" and one.space == JOINT))
    assert np.mean([one.found.value for one in people]) == pytest.approx(0, abs=0.015)
    assert sum(one.found.value > one.human_95 for one in people) <= 2
    assert all(one.found.value > one.human_95 and one.p < 0.05 for one in far)
    assert all(one.variety is not None and one.variety.coverage < one.expected for one in far)


def test_a_system_that_differs_in_notes_alone_differs_in_that_view_alone() -> None:
    values, pieces = music(np.random.default_rng(2), {"human": 0, "model": 0}, pieces=40)
    notes = values["metric"].map(lambda name: METRICS[name].view == "symbolic") & (values["system"] == "model")
    values.loc[notes, "value"] += 2 * values.loc[notes, "metric"].map(
        dict(zip(spaces()[JOINT].metrics, spaces()[JOINT].spread, strict=True))
    )
    found = {one.space: one for one in joint.distances(values, pieces, {"model": "human"}, permutations=999)}
    assert {name for name, one in found.items() if one.p_holm < 0.05} - {JOINT} == {"symbolic"}
    assert max(found, key=lambda name: found[name].found.value if name != JOINT else 0) == "symbolic"


def test_a_view_of_which_no_piece_has_a_metric_is_none() -> None:
    values, pieces = music(np.random.default_rng(3), {"human": 0, "model": 1})
    sound = values[~values["metric"].map(lambda name: METRICS[name].view in ("symbolic", "repetition"))]
    found = {one.space for one in joint.distances(sound, pieces, {"model": "human"}, permutations=99)}
    assert found == set(spaces()) - {"symbolic", "repetition"}
    model_alone = sound.merge(values[values["system"] == "model"], how="outer")
    found = {one.space for one in joint.distances(model_alone, pieces, {"model": "human"}, permutations=99)}
    assert found == set(spaces())  # only one side has notes: that is a difference


def test_the_line_is_that_of_sets_as_large_as_those_compared() -> None:
    """The 95th percentile of two fresh samples of the same distribution, whatever their sizes."""
    random = np.random.default_rng(3)
    whole = spaces()[JOINT]
    lines, actual = [], []
    for _ in range(30):
        values, pieces = music(random, {"human": 0, "people": 0}, pieces=40)
        wide, groups = joint.table(values, pieces)
        alike = whole.alike(wide.loc[["human"]])
        lines.append(joint.halves_95(alike, groups.loc["human"].to_numpy(), 40, random, 50))
        own = {name: groups.loc[name].to_numpy() for name in ("human", "people")}
        actual.append(kernels.of_all_spaces(wide, own)[JOINT].squared()["people"])
    assert np.mean(np.array(actual) > np.mean(lines)) <= 0.2
    assert np.mean(lines) == pytest.approx(1.7 * np.std(actual), rel=0.5)


def test_four_groups_have_no_line() -> None:
    random = np.random.default_rng(6)
    lines = []
    for count in (4, 5):
        values, pieces = music(random, {"human": 0, "people": 0}, pieces=count)
        lines.append(joint.distances(values, pieces, {"people": "human"}, only=(JOINT,), permutations=99)[0].human_95)
    assert [bool(np.isfinite(one)) for one in lines] == [False, True]


@pytest.mark.parametrize(
    ("p", "low", "said"), [(0.048, -0.003, "includes"), (0.06, 0.002, "excludes"), (0.01, 0.01, "")]
)
def test_p_decides_where_the_interval_says_otherwise(p: float, low: float, said: str) -> None:
    one = Distance("rnn", "human", JOINT, 24, Interval(0.03, low, 0.07), p, p, np.nan)
    words = sentences.on_system(one)
    assert words.startswith(f"rnn {'differs' if p < 0.05 else 'does not differ'} significantly from human")
    assert (f"p decides; the interval, which {said} 0, says how large it may be" in words) == bool(said)


def test_ranks_are_as_certain_as_the_pairs() -> None:
    values, pieces = music(np.random.default_rng(4), {"human": 0, "near": 0.2, "far": 1.5, "alike": 0.2}, prompts=True)
    found = ranking(values, pieces, "human", ["near", "far", "alike"])
    assert found.ranks == {"near": (1, 2), "far": (3, 3), "alike": (1, 2)}


def test_a_piece_without_a_metric_lies_at_its_centre_and_a_system_of_one_piece_has_no_distance() -> None:
    values, pieces = music(np.random.default_rng(5), {"human": 0, "model": 1})
    values.loc[values["metric"] == "novelty_rate", "value"] = np.nan
    found = joint.distances(values, pieces, {"model": "human"}, permutations=99)
    assert all(np.isfinite(one.found.value) for one in found)
    alone = pieces[(pieces["system"] == "human") | (pieces["piece"] == "0")]
    assert (
        joint.distances(values[values["system"].isin(["human"]) | (values["piece"] == "0")], alone, {"model": "human"})
        == []
    )


def test_the_scale_is_of_the_catalogue_as_it_is() -> None:
    changed = {name for name in spaces()[JOINT].metrics if METRICS[name].since > 3}
    assert not changed, f"version {CATALOGUE} defines them anew: fit the space again"
