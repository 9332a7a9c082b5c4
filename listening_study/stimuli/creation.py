"""Making a study: choose the segments, blind them, seal the key, and put the folder in place whole or not at all."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random, SystemRandom

from clstm.runtime.errors import UserError
from clstm.runtime.files import replacing, write_text
from clstm.runtime.names import readable
from clstm.runtime.progress import Progress, silent
from evaluation.audio.files import write_audio
from evaluation.audio.render import RenderSettings, describe
from evaluation.controls.control import NO_CONTROL, Control
from evaluation.measurement.inputs import not_used
from listening_study.protocol import languages
from listening_study.protocol.configuration import Access, Configuration
from listening_study.protocol.key import Key, Origin
from listening_study.protocol.order import Order, new_secret
from listening_study.protocol.registration import Registered, register
from listening_study.protocol.study import Study
from listening_study.protocol.tasks import TaskKind
from listening_study.stimuli.clips import TARGET, Clip
from listening_study.stimuli.controls import StudyControl, as_stated, matched
from listening_study.stimuli.copies import refuse_shared, say_copies
from listening_study.stimuli.materials.blocks import BlockPlan, as_asked, material, plans
from listening_study.stimuli.tones import headphone_tones
from listening_study.stimuli.writing import WrittenClips, write_some_selection
from listening_study.store.connection import migrate
from listening_study.store.schema import Answer

MUCH_GAIN = 20.0  # dB; more may make the noise of a recording audible


@dataclass(frozen=True)
class Created:
    """A study that was made, and what the researcher should know about it."""

    study: Study
    replaced: dict[str, int]  # nearly silent segments replaced, by source
    notices: list[str]
    mono: bool
    size: int  # bytes of every clip
    control: StudyControl


def create_study(
    sources: Mapping[str, Sequence[Path]],
    human: str,
    out: Path,
    configuration: Configuration,
    settings: RenderSettings,
    progress: Progress = silent,
) -> Created:
    """Make a study's folder. `progress` counts the segments chosen for the main trials.

    Raises `UserError` for a folder that exists, sources that do not make a study, and too little music.
    """
    configuration, unasked = as_asked(configuration)
    _check(sources, human, out, configuration)
    blocks = plans(configuration, tuple(sources), human)
    control = _control(sources, human, configuration, progress)
    registered = register(human, tuple(sources), configuration.registration, control.reasons(), configuration.tasks)
    wording = _reviewed_wording(configuration)
    now = datetime.now(UTC).replace(microsecond=0)
    with replacing(out) as folder:
        written = write_some_selection(
            folder, sources, human, configuration, settings, control.control, blocks, now, progress
        )
        key = _key(written, human, tuple(sources))
        study = _study(folder, written, key, registered, blocks, configuration, settings, control.control, now)
        for language, text in wording.items():
            write_text(study.words_path(language), text)
        study.write()
        migrate(study.answers_path)
    notices = [*control.cautions(), *unasked, *_notices(written, sources, configuration)]
    return Created(replace(study, folder=out), key.replaced, notices, written.selection.mono, written.size, control)


def _control(
    sources: Mapping[str, Sequence[Path]], human: str, configuration: Configuration, progress: Progress
) -> StudyControl:
    """What the music passes through: nothing, where it is kept as played."""
    if configuration.clips.as_played:
        return StudyControl(NO_CONTROL, human)
    return matched(sources, human, progress)


def _key(written: WrittenClips, human: str, sources: tuple[str, ...]) -> Key:
    """The origin of every clip, sorted by their random names: the order in the file reveals nothing."""
    origins = {
        name: _origin(source, clip)
        for name, source, clip in zip(written.names, written.sources, written.clips, strict=True)
    }
    pieces = written.selection.pieces
    rows = [(name, row) for names in written.by_row.values() for row, name in enumerate(names)]
    rows += [(name, extra.row) for name, extra in zip(written.others, written.extras, strict=True)]
    for name, row in rows if pieces else ():
        origins[name] = replace(origins[name], prompt=pieces[row])
    return Key(
        human=human,
        sources=sources,
        replaced={source: choice.replaced for source, choice in written.selection.choices.items()},
        clips={name: origins[name] for name in sorted(written.main)},
        aside={name: origins[name] for name in sorted([*written.practice, *written.catch])},
        others={name: origins[name] for name in sorted(written.others)},
    )


def _order(written: WrittenClips, key: Key, blocks: Sequence[BlockPlan]) -> Order:
    """A new secret order of these clips."""
    named = dict(zip(written.extras, written.others, strict=True))
    mixed = {block.systems: SystemRandom().sample(block.systems, len(block.systems)) for block in blocks}
    strata = [tuple(clip for clip, one in key.clips.items() if one.source == source) for source in key.sources]
    right = {True: str(Answer.HUMAN), False: str(Answer.COMPUTER)}
    return Order(
        secret=new_secret(),
        strata=tuple(sorted(strata)),  # by random names: their order reveals nothing
        practice=tuple((clip, right[key.aside[clip].source == key.human]) for clip in written.practice),
        materials=tuple(material(block, key.human, written.by_row, named, mixed[block.systems]) for block in blocks),
    )


def _study(
    folder: Path,
    written: WrittenClips,
    key: Key,
    registered: Registered,
    blocks: Sequence[BlockPlan],
    configuration: Configuration,
    settings: RenderSettings,
    control: Control,
    now: datetime,
) -> Study:
    """The study, with the sealed key, the order, the registration and the tones of the headphone check written."""
    mono = written.selection.mono
    headphones = configuration.design.headphone_check and not mono  # it needs a tone in antiphase: not in mono
    return Study(
        folder=folder,
        title=configuration.title,
        created=now.isoformat(timespec="seconds"),
        seed=configuration.seed,
        seconds=configuration.clips.seconds,
        clips=tuple(key.clips),
        sources=len(key.sources),
        key_sha256=key.seal(folder / "sealed" / "key.json"),
        registration_sha256=registered.write(folder / "registration.json"),
        order_sha256=_order(written, key, blocks).seal(folder / "order.json"),
        sound={
            "loudness": configuration.clips.loudness,
            "as_played": control == NO_CONTROL,
            "control": as_stated(control),
            "pedal": configuration.clips.pedal,
            "mono": mono,
            "render": describe(settings),
        },
        design=configuration.design,
        consent=configuration.consent,
        access=_access(configuration),
        words=configuration.words.model_copy(update={"overrides": {}}),
        practice=tuple(sorted(written.practice)),
        catch=tuple(sorted(written.catch)),
        headphones=tuple(_write_headphone_tones(folder, configuration, settings)) if headphones else (),
        tasks=tuple(block.task.model_copy(update={"systems": ()}) for block in blocks),  # names would reveal sources
        prompt_seconds=configuration.clips.prompt if any(written.selection.prompts) else 0.0,
        others=tuple(sorted(written.others)),
    )


def _access(configuration: Configuration) -> Access:
    """Recruitment ends at the registered number, unless the configuration has another."""
    access, registered = configuration.access, configuration.registration.listeners
    return access if access.full_at is not None else access.model_copy(update={"full_at": registered})


def _check(sources: Mapping[str, Sequence[Path]], human: str, out: Path, configuration: Configuration) -> None:
    if human not in sources:
        raise UserError(f"--human {human} is not one of the sources ({', '.join(sources)}); name the human one")
    refuse_shared(sources)
    if len(sources) < 2:
        raise UserError(f"a study needs at least 2 sources, {human} is the only one; add NAME=PATH of a model's music")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} exists already, and a study is never overwritten; choose another --out")
    each, count = configuration.design.clips_each, configuration.clips.count
    if each is not None and each > count:
        raise UserError(f"design.clips_each is {each}, but there are only {count} clips of each source; lower it")
    main = (each or count) * len(sources)
    if configuration.design.repeats > main:
        raise UserError(
            f"design.repeats is {configuration.design.repeats}, but a listener hears {main} clips; lower it"
        )


def _notices(written: WrittenClips, sources: Mapping[str, Sequence[Path]], configuration: Configuration) -> list[str]:
    """What the researcher should know, though the study can be made."""
    choices, practice = written.selection.choices, len(written.practice)
    notices = [f"{source}: {notice}" for source, choice in choices.items() for notice in choice.notices]
    notices += [f"{source}: {remark}" for source, paths in sources.items() for remark in not_used(paths)]
    notices += say_copies(sources, {source: [*one.segments, *one.spare] for source, one in choices.items()})
    if practice < configuration.design.practice:
        notices.append(f"{practice} practice clips instead of {configuration.design.practice}: no pieces to spare")
    demanded, heard = configuration.registration.exclusions.heard, configuration.design.must_hear
    if demanded > heard:
        notices.append(
            f"an answer opens once {heard:.0%} of a clip was heard (design.must_hear), but counts only if "
            f"{demanded:.0%} was (registration.exclusions.heard)"
        )
    kinds = {task.kind for task in configuration.tasks} - {TaskKind.SOURCE}
    if kinds and not written.selection.pieces:
        notices.append(
            "clips are not matched by prompts: the sources do not share enough of them in their generated.json "
            "(see `clstm excerpts`), so judgements also compare different pieces"
        )
    notices += _raised(zip(written.sources, written.clips, strict=True))
    if configuration.design.headphone_check and written.selection.mono:
        notices.append("no headphone check: in mono it cannot distinguish headphones from loudspeakers")
    return notices


def _raised(clips: Iterable[tuple[str, Clip]]) -> list[str]:
    """A line for each source with clips so soft that their gain lifts the noise of the recording, too."""
    soft: dict[str, list[Clip]] = defaultdict(list)
    for source, clip in clips:
        if clip.gain > MUCH_GAIN:
            soft[source].append(clip)
    return [
        f"{source}: {len(raised)} clips are amplified by more than {MUCH_GAIN:g} dB to reach {TARGET:g} LUFS, so "
        f"is their noise (at most {most.gain:.0f} dB: {most.segment})"
        for source, raised in soft.items()
        if (most := max(raised, key=lambda clip: clip.gain))
    ]


def _reviewed_wording(configuration: Configuration) -> dict[str, str]:
    """The researcher's wording by language, checked before anything is made."""
    wording = {}
    for language, path in configuration.words.overrides.items():
        if not Path(path).is_file():
            raise UserError(f"words.overrides: {path} is not a file; write one with `clstm study words {language}`")
        languages.read(language, Path(path))
        wording[str(language)] = Path(path).read_text(encoding="utf-8")
    return wording


def _write_headphone_tones(
    folder: Path, configuration: Configuration, settings: RenderSettings
) -> Iterator[tuple[str, int]]:
    tones = headphone_tones(settings.sample_rate, Random(f"{configuration.seed}/headphones"))
    for number, (waveform, quietest) in enumerate(tones, 1):
        write_audio(folder / f"headphones-{number}.flac", waveform, settings.sample_rate)
        yield f"headphones-{number}", quietest


def _origin(source: str, clip: Clip) -> Origin:
    piece = readable(clip.segment.path.name)
    return Origin(source, piece, clip.segment.start, round(clip.loudness, 2), round(clip.gain, 2))
