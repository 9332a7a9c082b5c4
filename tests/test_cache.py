"""What was done before is not done again, and nothing stale is found."""

import os
import pickle
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clstm.music.midi import Notes, write_midi
from clstm.music.piece import Piece
from evaluation.audio.render import RenderSettings, render
from evaluation.measurement import cache, measure, performance
from evaluation.measurement.inputs import MeasurementInput

SETTINGS = RenderSettings(sample_rate=22050)
TUNE = Notes.of([(k / 4, k / 4 + 0.25, 60 + k % 7, 80) for k in range(20)])


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


class Counting:
    """Counts how often the work is done."""

    def __init__(self, result: object = 7) -> None:
        self.times = 0
        self.result = result

    def __call__(self) -> object:
        self.times += 1
        return self.result


@pytest.mark.usefixtures("kept")
def test_the_same_key_is_worked_on_once() -> None:
    work = Counting()
    assert [cache.remembered("values", {"a": 1}, work) for _ in range(3)] == [7, 7, 7]
    assert work.times == 1


@pytest.mark.usefixtures("kept")
def test_another_key_kind_or_code_is_worked_on_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Counting()
    cache.remembered("values", {"a": 1}, work)
    cache.remembered("values", {"a": 2}, work)
    cache.remembered("render", {"a": 1}, work)
    monkeypatch.setattr(cache, "_code", lambda: "changed")
    cache.remembered("values", {"a": 1}, work)
    assert work.times == 4


@pytest.mark.usefixtures("kept")
def test_an_error_is_not_remembered() -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            cache.remembered("values", {}, lambda: 1 / 0)


def test_nothing_is_kept_when_it_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, "off")
    work = Counting()
    for _ in range(2):
        cache.remembered("values", {}, work)
    cache.trim()
    assert work.times == 2


