"""music21's chorales become MIDI once and are found again."""

import os
from pathlib import Path

import pytest

from clstm.corpus import chorales
from clstm.music.midi import read_midi
from clstm.runtime.errors import UnreadableFileError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(chorales, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def test_there_are_409_and_no_analyses_among_them() -> None:
    scores = chorales.scores()
    assert len(scores) == len({score.stem for score in scores}) == 409
    assert {score.suffix for score in scores} == {".mxl", ".xml"}
    assert chorales.SAMPLE not in {score.stem for score in scores}


def test_a_chorale_is_converted_once(cache: Path) -> None:
    score = next(score for score in chorales.scores() if score.stem == "bwv269")
    midi = chorales.convert(score)
    assert midi == cache / "bwv269.mid"
    notes = read_midi(midi)
    assert len(notes) > 150
    assert notes.onset[0] == 0
    os.utime(midi, (1, 1))
    assert chorales.convert(score).stat().st_mtime == 1


def test_the_sample_is_the_prelude_in_c() -> None:
    notes = read_midi(chorales.sample())
    assert notes.pitch[:5].tolist() == [60, 64, 67, 72, 76]


def test_versions_of_one_chorale_are_one_group() -> None:
    names = ["bwv248.9-1.mxl", "bwv248.9-s.mxl", "bwv248.12-2.mxl"]
    assert [chorales.group(Path(name)) for name in names] == ["bwv248.9", "bwv248.9", "bwv248.12"]


def test_a_score_music21_cannot_play_is_refused_and_leaves_no_file(cache: Path) -> None:
    bad = chorales.scores()[0].parent / "bwv277.krn"
    with pytest.raises(UnreadableFileError, match="music21 cannot play it"):
        chorales.convert(bad)
    assert not list(cache.glob("*"))
