"""Compare today's values with recorded ones: what moved, and whether something other than the music can be the reason.

A baseline is a JSON file with the values of every file, or why they are missing; the file's sha256; and the environment
in which they were measured (`measurement.environment`). `differences` has the tolerances.

Values do not show everything: an audio file must also have the fingerprint recorded (`audio.fingerprint`): its rate,
channels and length, and the order and the signs of its channels. Bytes may change where nothing else does: tags, or WAV
that became FLAC under the same stem.

A baseline of an earlier catalogue of metrics is checked on the metrics that are still defined in the same way. The
others are named, and should be recorded again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clstm.runtime.errors import MismatchError, NothingUsableError, UserError
from clstm.runtime.files import write_json
from clstm.runtime.finding import MIDI, by_name, is_midi
from clstm.runtime.names import readable
from clstm.runtime.ownership import may_write_text
from clstm.runtime.progress import Progress, silent
from evaluation.audio.render import RenderSettings
from evaluation.drift.baseline import Baseline, BaselineFile, as_json, read_baseline
from evaluation.drift.differences import METRIC, Moved, comparable, compare, not_compared, other_bytes, other_metrics
from evaluation.drift.measuring import measure_files, named_files, recorded_files, relative
from evaluation.drift.tolerances import Tolerances
from evaluation.measurement.environment import EnvironmentDifference, differences, environment, renders, settings_of
from evaluation.metrics.catalogue import CATALOGUE, METRICS

SAME, MOVED, UNMATCHED = 0, 1, 3  # exit statuses; 2 is a user's mistake


@dataclass(frozen=True)
class Check:
    """What a check found.

    files : every name, recorded or found now
    changed : the recorded names whose files have other bytes now
    unmatched : differences between the environments
    redefined : the metrics that were not compared: the catalogue of the baseline lacks them, or defines them in another
        way
    without_fingerprint : the audio files whose fingerprint was not recorded, and so not compared
    renamed : recorded names, with the names they have now, where only the suffix changed
    tolerances : other than the default, by metric
    """

    baseline: Path
    files: tuple[str, ...]
    changed: tuple[str, ...]
    moved: tuple[Moved, ...]
    unmatched: tuple[EnvironmentDifference, ...]
    redefined: tuple[str, ...] = ()
    without_fingerprint: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    tolerances: Tolerances = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The exit status: `UNMATCHED` in another environment, whatever changed; else `MOVED` when something did.

        >>> Check(Path("baseline.json"), files=("a.wav",), changed=(), moved=(), unmatched=()).status
        0
        """
        if self.unmatched:
            return UNMATCHED
        return MOVED if self.moved else SAME


def record(
    inputs: Sequence[Path],
    out: Path,
    settings: RenderSettings = RenderSettings(),
    workers: int | None = None,
    progress: Progress = silent,
    tolerances: Tolerances | None = None,
) -> Baseline:
    """Measure every file in `workers` processes (all cores) and write the baseline `out`, whole or not at all.

    tolerances : kept in the baseline for its checks, by metric

    Raises `UserError` for inputs that do not exist or share a name, `NothingUsableError` when no file can be read,
    `MissingToolError` without FluidSynth where there is MIDI.
    """
    inputs, out = [Path(path) for path in inputs], Path(out)
    may_write_text(out, '"format": "clstm spectra', "a baseline")
    if strange := next((path for path in inputs if readable(path) != str(path)), None):
        raise UserError(f"a baseline cannot hold the name {readable(strange)}; rename the file or folder")
    files = named_files(inputs)
    described = environment(settings, midi=any(map(is_midi, files.values())))  # what is missing is known at once
    measured = measure_files(files, settings, workers, progress)
    if all(piece.unreadable for piece in measured.values()):
        reasons = "; ".join(f"{name}: {piece.unreadable}" for name, piece in measured.items())
        raise NothingUsableError(f"no file can be measured: {reasons}")
    baseline = Baseline(
        environment=described,
        inputs=[relative(path, out.parent) for path in inputs],
        units={name: metric.unit for name, metric in METRICS.items()},
        files=measured,
        catalogue=CATALOGUE,
        tolerances=tolerances or {},
    )
    write_json(out, as_json(baseline))
    return baseline


