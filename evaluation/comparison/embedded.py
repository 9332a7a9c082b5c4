"""Embeddings in a comparison: each system's distance from what it is compared with, under the same control."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from clstm.runtime.errors import UnreadableFileError
from clstm.runtime.progress import Progress, silent
from evaluation.audio.render import RenderSettings
from evaluation.comparison.sets.references import References
from evaluation.distance.embedded import embedded
from evaluation.distance.frechet import Frechet
from evaluation.distance.joint import Distance
from evaluation.distance.sentences import DIFFERS, DIFFERS_NOT, in_words, p_value, thousandths
from evaluation.embeddings.arrays import has_arrays, read_arrays
from evaluation.embeddings.computing import Identity, embed_files, identity
from evaluation.embeddings.embedder import Frames
from evaluation.embeddings.requested import Requested
from evaluation.measurement.inputs import MeasurementInput
from evaluation.statistics.ranks import ALPHA

if TYPE_CHECKING:
    import pandas as pd

Embed = Callable[[str, Sequence[MeasurementInput]], "list[Frames | UnreadableFileError]"]
Set = tuple[list[Frames], "np.ndarray[tuple[int], np.dtype[np.object_]]"]


def loaded(asked: Sequence[Requested]) -> list[Requested | Identity]:
    """Embedders, loaded once so that one that cannot be is known before the work begins. Raises `UserError`."""
    return [one if one.arrays else identity(one) for one in asked]


def distances(
    asked: Sequence[Requested | Identity],
    systems: Mapping[str, Sequence[MeasurementInput]],
    chosen: References,
    pieces: "pd.DataFrame",
    settings: RenderSettings,
    *,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress = silent,
) -> tuple[list[Distance], list[str]]:
    """The distance of each system in each embedding, and remarks, one line each.

    pieces : of the measurements, with the group of each piece, in the order of `systems`
    """
    found: list[Distance] = []
    said: list[str] = []
    for one in asked:
        name = one.name if isinstance(one, Requested) else one.requested.name
        against, remarks = _against(one, chosen)
        every = {system: systems[system] for system in dict.fromkeys((*against.values(), *against))}
        arrays = {system: _arrays(one, system, own, settings, workers, progress) for system, own in every.items()}
        sets, left_out = _sets(name, arrays, pieces)
        said += [*remarks, *left_out]
        for system, reference in against.items():
            try:
                made = embedded((system, reference, name), sets[reference], sets[system], seed=seed)
            except (KeyError, ValueError):
                said.append(
                    f"{name}: {system} has no distance: it or {reference} has fewer than two groups with arrays"
                )
                continue
            found.append(made)
        said += _without_frechet(name, [one for one in found if one.space == name])
    return found, said


def _without_frechet(name: str, found: Sequence[Distance]) -> list[str]:
    """The systems that have no Fréchet distance, one line for each reason."""
    why: dict[str, list[str]] = {}
    for one in found:
        if one.frechet and one.frechet.why:
            why.setdefault(one.frechet.why, []).append(one.system)
    return [
        f"{name}: {', '.join(own)} {'has' if len(own) == 1 else 'have'} no Fréchet distance: {reason}"
        for reason, own in why.items()
    ]


def _arrays(
    one: Requested | Identity,
    system: str,
    own: Sequence[MeasurementInput],
    settings: RenderSettings,
    workers: int | None,
    progress: Progress,
) -> "list[Frames | UnreadableFileError]":
    if isinstance(one, Identity):
        return embed_files(own, one, settings, workers, progress)
    assert one.folder is not None
    return read_arrays(one.folder, system, [each.path for each in own])


def _against(one: Requested | Identity, chosen: References) -> tuple[dict[str, str], list[str]]:
    """What each system is compared with. The user's arrays are of the music as it is, unless they have some under the
    name of a controlled reference."""
    if isinstance(one, Identity) or one.folder is None:
        return dict(chosen.against), []
    folder = one.folder
    lacking = {
        system for system, other in chosen.against.items() if other in chosen.controls and not has_arrays(folder, other)
    }
    against = {
        system: chosen.name if system in lacking else other
        for system, other in chosen.against.items()
        if system != chosen.name or system not in lacking
    }
    met = [system for system in against if system in lacking]
    if not met:
        return against, []
    said = f"{one.name}: the arrays are of music as it is, so {', '.join(met)} met {chosen.name} without any control"
    return against, [said]


def _sets(
    name: str, arrays: "Mapping[str, list[Frames | UnreadableFileError]]", pieces: "pd.DataFrame"
) -> tuple[dict[str, Set], list[str]]:
    """The arrays that can be compared, with their groups; and what was left out."""
    widths = Counter(one.shape[1] for own in arrays.values() for one in own if not isinstance(one, UnreadableFileError))
    width = widths.most_common(1)[0][0] if widths else 0
    sets: dict[str, Set] = {}
    said = []
    for system, own in arrays.items():
        groups = pieces.loc[pieces["system"] == system, "group"].to_numpy(object)
        usable = {
            place: one
            for place, one in enumerate(own)
            if not isinstance(one, UnreadableFileError) and one.shape[1] == width
        }
        sets[system] = list(usable.values()), groups[list(usable)]
        failed = [one for one in own if isinstance(one, UnreadableFileError)]
        if failed:
            more = f" (and {len(failed) - 1:,} more)" if len(failed) > 1 else ""
            said.append(f"{name}: {len(failed):,} of {len(own):,} files of {system} have no array: {failed[0]}{more}")
        if other := len(own) - len(usable) - len(failed):
            said.append(
                f"{name}: {other:,} of {len(own):,} files of {system} are left out: others have arrays of {width} "
                "numbers"
            )
    return sets, said


def columns(found: Frechet | None) -> dict[str, float]:
    """Those of the Fréchet distance in distances.csv; none for other spaces."""
    if found is None:
        return {}
    values = {"frechet": found.found.value, "frechet_low": found.found.low, "frechet_high": found.found.high}
    return values | {"frechet_human_95": found.human_95}


def sentence(one: Distance) -> str:
    """How far a system is in an embedding."""
    if one.is_none:
        return f"{one.system} is the same as {one.against} in {one.space}."
    known = DIFFERS if one.p < ALPHA else DIFFERS_NOT
    words = (
        f"{one.system} {known} {one.against} in {one.space}: MMD² × 1000 is {in_words(one.found)}, p {p_value(one.p)}"
    )
    if isfinite(one.human_95):
        words += f"; two samples of {one.against} of these sizes stay below {thousandths(one.human_95)} in 95 %"
    if one.frechet and isfinite(one.frechet.found.value):
        apart = one.frechet.found
        words += f". The Fréchet distance is {apart.value:.3g} [{apart.low:.3g}, {apart.high:.3g}]"
    return f"{words}."
