"""Which files are music: the same for a file alone as in a folder, whatever it is called and however it is reached."""

import io
import json
import os
import socket
from pathlib import Path

import numpy as np
import pytest
import soundfile
from midi_bytes import midi, off, on
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.music.midi import Notes, write_midi
from clstm.runtime.errors import NothingUsableError, UserError
from clstm.runtime.finding import AUDIO, MIDI, find, find_files, kind


def sound(form: str, **options: str) -> bytes:
    made = io.BytesIO()
    soundfile.write(made, np.zeros(1000), 44100 if form != "OGG" or not options else 48000, format=form, **options)
    return made.getvalue()


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("song") / "song.mid"
    write_midi(Notes.of([(0, 1, 60, 80)]), path)
    return path.read_bytes()


@pytest.mark.parametrize("name", ["a.mid", "a.kar", "a.smf", "a.rmi", "a", "a.wav", "a.txt"])
@pytest.mark.parametrize("riff", [False, True])
def test_midi_is_midi_whatever_it_is_called(tmp_path: Path, song: bytes, name: str, riff: bool) -> None:
    chunk = b"data" + len(song).to_bytes(4, "little") + song
    (tmp_path / name).write_bytes(b"RIFF" + (4 + len(chunk)).to_bytes(4, "little") + b"RMID" + chunk if riff else song)
    assert find_files([tmp_path]) == find_files([tmp_path / name]) == [tmp_path / name]
    assert kind(tmp_path / name) == MIDI
    assert find_files([tmp_path], MIDI) == [tmp_path / name]
    with pytest.raises(NothingUsableError, match="no audio file in"):
        find([tmp_path], AUDIO)


@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64", "W64", "FLAC", "OGG", "AIFF", "AU", "CAF"])
@pytest.mark.parametrize("name", ["a", "a.mid", "a.mp3", "a.txt"])
def test_audio_is_audio_whatever_it_is_called(tmp_path: Path, form: str, name: str) -> None:
    (tmp_path / name).write_bytes(sound(form))
    assert kind(tmp_path / name) == AUDIO
    assert find_files([tmp_path]) == [tmp_path / name]


def test_a_stream_of_mpeg_frames_is_known_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(sound("MP3"))
    assert find_files([tmp_path], AUDIO) == [tmp_path / "a.mp3"]


def test_opus_is_audio(tmp_path: Path) -> None:
    (tmp_path / "a.opus").write_bytes(sound("OGG", subtype="OPUS"))
    assert find_files([tmp_path], AUDIO) == [tmp_path / "a.opus"]


def test_folders_are_searched_recursively_and_files_come_once(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("a/x.mid", "a/b/y.MIDI", "a/b/text.txt", "a/.hidden.mid"):
        (tmp_path / name).touch()
    found = find_files([tmp_path / "a", tmp_path / "a" / "x.mid"])
    assert [path.name for path in found] == ["y.MIDI", "x.mid"]


def test_an_empty_folder_and_a_missing_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(NothingUsableError, match="no MIDI file in"):
        find_files([tmp_path], MIDI)
    with pytest.raises(UserError, match="nowhere does not exist"):
        find_files([tmp_path / "nowhere"])


def test_links_keep_their_names_and_linked_folders_are_searched_once(tmp_path: Path, song: bytes) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "5f2a").write_bytes(song)
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "waltz.mid").symlink_to("../store/5f2a")
    (tmp_path / "music" / "again").symlink_to("../music")  # a folder above: searched once
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "march.mid").write_bytes(song)
    (tmp_path / "music" / "more").symlink_to("../elsewhere")
    found = find_files([tmp_path / "music"])
    assert [path.relative_to(tmp_path / "music").as_posix() for path in found] == ["more/march.mid", "waltz.mid"]


def test_what_may_be_music_and_is_left_out_is_said(tmp_path: Path, song: bytes) -> None:
    (tmp_path / "a.mid").write_bytes(song)
    (tmp_path / "b.m4a").write_bytes(b"\0\0\0\x20ftypM4A ")
    (tmp_path / "c.mid").write_bytes(sound("WAV"))
    (tmp_path / "d.mscz").write_bytes(b"PK")
    (tmp_path / "e.json").write_text('{"notes": [{"pitch": 60')
    np.save(tmp_path / "f.npy", np.zeros((8, 128), dtype=np.uint8))
    (tmp_path / "gone.mid").symlink_to("nowhere.mid")
    (tmp_path / "self.mid").symlink_to("self.mid")
    (tmp_path / ".hidden.mid").write_bytes(song)
    (tmp_path / "notes.txt").write_text("nothing of music")
    os.mkfifo(tmp_path / "pipe.mid")
    found = find([tmp_path], MIDI)
    assert found.files == [tmp_path / "a.mid"]
    said = "\n".join(found.remarks)
    for expected in (
        "c.mid: called as MIDI is, and is audio",
        "d.mscz: .mscz is not read; convert it to MIDI or MusicXML",
        "e.json: corrupt JSON",
        "f.npy: a piano roll of unknown frame rate; put pianoroll.json",
        "a link to nothing",
    ):
        assert expected in said
    assert "pipe.mid: a named pipe" in said
    assert "gone.mid and 1 more: a link to nothing" in said
    assert ".hidden.mid: hidden" in said
    assert "notes.txt" not in said
    assert "b.m4a" not in said  # nobody asked for audio
    assert find([tmp_path], AUDIO).files == [tmp_path / "b.m4a", tmp_path / "c.mid"]
    assert "mscz" not in "\n".join(find([tmp_path], AUDIO).remarks)