def test_a_cache_beyond_its_limit_loses_its_oldest(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        for kind in ("values", "render"):
            cache.remembered(kind, {"number": number}, lambda: "x" * 100_000)
    (kept / "render" / "notes-of-mine").write_bytes(bytes(500_000))
    (kept / "render" / "joblib" / "evaluation").mkdir(parents=True)
    monkeypatch.setitem(cache.LIMITS, "render", 250_000)
    cache.trim()
    sizes = {kind: sum(path.stat().st_size for path in entries(kept / kind)) for kind in cache.LIMITS}
    assert 0 < sizes["render"] < 300_000
    assert sizes["values"] > 500_000  # many renders never push out what was measured of them
    assert (kept / "render" / "notes-of-mine").is_file(), "nobody asked for its removal"
    assert not (kept / "render" / "joblib" / "evaluation").exists(), "pickles of an earlier version"


def test_values_cached_under_the_old_name_are_removed_and_nothing_else(kept: Path) -> None:
    cache.remembered("values", {"a": 1}, Counting())
    (entry,) = entries(kept / "values")
    (kept / "figures").mkdir(mode=0o700)
    entry.rename(kept / "figures" / entry.name)
    (kept / "figures" / "notes-of-mine").write_text("mine")
    cache.trim()
    assert [path.name for path in (kept / "figures").iterdir()] == ["notes-of-mine"]
    (kept / "figures" / "notes-of-mine").unlink()
    cache.trim()
    assert not (kept / "figures").exists()


def test_what_was_asked_for_last_stays_longest(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        cache.remembered("render", {"number": number}, lambda: "x" * 1000)
    for path in entries(kept / "render"):
        os.utime(path, (1, 1))
    cache.remembered("render", {"number": 1}, Counting())
    monkeypatch.setitem(cache.LIMITS, "render", 1500)
    cache.trim()
    work = Counting()
    assert cache.remembered("render", {"number": 1}, work) == "x" * 1000
    assert (work.times, len(entries(kept / "render"))) == (0, 1)


def entries(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file() and len(path.name) == 64]


class Opened:
    """A pickle that leaves a mark when it is opened."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


def spoilt(entry: Path, other: Path) -> Iterator[None]:
    """The entry in every wrong state, one after the other."""
    sound, random_ = entry.read_bytes(), random.Random(0)
    mark = entry.parent.parent / "opened"
    array = cache._ARRAY + sound[len(cache._ARRAY) :]
    bad = [b"", b"{}", sound[:-1], sound + b" ", sound[:40], array, other.read_bytes(), pickle.dumps(Opened(mark))]
    bad.append(cache._digest(entry.name, pickle.dumps(Opened(mark))) + pickle.dumps(Opened(mark)))
    strange = ("[" * 10_000, "[1, 2, 3, 4]", '[{"lufs": 1.0}, 1.0, [], ""]', "[{}, null, [], 1]")  # whole, and not ours
    bad.extend(cache._digest(entry.name, text.encode()) + text.encode() for text in strange)
    for _ in range(20):
        place = random_.randrange(len(sound))
        bad.append(sound[:place] + bytes([sound[place] ^ 1 << random_.randrange(8)]) + sound[place + 1 :])
    for content in bad:
        entry.write_bytes(content)
        yield
        assert not mark.exists(), "a pickle was opened"
    linked = entry.parent.parent / "linked"
    linked.write_bytes(sound)
    for make in (lambda: entry.symlink_to(linked), lambda: os.mkfifo(entry), entry.mkdir):
        entry.unlink()
        make()
        yield
    assert linked.read_bytes() == sound, "a link was followed"
    assert linked.is_file()


def test_a_damaged_or_foreign_entry_is_measured_again(kept: Path, tmp_path: Path) -> None:
    write_midi(TUNE, tmp_path / "a.mid")
    write_midi(TUNE.between(0, 2), tmp_path / "b.mid")
    first = measure.measure_input(MeasurementInput(tmp_path / "a.mid"), SETTINGS)
    (entry,) = entries(kept / "values")
    measure.measure_input(MeasurementInput(tmp_path / "b.mid"), SETTINGS)
    (other,) = set(entries(kept / "values")) - {entry}
    for _ in spoilt(entry, other):
        assert measure.measure_input(MeasurementInput(tmp_path / "a.mid"), SETTINGS) == first


def test_a_damaged_render_is_rendered_again(kept: Path) -> None:
    first = performance.rendered(Piece.of(TUNE), SETTINGS)
    (entry,) = entries(kept / "render")
    other = kept / "render" / "other"
    other.write_bytes(cache._digest(entry.name, b"[1]") + b"[1]")
    for _ in spoilt(entry, other):
        assert performance.rendered(Piece.of(TUNE), SETTINGS).tobytes() == first.tobytes()


def test_a_folder_that_others_can_write_is_not_used(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept.mkdir()
    kept.chmod(0o777)
    work = Counting()
    for _ in range(2):
        cache.remembered("values", {"a": 1}, work)
    assert work.times == 2
    assert capsys.readouterr().err.count(f"{kept} is not used as a cache: others can write there") == 1


@pytest.mark.usefixtures("kept")
def test_arrays_and_values_come_back_as_they_were() -> None:
    array = np.arange(6, dtype=np.float32).reshape(3, 2)
    for result in ({"a": [0.1, 1e-300, float("inf"), "ü\ud800"], "b": None}, [], 3):
        for _ in range(2):
            assert cache.remembered("values", {"of": repr(result)}, lambda result=result: result) == result
    for _ in range(2):
        again = cache.remembered("render", {}, lambda: array)
        assert (again.dtype, again.tolist()) == (array.dtype, array.tolist())


def test_a_file_is_measured_once_whatever_it_is_called(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.mid", "b.mid"):
        write_midi(TUNE, tmp_path / name)
    first = measure.measure_input(MeasurementInput(tmp_path / "a.mid"), SETTINGS)
    monkeypatch.setattr(performance, "render", lambda *_: pytest.fail("rendered again"))
    assert measure.measure_input(MeasurementInput(tmp_path / "b.mid", group="x"), SETTINGS) == first
    assert kept.is_dir()


@pytest.mark.usefixtures("kept")
def test_another_setting_take_or_content_is_measured_anew(tmp_path: Path) -> None:
    write_midi(TUNE, tmp_path / "a.mid")
    given = MeasurementInput(tmp_path / "a.mid")
    levels = {
        measure.measure_input(given, SETTINGS).values["mean_level"],
        measure.measure_input(given, RenderSettings(sample_rate=22050, gain=0.4)).values["mean_level"],
        measure.measure_input(MeasurementInput(tmp_path / "a.mid", velocity_power=2), SETTINGS).values["mean_level"],
    }
    write_midi(TUNE.between(0, 2), tmp_path / "a.mid")
    levels.add(measure.measure_input(given, SETTINGS).values["mean_level"])
    assert len(levels) == 4


@pytest.mark.usefixtures("kept")
def test_a_render_is_remembered_to_the_last_sample() -> None:
    first = performance.rendered(Piece.of(TUNE), SETTINGS)
    assert (
        performance.rendered(Piece.of(TUNE), SETTINGS).tobytes() == first.tobytes() == render(TUNE, SETTINGS).tobytes()
    )


def test_a_folder_that_cannot_be_written_costs_the_cache_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    monkeypatch.setenv(cache.VARIABLE, str(blocked))
    assert cache.remembered("values", {"a": 1}, Counting()) == 7
