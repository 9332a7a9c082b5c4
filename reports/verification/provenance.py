"""How a report was made: what somebody else needs to make it again, and what `clstm report verify` holds it against.

A file is named by what it is called within its system, and by its hash; a path is kept as the user typed it, so that a
report tells nothing of the machine it was made on but what is in the command.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clstm import pretrained
from clstm.runtime.errors import UserError
from evaluation.audio.render import RenderSettings
from evaluation.comparison import contrasts
from evaluation.comparison.compare import Comparison, any_midi
from evaluation.measurement.cache import sha256
from evaluation.measurement.environment import environment
from evaluation.measurement.generated import items_of
from evaluation.measurement.inputs import plain
from evaluation.measurement.measure import CATALOGUE
from evaluation.measurement.named_paths import music_files
from reports.inputs.models import written_by_generate
from reports.inputs.systems import System, SystemPiece, read_generated, within

WEIGHTS = "weights.safetensors"
BUNDLED = "bundled:"
CREDITS = ("composer", "title", "opus", "licence", "source")

SOUNDFONTS = {  # by SHA-256: what is known of them
    "82475b91a76de15cb28a104707d3247ba932e228bada3f47bba63c6b31aaf7a1": "TimGM6mb by Tim Brechbill, GPL 2",
}
SOUNDFONT_NAMES = {  # by name, where the hash is another
    "TimGM6mb.sf2": "TimGM6mb by Tim Brechbill, GPL 2",
    "FluidR3_GM.sf2": "Fluid (R3) General MIDI SoundFont by Frank Wen, MIT",
}


def provenance(
    verdict: Comparison,
    systems: Sequence[System],
    settings: RenderSettings,
    choices: Mapping[str, Any],
    files: Mapping[str, Path | None],
    sources_of: Mapping[str, Mapping[str, str]],
    runs: Mapping[str, Path],
) -> dict[str, Any]:
    """Everything the report rests on, ready for JSON.

    choices : what the user chose: command, reference, seed and the like
    files : the tables given beside the music, by what they are
    sources_of : of files, by their `plain` names
    runs : the run of each system whose weights are at hand
    """
    midi = any_midi(verdict)
    about = environment(settings, midi=midi)
    return {
        **choices,
        "systems": [
            _system(system, sources_of, runs.get(system.name)) for system in systems if system.role != "control"
        ],
        "files": {name: {"path": str(path), "sha256": _hash(path)} for name, path in files.items() if path},
        "rendering": about["rendering"] | {"soundfont": Path(about["rendering"]["soundfont"]).name} if midi else None,
        "soundfont_path": None if settings.soundfont is None else str(settings.soundfont),
        "soundfont_licence": _licence(about["rendering"]) if midi else None,
        "versions": _versions() | about["measuring"],
        "method": contrasts.METHOD,
        "catalogue": CATALOGUE,
    }


def find_runs(sources: Mapping[str, Path], given: Sequence[str]) -> dict[str, Path]:
    """The run that made each system's music: as given by NAME=RUN, or the bundled model whose weights they are.

    sources : where each system's music is

    Raises `UserError` for a name that is no system, and for weights that are not those that made the music.
    """
    named = {}
    for text in given:
        name, equals, path = text.partition("=")
        if not (equals and path):
            raise UserError(f"--weights {text!r} is not NAME=RUN; give it as in --weights lstm=runs/lstm")
        named[name] = pretrained.find(path)
    if strange := set(named) - set(sources):
        raise UserError(f"--weights names {min(strange)!r}, which is none of the systems ({', '.join(sources)})")
    found = {}
    for name, source in sources.items():
        generated = read_generated(source) or {}
        made, run = generated.get("weights_sha256"), named.get(name)
        if run is None:
            if (bundled := _bundled(generated, source)) is not None:
                found[name] = bundled
            continue
        if not (run / WEIGHTS).is_file():
            raise UserError(f"--weights {name}={run} has no {WEIGHTS}; give a run of `clstm train`")
        if made and sha256(run / WEIGHTS) != made:
            raise UserError(
                f"--weights {name}={run}: these weights ({sha256(run / WEIGHTS)[:12]}…) did not make its music "
                f"({str(made)[:12]}…); give the run that did"
            )
        found[name] = run
    return found


def _bundled(generated: Mapping[str, Any], source: Path) -> Path | None:
    """The bundled model that a manifest of `clstm generate` names, if it has the weights that made this music."""
    files = [within(path, source) for path in music_files(source).files]
    if not written_by_generate(generated, files) or generated["run"] not in pretrained.names():
        return None
    run = pretrained.FOLDER / str(generated["run"])
    return run if sha256(run / WEIGHTS) == generated["weights_sha256"] else None


def read_credits(path: Path | None) -> dict[str, dict[str, str]]:
    """Composer, title, opus, licence and source of files by their `plain` names, from a CSV with a column file.

    Raises `UserError` for any other file.
    """
    if path is None:
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"--index {path} cannot be read as CSV ({error}); give one with the column file") from error
    if not rows or "file" not in rows[0]:
        raise UserError(f"--index {path} has no column file; give one with file, and group, title, licence as known")
    return {
        plain(row["file"]): {name: row[name] for name in CREDITS if row.get(name)} for row in rows if row.get("file")
    }


def inputs(system: System, sources_of: Mapping[str, Mapping[str, str]]) -> list[dict[str, Any]]:
    """The files of a system by name, length, hash and credit; a control has those of its reference."""
    pieces = {file: str(item.piece) for file, item in items_of(system.generated or {}).items()}
    return [_input(piece, system, pieces, sources_of) for piece in system.pieces]


def run_path(recorded: str) -> Path:
    """Where a recorded run lies: a bundled model, or the path that was typed."""
    return pretrained.FOLDER / recorded.removeprefix(BUNDLED) if recorded.startswith(BUNDLED) else Path(recorded)


def _system(system: System, sources_of: Mapping[str, Mapping[str, str]], run: Path | None) -> dict[str, Any]:
    made = system.generated or {}
    weights = None
    if run is not None or "weights_sha256" in made:
        bundled = run is not None and run.parent == pretrained.FOLDER
        weights = {
            "sha256": made.get("weights_sha256") or (run and sha256(run / WEIGHTS)),
            "run": None if run is None else f"{BUNDLED}{run.name}" if bundled else str(run),
            "licence": "CC BY-SA 4.0" if bundled else None,
        }
    return {
        "name": system.name,
        "path": str(system.source),
        "files": inputs(system, sources_of),
        "left_out": {
            within(failure.path, system.source): {"sha256": failure.sha256, "reason": failure.reason}
            for failure in system.failures
        },
        "weights": weights,
        "generated": {name: value for name, value in made.items() if name != "items"} or None,
    }


def _input(
    piece: SystemPiece, system: System, pieces: Mapping[str, str], sources_of: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    credit = sources_of.get(plain(piece.path.name)) or sources_of.get(plain(pieces.get(piece.path.name, ""))) or {}
    return {
        "file": within(piece.path, system.source),
        "sha256": piece.sha256,
        "seconds": round(piece.seconds, 3),
        **({"credit": dict(credit)} if credit else {}),
    }


def _licence(rendering: Mapping[str, Any]) -> str:
    known = SOUNDFONTS.get(rendering["soundfont_sha256"]) or SOUNDFONT_NAMES.get(Path(rendering["soundfont"]).name)
    return known or "not known to clstm: see where it came from"


def _versions() -> dict[str, str]:
    import platform
    from importlib.metadata import version

    return {"python": platform.python_version(), **{name: version(name) for name in ("pandas", "matplotlib")}}


def _hash(path: Path) -> str:
    """Of a file, or of a folder of results by its results.json."""
    return sha256(path / "results.json" if path.is_dir() else path)
