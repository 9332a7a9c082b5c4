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
from evaluation.agreement import COLUMNS, FEWEST, agreement, compared, distances, label, sentence, unlike
from evaluation.audio.render import RenderSettings
from evaluation.distance.space import JOINT, spaces
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.systems import measure_systems
from listening_study.protocol.configuration import Clips, Configuration
from listening_study.protocol.key import open_key
from listening_study.protocol.questions import Response
from listening_study.protocol.study import Study
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


@pytest.fixture(scope="module")
def study(eight_pieces: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Ten clips of two sources, closed; six listeners take the brighter clips of each source for human."""
    pieces = sorted(eight_pieces.iterdir())
    asked = Configuration(clips=Clips(count=5, seconds=4.0, after=2.0))
    sources = {"human": pieces[:5], "copy": pieces[5:]}
    study = create_study(sources, "human", tmp_path_factory.mktemp("heard") / "study", asked, RenderSettings()).study
    key = open_key(study)
    files = {clip: [MeasurementInput(study.folder / "clips" / f"{clip}.flac")] for clip in study.clips}
    values = measure_systems(files, workers=1).values.query("metric == 'centroid'").set_index("system")["value"]
    order = values.groupby(lambda clip: key.clips[clip].source).rank() + values.rank() / 1000
    with closing(Store(study.answers_path)) as store:
        for listener in range(6):
            token = store.admit(
                Agreement("c" * 64), reissue_after=timedelta(hours=1), registration=study.registration_sha256
            )
            person = store.find(token)
            assert person
            store.pass_stage(person.id, "volume", {"device": "0"})
            for number, clip in enumerate(study.clips):
                store.present(person.id, number, clip)
                store.report(person.id, number, heard=1.0, plays=1, event="end")
                store.record(person.id, number, Response("human" if order[clip] > listener else "computer"))
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
    assert table.loc["centroid", "within"] == pytest.approx(1, abs=0.05)
    assert table.loc["centroid", "within_p_holm"] < 0.05
    assert set(table["kind"]) == {"metric", "distance"}
    assert "correlate" in said
    assert (table.loc["centroid", "clips"], table.loc["note_density", "clips"]) == (10, 5)
    assert "the notes of 5 of 10 clips are not counted: their MIDI is not among the sources given" in said


def test_another_source_is_refused(study: Study, eight_pieces: Path) -> None:
    with pytest.raises(UserError, match="other is no source of this study; its sources are: human, copy"):
        run(study.folder, f"other={eight_pieces}")
