"""Metrics that no piece of a comparison has are neither tested nor counted nor shown, and one sentence says so."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from midi_bytes import midi, off, on, program

from clstm.music.midi import Notes, write_midi
from evaluation.audio.render import RenderSettings
from evaluation.comparison.compare import ComparisonRequest, judge
from evaluation.comparison.contrasts import compare
from evaluation.comparison.folder import make_verdict
from evaluation.comparison.sets import absent
from evaluation.comparison.sounds import flips
from evaluation.comparison.tables import markdown
from evaluation.metrics.catalogue import METRICS

NEW = {name for name, one in METRICS.items() if one.view in ("instruments", "metre")}
SETTINGS = RenderSettings(sample_rate=8000, tail=0.1)


def table(**metrics: dict[str, float]) -> pd.DataFrame:
    """One value per system and metric: NaN is missing, with a reason."""
    rows = [
        {"system": system, "piece": "x", "metric": name, "value": value, "note": "a reason" if np.isnan(value) else ""}
        for name, own in metrics.items()
        for system, value in own.items()
    ]
    return pd.DataFrame(rows)


def test_what_is_plain_everywhere_is_missing_and_what_is_not_stays() -> None:
    values = table(
        families={"a": 1.0, "b": 1.0},
        drum_density={"a": 0.0, "b": 3.0},
        keyboards_notes={"a": 1.0, "b": 1.0},
        guitar_notes={"a": 0.0, "b": np.nan},
        bass_notes={"a": 0.0, "b": 1.0},  # two plain values are not one
        winds_notes={"a": 0.25, "b": 0.25},
        looped={"a": 0.0, "b": 0.0},  # its 0 says something
    )
    found = absent.without_plain(values)
    assert absent.had(found) == {"drum_density", "bass_notes", "winds_notes", "looped"}
    assert found.loc[found["metric"] == "keyboards_notes", "note"].tolist() == ["no other instruments"] * 2
    assert found.loc[found["metric"] == "guitar_notes", "note"].tolist() == ["no guitar", "a reason"]
    assert values["value"].notna().sum() == 13  # the given table is as it was


def test_the_sentence_counts_by_view_and_gives_reasons_that_are_true_of_all_files() -> None:
    values = absent.without_plain(
        table(
            polyphony={"a": 2.0},
            families={"a": 1.0},
            keyboards_notes={"a": 1.0},
            guitar_notes={"a": 0.0},
            empty_bars={"a": np.nan},
            loop_onset={"a": np.nan},  # not tested anyway
        )
    )
    assert absent.sentence(values) == (
        "not compared: 3 metrics of instruments (all music is of one instrument family), 1 of metre (a reason)"
    )
    for note, words in (
        ("its beats are not known", "each file's beats are not known"),
        ("no notes", "no file has known beats that its onsets follow"),
    ):
        metre = table(empty_bars={"a": np.nan, "b": np.nan})
        metre["note"] = ["its beats are not known", note]
        assert absent.sentence(metre) == f"not compared: 1 metric of metre ({words})"
    assert absent.sentence(table(polyphony={"a": 2.0})) == ""


def test_a_metric_that_no_piece_has_changes_nothing_of_the_others() -> None:
    random = np.random.default_rng(0)
    pieces = pd.DataFrame([(system, str(k), f"{system}{k}") for system in "ab" for k in range(12)])
    pieces.columns = ["system", "piece", "group"]
    both = [
        pieces.assign(metric=name, value=random.normal(size=24) + 2 * shift * (pieces["system"] == "b"), note="")
        for name, shift in (("polyphony", 1), ("note_density", 0), ("centroid", 0.3))
    ]
    lacking = [pieces.assign(metric=name, value=np.nan, note="no guitar") for name in sorted(NEW)]
    plain = [
        pieces.assign(metric="families", value=1.0, note=""),
        pieces.assign(metric="drum_density", value=0.0, note=""),
    ]
    one, two, three = (
        compare(pd.concat(parts), pieces, "a", permutations=999) for parts in (both, both + lacking, both + plain)
    )
    pd.testing.assert_frame_equal(one, two)
    pd.testing.assert_frame_equal(one, three)


def test_a_variant_that_lacks_a_metric_has_another_conclusion() -> None:
    base = pd.DataFrame(
        [{"system": "b", "metric": name, "verdict": "differs", "direction": ""} for name in ("centroid", "spread")]
    )
    assert flips(base, {"other": base.iloc[1:]})["flips"].tolist() == ["other", ""]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two folders of a piano, and one of a band of violin, piano and drums."""
    home = tmp_path_factory.mktemp("music")
    random = np.random.default_rng(1)
    for name in ("one", "two"):
        for k in range(4):
            onset = np.cumsum(random.gamma(2.0, 0.1, 60))
            pitch = random.integers(50, 70, 60)
            velocity = random.integers(50, 90, 60)
            rows = zip(onset, onset + 0.3, pitch, velocity, strict=True)
            write_midi(Notes.of(rows), home / name / f"{k}.mid")
    (home / "band").mkdir()
    for k in range(4):
        bar = [
            (0, on(60)),
            (0, on(67, 1)),
            (0, on(36, 9)),
            (440, off(60)),
            (0, off(67, 1)),
            (40, on(62 + k)),
            (480, off(62 + k)),
        ]
        (home / "band" / f"{k}.mid").write_bytes(midi((0, program(40, 1)), *bar * 12))
    return {name: home / name for name in ("one", "two", "band")}


