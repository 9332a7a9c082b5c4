"""The fixture `spectra` of `clstm.pytest_plugin`.

It is a module of its own because pytest loads the plugin in every run wherever clstm is installed. This module is
loaded only when a test uses the fixture.
"""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clstm.pytest_plugin import recorded

if TYPE_CHECKING:
    from evaluation.drift.check import Check
    from evaluation.drift.tolerances import Tolerances


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
        tolerance: Mapping[str, float | str] | None = None,
    ) -> "Check | None":
        """Fail the test with a table of what moved, as `clstm spectra check` shows it; else return the result.

        inputs : files or folders used instead of those recorded; a first recording needs them
        tolerance : how far metrics may move in this test, such as {"centroid": "2%", "loudness_range": 1.5}
        With `pytest --spectra-record` the baseline is recorded, with its own settings, and None is returned.
        """
        from clstm.runtime.errors import UserError
        from evaluation.drift.tolerances import of_names

        path = self._path(baseline)
        sources = [self._path(source) for source in ([inputs] if isinstance(inputs, str | PathLike) else inputs)]
        font = None if soundfont is None else self._path(soundfont)
        try:
            allowed = of_names(tolerance or {}, "tolerance")
            if self._config.getoption("--spectra-record"):
                self._record(path, sources, font, workers)
                return None
            return self._check(path, sources, font, workers, allowed)
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

    def _check(
        self,
        path: Path,
        sources: list[Path],
        soundfont: Path | None,
        workers: int | None,
        tolerances: "Tolerances",
    ) -> "Check":
        import warnings

        from evaluation.drift.check import check
        from evaluation.drift.report import text

        if not path.exists():
            pytest.fail(f"no baseline {path}; name its inputs and run: pytest --spectra-record", pytrace=False)
        found = check(path, sources, soundfont, workers, tolerances=tolerances)
        unmatched = self._config.getini("spectra_unmatched")
        if found.unmatched and unmatched == "skip":
            pytest.skip(text(found))
        if found.moved or (found.unmatched and unmatched == "fail"):
            pytest.fail(text(found), pytrace=False)
        if found.unmatched:
            warnings.warn(pytest.PytestWarning(text(found)), stacklevel=3)
        return found
