"""From the files of several systems to a folder with the verdict on each: what differs from the reference, by how much,
and how certain that is.

verdict.md        the table to read; verdict.csv all its numbers (`evaluation.comparison.verdict.COLUMNS`)
metrics.csv       tidy: system, piece, metric, value, unit, note
pieces.csv        one row per file: its group, length, how its sound was converted, why it was rejected
robustness.csv    the table with each other sound, if requested
comparison.json   how it was made

Each system is compared with the reference under the limits of its own music (`evaluation.comparison.references`); the
reference as it was played is one more system.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clstm.runtime.errors import MissingToolError, UserError
from clstm.runtime.files import replacing, write_json, write_table, write_text
from clstm.runtime.finding import is_midi
from clstm.runtime.ownership import may_replace
from clstm.runtime.progress import Progress, silent, titled
from evaluation import doctor
from evaluation.audio.render import RenderSettings, describe
from evaluation.audio.synthesizer import default_soundfont
from evaluation.comparison import absent, contrasts, copies
from evaluation.comparison import summary as conclusions
from evaluation.comparison import tables as verdict_tables
from evaluation.comparison.references import Grid, References, references, under
from evaluation.comparison.references import left_out as references_left_out
from evaluation.controls.control import SCORE_MATRIX
from evaluation.controls.declared import of_options
from evaluation.controls.fitting import Fit
from evaluation.measurement.inputs import (
    MeasurementInput,
    for_midi,
    measurement_inputs,
    not_used,
    other_lengths,
    read_groups,
)
from evaluation.measurement.limits import fits as fits_of
from evaluation.measurement.named_paths import music_files
from evaluation.measurement.systems import Measurements, left_out, measure_systems, on_one_instrument
from evaluation.metrics.catalogue import CATALOGUE
from evaluation.statistics.resampling import RESAMPLES, SPLITS

if TYPE_CHECKING:
    import pandas as pd

MADE_BY = "clstm compare"
RECORD = "comparison.json"
FILES = ("verdict.csv", "metrics.csv", "pieces.csv", "verdict.md", "robustness.csv")

SOFTER = 2.0  # the power of another velocity map: the one velocity of 80 becomes a soft 50


@dataclass(frozen=True)
class ComparisonRequest:
    """What the user asked for.

    sources : where each system's music is, by name (`evaluation.measurement.named_paths.named_paths`)
    grid : "auto": each system is compared with the reference under the limits of its own music; or which MIDI goes
        through the score matrix and one velocity: the reference, all, none
    limits : what the user declares of the limits of systems (`evaluation.controls.declared`)
    pedal : whether notes last as long as a pedal holds them, in every system
    groups : a CSV with the columns file and group
    seconds : only the first seconds of every piece
    robustness : repeat with another SoundFont (`other_soundfont`), with reverb and chorus, and with other velocities
    """

    sources: Mapping[str, Path]
    reference: str
    out: Path
    settings: RenderSettings = RenderSettings()
    grid: Grid = "auto"
    pedal: bool = False
    groups: Path | None = None
    seconds: float | None = None
    robustness: bool = False
    other_soundfont: Path | None = None
    seed: int = 0
    workers: int | None = None
    cluster: str | None = None
    command: str = ""
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Comparison:
    """Result of a comparison.

    references : what each system is compared with; fits : the control that fits each, and why, where that was asked for
    systems : the measurement inputs of every system
    table : `evaluation.comparison.verdict.COLUMNS`
    sounds : measurements by the sound they were made with; the first, "", is the one asked for
    others : the tables made with the other sounds
    remarks : caveats, one line each; summary : one line per system
    """

    references: References
    systems: Mapping[str, Sequence[MeasurementInput]]
    table: "pd.DataFrame"
    sounds: Mapping[str, Measurements]
    others: "Mapping[str, pd.DataFrame]"
    remarks: list[str]
    summary: list[str]
    fits: Mapping[str, Fit] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        """The name of what all systems are compared with; of the reference, where there are several such sets."""
        return self.references.common

    @property
    def measurements(self) -> Measurements:
        return self.sounds[""]

    @property
    def values(self) -> "pd.DataFrame":
        """Those that say something (`evaluation.comparison.absent`), with the columns of the measurements."""
        return absent.without_plain(self.measurements.values)


def make_verdict(request: ComparisonRequest, progress: Progress = silent) -> Comparison:
    """Compare, and write the folder `request.out`, whole or not at all.

    Raises `UserError` for anything that cannot be compared, or an `out` that is not ours to replace.
    """
    may_replace(request.out, RECORD, _written, "a comparison", inputs=_inputs(request))
    verdict = judge(request, progress)
    _write(request, verdict)
    return verdict


def judge(request: ComparisonRequest, progress: Progress = silent) -> Comparison:
    """Measure every system and compare it with the reference; writes nothing.

    Raises `UserError` for anything that cannot be compared.
    """
    if request.seconds is not None and not isfinite(request.seconds):
        raise UserError(f"--seconds {request.seconds} is not a length; give seconds, such as 30")
    found, said = _systems(request)
    fits = _fits(request, found, progress)
    chosen = references(request.grid, request.reference, found, fits)
    of_midi = {"--pedal": request.pedal, "--instrument": request.settings.instrument is not None}
    said += for_midi(of_midi, [one.path for own in found.values() for one in own])
    said += [*(f"{name}: {remark}" for name, fit in fits.items() for remark in fit.remarks), *chosen.remarks]
    systems = _with_controls(request, found, chosen)
    chosen, lost = references_left_out(chosen, systems, request.workers)
    systems = {name: own for name, own in systems.items() if name in chosen.controls or name in found}
    said += lost
    variants = _variants(request, systems)  # a SoundFont that is not there is known before the work begins
    tables: dict[str, pd.DataFrame] = {}
    sounds: dict[str, Measurements] = {}
    for name, (settings, power) in variants.items():
        what = "Measuring" if not name else f"Measuring, {name}"
        played = {system: [replace(one, velocity_power=power) for one in own] for system, own in systems.items()}
        measured = measure_systems(played, settings, titled(progress, what), request.workers, request.cluster)
        if not sounds:  # which pieces are copies does not depend on the sound that all are rendered with
            independent = copies.merged(measured.pieces, measured.values)["group"].to_numpy()
        sounds[name] = measured = replace(measured, pieces=measured.pieces.assign(group=independent))
        what = "Comparing" if not name else f"Comparing, {name}"
        tables[name] = contrasts.compare(
            *(measured.values, measured.pieces, request.reference),
            against=chosen.against,
            seed=request.seed,
            progress=titled(progress, what),
        )
    others = {name: table for name, table in tables.items() if name}
    table = contrasts.flips(tables[""], others) if others else tables[""]
    heard = [name for name in systems if name not in chosen.controls]  # a control is the same music
    remarks = [
        *said,
        *left_out(sounds[""], heard),
        *on_one_instrument(sounds[""], request.settings, heard),
        *_on_copies(sounds[""]),
        *filter(None, [absent.sentence(absent.without_plain(sounds[""].values))]),
        *conclusions.caveats(table, sounds[""].pieces, request.reference),
    ]
    summary = conclusions.summary(table, [system for system in systems if system in chosen.against])
    return Comparison(chosen, systems, table, sounds, others, remarks, summary, fits)


def _on_copies(measured: Measurements) -> list[str]:
    """One line per system that has copies: every piece is described, but copies are not independent samples."""
    said = []
    for row in copies.shares(measured.pieces, measured.values).to_dict("records"):
        share = f"{row['system']}: {{}} of {row['pieces']} pieces ({{}} %) are copies of {{}}"
        for count, what in ((row["within"], "one another"), (row["across"], "pieces of another system")):
            if count:
                said.append(
                    share.format(count, round(100 * count / row["pieces"]), what) + "; copies count as one group"
                )
    return said


def _inputs(request: ComparisonRequest) -> list[Path]:
    return [
        *request.sources.values(),
        *filter(None, (request.groups, request.settings.soundfont, request.other_soundfont)),
    ]


def _systems(request: ComparisonRequest) -> tuple[dict[str, list[MeasurementInput]], list[str]]:
    """The inputs of every system as they are, and remarks on files left out."""
    groups = read_groups(request.groups) if request.groups else {}
    found: dict[str, list[MeasurementInput]] = {}
    remarks = []
    for name, path in request.sources.items():
        music = music_files(path)
        remarks += [f"{name}: {remark}" for remark in (*music.remarks, *not_used(music.files))]
        own = measurement_inputs(music.files, groups, request.seconds)
        found[name] = [replace(one, pedal=request.pedal) for one in own]
    remarks += other_lengths({name: [one.path for one in own] for name, own in found.items()}, pedal=request.pedal)
    if groups:
        everyone = [one for own in found.values() for one in own]
        known = set(groups.values())
        named = sum(one.group in known for one in everyone)
        if not named:
            raise UserError(f"{request.groups} lists none of the {len(everyone)} files; use the names they have here")
        if named < len(everyone):
            remarks.append(
                f"{request.groups} names {named} of {len(everyone)} files; each other file is a group of its own"
            )
    if request.reference not in found:
        raise UserError(
            f"--reference {request.reference!r} is not one of the systems given ({', '.join(found) or 'none'})"
        )
    if len(found) < 2:
        raise UserError(f"{request.reference} alone cannot be compared; give another system as NAME=PATH")
    kinds = {name: {is_midi(one.path) for one in own} for name, own in found.items()}
    if len(set.union(*kinds.values())) > 1:
        audio = [name for name, kind in kinds.items() if False in kind]
        remarks.append(
            f"{', '.join(audio)} {'is' if len(audio) == 1 else 'are'} audio and the rest is rendered here: instrument, "
            "reverb and loudness may differ"
            + (", and --robustness does not change the sound of audio" if request.robustness else "")
        )
    return found, remarks


def _fits(
    request: ComparisonRequest, found: Mapping[str, Sequence[MeasurementInput]], progress: Progress
) -> dict[str, Fit]:
    """The control that fits each system but the reference, where that decides what it is compared with."""
    declared = of_options(request.limits, [name for name in found if name != request.reference])
    if request.grid != "auto":
        if declared:
            raise UserError(f"--limits is for --grid auto; leave it out with --grid {request.grid}")
        return {}
    others = {name: own for name, own in found.items() if name != request.reference}
    return fits_of(others, declared, request.workers, progress)


def _with_controls(
    request: ComparisonRequest, found: Mapping[str, list[MeasurementInput]], chosen: References
) -> dict[str, list[MeasurementInput]]:
    """What is measured, by name: the reference under each control, the reference, and the others."""
    reference = found[request.reference]
    others = {name: own for name, own in found.items() if name != request.reference}
    if request.grid == "all":
        others = {name: under(SCORE_MATRIX, own) for name, own in others.items()}
    sets = {name: under(control, reference) for name, control in chosen.controls.items()}
    return {**sets, request.reference: reference, **others}


def _variants(
    request: ComparisonRequest, systems: Mapping[str, Sequence[MeasurementInput]]
) -> dict[str, tuple[RenderSettings, float]]:
    """The sounds the comparison is made with, by name; the first, "", is the one asked for."""
    variants = {"": (request.settings, 1.0)}
    if not request.robustness:
        return variants
    if not any(is_midi(one.path) for own in systems.values() for one in own):
        raise UserError("--robustness renders MIDI with other sounds, and every system is audio; leave it out")
    given = request.other_soundfont or doctor.find_second_soundfont()
    if given is not None and request.other_soundfont is None and _same(request.settings, Path(given)):
        given = default_soundfont()
    if given is None:
        install = doctor.install_command(["soundfont"], doctor.package_manager())
        raise MissingToolError(
            "--robustness needs a second SoundFont: give one with --other-soundfont, or install "
            + doctor.SECOND_SOUNDFONT
            + (f" with: {install}" if install else "")
        )
    other = replace(request.settings, soundfont=Path(given))
    if _same(request.settings, other.soundfont_file):
        raise UserError(f"--other-soundfont {given} is the SoundFont already used; give another one")
    wet = replace(request.settings, reverb=not request.settings.reverb, chorus=not request.settings.chorus)
    return variants | {
        f"SoundFont {other.soundfont_file.name}": (other, 1.0),
        "reverb and chorus" if wet.reverb else "no reverb and chorus": (wet, 1.0),
        "softer velocities": (request.settings, SOFTER),
    }


def _same(settings: RenderSettings, soundfont: Path) -> bool:
    """Whether this is the SoundFont of the settings, whatever its name."""
    other = replace(settings, soundfont=soundfont)
    return bool(describe(other)["soundfont_sha256"] == describe(settings)["soundfont_sha256"])


def _written(record: dict[str, Any]) -> tuple[str, ...]:
    """The files of a comparison, besides its record. Raises `ValueError` for a record of something else."""
    if record["made_by"] != MADE_BY:
        raise ValueError(record["made_by"])
    return FILES


def _write(request: ComparisonRequest, verdict: Comparison) -> None:
    import pandas as pd

    with replacing(request.out) as folder:
        folder.mkdir()
        write_table(folder / "verdict.csv", verdict.table)
        write_table(folder / "metrics.csv", verdict.measurements.values)
        write_table(folder / "pieces.csv", verdict.measurements.pieces.drop(columns="strikes"))
        write_text(
            folder / "verdict.md",
            verdict_tables.markdown(verdict.table, verdict.reference, verdict.summary, verdict.remarks),
        )
        if verdict.others:
            parts = [table.assign(sound=name) for name, table in verdict.others.items()]
            write_table(folder / "robustness.csv", pd.concat(parts))
        write_json(folder / RECORD, _record(request, verdict))


def any_midi(verdict: Comparison) -> bool:
    """Whether anything was rendered."""
    return any(is_midi(one.path) for own in verdict.systems.values() for one in own)


def _record(request: ComparisonRequest, verdict: Comparison) -> dict[str, Any]:
    return {
        "made_by": MADE_BY,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version("clstm"),
        "command": request.command,
        "reference": verdict.reference,
        "against": dict(verdict.references.against),
        "controls": {name: asdict(control) for name, control in verdict.references.controls.items()},
        "why": {name: list(fit.reasons) for name, fit in verdict.fits.items()},
        "systems": verdict.measurements.pieces.groupby("system", sort=False).size().to_dict(),
        "grid": request.grid,
        "limits": list(request.limits),
        "pedal": request.pedal,
        "seconds": request.seconds,
        "seed": request.seed,
        "splits": SPLITS,
        "resamples": RESAMPLES,
        "method": contrasts.METHOD,
        "catalogue": CATALOGUE,
        "permutations": int(verdict.table["permutations"].fillna(0).max()),
        "other_sounds": list(verdict.others),
        "remarks": verdict.remarks,
        "summary": verdict.summary,
        "rendering": describe(request.settings) if any_midi(verdict) else None,
    }