NOTE = {"start": 0, "pitch": 60, "duration": 4}


@pytest.mark.parametrize(
    "content",
    [
        {"ids": [[1, 2, 3]]},
        {"ids": [1, 2], "ids_encoded": False},
        {"resolution": 24, "tracks": []},
        [NOTE],
        {"prompt": [NOTE]},
        {"generation": [NOTE]},
        {"notes": [{"pitch": 60, "endTime": 1.0}]},
        {"ticksPerQuarter": 220},
    ],
)
def test_json_is_music_where_it_has_the_form_of_a_list_of_notes(tmp_path: Path, content: object) -> None:
    (tmp_path / "a.json").write_text(json.dumps(content))
    assert find_files([tmp_path]) == [tmp_path / "a.json"]
    assert kind(tmp_path / "a.json") == MIDI


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("generated.json", {"items": [{"file": "001.mid", "piece": "BWV 846"}], "seed": 0}),
        ("examples.json", {"keyboard_001": {"pitch": 60, "velocity": 80}}),  # of a data set of single notes
        ("texts.json", {"ids": ["a", "b"], "tokens": ["c"]}),
        ("prompt.json", {"prompt": "a sad song", "generation": "..."}),
        ("tokenizer.json", {"tokenization": "REMI", "config": {}}),
        ("numbers.json", [1, 2, 3]),
        ("nothing.json", []),
    ],
)
def test_other_json_beside_audio_is_no_music(tmp_path: Path, name: str, content: object) -> None:
    (tmp_path / name).write_text(json.dumps(content))
    (tmp_path / "a.wav").write_bytes(sound("WAV"))
    found = find([tmp_path])
    assert found.files == [tmp_path / "a.wav"]
    assert not found.remarks


def test_embeddings_of_128_numbers_beside_audio_are_no_piano_roll(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((10, 128), dtype=np.float32))
    np.savez(tmp_path / "b.npz", weights=np.zeros(3))
    (tmp_path / "saved_model.pb").write_bytes(bytes.fromhex("0801 12021001"))
    (tmp_path / "settings.xml").write_text("<settings/>")
    (tmp_path / "a.wav").write_bytes(sound("WAV"))
    found = find([tmp_path])
    assert found.files == [tmp_path / "a.wav"]
    assert not found.remarks


def test_a_piano_roll_is_music_as_soon_as_its_frame_rate_is_there(tmp_path: Path) -> None:
    (tmp_path / "rolls").mkdir()
    np.save(tmp_path / "rolls" / "a.npy", np.zeros((10, 128), dtype=bool))
    with pytest.raises(NothingUsableError, match="frames_per_second"):
        find([tmp_path])
    (tmp_path / "pianoroll.json").write_text('{"frames_per_second": 8}')
    assert find_files([tmp_path]) == [tmp_path / "rolls" / "a.npy"]


def test_what_is_no_plain_file_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    os.mkfifo("pipe.mid")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.mid")
        for path, what in (("pipe.mid", "a named pipe"), ("socket.mid", "a socket"), ("/dev/zero", "a device")):
            with pytest.raises(UserError, match=what):
                find_files([Path(path)])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["render", "audio/a.wav", "--out", "o"], "it is audio; there is nothing to render"),
        (["render", "audio/b.flac", "--out", "o"], "it is audio; there is nothing to render"),
        (
            ["render", "audio", "--out", "o"],
            "no MIDI file in audio; there are 2 files of audio, which cannot be used here",
        ),
        (["prepare", "audio", "--out", "o"], "no MIDI file in this folder; there are 2 files of audio"),
        (["prepare", "audio/a.wav", "--out", "o"], "a.wav: it is audio, and has no notes"),
        (["grid-audit", "audio", "--out", "o.csv"], "there are 2 files of audio, which cannot be used here"),
        (["generate", "rnn", "--prompt", "audio", "--out", "o"], "--prompt audio is a folder; give a file of it"),
        (["generate", "rnn", "--prompt", "audio/a.wav", "--out", "o"], "it is audio, and has no notes"),
        (
            ["generate", "rnn", "--prompt", "drums.mid", "--out", "o"],
            "only drums; give music that has notes",
        ),
    ],
)
def test_what_takes_notes_says_of_audio_folders_and_drums_what_to_give(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("audio").mkdir()
    Path("audio/a.wav").write_bytes(sound("WAV"))
    Path("audio/b.flac").write_bytes(sound("FLAC"))
    Path("drums.mid").write_bytes(midi((0, on(40, channel=9)), (480, off(40, channel=9))))
    with pytest.raises(UserError) as caught:
        CliRunner().invoke(load_commands(), words, catch_exceptions=False)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
