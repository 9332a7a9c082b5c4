"""Files of MIDI -> a folder of audio with `render.json`: how it was made, and what became of every file."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from clstm.errors import NothingUsableError, UnreadableFileError, UserError
from clstm.files import write_json
from evaluation.audio import read_notes, write_audio
from evaluation.batch import over_files, unique_names
from evaluation.cache import sha256
from evaluation.loudness import integrated_loudness, true_peak
from evaluation.render import RenderSettings, describe, render, same_grid
from evaluation.waveform import clipped

RECORD = "render.json"


@dataclass(frozen=True)
class Rendered:
    """One file of audio. loudness is in LUFS and true_peak in dBTP, None where there is none (silence)."""

    file: str
    source: str
    seconds: float
    notes: int
    loudness: float | None
    true_peak: float | None
    clipped: int
    sha256: str


@dataclass(frozen=True)
class Folder:
    """What became of the files: each is among one or the other."""

    rendered: list[Rendered]
    rejected: list[UnreadableFileError]


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
        raise UserError(f"{out} is a file; give a folder for the audio")
    description = describe(settings)  # a missing library or SoundFont is known before the first process starts
    renamed = {path: name for path, name in zip(paths, unique_names(paths), strict=True) if name != path.stem}
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
        raise NothingUsableError(f"no file can be rendered: {'; '.join(map(str, folder.rejected))}")
    write_json(
        out / RECORD,
        {
            "settings": description,
            "same_grid": on_grid,
            "files": [asdict(rendered) for rendered in folder.rendered],
            "rejected": [{"source": str(error.path), "reason": error.reason} for error in folder.rejected],
        },
    )
    return folder


def _render_file(
    path: Path, renamed: dict[Path, str], out: Path, settings: RenderSettings, suffix: str, on_grid: bool
) -> Rendered:
    notes = read_notes(path)
    if on_grid:
        notes = same_grid(notes)
    waveform = render(notes, settings)
    target = out / f"{renamed.get(path, path.stem)}{suffix}"
    write_audio(target, waveform, settings.sample_rate, reported=True)
    loudness, peak = integrated_loudness(waveform, settings.sample_rate), true_peak(waveform, settings.sample_rate)
    return Rendered(
        file=target.name,
        source=str(path),
        seconds=round(len(waveform) / settings.sample_rate, 3),
        notes=len(notes),
        loudness=None if loudness is None else round(loudness, 2),
        true_peak=None if peak is None else round(peak, 2),
        clipped=clipped(waveform),
        sha256=sha256(target),
    )
