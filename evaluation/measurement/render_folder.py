"""Files of MIDI -> a folder of audio with `render.json`: the settings, and the result for every file.

The record is written before the first file and names all files to come, so the same command can continue after it was
killed. Files of other names, and files changed since they were written, belong to the user and are never replaced.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from clstm.music.left_out import as_columns, from_columns, on_one_program, sentence
from clstm.music.midi import Notes
from clstm.music.piece import Piece
from clstm.music.score import HIGHEST, LOWEST
from clstm.runtime.errors import NothingUsableError, UnreadableFileError, UserError
from clstm.runtime.files import write_json
from clstm.runtime.finding import AUDIO, kind
from clstm.runtime.names import readable
from clstm.runtime.ownership import may_write_files
from clstm.runtime.progress import Progress, silent
from evaluation.audio.buffers import clipped
from evaluation.audio.files import must_sound, read_playable, write_audio
from evaluation.audio.render import RenderSettings, describe, render, same_grid
from evaluation.audio.soundfont import lacking
from evaluation.measurement.batch import over_files, unique_names
from evaluation.measurement.cache import sha256
from evaluation.metrics.loudness import integrated_loudness, true_peak

RECORD = "render.json"


@dataclass(frozen=True)
class Rendered:
    """One file of audio.

    loudness : LUFS; true_peak : dBTP; None in silence
    clipped : samples
    left_out : what its source contains besides its notes with a pitch (`clstm.music.left_out`)
    remarks : what is heard differently from what the source says, or was assumed where it says nothing
    """

    file: str
    source: str
    seconds: float
    notes: int
    loudness: float | None
    true_peak: float | None
    clipped: int
    sha256: str
    left_out: dict[str, object]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Folder:
    """Every file is in one list or the other.

    on_grid : whether the notes with a pitch were rendered, and not the file as written
    instrument : the one program that plays everything; None where those of the files do
    """

    rendered: list[Rendered]
    rejected: list[UnreadableFileError]
    on_grid: bool
    instrument: int | None = None

    @property
    def remarks(self) -> list[str]:
        """What is heard differently from what the files say."""
        import pandas as pd

        beside = from_columns(pd.DataFrame([one.left_out for one in self.rendered]))
        said = [sentence(beside, one_instrument=self.instrument is None)] if self.on_grid else []
        said += [on_one_program(beside, self.instrument)] if self.instrument is not None else []
        files = [f"{one.file}: {'; '.join(one.remarks)}" for one in self.rendered if one.remarks]
        return [*filter(None, said), *files]


def render_folder(
    paths: Sequence[Path],
    out: Path,
    settings: RenderSettings = RenderSettings(),
    *,
    suffix: str = ".flac",
    on_grid: bool = False,
    workers: int | None = None,
    progress: Progress = silent,
) -> Folder:
    """Render every MIDI file into the folder `out`, under unique names, and write `render.json` beside them.

    suffix : .flac or .wav, 16 bits; samples beyond full scale are clipped, and counted in the record
    on_grid : pass the notes through the score matrix and one velocity first, as a model's notes did
    progress : called as each file is done

    Raises `NothingUsableError` when no file can be read, `UserError` when `out` is a file or holds what this command
    did not write.
    """
    description = describe(settings)  # a missing library or SoundFont is known before the first process starts
    names = dict(zip(paths, unique_names(paths), strict=True))
    targets = [f"{name}{suffix}" for name in names.values()]
    earlier = _earlier(out)
    may_write_files(out, targets, earlier, sha256)
    replaced = set(targets)
    kept = {name: digest for name, digest in earlier.items() if name not in replaced}
    about = {"settings": description, "same_grid": on_grid}
    write_json(out / RECORD, {**about, "files": [], "unfinished": targets, "earlier": kept})
    renamed = {path: name for path, name in names.items() if name != path.stem}
    work = partial(_render_file, renamed=renamed, out=out, settings=settings, suffix=suffix, on_grid=on_grid)
    folder = Folder([], [], on_grid, settings.instrument)
    for done, (_, result) in enumerate(over_files(work, paths, workers), start=1):
        if isinstance(result, UnreadableFileError):
            folder.rejected.append(result)
        else:
            folder.rendered.append(result)
        progress("Rendering", done, len(paths))
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
    """The files that earlier calls wrote, or planned to: names and SHA-256, "" for unfinished ones.

    Raises `UserError` for a record that is not ours.
    """
    try:
        record = json.loads((out / RECORD).read_text(encoding="utf-8"))
        known = {file["file"]: file["sha256"] for file in record["files"]}
        return {**record.get("earlier", {}), **dict.fromkeys(record.get("unfinished", ()), ""), **known}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UserError(f"{readable(out / RECORD)} was not written by this command; name another folder") from None


def _take_back(out: Path, about: dict[str, object], earlier: dict[str, str]) -> None:
    """Leave a folder as it was before a call that rendered nothing."""
    if earlier:
        write_json(out / RECORD, {**about, "files": [], "rejected": [], "earlier": earlier})
        return
    (out / RECORD).unlink()
    with suppress(OSError):  # there was a folder, and something in it
        out.rmdir()


def _render_file(
    path: Path, renamed: dict[Path, str], out: Path, settings: RenderSettings, suffix: str, on_grid: bool
) -> Rendered:
    if kind(path) == AUDIO:
        raise UnreadableFileError(path, "it is audio; there is nothing to render")
    read = read_playable(path)
    must_sound(path, read, settings)
    piece = Piece.of(same_grid(read.notes)) if on_grid else read
    if on_grid and not len(piece.notes):
        raise UnreadableFileError(path, "no notes in the score matrix: drums, or pitches beyond its range, alone")
    waveform = render(piece, settings)
    target = out / f"{renamed.get(path, path.stem)}{suffix}"
    write_audio(target, waveform, settings.sample_rate, reported=True)
    loudness, peak = integrated_loudness(waveform, settings.sample_rate), true_peak(waveform, settings.sample_rate)
    return Rendered(
        file=target.name,
        source=readable(path),
        seconds=round(len(waveform) / settings.sample_rate, 3),
        notes=len(piece.notes),
        loudness=None if loudness is None else round(loudness, 2),
        true_peak=None if peak is None else round(peak, 2),
        clipped=clipped(waveform),
        sha256=sha256(target),
        left_out=as_columns(read.notes.left_out),
        remarks=(
            *piece.remarks,
            *(_beyond_range(read.notes) if on_grid else ()),
            *(() if settings.instrument is not None else lacking(piece.messages, settings.soundfont_file)),
        ),
    )


def _beyond_range(notes: Notes) -> tuple[str, ...]:
    outside = int(((notes.pitch < LOWEST) | (notes.pitch > HIGHEST)).sum())
    return (f"left out {outside:,} of {len(notes):,} notes beyond MIDI {LOWEST} to {HIGHEST}",) if outside else ()
