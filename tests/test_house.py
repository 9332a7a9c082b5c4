"""The house keeps its shape: which way imports point, what may lie where, and what a skipped test means."""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from patience import PATIENCE

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {".ci", ".github", "clstm", "docs", "evaluation", "listening_study", "reports", "tests"}
PACKAGES = {"clstm", "evaluation", "listening_study", "reports"}
MOST = 13  # modules in a folder
OLD_WORDS = re.compile(
    r"told apart|tells? apart|cannot be told|held against|\bmend(s|ed|ing)?\b|\ba row an? ", re.IGNORECASE
)
VAGUE = {"utils", "util", "helpers", "common", "misc"}
HEAVY = {"torch", "lightning", "streamlit", "librosa", "matplotlib", "pandas", "music21", "scipy"}
HOME = re.compile(rb"(?<![\w.:/-])/(?:home|Users|root|work)/")  # a folder of somebody's machine


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    everything = {**os.environ, "PYTEST_ADDOPTS": "", **environment}  # its own say nothing to another pytest
    return subprocess.run(
        command, cwd=ROOT, env=everything, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    listed = run("git", "ls-files", "-z")
    assert listed.returncode == 0, listed.stderr
    return [Path(name) for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_imports_only_point_down() -> None:
    linted = run(Path(sys.executable).with_name("lint-imports"), "--no-cache")
    assert linted.returncode == 0, linted.stdout


def test_help_imports_nothing_heavy() -> None:
    script = f"""
import sys
from clstm.cli.main import main
sys.argv = ["clstm", "--help"]
try:
    main()
finally:
    print("imported:", sorted({HEAVY} & set(sys.modules)))
"""
    shown = run(sys.executable, "-c", script)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.splitlines()[-1] == "imported: []"
    assert shown.stderr == ""  # every package's commands load


def test_no_other_top_level_folder(tracked: list[Path]) -> None:
    assert {path.parts[0] for path in tracked if len(path.parts) > 1} <= FOLDERS


def test_no_module_with_a_name_that_says_nothing(tracked: list[Path]) -> None:
    assert [path for path in tracked if VAGUE & {*path.parts, path.stem}] == []


def test_no_folder_has_more_modules_than_one_can_take_in(tracked: list[Path]) -> None:
    modules = Counter(path.parent for path in tracked if path.suffix == ".py" and path.name != "__init__.py")
    crowded = {folder: count for folder, count in modules.items() if count > MOST and folder.parts[0] in PACKAGES}
    assert crowded == {}


def test_every_room_says_what_it_is_for(tracked: list[Path]) -> None:
    rooms = {path.parent for path in tracked if path.suffix == ".py" and path.parts[0] in PACKAGES}
    rooms = {room for room in rooms if not {"migrations", "published"} & set(room.parts)}  # alembic's; no package
    assert [room for room in rooms if not (ROOT / room / "__init__.py").read_text().startswith('"""')] == []


def test_the_words_are_those_of_the_field(tracked: list[Path]) -> None:
    """Old words are where they are translated, in the changelog, in old files, and nowhere else."""
    texts = [
        path for path in tracked if path.suffix in {".py", ".md", ".toml", ".j2", ".js"} and path.parts[0] != "tests"
    ]
    said = {path for path in texts if OLD_WORDS.search((ROOT / path).read_text(encoding="utf-8"))}
    assert said == {Path("CHANGELOG.md"), Path("clstm/runtime/old_names.py")}


def test_tests_are_flat_and_no_package(tracked: list[Path]) -> None:
    assert [path for path in tracked if path.parts[0] == "tests" and path.name == "__init__.py"] == []


def test_no_file_names_a_folder_of_somebodys_machine(tracked: list[Path]) -> None:
    assert [path for path in tracked if HOME.search((ROOT / path).read_bytes())] == []


@pytest.mark.parametrize(("option", "status"), [((), 0), (("--forbid-skips",), 1)])
def test_a_skipped_test_fails_only_where_skips_are_forbidden(
    tmp_path: Path, option: tuple[str, ...], status: int
) -> None:
    tmp_path.joinpath("test_it.py").write_text("import pytest\ndef test_it(): pytest.skip('no such tool')\n")
    pytest_here = (sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider", "-rs")
    finished = run(*pytest_here, f"--rootdir={tmp_path}", *option, tmp_path, PYTHONPATH=str(ROOT / "tests"))
    assert finished.returncode == status, finished.stdout
    assert ("a skipped test is a failed one here" in finished.stdout) == bool(status)
    assert "no such tool" in finished.stdout
