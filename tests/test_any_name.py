"""A file may be called anything: every verb ends as with any other name, and says it so that it can be read."""

import csv
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from clstm.cli.main import main
from clstm.music.midi import Notes, write_midi
from clstm.runtime.names import readable

pytestmark = pytest.mark.usefixtures("empty_charts")

NAMES = (b"Caf\xe9", b"x" * 251, b"line\nbreak", b"\x1b[31mred\x07", b"=1+1", b"-dash", b"[bold]%s{0}", b"c1\xc2\x9b2J")
FORBIDDEN = {chr(code) for code in (*range(32), *range(127, 160)) if chr(code) != "\n"}

Clstm = Callable[..., tuple[int | str | None, str]]


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight tunes of 12 s under strange names, and eight others."""
    root = tmp_path_factory.mktemp("music")
    for place, name in enumerate(NAMES):
        for folder, stem in (("strange", os.fsdecode(name)), ("plain", f"plain{place}")):
            random = np.random.default_rng(place + 10 * (folder == "plain"))
            rows = [(k / 4, k / 4 + 0.25, 60 + int(random.integers(0, 20)), 80) for k in range(48)]
            (root / folder).mkdir(exist_ok=True)
            write_midi(Notes.of(rows), root / folder / f"{stem}.mid")
    assert len(list((root / "strange").iterdir())) == len(NAMES)
    return root


@pytest.fixture
def clstm(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Clstm:
    """Run the command line as typed, in a folder of its own; the exit status, and all that is said."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> tuple[int | str | None, str]:
        monkeypatch.setattr(sys, "argv", ["clstm", *map(str, words)])
        status: int | str | None = 0
        try:
            main()
        except SystemExit as stop:
            status = stop.code or 0
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


SLOW = ("compare", "spectra", "study")
SHORT = ("--clips=6", "--seconds=4", "--after=0", "--out=study")
WRITTEN = {
    "grid-audit": ("grid-audit", "{0}/strange", "--out", "audit.csv"),
    "originality": ("originality", "a={0}/strange", "--corpus", "{0}/strange", "--out", "originality.csv"),
    "measure": ("measure", "a={0}/strange", "--seconds=2", "--out", "metrics.csv"),
    "render": ("render", "{0}/strange", "--out", "audio"),
    "spectra": ("spectra", "record", "{0}/strange", "--out", "baseline.json"),
    "compare": ("compare", "a={0}/strange", "b={0}/plain", "--reference", "a", "--out", "compared"),
    "anchor": ("study", "anchor", "{0}/strange", "--out", "anchor"),
    "study": (
        "study",
        "create",
        "a={0}/strange",
        "b={0}/plain",
        "--human",
        "a",
        "--clips=6",
        "--after=0",
        "--out=study",
    ),
}


@pytest.mark.parametrize(
    "verb", [pytest.param(verb, marks=pytest.mark.slow if verb in SLOW else ()) for verb in WRITTEN]
)
def test_every_verb_takes_files_of_any_name(clstm: Clstm, music: Path, tmp_path: Path, verb: str) -> None:
    status, said = clstm(*(word.format(music) for word in WRITTEN[verb]))
    assert status == 0, said
    assert not FORBIDDEN & set(said)
    for written in tmp_path.rglob("*"):
        if written.suffix in (".csv", ".json", ".md"):
            text = written.read_text(encoding="utf-8")  # it can be read as what it claims to be
            assert not FORBIDDEN & set(text)
        if written.suffix == ".csv":
            for row in csv.reader(text.splitlines()):
                assert not any(cell.startswith(("=", "@", "-d")) for cell in row)
    if verb == "spectra":
        assert clstm("spectra", "check", "baseline.json")[0] == 0


def test_a_corpus_names_them_and_its_excerpts_find_them_again(clstm: Clstm, music: Path, tmp_path: Path) -> None:
    assert clstm("prepare", music / "strange", "--out", "corpus")[0] == 0
    with (tmp_path / "corpus" / "pieces.csv").open(encoding="utf-8", newline="") as file:
        names = {row["file"] for row in csv.DictReader(file)}
    assert names == {readable(f"{os.fsdecode(name)}.mid") for name in NAMES}
    sizes = ("--count", "2", "--seconds", "0.5", "--out", "human")
    for split in ("train", "valid", "test"):
        status, said = clstm("excerpts", "corpus", "--split", split, "--played", music / "strange", *sizes)
        assert status == 0, said
        assert not FORBIDDEN & set(said)


@pytest.mark.slow
def test_a_report_of_them_is_made_and_holds(clstm: Clstm, music: Path) -> None:
    systems = (f"a={music}/strange", f"b={music}/plain")
    assert clstm("report", "make", *systems, "--reference", "a", "--out", "report", "--page-only")[0] == 0
    status, said = clstm("report", "verify", "report", *systems)
    assert status == 0, said
