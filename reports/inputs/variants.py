"""The same system decoded another way: does a claim depend on how notes were chosen from the model's probabilities?

A variant is measured like its system's own music, on the same grid, cut and grouped in the same way, but it is no
system of the report: it has no row in the verdict and no song.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from clstm.runtime.errors import UserError
from clstm.runtime.finding import is_midi
from clstm.runtime.progress import Progress, titled
from evaluation.audio.render import RenderSettings
from evaluation.comparison.summary import UNEQUAL
from evaluation.measurement.inputs import MeasurementInput, measurement_inputs, read_groups
from evaluation.measurement.options.named_paths import music_files
from evaluation.measurement.systems import Measurements, measure_systems
from reports.content.provenance import HashedFile, RecordedVariant
from reports.content.report import VariantContent
from reports.inputs.systems import hash_of, within

FORM = "SYSTEM:LABEL=PATH"


@dataclass(frozen=True)
class Variant:
    """label : any words, such as "threshold 0.15"; path : a file or folder of music"""

    system: str
    label: str
    path: Path

    def __str__(self) -> str:
        return f"{self.system}:{self.label}"


@dataclass(frozen=True, eq=False)
class MeasuredVariant:
    """A variant's measurement inputs, and their measurements under the name of its system."""

    variant: Variant
    inputs: Sequence[MeasurementInput]
    measurements: Measurements

    def instead(self, measured: Measurements) -> Measurements:
        """The measurements of a report with this music in the place of its system's own."""
        name = self.variant.system
        values, pieces = (
            pd.concat([whole[whole["system"] != name], own], ignore_index=True)
            for whole, own in (
                (measured.values, self.measurements.values),
                (measured.pieces, self.measurements.pieces),
            )
        )
        return Measurements(values, pieces)

    def remarks(self, measured: Measurements) -> list[str]:
        """Caveats to its comparison with its system, which `measured` has; one line each."""
        said = []
        own, other = (table["seconds"].median() for table in (self._usable(self.measurements), self._usable(measured)))
        if rejected := int((self.measurements.pieces["rejected"] != "").sum()):
            said.append(f"{self.variant}: {rejected} of {len(self.inputs)} files cannot be used")
        if not 1 / UNEQUAL <= own / other <= UNEQUAL:
            said.append(f"{self.variant} lasts {own:.0f} s, {self.variant.system} {other:.0f} s (medians)")
        return said

    def _usable(self, measured: Measurements) -> pd.DataFrame:
        pieces = measured.pieces
        return pieces[(pieces["system"] == self.variant.system) & (pieces["rejected"] == "")]

    def described(self) -> VariantContent:
        """Its entry in report.json.

        >>> from evaluation.measurement.systems import Measurements
        >>> pieces = pd.DataFrame({"system": ["lstm", "lstm"], "rejected": ["", "no notes"]})
        >>> one = MeasuredVariant(Variant("lstm", "warm", Path("music")), [], Measurements(pd.DataFrame(), pieces))
        >>> one.described().pieces
        1
        """
        usable = int((self.measurements.pieces["rejected"] == "").sum())
        one = self.variant
        return VariantContent(system=one.system, label=one.label, path=str(one.path), pieces=usable)

    def hashed(self) -> RecordedVariant:
        """Its entry in the manifest: every file by its name and hash, as `clstm report verify` checks it."""
        one = self.variant
        files = tuple(HashedFile(file=within(own.path, one.path), sha256=hash_of(own.path)) for own in self.inputs)
        return RecordedVariant(system=one.system, label=one.label, path=str(one.path), files=files)


def parse(given: Sequence[str], systems: Sequence[str], reference: str) -> list[Variant]:
    """The variants of a command line, SYSTEM:LABEL=PATH each. Raises `UserError` for one that is not.

    Names, labels and paths may hold colons and equals signs: the longest name that fits is the system's, and the first
    path that exists is the path.
    """
    found: list[Variant] = []
    for text in given:
        one = _parsed(text, systems)
        if one.system == reference:
            raise UserError(
                f"--variant {text!r} is of the reference; a variant is of a system that is compared with it"
            )
        if str(one) in (*map(str, found), *systems):
            raise UserError(f"--variant {str(one)!r} is given twice; give each a label of its own")
        found.append(one)
    return found


