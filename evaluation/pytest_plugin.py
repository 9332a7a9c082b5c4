"""The fixture `spectra`, for the tests of any project: `spectra.check("tests/baseline.json")`.

pytest loads this module wherever clstm is installed, in every run, so it imports nothing of ours before it is used.
"""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from evaluation.regression import Check

UNMATCHED = ("fail", "skip", "warn")

_recorded = pytest.StashKey[list[Path]]()


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
    config.stash[_recorded] = []
    if config.getini("spectra_unmatched") not in UNMATCHED:
        given = config.getini("spectra_unmatched")
        raise pytest.UsageError(f"spectra_unmatched = {given} is not known; choose one of: {', '.join(UNMATCHED)}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for path in config.stash[_recorded]:
        terminalreporter.write_line(f"spectra: recorded {path}")


@pytest.fixture
def spectra(request: pytest.FixtureRequest) -> "Spectra":
    """Measured music against a recorded baseline: `spectra.check("tests/baseline.json")`."""
    return Spectra(request.config)


class Spectra:
    """Paths are relative to pytest's root folder."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def check(
        self,
        baseline: str | PathLike[str],
        inputs: str | PathLike[str] | Sequence[str | PathLike[str]] = (),
        *,
        soundfont: str | PathLike[str] | None = None,
        workers: int | None = None,
    ) -> "Check | None":
        """Fail the test with a table of what moved, as `clstm spectra check` shows it; else return what was found.

        inputs : files or folders in the place of those recorded, and what a first recording measures
        With `pytest --spectra-record` the baseline is recorded, with the settings it has, and None returned.
        """
        from clstm.errors import UserError

        path = self._path(baseline)
        sources = [self._path(source) for source in ([inputs] if isinstance(inputs, str | PathLike) else inputs)]
        font = None if soundfont is None else self._path(soundfont)
        try:
            if self._config.getoption("--spectra-record"):
                self._record(path, sources, font, workers)
                return None
            return self._check(path, sources, font, workers)
        except UserError as error:
            pytest.fail(str(error), pytrace=False)

    def _path(self, path: str | PathLike[str]) -> Path:
        return self._config.rootpath / path

    def _record(self, path: Path, sources: list[Path], soundfont: Path | None, workers: int | None) -> None:
        from evaluation.regression import record, record_again
        from evaluation.render import RenderSettings

        if path.exists():
            record_again(path, sources, soundfont, workers)
        else:
            record(sources, path, RenderSettings(soundfont=soundfont), workers)
        self._config.stash[_recorded].append(path)

    def _check(self, path: Path, sources: list[Path], soundfont: Path | None, workers: int | None) -> "Check":
        import warnings

        from evaluation.regression import check
        from evaluation.regression_report import text

        if not path.exists():
            pytest.fail(f"no baseline {path}; name its inputs and run: pytest --spectra-record", pytrace=False)
        found = check(path, sources, soundfont, workers)
        unmatched = self._config.getini("spectra_unmatched")
        if found.unmatched and unmatched == "skip":
            pytest.skip(text(found))
        if found.moved or (found.unmatched and unmatched == "fail"):
            pytest.fail(text(found), pytrace=False)
        if found.unmatched:
            warnings.warn(pytest.PytestWarning(text(found)), stacklevel=3)
        return found
