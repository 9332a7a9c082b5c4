"""What a report lets its readers hear: which pieces belong together, how many there is room for, what is drawn."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from clstm.music.midi import Notes, write_midi
from clstm.music.score import encode
from evaluation.audio.files import mp3, read_audio
from evaluation.audio.render import RenderSettings
from evaluation.measurement import cache
from evaluation.measurement.inputs import MeasurementInput
from reports.figures.songs import DrawnPiece, song
from reports.inputs.matched import Match, matched
from reports.inputs.systems import System, SystemPiece, matches_of
from reports.listening.excerpts import Excerpts, make_excerpts
from reports.listening.selection import (
    BYTES,
    BYTES_OF_VIEWS,
    BYTES_PER_SECOND,
    LONGEST,
    SHORTEST,
    Selection,
    Spans,
    select,
)
from reports.listening.views import axes_of, extent, packed, script

RATE = 44100
TUNE = Notes.of([(0.25 * i, 0.25 * i + 0.25, 60 + i % 5, 40 + i) for i in range(16)])
SETTINGS = RenderSettings()


def pieces(folder: Path, *names: str, prompts: dict[str, str] | None = None) -> list[SystemPiece]:
    folder.mkdir(exist_ok=True)
    if prompts is not None:
        items = [{"file": name, "piece": prompt, "prompt_start_seconds": 8.0} for name, prompt in prompts.items()]
        (folder / "generated.json").write_text(json.dumps({"items": items}))
    return [SystemPiece(MeasurementInput(folder / name), name, "", 20.0) for name in names]


def test_continuations_of_one_prompt_belong_together_whatever_their_names(tmp_path: Path) -> None:
    human = pieces(tmp_path / "a", "1.mid", "2.mid", prompts={"1.mid": "bwv1", "2.mid": "bwv2"})
    model = pieces(
        tmp_path / "b", "x.mid", "y.mid", "z.mid", prompts={"x.mid": "bwv2", "y.mid": "bwv1", "z.mid": "bwv2"}
    )
    found = matched({"human": human, "model": model})
    assert [match.label for match in found.matches] == ["bwv1 at 8.0 s", "bwv2 at 8.0 s", "bwv2 at 8.0 s (2)"]
    assert {match.by for match in found.matches} == {"prompt"}
    assert found.of == {"human": (0, 1), "model": (1, 0, 2)}
    assert found.piece("model", 0) == 1
    assert found.piece("human", 2) is None


def test_files_of_one_name_are_not_said_to_have_one_prompt(tmp_path: Path) -> None:
    systems = {name: pieces(tmp_path / name, "1.wav", "2.wav") for name in "ab"}
    found = matched(systems | {"c": pieces(tmp_path / "c", "other.wav")})
    assert found.matches == (Match("1", "name"), Match("2", "name"))
    assert found.of["c"] == (None,), "it shares nothing"


def test_a_control_is_the_reference_again_and_shares_nothing_with_it_alone(tmp_path: Path) -> None:
    people = {name: pieces(tmp_path / name, "1.mid", "2.mid") for name in ("human", "human, same grid")}
    models = {name: pieces(tmp_path / name, "x.mid", "y.mid") for name in "ab"}
    found = matched(people | models, {"human, same grid"})
    assert [match.label for match in found.matches] == ["x", "y"]
    assert found.of["human"] == found.of["human, same grid"] == (None, None)
    assert matched(people | {"a": people["human"]}, {"human, same grid"}).of["human, same grid"] == (0, 1)


def test_a_file_without_a_record_joins_the_prompt_of_its_name(tmp_path: Path) -> None:
    human = pieces(tmp_path / "a", "1.mid", "2.mid", prompts={"1.mid": "bwv1", "2.mid": "bwv2"})
    found = matched({"human": human, "audio": pieces(tmp_path / "b", "2.wav")})
    assert found.of["audio"] == (1,)
    assert [match.by for match in found.matches] == ["prompt", "name"], "only its name says so"


def test_a_whole_piece_joins_its_only_continuation(tmp_path: Path) -> None:
    song = pieces(tmp_path / "a", "bwv804.mid")
    model = pieces(tmp_path / "b", "001-bwv804.mid", prompts={"001-bwv804.mid": "bwv804"})
    found = matched({"Bach": song, "model": model})
    assert found.matches == (Match("bwv804 at 8.0 s", "name"),)
    assert found.of == {"Bach": (0,), "model": (0,)}


def test_nothing_in_common_is_no_match(tmp_path: Path) -> None:
    found = matched({"a": pieces(tmp_path / "a", "1.wav"), "b": pieces(tmp_path / "b", "x.wav")})
    assert found.matches == ()


def systems(count: int, number: int, seconds: float, controls: int = 0) -> list[System]:
    made = []
    for place in range(count + controls):
        role = "reference" if place == 0 else "control" if place <= controls else "system"
        own = tuple(SystemPiece(MeasurementInput(Path(f"{n}.wav")), f"{n}", "", seconds) for n in range(number))
        made.append(System(f"{place}", role, "#000000", Path("a"), own, own[number // 2]))
    return made


def size(given: list[System], **asked: object) -> float:
    found = select(given, matches_of(given), SETTINGS, **asked)  # type: ignore[arg-type]
    count = sum(len(own) for own in found.pieces.values())
    seconds = min(found.span.heard, given[0].shown.seconds)
    return count * (seconds * BYTES_PER_SECOND + BYTES_OF_VIEWS)


def test_four_hundred_clips_are_heard_whole_within_120_megabytes() -> None:
    given = systems(4, 100, 30.0, controls=2)
    found = select(given, matches_of(given), SETTINGS)
    assert found.span.heard == 30.0
    assert [len(found.pieces[one.name]) for one in given if one.role != "control"] == [100] * 4
    assert 0 < size(given) < 120e6


@pytest.mark.parametrize(
    ("count", "number", "seconds"), [(1, 1, 3.0), (2, 3, 900.0), (15, 100, 30.0), (15, 400, 300.0)]
)
def test_any_report_fits_and_no_piece_is_shorter_than_it_must_be(count: int, number: int, seconds: float) -> None:
    given = systems(count, number, seconds)
    assert size(given) <= BYTES
    span = select(given, matches_of(given), SETTINGS).span
    assert SHORTEST <= span.heard <= LONGEST


def test_fewer_samples_are_of_the_same_places_and_the_piece_shown_is_among_them() -> None:
    given = systems(3, 40, 30.0)
    found = select(given, matches_of(given), SETTINGS, most=5, seed=3)
    first, *others = found.pieces.values()
    assert len(first) == 5
    assert 20 in first
    assert list(first) == sorted(first)
    assert others == [first, first]


def test_a_single_file_stays_small() -> None:
    for given in (systems(4, 10, 30.0, controls=3), systems(15, 100, 30.0), systems(2, 100, 300.0)):
        assert size(given, single=True) < 7.1e6


@pytest.fixture(scope="module")
def drawn() -> DrawnPiece:
    time = np.arange(4 * RATE) / RATE
    return song("Human", "tune", "#123456", (0.5 * np.sin(2 * np.pi * 445 * time)).astype(np.float32), RATE, TUNE)


def numbers(text: str, kind: str = "u1") -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind)


def test_notes_and_cells_come_back_as_they_were(drawn: DrawnPiece) -> None:
    content = packed(drawn)
    data = base64.b64decode(content["notes"])
    onset = np.frombuffer(data, "<u2", count=len(TUNE)) / 1000
    assert onset.tolist() == pytest.approx(TUNE.onset.tolist())
    assert list(data[-len(TUNE) :]) == TUNE.velocity.tolist()
    bits = np.unpackbits(numbers(content["matrix"]))[: 156 * content["frames"]]
    assert np.array_equal(bits.reshape(156, -1), encode(TUNE, frames=content["frames"]))


def test_levels_and_peaks_are_those_of_the_music(drawn: DrawnPiece) -> None:
    content, reach = packed(drawn), extent(drawn)
    low, high, rms = numbers(content["wave"]).reshape(3, -1)
    assert high.max() / 127.5 - 1 == pytest.approx(0.5, abs=0.01)
    assert low.min() / 127.5 - 1 == pytest.approx(-0.5, abs=0.01)
    assert np.median(rms) / 255 == pytest.approx(0.5 / np.sqrt(2), abs=0.01)
    spectrum = numbers(content["spectrum"]) / 2 - 120
    assert spectrum.argmax() == 44, "bins of 10 Hz"
    assert spectrum.max() == pytest.approx(reach.spectrum, abs=0.3)
    sonogram = numbers(content["sonogram"]).reshape(content["rows"], -1)
    assert sonogram.mean(axis=1).argmax() == pytest.approx(445 / content["hz"] * content["rows"], abs=1.5)


def test_a_piece_takes_no_more_room_than_is_reserved(drawn: DrawnPiece) -> None:
    generator = np.random.default_rng(0)
    onset = np.sort(generator.uniform(0, 59, 900))
    notes = Notes.of(
        zip(onset, onset + 0.3, generator.integers(30, 90, 900), generator.integers(30, 120, 900), strict=True)
    )
    noise = (0.1 * generator.standard_normal(60 * 8000)).astype(np.float32)
    assert len(script("a", packed(song("A", "noise", "#123456", noise, 8000, notes)))) < 1.3 * BYTES_OF_VIEWS
    assert len(script("a", packed(drawn))) < BYTES_OF_VIEWS


def test_notes_that_may_not_be_handed_on_are_left_out(drawn: DrawnPiece) -> None:
    said = script("0-human-001", packed(drawn, notes=False))
    assert said.startswith('clstmViews("0-human-001", ')
    assert '"notes"' not in said
    assert '"matrix"' not in said


def test_silence_and_one_frame_are_packed_too() -> None:
    for samples in (RATE, 1):
        silent = song("A", "silence", "#123456", np.zeros(samples, np.float32), RATE, None)
        assert packed(silent)["words"]["waveform"][1] == "silent"
        assert axes_of([extent(silent)])["peak"] == 1.0


def test_a_player_has_the_bit_rate_it_is_given(tmp_path: Path) -> None:
    noise = (0.1 * np.random.default_rng(0).standard_normal(10 * RATE)).astype(np.float32)
    for kbits in (48, 64, 128):
        path = tmp_path / f"{kbits}.mp3"
        path.write_bytes(mp3(noise, RATE, kbits))
        assert 8 * path.stat().st_size / 10 == pytest.approx(1000 * kbits, rel=0.02)
    waveform, rate = read_audio(tmp_path / "64.mp3")
    assert (waveform.shape[1], rate) == (1, RATE)


def test_players_and_views_are_made_once_and_are_the_same_bytes_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    write_midi(TUNE, tmp_path / "a.mid")
    write_midi(TUNE.between(0.0, 2.0), tmp_path / "b.mid")
    own = tuple(SystemPiece(MeasurementInput(tmp_path / f"{n}.mid"), n, "", 4.0) for n in "ab")
    tunes = System("Tunes", "reference", "#123456", tmp_path, own, own[0])
    kept = tmp_path / "cache" / "excerpts"

    def made(name: str, seconds: float = 3.0, unheard: tuple[str, ...] = ()) -> tuple[dict[str, bytes], Excerpts, int]:
        folder = tmp_path / name
        folder.mkdir()
        choice = Selection({"Tunes": (0, 1)}, Spans(3.0, seconds))
        result = make_excerpts(
            [tunes], {"Tunes": "0-tunes"}, choice, folder, SETTINGS, lambda done, of: None, unheard=unheard
        )
        files = {path.name: path.read_bytes() for path in folder.rglob("*.*")}
        return files, result, len(list(kept.iterdir()))

    first, before, entries = made("first")
    again, after, still = made("again")
    assert sorted(first) == ["0-tunes-001.js", "0-tunes-001.mp3", "0-tunes-002.js", "0-tunes-002.mp3"]
    assert (again, after.axes, after.clipped, still) == (first, before.axes, before.clipped, entries)
    assert entries == 2
    assert made("longer", 4.0)[0] != first
    silent, _, _ = made("silent", unheard=("Tunes",))
    assert sorted(silent) == ["0-tunes-001.js", "0-tunes-002.js"]
    assert b"notes" not in silent["0-tunes-001.js"].split(b'"words"')[0]
