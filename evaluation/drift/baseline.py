"""The file of `clstm spectra`: the values of each file, or why they are missing, and all that they depend on."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from clstm.music.left_out import NOTHING, LeftOut
from clstm.runtime import old_names
from clstm.runtime.errors import UserError
from clstm.runtime.files import read_json
from evaluation.audio.fingerprint import Fingerprint, numbers
from evaluation.drift.tolerances import Tolerance, kept
from evaluation.metrics.metric import MetricValue, Missing

FORMAT = "clstm spectra 2"
READ = ("clstm spectra 1", FORMAT)  # the first had "figures" for "values"
DIGITS = 7  # significant, of each value recorded


@dataclass(frozen=True)
class BaselineFile:
    """One file.

    values : by metric; empty when the file is `unreadable`, which then says why
    fingerprint : of audio; None of MIDI, whose rendering has the form that was asked for, and in the first baselines
    left_out : what a MIDI file contains besides the notes; it is reported when it is measured, and not recorded
    """

    sha256: str
    values: Mapping[str, MetricValue]
    unreadable: str = ""
    fingerprint: Fingerprint | None = None
    left_out: LeftOut = NOTHING


@dataclass(frozen=True)
class Baseline:
    """What was recorded.

    inputs : paths relative to the baseline's folder; those of folders end with a slash
    units : of every metric that was measured, by name
    files : by name, in the order of measurement
    catalogue : the version of the catalogue of metrics (`metrics.catalogue.CATALOGUE`); the first did not state it
    tolerances : other than the default, by metric; earlier versions had none
    """

    environment: Mapping[str, Any]
    inputs: Sequence[str]
    units: Mapping[str, str]
    files: Mapping[str, BaselineFile]
    catalogue: int = 1
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)


def read_baseline(path: Path) -> Baseline:
    """A baseline of this version or an earlier one. Raises `UserError` for a file that is not one."""
    path = Path(path)
    try:
        content = read_json(path)
    except OSError as error:
        raise UserError(
            f"the baseline {path} cannot be opened ({error.strerror}); make one: clstm spectra record"
        ) from error
    except ValueError as error:
        raise UserError(f"{path} is not a baseline ({error}); make one: clstm spectra record") from error
    found = content.get("format") if isinstance(content, dict) else None
    if found not in READ:
        raise UserError(
            f"{path} is not a baseline of this version ({found or 'no format'}, not {FORMAT}); record again"
        )
    try:
        files = {name: _piece(entry) for name, entry in content["files"].items()}
        catalogue = int(content.get("catalogue", 1))
        tolerances = kept(content.get("tolerances", {}))
        baseline = Baseline(content["environment"], content["inputs"], content["units"], files, catalogue, tolerances)
        _ = baseline.environment["measuring"], baseline.environment["rendering"]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UserError(f"{path} is a damaged baseline ({type(error).__name__}: {error}); record again") from error
    return baseline


def as_json(baseline: Baseline) -> dict[str, Any]:
    tolerances = {name: str(one) for name, one in baseline.tolerances.items()}
    return {
        "format": FORMAT,
        "catalogue": baseline.catalogue,
        "environment": baseline.environment,
        "inputs": baseline.inputs,
        "units": baseline.units,
        **({"tolerances": tolerances} if tolerances else {}),
        "files": {name: _entry(piece) for name, piece in baseline.files.items()},
    }


def _entry(piece: BaselineFile) -> dict[str, Any]:
    if piece.unreadable:
        return {"sha256": piece.sha256, "unreadable": piece.unreadable}
    values = {
        name: float(f"{value:.{DIGITS}g}") for name, value in piece.values.items() if not isinstance(value, Missing)
    }
    missing = {name: value.reason for name, value in piece.values.items() if isinstance(value, Missing)}
    form = {"form": asdict(piece.fingerprint)} if piece.fingerprint else {}
    return {"sha256": piece.sha256, **form, "values": values, "missing": missing}


def _piece(entry: dict[str, Any]) -> BaselineFile:
    entry = old_names.translated(entry)
    if "unreadable" in entry:
        return BaselineFile(entry["sha256"], {}, entry["unreadable"])
    found: dict[str, MetricValue] = {name: float(value) for name, value in entry["values"].items()}
    found |= {name: Missing(reason) for name, reason in entry["missing"].items()}
    return BaselineFile(entry["sha256"], found, fingerprint=_fingerprint(entry["form"]) if "form" in entry else None)


def _fingerprint(entry: dict[str, Any]) -> Fingerprint:
    found = Fingerprint(int(entry["rate"]), int(entry["channels"]), int(entry["samples"]), tuple(entry["sketch"]))
    if found.rate < 1 or len(numbers(found.sketch)) not in (0, found.channels):
        raise ValueError("a form that no file has")
    return found
