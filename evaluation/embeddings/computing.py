"""From pieces to arrays: an embedder works in processes of its own, and what it gave for a file is cached."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from clstm.runtime.errors import UnreadableFileError, UserError
from clstm.runtime.finding import is_midi
from clstm.runtime.processes import in_processes
from clstm.runtime.progress import Progress, silent
from evaluation.audio.files import mono, resample
from evaluation.audio.render import RenderSettings, describe
from evaluation.embeddings.embedder import Embedder, Frames, Music, as_frames, make, reason
from evaluation.embeddings.requested import Requested, digest
from evaluation.measurement import cache
from evaluation.measurement.batch import over_files
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.performance import perform, without_tail

KIND = "embedding"  # of the cache


@dataclass(frozen=True)
class Identity:
    """An embedder as it was loaded. version : of code and weights; weights : hash of the folder given"""

    requested: Requested
    version: str
    rate: int | None
    processes: int | None
    weights: str


def identity(one: Requested) -> Identity:
    """Load an embedder once, in a process of its own. Raises `UserError` in one line where that fails."""
    ((_, found),) = in_processes(_identity, [one], workers=1, seconds=1800)
    if isinstance(found, UnreadableFileError):
        raise UserError(f"{one} cannot be loaded: {found.reason}")
    return found


def embed_files(
    given: Sequence[MeasurementInput],
    embedder: Identity,
    settings: RenderSettings = RenderSettings(),
    workers: int | None = None,
    progress: Progress = silent,
) -> list[Frames | UnreadableFileError]:
    """The array of each input, (frames, dimensions), or why there is none. One that fails or crashes costs its file."""
    work = partial(embed_input, embedder=embedder, settings=settings)
    found: list[Frames | UnreadableFileError] = []
    for done, (_, result) in enumerate(over_files(work, given, embedder.processes or workers), 1):
        found.append(result)
        progress(f"Embedding, {embedder.requested.name}", done, len(given))
    cache.trim()
    return found


def embed_input(given: MeasurementInput, embedder: Identity, settings: RenderSettings) -> Frames:
    """The array of one input, from the cache where it was made before. Raises `UnreadableFileError`."""
    if given.unfit:
        raise UnreadableFileError(given.path, given.unfit)
    try:
        content = cache.sha256(given.path)
    except OSError as error:
        raise UnreadableFileError(given.path, f"cannot be opened ({error.strerror or error})") from error
    about = {**asdict(given), "path": given.path.suffix, "group": "", "unfit": ""}
    key: dict[str, Any] = {"content": content, "input": about, "name": embedder.requested.name}
    key |= {"version": embedder.version, "weights": embedder.weights}
    if embedder.rate is not None:
        key |= {"settings": describe(settings) if is_midi(given.path) else settings.sample_rate}
    return cache.remembered(KIND, key, lambda: _embed(given, embedder, settings), _is_frames)


def _embed(given: MeasurementInput, embedder: Identity, settings: RenderSettings) -> Frames:
    name = embedder.requested.name
    rate = embedder.rate
    if rate is None and not is_midi(given.path):
        raise UnreadableFileError(given.path, f"{name} reads notes, and audio has none")
    sound = perform(replace(given, notes_only=rate is None), settings)
    samples = np.zeros(0, np.float32)
    if rate is not None:
        single = mono(without_tail(sound.waveform, sound.rate, sound.seconds))
        samples = np.asarray(resample(single[:, None], sound.rate, rate), np.float32).reshape(-1)
    plugin = _loaded(embedder.requested)
    try:
        return as_frames(plugin.embed(Music(samples, sound.notes, sound.drums, sound.seconds)))
    except ValueError as error:
        said = (str(error).strip().splitlines() or [reason(error)])[0]
        raise UnreadableFileError(given.path, f"{name}: {said}") from error
    except Exception as error:
        raise UnreadableFileError(given.path, f"{name} failed ({reason(error)})") from error


@lru_cache(maxsize=1)
def _loaded(one: Requested) -> Embedder:
    return make(one.name, one.folder)


def _identity(one: Requested) -> Identity:
    made = _loaded(one)
    return Identity(one, f"{made.version} {_code(made)}", made.rate, made.processes, digest(one))


def _code(made: Embedder) -> str:
    """The hash of the module that an embedder is defined in: a plug-in that was edited is another one."""
    import inspect

    source = inspect.getsourcefile(type(made))
    return cache.sha256(Path(source)) if source else ""


def _is_frames(found: Any) -> bool:
    return isinstance(found, np.ndarray) and found.dtype == np.float32 and found.ndim == 2 and found.size > 0
