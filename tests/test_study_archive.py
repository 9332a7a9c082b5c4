"""A study's archive: whole, the same to the bit, checked file by file, and without what joins a row to a person."""

import csv
import io
import json
import shutil
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pandas as pd
import pytest

from clstm.cli import main
from clstm.runtime.errors import UserError
from listening_study.analysis.codebook import columns
from listening_study.archive.anonymous import anonymous
from listening_study.archive.metadata import Metadata, parse_creator
from listening_study.archive.verification import verify
from listening_study.archive.writing import archive, write_zip
from listening_study.exchange.importing import import_results
from listening_study.exchange.judgements import judgements
from listening_study.protocol.questions import Response
from listening_study.protocol.study import Study
from listening_study.results.results import read_results
from listening_study.store import Agreement, Store

ABOUT = Metadata("Finches", (parse_creator("Lovelace, Ada; An institute; 0000-0002-1825-0097"),), "CC-BY-4.0")
SAID = "my name is Bob"  # what a participant typed


def listen(store: Store, study: Study, says: str, comment: str = "") -> None:
    token = store.admit(Agreement("c" * 64), reissue_after=timedelta(hours=1), registration=study.registration_sha256)
    listener = store.find(token)
    assert listener
    for number, clip in enumerate(study.clips):
        store.present(listener.id, number, clip)
        store.report(listener.id, number, heard=1.0, plays=1, event="end")
        store.record(listener.id, number, Response(says, comment=comment or None))
    store.pass_stage(listener.id, "interview", {"other": SAID})


