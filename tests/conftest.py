"""What every test may use, and the rule that a skipped test is a failed promise."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from evaluation import doctor

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--forbid-skips", action="store_true", help="fail when a test is skipped (`make test` does)")


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
    from playwright.sync_api import sync_playwright

    path = doctor.find_chromium()
    if path is None:
        pytest.skip(f"no Chromium; {doctor.install_command(['chromium'], doctor.package_manager())}")
    with sync_playwright() as playwright:
        # Every name but this machine's own fails to resolve: a page that needs the network shows it.
        rules = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", rules])
        yield chromium
        chromium.close()
