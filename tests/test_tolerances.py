"""Tolerances of single metrics: as options, in a baseline, in a test."""

import json
from pathlib import Path

import numpy as np
import pytest

from clstm.runtime.errors import UserError
from evaluation.audio.files import write_audio
from evaluation.drift.baseline import BaselineFile, read_baseline
from evaluation.drift.check import MOVED, SAME, check, record, record_again
from evaluation.drift.differences import compare
from evaluation.drift.report import row, summary
from evaluation.drift.tolerances import of_names, of_options

RATE = 22050
NOISE = np.random.default_rng(0).normal(0, 0.05, (RATE, 1)).astype(np.float32)


def of(**values: float) -> dict[str, BaselineFile]:
    return {"a.wav": BaselineFile("", values)}


def test_a_value_may_move_as_far_as_its_own_tolerance_says() -> None:
    before, after = of(centroid=400.0, mean_level=-30.0), of(centroid=420.0, mean_level=-28.0)
    assert [one.metric for one in compare(before, after)] == ["mean_level", "centroid"]
    assert [one.metric for one in compare(before, after, of_options(["centroid=6%"]))] == ["mean_level"]
    assert not compare(before, after, of_options(["centroid=20", "mean_level=2"]))
    assert len(compare(before, after, of_options(["centroid=19.9", "mean_level=1.9"]))) == 2


def test_the_table_shows_the_tolerance_that_was_used() -> None:
    (share,) = compare(of(centroid=400.0), of(centroid=500.0), of_options(["centroid=6%"]))
    (value,) = compare(of(centroid=400.0), of(centroid=500.0), of_options(["centroid=20"]))
    assert row(share)[-2:] == ("+25.00 %", "6 %")
    assert row(value)[-2:] == ("+1e+02 Hz", "20 Hz")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("centroid", "is not METRIC=VALUE"),
        ("centroid=", "'' is no tolerance"),
        ("centroid=-1", "'-1' is no tolerance; give METRIC=VALUE with a value from 0 up"),
        ("centroid=nan", "'nan' is no tolerance"),
        ("centroid=two", "'two' is no tolerance"),
        ("centriod=2%", "no metric is called 'centriod'; did you mean centroid?"),
        ("mean_level=2%", "has no percent; give a value, such as mean_level=0.5"),
    ],
)
def test_what_is_no_tolerance_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        of_options([text])
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_tolerance_is_given_once() -> None:
    with pytest.raises(UserError, match="given twice for 'centroid'"):
        of_options(["centroid=1", "centroid=2%"])


def test_a_baseline_keeps_its_tolerances_and_a_check_may_give_others(tmp_path: Path) -> None:
    sound, path = tmp_path / "noise.wav", tmp_path / "sound.json"
    write_audio(sound, NOISE, RATE)
    record([sound], path, workers=1, tolerances=of_options(["mean_level=3"]))
    write_audio(sound, NOISE * np.float32(0.8), RATE)  # 1.9 dB less
    found = check(path, workers=1)
    assert "mean_level" not in {one.metric for one in found.moved}
    assert "Tolerances other than the default: mean_level 3." in summary(found)
    stricter = check(path, workers=1, tolerances=of_names({"mean_level": 1}, "tolerance"))
    assert "mean_level" in {one.metric for one in stricter.moved}
    record_again(path, workers=1)
    assert read_baseline(path).tolerances == of_options(["mean_level=3"])


def test_a_baseline_without_tolerances_says_nothing_of_them_and_opens(tmp_path: Path) -> None:
    sound, path = tmp_path / "noise.wav", tmp_path / "sound.json"
    write_audio(sound, NOISE, RATE)
    record([sound], path, workers=1)
    assert "tolerances" not in json.loads(path.read_text())
    assert check(path, workers=1).status == SAME
    write_audio(sound, NOISE * np.float32(0.8), RATE)
    assert check(path, workers=1).status == MOVED


def test_tolerances_that_are_none_make_a_damaged_baseline(tmp_path: Path) -> None:
    sound, path = tmp_path / "noise.wav", tmp_path / "sound.json"
    write_audio(sound, NOISE, RATE)
    record([sound], path, workers=1)
    for tolerances in ({"centroid": "-1"}, ["centroid"]):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"tolerances": tolerances}))
        with pytest.raises(UserError, match="damaged baseline"):
            read_baseline(path)
