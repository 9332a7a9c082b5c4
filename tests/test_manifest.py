"""A report from anywhere: what its manifest may say, and where it may lead."""

import copy
import json
import os
import random
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clstm.cli.main import main
from clstm.runtime.errors import UserError
from evaluation.audio.files import write_audio
from reports.verification.holdings import (
    Verification,
    check_music,
    check_outputs,
    check_tables,
    check_weights,
    find_music,
)
from reports.verification.manifest import Places, read_manifest

pytestmark = pytest.mark.usefixtures("empty_charts", "rough_floors")

PUBLISHED = Path(__file__).parents[1] / "reports/published/replication"
STRANGE = (None, True, -1, 0, 10**400, 1e308, "", "x" * 5000, "a\0b", "\ud800", "../../x", "/dev/zero", [], {}, [[]])


def clstm(*arguments: object) -> int:
    import sys

    typed, sys.argv = sys.argv, ["clstm", *map(str, arguments)]
    try:
        with pytest.raises(SystemExit) as stopped:
            main()
        return int(stopped.value.code or 0)
    finally:
        sys.argv = typed


def slow(*values: str) -> list[Any]:
    """Cases for `make test-all`: each costs a report verified."""
    return [pytest.param(value, marks=pytest.mark.slow) for value in values]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with music, an index, and a report of both made there."""
    here = tmp_path_factory.mktemp("made")
    for name, pitch in (("A", 220), ("B", 330)):
        times = np.arange(22050) / 22050
        (here / name).mkdir()
        write_audio(here / name / "a.wav", (0.2 * np.sin(2 * np.pi * pitch * times))[:, None].astype(np.float32), 22050)
    (here / "index.csv").write_text("file,group\na.wav,1\n")
    before = Path.cwd()
    os.chdir(here)
    try:
        given = ["--reference", "A", "--index", "index.csv", "--page-only"]
        assert clstm("report", "A=A", "B=B", *given, "--out", "report") == 0
    finally:
        os.chdir(before)
    return here


@pytest.fixture
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, as the working directory."""
    place = tmp_path / "here"
    shutil.copytree(made, place)
    monkeypatch.chdir(place)
    return place


Change = Callable[[dict[str, Any]], object]


def change(here: Path, how: Change) -> None:
    path = here / "report" / "manifest.json"
    manifest = json.loads(path.read_text())
    how(manifest)
    path.write_text(json.dumps(manifest))


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


