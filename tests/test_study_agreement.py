"""Do metrics and distances go with what listeners said? Where they do it is found, and where they do not it is not."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.runtime.errors import UserError
from evaluation.agreement import (
    COLUMNS,
    FEWEST,
    WRITTEN,
    agreement,
    compared,
    distances,
    label,
    of_study,
    sentence,
    unlike,
)
from evaluation.audio.render import RenderSettings
from evaluation.distance.space import JOINT, spaces
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.systems import measure_systems
from listening_study.protocol.configuration import Clips, Configuration
from listening_study.protocol.key import Key, open_key
from listening_study.protocol.questions import Response
from listening_study.protocol.study import Study
from listening_study.results.heard import Heard, of_judgements
from listening_study.stimuli.creation import create_study
from listening_study.store import Agreement, Store

SOURCES = np.repeat(["a", "b"], 30)


def found(values: np.ndarray, judged: np.ndarray, seed: int = 0) -> pd.DataFrame:
    table = pd.DataFrame(values, columns=compared(_empty())[: values.shape[1]])
    return agreement({"metric": table}, pd.DataFrame({"source": SOURCES, "judged": judged}), seed)


def _empty() -> pd.DataFrame:
    from evaluation.metrics.catalogue import METRICS

    return pd.DataFrame(columns=list(METRICS))


def test_a_relation_is_found_with_its_direction_and_named() -> None:
    random = np.random.default_rng(1)
    judged = random.random(60)
    table = found(np.stack([-judged + random.random(60) / 4, random.random(60)], axis=1), judged)
    assert list(table.columns) == list(COLUMNS)
    assert table.loc[0, "within"] < -0.7
    assert table.loc[0, "within_low"] < table.loc[0, "within"] < table.loc[0, "within_high"] < -0.5
    assert sentence(table).startswith("1 of 2 metrics and distances correlates significantly")
    assert table.loc[0, "label"] in sentence(table)
    nothing = found(random.random((60, 2)), judged)
    assert "None of 2" in sentence(nothing)
    assert "does not show that none is related" in sentence(nothing)


def test_of_too_few_clips_nothing_is_said() -> None:
    table = agreement(
        {"metric": pd.DataFrame({"flatness": np.arange(FEWEST - 1.0)})},
        pd.DataFrame({"source": "a", "judged": np.arange(FEWEST - 1.0)}),
    )
    assert table["within"].isna().all()
    assert sentence(table) == "No quantity has enough clips for a correlation within sources."


def test_the_distance_of_a_clip_is_from_human_clips_of_other_pieces() -> None:
    metrics = pd.DataFrame({name: np.zeros(4) for name in spaces()[JOINT].metrics})
    metrics.loc[3] += 50.0
    human, pieces = np.array([True, True, False, False]), np.array(["x", "y", "x", "z"])
    table = distances(metrics, human, pieces)
    assert table[JOINT][:3].tolist() == pytest.approx([0, 0, 0])
    assert table[JOINT][3] > 0.5
    assert np.isnan(unlike(np.eye(2), np.array([True, False]), np.array(["x", "x"]))).all()
    assert label("distance", "loudness") == "Distance from people, loudness"


def test_p_is_corrected_over_all_attributes_of_a_block_and_not_over_blocks() -> None:
    random = np.random.default_rng(5)
    judged = random.random(60)
    values = judged[:, None] + random.random((60, 2))
    one = found(values, judged)
    whole = of_study({(1, "rating", "structure"): one, (1, "rating", "coherency"): one, (2, "mushra", "quality"): one})
    assert list(whole.columns) == list(WRITTEN)
    smallest = whole.groupby("block")["within_p_holm"].min() / one["within_p"].min()
    assert smallest.to_dict() == pytest.approx({1: 4.0, 2: 2.0})
    said = sentence(whole[whole["block"] == 1])
    assert said.startswith("4 of 4 combinations of a metric or distance with an attribute correlate significantly")
    assert " with structure (" in said


def test_of_preferences_nothing_is_said_over_all_and_of_abx_distances_are_between_the_two() -> None:
    random = np.random.default_rng(6)
    heard = pd.DataFrame({"source": SOURCES, "judged": random.random(60)})
    one = agreement({"distance": pd.DataFrame({"joint": random.random(60)})}, heard)
    whole = of_study({(1, "preference", "preference"): one, (2, "abx", "abx"): one})
    assert whole["overall"].isna().tolist() == [True, False]
    assert whole["overall_p_holm"].isna().tolist() == [True, False]
    assert whole["label"].tolist() == ["Distance from people, all metrics", "Distance between the two, all metrics"]
    assert "(60 pairs of clips)" in sentence(whole[whole["block"] == 2])


KEY = Key("human", ("human", "lstm"), {}, {}, {})


def judged(task: str, rows: list[tuple[int, int, str, str, str, float]]) -> dict[str, Heard]:
    """The observations of a task, by question. rows : participant, trial, item, clip, source, value"""
    table = pd.DataFrame(rows, columns=["participant", "trial", "item", "clip", "source", "value"])
    table = table.assign(block=1, task=task, kind="main", attribute=task, prompt="", position=1)
    screens = {"i1": ("r", "a", "x1"), "i2": ("b", "r", "x2")}
    return {one.about[2]: one for one in of_judgements(table, KEY, screens)}


def test_of_ratings_a_listeners_own_level_is_taken_out() -> None:
    """One listener rates everything two points higher: who heard what does not matter then."""
    values = {"a": 2.0, "b": 3.0, "c": 4.0}
    rows = [
        (who, at, clip, clip, "lstm", value + 2 * who)
        for who in (0, 1)
        for at, (clip, value) in enumerate(values.items())
    ]
    found = judged("rating", [*rows, (0, 9, "z", "z", "anchor 7 kHz", 1.0)])["rating"]
    assert found.judged.to_dict() == pytest.approx({"a": 3.0, "b": 4.0, "c": 5.0})
    assert found.said.std().to_dict() == pytest.approx({"a": 0, "b": 0, "c": 0})
    assert set(found.units["source"]) == {"lstm"}  # no anchor


def test_of_preferences_pairs_are_counted_whichever_was_on_the_left() -> None:
    rows = [(who, 1, "i", clip, source, value) for who in (0, 1) for clip, source, value in _sides(who)]
    found = judged("preference", rows)["preference"]
    assert found.units.to_dict("records") == [{"clip": "h", "other": "l", "source": "human and lstm"}]
    assert found.judged.tolist() == [1.0]


def _sides(who: int) -> list[tuple[str, str, float]]:
    return [("h", "human", 1.0), ("l", "lstm", 0.0)][:: -1 if who else 1]


def test_of_abx_the_two_clips_are_the_observation_whatever_x_was() -> None:
    rows = [(0, 1, "i1", "x1", "lstm", 1.0), (1, 1, "i1", "x9", "lstm", 0.0), (0, 2, "i2", "x2", "lstm", 1.0)]
    found = judged("abx", rows)["abx"]
    assert found.units[["clip", "other"]].to_numpy().tolist() == [["a", "r"], ["b", "r"]]
    assert found.judged.tolist() == [0.5, 1.0]


@pytest.fixture(scope="module")
def study(eight_pieces: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Ten clips of two sources, closed; twelve listeners take the brighter clips of each source for human."""
    pieces = sorted(eight_pieces.iterdir())
    asked = Configuration(clips=Clips(count=5, seconds=4.0, after=2.0))
    sources = {"human": pieces[:5], "copy": pieces[5:]}
    study = create_study(sources, "human", tmp_path_factory.mktemp("heard") / "study", asked, RenderSettings()).study
    key = open_key(study)
    files = {clip: [MeasurementInput(study.folder / "clips" / f"{clip}.flac")] for clip in study.clips}
    values = measure_systems(files, workers=1).values.query("metric == 'centroid'").set_index("system")["value"]
    order = values.groupby(lambda clip: key.clips[clip].source).rank() + values.rank() / 1000
    with closing(Store(study.answers_path)) as store:
        for listener in range(12):
            token = store.admit(
                Agreement("c" * 64), reissue_after=timedelta(hours=1), registration=study.registration_sha256
            )
            person = store.find(token)
            assert person
            store.pass_stage(person.id, "volume", {"device": "0"})
            for number, clip in enumerate(study.clips):
                store.present(person.id, number, clip)
                store.report(person.id, number, heard=1.0, plays=1, event="end")
                store.record(person.id, number, Response("human" if order[clip] > 1 + listener % 4 else "computer"))
            store.pass_stage(person.id, "interview", {})
        store.close_study()
    return study


