"""The set-up installs with apt when it may, and otherwise says the one command and changes nothing."""

import importlib.util
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from evaluation import doctor

SCRIPT = Path(__file__).resolve().parents[1] / ".ci" / "system_packages.py"


class Machine:
    """Stands for a computer: what is installed, whether apt may run, and every command it was given."""

    def __init__(self) -> None:
        self.installed: set[str] = set()
        self.commands: list[list[str]] = []
        self.lists_are_fresh = True
        self.sudo_answers = False

    def run(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        self.commands.append(command)
        if command[-1] == "true":
            return subprocess.CompletedProcess(command, 0 if self.sudo_answers else 1)
        if "update" in command:
            self.lists_are_fresh = True
        if "install" in command:
            if not self.lists_are_fresh:
                return subprocess.CompletedProcess(command, 100)
            self.installed |= {
                tool for tool, about in doctor.TOOLS.items() if set(about.packages["apt"].split()) <= set(command)
            }
        return subprocess.CompletedProcess(command, 0)

    def finder(self, tool: str) -> Callable[[], str | None]:
        return lambda: tool if tool in self.installed else None


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("system_packages", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, script: ModuleType) -> Machine:
    machine = Machine()
    tools = {name: doctor.Tool(machine.finder(name), tool.packages) for name, tool in doctor.TOOLS.items()}
    monkeypatch.setattr(doctor, "TOOLS", tools)
    monkeypatch.setattr(doctor, "package_manager", lambda: "apt")
    monkeypatch.setattr(script.subprocess, "run", machine.run)
    monkeypatch.setattr(script.os, "geteuid", lambda: 0)
    monkeypatch.setattr(script.shutil, "which", lambda name: f"/usr/bin/{name}")
    return machine


def test_nothing_is_run_when_everything_is_there(script: ModuleType, machine: Machine) -> None:
    machine.installed = {"venv", "fluidsynth"}
    assert script.main(["venv", "fluidsynth"]) == 0
    assert machine.commands == []


def test_root_installs_only_what_is_missing(script: ModuleType, machine: Machine) -> None:
    machine.installed = {"venv"}
    assert script.main(["venv", "fluidsynth"]) == 0
    assert machine.commands[-1][-1] == "libfluidsynth3"
    assert not any(
        "update" in command or doctor.TOOLS["venv"].packages["apt"] in command for command in machine.commands
    )


def test_lists_are_fetched_when_the_first_attempt_fails(script: ModuleType, machine: Machine) -> None:
    machine.lists_are_fresh = False
    assert script.main(["fluidsynth"]) == 0
    assert any("update" in command for command in machine.commands)


def test_sudo_without_a_password_is_used(script: ModuleType, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script.os, "geteuid", lambda: 1000)
    machine.sudo_answers = True
    assert script.main(["fluidsynth"]) == 0
    assert machine.commands[-1][:2] == ["sudo", "--non-interactive"]


def test_without_rights_the_one_command_is_said(
    script: ModuleType, machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script.os, "geteuid", lambda: 1000)
    assert script.main(["fluidsynth", "chromium"]) == 1
    assert doctor.install_command(["fluidsynth", "chromium"], "apt") in capsys.readouterr().err
    assert not any("install" in command for command in machine.commands)


def test_a_tool_of_several_packages_gets_each(script: ModuleType, machine: Machine) -> None:
    assert script.main(["tex"]) == 0
    assert {"texlive-publishers", "texlive-fonts-recommended"} <= set(machine.commands[-1])


def test_another_platform_gets_its_own_command(
    script: ModuleType, machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "package_manager", lambda: "brew")
    assert script.main(["fluidsynth"]) == 1
    assert "brew install fluid-synth" in capsys.readouterr().err
    assert machine.commands == []


def test_an_unknown_tool_is_refused(script: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert script.main(["emacs"]) == 2
    assert "emacs" in capsys.readouterr().err
