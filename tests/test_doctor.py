"""`clstm doctor` tells the truth about this machine, and its fixes are commands one can type."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from evaluation import doctor


def test_all_that_the_set_up_brings_is_found(tmp_path: Path) -> None:
    soundfont = tmp_path / "piano.sf2"
    soundfont.write_bytes(b"RIFF")
    findings = {finding.name: finding for finding in doctor.examine(soundfont, tmp_path / "cache")}
    missing = {finding.name for finding in findings.values() if not finding.found}
    assert missing <= {"SoundFont 2", "ffmpeg"}, "the set-up brings all but what is optional"
    assert all(finding.fix == "" for finding in findings.values() if finding.found)
    assert "torch 2" in findings["Libraries"].detail
    assert findings["FluidSynth"].detail.startswith("2.")
    assert "libfluidsynth" in findings["FluidSynth"].detail
    assert float(re.findall(r"([\d.]+) GB", findings["Machine"].detail)[0]) > 0.5
    assert hashlib.sha256(b"RIFF").hexdigest()[:12] in findings["SoundFont"].detail


@pytest.mark.parametrize(
    ("manager", "command"),
    [
        ("apt", "sudo apt-get install -y libfluidsynth3"),
        ("dnf", "sudo dnf install -y fluidsynth-libs"),
        ("brew", "brew install fluid-synth"),
    ],
)
def test_a_missing_fluidsynth_comes_with_this_platforms_command(
    monkeypatch: pytest.MonkeyPatch, manager: str, command: str
) -> None:
    monkeypatch.setattr(doctor, "find_fluidsynth", lambda: None)
    monkeypatch.setattr(doctor, "package_manager", lambda: manager)
    finding = doctor.fluidsynth()
    assert not finding.found
    assert finding.needed
    assert finding.fix == command


def test_an_unknown_platform_gets_every_command() -> None:
    command = doctor.install_command(["fluidsynth"], None)
    assert all(start in command for start in doctor.INSTALL.values())


def test_two_missing_tools_take_one_command() -> None:
    assert doctor.install_command(["fluidsynth", "chromium"], "dnf") == "sudo dnf install -y fluidsynth-libs chromium"


def test_a_library_that_does_not_load_is_not_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "libfluidsynth.so"
    broken.write_text("not a library")
    monkeypatch.setattr(doctor, "find_fluidsynth", lambda: str(broken))
    assert not doctor.fluidsynth().found


def test_a_missing_library_is_named_with_its_pip_command(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = doctor._installed
    monkeypatch.setattr(doctor, "_installed", lambda name: None if name == "soundfile" else installed(name))
    finding = doctor.libraries()
    assert not finding.found
    assert "soundfile MISSING" in finding.detail
    assert finding.fix == f"{sys.executable} -m pip install soundfile"


def test_a_soundfont_that_is_gone_is_not_found(tmp_path: Path) -> None:
    assert not doctor.soundfont_file(tmp_path / "gone.sf2").found
    assert not doctor.soundfont_file(None).found


def test_a_second_soundfont_is_found_where_systems_put_it_and_is_not_needed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor, "SOUNDFONT_FOLDERS", (str(tmp_path / "none"), str(tmp_path)))
    monkeypatch.setattr(doctor, "package_manager", lambda: "apt")
    absent = doctor.second_soundfont()
    assert (absent.found, absent.needed) == (False, False)
    assert absent.fix == "sudo apt-get install -y fluid-soundfont-gm"
    (tmp_path / "FluidR3_GM.sf2").write_bytes(b"RIFF")
    there = doctor.second_soundfont()
    assert (there.found, there.fix) == (True, "")
    assert str(tmp_path) in there.detail


def test_a_cache_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    tmp_path.joinpath("file").touch()
    finding = doctor.cache_folder(tmp_path / "file" / "cache")
    assert not finding.found
    assert str(tmp_path / "file") in finding.fix


def test_a_cache_not_made_yet_is_no_fault_and_is_not_made_by_looking(tmp_path: Path) -> None:
    assert doctor.cache_folder(tmp_path / "a" / "b").found
    assert list(tmp_path.iterdir()) == []


def test_a_browser_that_does_not_start_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\nexit 1\n")
    browser.chmod(0o755)
    monkeypatch.setattr(doctor, "find_chromium", lambda: str(browser))
    assert "does not start" in doctor.chromium().detail


@pytest.mark.parametrize(("lost", "status"), [("find_fluidsynth", 1), ("find_chromium", 0)])
def test_only_what_is_needed_decides_the_exit_status(monkeypatch: pytest.MonkeyPatch, lost: str, status: int) -> None:
    monkeypatch.setattr(doctor, lost, lambda: None)
    shown = CliRunner().invoke(load_commands(), ["doctor"])
    assert shown.exit_code == status
    assert ("missing" if status else "optional") in shown.output


def test_the_doctor_imports_no_torch() -> None:
    script = "import sys; from clstm.cli.main import main; sys.argv = ['clstm', 'doctor']\ntry: main()\n"
    script += "except SystemExit as end: print('torch' in sys.modules, end.code)"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert shown.stdout.splitlines()[-1] == "False 0"