def test_an_unchanged_report_holds_where_it_was_made_and_from_elsewhere_when_all_is_named(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert clstm("report", "verify", "report") == 0
    assert "not checked" not in said(capsys)
    (here / "other").mkdir()
    monkeypatch.chdir(here / "other")
    assert clstm("report", "verify", "../report") == 2
    assert "A: its music at A was not read (it does not exist); B: its music" in said(capsys)
    named = ["A=../A", "B=../B"]
    assert clstm("report", "verify", "../report", *named, "--file", "index=../index.csv") == 0
    assert "not checked" not in said(capsys)
    assert clstm("report", "verify", "../report", *named) == 0
    text = said(capsys)
    assert "--index index.csv was not checked: it does not exist; name it as --file index=PATH" in text
    assert "conclusions were not compared" in text


def outside(here: Path) -> Path:
    """A secret beside the working directory, which nothing may open."""
    secret = here.parent / "secret"
    secret.mkdir()
    (secret / "index.csv").write_text("file,group\na.wav,1\n")
    shutil.copytree(here / "B", secret / "B")
    return secret


@pytest.mark.parametrize(
    "how",
    [
        *("absolute", "link"),
        *slow("upwards", "link within", "pipe", "folder link"),
    ],
)
def test_music_is_not_read_outside_of_the_working_directory(
    how: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = outside(here)
    place = {"absolute": str(secret / "B"), "upwards": "../secret/B", "link": "linked"}.get(how, "B")
    if how == "link":
        (here / "linked").symlink_to(secret / "B")
    elif how == "link within":
        (here / "B" / "a.wav").unlink()
        (here / "B" / "a.wav").symlink_to(secret / "B" / "a.wav")
    elif how == "pipe":
        os.mkfifo(here / "B" / "b.wav")
    elif how == "folder link":
        (here / "B" / "more").symlink_to(secret / "B")
    change(here, lambda manifest: manifest["systems"][1].update(path=place))
    assert clstm("report", "verify", "report") == 2
    text = said(capsys)
    assert f"B: its music at {place} was not read (" in text
    assert "say where it is as B=PATH" in text
    if how in ("absolute", "upwards", "link"):
        assert clstm("report", "verify", "report", f"B={place}") == 0, "the user named it"


@pytest.mark.parametrize("how", ["absolute", "link", *slow("upwards", "pipe")])
def test_a_table_is_not_read_outside_of_the_working_directory(
    how: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = outside(here)
    place = {"absolute": str(secret / "index.csv"), "upwards": "../secret/index.csv"}.get(how, "linked")
    if how == "link":
        (here / "linked").symlink_to(secret / "index.csv")
    elif how == "pipe":
        os.mkfifo(here / "linked")
    change(here, lambda manifest: manifest["files"]["index"].update(path=place))
    assert clstm("report", "verify", "report") == 0
    text = said(capsys)
    assert f"--index {place} was not checked: " in text
    assert "conclusions were not compared" in text


@pytest.mark.parametrize("run", ["../secret", *slow("bundled:../../../secret", "linked")])
def test_weights_are_not_read_outside_of_the_working_directory(
    run: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = outside(here)
    (secret / "weights.safetensors").write_text("secret")
    (here / "linked").symlink_to(secret)
    weights = {"sha256": "0" * 64, "run": run, "licence": None}
    change(here, lambda manifest: manifest["systems"][1].update(weights=weights))
    assert clstm("report", "verify", "report") == 0
    assert "the weights of B were not checked: " in said(capsys)
    assert clstm("report", "verify", "report", "--weights", f"B={secret}") == 1
    assert "B: its weights" in said(capsys)


def test_a_soundfont_is_not_read_outside_of_the_working_directory(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rendering = {"soundfont_sha256": "0" * 64, "fluidsynth": "2.3.1"}
    change(here, lambda manifest: manifest.update(rendering=rendering, soundfont_path="/dev/zero"))
    assert clstm("report", "verify", "report") == 2
    assert "its SoundFont /dev/zero was not read (it leads out of the working directory)" in said(capsys)


def test_a_reports_own_files_are_not_links_out_of_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = outside(here)
    for name in ("metrics.csv", "pieces.csv"):
        (here / "report" / name).unlink()
    (here / "report" / "metrics.csv").symlink_to(secret / "index.csv")
    os.mkfifo(here / "report" / "pieces.csv")
    change(here, lambda manifest: manifest["outputs"].update({"../../secret/index.csv": "0" * 64}))
    assert clstm("report", "verify", "report") == 1
    text = said(capsys)
    for name in ("metrics.csv", "pieces.csv", "../../secret/index.csv"):
        assert f"{name}: is not a plain file within the report, and was not read" in text
    assert "metrics.csv: cannot be read" in text


@pytest.mark.parametrize("how", ["link", "pipe"])
def test_a_manifest_is_a_plain_file(how: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = here / "report" / "manifest.json"
    path.rename(here.parent / "manifest.json")
    os.mkfifo(path) if how == "pipe" else path.symlink_to(here.parent / "manifest.json")
    assert clstm("report", "verify", "report") == 2
    assert "report has no readable manifest.json" in said(capsys)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", '"x"', "[" * 100_000, '{"made_by": NaN}', "1" * 5000, '{"made_by": "clstm report"', "\xff"],
)
def test_what_is_no_manifest_is_one_line(text: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "report" / "manifest.json").write_bytes(text.encode("latin-1"))
    assert clstm("report", "verify", "report") == 2
    (line,) = filter(None, capsys.readouterr().err.splitlines())
    assert "manifest.json" in line
    assert len(line) < 500
    assert not re.search("Error|Decode|Exception|Traceback|KeyError|dict", line), "Python's words"


def test_a_link_to_nothing_or_to_itself_is_no_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "nothing").symlink_to(tmp_path / "gone")
    (tmp_path / "itself").symlink_to(tmp_path / "itself")
    for name, words in (("nothing", "it does not exist"), ("itself", "is a link that leads to itself")):
        assert clstm("report", "verify", tmp_path / name) == 2
        assert words in said(capsys)


@pytest.mark.parametrize(
    "rows",
    [
        "A,a,many,many,loudness\n",
        *slow("", ",,,,\n", "\0", "\xff"),
    ],
)
def test_a_damaged_table_of_the_report_does_not_hold(rows: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("metrics.csv", "verdict.csv"):
        (here / "report" / name).write_bytes(f"system,piece,value,verdict,metric\n{rows}".encode("latin-1"))
    assert clstm("report", "verify", "report") == 1
    text = said(capsys)
    assert "metrics.csv: was changed" in text
    assert "verdict.csv: was changed" in text


def places_of(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in a tree."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield (*at, key)
        yield from places_of(one, (*at, key))


def mutated(content: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    """With one to three values replaced, removed, doubled or renamed."""
    content = copy.deepcopy(content)
    for _ in range(draw.randint(1, 3)):
        *way, last = draw.choice(list(places_of(content)))
        inside: Any = content
        for key in way:
            inside = inside[key]
        what = draw.randrange(4)
        if what == 0 and isinstance(inside, dict):
            inside[draw.choice(["", "name", "path", "\0", "x" * 300])] = inside.pop(last)
        elif what == 1:
            del inside[last]
        elif what == 2 and isinstance(inside, list):
            inside.append(inside[last])
        else:
            inside[last] = copy.deepcopy(draw.choice(STRANGE))
    return content


def small(content: dict[str, Any]) -> dict[str, Any]:
    """A manifest with two files a system, so that a mutation meets every kind of value."""
    for one in (*content["systems"], *content["variants"]):
        one["files"] = one["files"][:2]
    content["variants"], content["outputs"] = content["variants"][:2], dict([*content["outputs"].items()][:4])
    return content


@pytest.mark.parametrize(
    ("name", "count"),
    [("bwv804", 100), *(pytest.param(name, 300, marks=pytest.mark.slow) for name in ("report", "bwv804"))],
)
def test_a_mutated_manifest_is_read_or_refused_in_one_line(name: str, count: int, tmp_path: Path) -> None:
    """Those that are read go on to everything but the measuring."""
    draw = random.Random(0)
    sound = small(json.loads((PUBLISHED / name / "manifest.json").read_text(encoding="utf-8")))
    read, refusals = 0, list[str]()
    for _ in range(count):
        (tmp_path / "manifest.json").write_text(json.dumps(mutated(sound, draw)))
        try:
            manifest, places, found = read_manifest(tmp_path), Places(tmp_path), Verification()
        except UserError as error:
            refusals.append(str(error))
            continue
        read += 1
        check_outputs(tmp_path, manifest, places, found)
        check_weights(manifest, {}, places, found)
        check_tables(manifest, {}, places, found)
        with pytest.raises(UserError, match="was not read"):
            check_music(manifest, find_music(manifest, {}, places), found)
    assert count / 6 < read < count * 5 / 6
    assert not any("\n" in line for line in refusals)


@pytest.mark.slow
def test_a_report_with_a_mutated_manifest_holds_or_does_not_and_never_breaks(here: Path) -> None:
    draw = random.Random(1)
    path = here / "report" / "manifest.json"
    sound = json.loads(path.read_text())
    statuses = []
    for _ in range(60):
        path.write_text(json.dumps(mutated(sound, draw)))
        statuses.append(clstm("report", "verify", "report"))
    assert set(statuses) == {0, 1, 2}
