"""The edge of the command line: who gets which exit status, and what they read."""

import errno
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import typer

from clstm.cli import main
from clstm.runtime.errors import UserError

Run = Callable[..., int | str | None]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """`clstm go`, where `go` raises what it is given (nothing for None). Returns the exit status."""

    def run(raised: BaseException | None, *arguments: str) -> int | str | None:
        app = typer.Typer(pretty_exceptions_enable=False)

        @app.callback()
        def root() -> None: ...

        @app.command()
        def go() -> None:
            if raised:
                raise raised

        monkeypatch.setattr(main, "load_commands", lambda: app)
        monkeypatch.setattr(sys, "argv", ["clstm", *(arguments or ["go"])])
        with pytest.raises(SystemExit) as stopped:
            main.main()
        return stopped.value.code

    return run


def test_success_is_exit_status_0(run: Run) -> None:
    assert run(None) == 0


def test_a_users_mistake_is_one_line_and_exit_status_2(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    message = "run [1] does not exist; give a folder made by `clstm train`, " + "long " * 40
    assert run(UserError(message)) == 2
    captured = capsys.readouterr()
    assert captured.err == message + "\n"  # not wrapped, not taken for markup
    assert captured.out == ""


def test_a_full_disk_is_one_line_and_exit_status_2(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(OSError(errno.ENOSPC, "No space left on device", "corpus/frames.npy")) == 2
    message = capsys.readouterr().err
    assert "No space left on device (corpus/frames.npy)" in message
    assert message.count("\n") == 1


def test_ctrl_c_is_exit_status_130(run: Run) -> None:
    assert run(KeyboardInterrupt()) == 130


def test_ctrl_c_while_packages_load_is_exit_status_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> typer.Typer:
        raise KeyboardInterrupt

    monkeypatch.setattr(main, "load_commands", interrupted)
    with pytest.raises(SystemExit, match="130"):
        main.main()


def test_an_unknown_command_is_exit_status_2_and_named(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(None, "compose") == 2
    assert "compose" in capsys.readouterr().err


def test_our_own_mistakes_keep_their_traceback(run: Run) -> None:
    with pytest.raises(ZeroDivisionError):
        run(ZeroDivisionError())


def test_a_broken_package_costs_only_its_own_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = EntryPoint("reports", "no_such_package.cli:app", "clstm.commands")
    intact = EntryPoint("evaluation", "evaluation.cli.main:app", "clstm.commands")
    monkeypatch.setattr(main, "app", typer.Typer())
    monkeypatch.setattr(main, "entry_points", lambda group: [broken, intact])
    app = main.load_commands.__wrapped__()
    assert "doctor" in {command.name for command in app.registered_commands}
    assert "The commands of reports are missing" in capsys.readouterr().err


def test_loading_twice_names_every_command_once() -> None:
    main.load_commands()
    commands = [command.callback for command in main.load_commands().registered_commands]
    assert len(commands) == len(set(commands))


def test_ctrl_c_in_a_step_stops_the_whole_demo(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from clstm import demo

    begun = []
    app = typer.Typer()

    @app.callback()
    def root() -> None: ...

    @app.command()
    def step(name: str) -> None:
        begun.append(name)
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "steps", lambda *_, **__: iter([["step", "first"], ["step", "second"]]))
    with pytest.raises(typer.Exit) as stopped:
        demo.run(tmp_path, typer.main.get_command(app))
    assert stopped.value.exit_code == 130
    assert begun == ["first"]
    assert capsys.readouterr().err.endswith("Stopped. The same `clstm demo` continues: what is done is kept.\n")
