"""Spaces of what pianos lack, fitted to the reference itself; pairs by view; and margins."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from clstm.runtime.errors import UserError
from evaluation.distance import fitting, joint, kernels, sentences
from evaluation.distance.kernels import EVERYTHING, FEWEST
from evaluation.distance.ranking import Margin, no_worse, ranking
from evaluation.distance.space import JOINT, Array, spaces
from evaluation.metrics.catalogue import METRICS

OWN = [name for name, one in METRICS.items() if one.tested and one.view in ("instruments", "metre")]
DRAWS = 80


def band(
    random: np.random.Generator, shifts: Mapping[str, float], pieces: int
) -> tuple[pd.DataFrame, dict[str, Array]]:
    """Systems of a band, whose instruments and metre vary together, shifted by so many units; each with own groups."""
    whole = spaces()[JOINT]
    mixed = np.random.default_rng(99).normal(size=(6, len(OWN)))
    rows, groups = [], {}
    for number, (name, shift) in enumerate(shifts.items()):
        sound = whole.centre + whole.spread * random.normal(size=(pieces, len(whole.metrics)))
        own = random.normal(size=(pieces, 6)) @ mixed + 0.5 * random.normal(size=(pieces, len(OWN))) + shift
        index = pd.MultiIndex.from_product([[name], range(pieces)])
        rows.append(pd.DataFrame(np.hstack([sound, own]), columns=[*whole.metrics, *OWN], index=index))
        groups[name] = np.arange(pieces) + 1000 * number
    return pd.concat(rows), groups


def test_a_piano_has_only_the_spaces_that_come_with_the_program() -> None:
    wide, groups = band(np.random.default_rng(0), {"human": 0, "a": 0}, 20)
    assert list(kernels.of_all_spaces(wide[list(spaces()[JOINT].metrics)], groups)) == list(spaces())


def test_a_band_has_spaces_of_its_instruments_its_metre_and_of_everything() -> None:
    wide, groups = band(np.random.default_rng(0), {"human": 0, "a": 0}, FEWEST)
    assert list(kernels.of_all_spaces(wide, groups)) == [*spaces(), "instruments", "metre", EVERYTHING]
    few = {name: own[:-1] for name, own in groups.items()}
    wide = wide[wide.index.get_level_values(1) < FEWEST - 1]
    assert list(kernels.of_all_spaces(wide, few)) == list(spaces())


@pytest.mark.parametrize("pieces", [24, pytest.param(50, marks=pytest.mark.slow)])
def test_a_space_fitted_to_the_reference_favours_nobody(pieces: int) -> None:
    """Fitted to all of it, not to the other fold, MMD^2 is far above 0 where nothing differs."""
    random = np.random.default_rng(1)
    found = {"instruments": [], "metre": [], EVERYTHING: []}  # type: dict[str, list[float]]
    for _ in range(DRAWS):
        sets = kernels.of_all_spaces(*band(random, {"human": 0, "a": 0}, pieces))
        for name, own in found.items():
            own.append(sets[name].squared()["a"])
    for own in found.values():
        assert np.mean(own) == pytest.approx(0, abs=3 * np.std(own) / np.sqrt(DRAWS))


@pytest.mark.slow
def test_its_test_keeps_its_level_and_finds_a_difference() -> None:
    random = np.random.default_rng(2)
    p = {0.0: [], 2.0: []}  # type: dict[float, list[float]]
    for shift, own in p.items():
        for _ in range(DRAWS):
            sets = kernels.of_all_spaces(*band(random, {"human": 0, "a": shift}, 24))
            own.append(sets["instruments"].p("a", random, 99))
    assert (np.array(p[0.0]) <= 0.05).mean() <= 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / DRAWS)
    assert (np.array(p[2.0]) <= 0.05).mean() > 0.8


def test_a_distance_does_not_depend_on_the_other_systems() -> None:
    wide, groups = band(np.random.default_rng(3), {"human": 0, "a": 1, "far": 9}, 20)
    long = wide.rename_axis(index=["system", "piece"]).reset_index().melt(["system", "piece"], var_name="metric")
    pieces = pd.DataFrame(
        [(name, k, group) for name, own in groups.items() for k, group in enumerate(own)],
        columns=["system", "piece", "group"],
    )
    alone = joint.distances(long[long["system"] != "far"], pieces[pieces["system"] != "far"], {"a": "human"})
    both = joint.distances(long, pieces, {"a": "human", "far": "human"})
    assert [one.found for one in both if one.system == "a"] == [one.found for one in alone]


def test_pairs_by_view_are_one_family() -> None:
    wide, groups = band(np.random.default_rng(4), {"human": 0, "a": 0, "b": 3}, 24)
    long = wide.rename_axis(index=["system", "piece"]).reset_index().melt(["system", "piece"], var_name="metric")
    pieces = pd.DataFrame(
        [(name, k, group) for name, own in groups.items() for k, group in enumerate(own)],
        columns=["system", "piece", "group"],
    )
    found = ranking(long, pieces, "human", ["a", "b"], margin=Margin(0.001))
    assert found.by_view is not None
    assert {view for view, own in found.by_view.items() if own[0].significant} >= {"instruments", "metre"}
    assert all(one.p_holm >= one.p for own in found.by_view.values() for one in own)
    assert any("a than b in instruments" in words for words in sentences.on_ranking(found))


def test_no_worse_is_said_only_where_the_limit_is_below_the_margin() -> None:
    drawn = np.random.default_rng(5).normal(0, 0.01, (2, 2000))
    far = {"a": 0.10, "b": 0.11}
    resampled = {"a": 0.10 + drawn[0], "b": 0.11 + drawn[1]}
    shown = {
        margin: {one.system for one in no_worse(far, resampled, Margin(margin), 50) if one.shown}
        for margin in (0.005, 0.03, 0.06)
    }
    assert shown == {0.005: set(), 0.03: {"a"}, 0.06: {"a", "b"}}


def test_no_worse_is_said_wrongly_in_5_percent_at_most() -> None:
    """The truth is at the margin: a is further than b by all of it."""
    random = np.random.default_rng(6)
    wrong = 0
    for _ in range(400):
        noise = random.normal(0, 0.01)
        drawn = noise + random.normal(0, 0.01, 1000)
        found = no_worse({"a": 0.12 + noise, "b": 0.1}, {"a": 0.12 + drawn, "b": np.full(1000, 0.1)}, Margin(0.02), 50)
        wrong += found[0].shown
    assert wrong / 400 <= 0.05


@pytest.mark.parametrize("text", ["a lot", "-1", "0", "rnn=10", "10%", "other=10%"])
def test_a_margin_is_a_distance_or_a_share_of_a_system(text: str) -> None:
    with pytest.raises(UserError, match="--margin"):
        Margin.of(text, ["rnn"])


def test_the_space_is_fitted_again_by_a_command() -> None:
    with pytest.raises(SystemExit):
        fitting.main([])


@pytest.mark.parametrize("given", ["0", "0.02", "2000", "nan", "-3", "a=0%", "a=150%", "a=10", "10%", "b=10%", ""])
def test_a_margin_is_typed_as_distances_are_printed(given: str) -> None:
    assert (Margin.of("20", ["a"]).share, Margin.of("a=10%", ["a"]).share) == (0.02, 0.1)
    with pytest.raises(UserError, match="--margin"):
        Margin.of(given, ["a"])
