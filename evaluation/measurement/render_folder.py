"""Files of MIDI -> a folder of audio with `render.json`: how it was made, and what became of every file.

The record is there before the first file, with the names of all that are to be written, so that the same command goes
on after it was killed; files of other names, and those that were changed since they were written, are somebody's, and
are never replaced.
"""

import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from clstm.music.left_out import as_columns, from_columns, sentence
from clstm.runtime.errors import NothingUsableError, UnreadableFileError, UserError
from clstm.runtime.files import write_json
from clstm.runtime.names import readable
from evaluation.audio.buffers import clipped
from evaluation.audio.files import read_notes, write_audio
from evaluation.audio.render import RenderSettings, describe, render, same_grid
from evaluation.measurement.batch import over_files, unique_names
from evaluation.measurement.cache import sha256
from evaluation.metrics.loudness import integrated_loudness, true_peak

RECORD = "render.json"


@dataclass(frozen=True)
class Rendered:
    """One file of audio. loudness is in LUFS and true_peak in dBTP, None where there is none (silence); left_out is
    what is not heard of its source (`clstm.music.left_out`)."""

    file: str
    source: str
    seconds: float
    notes: int
    loudness: float | None
    true_peak: float | None
    clipped: int
    sha256: str
    left_out: dict[str, object]


@dataclass(frozen=True)
class Folder:
    """What became of the files: each is among one or the other."""

    rendered: list[Rendered]
    rejected: list[UnreadableFileError]

    @property
    def left_out(self) -> str:
        """What is not heard of what the files say, in a sentence; "" where all is."""
        import pandas as pd

        return sentence(from_columns(pd.DataFrame([one.left_out for one in self.rendered])))


def render_folder(
    paths: Sequence[Path],
    out: Path,
    settings: RenderSettings = RenderSettings(),
    *,
    suffix: str = ".flac",
    on_grid: bool = False,
    workers: int | None = None,
    progress: Callable[[Path], object] | None = None,
) -> Folder:
    """Render every MIDI file into the folder `out`, each under a name of its own, and write `render.json` beside them.

    suffix : .flac or .wav, 16 bits; what passes full scale is clipped, and counted in the record
    on_grid : pass the notes through the score matrix and one velocity first, as a model's would be
    progress : called with each file when it is done

    Raises `NothingUsableError` when no file can be read, `UserError` when `out` is no folder.
    """
    if out.exists() and not out.is_dir():
        raise UserError(f"{readable(out)} is a file; give a folder for the audio")
    description = describe(settings)  # a missing library or SoundFont is known before the first process starts
    names = dict(zip(paths, unique_names(paths), strict=True))
    targets = [f"{name}{suffix}" for name in names.values()]
    earlier = _earlier(out)
    _check_replaceable(out, targets, earlier)
    kept = {name: digest for name, digest in earlier.items() if name not in set(targets)}
    about = {"settings": description, "same_grid": on_grid}
    write_json(out / RECORD, {**about, "files": [], "unfinished": targets, "earlier": kept})
    renamed = {path: name for path, name in names.items() if name != path.stem}
    work = partial(_render_file, renamed=renamed, out=out, settings=settings, suffix=suffix, on_grid=on_grid)
    folder = Folder([], [])
    for path, result in over_files(work, paths, workers):
        if isinstance(result, UnreadableFileError):
            folder.rejected.append(result)
        else:
            folder.rendered.append(result)
        if progress:
            progress(path)
    if not folder.rendered:
        _take_back(out, about, earlier)
        raise NothingUsableError(f"no file can be rendered: {'; '.join(map(str, folder.rejected))}")
    write_json(
        out / RECORD,
        {
            **about,
            "files": [asdict(rendered) for rendered in folder.rendered],
            "rejected": [{"source": readable(error.path), "reason": error.reason} for error in folder.rejected],
            "earlier": kept,
        },
    )
    return folder


def _earlier(out: Path) -> dict[str, str]:
    """What earlier calls wrote, or were about to: names and SHA-256, "" of what was not finished.

    Raises `UserError` for a record that is not ours.
    """
    try:
        record = json.loads((out / RECORD).read_text(encoding="utf-8"))
        known = {file["file"]: file["sha256"] for file in record["files"]}
        return {**record.get("earlier", {}), **dict.fromkeys(record.get("unfinished", ()), ""), **known}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UserError(f"{readable(out / RECORD)} is no record of this command; name another folder") from None


def _take_back(out: Path, about: dict[str, object], earlier: dict[str, str]) -> None:
    """Leave a folder as it was before a call that rendered nothing."""
    if earlier:
        write_json(out / RECORD, {**about, "files": [], "rejected": [], "earlier": earlier})
        return
    (out / RECORD).unlink()
    with suppress(OSError):  # there was a folder, and something in it
        out.rmdir()


def _check_replaceable(out: Path, names: Sequence[str], earlier: dict[str, str]) -> None:
    for target in (out / name for name in names if os.path.lexists(out / name)):
        if target.name not in earlier or not target.is_file():
            raise UserError(f"{readable(target)} exists, and this command did not write it; name another folder")
        if earlier[target.name] and sha256(target) != earlier[target.name]:
            raise UserError(f"{readable(target)} was changed since this command wrote it; name another folder")


def _render_file(
    path: Path, renamed: dict[Path, str], out: Path, settings: RenderSettings, suffix: str, on_grid: bool
) -> Rendered:
    read = read_notes(path)
    notes = same_grid(read) if on_grid else read
    waveform = render(notes, settings)
    target = out / f"{renamed.get(path, path.stem)}{suffix}"
    write_audio(target, waveform, settings.sample_rate, reported=True)
    loudness, peak = integrated_loudness(waveform, settings.sample_rate), true_peak(waveform, settings.sample_rate)
    return Rendered(
        file=target.name,
        source=readable(path),
        seconds=round(len(waveform) / settings.sample_rate, 3),
        notes=len(notes),
        loudness=None if loudness is None else round(loudness, 2),
        true_peak=None if peak is None else round(peak, 2),
        clipped=clipped(waveform),
        sha256=sha256(target),
        left_out=as_columns(read.left_out),
    )
