"""How a report was made: what somebody else needs to make it again, and what `clstm report verify` compares it with.

A file is recorded by its name within its system and by its hash; a path is kept as the user typed it, so that a report
reveals nothing of the machine it was made on but what is in the command.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clstm import pretrained
from clstm.music.generated import items_of
from evaluation.audio.render import RenderSettings
from evaluation.comparison import contrasts
from evaluation.comparison.compare import Comparison, any_midi
from evaluation.comparison.sets.references import CONTROLS
from evaluation.embeddings.embedder import hash_of
from evaluation.measurement.cache import sha256
from evaluation.measurement.environment import environment
from evaluation.measurement.inputs import plain
from evaluation.metrics.catalogue import CATALOGUE
from evaluation.statistics.resampling import RESAMPLES
from reports.content.provenance import (
    Choices,
    InputFile,
    Provenance,
    RecordedSystem,
    RecordedTable,
    RecordedVariant,
    RecordedWeights,
    UnusedFile,
)
from reports.inputs.request import EMBEDDING
from reports.inputs.runs import BUNDLED, WEIGHTS
from reports.inputs.systems import System, SystemPiece, within

SOUNDFONTS = {  # by SHA-256: what is known of them
    "82475b91a76de15cb28a104707d3247ba932e228bada3f47bba63c6b31aaf7a1": "TimGM6mb by Tim Brechbill, GPL 2",
}
SOUNDFONT_NAMES = {  # by name, where the hash is another
    "TimGM6mb.sf2": "TimGM6mb by Tim Brechbill, GPL 2",
    "FluidR3_GM.sf2": "Fluid (R3) General MIDI SoundFont by Frank Wen, MIT",
    **dict.fromkeys(
        ("MuseScore_General.sf2", "MuseScore_General.sf3", "MuseScore_General_Lite.sf3"),
        "MuseScore_General by S. Christian Collins, from Fluid (R3) by Frank Wen, MIT",
    ),
}
RESULTS = "results.json"  # of a study's folder

Credits = Mapping[str, Mapping[str, str]]  # of files, by their `plain` names


def provenance(
    verdict: Comparison,
    settings: RenderSettings,
    choices: Choices,
    files: Mapping[str, Path],
    systems: Sequence[RecordedSystem],
    variants: Sequence[RecordedVariant],
) -> Provenance:
    """Everything the report rests on.

    files : the tables given with the music, by their options
    """
    midi = any_midi(verdict)
    about = environment(settings, midi=midi)
    return Provenance(
        **choices.model_dump(),
        systems=tuple(systems),
        files={name: RecordedTable(path=str(path), sha256=hash_of_input(name, path)) for name, path in files.items()},
        rendering=about["rendering"] | {"soundfont": Path(about["rendering"]["soundfont"]).name} if midi else None,
        soundfont_path=None if settings.soundfont is None else str(settings.soundfont),
        soundfont_licence=_licence(about["rendering"]) if midi else None,
        versions=_versions() | about["measuring"],
        resamples=RESAMPLES,
        method=contrasts.METHOD,
        catalogue=CATALOGUE,
        controls=CONTROLS,
        variants=tuple(variants),
    )


def inputs_of(system: System, credited: Credits) -> tuple[InputFile, ...]:
    """The files of a system by name, length, hash and credit; a control has those of its reference."""
    pieces = {file: str(item.piece) for file, item in items_of(system.generated or {}).items()}
    return tuple(_input(piece, system, pieces, credited) for piece in system.pieces)


def recorded(system: System, credited: Credits, run: Path | None) -> RecordedSystem:
    """A system as the manifest has it. run : that of its weights, if they are at hand"""
    return RecordedSystem(
        name=system.name,
        path=str(system.source),
        files=inputs_of(system, credited),
        left_out={
            within(failure.path, system.source): UnusedFile(sha256=failure.sha256, reason=failure.reason)
            for failure in system.failures
        },
        weights=_weights(system.generated or {}, run),
        generated=without_items(system.generated),
    )


def without_items(generated: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What `generated.json` says of all files together; None where it says nothing.

    >>> without_items({"model": "lstm", "items": []}), without_items({"items": []})
    ({'model': 'lstm'}, None)
    """
    return {name: value for name, value in (generated or {}).items() if name != "items"} or None


def _weights(generated: Mapping[str, Any], run: Path | None) -> RecordedWeights | None:
    if run is None and "weights_sha256" not in generated:
        return None
    bundled = run is not None and run.parent == pretrained.FOLDER
    made = generated.get("weights_sha256") or (run and sha256(run / WEIGHTS))
    return RecordedWeights(
        sha256=None if made is None else str(made),
        run=None if run is None else f"{BUNDLED}{run.name}" if bundled else str(run),
        licence="CC BY-SA 4.0" if bundled else None,
    )


def _input(piece: SystemPiece, system: System, pieces: Mapping[str, str], credited: Credits) -> InputFile:
    """pieces : the pieces that its files continue, by the files' names: a continuation has the credit of its piece"""
    credit = credited.get(plain(piece.path.name)) or credited.get(plain(pieces.get(piece.path.name, ""))) or {}
    return InputFile(
        file=within(piece.path, system.source),
        sha256=piece.sha256,
        seconds=round(piece.seconds, 3),
        credit=dict(credit),
    )


def _licence(rendering: Mapping[str, Any]) -> str:
    known = SOUNDFONTS.get(rendering["soundfont_sha256"]) or SOUNDFONT_NAMES.get(Path(rendering["soundfont"]).name)
    return known or "not known to clstm: see where it came from"


def _versions() -> dict[str, str]:
    import platform
    from importlib.metadata import version

    return {"python": platform.python_version(), **{name: version(name) for name in ("pandas", "matplotlib")}}


def hash_of_input(name: str, path: Path) -> str:
    """Of a file; of a folder of results by its results.json, of an embedding's by all that it holds. name : as in
    `reports.inputs.request.ReportInputs.files`"""
    if name.startswith(EMBEDDING):
        return hash_of(path)
    return sha256(path / RESULTS if path.is_dir() else path)
