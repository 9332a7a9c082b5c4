"""What every test may use, and the rule that a skipped test is a failed promise."""

import gc
import os
import shutil
import sys
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import numpy as np
import pytest
import soundfile
from page_parts import Parts
from patience import PATIENCE
from pools import empty_figure, start_server

from clstm.corpus.corpus import Corpus
from clstm.corpus.preparation import prepare
from clstm.music.midi import Notes, write_midi
from clstm.runtime import processes
from evaluation import doctor
from evaluation.audio.render import RenderSettings
from listening_study.protocol.configuration import Clips, Configuration, Design
from listening_study.protocol.study import Study
from listening_study.stimuli.creation import create_study

# Tiny networks gain nothing from threads that wait for each other. torch reads this when it is first imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["CLSTM_CACHE"] = "off"  # no test finds what another left behind
# An example may take as long as a busy machine makes it: how long says nothing of what is tested.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--forbid-skips", action="store_true", help="fail when a test is skipped (`make test` does)")
    parser.addoption("--midi", metavar="FOLDER", help="benchmarks: measure on this folder of MIDI files")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two more than there are cores: about half of the time tests wait for a browser, a server, or a clip to end."""
    return processes.default_workers() + 2


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What all the modules hold is no garbage: no collection visits it while it is made, nor ever after."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def _forbidden_skips(config: pytest.Config) -> int:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return len(reporter.stats.get("skipped", [])) if config.getoption("--forbid-skips") else 0


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if exitstatus == pytest.ExitCode.OK and _forbidden_skips(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if skipped := _forbidden_skips(config):
        terminalreporter.write_line(
            f"{skipped} skipped, and a skipped test is a failed one here: the reasons are above, `clstm doctor` says "
            "how to get what is missing",
            red=True,
        )


@pytest.fixture(scope="module")  # its event loop must not live on while other modules' tests run
def browser() -> "Iterator[Browser]":
    """A headless Chromium. `browser.new_page()` has no network but this machine."""
    from playwright.sync_api import expect, sync_playwright

    path = doctor.find_chromium()
    if path is None:
        pytest.skip(f"no Chromium; {doctor.install_command(['chromium'], doctor.package_manager())}")
    expect.set_options(timeout=1000 * PATIENCE)
    with sync_playwright() as playwright:
        # Every name but this machine's own fails to resolve: a page that needs the network shows it.
        rules = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
        arguments = ["--no-sandbox", rules]
        chromium = playwright.chromium.launch(executable_path=path, args=arguments, timeout=1000 * PATIENCE)
        chromium.new_page, chromium.new_context = _patient(chromium.new_page), _patient(chromium.new_context)
        yield chromium
        chromium.close()


def _patient(make: "Callable[..., Page | BrowserContext]") -> "Callable[..., Any]":
    """Pages and contexts that wait for what must come as long as every other test does."""

    def made(**settings: object) -> "Page | BrowserContext":
        new = make(**settings)
        new.set_default_timeout(1000 * PATIENCE)
        return new

    return made


@pytest.fixture(scope="session")
def tiny_sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Two sources of two short stereo recordings each, under names that occur nowhere else."""
    folder = tmp_path_factory.mktemp("music")
    time = np.arange(6 * 44100) / 44100
    sources: dict[str, list[Path]] = {"zebrafinch": [], "quokka": []}
    for number, name in enumerate(["zebrafinch", "zebrafinch", "quokka", "quokka"]):
        tones = [np.sin(2 * np.pi * (220 + 55 * number + 3 * channel) * time) for channel in range(2)]
        path = folder / f"{name}-wombat{number}.wav"
        soundfile.write(path, 0.2 * np.stack(tones, axis=1), 44100)
        sources[name].append(path)
    return sources


@pytest.fixture(scope="session", autouse=True)
def one_process_a_pool() -> Iterator[None]:
    """As on a machine of one core, unless a test asks for more: every worker of pytest has a core of its own."""
    start_server()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processes, "default_workers", lambda: 1)
        yield


@pytest.fixture(scope="module")
def measured_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Where tests of a module measure the same files: a cache of the module's own. `report verify` reads no cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLSTM_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def rough_floors() -> Iterator[None]:
    """Where nothing depends on the floors of the literature's numbers: a third of what a comparison computes."""
    from evaluation.comparison import papers

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(papers, "SAMPLES", 5)
        yield


@pytest.fixture(scope="module")
def empty_charts() -> Iterator[None]:
    """Where nothing depends on what the figures of all metrics show: they are most of what a report costs."""
    from reports.figures import charts, drawing
    from reports.paper import illustrations

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(charts, "distributions", empty_figure)
        patch.setattr(charts, "spreads", empty_figure)
        patch.setattr(illustrations, "closeness", empty_figure)
        patch.setattr(illustrations, "distances", empty_figure)
        patch.setattr(drawing, "closeness", empty_figure)
        patch.setattr(drawing, "distances", empty_figure)
        yield


@pytest.fixture(autouse=True)
def own_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit's tests leave their app as `__main__`, and processes that later tests spawn would run it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="session")
def tiny_study_made(tiny_sources: dict[str, list[Path]], tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The smallest study: two clips of 2 s a source, one question; the zebra finch is the human."""
    configuration = Configuration(
        title="A tiny study",
        clips=Clips(count=2, seconds=2.0, after=0),
        design=Design(
            practice=0,
            break_every=0,
            must_hear=0,
            questions=(),
            background=False,
            headphone_check=False,
            interview=False,
        ),
    )
    out = tmp_path_factory.mktemp("tiny") / "study"
    return create_study(tiny_sources, "zebrafinch", out, configuration, RenderSettings()).study


@pytest.fixture
def tiny_study(tiny_study_made: Study, tmp_path: Path) -> Study:
    """A copy of it, to be answered, changed and damaged."""
    shutil.copytree(tiny_study_made.folder, tmp_path / "study")
    return replace(tiny_study_made, folder=tmp_path / "study")


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Parts:
    """The components of a participants' page that is driven without a browser."""
    return Parts.put_in(monkeypatch)


@pytest.fixture(scope="session")
def eight_pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of eight pieces of 30 s on the grid: broken chords over a bass, each in harmony and rhythm its own."""
    folder = tmp_path_factory.mktemp("eight")
    for number in range(8):
        rows = []
        for beat in range(60):
            root = 48 + (0, 5, number, 0)[beat // 4 % 4]
            rows.append((beat / 2, beat / 2 + 0.5, root, 80))
            rows += [
                (beat / 2 + k / 8, beat / 2 + (k + 1) / 8, root + 12 + (0, 4, 7, 12)[(k * (number + 1)) % 4], 80)
                for k in range(1 + number % 4)
            ]
        write_midi(Notes.of(rows), folder / f"piece{number}.mid")
    return folder


@pytest.fixture(scope="session")
def tiny_corpus(eight_pieces: Path, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The eight pieces as a corpus: six to train on, one to choose by, one held out."""
    return prepare([str(eight_pieces)], tmp_path_factory.mktemp("corpora") / "tiny", workers=1)
