"""Every kind of sentence that a comparison, a report and a study's results write, on simulated data whose truth is
known: what is not there is said at the level of the tests, and what is there is never said of the other direction."""

import re

import numpy as np
import pandas as pd
import pytest

from evaluation.agreement import LEVELS
from evaluation.comparison import contrasts
from evaluation.comparison.summary import summary
from evaluation.comparison.verdict import rows_of
from evaluation.metrics.catalogue import METRICS
from listening_study.analysis.inference import conclude
from listening_study.analysis.listener_model import Spread, probabilities, respond
from listening_study.protocol.configuration import Registration
from listening_study.protocol.registration import register
from reports.content.report import SystemContent
from reports.findings import correlation
from reports.findings import sentences as words

TESTED = [name for name, metric in METRICS.items() if metric.tested][:4]
SYSTEMS = [
    SystemContent(name=name, role=role, colour="", shown="", median_seconds=1.0, inputs=())
    for name, role in (("human", "reference"), ("model", "system"))
]
PERMUTATIONS = 999

Tables = tuple[pd.DataFrame, pd.DataFrame]


def music(random: np.random.Generator, mean: float = 0.0, spread: float = 1.0, pieces: int = 30) -> Tables:
    """Thirty pieces by people and by a model whose metrics all have this mean and spread, people's 0 and 1."""
    figures, about = [], []
    for system, at, by in (("human", 0.0, 1.0), ("model", mean, spread)):
        for number in range(pieces):
            values = random.normal(at, by, len(TESTED))
            figures += [(system, f"{number}", name, value, "", "") for name, value in zip(TESTED, values, strict=True)]
            about.append((system, f"{number}", f"{system}{number}", 30.0, "", ""))
    columns = ["system", "piece", "metric", "value", "unit", "note"]
    pieces_columns = ["system", "piece", "group", "seconds", "remarks", "rejected"]
    return pd.DataFrame(figures, columns=columns), pd.DataFrame(about, columns=pieces_columns)


def sentences(seed: int, **truth: float) -> tuple[str, str]:
    """What `clstm compare` sums up, and what the report says of the same."""
    table = contrasts.compare(*music(np.random.default_rng(seed), **truth), "human", permutations=PERMUTATIONS)
    said = words.summary(rows_of(table), SYSTEMS, "human")
    return summary(table, ["model"])[0], " ".join(one.text for one in said)


@pytest.fixture(scope="module")
def of_nothing() -> list[tuple[str, str]]:
    return [sentences(seed) for seed in range(40)]


def test_where_nothing_differs_one_table_in_twenty_says_so(of_nothing: list[tuple[str, str]]) -> None:
    """Of 40, at most 5: more have a chance of 1.4 % at the level of 5 %."""
    for compared, reported in of_nothing:
        assert ("significantly in 0 of" in compared) == ("does not differ significantly" in reported)
    assert sum("significantly in 0 of" not in compared for compared, _ in of_nothing) <= 5


def test_where_nothing_differs_no_proof_of_equality_is_claimed(of_nothing: list[tuple[str, str]]) -> None:
    for compared, reported in of_nothing:
        if "significantly in 0 of" in compared:
            assert "does not show that it is equal" in compared
            assert "which does not mean equal" in reported
            assert "are not ruled out" in reported


@pytest.mark.parametrize(("mean", "right", "wrong"), [(1.5, "higher", "lower"), (-1.5, "lower", "higher")])
def test_a_direction_is_the_right_one(mean: float, right: str, wrong: str) -> None:
    for seed in range(3):
        for text in sentences(seed, mean=mean):
            assert right in text
            assert wrong not in text


@pytest.mark.parametrize(
    ("spread", "right", "wrong"), [(3.0, "varies more", "varies less"), (0.3, "varies less", "varies more")]
)
def test_unequal_spread_is_called_that_and_gets_no_direction(spread: float, right: str, wrong: str) -> None:
    directions = 0
    for seed in range(8):
        for text in sentences(seed, spread=spread):
            assert right in text
            assert wrong not in text
        directions += bool(re.search("higher|lower", text))
    assert directions <= 2


# Numbers and listeners


def heard(seed: int, relation: float) -> str:
    """Forty clips of two sources; one metric is related to what listeners took for human, by so much."""
    random = np.random.default_rng(seed)
    share = random.random(40)
    clips = pd.DataFrame({"clip": [f"{n}" for n in range(40)], "source": ["a", "b"] * 20, "p_human": share})
    values = random.normal(size=(40, len(TESTED)))
    names = [name for name in TESTED if METRICS[name].unit not in LEVELS]
    values[:, TESTED.index(names[0])] += relation * (share - 0.5)
    rows = [(f"{n}", name, value) for n, own in enumerate(values) for name, value in zip(TESTED, own, strict=True)]
    found = correlation.correlate(pd.DataFrame(rows, columns=["clip", "metric", "value"]), clips)
    return words.on_correlation(found)


@pytest.mark.slow
def test_unrelated_metrics_rarely_correlate_significantly() -> None:
    said = [heard(seed, 0.0) for seed in range(20)]
    assert sum(not text.startswith("No metric correlates") for text in said) <= 4
    assert all("does not show that none is related" in text for text in said if text.startswith("No metric correlates"))


@pytest.mark.parametrize(("relation", "sign"), [pytest.param(12.0, "(0.", marks=pytest.mark.slow), (-12.0, "(−0.")])
def test_a_metric_that_is_related_to_judgements_is_named_with_its_sign(relation: float, sign: str) -> None:
    text = heard(0, relation)
    assert re.match(r"[1-4] of \d metrics correlates? significantly", text)
    assert sign in text


# Listeners


def concluded(seed: int, **shares: float) -> str:
    """The words on a system after a study of 15 listeners and 10 clips a source, with an anchor that is heard."""
    random = np.random.default_rng(seed)
    sources = [source for source in shares for _ in range(10)]
    said = respond(random, probabilities(random, shares, sources, 15, Spread(0.5, 0.5, 0.3)))[0]
    people, clips = np.indices(said.shape)
    answers = pd.DataFrame(
        {
            "participant": people.ravel() + 1,
            "clip": [f"clip-{number}" for number in clips.ravel()],
            "source": [sources[number] for number in clips.ravel()],
            "said_human": said.ravel().astype(int),
        }
    )
    registration = register("human", ("human", "model", "noise"), Registration(anchor="noise", margin=0.1))
    found = conclude(answers, registration).contrasts
    return str(found.loc[found["source"] == "model", "words"].iloc[0])


def test_listeners_who_hear_no_difference_are_rarely_said_to() -> None:
    said = [concluded(seed, human=0.6, model=0.6, noise=0.1) for seed in range(40)]
    assert sum("differs significantly from" in text for text in said) <= 6


@pytest.mark.parametrize(
    ("model", "right", "wrong"), [(0.25, "less often", "more often"), (0.95, "more often", "less often")]
)
def test_what_listeners_hear_is_told_in_its_direction(model: float, right: str, wrong: str) -> None:
    said = [concluded(seed, human=0.6, model=model, noise=0.05) for seed in range(10)]
    assert sum(right in text for text in said) >= 6
    assert not any(wrong in text for text in said)
    assert not any("are equivalent" in text for text in said)


def test_a_difference_as_large_as_the_margin_is_rarely_called_equivalent() -> None:
    said = [concluded(seed, human=0.7, model=0.6, noise=0.05) for seed in range(30)]
    assert sum("are equivalent" in text for text in said) <= 4
