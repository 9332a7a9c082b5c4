"""The site: every page of the repository has a place in it, every link leads somewhere, and it needs no other host."""

import doctest
import http.server
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from patience import PATIENCE
from test_docs import IN_HTML, LINK, LINKED, REFERENCE, ROOT, anchors, loaded

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WEBSITE = loaded("website")
CONTENTS: dict[str, dict[str, str]] = WEBSITE.contents()
PAGES = {ROOT / place for group in CONTENTS.values() for place in group.values()}
COMPUTATION: ModuleType = loaded("computation")


def test_every_page_of_the_repository_has_one_place_in_the_site() -> None:
    places = [place for group in CONTENTS.values() for place in group.values()]
    assert len(places) == len(set(places))
    assert sorted(places) == sorted(page.relative_to(ROOT).as_posix() for page in LINKED)


def test_the_contents_are_grouped_by_who_reads() -> None:
    assert {"For researchers", "For organisers of a study", "For continuous integration", "Reference"} <= set(CONTENTS)


@pytest.mark.parametrize("page", sorted(PAGES), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere_on_the_site(page: Path) -> None:
    text, along = WEBSITE.staged(page, PAGES, "")
    there = PAGES | set(along)
    broken = []
    text = WEBSITE.FENCED.sub("", text)
    for target in [*LINK.findall(text), *IN_HTML.findall(text)]:
        path, _, heading = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if file not in there or (heading and file.suffix == ".md" and heading not in anchors(file)):
            broken.append(target)
    assert broken == []


def test_a_link_to_the_code_leads_to_the_repository_where_one_is_known() -> None:
    page = ROOT / "docs/reference/metrics.md"
    without, _ = WEBSITE.staged(page, PAGES, "")
    known, _ = WEBSITE.staged(page, PAGES, "https://example.org/clstm")
    assert "Module: evaluation/metrics/loudness.py." in without
    assert (
        "[evaluation/metrics/loudness.py](https://example.org/clstm/blob/HEAD/evaluation/metrics/loudness.py)" in known
    )


def test_a_block_of_code_has_a_language_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python no-run\ncl.train()\n```\n", encoding="utf-8")
    assert WEBSITE.staged(page, PAGES, "") == ("```python\ncl.train()\n```\n", [])


def test_a_link_to_nothing_is_left_for_mkdocs_to_refuse(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[a page](nowhere.md)", encoding="utf-8")
    assert WEBSITE.staged(page, PAGES, "") == ("[a page](nowhere.md)", [])


def test_the_interface_shows_modules_that_there_are() -> None:
    shown = re.findall(r"^::: ([\w.]+)$", "\n".join(WEBSITE.interface().values()), re.MULTILINE)
    assert "evaluation.music.Music" in shown
    places = [ROOT.joinpath(*name.split(".")) for name in shown]  # a module, or what one defines
    missing = [place for place in places if not any(one.with_suffix(".py").is_file() for one in (place, place.parent))]
    assert len(places) > 50
    assert missing == []


def test_nothing_of_its_look_comes_from_elsewhere() -> None:
    look = "\n".join((ROOT / ".ci" / name).read_text(encoding="utf-8") for name in ("mkdocs.yml", "site.css"))
    assert "font: false" in look
    assert not re.search(r"https?://|@import", look)


def test_what_is_said_of_each_computation_is_the_modules_own() -> None:
    assert doctest.testmod(COMPUTATION).failed == 0
    page = REFERENCE.PAGES["reference/computation.md"]()
    assert "flux = sum max(0, X[t+1] - X[t]) / sum X[t+1]" in page
    assert not re.search(r'\\["&\']', page)  # BibTeX's letters are letters


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of the site, built."""
    if not find_spec("mkdocs"):
        pytest.skip("no MkDocs; make setup-docs installs it")
    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "website.py"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=WEBSITE.SITE)
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.browser
def test_the_site_builds_strictly_and_loads_nothing_from_other_hosts(site: str, browser: "Browser") -> None:
    pages = [path for path in WEBSITE.SITE.rglob("*.html") if "replication" not in path.parts]
    assert len(pages) > len(PAGES)
    for page in pages:
        loaded_from = re.findall(
            r'<(?:script|link|img|audio|iframe)[^>]+(?:src|href)="(https?:[^"]+)"', page.read_text()
        )
        assert loaded_from == [], page
        places = [
            WEBSITE.SITE / path[1:] if path.startswith("/") else page.parent / path
            for path in IN_HTML.findall(page.read_text())
        ]
        assert [place for place in places if not place.is_file()] == [], page
    shown = ("index.html", "docs/gallery.html", "docs/reference/computation.html", "api/evaluation.statistics.html")
    asked: list[str] = []
    for width in (390, 1280):
        tab = browser.new_page(viewport={"width": width, "height": 800})
        tab.on("request", lambda request: asked.append(request.url))
        for path in shown:
            tab.goto(f"{site}/{path}")
            assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (path, width)
            empty = "[...document.images].filter(one => one.complete && !one.naturalWidth).map(one => one.src)"
            assert tab.evaluate(empty) == [], (path, width)
        tab.close()
    assert [url for url in asked if not url.startswith((site, "data:", "blob:"))] == []
