"""`clstm describe` in one call: what limits the music of each folder has, and which control fits it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from clstm.runtime.errors import NothingUsableError, UnreadableFileError, UserError
from clstm.runtime.files import write_json, write_table
from clstm.runtime.finding import is_midi
from clstm.runtime.names import counted, readable
from clstm.runtime.ownership import may_write_table
from clstm.runtime.progress import Progress, silent
from evaluation.controls.control import NO_CONTROL, Control, instruments, step
from evaluation.controls.declared import of_options
from evaluation.controls.fitting import Fit, parts_of_a_quarter
from evaluation.controls.limits import Limits, PieceLimits, Rule
from evaluation.measurement.inputs import not_used
from evaluation.measurement.limits import fit_of, read_limits, summed
from evaluation.measurement.options.named_paths import music_files

if TYPE_CHECKING:
    import pandas as pd

NO_USE = "so this is no control"
NAMED = 3  # instruments, and files off a rule, that a cell names
COLUMNS = (
    *(
        "system",
        "kind",
        "files",
        "unreadable",
        "seconds",
        "shortest",
        "longest",
        "notes",
        "onset_grid",
        "offsets_on_it",
    ),
    *("velocities", "instruments", "programs", "drums", "lowest", "highest", "pedal_presses", "polyphony"),
    *("off_the_rule", "control"),
)


@dataclass(frozen=True, eq=False)
class Description:
    """What one folder has.

    kind : "MIDI" or "audio"; files : those found
    seconds : their lengths, as far as they are known
    failures : what cannot be read, one line each
    fit : the control that fits it, and its limits
    """

    name: str
    kind: str
    files: int
    seconds: tuple[float, ...]
    failures: tuple[str, ...]
    fit: Fit

    @property
    def limits(self) -> Limits | None:
        return self.fit.limits


def describe_systems(
    sources: Mapping[str, Path], declared: Sequence[str] = (), workers: int | None = None, progress: Progress = silent
) -> tuple[list[Description], list[str]]:
    """What each folder has, and remarks on files that are not used.

    declared : limits that the user declares (`evaluation.controls.declared`)

    Raises `UserError` for a path without music, or of which no file can be read.
    """
    options = of_options(declared, sources)
    music = {name: music_files(path) for name, path in sources.items()}
    remarks = [f"{name}: {one}" for name, found in music.items() for one in (*found.remarks, *not_used(found.files))]
    midi = [path for found in music.values() for path in found.files if is_midi(path)]
    read = dict(read_limits(midi, workers, progress))
    made = [_described(name, found.files, read, options.get(name, NO_CONTROL)) for name, found in music.items()]
    for one in made:
        if len(one.failures) == one.files:
            raise NothingUsableError(f"{one.name} has no file that can be read: {'; '.join(one.failures)}")
    remarks += [f"{one.name}: {line}" for one in made for line in (*one.failures, *one.fit.remarks)]
    return made, remarks


def _described(
    name: str, files: Sequence[Path], read: Mapping[Path, PieceLimits | UnreadableFileError], option: Control
) -> Description:
    own = {path: read[path] for path in files if path in read}
    limits = summed(list(own.items())) if len(own) == len(files) else None
    fit = fit_of(files, limits, option)
    failures = tuple(str(one) for one in own.values() if isinstance(one, UnreadableFileError))
    if not own:
        return Description(name, "audio", len(files), tuple(filter(None, map(_seconds, files))), (), fit)
    seconds = tuple(one.seconds for one in own.values() if isinstance(one, PieceLimits))
    return Description(name, "MIDI", len(files), seconds, failures, fit)


def _seconds(path: Path) -> float | None:
    import soundfile

    try:
        return float(soundfile.info(str(path)).duration)
    except (OSError, RuntimeError):  # what libsndfile cannot read says so when it is measured
        return None


def rows(one: Description) -> dict[str, str]:
    """What it has, in words, by what is said of it; `why` says the rest."""
    found = {"Files": f"{one.files - len(one.failures):,} {one.kind}", "Length": _lengths(one.seconds)}
    limits = one.limits
    if limits is not None:
        found |= {
            "Notes": _notes(limits),
            "Onset grid": grid(limits),
            "Velocities": velocities(limits),
            "Instruments": played(limits),
            "Drums": _share(sum(bool(piece.drums) for piece in limits.pieces), limits),
            "Pitch range": "none" if limits.range is None else "MIDI {} to {}".format(*limits.range),
            "Pedal": _share(sum(bool(piece.pedals) for piece in limits.pieces), limits),
        }
        if most := max(piece.polyphony for piece in limits.pieces):
            found["Polyphony"] = f"up to {most} note{'s' * (most != 1)}"
    return found


def control(fit: Fit) -> str:
    """What would be done to a reference that is compared with it.

    >>> control(Fit(Control(per_second=8, velocity=80), ()))
    'the reference with every onset on a grid of 1/8 s and every note at velocity 80'
    """
    return "reference unchanged" if fit.control == NO_CONTROL else f"the reference {fit.control.clauses()}"


def why(one: Description) -> str:
    """What a system is compared with, and why: the few files that keep it from having a limit included."""
    return f"{one.name}: {control(one.fit)}; {'; '.join(_reasons(one))}."


def _reasons(one: Description) -> list[str]:
    reasons, limits, found = list(one.fit.reasons), one.limits, one.fit.control
    if limits is None:
        return reasons
    if found == NO_CONTROL and limits.rule is not None and limits.rule.exceptions:
        reasons = []  # that no grid was found is not the whole of it
    elif found != NO_CONTROL and limits.rule is None and found.per_second is None and found.velocity is None:
        reasons = ["no grid and no single velocity was found", *reasons]  # besides what is declared
    return [*off_the_rule(limits), *reasons]


def grid(limits: Limits) -> str:
    """The grid of the onsets, in words: in seconds, or of beats; "none" where there is none."""
    if limits.grid is not None:
        return f"{step(limits.grid)}, offsets {'too' if limits.offsets_on(limits.grid) else 'free'}"
    rule = limits.rule
    if rule is None:
        return "none"
    on = len(limits.pieces) - len(rule.exceptions)
    part = _part(limits, rule)
    if rule.exceptions and not limits.few(rule.exceptions):
        return f"{part} for nearly all onsets"
    return part if not rule.exceptions else f"{part} in {on:,} of {counted(len(limits.pieces), 'file')}"


def _part(limits: Limits, rule: Rule) -> str:
    return step(rule.value) if rule is limits.nearest_grid else parts_of_a_quarter(rule.value)


def velocities(limits: Limits) -> str:
    """How many velocities there are, in words."""
    low, high = limits.velocities[0], limits.velocities[-1]
    if low == high:
        return f"one, {low}"
    per_piece = "one per file" if limits.velocity is not None else f"{len(limits.velocities)} different"
    return f"{per_piece}, {low} to {high}"


def played(limits: Limits) -> str:
    """The instruments by name, those in most files first."""
    import pretty_midi

    counts = Counter(program for one in limits.pieces for program in one.programs)
    names = [pretty_midi.program_to_instrument_name(program) for program, _ in counts.most_common()]
    if not names:
        return "none"
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{rest}"


def off_the_rule(limits: Limits) -> list[str]:
    """Rules that nearly all files obey, each with the files that do not."""
    found = []
    rule = limits.rule
    if rule is not None and rule.exceptions:
        part = _part(limits, rule)
        if limits.few(rule.exceptions):
            found.append(_exceptions(limits, rule.exceptions, f"on {part}", "lie", "lies"))
        else:
            found.append(f"nearly all onsets lie on {part}; some of {_files(limits, rule.exceptions)} do not, {NO_USE}")
    if limits.velocity is None:
        sets = Counter(one.velocities for one in limits.pieces if one.velocities)
        ((usual, _),) = sets.most_common(1)
        others = [place for place, one in enumerate(limits.pieces) if one.velocities not in (usual, ())]
        if len(usual) == 1 and limits.few(others):
            found.append(_exceptions(limits, others, f"velocity {usual[0]} alone", "have", "has"))
    return found


def _exceptions(limits: Limits, places: Sequence[int], rule: str, many: str, one: str) -> str:
    """Which files do not obey a rule that the others do. many, one : the verb of so many files"""
    obey, files = len(limits.pieces) - len(places), counted(len(limits.pieces), "file")
    does = "does" if len(places) == 1 else "do"
    return f"{obey:,} of {files} {one if obey == 1 else many} {rule}; {_files(limits, places)} {does} not, {NO_USE}"


def _files(limits: Limits, places: Sequence[int]) -> str:
    names = [Path(limits.files[place]).name for place in places]
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{rest}"


def _share(count: int, limits: Limits) -> str:
    return f"in {count:,} of {counted(len(limits.pieces), 'file')}" if count else "none"


def _notes(limits: Limits) -> str:
    """How many notes there are, those of drums apart."""
    pitched = sum(piece.notes for piece in limits.pieces)
    parts = [f"{pitched:,}"] * (pitched > 0) + [f"{counted(limits.drums, 'drum note')}"] * (limits.drums > 0)
    return " and ".join(parts)


def _lengths(seconds: Sequence[float]) -> str:
    if not seconds:
        return "not known"
    middle, shortest, longest = (f"{one:.0f}" for one in (median(seconds), min(seconds), max(seconds)))
    return f"{middle} s" if shortest == longest else f"{middle} s (median; {shortest} to {longest})"


def may_write(out: Path) -> None:
    """Raise `UserError` for a name that says neither CSV nor JSON, or a table that is not ours to replace."""
    if out.suffix.lower() not in (".csv", ".json"):
        raise UserError(f"--out {out} is neither .csv nor .json; give a name such as limits.csv")
    if out.suffix.lower() == ".csv":
        may_write_table(out, COLUMNS)


def write(out: Path, made: Sequence[Description]) -> None:
    """CSV, one row per folder, `COLUMNS`; or JSON, with the control and its reasons, and every file off a rule."""
    if out.suffix.lower() == ".csv":
        write_table(out, table(made))
        return
    write_json(out, {one.name: _as_json(one) for one in made})


def table(made: Sequence[Description]) -> "pd.DataFrame":
    """`COLUMNS`, one row per folder."""
    import pandas as pd

    return pd.DataFrame([_row(one) for one in made], columns=list(COLUMNS))


def _row(one: Description) -> dict[str, Any]:
    row: dict[str, Any] = {"system": one.name, "kind": one.kind, "files": one.files, "unreadable": len(one.failures)}
    if one.seconds:
        row |= {"seconds": median(one.seconds), "shortest": min(one.seconds), "longest": max(one.seconds)}
    if (limits := one.limits) is not None:
        lowest, highest = limits.range or (None, None)
        row |= {
            "notes": sum(piece.struck for piece in limits.pieces),
            "onset_grid": grid(limits),
            "offsets_on_it": limits.grid is not None and limits.offsets_on(limits.grid),
            "velocities": velocities(limits),
            "instruments": instruments(limits.programs, drums=bool(limits.drums)),
            "programs": " ".join(map(str, limits.programs)),
            "drums": limits.drums,
            "lowest": lowest,
            "highest": highest,
            "pedal_presses": limits.pedals,
            "polyphony": max(piece.polyphony for piece in limits.pieces),
            "off_the_rule": "; ".join(off_the_rule(limits)),
        }
    return row | {"control": one.fit.control.clauses()}


def _as_json(one: Description) -> dict[str, Any]:
    row = {name: value for name, value in _row(one).items() if name not in ("system", "control", "off_the_rule")}
    rule = None if one.limits is None else one.limits.rule
    files = one.limits.files if one.limits else ()
    return row | {
        "files_off_the_grid": [files[place] for place in rule.exceptions] if rule else [],
        "cannot_be_read": list(map(readable, one.failures)),
        "control": asdict(one.fit.control),
        "control_in_words": control(one.fit),
        "why": list(one.fit.reasons),
    }
