"""What a report rests on, compared with the hashes of its manifest: its own files, the music, weights and tables.

Each is read where the manifest has it, if that is a permitted place (`manifest.Places`), or where the user says that it
is now. What is not read is reported, one line each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clstm import pretrained
from clstm.runtime.errors import UserError
from evaluation.audio.render import RenderSettings
from evaluation.measurement import cache
from evaluation.measurement.environment import settings_of
from evaluation.measurement.options.named_paths import music_files
from reports.inputs.request import EMBEDDING
from reports.inputs.runs import BUNDLED, WEIGHTS, run_path
from reports.inputs.systems import within
from reports.verification.manifest import GONE, Places, ReportManifest
from reports.verification.provenance import RESULTS, hash_of_input


@dataclass
class Verification:
    """failures : how the report differs from its inputs, one line each; remarks : what could not be checked, or differs
    without effect
    checked : how many of each kind were compared
    """

    failures: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        return not self.failures


@dataclass(frozen=True)
class Elsewhere:
    """Where things are now, as the user says, if not where the manifest has them.

    music, weights : by the names of systems; files : by the names of the options they were given with, such as index
    """

    music: Mapping[str, Path] = field(default_factory=dict)
    weights: Mapping[str, Path] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    soundfont: Path | None = None


def check_outputs(folder: Path, manifest: ReportManifest, places: Places, found: Verification) -> None:
    found.checked["files of the report"] = len(manifest.outputs)
    for name, recorded in manifest.outputs.items():
        path = folder / name
        why = places.foreign(path)
        if why == GONE:
            found.failures.append(f"{name}: does not exist in the report any more")
        elif why or not path.is_file():
            found.failures.append(f"{name}: is not a plain file within the report, and was not read")
        elif cache.sha256(path) != recorded:
            found.failures.append(f"{name}: was changed after the report was made")


def find_music(manifest: ReportManifest, elsewhere: Mapping[str, Path], places: Places) -> dict[str, Path]:
    """Where the music of each system lies. Raises `UserError` that names all that cannot be read."""
    recorded = manifest.music
    _check_known(elsewhere, [one.name for one in recorded], "systems")
    sources, unread = {}, {}
    for one in recorded:
        path = elsewhere.get(one.name) or one.path
        if one.name not in elsewhere and (why := places.refusal(path)):
            unread[one.name] = f"its music at {path} was not read ({why})"
        sources[one.name] = path
    if unread:
        said = "; ".join(f"{name}: {why}" for name, why in unread.items())
        raise UserError(f"{said}; run this where the report was made, or say where it is as {min(unread)}=PATH")
    return sources


def _check_known(given: Mapping[str, Path], names: Sequence[str], what: str) -> None:
    if strange := set(given) - set(names):
        raise UserError(f"{min(strange)!r} is not one of the report's {what} ({', '.join(names) or 'it has none'})")


def recorded_settings(manifest: ReportManifest, soundfont: Path | None, places: Places) -> RenderSettings | None:
    """How the music was rendered, with the SoundFont of this machine; None where all of it came as audio.

    soundfont : where it is now, if not where the manifest has it. Raises `UserError` for one that may not be read
    """
    if manifest.rendering is None:
        return None
    recorded = manifest.soundfont_path
    if soundfont is None and recorded and (why := places.refusal(Path(recorded))):
        raise UserError(f"its SoundFont {recorded} was not read ({why}); name the file with --soundfont")
    rendering = {"rendering": manifest.rendering.model_dump()}
    return settings_of(rendering, soundfont or (Path(recorded) if recorded else None))


def check_music(manifest: ReportManifest, sources: Mapping[str, Path], found: Verification) -> None:
    count = 0
    for system in manifest.music:
        source = sources[system.name]
        now = {within(path, source): path for path in music_files(source).files}
        if source.is_file():  # it may have another name now
            now = dict(zip(system.files, now.values(), strict=False))
        count += len(system.files)
        for name, digest in system.files.items():
            if name not in now:
                found.failures.append(f"{system.name}: {name} does not exist any more")
            elif cache.sha256(now[name]) != digest:
                found.failures.append(f"{system.name}: {name} was changed")
        found.failures += [f"{system.name}: {name} is new" for name in now if name not in system.files]
    found.checked["inputs"] = count


def check_weights(manifest: ReportManifest, elsewhere: Mapping[str, Path], places: Places, found: Verification) -> None:
    recorded = {system.name: system.weights for system in manifest.systems if system.weights}
    _check_known(elsewhere, list(recorded), "systems with weights")
    count = 0
    for name, weights in recorded.items():
        path, why = _weights_file(weights.run, elsewhere.get(name), places)
        if why:
            found.remarks.append(f"the weights of {name} were not checked: {why}; name them as --weights {name}=RUN")
            continue
        count += 1
        if cache.sha256(path) != weights.sha256:
            found.failures.append(f"{name}: its weights {elsewhere.get(name, weights.run)} were changed")
    found.checked["weights"] = count


def _weights_file(recorded: str | None, given: Path | None, places: Places) -> tuple[Path, str]:
    """The file of a run's weights, and why it is not read, "" where it can be."""
    if given is None and recorded is None:
        return Path(), "the report was made without them"
    if given is None and recorded is not None and recorded.startswith(BUNDLED):
        known = recorded.removeprefix(BUNDLED) in pretrained.names()
        return run_path(recorded) / WEIGHTS, "" if known else f"{recorded} does not come with this version"
    path = Path(given or recorded or "") / WEIGHTS
    if given is not None:
        return path, "" if path.is_file() else f"{path}: {GONE}"
    why = places.refusal(path)
    return path, why and f"{path}: {why}"


def check_tables(
    manifest: ReportManifest, elsewhere: Mapping[str, Path], places: Places, found: Verification
) -> dict[str, Path]:
    """The tables and folders of embeddings that were given with the music, as far as they can be read, by the names of
    their options."""
    _check_known(elsewhere, list(manifest.files), "tables")
    read = {}
    for name, one in manifest.files.items():
        given = elsewhere.get(name)
        path = given or Path(one.path)
        why = "" if given else places.refusal(path)
        if not name.startswith(EMBEDDING) and path.is_dir():
            path /= RESULTS
        if why := why or ("" if path.exists() else GONE):
            found.remarks.append(f"--{name} {path} was not checked: {why}; name it as --file {name}=PATH")
            continue
        read[name] = path
        if hash_of_input(name, path) != one.sha256:
            found.failures.append(f"--{name} {path} was changed")
    return read
