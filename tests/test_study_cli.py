"""`clstm study ...` as it is typed."""

import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from clstm import cli
from listening_study.store import Store
from listening_study.study import Study, read_study

Run = Callable[..., int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """`clstm study ...`; returns the exit status."""

    def run(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["clstm", "study", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        return int(stopped.value.code or 0)

    return run


def test_create_makes_a_study_and_says_what_is_in_it(
    run: Run, tiny_sources: dict[str, list[Path]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [f"{name}={path}" for name, paths in tiny_sources.items() for path in paths]
    out = tmp_path / "study"
    assert (
        run("create", *given, "--human", "quokka", "--out", out, "--clips", 2, "--seconds", 2, "--title", "Finches")
        == 0
    )
    study = read_study(out)
    assert (study.title, len(study.clips)) == ("Finches", 4)
    printed = capsys.readouterr().out
    for part in ("4 clips of 2 s, stereo", "zebrafinch 0, quokka 0", study.key_sha256, f"clstm study serve {out}"):
        assert part in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x=nowhere", "--human", "x"], "x: nowhere does not exist"),
        (["nowhere", "--human", "x"], "'nowhere' is not NAME=PATH"),
        (["x={music}", "--human", "y"], "--human y is none of the sources (x)"),
        (["x={music}", "--human", "x"], "at least 2 sources"),
        (["x={music}", "y={music}", "--human", "x", "--clips", "0"], "--clips 0"),
        (["x={music}", "y={music}", "--human", "x", "--seconds", "60"], "x: only 0 segments of 60 s"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(
    run: Run,
    tiny_sources: dict[str, list[Path]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    music = str(tiny_sources["quokka"][0])
    assert run("create", *[text.format(music=music) for text in arguments], "--out", tmp_path / "study") == 2
    error = capsys.readouterr().err
    assert message in error.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_results_of_a_folder_that_is_no_study_are_one_line(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("results", tmp_path) == 2
    assert capsys.readouterr().err == (
        f"{tmp_path} is not a study (no readable study.json); make one with `clstm study create`\n"
    )


def test_results_of_a_new_study_say_there_are_none(
    run: Run, tiny_study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("results", tiny_study.folder) == 0
    printed = capsys.readouterr().out
    assert "0 listeners, 0 complete, 0 incomplete; 0 answers" in printed
    assert "No answers yet" in printed


def test_results_print_the_tally_beside_the_papers_and_write_tables(
    run: Run, tiny_study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(Store(tiny_study.answers_path)) as store:
        store.admit("c" * 64)
        for trial, clip in enumerate(tiny_study.clips):
            store.present(1, trial, clip)
            store.record(1, trial, "computer")
    assert run("results", tiny_study.folder, "--out", tmp_path / "tables") == 0
    printed = capsys.readouterr().out
    for part in ("Discrimination test", "zebrafinch (human)", "0 of 2", "C-LSTM*", "2 of 10", "descriptive"):
        assert part in printed
    answers, tally, codebook = (
        pd.read_csv(tmp_path / "tables" / f"{name}.csv") for name in ("answers", "tally", "codebook")
    )
    assert set(answers["answer"]) == {"computer"}
    assert list(tally["said_human"]) == [0, 0]
    assert set(codebook["name"]) == {*answers.columns, *tally.columns}


def test_results_with_a_changed_key_are_refused(
    run: Run, tiny_study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_study.key_path.write_text("{}")
    assert run("results", tiny_study.folder) == 2
    assert "is not the key this study was made with" in capsys.readouterr().err
