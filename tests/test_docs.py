"""Promises about what is written: every command is explained, shown by example, and in docs/; examples and links are
true; the reference pages say what the code says.
"""

import importlib.util
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer
from patience import PATIENCE

from clstm.cli.main import load_commands
from clstm.runtime import old_names

ROOT = Path(__file__).resolve().parents[1]
README = ROOT.joinpath("README.md").read_text(encoding="utf-8")
CHANGELOG = ROOT.joinpath("CHANGELOG.md").read_text(encoding="utf-8")
MAKEFILE = ROOT.joinpath("Makefile").read_text(encoding="utf-8")
WRITTEN = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])  # by hand, or by `make docs`
PAGES = [page for page in WRITTEN if page.name != "CHANGELOG.md"]  # that speaks of what is gone, too
LINKED = [*WRITTEN, *ROOT.glob("reports/published/**/*.md"), *ROOT.glob("clstm/**/*.md")]
MAIN = ("prepare", "train", "generate", "render", "measure", "compare", "report", "originality", "study", "spectra")
LINES = re.compile(r"^ *(?:\.venv/bin/)?(clstm [^\n`#]+)", re.MULTILINE)
INLINE = re.compile(r"`(clstm [^`]+)`")
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)\s]+)\)")
IN_HTML = re.compile(r'\s(?:src|srcset)="(?!https?://|data:)([^"\s]+)"')


def loaded(name: str) -> ModuleType:
    """A module of `.ci`."""
    spec = importlib.util.spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REFERENCE = loaded("reference")
COMMAND = typer.main.get_command(load_commands())
SHOWN: dict[str, Any] = dict(REFERENCE.commands(COMMAND))


def verbs(command: Any, path: tuple[str, ...] = ("clstm",)) -> Iterator[tuple[str, Any]]:
    """Every command that does something, hidden ones too, with the words that call it."""
    if not hasattr(command, "commands"):
        yield " ".join(path), command
        return
    for name, inner in command.commands.items():
        yield from verbs(inner, (*path, name))


VERBS = dict(verbs(COMMAND))
SILENT = {"clstm report": "make"}  # the default command of a group


def examples(text: str) -> list[str]:
    """Every `clstm ...` of a text, on a line of its own or inside a sentence; continued lines joined."""
    text = re.sub(r"\\\n\s*", " ", text)
    return [found.strip() for found in [*LINES.findall(text), *INLINE.findall(text)]]


def in_full(example: str) -> str:
    """With the command that is the default of its group."""
    for group, verb in SILENT.items():
        if example.startswith(f"{group} ") and " ".join(example.split()[:3]) not in VERBS:
            return example.replace(group, f"{group} {verb}", 1)
    return example


def unknown_parts(example: str) -> list[str]:
    """What an example uses that its command does not have, or has only for those who knew an earlier version."""
    words = shlex.split(in_full(example.removesuffix(" ...")))
    depth = 3 if " ".join(words[:3]) in VERBS else 2
    verb = SHOWN.get(" ".join(words[:depth]))
    if verb is None:
        groups = {" ".join(name.split()[:2]) for name in SHOWN}
        return (
            []
            if words[1:2] in (["--help"], ["--version"], ["--install-completion"]) or " ".join(words) in groups
            else [example]
        )
    shown = [option for option in verb.params if not getattr(option, "hidden", False)]
    options = {name for option in shown for name in (*option.opts, *option.secondary_opts)} | {"--help"}
    given = [word for word in words[depth:] if re.match(r"-\D", word)]  # -0.15 is a value
    return [word for word in given if word.split("=")[0] not in options]


def anchors(page: Path) -> set[str]:
    """Every heading of a page as a link names it (GitHub's way)."""
    headings = re.findall(r"^#+ +(.+)$", FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("verb", SHOWN)
def test_every_command_has_help_with_an_example(verb: str) -> None:
    assert verb in " ".join(map(in_full, examples(SHOWN[verb].help or "")))


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_is_explained(verb: str) -> None:
    assert [option.name for option in VERBS[verb].params if not getattr(option, "help", None)] == []


@pytest.mark.parametrize("verb", SHOWN)
def test_every_command_has_an_example_in_docs(verb: str) -> None:
    written = [page for page in PAGES if "docs" in page.parts and "reference" not in page.parts]
    shown = [example for page in written for example in examples(page.read_text(encoding="utf-8"))]
    assert any(f"{in_full(example)} ".startswith(f"{verb} ") for example in shown)


@pytest.mark.parametrize("word", MAIN)
def test_the_readme_has_a_line_to_paste_for_each_main_command(word: str) -> None:
    assert any(example.split()[1] == word for example in LINES.findall("\n".join(FENCED.findall(README))))
    assert f"**{word}** " in README


def test_the_readme_can_be_read_in_one_sitting() -> None:
    assert len(README.splitlines()) <= 160


@pytest.mark.parametrize(("page", "example"), [(of(page), one) for page in PAGES for one in examples(page.read_text())])
def test_examples_use_what_there_is(page: str, example: str) -> None:
    assert unknown_parts(example) == []


@pytest.mark.parametrize("verb", SHOWN)
def test_examples_in_the_help_use_what_there_is(verb: str) -> None:
    shown = examples(SHOWN[verb].help or "")
    assert [unknown_parts(example) for example in shown] == [[]] * len(shown)


@pytest.mark.parametrize("page", PAGES, ids=of)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)", text, re.MULTILINE)
    assert {"".join(name) for name in named} <= targets


