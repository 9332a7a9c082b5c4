"""The drawing of docs/architecture.md is the code's: its rooms are the folders, its arrows are the imports."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("clstm", "evaluation", "listening_study", "reports")
NO_ROOM = {"reports.published"}
Arrow = tuple[str, str]

PAGE = ROOT.joinpath("docs", "architecture.md").read_text(encoding="utf-8")
(DRAWING,) = re.findall(r"^```mermaid\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
DRAWN_ROOMS = set(re.findall(r"^ +([a-z_]+\.[a-z_]+)\[", DRAWING, re.MULTILINE))
DRAWN: set[Arrow] = set(re.findall(r"^ +([a-z_.]+) --> ([a-z_.]+)$", DRAWING, re.MULTILINE))


def rooms() -> set[str]:
    """Folders and modules that lie in a package."""
    inside = [path for package in PACKAGES for path in (ROOT / package).iterdir()]
    modules = [path for path in inside if path.suffix == ".py" and path.stem != "__init__"]
    folders = [path for path in inside if path.is_dir() and next(path.rglob("*.py"), None)]
    return {f"{path.parent.name}.{path.stem}" for path in (*modules, *folders)} - NO_ROOM


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, also within functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def arrows() -> set[Arrow]:
    """Which room imports which other one."""
    known = rooms()
    found = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            here = ".".join(path.relative_to(ROOT).with_suffix("").parts[:2])
            there = {".".join(name.split(".")[:2]) for name in imported(path)}
            found |= {(here, other) for other in there & known if other != here and here in known}
    return found


def implied(drawn: set[Arrow]) -> set[Arrow]:
    """Every arrow that a path of drawn ones makes."""
    every = set(drawn)
    while new := {(one, end) for one, other in every for start, end in drawn if start == other} - every:
        every |= new
    return every


def package(room: str) -> str:
    return room.partition(".")[0]


def test_the_drawing_has_the_rooms_there_are() -> None:
    assert rooms() == DRAWN_ROOMS, "draw it again: make docs"


def test_every_arrow_drawn_is_an_import() -> None:
    between = {(package(one), package(other)) for one, other in arrows()}
    assert DRAWN - arrows() - between == set(), "draw it again: make docs"


def test_every_import_between_rooms_is_drawn_or_implied() -> None:
    wanted = {
        (one, other) if package(one) == package(other) else (package(one), package(other)) for one, other in arrows()
    }
    assert wanted - implied(DRAWN) == set(), "draw it again: make docs"


def test_no_arrow_runs_in_a_circle() -> None:
    assert [(one, other) for one, other in implied(DRAWN) if one == other] == []


def test_the_table_has_what_each_package_uses_of_those_below() -> None:
    for name in PACKAGES[1:]:
        (row,) = re.findall(rf"^\| `{name}` \| (.*) \|$", PAGE, re.MULTILINE)
        used = {other for one, other in arrows() if package(one) == name != package(other)}
        assert set(re.findall(r"`([a-z_.]+)`", row)) == used
