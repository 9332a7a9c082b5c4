"""What a participant's browser gets before the app: few bytes, and the study's words."""

import gzip
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from app_server import AppServer, running
from minimal_study import NAMES, write_study

import listening_study
from listening_study.protocol.configuration import Access
from listening_study.protocol.study import Study
from listening_study.server.first_page import first_page
from listening_study.store.connection import migrate

OPENER = build_opener(ProxyHandler({}))
APP = Path(listening_study.__file__).parent / "participants" / "app.py"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return write_study(tmp_path_factory.mktemp("study") / "study")


@pytest.fixture(scope="module")
def server(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    migrate(study.answers_path)
    log = tmp_path_factory.mktemp("log") / "log"
    with running(AppServer(APP, [str(study.folder)], log=log)) as server:
        yield server


def fetch(address: str, **headers: str) -> tuple[dict[str, str], bytes]:
    request = Request(address, headers={name.replace("_", "-"): value for name, value in headers.items()})
    with OPENER.open(request, timeout=60) as answer:
        return {name.lower(): value for name, value in answer.headers.items()}, answer.read()


def scripts(server: AppServer) -> list[str]:
    _, page = fetch(server.url)
    return [f"{server.url}/{name}" for name in re.findall(r'"\./(static/js/[^"]+)"', page.decode())]


def test_the_page_has_the_words_of_the_welcome_page_in_the_language_of_the_browser(
    server: AppServer, study: Study
) -> None:
    said = {}
    for language in ("en-GB,en;q=0.8", "de-AT"):
        headers, page = fetch(server.url, Accept_Encoding="gzip", Accept_Language=language)
        assert headers["content-encoding"] == "gzip"
        assert int(headers["content-length"]) == len(page)
        said[language[:2]] = gzip.decompress(page).decode()
    assert "Can you hear which is which?" in said["en"]
    assert "Bevor Sie beginnen" in said["de"]
    assert '<html lang="de">' in said["de"]
    for page_said in said.values():
        assert page_said.count(f"<title>{study.title}</title>") == 1
        assert not any(name in page_said for name in (*NAMES, *study.clips))


def test_files_are_sent_compressed_once_and_whole(server: AppServer) -> None:
    for address in scripts(server):
        plain, body = fetch(address)
        for _ in range(2):  # the second is remembered
            headers, packed = fetch(address, Accept_Encoding="br, gzip")
            if "content-encoding" in headers:
                assert headers["vary"] == "Accept-Encoding"
                assert gzip.decompress(packed) == body
            else:
                assert (len(body) < 500, packed) == (True, body)
            assert headers["cache-control"] == plain["cache-control"]
            assert headers["content-type"] == plain["content-type"]


def test_the_page_and_its_first_scripts_are_a_quarter_of_their_size(server: AppServer) -> None:
    addresses = [server.url, *scripts(server)]
    whole, sent = (
        sum(len(fetch(address, **asked)[1]) for address in addresses) for asked in ({}, {"Accept_Encoding": "gzip"})
    )
    assert len(addresses) > 20
    assert 4 * sent < whole


def test_a_file_that_is_not_there_and_part_of_a_file_are_as_before(server: AppServer) -> None:
    _, page = fetch(f"{server.url}/no-such-page", Accept_Encoding="gzip")
    assert b'<div id="root">' in gzip.decompress(page)
    headers, body = fetch(scripts(server)[0], Accept_Encoding="gzip", Range="bytes=0-9")
    assert (len(body), headers.get("content-encoding")) == (10, None)


def test_who_comes_back_or_needs_a_link_reads_the_title_alone(tmp_path: Path, study: Study) -> None:
    newcomer = first_page(study)(["en"], {}).words
    again = first_page(study)(["en"], {"t": "abc"}).words
    invited = write_study(tmp_path / "invited", access=Access(mode="tokens"))
    assert [f"<h1>{study.title}</h1>" in words for words in (newcomer, again)] == [True, True]
    assert ["<section>" in words for words in (newcomer, again)] == [True, False]
    assert "<section>" not in first_page(invited)(["en"], {}).words


def test_words_of_a_study_are_no_code_of_the_page(tmp_path: Path) -> None:
    named = replace(write_study(tmp_path / "study"), title="<script>alert(1)</script>")
    made = first_page(named)(["en"], {})
    assert "<script>" not in made.words