@pytest.mark.parametrize("page", REFERENCE.PAGES)
def test_the_reference_says_what_the_code_says(page: str) -> None:
    written = ROOT.joinpath("docs", page).read_text(encoding="utf-8")
    assert written == REFERENCE.PAGES[page](), "write it again: make docs"


def test_the_reference_has_every_command_option_and_metric() -> None:
    from evaluation.metrics.catalogue import METRICS

    pages = ("commands", "metrics")
    commands, metrics = (ROOT.joinpath("docs/reference", f"{page}.md").read_text(encoding="utf-8") for page in pages)
    for name, command in SHOWN.items():
        (part,) = re.findall(rf"^## {name}$(.*?)(?=^## |\Z)", commands, re.DOTALL | re.MULTILINE)
        for option in command.params:
            if option.param_type_name == "option" and not option.hidden:
                assert f"`{option.opts[0]}" in part
    assert [name for name in METRICS if f"`{name}`" not in metrics] == []


@pytest.mark.parametrize("page", LINKED, ids=of)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    broken = []
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    for target in [*LINK.findall(text), *IN_HTML.findall(text)]:
        path, _, heading = target.partition("#")
        file = page.parent / path if path else page
        if not file.exists() or (heading and file.suffix == ".md" and heading not in anchors(file)):
            broken.append(target)
    assert broken == []


def test_every_page_of_docs_can_be_reached_from_its_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / target.partition("#")[0]).resolve() for target in LINK.findall(index.read_text())}
    assert [of(page) for page in WRITTEN if "docs" in page.parts and page not in {index, *linked}] == []


def test_every_column_of_a_verdict_is_explained() -> None:
    from evaluation.comparison.verdict import COLUMNS

    files = ROOT.joinpath("docs", "files.md").read_text(encoding="utf-8")
    names = {name.removesuffix("_low").removesuffix("_high") for name in COLUMNS}
    assert [name for name in names if f"`{name}`" not in files] == []


def test_every_file_of_a_comparison_and_a_corpus_is_explained() -> None:
    from clstm.corpus.preparation import FILES as OF_CORPUS
    from evaluation.comparison.folder import FILES as OF_COMPARISON

    files = ROOT.joinpath("docs", "files.md").read_text(encoding="utf-8")
    assert [name for name in (*OF_CORPUS, *OF_COMPARISON) if f"`{name}`" not in files] == []


@pytest.mark.parametrize("kind", ["OPTIONS", "COLUMNS", "VALUES"])
def test_the_changelog_prints_every_old_name(kind: str) -> None:
    pairs: dict[str, str] = dict(getattr(old_names, kind))
    assert pairs
    assert [old for old, new in pairs.items() if f"| `{old}` | `{new}` |" not in CHANGELOG] == []


def test_modules_that_moved_are_where_the_changelog_says() -> None:
    (table,) = re.findall(r"^\| before \| now \|\n\|---\|---\|\n(.*?)\n\n", CHANGELOG, re.DOTALL | re.MULTILINE)
    moved = re.findall(r"^\| `(?:python -m )?([\w.]+)`.* \| `(?:python -m )?([\w.]+)` \|$", table, re.MULTILINE)
    assert len(moved) == len(table.splitlines())
    assert [new for _, new in moved if importlib.util.find_spec(new) is None] == []


def test_one_version_is_named_everywhere() -> None:
    version = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"\nversion: {version}\n" in ROOT.joinpath("CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^## ([\d.]+)", CHANGELOG, re.MULTILINE)[0] == version


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_lines_of_the_readme_can_be_pasted_in_their_order(tmp_path: Path) -> None:
    (chapter,) = re.findall(r"^## Ten commands$(.*?)^## ", README, re.DOTALL | re.MULTILINE)
    typed = [line for block in FENCED.findall(chapter) for line in LINES.findall(block) if " serve " not in line]
    assert len(typed) > len(MAIN)
    for line in typed:
        command = [Path(sys.executable).with_name("clstm"), *shlex.split(line)[1:]]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
    assert (tmp_path / "report" / "index.html").is_file()