def record_again(
    path: Path,
    inputs: Sequence[Path] = (),
    soundfont: Path | None = None,
    workers: int | None = None,
    progress: Progress = silent,
) -> Baseline:
    """Record a baseline again with its own settings and tolerances, and from its own inputs unless others are given.

    Raises `MismatchError` when it was recorded with a SoundFont of another name than the one used now.
    """
    old = read_baseline(path)
    settings = settings_of(old.environment, soundfont)
    font = old.environment["rendering"].get("soundfont")
    if font is not None and font != settings.soundfont_file.name:
        raise MismatchError(f"{path} was recorded with {font}, not {settings.soundfont_file.name}; give {font}")
    sources = inputs or [Path(path).parent / source for source in old.inputs]
    return record(sources, path, settings, workers, progress, old.tolerances)


def check(
    path: Path,
    inputs: Sequence[Path] = (),
    soundfont: Path | None = None,
    workers: int | None = None,
    progress: Progress = silent,
    same_bytes: bool = False,
    tolerances: Tolerances | None = None,
) -> Check:
    """Measure in `workers` processes (all cores) with the settings recorded, and compare.

    inputs : used instead of the inputs recorded, when the music was moved
    soundfont : None is the bundled one; with another hash than recorded the environment is unmatched
    same_bytes : a file with other bytes counts as moved, whatever its values and fingerprint
    tolerances : by metric, used instead of those of the baseline

    Raises `UserError` unless it is a baseline, and when none of the recorded files can be measured; `MissingToolError`
    without FluidSynth where there was MIDI.
    """
    path = Path(path)
    baseline = read_baseline(path)
    if baseline.catalogue > CATALOGUE:
        raise MismatchError(f"{path} was recorded by a later version of clstm; check it with that one, or record again")
    settings = settings_of(baseline.environment, soundfont)
    now = environment(settings, midi=renders(baseline.environment))
    files = named_files([Path(source) for source in inputs]) if inputs else recorded_files(path, baseline)
    renamed = _renamed(files, baseline)
    files = {renamed.get(name, name): found for name, found in files.items()}
    if not set(files) & set(baseline.files):
        some = ", ".join(list(baseline.files)[:3])
        raise MismatchError(
            f"none of the {len(files)} files is in {path}, which has {some} ...; give the files it was recorded from"
        )
    measured = measure_files(files, settings, workers, progress)
    known = [name for name in baseline.files if name in measured]
    gone = not_compared(baseline)
    others = other_metrics(baseline.units, gone)
    not_comparable = {difference.name.removeprefix(METRIC) for difference in others}
    before, after = (comparable(pieces, baseline.catalogue) for pieces in (baseline.files, measured))
    changed = tuple(name for name in known if baseline.files[name].sha256 != measured[name].sha256)
    allowed = {**baseline.tolerances, **(tolerances or {})}
    moved = [moved for moved in compare(before, after, allowed) if moved.metric not in not_comparable]
    if same_bytes:
        moved += [other_bytes(name, baseline.files[name], measured[name]) for name in changed]
    return Check(
        baseline=path,
        files=tuple(dict.fromkeys([*baseline.files, *measured])),
        changed=changed,
        moved=tuple(moved),
        unmatched=(*differences(baseline.environment, now), *others),
        redefined=gone,
        without_fingerprint=tuple(name for name in known if _without_fingerprint(baseline.files[name], measured[name])),
        renamed={recorded: now for now, recorded in renamed.items()},
        tolerances=allowed,
    )


def _without_fingerprint(recorded: BaselineFile, now: BaselineFile) -> bool:
    return now.fingerprint is not None and recorded.fingerprint is None and not recorded.unreadable


def _renamed(files: Mapping[str, Path], baseline: Baseline) -> dict[str, str]:
    """Recorded names of audio whose suffix changed, by the names found now: of a stem one file is missing, one new."""
    gone = _by_stem(name for name in baseline.files if name not in files)
    new = _by_stem(name for name in files if name not in baseline.files)
    return {new[stem][0]: gone[stem][0] for stem in gone if len(gone[stem]) == len(new.get(stem, [])) == 1}


def _by_stem(names: Iterable[str]) -> dict[str, list[str]]:
    """The names of audio, by what comes before the suffix."""
    found: dict[str, list[str]] = {}
    for name in names:
        if by_name(Path(name)) != MIDI:
            found.setdefault(name.removesuffix(Path(name).suffix), []).append(name)
    return found
