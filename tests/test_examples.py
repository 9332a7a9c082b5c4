"""Every example is run: the `>>>` of docstrings and pages, and the Python blocks of Markdown.

An example that shows no result only has to run. They run in a folder that holds what examples name: `song.mid`,
`bwv804.mid`, `lstm.mid`, and the folders `music/human`, `music/mine` and `music/a=b`. What needs more than that (a
trained model, a server) is marked: a line with `# doctest: +SKIP`, a block with ```` ```python no-run ````.
"""

import doctest
import importlib
import pkgutil
import re
import shutil
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from clstm.music.midi import Notes, write_midi

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("clstm", "evaluation", "listening_study", "reports")
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")])
SCRIPTS = ("listening_study.participants.app", "listening_study.researchers.dashboard")  # run by Streamlit
SCRIPTS += ("listening_study.store.migrations.env",)  # run by Alembic
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def modules() -> Iterator[str]:
    """Every module that has an example."""
    for package in PACKAGES:
        folder = ROOT / package
        for found in pkgutil.walk_packages([str(folder)], f"{package}."):
            path = ROOT.joinpath(*found.name.split("."))
            source = path / "__init__.py" if found.ispkg else path.with_suffix(".py")
            if ">>>" in source.read_text(encoding="utf-8"):
                yield found.name


MODULES = sorted(modules())


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What examples name."""
    folder = tmp_path_factory.mktemp("things")
    scale = (60, 62, 64, 65, 67, 69, 71, 72)
    for name, step in (("song", 0), ("bwv804", 5), ("lstm", -3)):
        rows = [(0.25 * i, 0.25 * i + 0.25, pitch + step, 80) for i, pitch in enumerate(scale * 3)]
        write_midi(Notes.of(rows), folder / f"{name}.mid")
    for place, name in (("human", "song"), ("mine", "lstm"), ("a=b", "song")):
        (folder / "music" / place).mkdir(parents=True)
        shutil.copy(folder / f"{name}.mid", folder / "music" / place)
    return folder


@pytest.fixture
def here(things: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(things)
    return things


class Shown(doctest.OutputChecker):
    """What is shown is compared; where nothing is shown, as of an array, anything may come."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return not want or super().check_output(want, got, optionflags)


def fails(test: doctest.DocTest) -> str:
    """What an example gave where it should have given something else; "" when all is as written."""
    said: list[str] = []
    doctest.DocTestRunner(Shown(), optionflags=FLAGS).run(test, out=said.append)
    return "".join(said)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_give_what_they_say(name: str, here: Path) -> None:
    assert name not in SCRIPTS, "nobody can import it to run its examples"
    module = importlib.import_module(name)
    tests = [test for test in doctest.DocTestFinder().find(module, name) if test.examples]
    assert tests, f"{name} has a >>> that is in no docstring"
    for test in tests:
        assert fails(test) == ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_python_on_a_page_runs(page: Path, here: Path) -> None:
    names: dict[str, object] = {"__name__": "__main__"}
    for number, block in enumerate(BLOCK.findall(page.read_text(encoding="utf-8"))):
        where = f"{page.name}, block {number}"
        if ">>>" in block:
            assert fails(doctest.DocTestParser().get_doctest(block, names, where, str(page), 0)) == ""
        else:
            exec(compile(block, where, "exec"), names)


def test_there_are_examples_to_learn_from() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [test for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples]
    assert len(found) >= 400


def test_an_example_that_lies_is_noticed() -> None:
    module = types.ModuleType("lying", ">>> 1 + 1\n3\n")
    (test,) = doctest.DocTestFinder().find(module, "lying")
    assert "Expected:\n    3\nGot:\n    2\n" in fails(test)
