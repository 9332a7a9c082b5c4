"""MIDI that other programs stumble over is rendered, as FluidSynth's player renders it, or refused in one line."""

from pathlib import Path

import numpy as np
import pytest
from fluidsynth_player import played
from midi_bytes import Event, chunk, controller, delta, header, midi, off, on, program, tempo, track, written
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.music.midi import read_midi
from clstm.music.piece import read_piece
from clstm.runtime.errors import UnreadableFileError
from evaluation.audio.files import read_playable
from evaluation.audio.render import RenderSettings, render

SETTINGS = RenderSettings(tail=0.5)
NOTE: list[Event] = [(0, on(60)), (480, off(60))]
LATIN, JAPANESE, NOTHING = "Größe".encode("latin-1"), "歌詞".encode("shift-jis"), b"\xff\xfe\x00\x80"


def bend(value: int) -> bytes:
    return bytes([0xE0, value & 127, value >> 7])


def bend_range(semitones: int) -> list[Event]:
    return [(0, controller(101, 0)), (0, controller(100, 0)), (0, controller(6, semitones))]


def port(number: int) -> Event:
    return 0, bytes([0xFF, 0x21, 1, number])


def text(kind: int, content: bytes) -> bytes:
    return bytes([0xFF, kind]) + delta(len(content)) + content


NULL: list[Event] = [(0, controller(101, 127)), (0, controller(100, 127))]

# fmt: off
SOUNDS: dict[str, bytes] = {
    "a bend range of 24": midi(*bend_range(24), (0, on(60)), (100, bend(16383)), (380, off(60))),
    "a bend range of 96": midi(*bend_range(96), (0, on(60)), (100, bend(9000)), (380, off(60))),
    "a bend range of 127": midi(*bend_range(127), (0, on(60)), (100, bend(0)), (380, off(60))),
    "a null parameter": midi(*bend_range(12), *NULL, (0, controller(6, 1)), (0, on(60)), (9, bend(9)), (9, off(60))),
    "a bend before its range": midi((0, bend(12000)), *bend_range(24), *NOTE, (0, bend(8192)), *NOTE),
    "programs on the channel of drums": midi(
        (0, program(40, 9)), (0, on(60, 9)), (99, program(0, 9)), (99, on(38, 9)), (99, off(38, 9))
    ),
    "a bank without a program": midi((0, controller(0, 8)), *NOTE, (0, controller(32, 3)), *NOTE),
    "one pitch in two tracks": header(2)
    + track((0, on(60)), (700, off(60)))
    + track((200, on(60)), (200, off(60)), (500, off(1))),
    "40 tracks on one channel": header(40)
    + b"".join(track((0, program(8 * n % 128)), (60 * n, on(40 + n)), (100, off(40 + n))) for n in range(40)),
    "lyrics in odd encodings": midi((0, text(5, LATIN)), (0, text(1, JAPANESE)), (0, text(3, NOTHING)), *NOTE),
}
# fmt: on


def million() -> bytes:
    """A million values of a controller in some seven seconds, and a note to hear them on."""
    moves = b"".join(delta(one % 7 == 0) + bytes([11, 40 + one % 80]) for one in range(10_000))
    end = written((0, off(60)), (0, b"\xff\x2f\x00"))
    return header(1, 10_000, 0) + chunk(written((0, on(60)), (0, controller(7, 100))) + moves * 100 + end)


def compared(path: Path) -> tuple[np.ndarray, np.ndarray]:
    ours = render(read_piece(path), SETTINGS)
    return ours, played(path, len(ours) / SETTINGS.sample_rate, SETTINGS)


