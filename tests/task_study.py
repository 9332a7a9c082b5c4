"""A small study with blocks of any tasks and without any music in it, made at once."""

import secrets
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
from minimal_study import RATE, write_study

from listening_study.protocol.configuration import Design
from listening_study.protocol.order import Material, Order, Row, open_order
from listening_study.protocol.study import Study
from listening_study.protocol.tasks import Task, TaskKind

EVERY_TASK = [
    Task(kind=TaskKind.SOURCE),
    Task(kind=TaskKind.RATING, set="mirex-2025"),
    Task(kind=TaskKind.PREFERENCE, no_difference=True),
    Task(kind=TaskKind.CONTINUATION, set="musicality"),
    Task(kind=TaskKind.MUSHRA),
    Task(kind=TaskKind.ABX),
]
PLAIN = Design(practice=0, background=False, headphone_check=False, interview=False)


def write_task_study(
    folder: Path,
    tasks: list[Task],
    *,
    rows: int = 2,
    systems: int = 2,
    seconds: float = 1.0,
    design: Design = PLAIN,
    noise: float = 0.01,
) -> Study:
    """Blocks of these tasks, each of so many prompts or pieces, one screen of each; every clip is another noise."""
    study = write_study(folder, seconds=seconds, design=design, noise=noise)
    generator, others = np.random.default_rng(1), []

    def clip() -> str:
        name = secrets.token_hex(8)
        soundfile.write(study.clip_path(name), generator.normal(0, noise, (round(seconds * RATE), 2)), RATE, "PCM_16")
        others.append(name)
        return name

    def material(task: Task) -> Material:
        if task.kind is TaskKind.SOURCE:
            return Material()
        heard = systems + (1 + len(task.anchors) if task.kind is TaskKind.MUSHRA else 0)
        copies = 1 + systems if task.kind is TaskKind.ABX else 0
        reference = task.kind in (TaskKind.MUSHRA, TaskKind.ABX)
        prompt = task.kind is TaskKind.CONTINUATION
        return Material(
            tuple(
                Row(
                    tuple(clip() for _ in range(heard)),
                    clip() if prompt else None,
                    clip() if reference else None,
                    tuple(clip() for _ in range(copies)),
                )
                for _ in range(rows)
            )
        )

    order: Order = replace(open_order(study), materials=tuple(map(material, tasks)))
    complete = tuple(task.model_copy(update={"each": rows}) for task in tasks)
    study = replace(study, tasks=complete, others=tuple(others), order_sha256=order.seal(study.order_path))
    study.write()
    return study
