"""The runs whose weights made a system's music: named by the user, or bundled and recognised by their hash."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clstm import pretrained
from clstm.runtime.errors import UserError
from evaluation.measurement.cache import sha256
from evaluation.measurement.options.named_paths import music_files
from reports.inputs.models import written_by_generate
from reports.inputs.systems import read_generated, within

WEIGHTS = "weights.safetensors"
BUNDLED = "bundled:"


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
        raise UserError(f"--weights names {min(strange)!r}, which is not one of the systems ({', '.join(sources)})")
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


def run_path(recorded: str) -> Path:
    """Where a recorded run lies: a bundled model, or the path that was typed.

    >>> run_path("runs/lstm").as_posix(), run_path("bundled:lstm").name
    ('runs/lstm', 'lstm')
    """
    return pretrained.FOLDER / recorded.removeprefix(BUNDLED) if recorded.startswith(BUNDLED) else Path(recorded)
