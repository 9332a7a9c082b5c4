"""The limits of files, read in processes: of audio, and of files that cannot be read, nothing is known."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from clstm.music.generated import GENERATED, GeneratedManifest, read_manifest
from clstm.music.midi import read_events
from clstm.runtime.errors import UnreadableFileError
from clstm.runtime.finding import is_midi
from clstm.runtime.names import readable
from clstm.runtime.processes import in_processes
from clstm.runtime.progress import Progress, silent
from evaluation.audio.files import read_playable
from evaluation.controls.applying import Dropped, dropped
from evaluation.controls.control import NO_CONTROL, Control
from evaluation.controls.declared import of_json
from evaluation.controls.fitting import AUDIO, NO_NOTES, PARTLY_AUDIO, Fit, fitted
from evaluation.controls.limits import Limits, PieceLimits
from evaluation.measurement.inputs import MeasurementInput


def limits_of(
    systems: Mapping[str, Sequence[Path]], workers: int | None = None, progress: Progress = silent
) -> dict[str, Limits | None]:
    """The limits of the music of each system, whole as its files have it; None where one came as audio or none has a
    note."""
    midi = {name: paths for name, paths in systems.items() if all(map(is_midi, paths))}
    read = read_limits([path for paths in midi.values() for path in paths], workers, progress)
    found: dict[str, Limits | None] = dict.fromkeys(systems)
    return found | {name: summed([next(read) for _ in paths]) for name, paths in midi.items()}


def read_limits(
    paths: Sequence[Path], workers: int | None = None, progress: Progress = silent
) -> Iterator[tuple[Path, PieceLimits | UnreadableFileError]]:
    """The limits of each file, in their order, or why it cannot be read."""
    for done, read in enumerate(in_processes(piece_limits, paths, workers=workers), start=1):
        progress("Looking for limits", done, len(paths))
        yield read


def summed(read: Sequence[tuple[Path, PieceLimits | UnreadableFileError]]) -> Limits | None:
    """The limits of the files that were read; None where none has a note."""
    usable = [(path, one) for path, one in read if not isinstance(one, UnreadableFileError)]
    if not any(one.struck for _, one in usable):
        return None
    return Limits(tuple(one for _, one in usable), tuple(readable(path) for path, _ in usable))


def piece_limits(path: Path) -> PieceLimits:
    """The limits of one file. Raises `UnreadableFileError`."""
    return PieceLimits.of(read_playable(path), read_events(path))


def fits(
    systems: Mapping[str, Sequence[MeasurementInput]],
    options: Mapping[str, Control],
    workers: int | None = None,
    progress: Progress = silent,
) -> dict[str, Fit]:
    """The control that fits each system.

    options : limits that the user declares, by system
    """
    limits = limits_of({name: [one.path for one in own] for name, own in systems.items()}, workers, progress)
    return {
        name: fit_of([one.path for one in own], limits[name], options.get(name, NO_CONTROL))
        for name, own in systems.items()
    }


def fit_of(paths: Sequence[Path], limits: Limits | None, option: Control) -> Fit:
    """The control that fits files with these limits. option : what the user declares"""
    stated, remarks = _stated(paths)
    fit = fitted(limits, stated, option, kind=_kind(paths) if limits is None else AUDIO)
    return replace(fit, remarks=(*remarks, *fit.remarks))


def _kind(paths: Sequence[Path]) -> str:
    """What files are of which no limits are known."""
    midi = [is_midi(path) for path in paths]
    return NO_NOTES if all(midi) else PARTLY_AUDIO if any(midi) else AUDIO


def _stated(paths: Sequence[Path]) -> tuple[Control, list[str]]:
    """What `generated.json` declares of these files; nothing where their folders declare different limits."""
    declared = [_declared(read_manifest(folder)) for folder in dict.fromkeys(path.parent for path in paths)]
    remarks = [remark for _, own in declared for remark in own]
    controls = {control for control, _ in declared}
    return (controls.pop(), remarks) if len(controls) == 1 else (NO_CONTROL, remarks)


def _declared(manifest: GeneratedManifest) -> tuple[Control, list[str]]:
    """What one `generated.json` declares; without its limit of the pedal where it says the contrary elsewhere."""
    control, remarks = of_json(manifest.limits)
    written = "limits" in (manifest.content or {})  # of our own before version 0.3, limits are assumed
    if not written or None in (control.pedal, manifest.pedal) or manifest.pedal is (control.pedal == "lengths"):
        return control, remarks
    said = "true: notes last as long as a pedal holds them" if manifest.pedal else "false: as long as keys are down"
    contrary = f"the limit pedal: {control.pedal!r} in {GENERATED} is not used; beside it stands pedal: {said}"
    return replace(control, pedal=None), [*remarks, contrary]


def left_out_by_controls(inputs: Sequence[MeasurementInput], workers: int | None = None) -> list[Dropped | None]:
    """What its control leaves out of each file; None of audio, and of what cannot be read."""
    results = in_processes(_dropped, inputs, workers=workers)
    return [None if isinstance(result, UnreadableFileError) else result for _, result in results]


def _dropped(given: MeasurementInput) -> Dropped | None:
    if not given.is_midi:
        return None
    piece = replace(given, control=NO_CONTROL).transformed(read_playable(given.path))
    return dropped(given.control, piece)


def emptied(one: Dropped | None) -> bool:
    """Whether a control leaves nothing of a file that has notes.

    >>> emptied(Dropped(notes=4, out_of_range=4, by_others=0)), emptied(Dropped(0, 0, 0))
    (True, False)
    """
    return one is not None and one.notes > 0 and not one.left


def left_out_in_words(found: Iterable[Dropped | None]) -> str:
    """What controls leave out of files, with counts; "" where they leave out nothing.

    >>> left_out_in_words([Dropped(24, 20, 0), Dropped(6, 6, 0), None])
    'removed 26 of 30 notes beyond its range in 2 files; nothing is left of 1 file of 2; this is more than half'
    """
    known = [one for one in found if one is not None]
    total, left = sum(one.notes for one in known), sum(one.left for one in known)
    if left == total:
        return ""
    counts = {
        "beyond its range": [one.out_of_range for one in known if one.out_of_range],
        "of other instruments or drums": [one.by_others for one in known if one.by_others],
    }
    said = [f"{sum(each):,} of {total:,} notes {what} in {_files(len(each))}" for what, each in counts.items() if each]
    parts = [f"removed {' and '.join(said)}"]
    if empty := sum(map(emptied, known)):
        parts.append(f"nothing is left of {_files(empty)} of {len(known):,}")
    if left < total / 2:
        parts.append("this is more than half")
    return "; ".join(parts)


def _files(count: int) -> str:
    return f"{count:,} file{'s' * (count != 1)}"
