"""Making a study: choose the segments, blind them, seal the key, and put the folder in place whole or not at all."""

import secrets
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from clstm.runtime.errors import UserError
from clstm.runtime.files import replacing, write_text
from clstm.runtime.names import readable
from evaluation.audio.files import write_audio
from evaluation.audio.render import RenderSettings, describe
from evaluation.measurement.inputs import not_used
from listening_study.protocol import languages
from listening_study.protocol.configuration import Configuration
from listening_study.protocol.key import Key, Origin
from listening_study.protocol.order import Order, new_secret
from listening_study.protocol.registration import register
from listening_study.protocol.study import Study
from listening_study.stimuli.clips import TARGET, Clip, Segment, finish
from listening_study.stimuli.copies import refuse_shared, say_copies
from listening_study.stimuli.flac import write_alike
from listening_study.stimuli.selection import Selection, selections
from listening_study.stimuli.tones import beeps, headphone_tones, scale
from listening_study.store.connection import migrate
from listening_study.store.schema import Answer

# Streamlit tells media apart by their whole content only up to 1 MiB; beyond, one clip may be played for another.
LARGEST = 2**20  # bytes
MUCH_GAIN = 20.0  # dB; what is raised by more brings its noise with it


@dataclass(frozen=True)
class Created:
    """A study that was made, and what the researcher should know about it."""

    study: Study
    replaced: dict[str, int]  # nearly silent segments replaced, by source
    notices: list[str]
    mono: bool
    size: int  # bytes of every clip


BEEPS = Path("beeps")  # what a catch trial is said to be cut from


def create_study(
    sources: Mapping[str, Sequence[Path]],
    human: str,
    out: Path,
    configuration: Configuration,
    settings: RenderSettings,
    progress: Callable[[], object] = lambda: None,
) -> Created:
    """Make a study's folder. `progress` is called for every segment chosen.

    Raises `UserError` for a folder that exists, sources that do not make a study, and too little music.
    """
    _check(sources, human, out, configuration)
    registered = register(human, tuple(sources), configuration.registration)
    wording = _reviewed_wording(configuration)
    now = datetime.now(UTC).replace(microsecond=0)
    catch = [("", Segment(BEEPS, 0.0, beeps(configuration.clips.seconds, settings.sample_rate)))]
    with replacing(out) as folder:
        for selection in selections(sources, human, configuration, settings, progress):
            main, practice, mono = selection.main, selection.practice, selection.mono
            everything = [*main, *practice, *catch * configuration.design.catch]
            names = _random_names(len(everything))
            segments = [segment for _, segment in everything]
            clips, size = _write_clips(folder, names, segments, configuration, settings, now, mono=mono)
            if size < LARGEST:
                break
        else:
            raise UserError(
                f"a clip of {configuration.clips.seconds:g} s takes {size} bytes even in mono, at most {LARGEST} are "
                "accepted; use shorter --seconds"
            )
        notices = _notices(selection, sources, configuration)
        notices += _raised(zip([source for source, _ in everything], clips, strict=True))
        origins = {
            name: _origin(source, clip) for name, (source, _), clip in zip(names, everything, clips, strict=True)
        }
        first = len(main) + len(practice)
        key = Key(
            human=human,
            sources=tuple(sources),
            replaced={source: choice.replaced for source, choice in selection.choices.items()},
            clips={name: origins[name] for name in sorted(names[: len(main)])},
            aside={name: origins[name] for name in sorted(names[len(main) :])},
        )
        strata = [tuple(name for name, origin in key.clips.items() if origin.source == source) for source in sources]
        order = Order(
            secret=new_secret(),
            strata=tuple(sorted(strata)),  # by random names: their order tells nothing
            practice=tuple(
                (name, str(Answer.HUMAN if source == human else Answer.COMPUTER))
                for name, (source, _) in zip(names[len(main) : first], practice, strict=True)
            ),
        )
        check = configuration.design.headphone_check
        if check and mono:
            notices.append("no headphone check: the clips are in mono, and sound the same over either")
        study = Study(
            folder=folder,
            title=configuration.title,
            created=now.isoformat(timespec="seconds"),
            seed=configuration.seed,
            seconds=configuration.clips.seconds,
            clips=tuple(key.clips),
            sources=len(sources),
            key_sha256=key.seal(folder / "sealed" / "key.json"),
            registration_sha256=registered.write(folder / "registration.json"),
            order_sha256=order.seal(folder / "order.json"),
            sound={
                "loudness": configuration.clips.loudness,
                "as_played": configuration.clips.as_played,
                "mono": mono,
                "render": describe(settings),
            },
            design=configuration.design,
            consent=configuration.consent,
            access=configuration.access,
            words=configuration.words.model_copy(update={"overrides": {}}),
            practice=tuple(sorted(names[len(main) : first])),
            catch=tuple(sorted(names[first:])),
            headphones=tuple(_write_headphone_tones(folder, configuration, settings)) if check and not mono else (),
        )
        for language, text in wording.items():
            write_text(study.words_path(language), text)
        study.write()
        migrate(study.answers_path)
    return Created(replace(study, folder=out), key.replaced, notices, mono, size)


def _check(sources: Mapping[str, Sequence[Path]], human: str, out: Path, configuration: Configuration) -> None:
    if human not in sources:
        raise UserError(f"--human {human} is none of the sources ({', '.join(sources)}); name the human one")
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


def _notices(selection: Selection, sources: Mapping[str, Sequence[Path]], configuration: Configuration) -> list[str]:
    """What the researcher should know, though the study can be made."""
    choices, practice = selection.choices, len(selection.practice)
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
    return notices


def _raised(clips: Iterable[tuple[str, Clip]]) -> list[str]:
    """A line for each source with clips so soft that their gain lifts the noise of the recording, too."""
    soft: dict[str, list[Clip]] = defaultdict(list)
    for source, clip in clips:
        if clip.gain > MUCH_GAIN:
            soft[source].append(clip)
    return [
        f"{source}: {len(raised)} clips are raised by more than {MUCH_GAIN:g} dB to reach {TARGET:g} LUFS, their noise "
        f"too (at most {most.gain:.0f} dB: {most.segment})"
        for source, raised in soft.items()
        if (most := max(raised, key=lambda clip: clip.gain))
    ]


def _reviewed_wording(configuration: Configuration) -> dict[str, str]:
    """The researcher's wording by language, checked before anything is made."""
    wording = {}
    for language, path in configuration.words.overrides.items():
        if not Path(path).is_file():
            raise UserError(f"words.overrides: {path} is no file; write one with `clstm study words {language}`")
        languages.read(language, Path(path))
        wording[str(language)] = Path(path).read_text(encoding="utf-8")
    return wording


def _random_names(count: int) -> list[str]:
    """Names from the system's entropy: neither source nor order, nor the seed, leads to them."""
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
