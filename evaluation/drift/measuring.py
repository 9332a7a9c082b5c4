"""The files of a baseline, found and measured under their names.

Inputs are named relative to the baseline, so that a repository can be moved. Files are named relative to the folder
they were found in, so that another folder can take its place.
"""

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from clstm.runtime.errors import NothingUsableError, UnreadableFileError, UserError
from clstm.runtime.finding import find_files, is_midi
from clstm.runtime.names import readable
from clstm.runtime.progress import Progress, silent
from evaluation.audio.files import read_audio
from evaluation.audio.fingerprint import fingerprint_of
from evaluation.audio.render import RenderSettings
from evaluation.drift.baseline import Baseline, BaselineFile
from evaluation.measurement import cache
from evaluation.measurement.batch import over_files
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.measure import measure_input


def measure_piece(path: Path, settings: RenderSettings = RenderSettings()) -> BaselineFile:
    """Every metric of a MIDI or audio file, measured without the cache, or why there is none."""
    try:
        with cache.nothing_remembered():
            measured = measure_input(MeasurementInput(path), settings)
            fingerprint = None if is_midi(path) else fingerprint_of(*read_audio(path))
            return BaselineFile(_sha256(path), measured.values, fingerprint=fingerprint, left_out=measured.left_out)
    except UnreadableFileError as error:
        return BaselineFile(_sha256(path), {}, error.reason)


def _sha256(path: Path) -> str:
    try:
        return cache.sha256(path)
    except OSError:  # the file is unreadable, and says why
        return ""


def named_files(inputs: Sequence[Path], folders: int | None = None) -> dict[str, Path]:
    """The MIDI and audio files of files and folders, by name: the file's own name, or its path within its folder.

    folders : how many of the inputs are folders; where there are several, the folder's name is put before the path

    Raises `UserError` for an input that does not exist, or two files of one name; `NothingUsableError` without any.

    >>> sorted(named_files([Path("music")]))
    ['a=b/song.mid', 'human/song.mid', 'mine/lstm.mid']
    """
    folders = sum(path.is_dir() for path in inputs) if folders is None else folders
    files: dict[str, Path] = {}
    for source in inputs:
        for path in find_files([source]):
            name = path.relative_to(source) if source.is_dir() else Path(path.name)
            if source.is_dir() and folders > 1:
                name = Path(source.resolve().name) / name
            first = files.setdefault(readable(name.as_posix()), path)
            if not first.samefile(path):
                raise UserError(
                    f"{readable(first)} and {readable(path)} have the same name here; give the folder with both"
                )
    return files


def measure_files(
    files: Mapping[str, Path], settings: RenderSettings, workers: int | None = None, progress: Progress = silent
) -> dict[str, BaselineFile]:
    """Every file, by name, each measured in a process that may crash without harm to the others."""
    measured: dict[str, BaselineFile] = {}
    results = over_files(partial(measure_piece, settings=settings), list(files.values()), workers)
    for name, (path, result) in zip(files, results, strict=True):
        if isinstance(result, UnreadableFileError):  # it was never measured, or its process died
            measured[name] = BaselineFile(_sha256(path), {}, result.reason)
        else:
            measured[name] = result
        progress("Measuring", len(measured), len(files))
    return measured


def recorded_files(path: Path, baseline: Baseline) -> dict[str, Path]:
    """The files that the recorded inputs hold now. Those of an input that is gone are not among them, and so are
    reported as removed. Raises `UserError` when no input is there."""
    inputs = [path.parent / source for source in baseline.inputs]
    there = [source for source in inputs if source.exists()]
    if not there:
        raise UserError(f"{path}: none of its recorded inputs exists ({', '.join(baseline.inputs)}); name the inputs")
    folders = sum(source.endswith("/") for source in baseline.inputs)
    files: dict[str, Path] = {}
    for source in there:
        try:
            files |= named_files([source], folders)
        except NothingUsableError:  # a folder that was emptied
            continue
    return files


def relative(source: Path, folder: Path) -> str:
    relative = Path(os.path.relpath(source.absolute(), folder.absolute())).as_posix()
    return f"{relative}/" if source.is_dir() else relative
