"""What the tasks of a study are made of, besides one clip of each source: prompts, hidden references, anchors and
copies; and how all of these form the rows of each block (`listening_study.protocol.order`).

A copy sounds as its original does. Its file must be another, or whoever compares what the page sends would recognise
it: noise of one step of 16 bits, far below what can be heard, makes it so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from clstm.runtime.errors import UserError
from evaluation.audio.buffers import Waveform
from listening_study.protocol.configuration import Configuration, Design
from listening_study.protocol.items import different
from listening_study.protocol.key import PROMPT, REFERENCE
from listening_study.protocol.order import Material, Row
from listening_study.protocol.tasks import Task, TaskKind
from listening_study.stimuli.clips import Clip, Segment
from listening_study.stimuli.materials import lowpass

COPY = "copy"  # the key calls it by its source's name
STEP = 2.0**-15  # of 16 bits


class Extra(NamedTuple):
    """A clip that is not one of the sources' own.

    role : PROMPT, REFERENCE, COPY or an anchor's name
    source : whose clip it is made of; "" for a prompt
    row : number of the prompt, or piece
    """

    role: str
    source: str
    row: int


@dataclass(frozen=True)
class BlockPlan:
    """A task with every number filled in, and the sources whose clips its rows have, but the reference."""

    task: Task
    systems: tuple[str, ...]


def asks_source(configuration: Configuration) -> bool:
    return not configuration.tasks or any(task.kind is TaskKind.SOURCE for task in configuration.tasks)


def as_asked(configuration: Configuration) -> tuple[Configuration, list[str]]:
    """The configuration without what belongs to human or computer where that is not asked, and what to say of it."""
    if asks_source(configuration):
        return configuration, []
    design = configuration.design
    named = [key for key in ("repeats", "catch") if getattr(design, key)]
    said = [f"design.{key} belongs to human or computer, which is not asked: there are none" for key in named]
    none = design.model_copy(update={"practice": 0, "catch": 0, "repeats": 0})
    assert isinstance(none, Design)
    return configuration.model_copy(update={"design": none}), said


def plans(configuration: Configuration, sources: Sequence[str], human: str) -> list[BlockPlan]:
    """The blocks of a study; none where no tasks are configured.

    Raises `UserError` for systems that are no sources, too few of them, and more screens than there can be.
    """
    return [
        _plan(task, configuration.clips.count, sources, human, f"tasks, block {number}")
        for number, task in enumerate(configuration.tasks, 1)
    ]


def _plan(task: Task, clips: int, sources: Sequence[str], human: str, where: str) -> BlockPlan:
    if task.kind is TaskKind.SOURCE:
        return BlockPlan(task, tuple(sources))
    if unknown := [name for name in task.systems if name not in sources]:
        raise UserError(f"{where}: {unknown[0]!r} is not a source; choose from {', '.join(sources)}")
    beside = task.kind in (TaskKind.MUSHRA, TaskKind.ABX)  # the reference
    chosen = [name for name in sources if name in (task.systems or sources) and not (beside and name == human)]
    if len(chosen) < (2 if task.kind is TaskKind.PREFERENCE else 1):
        raise UserError(f"{where}: {task.kind} needs {'2 sources' if not beside else f'a source beside {human}'}")
    rows = task.count or clips
    most = rows * different(task, len(chosen))
    each = task.each or rows
    if each > most:
        raise UserError(f"{where}: each is {each}, but there are only {most} different screens; lower it")
    if task.repeats > each:
        raise UserError(f"{where}: repeats is {task.repeats}, but a listener sees {each} screens; lower it")
    return BlockPlan(task.model_copy(update={"count": rows, "each": each}), tuple(chosen))


def extras(blocks: Sequence[BlockPlan], human: str) -> list[Extra]:
    """The clips that the blocks need besides those of the sources, each once."""
    wanted: dict[Extra, None] = {}
    for block in blocks:
        for row in range(block.task.count or 0):
            wanted |= dict.fromkeys(_of_row(block, row, human))
    return list(wanted)


def _of_row(block: BlockPlan, row: int, human: str) -> list[Extra]:
    match block.task.kind:
        case TaskKind.CONTINUATION:
            return [Extra(PROMPT, "", row)]
        case TaskKind.MUSHRA:
            anchors = [Extra(lowpass.name(cutoff), human, row) for cutoff in block.task.anchors]
            return [Extra(REFERENCE, human, row), *anchors]
        case TaskKind.ABX:
            return [Extra(COPY, source, row) for source in (human, *block.systems)]
        case _:
            return []


def segment_of(
    extra: Extra,
    segments: Mapping[str, Sequence[Segment]],
    prompts: Sequence[Segment | None],
    rate: int,
    anchors: Mapping[str, float],
) -> Segment:
    """What an extra clip is cut from. Raises `UserError` for a prompt that no source's files keep.

    segments : of each source, by rows
    anchors : cutoff of each anchor's name, Hz
    """
    if extra.role == PROMPT:
        prompt = prompts[extra.row] if prompts else None
        if prompt is None:
            raise UserError(
                "a continuation needs its prompt, as long as clips.prompt: give every source the same prompts "
                "(`clstm generate`, `clstm excerpts`), and make one source's music with --with-prompt"
            )
        return prompt
    segment = segments[extra.source][extra.row]
    if extra.role in anchors:
        return replace(segment, waveform=lowpass.lowpass(segment.waveform, anchors[extra.role], rate))
    return segment


def as_copies(keys: Sequence[Extra], clips: Sequence[Clip], seed: int) -> list[Clip]:
    """The clips, of which hidden references and copies have other samples than their originals."""
    generator = np.random.default_rng(seed)
    return [
        replace(clip, waveform=_dithered(clip.waveform, generator)) if key.role in (REFERENCE, COPY) else clip
        for key, clip in zip(keys, clips, strict=True)
    ]


def _dithered(waveform: Waveform, generator: np.random.Generator) -> Waveform:
    noise = generator.integers(-1, 2, waveform.shape) * STEP
    return np.clip(waveform + noise, -1, 1 - STEP).astype(np.float32)


def material(
    block: BlockPlan, human: str, names: Mapping[str, Sequence[str]], named: Mapping[Extra, str], systems: Sequence[str]
) -> Material:
    """The rows of one block.

    names : of the clips of each source, by rows; named : of the other clips
    systems : of the block, in a random order
    """
    if block.task.kind is TaskKind.SOURCE:
        return Material()
    rows = []
    for row in range(block.task.count or 0):
        of_systems = tuple(names[source][row] for source in systems)
        match block.task.kind:
            case TaskKind.CONTINUATION:
                rows.append(Row(of_systems, prompt=named[Extra(PROMPT, "", row)]))
            case TaskKind.MUSHRA:
                added = tuple(named[one] for one in _of_row(block, row, human))
                rows.append(Row((*of_systems, *added), reference=names[human][row]))
            case TaskKind.ABX:
                copies = tuple(named[Extra(COPY, source, row)] for source in (human, *systems))
                rows.append(Row(of_systems, reference=names[human][row], copies=copies))
            case _:
                rows.append(Row(of_systems))
    return Material(tuple(rows))