def request(folders: dict[str, Path], out: Path, *names: str) -> ComparisonRequest:
    return ComparisonRequest({name: folders[name] for name in names}, names[0], out, SETTINGS, workers=1)


def test_piano_music_is_compared_without_instruments_and_metre(folders: dict[str, Path], tmp_path: Path) -> None:
    found = make_verdict(request(folders, tmp_path / "out", "one", "two"))
    assert not NEW & set(found.table["metric"])
    (said,) = [remark for remark in found.remarks if remark.startswith("not compared")]
    assert "23 of instruments (all music is of one instrument family), 7 of metre (each file's onsets do not" in said
    text = (tmp_path / "out" / "verdict.md").read_text()
    assert "Instrument families" not in text
    assert said in text
    assert json.loads((tmp_path / "out" / "comparison.json").read_text())["remarks"] == found.remarks
    assert text.startswith(markdown(found.table, "one", found.summary, found.remarks, found.near))


def test_a_piano_compared_with_a_band_shows_what_only_one_of_them_has(folders: dict[str, Path], tmp_path: Path) -> None:
    found = judge(request(folders, tmp_path / "out", "one", "band"))
    rows = found.table[found.table["system"] == "band"].set_index("metric")
    for name, piano, band in (("families", 1, 3), ("drum_density", 0, None), ("strings_notes", 0, 1 / 3)):
        assert rows.loc[name, "reference_median"] == piano
        assert rows.loc[name, "system_median"] == (pytest.approx(band) if band else rows.loc[name, "system_mean"])
    assert rows.loc["onsets_per_bar", "verdict"] == "no verdict"
    assert rows.loc["onsets_per_bar", ["reference_n", "system_n"]].tolist() == [0, 4]
    assert not {"guitar_notes", "winds_time"} & set(rows.index)


def test_the_control_on_the_grid_has_neither_instruments_nor_beats(folders: dict[str, Path], tmp_path: Path) -> None:
    found = judge(replace(request(folders, tmp_path / "out", "band", "one"), grid="all"))
    values = found.measurements.values
    control = values[(values["system"] == "band, same grid") & values["metric"].isin(NEW)]
    assert control["value"].isna().all()
    assert set(control["note"]) == {"its instruments are not known", "its beats are not known"}
    assert {"families", "onsets_per_bar"} <= set(found.table["metric"])  # the band as it is played has them
