"""The fixture `spectra`, for the tests of any project: `spectra.check("tests/baseline.json")`.

pytest loads this module wherever clstm is installed, in every run and with the project's own packages first on the
path. So it imports nothing heavy, and nothing under a name that a project may have too: what measures is the entry
point `spectra` of the group `clstm.fixtures`, loaded when a test asks for the fixture.
"""

from pathlib import Path
from typing import Any

import pytest

UNMATCHED = ("fail", "skip", "warn")

recorded = pytest.StashKey[list[Path]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("spectra", "drift of measured music (clstm)")
    group.addoption("--spectra-record", action="store_true", help="record the baselines of `spectra.check` again")
    parser.addini(
        "spectra_unmatched",
        "what `spectra.check` does in another environment than the baseline's: fail (default), skip, or warn and "
        "compare all the same",
        default="fail",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[recorded] = []
    if config.getini("spectra_unmatched") not in UNMATCHED:
        given = config.getini("spectra_unmatched")
        raise pytest.UsageError(f"spectra_unmatched = {given} is not known; choose one of: {', '.join(UNMATCHED)}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for path in config.stash[recorded]:
        terminalreporter.write_line(f"spectra: recorded {path}")


@pytest.fixture
def spectra(request: pytest.FixtureRequest) -> Any:
    """Measured music against a recorded baseline: `spectra.check("tests/baseline.json")`."""
    from clstm.runtime.shadowing import HiddenPackageError, load

    try:
        made = load("clstm.fixtures", "spectra")
    except HiddenPackageError as error:
        said = str(error)  # outside of this block, or pytest says it twice
    else:
        return made(request.config)
    pytest.fail(said, pytrace=False)
