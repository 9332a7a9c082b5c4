"""`clstm study ...` as it is typed."""

import json
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from clstm.cli import main
from listening_study.protocol.registration import open_registration
from listening_study.protocol.study import Study, read_study
from listening_study.store import Store

Run = Callable[..., int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """`clstm study ...`; returns the exit status."""

    def run(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["clstm", "study", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main.main()
        return int(stopped.value.code or 0)

    return run


SMALL = ("--clips", 2, "--seconds", 2, "--after", 0)


def test_create_makes_a_study_and_says_what_is_in_it(
    run: Run, tiny_sources: dict[str, list[Path]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [f"{name}={path}" for name, paths in tiny_sources.items() for path in paths]
    out = tmp_path / "study"
    assert run("create", *given, "--human", "quokka", "--out", out, *SMALL, "--title", "Finches") == 0
    study = read_study(out)
    assert (study.title, len(study.clips)) == ("Finches", 4)
    printed = capsys.readouterr().out
    parts = ("4 clips of 2 s, stereo", "zebrafinch 0, quokka 0", study.key_sha256, study.registration_sha256)
    parts += ("20 listeners x 2 clips of each source: a difference of 15 points is found in", "an estimate")
    for part in (*parts, f"clstm study audit {out}", f"clstm study serve {out}"):
        assert part in printed


def test_create_takes_everything_from_a_file_and_what_is_typed_goes_before_it(
    run: Run, tiny_sources: dict[str, list[Path]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("config", "--out", tmp_path / "study.toml") == 0
    sources = {name: list(map(str, paths)) for name, paths in tiny_sources.items()}
    text = (tmp_path / "study.toml").read_text(encoding="utf-8")
    text = text.replace("# human =", 'human = "quokka"').replace(
        "# sources =",
        "sources = {" + ", ".join(f"{name} = {json.dumps(paths)}" for name, paths in sources.items()) + "}",
    )
    (tmp_path / "study.toml").write_text(text.replace("after = 10.0", "after = 0.0"), encoding="utf-8")
    out, config = tmp_path / "study", ("--config", tmp_path / "study.toml")
    assert run("create", *config, "--out", out, "--clips", 2, "--seconds", 1.5, "--anchor", "zebrafinch") == 0
    study = read_study(out)
    assert (len(study.clips), study.seconds) == (4, 1.5)
    assert open_registration(study).plan.anchor == "zebrafinch"
    assert open_registration(study).human == "quokka"
    capsys.readouterr()
    assert run("config", "--out", tmp_path / "study.toml") == 2
    assert "is not overwritten" in capsys.readouterr().err


def test_the_template_is_printed_when_no_file_is_named(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("config") == 0
    assert "[registration.exclusions]" in capsys.readouterr().out


def test_words_are_printed_or_written_to_be_reviewed(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("words", "de") == 0
    assert 'trial_human = "Mensch"' in capsys.readouterr().out
    assert run("words", "es", "--out", tmp_path / "es.toml") == 0
    assert 'trial_human = "Persona"' in (tmp_path / "es.toml").read_text(encoding="utf-8")
    (tmp_path / "es.toml").write_text("reviewed")
    assert run("words", "es", "--out", tmp_path / "es.toml") == 2
    assert (tmp_path / "es.toml").read_text() == "reviewed"
    assert run("words", "fr") == 2
    assert "choose one of: en, zh, de, es" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x=nowhere", "--human", "x"], "x: nowhere does not exist"),
        (["nowhere", "--human", "x"], "'nowhere' is not NAME=PATH"),
        (["x={music}", "--human", "y"], "--human y is not one of the sources (x)"),
        (["x={music}", "--human", "x"], "at least 2 sources"),
        (
            ["x={music}", "y={music}", "--human", "x", "--clips", "0"],
            "clips.count is 0; it should be greater than or equal to 1",
        ),
        (["x={music}", "y={other}", "--human", "x", "--seconds", "60"], "x: only 0 segments of 60 s"),
        (["x={music}", "y={music}", "--human", "x"], "x and y share 1 file"),
        ([], "no sources; give NAME=PATH"),
        (["x={music}", "y={music}"], "which source is made by humans"),
        (["x={music}", "y={music}", "--human", "x", "--config", "none.toml"], "none.toml: cannot be read"),
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
    music, other = tiny_sources["quokka"]
    assert (
        run("create", *[text.format(music=music, other=other) for text in arguments], "--out", tmp_path / "study") == 2
    )
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


def test_results_of_an_open_study_are_one_line(run: Run, tiny_study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("results", tiny_study.folder) == 2
    assert "tallies stay hidden until it is closed: clstm study close" in capsys.readouterr().err


def test_a_rehearsal_from_the_shell_ends_with_results_beside_the_papers(
    run: Run, tiny_study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy, out = tmp_path / "copy", tmp_path / "results"
    assert run("simulate", tiny_study.folder, "--out", copy, "--listeners", "always-computer=3") == 0
    assert run("results", copy, "--out", out) == 0
    printed = " ".join(capsys.readouterr().out.split())
    parts = ("Discrimination test", "(human)", "0 of 2", "C-LSTM*", "2 of 10", "SYNTHETIC: no listener took part")
    for part in (*parts, "3 complete of 20 registered", "Sealed key SHA-256"):
        assert part in printed
    assert set(pd.read_csv(out / "answers.csv")["answer"]) == {"computer"}
    assert run("simulate", copy, "--out", tmp_path / "x", "--listeners", "oracle=1") == 2
    assert "'oracle' is not known" in capsys.readouterr().err


def test_results_with_a_changed_key_are_refused(
    run: Run, tiny_study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny_study.key_path.write_text("{}")
    with closing(Store(tiny_study.answers_path)) as store:
        store.close_study()
    assert run("results", tiny_study.folder) == 2
    assert "is not the key this study was made with" in capsys.readouterr().err
