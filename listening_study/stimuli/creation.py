"""Making a study: choose the segments, blind them, seal the key, and put the folder in place whole or not at all."""

import secrets
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

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
from listening_study.stimuli.clips import TARGET, Clip, Segment, finish
from listening_study.stimuli.controls import StudyControl, as_stated, matched
from listening_study.stimuli.copies import refuse_shared, say_copies
from listening_study.stimuli.flac import write_alike
from listening_study.stimuli.selection import Selection, selections
from listening_study.stimuli.tones import beeps, headphone_tones, scale
from listening_study.store.connection import migrate
from listening_study.store.schema import Answer

# Streamlit compares media by their whole content only up to 1 MiB, and could confuse larger clips.
LARGEST = 2**20  # bytes
MUCH_GAIN = 20.0  # dB; more may make the noise of a recording audible
BEEPS = Path("beeps")  # the piece that a catch trial is listed under


@dataclass(frozen=True)
class Created:
    """A study that was made, and what the researcher should know about it."""

    study: Study
    replaced: dict[str, int]  # nearly silent segments replaced, by source
    notices: list[str]
    mono: bool
    size: int  # bytes of every clip
    control: StudyControl


@dataclass(frozen=True)
class _WrittenClips:
    """The clips of a study's folder: those of the main trials, then practice, then catch trials."""

    selection: Selection
    names: list[str]
    sources: list[str]  # of each clip; "" for catch trials
    clips: list[Clip]
    size: int  # bytes of each file

    @property
    def main(self) -> list[str]:
        return self.names[: len(self.selection.main)]

    @property
    def practice(self) -> list[str]:
        return self.names[len(self.main) :][: len(self.selection.practice)]

    @property
    def catch(self) -> list[str]:
        return self.names[len(self.main) + len(self.practice) :]


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
    _check(sources, human, out, configuration)
    control = _control(sources, human, configuration, progress)
    registered = register(human, tuple(sources), configuration.registration, control.reasons())
    wording = _reviewed_wording(configuration)
    now = datetime.now(UTC).replace(microsecond=0)
    with replacing(out) as folder:
        written = _write_some_selection(folder, sources, human, configuration, settings, control.control, now, progress)
        key = _key(written, human, tuple(sources))
        study = _study(folder, written, key, registered, configuration, settings, control.control, now)
        for language, text in wording.items():
            write_text(study.words_path(language), text)
        study.write()
        migrate(study.answers_path)
    notices = [*control.cautions(), *_notices(written, sources, configuration)]
    return Created(replace(study, folder=out), key.replaced, notices, written.selection.mono, written.size, control)


def _control(
    sources: Mapping[str, Sequence[Path]], human: str, configuration: Configuration, progress: Progress
) -> StudyControl:
    """What the music passes through: nothing, where it is kept as played."""
    if configuration.clips.as_played:
        return StudyControl(NO_CONTROL, human)
    return matched(sources, human, progress)


def _write_some_selection(
    folder: Path,
    sources: Mapping[str, Sequence[Path]],
    human: str,
    configuration: Configuration,
    settings: RenderSettings,
    control: Control,
    now: datetime,
    progress: Progress,
) -> _WrittenClips:
    """Write the first selection, stereo or mono, whose files are small enough. Raises `UserError` when none is."""
    seconds, size = configuration.clips.seconds, 0
    catch = [("", Segment(BEEPS, 0.0, beeps(seconds, settings.sample_rate)))] * configuration.design.catch
    for selection in selections(sources, human, configuration, settings, control, progress):
        everything = [*selection.main, *selection.practice, *catch]
        names = _random_names(len(everything))
        segments = [segment for _, segment in everything]
        clips, size = _write_clips(folder, names, segments, configuration, settings, now, mono=selection.mono)
        if size < LARGEST:
            return _WrittenClips(selection, names, [source for source, _ in everything], clips, size)
    raise UserError(
        f"a clip of {seconds:g} s takes {size} bytes even in mono; at most {LARGEST} are accepted; "
        "use shorter --seconds"
    )


def _key(written: _WrittenClips, human: str, sources: tuple[str, ...]) -> Key:
    """The origin of every clip, sorted by their random names: the order in the file reveals nothing."""
    origins = {
        name: _origin(source, clip)
        for name, source, clip in zip(written.names, written.sources, written.clips, strict=True)
    }
    return Key(
        human=human,
        sources=sources,
        replaced={source: choice.replaced for source, choice in written.selection.choices.items()},
        clips={name: origins[name] for name in sorted(written.main)},
        aside={name: origins[name] for name in sorted([*written.practice, *written.catch])},
    )


def _order(written: _WrittenClips, key: Key) -> Order:
    """A new secret order of these clips."""
    strata = [tuple(clip for clip, one in key.clips.items() if one.source == source) for source in key.sources]
    right = {True: str(Answer.HUMAN), False: str(Answer.COMPUTER)}
    return Order(
        secret=new_secret(),
        strata=tuple(sorted(strata)),  # by random names: their order reveals nothing
        practice=tuple((clip, right[key.aside[clip].source == key.human]) for clip in written.practice),
    )


def _study(
    folder: Path,
    written: _WrittenClips,
    key: Key,
    registered: Registered,
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
        order_sha256=_order(written, key).seal(folder / "order.json"),
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


def _notices(written: _WrittenClips, sources: Mapping[str, Sequence[Path]], configuration: Configuration) -> list[str]:
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


def _random_names(count: int) -> list[str]:
    """Names from the system's entropy, in random order: independent of source, position and seed."""
    names: set[str] = set()
    while len(names) < count:
        names.add(secrets.token_hex(6))
    return list(names)


def _write_clips(
    folder: Path,
    names: Sequence[str],
    segments: Sequence[Segment],
    configuration: Configuration,
    settings: RenderSettings,
    now: datetime,
    *,
    mono: bool,
) -> tuple[list[Clip], int]:
    """Write every clip and the scale for the volume check, in place of any before. Returns the clips and their size."""
    shutil.rmtree(folder / "clips", ignore_errors=True)
    (folder / "clips").mkdir(parents=True)
    rate, volume = settings.sample_rate, Segment(Path("scale"), 0.0, scale(settings))
    *clips, loud = finish([*segments, volume], rate, configuration.clips.loudness, mono=mono)
    write_audio(folder / "volume.flac", loud.waveform, rate)
    waveforms = {folder / "clips" / f"{name}.flac": clip.waveform for name, clip in zip(names, clips, strict=True)}
    return clips, write_alike(waveforms, rate, changed=now.timestamp())


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
