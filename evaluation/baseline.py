"""The file of `clstm spectra`: what was measured of each file, why what is missing is, and all that depends on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clstm.errors import UserError
from evaluation.metric import Figure, Missing

FORMAT = "clstm spectra 1"
DIGITS = 7  # significant, of each figure recorded


@dataclass(frozen=True)
class Piece:
    """One file. figures : empty when it is `unreadable`, which then says why"""

    sha256: str
    figures: Mapping[str, Figure]
    unreadable: str = ""


@dataclass(frozen=True)
class Baseline:
    """What was recorded. inputs : relative to the baseline's folder, a folder's with a slash at its end
    units : of every figure that was measured, by name
    files : by name, in the order of measurement
    catalogue : version of the catalogue of metrics (`evaluation.measures.CATALOGUE`); the first did not say so
    """

    environment: Mapping[str, Any]
    inputs: Sequence[str]
    units: Mapping[str, str]
    files: Mapping[str, Piece]
    catalogue: int = 1


def read_baseline(path: Path) -> Baseline:
    """Raises `UserError` for what cannot be opened or is no baseline."""
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
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


def _entry(piece: Piece) -> dict[str, Any]:
    if piece.unreadable:
        return {"sha256": piece.sha256, "unreadable": piece.unreadable}
    figures = {
        name: float(f"{figure:.{DIGITS}g}") for name, figure in piece.figures.items() if not isinstance(figure, Missing)
    }
    missing = {name: figure.reason for name, figure in piece.figures.items() if isinstance(figure, Missing)}
    return {"sha256": piece.sha256, "figures": figures, "missing": missing}


def _piece(entry: dict[str, Any]) -> Piece:
    if "unreadable" in entry:
        return Piece(entry["sha256"], {}, entry["unreadable"])
    figures: dict[str, Figure] = {name: float(value) for name, value in entry["figures"].items()}
    figures |= {name: Missing(reason) for name, reason in entry["missing"].items()}
    return Piece(entry["sha256"], figures)
