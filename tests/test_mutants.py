"""`make mutants` knows every module of the numeric rooms, and every file it names is there."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = tomllib.loads((ROOT / ".ci" / "mutants.toml").read_text(encoding="utf-8"))["modules"]
ROOMS = ("evaluation/metrics", "evaluation/statistics")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_and_its_tests_are_there(module: str) -> None:
    tests = [ROOT / "tests" / word for word in MODULES[module] if not word.startswith("-")]
    assert tests
    assert [path.name for path in (ROOT / module, *tests) if not path.is_file()] == []


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_of_a_numeric_room_has_its_mutants(room: str) -> None:
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / room).glob("*.py")}
    assert modules - {f"{room}/__init__.py"} <= set(MODULES)
