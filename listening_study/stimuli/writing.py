"""Writing the clips of a study's folder: names, loudness, and files that differ in nothing but their music."""

import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from clstm.runtime.errors import UserError
from clstm.runtime.progress import Progress
from evaluation.audio.files import write_audio
from evaluation.audio.render import RenderSettings
from evaluation.controls.control import Control
from listening_study.protocol.configuration import Configuration
from listening_study.stimuli.clips import Clip, Segment, finish
from listening_study.stimuli.flac import write_alike
from listening_study.stimuli.materials import lowpass
from listening_study.stimuli.materials.blocks import COPY, BlockPlan, Extra, as_copies, extras, segment_of
from listening_study.stimuli.selection import Selection, selections
from listening_study.stimuli.tones import beeps, scale

# Streamlit compares media by their whole content only up to 1 MiB, and could confuse larger clips.
LARGEST = 2**20  # bytes
BEEPS = Path("beeps")  # the piece that a catch trial is listed under


@dataclass(frozen=True)
class WrittenClips:
    """The clips of a study's folder: of the main trials, of practice, of catch trials, and others of the tasks."""

    selection: Selection
    names: list[str]
    sources: list[str]  # of each clip; "" for catch trials; a prompt, reference or anchor by these words
    clips: list[Clip]
    size: int  # bytes of each file
    extras: list[Extra] = field(default_factory=list)

    @property
    def main(self) -> list[str]:
        return self.names[: len(self.selection.main)]

    @property
    def practice(self) -> list[str]:
        return self.names[len(self.main) :][: len(self.selection.practice)]

    @property
    def catch(self) -> list[str]:
        return self.names[len(self.main) + len(self.practice) : len(self.names) - len(self.extras)]

    @property
    def others(self) -> list[str]:
        return self.names[len(self.names) - len(self.extras) :]

    @property
    def by_row(self) -> dict[str, list[str]]:
        """The main clips of each source, by the rows of the tasks."""
        found: dict[str, list[str]] = {}
        for name, source in zip(self.main, self.sources, strict=False):
            found.setdefault(source, []).append(name)
        return found


def write_some_selection(
    folder: Path,
    sources: Mapping[str, Sequence[Path]],
    human: str,
    configuration: Configuration,
    settings: RenderSettings,
    control: Control,
    blocks: Sequence[BlockPlan],
    now: datetime,
    progress: Progress,
) -> WrittenClips:
    """Write the first selection, stereo or mono, whose files are small enough. Raises `UserError` when none is."""
    seconds, size = configuration.clips.seconds, 0
    catch = [("", Segment(BEEPS, 0.0, beeps(seconds, settings.sample_rate)))] * configuration.design.catch
    keys = extras(blocks, human)
    for selection in selections(sources, human, configuration, settings, control, progress):
        everything = [*selection.main, *selection.practice, *catch, *_others(keys, blocks, selection, settings)]
        segments = [segment for _, segment in everything]
        finished = finish(
            [*segments, _scale(settings)], settings.sample_rate, configuration.clips.loudness, mono=selection.mono
        )
        plain = len(segments) - len(keys)
        clips = [*finished[:plain], *as_copies(keys, finished[plain:-1], configuration.seed)]
        names = _random_names(len(everything))
        size = _write_clips(folder, names, clips, finished[-1], settings, now)
        if size < LARGEST:
            return WrittenClips(selection, names, [source for source, _ in everything], clips, size, keys)
    raise UserError(
        f"a clip of {seconds:g} s takes {size} bytes even in mono; at most {LARGEST} are accepted; "
        "use shorter --seconds"
    )


def _others(
    keys: Sequence[Extra], blocks: Sequence[BlockPlan], selection: Selection, settings: RenderSettings
) -> list[tuple[str, Segment]]:
    """The other clips of the tasks, and what the key calls each."""
    segments = {source: choice.segments for source, choice in selection.choices.items()}
    anchors = {lowpass.name(cutoff): float(cutoff) for block in blocks for cutoff in block.task.anchors}
    return [
        (
            key.source if key.role == COPY else key.role,
            segment_of(key, segments, selection.prompts, settings.sample_rate, anchors),
        )
        for key in keys
    ]


def _scale(settings: RenderSettings) -> Segment:
    return Segment(Path("scale"), 0.0, scale(settings))


def _random_names(count: int) -> list[str]:
    """Names from the system's entropy, in random order: independent of source, position and seed."""
    names: set[str] = set()
    while len(names) < count:
        names.add(secrets.token_hex(6))
    return list(names)


def _write_clips(
    folder: Path, names: Sequence[str], clips: Sequence[Clip], volume: Clip, settings: RenderSettings, now: datetime
) -> int:
    """Write every clip and the scale for the volume check, in place of any before. Returns the clips' size."""
    shutil.rmtree(folder / "clips", ignore_errors=True)
    (folder / "clips").mkdir(parents=True)
    write_audio(folder / "volume.flac", volume.waveform, settings.sample_rate)
    waveforms = {folder / "clips" / f"{name}.flac": clip.waveform for name, clip in zip(names, clips, strict=True)}
    return write_alike(waveforms, settings.sample_rate, changed=now.timestamp())
