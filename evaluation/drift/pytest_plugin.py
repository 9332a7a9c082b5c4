"""What a test gets that asks for the fixture `spectra` (`clstm.pytest_plugin`).

It lies apart from the plugin, which pytest loads in every run wherever clstm is installed: this is loaded when a test
asks for it.
"""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clstm.pytest_plugin import recorded

if TYPE_CHECKING:
    from evaluation.drift.check import Check


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
        from clstm.runtime.errors import UserError

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
        from evaluation.audio.render import RenderSettings
        from evaluation.drift.check import record, record_again

        if path.exists():
            record_again(path, sources, soundfont, workers)
        else:
            record(sources, path, RenderSettings(soundfont=soundfont), workers)
        self._config.stash[recorded].append(path)

    def _check(self, path: Path, sources: list[Path], soundfont: Path | None, workers: int | None) -> "Check":
        import warnings

        from evaluation.drift.check import check
        from evaluation.drift.report import text

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