def run(*words: object) -> str:
    done = CliRunner().invoke(load_commands(), ["study", "agreement", *map(str, words)], catch_exceptions=False)
    return " ".join(done.output.split())


def test_the_command_finds_what_listeners_went_by(study: Study, eight_pieces: Path, tmp_path: Path) -> None:
    out = tmp_path / "agreement.csv"
    said = run(study.folder, f"human={eight_pieces}", "--workers", "1", "--out", out)
    table = pd.read_csv(out).set_index("quantity")
    assert list(pd.read_csv(out).columns) == list(WRITTEN)
    assert (set(table["block"]), set(table["task"]), set(table["question"])) == ({1}, {"source"}, {"human or computer"})
    assert table.loc["centroid", "within"] == pytest.approx(1, abs=0.05)
    assert table.loc["centroid", "within_p"] < 0.01  # two pieces have two clips each: few orders are possible
    assert set(table["kind"]) == {"metric", "distance"}
    assert "correlate" in said
    assert (table.loc["centroid", "clips"], table.loc["note_density", "clips"]) == (10, 5)
    assert "the notes of 5 of 10 clips are not counted: their MIDI is not among the sources given" in said


def test_another_source_is_refused(study: Study, eight_pieces: Path) -> None:
    with pytest.raises(UserError, match="other is no source of this study; its sources are: human, copy"):
        run(study.folder, f"other={eight_pieces}")
