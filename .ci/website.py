"""The documentation as a site in build/site: `python .ci/website.py`, or `make docs`.

The pages are those of the repository, at their places in it, so that their links hold in both. What they show or play
comes along. A link to any other file leads to the repository where CITATION.cff names one, and is text otherwise. The
contents are those of docs/README.md; pages of the programming interface are made of docstrings by mkdocstrings.

MkDocs is strict: a broken link, a heading that is not there and a page without a place stop it. Nothing is loaded from
other hosts.
"""

import logging
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from metadata import FENCED, IMAGE, LINK, SHOWN, stated

ROOT = Path(__file__).resolve().parents[1]
SOURCE, SITE = ROOT / "build" / "site-source", ROOT / "build" / "site"
CONFIGURATION, LOOK = ROOT / ".ci" / "mkdocs.yml", ROOT / ".ci" / "site.css"
INDEX = ROOT / "docs" / "README.md"
MODELS = "The bundled models"
RESULTS = {"Published results": "reports/published/*/*.md", MODELS: "clstm/pretrained/*/README.md"}
MEDIA = {".svg", ".png", ".mp3"}  # comes along where a page links to it
ROOMS = {  # whose docstrings are shown, beside the names of `import clstm`
    "clstm": ("music", "formats"),
    "evaluation": (
        *("audio", "metrics", "measurement", "controls", "statistics", "distance", "comparison"),
        *("embeddings", "prompting", "notes", "drift"),
    ),
}
MERMAID = re.compile(r"^```mermaid$.*?^```$", re.DOTALL | re.MULTILINE)
MARKED = re.compile(r"^(```\w+) .+$", re.MULTILINE)  # words for the tests, which MkDocs does not take
GROUP = re.compile(r"^\*\*(.+)\*\*$|^- \[(.+?)\]\((.+?)\)", re.MULTILINE)
PLAYER = '<audio controls preload="none" src="{target}" aria-label="{name}"></audio> {text}'  # in a list, or a table
DRAWING = "*The repository's page has the drawing.*"  # MkDocs draws none without another host

Contents = dict[str, dict[str, str]]  # by group: the paths of pages within the repository by their titles


def contents() -> Contents:
    """Every page that is in the repository, in the order of docs/README.md; "" is no group."""
    found: Contents = {"": {"Home": "README.md", "Guides and reference": "docs/README.md"}}
    group = ""
    for heading, title, target in GROUP.findall(INDEX.read_text(encoding="utf-8")):
        group = heading or group
        if title:
            place = (INDEX.parent / target).resolve().relative_to(ROOT).as_posix()
            found.setdefault(group, {})[title] = place
    found.setdefault("Inside", {})["Code of conduct"] = "CODE_OF_CONDUCT.md"
    for name, pattern in RESULTS.items():
        pages = sorted(ROOT.glob(pattern))
        titles = [f"Model {page.parent.name}" if name == MODELS else headline(page) for page in pages]
        found[name] = {title: page.relative_to(ROOT).as_posix() for title, page in zip(titles, pages, strict=True)}
    return found


def headline(page: Path) -> str:
    """A page's own heading, up to a colon."""
    return page.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ").partition(":")[0].replace("`", "")


def interface() -> dict[str, str]:
    """The pages of the programming interface by their paths, as text for mkdocstrings."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = project["entry-points"]["clstm.names"]
    shown = [
        f"::: {place.replace(':', '.')}\n    options:\n      heading: clstm.{name}\n      toc_label: {name}"
        for name, place in names.items()
    ]
    pages = {
        "api/names.md": "\n\n".join(["# Names of `clstm`", "`import clstm` and `from clstm import NAME`.", *shown])
    }
    for package, rooms in ROOMS.items():
        for room in rooms:
            modules = sorted(path for path in (ROOT / package / room).rglob("*.py") if path.name[0] != "_")
            dotted = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in modules]
            pages[f"api/{package}.{room}.md"] = "\n\n".join(
                [f"# {package}.{room}", *(f"::: {name}" for name in dotted)]
            )
    return {path: f"{text}\n" for path, text in pages.items()}


def navigation() -> list[dict[str, object]]:
    """The contents as MkDocs takes them."""
    found: list[dict[str, object]] = []
    for group, pages in contents().items():
        entries: list[dict[str, object]] = [{title: place} for title, place in pages.items()]
        found += [{group: entries}] if group else entries
    api = [{Path(path).stem.replace("names", "clstm"): path} for path in interface()]
    return [*found, {"Programming interface": api}]


def staged(page: Path, pages: set[Path], repository: str) -> tuple[str, list[Path]]:
    """A page as it stands on the site, and the files that come along. pages : all of the site"""
    along: list[Path] = []

    def target_of(found: re.Match[str]) -> str:
        """Where a link leads on the site; "" for nowhere."""
        path, _, heading = found["target"].partition("#")
        if not path or re.match(r"https?://|mailto:", path):
            return found["target"]
        file = (page.parent / path).resolve()
        if file in pages or not file.exists():  # of what is not there MkDocs complains
            return found["target"]
        if (file / "README.md") in pages:
            return f"{path.rstrip('/')}/README.md"
        if file.suffix in MEDIA or file.name == "index.html":
            along.extend([file] if file.suffix in MEDIA else sorted(file.parent.rglob("*")))
            return found["target"]
        place = file.relative_to(ROOT).as_posix() + (f"#{heading}" if heading else "")
        return f"{repository}/blob/HEAD/{place}" if repository else ""

    def link(found: re.Match[str]) -> str:
        target = target_of(found)
        line = found.string[found.string.rfind("\n", 0, found.start()) + 1 :]
        if target.endswith(".mp3") and line.startswith(("-", "|")):
            return PLAYER.format(target=target, text=found["text"], name=Path(target).stem)
        return f"[{found['text']}]({target})" if target else found["text"]

    def image(found: re.Match[str]) -> str:
        return f"![{found['text']}]({target_of(found)})"

    def shown(found: re.Match[str]) -> str:
        return f'{found["name"]}="{target_of(found)}"'

    def site_form(part: str) -> str:
        return LINK.sub(link, IMAGE.sub(image, SHOWN.sub(shown, part)))

    text = MERMAID.sub(DRAWING, page.read_text(encoding="utf-8"))
    text = MARKED.sub(r"\1", text)
    parts = FENCED.split(text)
    made = [part if FENCED.fullmatch(part) else site_form(part) for part in parts]
    return "".join(made), along


def stage() -> None:
    """Write all that the site is made of into `SOURCE`."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    repository = stated((ROOT / "CITATION.cff").read_text(encoding="utf-8"), "repository-code").rstrip("/")
    pages = {ROOT / place for group in contents().values() for place in group.values()}
    for path, text in all_texts(pages, repository):
        place = SOURCE / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    shutil.copyfile(LOOK, SOURCE / LOOK.name)


def all_texts(pages: set[Path], repository: str) -> Iterator[tuple[str, str]]:
    """Every page of the site by its path; what comes along is copied on the way."""
    yield from interface().items()
    for page in sorted(pages):
        text, along = staged(page, pages, repository)
        for file in filter(Path.is_file, along):
            place = SOURCE / file.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
        yield page.relative_to(ROOT).as_posix(), text


def main() -> None:
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s", stream=sys.stderr)
    stage()
    options = {"docs_dir": str(SOURCE), "site_dir": str(SITE), "nav": navigation(), "strict": True}
    build(load_config(str(CONFIGURATION), **options))
    place = SITE.relative_to(ROOT)
    print(f"{place}/index.html written; to search in it: python -m http.server -d {place}")


if __name__ == "__main__":
    main()
