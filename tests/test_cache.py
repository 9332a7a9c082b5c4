"""What was done before is not done again, and nothing stale is found."""

from pathlib import Path

import pytest

from clstm.midi import Notes, write_midi
from evaluation import cache, measures
from evaluation.render import RenderSettings, render
from evaluation.takes import Take

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
    assert [cache.remembered("figures", {"a": 1}, work) for _ in range(3)] == [7, 7, 7]
    assert work.times == 1


@pytest.mark.usefixtures("kept")
def test_another_key_kind_or_code_is_worked_on_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Counting()
    cache.remembered("figures", {"a": 1}, work)
    cache.remembered("figures", {"a": 2}, work)
    cache.remembered("render", {"a": 1}, work)
    monkeypatch.setattr(cache, "_code", lambda: "changed")
    cache.remembered("figures", {"a": 1}, work)
    assert work.times == 4


@pytest.mark.usefixtures("kept")
def test_an_error_is_not_remembered() -> None:
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            cache.remembered("figures", {}, lambda: 1 / 0)


def test_nothing_is_kept_when_it_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, "off")
    work = Counting()
    for _ in range(2):
        cache.remembered("figures", {}, work)
    cache.trim()
    assert work.times == 2


def test_a_cache_beyond_its_limit_loses_its_oldest(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        for kind in ("figures", "render"):
            cache.remembered(kind, {"number": number}, lambda: bytes(100_000))
    monkeypatch.setitem(cache.LIMITS, "render", "250K")
    cache.trim()
    sizes = {
        kind: sum(path.stat().st_size for path in (kept / kind).rglob("*") if path.is_file()) for kind in cache.LIMITS
    }
    assert 0 < sizes["render"] < 300_000
    assert sizes["figures"] > 500_000  # many renders never push out what was measured of them


def test_a_file_is_measured_once_whatever_it_is_called(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.mid", "b.mid"):
        write_midi(TUNE, tmp_path / name)
    first = measures.measure_take(Take(tmp_path / "a.mid"), SETTINGS)
    monkeypatch.setattr(measures, "render", lambda *_: pytest.fail("rendered again"))
    assert measures.measure_take(Take(tmp_path / "b.mid", group="x"), SETTINGS) == first
    assert kept.is_dir()


@pytest.mark.usefixtures("kept")
def test_another_setting_take_or_content_is_measured_anew(tmp_path: Path) -> None:
    write_midi(TUNE, tmp_path / "a.mid")
    take = Take(tmp_path / "a.mid")
    levels = {
        measures.measure_take(take, SETTINGS).figures["mean_level"],
        measures.measure_take(take, RenderSettings(sample_rate=22050, gain=0.4)).figures["mean_level"],
        measures.measure_take(Take(tmp_path / "a.mid", velocity_power=2), SETTINGS).figures["mean_level"],
    }
    write_midi(TUNE.between(0, 2), tmp_path / "a.mid")
    levels.add(measures.measure_take(take, SETTINGS).figures["mean_level"])
    assert len(levels) == 4


@pytest.mark.usefixtures("kept")
def test_a_render_is_remembered_to_the_last_sample() -> None:
    first = measures.rendered(TUNE, SETTINGS)
    assert measures.rendered(TUNE, SETTINGS).tobytes() == first.tobytes() == render(TUNE, SETTINGS).tobytes()


def test_a_folder_that_cannot_be_written_costs_the_cache_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    monkeypatch.setenv(cache.VARIABLE, str(blocked))
    assert cache.remembered("figures", {"a": 1}, Counting()) == 7
