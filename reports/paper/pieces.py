"""The pieces that a paper shows: of each system of a report one, by name, read again from the music it was made of.

The music is read where the report says that it was, if that is a permitted place, or where the user says it is now
(`reports.verification.holdings`). Systems that continue the same prompts have pieces of the same names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from clstm.runtime.errors import UserError
from clstm.runtime.progress import Progress, silent
from evaluation.audio.files import mono
from evaluation.audio.render import RenderSettings
from evaluation.measurement.inputs import MeasurementInput, measurement_inputs, plain
from evaluation.measurement.performance import perform
from reports.content.report import RECORD, SystemContent, read_report
from reports.figures.songs import DrawnPiece, song
from reports.verification.holdings import Elsewhere, find_music, recorded_settings
from reports.verification.manifest import Places, read_manifest

SHORTEST_SPAN = 10.0  # seconds drawn of every piece, if it has them, as in a report
LISTED = 4  # names of pieces in a message


def read_pieces(
    report: Path, chosen: Sequence[str] = (), elsewhere: Elsewhere = Elsewhere(), progress: Progress = silent
) -> list[DrawnPiece]:
    """One piece of each system to draw, the reference's first, all over the same span.

    chosen : PIECE for every system, or SYSTEM=PIECE for one; without, the pieces that the report shows
    Raises `UserError` for pieces that a system does not have, and for music that is not where it was.
    """
    content, manifest, places = read_report(report), read_manifest(report), Places(report)
    systems = [one for one in content.systems if one.role != "control"]
    titles = titles_of(systems, chosen)
    sources = find_music(manifest.model_copy(update={"variants": []}), elsewhere.music, places)
    settings = recorded_settings(manifest, elsewhere.soundfont, places) or RenderSettings()
    inputs = {}
    for system in systems:
        (given,) = measurement_inputs([_file(system, titles[system.name], sources)], cut=manifest.seconds)
        inputs[system.name] = replace(given, pedal=manifest.pedal)
    return _drawn(systems, titles, inputs, settings, progress)


def pieces_or_why(
    folder: Path, chosen: Sequence[str], elsewhere: Elsewhere = Elsewhere(), progress: Progress = silent
) -> tuple[list[DrawnPiece], str]:
    """As `read_pieces`; where nobody asked for certain pieces and none can be read, why not instead of an error."""
    if not (folder / RECORD).is_file() and not chosen:
        return [], ""  # a comparison
    try:
        return read_pieces(folder, chosen, elsewhere, progress), ""
    except UserError as error:
        if chosen or elsewhere != Elsewhere():
            raise
        return [], f"no piece is drawn: {error}"


def titles_of(systems: Sequence[SystemContent], chosen: Sequence[str]) -> dict[str, str]:
    """The piece of each system, by the systems' names. Raises `UserError` for one that it does not have."""
    names = {one.name for one in systems}
    own: dict[str, str] = {}
    for text in chosen:
        system, equals, piece = text.partition("=")
        if equals and system.strip() in names:
            own[system.strip()] = piece.strip()
        else:
            own |= {name: text.strip() for name in names if name not in own}
    return {one.name: _checked(one, own[one.name]) if one.name in own else one.shown for one in systems}


def _checked(system: SystemContent, piece: str) -> str:
    there = [plain(Path(one.file).name) for one in system.inputs]
    if plain(piece) in there:
        return plain(piece)
    near = get_close_matches(piece, there, 1) or there[:LISTED]
    raise UserError(
        f"--piece {piece}: {system.name} has no piece of this name, but {', '.join(near)}"
        f"{' ...' if len(there) > len(near) else ''}; give {system.name}=PIECE for another one"
    )


def _file(system: SystemContent, title: str, sources: Mapping[str, Path]) -> Path:
    source = sources[system.name]
    name = next((one.file for one in system.inputs if plain(Path(one.file).name) == plain(title)), None)
    if name is None:
        raise UserError(f"{title} of {system.name} is not among the files of this report; choose one with --piece")
    return source / name if source.is_dir() else source


def _drawn(
    systems: Sequence[SystemContent],
    titles: Mapping[str, str],
    inputs: Mapping[str, MeasurementInput],
    settings: RenderSettings,
    progress: Progress,
) -> list[DrawnPiece]:
    sounds = []
    for done, system in enumerate(systems):
        sounds.append(perform(inputs[system.name], settings))
        progress("Rendering", done + 1, len(systems))
    span = max(min(len(sound.waveform) / sound.rate for sound in sounds), SHORTEST_SPAN)
    return [
        song(
            one.name,
            titles[one.name],
            one.colour,
            mono(sound.waveform)[: round(span * sound.rate)],
            sound.rate,
            sound.notes,
        )
        for one, sound in zip(systems, sounds, strict=True)
    ]
