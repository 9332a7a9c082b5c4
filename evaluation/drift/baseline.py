"""The file of `clstm spectra`: what was measured of each file, why what is missing is, and all that depends on."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from clstm.music.left_out import NOTHING, LeftOut
from clstm.runtime.errors import UserError
from clstm.runtime.json_files import read_json
from evaluation.audio.form import Form, numbers
from evaluation.metrics.metric import MetricValue, Missing

FORMAT = "clstm spectra 1"
DIGITS = 7  # significant, of each figure recorded


@dataclass(frozen=True)
class BaselineFile:
    """One file. values : empty when it is `unreadable`, which then says why

    form : of audio; None of MIDI, whose rendering has the form that was asked for, and in baselines without it
    left_out : what is not heard of a MIDI file; it is said when it is measured, and not recorded
    """

    sha256: str
    values: Mapping[str, MetricValue]
    unreadable: str = ""
    form: Form | None = None
    left_out: LeftOut = NOTHING


@dataclass(frozen=True)
class Baseline:
    """What was recorded. inputs : relative to the baseline's folder, a folder's with a slash at its end
    units : of every figure that was measured, by name
    files : by name, in the order of measurement
    catalogue : version of the catalogue of metrics (`measurement.measure.CATALOGUE`); the first did not say so
    """

    environment: Mapping[str, Any]
    inputs: Sequence[str]
    units: Mapping[str, str]
    files: Mapping[str, BaselineFile]
    catalogue: int = 1


def read_baseline(path: Path) -> Baseline:
    """Raises `UserError` for what cannot be opened or is no baseline."""
    path = Path(path)
    try:
        content = read_json(path)
    except OSError as error:
        raise UserError(
            f"the baseline {path} cannot be opened ({error.strerror}); make one: clstm spectra record"
        ) from error
    except ValueError as error:
        raise UserError(f"{path} is no baseline ({error}); make one: clstm spectra record") from error
    found = content.get("format") if isinstance(content, dict) else None
    if found != FORMAT:
        raise UserError(f"{path} is no baseline of this version ({found or 'no format'}, not {FORMAT}); record again")
    try:
        files = {name: _piece(entry) for name, entry in content["files"].items()}
        catalogue = int(content.get("catalogue", 1))
        baseline = Baseline(content["environment"], content["inputs"], content["units"], files, catalogue)
        _ = baseline.environment["measuring"], baseline.environment["rendering"]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UserError(f"{path} is a damaged baseline ({type(error).__name__}: {error}); record again") from error
    return baseline


def as_json(baseline: Baseline) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "catalogue": baseline.catalogue,
        "environment": baseline.environment,
        "inputs": baseline.inputs,
        "units": baseline.units,
        "files": {name: _entry(piece) for name, piece in baseline.files.items()},
    }


def _entry(piece: BaselineFile) -> dict[str, Any]:
    if piece.unreadable:
        return {"sha256": piece.sha256, "unreadable": piece.unreadable}
    figures = {
        name: float(f"{figure:.{DIGITS}g}") for name, figure in piece.values.items() if not isinstance(figure, Missing)
    }
    missing = {name: figure.reason for name, figure in piece.values.items() if isinstance(figure, Missing)}
    form = {"form": asdict(piece.form)} if piece.form else {}
    return {"sha256": piece.sha256, **form, "figures": figures, "missing": missing}


def _piece(entry: dict[str, Any]) -> BaselineFile:
    if "unreadable" in entry:
        return BaselineFile(entry["sha256"], {}, entry["unreadable"])
    found: dict[str, MetricValue] = {name: float(value) for name, value in entry["figures"].items()}
    found |= {name: Missing(reason) for name, reason in entry["missing"].items()}
    return BaselineFile(entry["sha256"], found, form=_form(entry["form"]) if "form" in entry else None)


def _form(entry: dict[str, Any]) -> Form:
    form = Form(int(entry["rate"]), int(entry["channels"]), int(entry["samples"]), tuple(entry["sketch"]))
    if form.rate < 1 or len(numbers(form.sketch)) not in (0, form.channels):
        raise ValueError("a form that no file has")
    return form
