"""Which segments a study is made of: those of the main trials by source, and those for practice."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from clstm.runtime.errors import UserError
from clstm.runtime.progress import Progress, silent
from evaluation.audio.render import RenderSettings
from evaluation.controls.control import Control
from listening_study.protocol.configuration import Configuration
from listening_study.protocol.tasks import TaskKind
from listening_study.stimuli.audibility import is_mono
from listening_study.stimuli.clips import Choice, Segment, choose, is_heard
from listening_study.stimuli.materials.matching import Prompted, choose_matched, prompted_files

Chosen = list[tuple[str, Segment]]  # with the source of each
Sources = Mapping[str, Sequence[Path]]


@dataclass(frozen=True)
class Selection:
    """What was chosen of every source, for clips in mono or in stereo.

    pieces : what the prompt of each row of clips is from; none where clips are not matched by prompts
    prompts : the ends of these prompts, where they are heard
    """

    choices: Mapping[str, Choice]
    practice: Chosen
    mono: bool
    pieces: Sequence[str] = ()
    prompts: Sequence[Segment | None] = ()

    @property
    def segments(self) -> list[Segment]:
        """All of them, also the prompts."""
        music = [segment for _, segment in (*self.main, *self.practice)]
        return music + [prompt for prompt in self.prompts if prompt]

    @property
    def main(self) -> Chosen:
        return [(source, segment) for source, choice in self.choices.items() for segment in choice.segments]


def selections(
    sources: Sources,
    human: str,
    configuration: Configuration,
    settings: RenderSettings,
    control: Control,
    progress: Progress,
) -> Iterator[Selection]:
    """A selection for clips in stereo, unless a segment is in mono (which would reveal it), then one for mono.

    They are the same where all that was chosen is heard when it is mixed down, too.
    """
    stereo = _select(sources, human, configuration, settings, control, progress, mono=False)
    if not any(is_mono(segment.waveform) for segment in stereo.segments):
        yield stereo
    everything = [segment for _, segment in (*stereo.main, *stereo.practice)]
    if all(is_heard(segment, settings.sample_rate, mono=True) for segment in everything):
        yield replace(stereo, mono=True)
    else:
        yield _select(sources, human, configuration, settings, control, silent, mono=True)


def _select(
    sources: Sources,
    human: str,
    configuration: Configuration,
    settings: RenderSettings,
    control: Control,
    progress: Progress,
    *,
    mono: bool,
) -> Selection:
    wanted, choices = _practice_plan(configuration.design.practice, human, tuple(sources)), {}
    clips = configuration.clips
    if rows := matched_rows(sources, human, configuration):
        found = choose_matched(
            rows,
            clips.count,
            clips.seconds,
            Random(f"{configuration.seed}"),
            settings,
            control,
            after=clips.after,
            spare=wanted,
            prompt=clips.prompt * any(task.kind is TaskKind.CONTINUATION for task in configuration.tasks),
            pedal=clips.pedal,
            mono=mono,
            progress=progress,
        )
        return Selection(found.choices, _practice(found.choices, human), mono, found.pieces, found.prompts)
    for number, (name, paths) in enumerate(sources.items()):

        def advance(what: str, done: int, total: int, before: int = number) -> None:
            progress(what, before * total + done, len(sources) * total)

        try:
            choices[name] = choose(
                paths,
                clips.count,
                clips.seconds,
                Random(f"{configuration.seed}/{name}"),
                settings,
                control,
                after=clips.after,
                spare=wanted[name],
                pedal=clips.pedal,
                mono=mono,
                progress=advance,
            )
        except UserError as error:
            raise UserError(f"{name}: {error}") from error
    return Selection(choices, _practice(choices, human), mono)


def matched_rows(sources: Sources, human: str, configuration: Configuration) -> list[Prompted]:
    """The prompts that clips are matched by; none where tasks do not need that, or there are too few prompts."""
    kinds = {task.kind for task in configuration.tasks} - {TaskKind.SOURCE}
    found = prompted_files(sources, human) if kinds else []
    return found if len(found) >= configuration.clips.count or TaskKind.CONTINUATION in kinds else []


def _practice_plan(count: int, human: str, sources: tuple[str, ...]) -> Counter[str]:
    """How many practice clips of each source: human and computer in turn, the computers' one after the other."""
    others = [source for source in sources if source != human]
    return Counter(human if number % 2 == 0 else others[number // 2 % len(others)] for number in range(count))


def _practice(choices: Mapping[str, Choice], human: str) -> Chosen:
    """The spare segments of the sources, human and computer in turn."""
    of_humans = iter([(human, segment) for segment in choices[human].spare])
    of_others: Iterator[tuple[str, Segment]] = iter(
        (source, segment) for source, choice in choices.items() if source != human for segment in choice.spare
    )
    found: Chosen = []
    for turn in (of_humans, of_others) * sum(len(choice.spare) for choice in choices.values()):
        found += [one] if (one := next(turn, None)) else []
    return found
