"""The verdict: what is there is found, what is not is not, and nothing is inferred from a single piece."""

from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from rich.table import Table

from evaluation.comparison import contrasts, tables, terminal
from evaluation.comparison.sounds import flips
from evaluation.comparison.summary import caveats, summary
from evaluation.comparison.verdict import COLUMNS, DIFFERS, INCONCLUSIVE, NONE, SAME, TOO_FEW, rows_of
from evaluation.metrics.catalogue import METRICS

NAMES = ("centroid", "mean_level", "note_density")


def measured(
    values: dict[str, dict[str, Sequence[float]]], groups: dict[str, list[str]] | None = None, **columns: object
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables of `measure_systems` for system -> metric -> one value per piece; NaN is "silent"."""
    figures, pieces = [], []
    for system, metrics in values.items():
        for metric, own in metrics.items():
            for number, value in enumerate(own):
                note = "silent" if np.isnan(value) else ""
                figures.append((system, f"{number}", metric, value, METRICS[metric].unit, note))
        for number in range(len(next(iter(metrics.values())))):
            group = groups[system][number] if groups else f"{system}{number}"
            pieces.append(
                {"system": system, "piece": f"{number}", "group": group, "seconds": 30.0, "remarks": "", "rejected": ""}
                | {
                    name: value[system]
                    for name, value in columns.items()
                    if isinstance(value, dict) and system in value
                }
            )
    return (
        pd.DataFrame(figures, columns=["system", "piece", "metric", "value", "unit", "note"]),
        pd.DataFrame(pieces),
    )


def people_and_models(seed: int = 0, size: int = 40) -> dict[str, dict[str, Sequence[float]]]:
    random = np.random.default_rng(seed)
    alike = random.normal(size=(3, size))
    return {
        "human": {"centroid": 500 + 50 * alike[0], "mean_level": alike[1], "note_density": 5 + alike[2]},
        "alike": {
            name: scale * random.normal(size=size) + at
            for name, scale, at in zip(NAMES, (50, 1, 1), (500, 0, 5), strict=True)
        },
        "other": {
            "centroid": 650 + 50 * random.normal(size=size),
            "mean_level": 4 * random.normal(size=size),
            "note_density": 2 + random.normal(size=size),
        },
    }


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return contrasts.compare(*measured(people_and_models()), "human")


def row(table: pd.DataFrame, system: str, metric: str) -> dict[str, object]:
    rows = table[(table["system"] == system) & (table["metric"] == metric)].to_dict("records")
    assert len(rows) == 1
    return rows[0]


def test_each_system_has_one_row_per_metric(table: pd.DataFrame) -> None:
    assert tuple(table.columns) == COLUMNS
    assert [(one["system"], one["metric"]) for one in table.to_dict("records")] == [
        (system, metric) for system in ("alike", "other") for metric in METRICS if metric in NAMES
    ]


def test_what_differs_has_its_direction_and_magnitude(table: pd.DataFrame) -> None:
    centroid, level, density = (row(table, "other", name) for name in NAMES)
    assert (centroid["verdict"], centroid["direction"], centroid["magnitude"]) == (DIFFERS, "higher", "large")
    assert (density["verdict"], density["direction"], density["magnitude"]) == (DIFFERS, "lower", "large")
    assert (level["verdict"], level["direction"], level["magnitude"]) == (DIFFERS, "varies more", "")
    assert centroid["difference"] == pytest.approx(150, abs=30)
    assert centroid["difference_low"] < 150 < centroid["difference_high"]  # type: ignore[operator]
    assert 1.5 < centroid["distance_low"] < centroid["distance"] < centroid["distance_high"]  # type: ignore[operator]


def test_what_does_not_differ_is_inconclusive(table: pd.DataFrame) -> None:
    assert set(table.loc[table["system"] == "alike", "verdict"]) == {INCONCLUSIVE}
    assert table.loc[table["system"] == "alike", "distance"].between(0.6, 1.6).all()


def test_p_values_are_of_ten_thousand_permutations_and_corrected_over_a_system(table: pd.DataFrame) -> None:
    assert (table["permutations"] >= 10_000).all()
    assert (table["p_holm"] >= table["p"]).all()
    assert table["p"].min() == pytest.approx(1 / 10_001)
    assert table["p_holm"].min() == pytest.approx(3 / 10_001)


def test_a_verdict_does_not_depend_on_the_other_systems(table: pd.DataFrame) -> None:
    values = people_and_models()
    alone = contrasts.compare(*measured({name: values[name] for name in ("human", "other")}), "human")
    crowd = values | {f"more{number}": people_and_models(number)["other"] for number in range(4)}
    beside = contrasts.compare(*measured(crowd), "human")
    for other in (table, beside):
        pd.testing.assert_frame_equal(other[other["system"] == "other"].reset_index(drop=True), alone)


def test_a_smaller_system_beside_it_changes_distances_and_no_verdict() -> None:
    values = people_and_models()
    small = values | {"small": people_and_models(9, 6)["alike"]}
    alone, beside = (
        contrasts.compare(*measured(each), "human").query("system == 'other'").reset_index(drop=True)
        for each in (values, small)
    )
    inferred = [name for name in COLUMNS if name not in ("reference_95", "floor", "size")]
    pd.testing.assert_frame_equal(
        alone[[name for name in inferred if not name.startswith("distance")]],
        beside[[name for name in inferred if not name.startswith("distance")]],
    )
    assert (beside["size"] < alone["size"]).all()


@pytest.mark.parametrize("ratio", [0.4, 2.5])
def test_unequal_spread_is_called_that_and_given_no_direction(ratio: float) -> None:
    random = np.random.default_rng(0)
    said = []
    for _ in range(20):
        values = {"human": {"centroid": random.normal(size=60)}, "model": {"centroid": ratio * random.normal(size=40)}}
        said.append(row(contrasts.compare(*measured(values), "human", permutations=499), "model", "centroid"))
    said = [one["direction"] for one in said]
    directions = [direction for direction in said if direction in ("higher", "lower")]
    assert len(directions) <= 2
    assert said.count("varies more" if ratio > 1 else "varies less") >= 15


def test_equal_means_and_spreads_of_another_shape_are_only_said_to_differ() -> None:
    """Two peaks against one: same mean, same mean distance from the median."""
    random = np.random.default_rng(1)
    one = random.normal(size=200)
    two = np.sign(random.normal(size=200)) * np.sqrt(2 / np.pi) + 0.05 * random.normal(size=200)
    values = {"human": {"centroid": one - np.mean(one)}, "model": {"centroid": two - np.mean(two)}}
    found = row(contrasts.compare(*measured(values), "human"), "model", "centroid")
    assert (found["verdict"], found["direction"], found["magnitude"]) == (DIFFERS, "in distribution", "")


def test_a_mean_and_most_pieces_on_opposite_sides_get_no_direction() -> None:
    """A tenth of the pieces far above, the rest a little below."""
    random = np.random.default_rng(2)
    model = np.concatenate([random.normal(size=180) - 0.6, 20 + random.normal(size=20)])
    values = {"human": {"centroid": random.normal(size=200)}, "model": {"centroid": model}}
    found = row(contrasts.compare(*measured(values), "human"), "model", "centroid")
    assert found["difference"] > 0 > found["delta"]  # type: ignore[operator]
    assert found["mean_p_holm"] < 0.05  # type: ignore[operator]
    assert found["direction"] not in ("higher", "lower")


@pytest.mark.slow  # the test that the table has is held to this in test_inference, with more draws
def test_a_group_with_an_interaction_is_no_difference() -> None:
    random = np.random.default_rng(3)
    alarms = 0
    for _ in range(100):
        groups = [f"g{number}" for number in range(10) for _ in range(5)]
        work = np.repeat(random.normal(size=10), 5)
        values = {
            name: {"centroid": work + 0.5 * np.repeat(random.normal(size=10), 5) + random.normal(size=50)}
            for name in ("human", "model")
        }
        table = contrasts.compare(*measured(values, dict.fromkeys(values, groups)), "human", permutations=99)
        alarms += table["p"].iloc[0] <= 0.05
    assert alarms <= 10


def test_what_floating_point_adds_is_no_difference() -> None:
    """Notes of one length, whose files reach it by other sums."""
    reference = np.where(np.arange(20) % 2, 0.5, 0.49999999999999994)
    values = {"human": {"centroid": reference}, "model": {"centroid": np.full(20, 0.5)}}
    found = row(contrasts.compare(*measured(values), "human"), "model", "centroid")
    assert (found["verdict"], found["note"]) == (NONE, SAME)


def test_groups_too_few_for_the_corrected_test_are_said_to_be() -> None:
    """Five shared groups: the least p is 2 in 32, however many pieces each has."""
    groups = [f"g{number}" for number in range(5) for _ in range(20)]
    random = np.random.default_rng(4)
    values = {name: {"centroid": at + random.normal(size=100)} for name, at in (("human", 0), ("model", 50))}
    found = row(contrasts.compare(*measured(values, dict.fromkeys(values, groups)), "human"), "model", "centroid")
    assert (found["verdict"], found["note"], found["least_p"]) == (NONE, "too few groups", 2 / 32)


def test_six_groups_against_six_others_are_too_few_for_all_metrics() -> None:
    """2 of 924 exchanges are as extreme as the actual one; corrected for all metrics that cannot be significant."""
    tested = [name for name, metric in METRICS.items() if metric.tested]
    values = {name: dict.fromkeys(tested, at + np.arange(6.0) / 9) for name, at in (("human", 0), ("model", 50))}
    table = contrasts.compare(*measured(values), "human")
    assert set(table["p"]) == set(table["least_p"]) == {2 / 924}
    assert set(table["verdict"]) == {NONE}
    assert set(table["permutations"]) == {924}


def test_the_same_seed_gives_the_same_table(table: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(contrasts.compare(*measured(people_and_models()), "human"), table)


def test_a_system_of_many_figures_gets_more_permutations() -> None:
    values = {system: {name: np.arange(10.0) for name in METRICS} for system in ("human", "a", "b", "c", "d")}
    table = contrasts.compare(*measured(values), "human", permutations=None)
    tested = [name for name, metric in METRICS.items() if metric.tested]
    assert set(table["metric"]) == set(tested)
    assert table["permutations"].iloc[0] == max(10_000, 100 * len(tested))


def test_pairs_show_what_independent_sets_of_the_same_size_would_hide() -> None:
    """Pieces continued by both: each differs from its own pair by far less than pieces differ among themselves."""
    random = np.random.default_rng(3)
    human = 100 * random.normal(size=30)
    values = {"human": {"centroid": human}, "model": {"centroid": human + 20 + 5 * random.normal(size=30)}}
    groups = {name: [f"g{number}" for number in range(30)] for name in values}
    paired = row(contrasts.compare(*measured(values, groups), "human"), "model", "centroid")
    apart = row(contrasts.compare(*measured(values), "human"), "model", "centroid")
    assert paired["verdict"] == DIFFERS
    assert apart["verdict"] == INCONCLUSIVE


def test_a_single_piece_is_compared_and_nothing_inferred() -> None:
    figures, pieces = measured({"human": {"centroid": [500.0]}, "model": {"centroid": [600.0]}})
    only = row(contrasts.compare(figures, pieces, "human"), "model", "centroid")
    assert (only["verdict"], only["reference_median"], only["system_median"]) == (NONE, 500, 600)
    assert only["note"] == "fewer than 2 pieces have it"
    assert np.isnan(only["p"])  # type: ignore[arg-type]
    said = caveats(contrasts.compare(figures, pieces, "human"), pieces, "human")
    assert "model has one piece: it is measured, and nothing is inferred from it" in said


def test_pieces_of_one_group_give_no_verdict() -> None:
    values = {name: {"centroid": np.arange(5.0)} for name in ("human", "model")}
    groups = {"human": ["bach"] * 5, "model": [str(number) for number in range(5)]}
    only = row(contrasts.compare(*measured(values, groups), "human"), "model", "centroid")
    assert (only["verdict"], only["note"]) == (NONE, "all pieces are of one group")


def test_a_figure_that_pieces_lack_says_how_many_and_why() -> None:
    random = np.random.default_rng(0)
    values = {"human": {"centroid": random.normal(size=30)}, "model": {"centroid": random.normal(size=30)}}
    values["model"]["centroid"][:20] = np.nan
    one = row(contrasts.compare(*measured(values), "human"), "model", "centroid")
    assert one["note"] == "20 of 30 of model without (silent)"
    assert (one["system_n"], one["reference_n"], one["verdict"]) == (10, 30, INCONCLUSIVE)
    values["model"]["centroid"][:] = np.nan
    none = row(contrasts.compare(*measured(values), "human"), "model", "centroid")
    assert none["verdict"] == NONE
    assert none["note"] == "fewer than 2 pieces have it; 30 of 30 of model without (silent)"


def test_a_metric_that_no_exchange_changes_is_not_tested_and_does_not_count() -> None:
    """Constant, or the same in both sets group by group: its least p is 1."""
    random = np.random.default_rng(0)
    groups = {name: [f"g{number}" for number in range(10)] for name in ("human", "model")}
    own = random.normal(size=10)
    values = {
        "human": {"centroid": random.normal(size=10)},
        "model": {"centroid": random.normal(size=10) + 1},
    }
    alone = contrasts.compare(*measured(values, groups), "human", permutations=999)
    for each in values.values():
        each |= {"mean_level": np.full(10, 440.0), "note_density": own}
    table = contrasts.compare(*measured(values, groups), "human", permutations=999)
    assert table.loc[table["verdict"] == NONE, ["metric", "note"]].to_numpy().tolist() == [
        ["mean_level", SAME],
        ["note_density", SAME],
    ]
    tested = row(table, "model", "centroid")
    assert tested["p_holm"] == tested["p"] == alone["p_holm"].iloc[0]


def test_the_same_values_of_other_groups_are_tested() -> None:
    """An exchange of groups changes these, and those of one that has one value more."""
    values = {name: {"centroid": np.arange(10.0)} for name in ("human", "model")}
    assert row(contrasts.compare(*measured(values), "human"), "model", "centroid")["verdict"] == INCONCLUSIVE
    own = [f"g{number}" for number in range(10)]
    values["model"] = {"centroid": np.arange(11.0)}
    groups = {"human": own, "model": [*own, "g10"]}
    assert row(contrasts.compare(*measured(values, groups), "human"), "model", "centroid")["note"] != SAME


def test_the_remark_on_few_groups_says_how_many_would_do() -> None:
    """Of ten pairs the least p is 2 in 1,024, which is .05 of 25.6 metrics."""
    random = np.random.default_rng(1)
    names = list(METRICS)
    tested = [name for name in names if METRICS[name].tested][:26]
    groups = {name: [f"g{number}" for number in range(10)] for name in ("human", "model")}
    values = {name: {metric: random.normal(size=10) for metric in tested} for name in groups}
    figures, pieces = measured(values, groups)
    table = contrasts.compare(figures, pieces, "human", permutations=1024)
    assert set(table["note"]) == {TOO_FEW}
    assert caveats(table, pieces, "human")[0] == (
        "human and model are 10 pairs of groups: too few to show a significant difference in 26 metrics; 11 would do"
    )
    fewer = {name: {metric: own[metric] for metric in tested[:25]} for name, own in values.items()}
    assert TOO_FEW not in set(contrasts.compare(*measured(fewer, groups), "human", permutations=1024)["note"])


def test_enough_groups_of_which_few_have_a_value() -> None:
    random = np.random.default_rng(1)
    values = {name: {"centroid": random.normal(size=20), "mean_level": random.normal(size=20)} for name in "ab"}
    for own in values.values():
        own["centroid"][3:] = np.nan
    figures, pieces = measured(values)
    said = caveats(contrasts.compare(figures, pieces, "a"), pieces, "a")
    assert said[0] == (
        "b and a are 20 groups against 20: too few of them have a value to show a significant difference in 1 metric; "
        "5 against 5 with one would do"
    )


def test_a_conclusion_that_changes_with_another_sound_is_marked(table: pd.DataFrame) -> None:
    other = table.copy()
    place = other.index[(other["system"] == "other") & (other["metric"] == "centroid")][0]
    other.loc[place, "direction"] = "lower"
    weaker = table.copy()
    weaker.loc[place, "magnitude"] = "small"
    vaguer = table.copy()
    vaguer.loc[place, "direction"] = "in distribution"
    assert flips(table, {"hall": vaguer}).loc[place, "flips"] == "hall"
    marked = flips(table, {"reverb": other, "SoundFont": weaker})
    assert marked.loc[place, "flips"] == "reverb"
    assert (marked["flips"] != "").sum() == 1


def test_the_reader_is_told_of_lengths_sizes_and_files_that_were_lost() -> None:
    values = {"human": {"centroid": np.arange(20.0)}, "model": {"centroid": np.arange(4.0)}}
    figures, pieces = measured(
        values,
        seconds={"human": 180.0, "model": 30.0},
        remarks={"human": "", "model": "resampled from 48000 Hz"},
        rejected={"human": "0 bytes", "model": ""},
    )
    said = caveats(contrasts.compare(figures, pieces, "human"), pieces, "human")
    assert said[0] == "human: 20 of 20 files cannot be used"
    assert said[1].startswith("model lasts 30 s, human 180 s (medians): many metrics depend on length")
    assert said[2] == "model, 4 of 4 files: resampled from 48000 Hz"
    assert said[3].startswith("distances are between samples of 2 pieces: a noise floor shrinks as samples grow")


def test_the_remark_on_sizes_names_what_most_metrics_have_and_the_exceptions() -> None:
    values = {name: dict.fromkeys(("mean_level", "note_density"), np.arange(20.0)) for name in ("human", "model")}
    lacking = np.where(np.arange(20) < 6, np.arange(20.0), np.nan)
    values = {name: each | {"centroid": lacking} for name, each in values.items()}
    figures, pieces = measured(values)
    (said,) = caveats(contrasts.compare(figures, pieces, "human"), pieces, "human")
    label = METRICS["centroid"].label.lower()
    assert said.startswith(f"distances are between samples of 10 pieces ({label} 3): ")


def test_the_summary_counts_and_names_the_largest_distances(table: pd.DataFrame) -> None:
    alike, other = summary(table, ["alike", "other"])
    assert alike == "alike differs significantly in 0 of 3 metrics, which does not show that it is equal in them."
    assert other.startswith(
        "other differs significantly in 3 of 3 metrics: far brighter; far fewer notes per second. Largest distances, "
        "in noise floors (samples "
    )
    assert f"{METRICS['centroid'].label.lower()} higher (large)" in other


def test_the_table_to_read_has_every_row_and_escapes_names(table: pd.DataFrame) -> None:
    renamed = table.assign(system=table["system"].replace("other", "a|b"))
    text = tables.markdown(flips(renamed, {"reverb": renamed}), "human", ["one"], ["two"])
    assert "a\\|b" in text
    for name in NAMES:
        assert f"| {METRICS[name].label}" in text
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in lines} == {5}
    assert "↑**; δ +1.00" in text
    assert "↔**" in text
    assert "two samples of 20 pieces" in text
    heading, shown = terminal.readable(renamed, "human")
    assert isinstance(shown, Table)
    assert shown.row_count == len(NAMES)
    assert "? another" not in str(heading)


def printed(table: pd.DataFrame, reference: str) -> str:
    """As a terminal of 80 columns has it."""
    console = Console(file=StringIO(), width=80)
    for part in terminal.readable(table, reference):
        console.print(part)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_the_terminal_shows_every_number_whole_however_many_systems_there_are(table: pd.DataFrame) -> None:
    longest = max((name for name in METRICS if METRICS[name].tested), key=lambda name: len(METRICS[name].label))
    other = table[table["system"] == "other"].replace({"metric": {"centroid": longest}})
    names = [f"a system with a long name {number}" for number in range(9)]
    several = [other.assign(system=name, distance=1.5, against=f"set {k % 2}") for k, name in enumerate(names)]
    text = printed(pd.concat(several), "human")
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    for letter, name in zip("ABCDEFGHI", names, strict=True):
        assert f"{letter} = {name}" in text
    for found in rows_of(other):
        assert text.count(f"{found.delta:+.2f}") >= len(names)


def test_a_system_without_verdicts_is_no_column_unless_all_are(table: pd.DataFrame) -> None:
    alike = (table["system"] == "alike").to_numpy()
    one = table.assign(verdict=np.where(alike, NONE, table["verdict"]), note="")
    assert "alike" not in printed(one, "human")
    none = printed(table.assign(verdict=NONE, note=""), "human")
    assert "alike" in none
    assert "no metric has a verdict" in none


def test_the_reference_that_is_a_row_is_no_column_beside_it(table: pd.DataFrame) -> None:
    """Some meet the reference itself, and it meets its own control."""
    rows = table.assign(against=np.where(table["system"] == "alike", "human", "human, one velocity"))
    own = table[table["system"] == "alike"].assign(system="human", against="human, one velocity")
    text = tables.markdown(pd.concat([own, rows]), "human", [], [])
    heads = {line for line in text.splitlines() if line.startswith("| | ")}
    assert heads == {"| | human, one velocity | human | alike | other |"}
    assert "the distance from the set that each is compared with, with its 95 % interval" in text


def test_a_system_of_which_nothing_could_be_tested_has_the_reason() -> None:
    rows = [
        {"system": "a", "metric": name, "verdict": NONE, "note": note}
        for name, note in (
            ("centroid", TOO_FEW),
            ("spread", f"{TOO_FEW}; 1 of 2 of a without (silent)"),
            ("novelty", SAME),
        )
    ]
    assert summary(pd.DataFrame(rows), ["a"]) == [
        "a: no metric could be tested (too few groups in 2 metrics; the same in both in 1 metric)."
    ]


def test_a_difference_in_a_table_without_verdicts_is_none() -> None:
    figures, pieces = measured({"human": {"centroid": [500.0]}, "model": {"centroid": [600.0]}})
    text = tables.markdown(contrasts.compare(figures, pieces, "human"), "human", [], [])
    assert f"| {METRICS['centroid'].label} (Hz) | 500 | 600 (no verdict) |" in text


def test_too_few_groups_give_no_verdict_however_large_the_difference() -> None:
    values = {
        "human": {name: np.arange(4.0) for name in METRICS},
        "model": {name: 50 + np.arange(4.0) for name in METRICS},
    }
    figures, pieces = measured(values)
    table = contrasts.compare(figures, pieces, "human")
    assert set(table["verdict"]) == {NONE}
    assert set(table["note"]) == {TOO_FEW}
    said = caveats(table, pieces, "human")
    assert (
        f"model and human are 4 groups against 4: too few to show a significant difference in {len(table)} metrics; "
        "7 against 7 would do" in said
    )


def test_distances_of_all_systems_are_in_one_unit() -> None:
    random = np.random.default_rng(5)
    shifted = {"human": {"centroid": random.normal(size=100)}}
    shifted |= {f"{size}": {"centroid": 1 + random.normal(size=size)} for size in (200, 50, 12)}
    table = contrasts.compare(*measured(shifted), "human").set_index("system")
    assert set(table["size"]) == {6}
    assert table["distance"].max() < 1.5 * table["distance"].min()


@pytest.mark.slow  # the test that the table has is held to this in test_inference, with more draws
def test_pieces_that_lack_a_metric_leave_the_others_as_they_are() -> None:
    """Of thirty pieces five have the metric, drawn from the same values: false alarms stay rare."""
    random = np.random.default_rng(6)
    alarms = 0
    for _ in range(100):
        values = {name: {"centroid": random.normal(size=30)} for name in ("human", "model")}
        values["model"]["centroid"][5:] = np.nan
        alarms += contrasts.compare(*measured(values), "human", permutations=99)["p"].iloc[0] <= 0.05
    assert alarms <= 10


def test_what_is_rarely_higher_is_still_higher() -> None:
    """Looping: of the reference's pieces none, of the system's one in ten; quartiles say nothing."""
    values = {"human": {"looped": np.zeros(300)}, "model": {"looped": np.repeat([0.0, 1.0], [270, 30])}}
    table = contrasts.compare(*measured(values), "human")
    looped = row(table, "model", "looped")
    assert (looped["verdict"], looped["direction"], looped["magnitude"]) == (DIFFERS, "higher", "negligible")
    text = tables.markdown(table, "human", summary(table, ["model"]), [])
    assert "| Looping (share) | 0 | 0.100; **no floor ↑**; δ +0.10 |" in text
    assert "nan" not in text


def test_a_small_shift_of_every_pair_is_a_shift() -> None:
    random = np.random.default_rng(7)
    human = 100 * random.normal(size=40)
    values = {"human": {"centroid": human}, "model": {"centroid": human + 10 + 3 * random.normal(size=40)}}
    groups = {name: [f"g{number}" for number in range(40)] for name in values}
    one = row(contrasts.compare(*measured(values, groups), "human"), "model", "centroid")
    assert (one["verdict"], one["direction"], one["magnitude"]) == (DIFFERS, "higher", "negligible")


def test_metrics_of_notes_depend_on_no_sound(table: pd.DataFrame) -> None:
    other = table.copy()
    other["verdict"] = NONE
    marked = flips(table, {"reverb": other})
    notes = marked["metric"] == "note_density"
    assert set(marked.loc[notes, "flips"]) == {""}
    assert set(marked.loc[~notes, "flips"]) == {"reverb"}


def test_names_cannot_break_the_table(table: pd.DataFrame) -> None:
    renamed = table.assign(system=table["system"].replace("other", "a [/v2] <b>|"))
    assert "a [/v2] &lt;b&gt;\\|" in tables.markdown(renamed, "<i>human</i>", [], [])
    console = Console(width=100, record=True, file=StringIO())
    console.print(terminal.readable(renamed, "human [/red]"))
    shown = console.export_text()
    assert "human [/red]" in shown
    assert "[/v2]" in shown


def test_a_table_read_from_disk_is_compared_alike(tmp_path: Path, table: pd.DataFrame) -> None:
    figures, pieces = measured(people_and_models())
    figures.to_csv(tmp_path / "metrics.csv", index=False)
    read = pd.read_csv(tmp_path / "metrics.csv", dtype={"piece": str})
    pd.testing.assert_frame_equal(contrasts.compare(read, pieces, "human"), table)


def test_a_table_with_the_old_column_of_words_is_read_as_direction_and_magnitude(table: pd.DataFrame) -> None:
    """What version 0.1 wrote: `how` holds "higher (large)" or "varies more"."""
    words = [f"{one} ({two})" if two else one for one, two in zip(table["direction"], table["magnitude"], strict=True)]
    old = table.assign(how=words).drop(columns=["direction", "magnitude"])
    read = pd.read_csv(StringIO(old.to_csv(index=False)))
    assert rows_of(read) == rows_of(table)
    assert [row.words for row in rows_of(read)] == words


def test_a_row_has_a_direction_only_where_it_differs_and_a_magnitude_only_of_the_mean(table: pd.DataFrame) -> None:
    for row in rows_of(table):
        assert bool(row.direction) == row.differs
        assert bool(row.magnitude) == (row.direction in ("higher", "lower"))
