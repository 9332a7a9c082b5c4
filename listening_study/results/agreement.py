"""Do metrics and distances go with what listeners said of a study's clips? (`evaluation.agreement`)

The clips are measured as they were heard, from the study's folder. Notes are counted where the sources' MIDI is given.
Embeddings of sound are those of the clips; people are the study's own human clips.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from clstm.runtime.errors import UnreadableFileError, UserError
from clstm.runtime.finding import is_midi
from clstm.runtime.progress import Progress, silent, titled
from evaluation import agreement as of_clips
from evaluation.audio.render import RenderSettings
from evaluation.embeddings.computing import embed_files, identity
from evaluation.embeddings.requested import Requested
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.systems import measure_systems
from listening_study.results.results import Results


@dataclass(frozen=True)
class Agreement:
    """table : `evaluation.agreement.COLUMNS`; remarks : what is left out, one line each"""

    table: pd.DataFrame
    remarks: tuple[str, ...]


def agreement(
    results: Results,
    sources: Mapping[str, Sequence[Path]],
    embeddings: Sequence[Requested],
    *,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress = silent,
) -> Agreement:
    """What of a study's clips goes with the share of listeners who took them for human.

    sources : the files of each source, whose notes are counted; may be empty

    Raises `UserError` when too few clips have answers, nobody was asked who made them, or a source is not the study's.
    """
    if not results.study.asks_source:
        raise UserError(
            f"{results.study.folder} has no answers to human or computer, with which metrics and distances are compared"
        )
    heard = results.tables["clips"].query("answers > 0").set_index("clip")
    if len(heard) < of_clips.FEWEST:
        raise UserError(f"{len(heard)} clips have answers that count; at least {of_clips.FEWEST} are needed")
    if unknown := [name for name in sources if name not in results.key.sources]:
        raise UserError(f"{unknown[0]} is no source of this study; its sources are: {', '.join(results.key.sources)}")
    files = {clip: results.study.folder / "clips" / f"{clip}.flac" for clip in heard.index}
    metrics = _metrics({clip: [MeasurementInput(file)] for clip, file in files.items()}, workers, progress)
    passages, remarks = _passages(heard, sources, results.study.seconds)
    if passages:
        notes = _metrics(passages, workers, progress)
        metrics = metrics.drop(columns=[name for name in notes if name in metrics]).join(notes)
    metrics = metrics[of_clips.compared(metrics)].loc[:, lambda table: table.notna().any()]
    human = (heard["source"] == results.key.human).to_numpy()
    pieces = heard["piece"].to_numpy(str)
    quantities = {of_clips.METRIC: metrics, of_clips.DISTANCE: of_clips.distances(metrics, human, pieces)}
    if embeddings:
        quantities[of_clips.EMBEDDING], said = _embedded(files, human, pieces, embeddings, workers, progress)
        remarks += said
    judged = heard.rename(columns={"p_human": "judged"})
    return Agreement(of_clips.agreement(quantities, judged, seed), tuple(remarks))


def _metrics(inputs: Mapping[str, Sequence[MeasurementInput]], workers: int | None, progress: Progress) -> pd.DataFrame:
    """One row per clip, one column per metric."""
    values = measure_systems(inputs, RenderSettings(), titled(progress, "Measuring clips"), workers).values
    table = values.pivot_table(index="system", columns="metric", values="value", dropna=False)
    return table.reindex(list(inputs))


def _passages(
    heard: pd.DataFrame, sources: Mapping[str, Sequence[Path]], seconds: float
) -> tuple[dict[str, list[MeasurementInput]], list[str]]:
    """The MIDI passage of each clip whose piece is at hand, and how many have none."""
    files = {(source, path.name): path for source, own in sources.items() for path in own if is_midi(path)}
    found: dict[str, list[MeasurementInput]] = {}
    for clip, row in heard.iterrows():
        if path := files.get((row["source"], Path(row["piece"]).name)):
            found[str(clip)] = [MeasurementInput(path, begin=float(row["start"]), cut=seconds, notes_only=True)]
    missing = len(heard) - len(found)
    said = f"the notes of {missing} of {len(heard)} clips are not counted: their MIDI is not among the sources given"
    return found, [said] if missing and sources else []


def _embedded(
    files: Mapping[str, Path],
    human: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
    pieces: "np.ndarray[tuple[int], np.dtype[np.str_]]",
    asked: Sequence[Requested],
    workers: int | None,
    progress: Progress,
) -> tuple[pd.DataFrame, list[str]]:
    """The distance of each clip from people in each embedding of sound; clips without one, in words."""
    columns, remarks = {}, []
    for one in asked:
        if one.arrays:
            raise UserError(f"--embedding {one.name}: arrays of whole pieces are not those of clips; name an embedder")
        made = embed_files(
            [MeasurementInput(file) for file in files.values()], identity(one), workers=workers, progress=progress
        )
        known = np.array([not isinstance(frames, UnreadableFileError) for frames in made])
        frames = [frames for frames in made if not isinstance(frames, UnreadableFileError)]
        values = np.full(len(made), np.nan)
        if frames:
            values[known] = of_clips.distance_in_embedding(frames, human[known], pieces[known])
        if not known.all():
            first = next(str(error) for error in made if isinstance(error, UnreadableFileError))
            remarks.append(f"{one.name} says nothing of {(~known).sum()} of {len(made)} clips ({first})")
        columns[one.name] = values
    return pd.DataFrame(columns, index=list(files)), remarks
