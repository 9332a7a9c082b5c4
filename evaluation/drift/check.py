"""Today's figures against recorded ones: what moved, and whether it could have moved through no fault of the music.

A baseline is a JSON file: the figures of every file, or why they are missing; the file's sha256; and the environment
they were measured in (`measurement.environment`). Inputs are named relative to the baseline, so that a repository can
be moved, and files relative to the folder they were found in, so that another folder can take its place.

How far a figure may move follows from its unit: levels 0.1 dB, loudness range 0.5 LU, all else 0.5 % of what was
recorded, and what was 0 only as far as it is rounded. A figure that was missing must be missing for the same reason.
No file may come or go.

Figures do not show everything: an audio file must have the form that was recorded too, its rate, channels and length,
and the order and the signs of its channels (`audio.form`). Bytes may change where nothing else does: tags, or WAV
that became FLAC under the same stem.

A baseline of an earlier catalogue of metrics is checked on those that are still defined as they were; the rest is
named, and to be recorded again. Music that did not change passes, and what moved of the rest fails as ever.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from clstm.runtime.errors import MismatchError, NothingUsableError, UnreadableFileError, UserError
from clstm.runtime.files import write_json
from clstm.runtime.finding import MIDI, by_name, find_files, is_midi
from clstm.runtime.names import readable
from clstm.runtime.ownership import may_write_text
from evaluation.audio.files import read_audio
from evaluation.audio.form import changes, described, form_of
from evaluation.audio.render import RenderSettings
from evaluation.drift.baseline import Baseline, BaselineFile, as_json, read_baseline
from evaluation.measurement import cache
from evaluation.measurement.batch import over_files
from evaluation.measurement.environment import EnvironmentDifference, differences, environment, renders, settings_of
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.measure import CATALOGUE, METRICS, measure_take, redefined
from evaluation.metrics.metric import MetricValue, Missing

LEVELS = ("dB", "dBFS", "dBTP", "LUFS", "LU")
LEVEL, LOUDNESS_RANGE, SHARE, ROUNDING = 0.1, 0.5, 0.005, 1e-9

SAME, MOVED, UNMATCHED = 0, 1, 3  # exit statuses; 2 is a user's mistake

FILE, FORM = "", "form"  # what may not be as recorded, beside the figures

Progress = Callable[[int, int], object]  # told (done, total) as files are measured


@dataclass(frozen=True)
class Moved:
    """One thing that is not as recorded. metric : the figure's name; `FORM`, of which `now` is a sentence; `FILE` for
    the file itself, which came, went, became readable or unreadable, or has other bytes
    recorded, now : the figure; None where there was no file, or no such thing to say of it
    """

    file: str
    metric: str
    recorded: MetricValue | None
    now: MetricValue | None


@dataclass(frozen=True)
class Check:
    """files : every name, recorded or found now
    changed : the files found under a recorded name with other content
    redefined : the figures that the catalogue recorded with did not have, or not as they are defined today; they were
        not compared
    formless : the files of audio whose form was not recorded, and so not compared
    renamed : the files recorded by the names they have now, where only the suffix is another
    """

    baseline: Path
    files: tuple[str, ...]
    changed: tuple[str, ...]
    moved: tuple[Moved, ...]
    unmatched: tuple[EnvironmentDifference, ...]
    redefined: tuple[str, ...] = ()
    formless: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """`UNMATCHED` when the environment is another one, whatever moved; else `MOVED` when something did."""
        if self.unmatched:
            return UNMATCHED
        return MOVED if self.moved else SAME


# --- comparing -----------------------------------------------------------------------------------------------------


def tolerance(metric: str, recorded: float) -> float:
    """How far a figure may move from what was recorded, in its own unit."""
    if metric == "loudness_range":
        return LOUDNESS_RANGE
    if METRICS[metric].unit in LEVELS:
        return LEVEL
    return max(SHARE * abs(recorded), ROUNDING)


def compare(recorded: Mapping[str, BaselineFile], now: Mapping[str, BaselineFile]) -> list[Moved]:
    """What moved beyond its tolerance; files in the order recorded, new ones last. Only figures of both are compared.

    >>> before, after = (BaselineFile("", {"integrated_loudness": loudness}) for loudness in (-20.0, -19.8))
    >>> compare({"a.wav": before}, {"a.wav": after})
    [Moved(file='a.wav', metric='integrated_loudness', recorded=-20.0, now=-19.8)]
    """
    return [moved for name in dict.fromkeys([*recorded, *now]) for moved in _compare_file(name, recorded, now)]


def _compare_file(name: str, recorded: Mapping[str, BaselineFile], now: Mapping[str, BaselineFile]) -> Iterator[Moved]:
    states = _state(recorded.get(name)), _state(now.get(name))
    if states[0] != states[1]:
        yield Moved(name, "", *states)
        return
    was, is_now = recorded[name].form, now[name].form
    if was and is_now:
        yield from (Moved(name, FORM, Missing(described(was)), Missing(said)) for said in changes(was, is_now))
    before, after = recorded[name].values, now[name].values
    for metric in METRICS:
        if metric in before and metric in after and not _near(metric, before[metric], after[metric]):
            yield Moved(name, metric, before[metric], after[metric])


def _state(piece: BaselineFile | None) -> Missing | None:
    """What is to be said of a file itself: None when it was measured."""
    if piece is None:
        return Missing("no such file")
    return Missing(piece.unreadable) if piece.unreadable else None


def _near(metric: str, recorded: MetricValue, now: MetricValue) -> bool:
    if isinstance(recorded, Missing) or isinstance(now, Missing):
        return recorded == now
    return abs(now - recorded) <= tolerance(metric, recorded)


def other_figures(units: Mapping[str, str], redefined: Iterable[str] = ()) -> list[EnvironmentDifference]:
    """What this version measures otherwise than the one that recorded: figures new, gone, or in another unit.

    redefined : figures of which the catalogue's version tells that

    A figure without a counterpart can neither have moved nor stayed: the baseline does not fit, and is recorded again.
    """
    measured = {name: metric.unit for name, metric in METRICS.items()}
    return [
        EnvironmentDifference(f"figure.{name}", _unit(units, name), _unit(measured, name))
        for name in dict.fromkeys([*units, *measured])
        if units.get(name) != measured.get(name) and name not in set(redefined)
    ]


def _comparable(pieces: Mapping[str, BaselineFile], catalogue: int) -> dict[str, BaselineFile]:
    """The pieces with the figures that both versions of the catalogue define alike."""
    return {
        name: replace(piece, values={metric: figure for metric, figure in piece.values.items() if metric not in other})
        for name, piece in pieces.items()
        for other in [redefined(catalogue, rendered=by_name(Path(name)) == MIDI)]
    }


def _redefined(baseline: Baseline) -> tuple[str, ...]:
    """The figures of a baseline's files that are not compared, in the order of the catalogue, those that went last."""
    if baseline.catalogue == CATALOGUE:
        return ()
    other = frozenset().union(
        *(redefined(baseline.catalogue, rendered=by_name(Path(name)) == MIDI) for name in baseline.files)
    )
    return tuple(name for name in dict.fromkeys([*METRICS, *baseline.units]) if name in other or name not in METRICS)