@pytest.mark.parametrize("name", SOUNDS)
def test_it_sounds_as_the_player_plays_it(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(SOUNDS[name])
    ours, theirs = compared(path)
    assert np.abs(theirs).max() > 0.001
    np.testing.assert_array_equal(ours, theirs)


def test_notes_without_an_end_sound_as_the_player_plays_them_and_end_with_the_file(tmp_path: Path) -> None:
    """The player lets them sound on for ever."""
    path = tmp_path / "a.mid"
    path.write_bytes(midi((0, on(60)), (480, on(64)), (480, controller(7, 100))))
    ours, theirs = compared(path)
    last = round(read_piece(path).duration * SETTINGS.sample_rate)
    assert read_midi(path).offset.tolist() == [1.0, 1.0]
    np.testing.assert_array_equal(ours[:last], theirs[:last])
    assert np.abs(ours[-2000:]).max() < np.abs(theirs[-2000:]).max() / 20


def test_a_million_controllers_are_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(million())
    piece = read_piece(path)
    assert len(piece.messages) > 1_000_000
    ours, theirs = compared(path)
    np.testing.assert_array_equal(ours, theirs)


def test_every_port_of_sixteen_has_sixteen_channels(tmp_path: Path) -> None:
    """The player has one port; so each port is compared with itself alone."""
    path, alone = tmp_path / "a.mid", tmp_path / "alone.mid"
    tracks = [
        track(port(16 + number), *[(0, on(40 + number, channel)) for channel in range(16)], (480, off(1)))
        for number in range(16)
    ]
    path.write_bytes(header(16) + b"".join(tracks))
    settings = RenderSettings(tail=0.5, polyphony=2048)
    piece = read_piece(path)
    assert piece.messages.channels == 256
    total = np.zeros_like(render(piece, settings))
    for one in tracks:
        alone.write_bytes(header(1) + one)
        total += render(read_piece(alone), settings)
    np.testing.assert_allclose(render(piece, settings), total, atol=1e-5)


def test_more_ports_than_fluidsynth_has_are_rendered_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(header(20) + b"".join(track(port(n), (10 * n, on(40 + n)), (480, off(40 + n))) for n in range(20)))
    assert len(read_midi(path)) == 20
    assert np.abs(render(read_piece(path), SETTINGS)).max() > 0.001
    assert "has 20 ports: those after the first 16 share their channels" in said(
        "render", path, "--out", tmp_path / "o"
    )


REFUSED: dict[str, tuple[bytes, str]] = {
    "an SMPTE division": (
        header(1, 0xE728) + track(*NOTE),
        "its time division is SMPTE; only ticks per quarter are read",
    ),
    "pieces of their own": (
        header(2, 480, 2) + track(*NOTE) * 2,
        "format 2: its 2 tracks are pieces of their own, not one piece; save each as a file",
    ),
    "a gap of more than 12 hours": (
        midi(*NOTE, (960 * 12 * 3600, on(60)), (480, off(60))),
        "absurd times: it would last 12 hours; at most 12 are read",
    ),
}
SAID: dict[str, tuple[bytes, str]] = {
    "a tempo of zero": (midi((0, tempo(0)), *NOTE * 9), "a tempo of zero is not used: the one before it stays"),
    "a port that changes": (
        midi(port(3), *NOTE * 9, port(9), *NOTE),
        "a track changes its port: each port counts from where it is stated",
    ),
    "a kit that is not there": (
        midi((0, program(99, 9)), *NOTE * 9, (0, on(36, 9)), (99, off(36, 9))),
        "asks for drum kit 99, which the SoundFont lacks; another is heard",
    ),
}


def said(*words: object) -> str:
    """What a command prints, on one line; it may warn, and must not fail."""
    done = CliRunner().invoke(load_commands(), [*map(str, words)])
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every such file, and a plain one."""
    made = tmp_path_factory.mktemp("bad") / "music"
    made.mkdir()
    contents = SOUNDS | {name: content for name, (content, _) in (REFUSED | SAID).items()}
    for name, content in contents.items():
        (made / f"{name}.mid").write_bytes(content)
    (made / "plain.mid").write_bytes(midi(*NOTE * 40))
    return made


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_in_one_line(name: str, folder: Path) -> None:
    with pytest.raises(UnreadableFileError) as refused:
        read_midi(folder / f"{name}.mid")
    assert refused.value.reason == REFUSED[name][1]
    assert "\n" not in str(refused.value)


def test_a_silent_gap_of_hours_is_read_and_not_rendered(tmp_path: Path) -> None:
    path = tmp_path / "gap.mid"
    path.write_bytes(midi(*NOTE, (960 * 11 * 3600, on(60)), (480, off(60))))
    assert read_midi(path).onset.tolist() == [0.0, 0.5 + 11 * 3600]
    with pytest.raises(UnreadableFileError, match=r"lasts 11\.0 hours; at most 2 are rendered"):
        read_playable(path)


@pytest.mark.parametrize(
    "verb",
    [
        ("render", "--out", "audio"),
        ("measure", "--out", "metrics.csv"),
        ("compare", "--out", "verdict", "--reference", "plain"),
    ],
)
def test_what_is_rendered_in_another_way_is_said_and_what_is_not_is_named(
    verb: tuple[str, ...], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    music = folder if verb[0] == "render" else f"bad={folder}"
    others = [f"plain={folder / 'plain.mid'}"] if verb[0] == "compare" else []
    output = said(verb[0], music, *others, *verb[1:])
    if verb[0] == "compare":
        output = " ".join((tmp_path / "verdict" / "pieces.csv").read_text(encoding="utf-8").split())
    for _, words in (REFUSED | SAID).values():
        assert words in output


@pytest.mark.parametrize(
    "verb",
    [
        ("prepare", "--out", "corpus"),
        ("grid-audit", "--out", "audit.csv"),
        ("spectra", "record", "--out", "baseline.json"),
    ],
)
def test_every_other_reader_of_midi_names_what_it_cannot_read(
    verb: tuple[str, ...], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    output = said(*verb[:-2], folder, *verb[-2:])
    if verb[0] == "prepare":
        output = (tmp_path / "corpus" / "rejected.csv").read_text(encoding="utf-8")
    for _, words in REFUSED.values():
        assert words in output


def test_originality_names_what_it_cannot_read(folder: Path, tmp_path: Path) -> None:
    output = said("originality", f"bad={folder}", "--corpus", folder, "--out", tmp_path / "o.csv")
    for _, words in REFUSED.values():
        assert words in output


@pytest.mark.parametrize("name", REFUSED)
def test_a_prompt_that_cannot_be_read_is_refused_in_one_line(name: str, folder: Path, tmp_path: Path) -> None:
    words = ["generate", "rnn", "--prompt", str(folder / f"{name}.mid"), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(load_commands(), words)
    assert isinstance(done.exception, UnreadableFileError)
    assert done.exception.reason == REFUSED[name][1]
