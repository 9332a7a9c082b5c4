"""Which files are music: the same for a file alone as in a folder, whatever it is called and however it is reached."""

import io
import os
import socket
from pathlib import Path

import numpy as np
import pytest
import soundfile

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
    (tmp_path / "d.musicxml").write_text("<score/>")
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
        "d.musicxml: .musicxml is not read",
        "a link to nothing",
    ):
        assert expected in said
    assert "pipe.mid: a named pipe" in said
    assert "gone.mid and 1 more: a link to nothing" in said
    assert ".hidden.mid: hidden" in said
    assert "notes.txt" not in said
    assert "b.m4a" not in said  # nobody asked for audio
    assert "b.m4a: .m4a is not read; convert it to WAV or FLAC" in "\n".join(find([tmp_path], AUDIO).remarks)


def test_what_is_no_plain_file_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    os.mkfifo("pipe.mid")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.mid")
        for path, what in (("pipe.mid", "a named pipe"), ("socket.mid", "a socket"), ("/dev/zero", "a device")):
            with pytest.raises(UserError, match=what):
                find_files([Path(path)])