def _unit(units: Mapping[str, str], name: str) -> str:
    return (units[name] or "a number") if name in units else "none"


# --- measuring -----------------------------------------------------------------------------------------------------


def measure_piece(path: Path, settings: RenderSettings = RenderSettings()) -> BaselineFile:
    """Every figure of a MIDI or audio file, measured here and now, or why there is none."""
    try:
        with cache.nothing_remembered():
            measured = measure_take(MeasurementInput(path), settings)
            form = None if is_midi(path) else form_of(*read_audio(path))
            return BaselineFile(_sha256(path), measured.values, form=form, left_out=measured.left_out)
    except UnreadableFileError as error:
        return BaselineFile(_sha256(path), {}, error.reason)


def _sha256(path: Path) -> str:
    try:
        return cache.sha256(path)
    except OSError:  # the file is unreadable, and says why
        return ""


def named_files(inputs: Sequence[Path], folders: int | None = None) -> dict[str, Path]:
    """The MIDI and audio files of files and folders, each under its name: a file's own, or its path within its folder.

    folders : how many of the inputs are folders; where there are several, a folder's name stands before its files'.

    Raises `UserError` for an input that does not exist, or two files of one name; `NothingUsableError` without any.
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
                    f"{readable(first)} and {readable(path)} have the same name here; give the folder that holds both"
                )
    return files


def _measure(
    files: Mapping[str, Path], settings: RenderSettings, workers: int | None, progress: Progress | None
) -> dict[str, BaselineFile]:
    """Every file, by name, each in a process that can be lost."""
    measured = {}
    results = over_files(partial(measure_piece, settings=settings), list(files.values()), workers)
    for name, (path, result) in zip(files, results, strict=True):
        if isinstance(result, UnreadableFileError):  # never came to be measured, or took its process with it
            result = BaselineFile(_sha256(path), {}, result.reason)
        measured[name] = result
        if progress:
            progress(len(measured), len(files))
    return measured


# --- the two verbs -------------------------------------------------------------------------------------------------


def record(
    inputs: Sequence[Path],
    out: Path,
    settings: RenderSettings = RenderSettings(),
    workers: int | None = None,
    progress: Progress | None = None,
) -> Baseline:
    """Measure every file in `workers` processes (all cores) and write the baseline `out`, whole or not at all.

    Raises `UserError` for inputs that do not exist or share a name, `NothingUsableError` when no file can be read,
    `MissingToolError` without FluidSynth where there is MIDI.
    """
    inputs, out = [Path(path) for path in inputs], Path(out)
    if out.is_dir():
        raise UserError(f"{out} is a folder; give a file for the baseline, such as {out / 'baseline.json'}")
    may_write_text(out, '"format": "clstm spectra', "a baseline")
    if strange := next((path for path in inputs if readable(path) != str(path)), None):
        raise UserError(f"a baseline cannot name {readable(strange)}: give the folder, or file, a name of plain text")
    files = named_files(inputs)
    described = environment(settings, midi=any(map(is_midi, files.values())))  # what is missing is known at once
    measured = _measure(files, settings, workers, progress)
    if all(piece.unreadable for piece in measured.values()):
        reasons = "; ".join(f"{name}: {piece.unreadable}" for name, piece in measured.items())
        raise NothingUsableError(f"no file can be measured: {reasons}")
    baseline = Baseline(
        environment=described,
        inputs=[_relative(path, out.parent) for path in inputs],
        units={name: metric.unit for name, metric in METRICS.items()},
        files=measured,
        catalogue=CATALOGUE,
    )
    write_json(out, as_json(baseline))
    return baseline


def record_again(
    path: Path,
    inputs: Sequence[Path] = (),
    soundfont: Path | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Baseline:
    """Record a baseline anew with the settings it has, from the inputs it has unless others are given.

    Raises `MismatchError` when it was recorded with a SoundFont of another name than the one used now.
    """
    old = read_baseline(path)
    settings = settings_of(old.environment, soundfont)
    font = old.environment["rendering"].get("soundfont")
    if font is not None and font != settings.soundfont_file.name:
        raise MismatchError(f"{path} was recorded with {font}, not {settings.soundfont_file.name}; give {font}")
    return record(inputs or [Path(path).parent / source for source in old.inputs], path, settings, workers, progress)


def check(
    path: Path,
    inputs: Sequence[Path] = (),
    soundfont: Path | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    same_bytes: bool = False,
) -> Check:
    """Measure in `workers` processes (all cores) with the settings recorded, and compare.

    same_bytes : a file of other bytes has moved, whatever its figures and form
    inputs : what takes the place of the inputs recorded, when the music lies elsewhere
    soundfont : None is the bundled one; one with another hash than recorded makes the environment unmatched

    Raises `UserError` for what is no baseline, and when nothing recorded is there to be measured; `MissingToolError`
    without FluidSynth where there was MIDI.
    """
    path = Path(path)
    baseline = read_baseline(path)
    if baseline.catalogue > CATALOGUE:
        raise MismatchError(f"{path} was recorded by a later version of clstm; check it with that one, or record again")
    settings = settings_of(baseline.environment, soundfont)
    now = environment(settings, midi=renders(baseline.environment))
    files = named_files([Path(source) for source in inputs]) if inputs else _recorded_files(path, baseline)
    renamed = _renamed(files, baseline)
    files = {renamed.get(name, name): found for name, found in files.items()}
    if not set(files) & set(baseline.files):
        some = ", ".join(list(baseline.files)[:3])
        raise MismatchError(
            f"none of the {len(files)} files is in {path}, which knows {some} ...; give what it recorded"
        )
    measured = _measure(files, settings, workers, progress)
    known = [name for name in baseline.files if name in measured]
    gone = _redefined(baseline)
    others = other_figures(baseline.units, gone)
    not_comparable = {difference.name.removeprefix("figure.") for difference in others}
    before, after = (_comparable(pieces, baseline.catalogue) for pieces in (baseline.files, measured))
    changed = tuple(name for name in known if baseline.files[name].sha256 != measured[name].sha256)
    moved = [moved for moved in compare(before, after) if moved.metric not in not_comparable]
    if same_bytes:
        moved += [_other_bytes(name, baseline.files[name], measured[name]) for name in changed]
    return Check(
        baseline=path,
        files=tuple(dict.fromkeys([*baseline.files, *measured])),
        changed=changed,
        moved=tuple(moved),
        unmatched=(*differences(baseline.environment, now), *others),
        redefined=gone,
        formless=tuple(name for name in known if _formless(baseline.files[name], measured[name])),
        renamed={recorded: now for now, recorded in renamed.items()},
    )


def _other_bytes(name: str, recorded: BaselineFile, now: BaselineFile) -> Moved:
    return Moved(name, FILE, Missing(f"SHA-256 {recorded.sha256[:12]}…"), Missing(f"SHA-256 {now.sha256[:12]}…"))


def _formless(recorded: BaselineFile, now: BaselineFile) -> bool:
    return now.form is not None and recorded.form is None and not recorded.unreadable


def _renamed(files: Mapping[str, Path], baseline: Baseline) -> dict[str, str]:
    """Audio found under no recorded name, by the one it has: that of a file that is gone and differs in its suffix."""
    gone: dict[str, list[str]] = {}
    for name in baseline.files:
        if name not in files and by_name(Path(name)) != MIDI:
            gone.setdefault(name.removesuffix(Path(name).suffix), []).append(name)
    new: dict[str, list[str]] = {}
    for name in files:
        if name not in baseline.files and by_name(Path(name)) != MIDI:
            new.setdefault(name.removesuffix(Path(name).suffix), []).append(name)
    return {new[stem][0]: gone[stem][0] for stem in gone if len(gone[stem]) == len(new.get(stem, [])) == 1}


def _recorded_files(path: Path, baseline: Baseline) -> dict[str, Path]:
    """What is there now of the inputs recorded; an input that is gone has lost its files, and that is a finding."""
    inputs = [path.parent / source for source in baseline.inputs]
    there = [source for source in inputs if source.exists()]
    if not there:
        raise UserError(f"{path}: of what it recorded nothing is there ({', '.join(baseline.inputs)}); name the inputs")
    folders = sum(source.endswith("/") for source in baseline.inputs)
    files: dict[str, Path] = {}
    for source in there:
        try:
            files |= named_files([source], folders)
        except NothingUsableError:  # a folder that was emptied
            continue
    return files


def _relative(source: Path, folder: Path) -> str:
    relative = Path(os.path.relpath(source.absolute(), folder.absolute())).as_posix()
    return f"{relative}/" if source.is_dir() else relative
