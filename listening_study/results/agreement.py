"""Do metrics and distances go with what listeners said of a study's clips? (`evaluation.agreement`)

The clips are measured as they were heard, from the study's folder. Notes are counted where the sources' MIDI is given.
Embeddings of sound are those of the clips; people are the study's own human clips that were judged.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from clstm.runtime.errors import UnreadableFileError, UserError
from clstm.runtime.finding import is_midi
from clstm.runtime.progress import Progress, silent, titled
from evaluation import agreement as of_clips
from evaluation.audio.render import RenderSettings
from evaluation.embeddings.computing import embed_files, identity
from evaluation.embeddings.requested import Requested
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.systems import measure_systems
from listening_study.protocol.key import Key
from listening_study.protocol.tasks import TaskKind
from listening_study.results.heard import Heard, of_answers, of_judgements
from listening_study.results.results import Results

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Agreement:
    """table : `evaluation.agreement.WRITTEN`; remarks : what is left out, one line each"""

    table: pd.DataFrame
    remarks: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Measured:
    """metrics : one row per clip; alike : the kernels of clips by name, of all metrics and views and of embeddings

    human : whether a clip is people's; pieces : of which piece it is, both (clips,)
    """

    metrics: pd.DataFrame
    alike: Mapping[str, Mapping[str, "NDArray[np.float64]"]]
    human: "NDArray[np.bool_]"
    pieces: "NDArray[np.str_]"


def agreement(
    results: Results,
    sources: Mapping[str, Sequence[Path]],
    embeddings: Sequence[Requested],
    *,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress = silent,
) -> Agreement:
    """What of a study's clips goes with what listeners said of them, in every task.

    sources : the files of each source, whose notes are counted; may be empty

    Raises `UserError` when no question has enough clips with answers that count, or a source is not the study's.
    """
    asked = list(_questions(results))
    questions = [one for one in asked if len(one.units) >= of_clips.FEWEST]
    if not questions:
        most = max((len(one.units) for one in asked), default=0)
        raise UserError(f"{most} clips have answers that count; at least {of_clips.FEWEST} are needed")
    if unknown := [name for name in sources if name not in results.key.sources]:
        raise UserError(f"{unknown[0]} is no source of this study; its sources are: {', '.join(results.key.sources)}")
    remarks = [
        f"block {number}, {task}: {len(one.units)} {'pairs of clips' if one.paired else 'clips'} have answers that "
        f"count, and at least {of_clips.FEWEST} are needed"
        for one in asked
        if one not in questions
        for number, task, _ in [one.about]
    ]
    measured, said = _measured(results, _clips(questions), sources, embeddings, workers, progress)
    tables = {}
    for one in questions:
        heard = one.units[["source"]].assign(judged=one.judged, block=_together(one.units, results.key))
        tables[one.about] = of_clips.agreement(_quantities(one, measured), heard, seed, one.said)
    return Agreement(of_clips.of_study(tables), (*said, *dict.fromkeys(remarks)))


def _questions(results: Results) -> Iterator[Heard]:
    blocks = [task.kind for task in results.study.blocks]
    if TaskKind.SOURCE in blocks and len(results.kept):
        yield of_answers(results.kept, 1 + blocks.index(TaskKind.SOURCE))
    if results.judged is not None:
        yield from of_judgements(results.judged, results.key, results.screens)


def _together(units: pd.DataFrame, key: Key) -> list[int]:
    """A number for each clip or pair, the same for those that share a clip, a prompt, or a piece of one source.

    >>> from listening_study.protocol.key import Origin
    >>> origins = {name: Origin("lstm", f"{name}.mid", 0.0, 0.0, 0.0, prompt) for name, prompt in ("ap", "bp", "cq")}
    >>> units = pd.DataFrame({"clip": ["a", "b", "c"], "other": ""})
    >>> _together(units, Key("human", ("human", "lstm"), {}, origins, {}))
    [0, 0, 1]
    """
    known, first = {**key.clips, **key.others}, dict[object, int]()
    links: list[tuple[int, int]] = []
    for number, clips in enumerate(zip(units["clip"], units["other"], strict=True)):
        origins = {clip: known[clip] for clip in clips if clip}
        shared = [*origins, *(origin.prompt or (origin.source, origin.piece) for origin in origins.values())]
        links += [(number, first.setdefault(one, number)) for one in shared]
    one, other = np.array(links).T
    graph = coo_array((np.ones(len(links)), (one, other)), shape=(len(units), len(units)))
    return [int(label) for label in connected_components(graph, directed=False)[1]]


def _clips(questions: Sequence[Heard]) -> list[str]:
    names = {name for one in questions for column in ("clip", "other") for name in one.units[column]}
    return sorted(names - {""})


def _measured(
    results: Results,
    clips: Sequence[str],
    sources: Mapping[str, Sequence[Path]],
    embeddings: Sequence[Requested],
    workers: int | None,
    progress: Progress,
) -> tuple[_Measured, list[str]]:
    """All clips once, and what could not be measured, in words."""
    known = {**results.key.clips, **results.key.others}
    origins = [(known[clip].source, known[clip].piece, known[clip].start) for clip in clips]
    heard = pd.DataFrame(origins, index=list(clips), columns=["source", "piece", "start"])
    files = {clip: results.study.clip_path(clip) for clip in clips}
    metrics = _metrics({clip: [MeasurementInput(file)] for clip, file in files.items()}, workers, progress)
    passages, remarks = _passages(heard, sources, results.study.seconds)
    if passages:
        notes = _metrics(passages, workers, progress)
        metrics = metrics.drop(columns=[name for name in notes if name in metrics]).join(notes)
    metrics = metrics[of_clips.compared(metrics)].loc[:, lambda table: table.notna().any()]
    alike = {of_clips.DISTANCE: of_clips.kernels(metrics)}
    if embeddings:
        alike[of_clips.EMBEDDING], said = _embedded(files, embeddings, workers, progress)
        remarks += said
    human = (heard["source"] == results.key.human).to_numpy()
    # What continues one prompt is of one piece, whatever its file is called.
    pieces = np.array([Path(known[clip].prompt or known[clip].piece).stem for clip in clips])
    return _Measured(metrics, alike, human, pieces), remarks


def _quantities(asked: Heard, measured: _Measured) -> dict[str, pd.DataFrame]:
    """One row per clip or pair, one column per quantity, by kind."""
    metrics, units = measured.metrics, asked.units
    clips, others = (metrics.index.get_indexer(pd.Index(units[column])) for column in ("clip", "other"))
    if asked.about[1] == TaskKind.ABX:
        apart = pd.DataFrame(
            np.abs(metrics.to_numpy()[clips] - metrics.to_numpy()[others]), units.index, metrics.columns
        )
        between = {
            kind: pd.DataFrame({name: 1 - alike[clips, others] for name, alike in own.items()}, index=units.index)
            for kind, own in measured.alike.items()
        }
        return {of_clips.METRIC: apart, **between}
    of_one = {of_clips.METRIC: metrics} | {
        kind: pd.DataFrame(
            {name: of_clips.unlike(alike, measured.human, measured.pieces) for name, alike in own.items()},
            index=metrics.index,
        )
        for kind, own in measured.alike.items()
    }
    if not asked.paired:
        return {kind: table.iloc[clips].set_axis(units.index) for kind, table in of_one.items()}
    return {
        kind: table.iloc[clips].set_axis(units.index) - table.iloc[others].set_axis(units.index)
        for kind, table in of_one.items()
    }


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
    files: Mapping[str, Path], asked: Sequence[Requested], workers: int | None, progress: Progress
) -> tuple[dict[str, "NDArray[np.float64]"], list[str]]:
    """How alike clips are in each embedding of sound, NaN of clips without one; those in words."""
    found, remarks = {}, []
    for one in asked:
        if one.arrays:
            raise UserError(f"--embedding {one.name}: arrays of whole pieces are not those of clips; name an embedder")
        made = embed_files(
            [MeasurementInput(file) for file in files.values()], identity(one), workers=workers, progress=progress
        )
        known = np.array([not isinstance(frames, UnreadableFileError) for frames in made])
        frames = [frames for frames in made if not isinstance(frames, UnreadableFileError)]
        alike = np.full((len(made), len(made)), np.nan)
        if frames:
            alike[np.ix_(known, known)] = of_clips.kernel_in_embedding(frames)
        if not known.all():
            first = next(str(error) for error in made if isinstance(error, UnreadableFileError))
            remarks.append(f"{one.name} says nothing of {(~known).sum()} of {len(made)} clips ({first})")
        found[one.name] = alike
    return found, remarks
