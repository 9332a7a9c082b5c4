"""Files are whole or not there; what a killed run leaves is removed, and nothing else ever is."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from patience import PATIENCE

from clstm.cli.main import main
from clstm.music.midi import Notes, write_midi
from clstm.runtime import files
from clstm.runtime.errors import NotWrittenError, UserError
from clstm.runtime.files import remove_unfinished, replacing, write_json, write_table, write_text
from clstm.runtime.names import printable, readable
from clstm.runtime.ownership import may_replace, may_write_table, may_write_text

LATIN = os.fsdecode(b"Caf\xe9")

WRITING = """
import sys
from pathlib import Path
from clstm.runtime.files import replacing
with replacing(Path(sys.argv[1])) as building:
    if sys.argv[2] == "folder":
        building.mkdir()
        (building / "half").write_text("half")
    else:
        building.write_text("half")
    print(building.name, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _as_a_new_process() -> None:
    remove_unfinished.cache_clear()


def writing(path: Path, what: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITING, str(path), what], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    return process, process.stdout.readline().strip()


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_a_killed_run_left_is_removed_by_the_next_and_what_another_writes_is_not(
    tmp_path: Path, what: str
) -> None:
    out = tmp_path / ("out.csv" if what == "file" else "out")
    killed, left = writing(out, what)
    running, others = writing(out, what)
    killed.kill()
    killed.communicate(timeout=PATIENCE)
    (tmp_path / ".mine.123.csv").write_text("hidden, and not ours")
    write_text(tmp_path / "next.txt", "done")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([".mine.123.csv", others, "next.txt"])
    assert left != others
    running.communicate("", PATIENCE)
    assert out.exists()
    assert not (tmp_path / others).exists()


def test_a_folder_that_had_stepped_aside_comes_back(tmp_path: Path) -> None:
    """Killed between its stepping aside and the new one taking its name."""
    process, left = writing(tmp_path / "out.d", "folder")
    process.kill()
    process.communicate(timeout=PATIENCE)
    (tmp_path / f"{left}.old").mkdir()
    (tmp_path / f"{left}.old" / "kept").write_text("as it was")
    remove_unfinished(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["out.d"]
    assert (tmp_path / "out.d" / "kept").read_text() == "as it was"


@pytest.mark.parametrize("name", ["x" * 251 + ".csv", "é" * 125 + ".csv", "x" * 255, "." + "x" * 254, LATIN + ".csv"])
def test_a_name_as_long_as_names_can_be_is_written(tmp_path: Path, name: str) -> None:
    for text in ("one", "two"):
        with replacing(tmp_path / name) as temporary:
            temporary.write_text(text)
    assert [os.fsencode(path.name) for path in tmp_path.iterdir()] == [os.fsencode(name)]
    assert (tmp_path / name).read_text() == "two"


def test_a_folder_of_a_long_name_is_replaced(tmp_path: Path) -> None:
    for content in ("one", "two"):
        with replacing(tmp_path / ("x" * 255)) as building:
            building.mkdir()
            (building / content).touch()
    assert [path.name for path in (tmp_path / ("x" * 255)).iterdir()] == ["two"]
    assert len(list(tmp_path.iterdir())) == 1


def test_a_number_that_no_process_has_is_gone() -> None:
    assert not files._runs(2**22 + 1)
    assert files._runs(1)


def test_names_that_are_not_utf8_are_written_escaped_everywhere(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {LATIN: [f"{LATIN}\x1b[2J"]})
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"Caf\\xe9": ["Caf\\xe9\x1b[2J"]}
    write_text(tmp_path / "a.txt", f"{LATIN}\n")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "Caf\\xe9\n"
    write_table(tmp_path / "a.csv", pd.DataFrame({"file": pd.Series([LATIN, "=1+1"], dtype=object), "n": [-1.5, 2.0]}))
    rows = list(csv.reader(io.StringIO((tmp_path / "a.csv").read_text(encoding="utf-8"))))
    assert rows == [["file", "n"], ["Caf\\xe9", "-1.5"], ["'=1+1", "2.0"]]


@pytest.mark.parametrize("strange", ["\x1b]0;title\x07", "\x9b2J", "\x7f", "\r", "\u202egpj", "\x00"])
def test_nothing_that_a_terminal_obeys_is_left(strange: str) -> None:
    for text in (readable(f"a{strange}b\n"), printable(f"a{strange}b\nc")):
        assert not any(ord(letter) < 32 and letter != "\n" for letter in text)
        assert not {"\x7f", "\x9b", "\u202e"} & set(text)
    assert readable("a\nb") == "a\\nb"
    assert printable("a\nb") == "a\nb"


def test_a_table_is_replaced_only_by_its_like(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    may_write_table(out, ("system", "piece"))
    write_table(out, pd.DataFrame({"system": ["a"], "piece": ["b"], "value": [1]}))
    may_write_table(out, ("system", "piece", "value", "note", "since"))  # this version writes more
    for content in (
        b"file,group\na,b\n",
        b"system,piece,mine\na,b,c\n",
        b"MThd\0\0\0\6",
        b"\xff\xfe",
        b"{}",
        b"x" * 10**6,
    ):
        out.write_bytes(content)
        with pytest.raises(UserError, match="exists and is not a table"):
            may_write_table(out, ("system", "piece", "value"))
    out.write_bytes(b"")
    may_write_table(out, ("system", "piece", "value"))
    with pytest.raises(UserError, match="is a folder; give a file"):
        may_write_table(tmp_path, ("system", "piece"))
    may_write_table(None, ())


def test_a_text_is_replaced_only_where_it_says_that_it_is_ours(tmp_path: Path) -> None:
    out = tmp_path / "out.tex"
    for content in ("% Made by us\n", "x" * 10000 + "Made by us"):  # a PDF says so at its end
        out.write_text(content)
        may_write_text(out, "Made by us", "LaTeX")
    out.write_text("mine")
    with pytest.raises(UserError, match="is not LaTeX that this command wrote"):
        may_write_text(out, "Made by us", "LaTeX")


def test_a_folder_is_replaced_only_where_all_in_it_is_ours(tmp_path: Path) -> None:
    out = tmp_path / "out"

    def asked() -> None:
        may_replace(out, "record.json", lambda record: record["files"], "a corpus")

    asked()
    out.mkdir()
    asked()
    (out / "mine.txt").write_text("precious")
    with pytest.raises(UserError, match="is not empty and not a corpus that this command wrote"):
        asked()
    write_json(out / "record.json", {"files": ["a.mid", "figures"]})
    with pytest.raises(UserError, match=r"contains mine\.txt, which this command did not write"):
        asked()
    (out / "mine.txt").unlink()
    (out / "figures" / "deep").mkdir(parents=True)
    (out / "figures" / "deep" / "one.svg").touch()
    asked()
    for damaged in ("[]", "{", '{"files": 3}', "[" * 100_000):
        (out / "record.json").write_text(damaged)
        with pytest.raises(UserError, match="is not empty and not a corpus"):
            asked()
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is a file; give a folder"):
        may_replace(tmp_path / "file", "record.json", lambda record: [], "a corpus")


def test_a_pipe_or_a_device_is_never_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link.csv").symlink_to("pipe")
    for name in ("pipe", "link.csv"):
        with pytest.raises(UserError, match="is a device or a pipe, and is never replaced"):
            write_text(tmp_path / name, "text")
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize(
    "words",
    [
        ["measure", "a=song.mid", "--only", "notes", "--out", "/proc/x.csv"],
        ["describe", "a=song.mid", "--out", "/proc/self/x.csv"],
        ["render", "song.mid", "--out", "/proc/x"],
        ["prepare", "song.mid", "--out", "/proc/x/y"],
    ],
)
def test_a_place_where_nothing_can_be_written_costs_one_line_whatever_the_system_calls_it(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_midi(Notes.of([(0, 1, 60, 80), (1, 2, 64, 80)]), Path("song.mid"))
    monkeypatch.setattr(sys, "argv", ["clstm", *words])
    with pytest.raises(SystemExit) as stopped:
        main()
    said = capsys.readouterr().err.splitlines()
    assert stopped.value.code == 2
    assert said[-1].startswith("Cannot write: ")
    assert words[-1] in said[-1]
    assert ".clstm-" not in said[-1]  # the user's name, not that of the unfinished file


def test_a_file_that_cannot_be_read_meanwhile_is_not_called_unwritable(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "out.txt"):
        (tmp_path / "in.txt").read_text()
    with pytest.raises(NotWrittenError), replacing(tmp_path / "out.txt") as temporary:
        (temporary / "in.txt").write_text("")
