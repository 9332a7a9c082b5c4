"""A corpus that was stopped at any moment continues, and ends as one that was not."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from midi_bytes import controller, midi, off, on, program

from clstm.corpus.corpus import summary
from clstm.corpus.preparation import prepare
from clstm.corpus.unfinished import Unfinished, key
from clstm.runtime.errors import NothingUsableError, UserError

TABLES = ("pieces.csv", "rejected.csv", "left_out.csv", "frames.bin", "notes.bin", "corpus.json")
FILES = 120


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files with drums, pedal and other instruments; every tenth is no music."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(FILES):
        notes = [(60 + k * number % 13, 120 + 7 * (number % 5)) for k in range(6)]
        events = [event for pitch, ticks in notes for event in ((3, on(pitch)), (ticks, off(pitch)))]
        drums = [(0, on(38, 9)), (10, off(38, 9))] * (number % 3)
        pedal = [(0, controller(64, 127)), (5, controller(64, 0))] * (number % 2)
        content = midi((0, program(number % 40)), *drums, *pedal, *events)
        (folder / f"{number:03}.mid").write_bytes(content[:-9] if number % 10 == 9 else content)
    return folder


@pytest.fixture(scope="module")
def whole(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare([str(music)], tmp_path_factory.mktemp("whole") / "corpus").path


def stop_at(moment: int):
    """Progress that stops the run, as Ctrl-C does."""

    def progress(what: str, done: int, total: int) -> None:
        if done == moment:
            raise KeyboardInterrupt

    return progress


def stopped(music: Path, out: Path, moment: int, **options) -> None:
    with pytest.raises(KeyboardInterrupt):
        prepare([str(music)], out, progress=stop_at(moment), workers=1, **options)
    assert not out.exists()


def continued(music: Path, out: Path, **options) -> list[int]:
    """Which files the second run read, by their numbers from 1."""
    read: list[int] = []
    prepare([str(music)], out, progress=lambda what, done, total: read.append(done), workers=1, **options)
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    return read


def assert_same(one: Path, other: Path) -> None:
    for name in TABLES:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def test_ctrl_c_keeps_what_was_read_and_the_same_command_continues(music: Path, whole: Path, tmp_path: Path) -> None:
    stopped(music, tmp_path / "corpus", 50)
    stopped(music, tmp_path / "corpus", 90)
    assert continued(music, tmp_path / "corpus") == list(range(90, FILES + 1))
    assert_same(tmp_path / "corpus", whole)


def test_a_corpus_killed_while_it_is_made_continues(music: Path, whole: Path, tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from clstm.corpus.preparation import prepare\n"
        "def progress(what, done, total):\n"
        "    if done == 70: os.kill(os.getpid(), signal.SIGKILL)\n"
        "if __name__ == '__main__': prepare([sys.argv[1]], Path(sys.argv[2]), progress=progress, workers=1)\n"
    )
    (tmp_path / "script.py").write_text(script)
    (tmp_path / "place").mkdir()
    out = tmp_path / "place" / "corpus"
    process = subprocess.run([sys.executable, tmp_path / "script.py", music, out], check=False)
    assert process.returncode == -signal.SIGKILL
    assert continued(music, out) == list(range(70, FILES + 1))
    assert_same(out, whole)


def test_only_the_beginning_that_is_as_it_was_is_kept(music: Path, tmp_path: Path) -> None:
    copy = tmp_path / "music"
    shutil.copytree(music, copy)
    (tmp_path / "place").mkdir()
    out = tmp_path / "place" / "corpus"
    stopped(copy, out, 100)
    (copy / "030.mid").write_bytes((copy / "030.mid").read_bytes().replace(on(60), on(61)))
    os.utime(copy / "030.mid", ns=(0, 0))
    assert continued(copy, out) == list(range(31, FILES + 1))
    assert_same(out, prepare([str(copy)], tmp_path / "fresh").path)


@pytest.mark.parametrize(
    "damage", ["frames cut", "notes cut", "a bit of the frames", "row cut", "a row of another file"]
)
def test_what_is_damaged_is_read_again(music: Path, whole: Path, tmp_path: Path, damage: str) -> None:
    out = tmp_path / "corpus"
    stopped(music, out, 60)
    frames, read = tmp_path / ".corpus.unfinished" / "frames.bin", tmp_path / ".corpus.unfinished" / "read.jsonl"
    content, lines = frames.read_bytes(), read.read_bytes().splitlines(keepends=True)
    match damage:
        case "frames cut":
            frames.write_bytes(content[:-1])
        case "notes cut":
            notes = frames.with_name("notes.bin")
            notes.write_bytes(notes.read_bytes()[:-1])
        case "a bit of the frames":
            frames.write_bytes(bytes([content[0] ^ 1]) + content[1:])
        case "row cut":
            read.write_bytes(b"".join(lines)[:-1])
        case _:
            read.write_bytes(b"".join([*lines[:20], lines[30], *lines[20:]]))
    first = {"a bit of the frames": 1, "a row of another file": 20}.get(damage, 59)
    # Of the sixty the last was not written, and every tenth is rejected and has no frames.
    assert continued(music, out) == list(range(first, FILES + 1))
    assert_same(out, whole)


def test_other_options_begin_again(music: Path, tmp_path: Path) -> None:
    stopped(music, tmp_path / "corpus", 60)
    assert continued(music, tmp_path / "corpus", pedal=True) == list(range(1, FILES + 1))


def sizes(row: dict) -> tuple[int, int]:
    return 20 * row["frames"], 5


def test_a_file_that_its_process_died_of_is_tried_again(music: Path, tmp_path: Path) -> None:
    files = [key(path.name, path) for path in sorted(music.iterdir())]
    far = Unfinished(tmp_path / "corpus", {}, files, sizes)
    far.add(files[0], {"frames": 2}, (np.ones((2, 20), dtype=np.uint8), np.ones(5, dtype=np.uint8)))
    far.add(files[2], {"frames": 1}, (np.ones((1, 20), dtype=np.uint8), np.ones(5, dtype=np.uint8)))  # 1 is not there
    far.close()
    with Unfinished(tmp_path / "corpus", {}, files, sizes) as far:
        assert far.done == [{"frames": 2}]


def test_two_processes_do_not_make_one_corpus(tmp_path: Path) -> None:
    with (
        Unfinished(tmp_path / "corpus", {}, [], sizes),
        pytest.raises(UserError, match=r"another process is making .*corpus; wait for it, or give another folder"),
    ):
        Unfinished(tmp_path / "corpus", {}, [], sizes)


def test_nothing_usable_leaves_nothing_to_continue(tmp_path: Path) -> None:
    (tmp_path / "bad.mid").write_bytes(b"MThd")
    with pytest.raises(NothingUsableError):
        prepare([str(tmp_path / "bad.mid")], tmp_path / "corpus", workers=1)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.mid"]


def test_every_file_has_a_row_that_says_what_was_left_out_of_it(music: Path, whole: Path) -> None:
    table = pd.read_csv(whole / "left_out.csv", keep_default_na=False, dtype=str).set_index("file")
    assert sorted(table.index) == sorted(path.name for path in music.iterdir())
    assert table.loc["001.mid", ["rejected", "notes", "kept", "drums", "pedals", "programs"]].tolist() == [
        *("", "6", "6", "1", "1", ""),
    ]
    assert table.loc["032.mid", ["kept", "drums", "pedals", "programs"]].tolist() == ["6", "2", "0", "32"]
    assert table.loc["009.mid", "rejected"].startswith("corrupt: cut off")
    assert table.loc["009.mid", "kept"] == ""


def test_the_summary_says_how_far_the_grid_moved_the_notes(tmp_path: Path) -> None:
    events = [event for k in range(8) for event in ((24 if k == 0 else 0, on(60 + k)), (120, off(60 + k)))]
    (tmp_path / "late.mid").write_bytes(midi(*events))  # 24 of 480 ticks, half a second: 25 ms
    corpus = prepare([str(tmp_path / "late.mid")], tmp_path / "corpus", workers=1)
    assert "onsets moved to the grid by 25 ms on average; file by file in left_out.csv" in summary(corpus)
    assert json.loads((corpus.path / "corpus.json").read_text())["options"]["pedal"] is False