def _parsed(text: str, systems: Sequence[str]) -> Variant:
    name = max((name for name in systems if text.startswith(f"{name}:")), key=len, default=None)
    if name is None and "=" in text and ":" in text.partition("=")[0]:
        strange = text.partition(":")[0]
        raise UserError(f"--variant names {strange!r}, which is not one of the systems ({', '.join(systems)})")
    rest = text[len(name or "") + 1 :]
    splits = [(rest[:place], rest[place + 1 :]) for place, letter in enumerate(rest) if letter == "="]
    splits = [(" ".join(label.split()), path) for label, path in splits if label.strip() and path]
    if name is None or not splits:
        raise UserError(f'--variant {text!r} is not {FORM}; give it as in "lstm:threshold 0.15=music/lstm-threshold"')
    label, path = next((split for split in splits if Path(split[1]).exists()), splits[0])
    if not Path(path).exists():
        raise UserError(f"--variant {name}:{label}: {path} does not exist; give music of {name}, decoded another way")
    return Variant(name, label, Path(path))


def inputs_of(
    variant: Variant, own: Sequence[MeasurementInput], groups: Mapping[str, str], seconds: float | None
) -> list[MeasurementInput]:
    """A variant's files, measured as its system's `own` are. Raises `UserError` where one is audio and the other MIDI.

    groups : of files, by their `plain` names; seconds : what is measured of each piece, None for all
    """
    found = measurement_inputs(music_files(variant.path).files, groups, seconds)
    if {one.is_midi for one in found} != {one.is_midi for one in own}:
        kinds = ["MIDI" if is_midi(some[0].path) else "audio" for some in (found, own)]
        raise UserError(f"--variant {variant} is {kinds[0]} and {variant.system} is {kinds[1]}; give the same kind")
    return [replace(one, control=own[0].control, pedal=own[0].pedal) for one in found]


def measure(
    variants: Sequence[Variant],
    systems: Mapping[str, Sequence[MeasurementInput]],
    settings: RenderSettings,
    index: Path | None,
    seconds: float | None,
    progress: Progress,
) -> list[MeasuredVariant]:
    """Every metric of every variant, with the settings of the report. Raises `UserError` for music of another kind.

    systems : the measurement inputs of every system; index : a CSV with the columns file and group
    """
    groups = read_groups(index) if index else {}
    # All are looked at before the first is measured: what is of another kind is said at once.
    found = [(variant, inputs_of(variant, systems[variant.system], groups, seconds)) for variant in variants]
    return [
        MeasuredVariant(
            variant, own, measure_systems({variant.system: own}, settings, titled(progress, f"Measuring, {variant}"))
        )
        for variant, own in found
    ]


def tidy(variants: Sequence[MeasuredVariant]) -> pd.DataFrame:
    """The values of all variants, as metrics.csv has those of the systems, with the label beside the system."""
    tables = [one.measurements.values.assign(label=one.variant.label) for one in variants]
    return pd.concat(tables, ignore_index=True)[["system", "label", "piece", "metric", "value", "unit", "note"]]


def as_decoded(variants: Sequence[MeasuredVariant], measured: Measurements) -> dict[str, Measurements]:
    """The report's measurements with the music of each decoding in the place of its systems' own: of systems with the
    same label together, so that a claim about two of them compares like with like."""
    labels: dict[str, list[MeasuredVariant]] = {}
    for one in variants:
        labels.setdefault(one.variant.label, []).append(one)
    found = {}
    for label, own in labels.items():
        decoded = measured
        for one in own:
            decoded = one.instead(decoded)
        found[f"{' and '.join(one.variant.system for one in own)}, {label}"] = decoded
    return found
