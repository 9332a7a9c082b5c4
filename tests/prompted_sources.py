"""Recordings of several sources that continue the same prompts, and a study of every task made of them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from evaluation.audio.render import RenderSettings
from listening_study.protocol.configuration import Configuration
from listening_study.protocol.study import Study
from listening_study.protocol.template import validated
from listening_study.stimuli.creation import create_study

RATE = 44100
HUMAN, SYSTEMS = "zebrafinch", ("quokka", "numbat")  # occur nowhere else
PROMPT, CONTINUATION = 2.0, 3.0  # s
EVERY_TASK: tuple[Mapping[str, Any], ...] = (
    {"kind": "source"},
    {"kind": "rating", "set": "mirex-2025", "repeats": 1},
    {"kind": "preference", "no_difference": True},
    {"kind": "continuation", "set": "musicality", "together": 2},
    {"kind": "mushra", "count": 2},
    {"kind": "abx", "each": 2},
)


def write_sources(folder: Path, pieces: int = 4, *, prompts: bool = True) -> dict[str, list[Path]]:
    """Two tones for each piece: of the prompt, then of the continuation, another one for each source."""
    time = np.arange(round((PROMPT + CONTINUATION) * RATE)) / RATE
    sources: dict[str, list[Path]] = {}
    for place, source in enumerate((HUMAN, *SYSTEMS)):
        (folder / source).mkdir(parents=True)
        sources[source] = [folder / source / f"{number:03d}.wav" for number in range(pieces)]
        items = []
        for number, path in enumerate(sources[source]):
            own = np.where(time < PROMPT, 200 + 40 * number, 300 + 40 * number + 17 * place)
            phase = 2 * np.pi * np.cumsum(own) / RATE
            sound = 0.1 * np.stack([np.sin(phase), 0.9 * np.sin(phase + 0.1)], axis=1)
            sound += 0.01 * np.random.default_rng([place, number]).normal(size=sound.shape)
            soundfile.write(path, sound, RATE)
            items.append(
                {
                    "file": path.name,
                    "piece": f"wombat-{number}",
                    "prompt_start_seconds": 12.5,
                    "begins_at_seconds": PROMPT,
                }
            )
        if prompts:
            (folder / source / "generated.json").write_text(json.dumps({"with_prompt": True, "items": items}))
    return sources


def configuration(tasks: Sequence[Mapping[str, Any]] = EVERY_TASK, **parts: Any) -> Configuration:
    clips = {"count": 3, "seconds": 1.0, "after": 0.0, "prompt": 1.0}
    design = {"practice": 0, "headphone_check": False, "questions": []}
    given: dict[str, Any] = {"clips": clips, "design": design, "tasks": [dict(task) for task in tasks]}
    return validated(given | parts, "study.toml")


def study_of(folder: Path, tasks: Sequence[Mapping[str, Any]] = EVERY_TASK, **parts: Any) -> Study:
    sources = write_sources(folder / "music")
    return create_study(sources, HUMAN, folder / "study", configuration(tasks, **parts), RenderSettings()).study