@pytest.fixture(scope="module")
def closed(tiny_study_made: Study, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Two listeners have answered; its key is sealed."""
    folder = tmp_path_factory.mktemp("closed") / "study"
    shutil.copytree(tiny_study_made.folder, folder)
    study = replace(tiny_study_made, folder=folder)
    with closing(Store(study.answers_path)) as store:
        listen(store, study, "human", SAID)
        listen(store, study, "computer")
        store.close_study()
    return study


@pytest.fixture(scope="module")
def path(closed: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its archive."""
    out = tmp_path_factory.mktemp("archive") / "a.zip"
    made(closed, out)
    return out


@pytest.fixture
def files(path: Path) -> dict[str, bytes]:
    """What is in it."""
    with ZipFile(path) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def made(study: Study, out: Path, *, comments: bool = False) -> dict[str, bytes]:
    with closing(Store(study.answers_path)) as store:
        names = archive(study, store, out, ABOUT, comments=comments, unseal=True)
    with ZipFile(out) as opened:
        found = {name: opened.read(name) for name in opened.namelist()}
    assert list(found) == names == sorted(names)
    return found


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_an_archive_has_clips_words_design_answers_and_their_hashes(closed: Study, files: dict[str, bytes]) -> None:
    for clip in closed.clips:
        assert files[f"study/clips/{clip}.flac"] == closed.clip_path(clip).read_bytes()
    assert files["study/sealed/key.json"] == closed.key_path.read_bytes()
    assert {"study/registration.json", "study/study.json", "words/en.toml", "words/zh.toml"} <= set(files)
    assert len(table(files["data/answers.csv"])) == len(table(files["data/judgements.csv"])) == 8
    sums = dict(reversed(line.split("  ")) for line in files["SHA256SUMS"].decode().splitlines())
    assert sums == {name: sha256(data).hexdigest() for name, data in files.items() if name != "SHA256SUMS"}
    book = {(row["table"], row["name"]) for row in table(files["data/codebook.csv"])}
    for name, data in files.items():
        if name.startswith("data/") and name.endswith(".csv") and name != "data/codebook.csv":
            heading = data.decode().splitlines()[0].split(",")
            assert {(Path(name).stem, column) for column in heading} <= book, name
    readme = files["README.md"].decode()
    assert "2 listeners took part, 2 of them to the end" in readme
    assert "Licence: CC-BY-4.0." in readme


def test_nothing_joins_a_row_to_a_person(files: dict[str, bytes]) -> None:
    texts = {name: data.decode() for name, data in files.items() if not name.endswith(".flac")}
    assert not any(SAID in text for text in texts.values())
    assert "data/interview.csv" not in files
    assert not {"study/order.json", "study/answers.sqlite", "study/dashboard.json"} & set(files)
    for name in ("answers", "listeners"):
        assert not {"sequence", "slot", "shown_at", "answered_at", "consented_at", "comment"} & set(
            table(files[f"data/{name}.csv"])[0]
        )
    judged = table(files["data/judgements.csv"])
    assert {row["shown_at"] + row["answered_at"] for row in judged} == {""}
    assert all(row["shown_at"] == "" for row in json.loads(files["data/trials.json"]))
    journal = json.loads(files["data/results.json"])["journal"]
    assert {len(one["happened_at"]) for one in journal} == {len("2026-01-31")}


def test_comments_are_there_when_they_are_asked_for(closed: Study, tmp_path: Path) -> None:
    files = made(closed, tmp_path / "a.zip", comments=True)
    assert SAID in files["data/interview.csv"].decode()
    assert {row["comment"] for row in table(files["data/answers.csv"])} == {SAID, ""}


def test_numbers_of_participants_do_not_depend_on_who_came_first() -> None:
    def told(first: str, second: str) -> list[str]:
        answers = pd.DataFrame([{"participant": 1, "trial": 1, "answer": first}, {"participant": 2, "answer": second}])
        answers = answers.assign(said_human=float("nan")).reindex(columns=columns("answers"))
        listeners = pd.DataFrame({"participant": [1, 2]}).reindex(columns=columns("listeners"))
        tables = {"answers": answers, "listeners": listeners, "judgements": judgements([])}
        return list(anonymous(tables)["answers"]["answer"])

    assert told("human", "computer") == told("computer", "human")


def test_made_again_it_is_the_same_to_the_bit(closed: Study, path: Path, tmp_path: Path) -> None:
    again = Path(shutil.copy(path, tmp_path / "b.zip"))
    made(closed, again)  # ours is replaced
    assert again.read_bytes() == path.read_bytes()


def test_archived_judgements_and_trials_are_read_again(path: Path, tmp_path: Path) -> None:
    with ZipFile(path) as opened:
        opened.extractall(tmp_path / "open")
    tables = [import_results([tmp_path / "open" / "data" / name]).table for name in ("judgements.csv", "trials.json")]
    assert tables[0].equals(tables[1])
    assert len(tables[0]) == 8


def test_zenodo_and_citation_name_the_creators(files: dict[str, bytes]) -> None:
    zenodo = json.loads(files[".zenodo.json"])
    ada = {"name": "Lovelace, Ada", "affiliation": "An institute", "orcid": "0000-0002-1825-0097"}
    assert (zenodo["creators"], zenodo["license"], zenodo["upload_type"]) == ([ada], "cc-by-4.0", "dataset")
    assert zenodo["description"].startswith("The data of a blind listening study")
    cff = files["CITATION.cff"].decode()
    assert 'orcid: "https://orcid.org/0000-0002-1825-0097"' in cff
    assert 'family-names: "Lovelace"' in cff


CHANGES: dict[str, tuple[Callable[[dict[str, bytes]], object], str]] = {
    "a changed answer": (
        lambda files: files.update({"data/answers.csv": files["data/answers.csv"].replace(b"human", b"robot")}),
        "data/answers.csv was changed",
    ),
    "a missing clip": (lambda files: files.pop(next(name for name in files if "clips/" in name)), "is missing"),
    "an added file": (lambda files: files.update({"notes.txt": b"x"}), "notes.txt is not in SHA256SUMS"),
    "another key": (lambda files: _resealed(files, "study/sealed/key.json", b"{}"), "whose hash study.json published"),
    "an unknown column": (
        lambda files: _resealed(files, "data/tally.csv", b"source,luck\n"),
        "data/tally.csv: the codebook does not explain luck",
    ),
    "no study": (lambda files: _resealed(files, "study/study.json", b"[]"), "study/study.json is damaged"),
}


def _resealed(files: dict[str, bytes], name: str, data: bytes) -> None:
    old = sha256(files[name]).hexdigest().encode()
    files[name] = data
    files["SHA256SUMS"] = files["SHA256SUMS"].replace(old, sha256(data).hexdigest().encode())


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_found(path: Path, files: dict[str, bytes], tmp_path: Path, change: str) -> None:
    assert verify(path).faults == ()
    act, fault = CHANGES[change]
    act(files)
    write_zip(tmp_path / "b.zip", files)
    assert any(fault in one for one in verify(tmp_path / "b.zip").faults)


def test_a_damaged_byte_is_found(path: Path, tmp_path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[data.index(b"fLaC") + 1000] ^= 1
    (tmp_path / "a.zip").write_bytes(data)
    assert any("is damaged" in one for one in verify(tmp_path / "a.zip").faults)


def test_an_open_and_a_sealed_study_are_not_archived(tiny_study: Study, tmp_path: Path) -> None:
    with closing(Store(tiny_study.answers_path)) as store:
        with pytest.raises(UserError, match="is open"):
            archive(tiny_study, store, tmp_path / "a.zip", ABOUT, comments=False, unseal=True)
        store.close_study()
        with pytest.raises(UserError, match="is sealed: read the results first"):
            archive(tiny_study, store, tmp_path / "a.zip", ABOUT, comments=False, unseal=False)
        assert [one.event for one in store.journal()] == ["closed"]
        read_results(tiny_study, store)
        archive(tiny_study, store, tmp_path / "a.zip", ABOUT, comments=False, unseal=False)
    assert verify(tmp_path / "a.zip").faults == ()


@pytest.mark.parametrize("text", ["Ada", "Lovelace, ; x", "Lovelace, Ada; x; 0000-0002-1825-0096", "a, b; c; d; e"])
def test_a_creator_is_a_name_and_a_right_orcid(text: str) -> None:
    with pytest.raises(UserError, match="--creator"):
        parse_creator(text)


def test_the_command_makes_and_checks_an_archive(
    closed: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["clstm", "study", "archive", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main.main()
        return int(stopped.value.code or 0)

    out = tmp_path / "a.zip"
    assert run(closed.folder, "--out", out, "--unseal") == 0
    printed = capsys.readouterr()
    assert f"SHA-256 {sha256(out.read_bytes()).hexdigest()}" in printed.out
    assert "no --creator" in printed.err
    assert run("--verify", out) == 0
    assert "files are as they were when it was made" in capsys.readouterr().out
    out.write_bytes(out.read_bytes().replace(b"Licence", b"License", 1).replace(b"No licence", b"Any licence", 1))
    assert run("--verify", out) == 1
    mine = tmp_path / "mine.zip"
    mine.write_text("years of work")
    for arguments, message in (
        ((closed.folder, "--out", mine), "exists and is no archive that this command wrote"),
        (("--verify", mine), "is no archive of a study"),
        (("--verify", tmp_path / "none.zip"), "cannot be read"),
        (("--verify", out, "--out", out), "--verify checks an archive and writes none"),
        ((), "give STUDY and --out ZIP"),
        ((closed.folder, "--out", out, "--license", "do what you like"), "is no identifier of SPDX"),
    ):
        capsys.readouterr()
        assert run(*arguments) == 2
        said = capsys.readouterr().err.splitlines()
        assert len(said) == 1
        assert message in said[0]
    assert mine.read_text() == "years of work"
