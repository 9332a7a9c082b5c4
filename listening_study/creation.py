"""Making a study: choose the segments, blind them, seal the key, and put the folder in place whole or not at all."""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from clstm.errors import UserError
from clstm.files import replacing, write_text
from evaluation.audio import write_audio
from evaluation.render import RenderSettings, describe
from listening_study import languages
from listening_study.clips import Choice, Clip, Segment, choose, finish, is_mono
from listening_study.configuration import Configuration
from listening_study.flac import write_alike
from listening_study.key import Key, Origin
from listening_study.order import Order, new_secret
from listening_study.registration import register
from listening_study.store.connection import migrate
from listening_study.store.schema import Answer
from listening_study.study import Study
from listening_study.tones import beeps, headphone_tones, scale

# Streamlit tells media apart by their whole content only up to 1 MiB; beyond, one clip may be played for another.
LARGEST = 2**20  # bytes


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
    wanted = _practice_plan(configuration.design.practice, human, tuple(sources))
    choices = {
        name: _choose(name, paths, configuration, settings, wanted[name], progress) for name, paths in sources.items()
    }
    practice = _practice(choices, human)
    notices = _notices(choices, len(practice), configuration)
    now = datetime.now(UTC).replace(microsecond=0)
    main = [(source, segment) for source, choice in choices.items() for segment in choice.segments]
    catch = [("", Segment(BEEPS, 0.0, beeps(configuration.clips.seconds, settings.sample_rate)))]
    everything = [*main, *practice, *catch * configuration.design.catch]
    names = _random_names(len(everything))
    with replacing(out) as folder:
        segments = [segment for _, segment in everything]
        clips, mono, size = _write_clips(folder, names, segments, configuration, settings, now)
        origins = {
            name: _origin(source, clip) for name, (source, _), clip in zip(names, everything, clips, strict=True)
        }
        first = len(main) + len(practice)
        key = Key(
            human=human,
            sources=tuple(sources),
            replaced={source: choice.replaced for source, choice in choices.items()},
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


def _notices(choices: Mapping[str, Choice], practice: int, configuration: Configuration) -> list[str]:
    """What the researcher should know, though the study can be made. `practice`: clips there are for it."""
    notices = [f"{source}: {notice}" for source, choice in choices.items() for notice in choice.notices]
    if practice < configuration.design.practice:
        notices.append(f"{practice} practice clips instead of {configuration.design.practice}: no pieces to spare")
    demanded, heard = configuration.registration.exclusions.heard, configuration.design.must_hear
    if demanded > heard:
        notices.append(
            f"an answer opens once {heard:.0%} of a clip was heard (design.must_hear), but counts only if "
            f"{demanded:.0%} was (registration.exclusions.heard)"
        )
    return notices


def _reviewed_wording(configuration: Configuration) -> dict[str, str]:
    """The researcher's wording by language, checked before anything is made."""
    wording = {}
    for language, path in configuration.words.overrides.items():
        if not Path(path).is_file():
            raise UserError(f"words.overrides: {path} is no file; write one with `clstm study words {language}`")
        languages.read(language, Path(path))
        wording[str(language)] = Path(path).read_text(encoding="utf-8")
    return wording


def _practice_plan(count: int, human: str, sources: tuple[str, ...]) -> Counter[str]:
    """How many practice clips of each source: human and computer in turn, the computers' one after the other."""
    others = [source for source in sources if source != human]
    return Counter(human if number % 2 == 0 else others[number // 2 % len(others)] for number in range(count))


def _practice(choices: Mapping[str, Choice], human: str) -> list[tuple[str, Segment]]:
    """What the sources have to spare, human and computer in turn."""
    of_humans = iter([(human, segment) for segment in choices[human].spare])
    of_others: Iterator[tuple[str, Segment]] = iter(
        (source, segment) for source, choice in choices.items() if source != human for segment in choice.spare
    )
    found: list[tuple[str, Segment]] = []
    for turn in (of_humans, of_others) * sum(len(choice.spare) for choice in choices.values()):
        found += [one] if (one := next(turn, None)) else []
    return found


def _choose(
    name: str,
    paths: Sequence[Path],
    configuration: Configuration,
    settings: RenderSettings,
    spare: int,
    progress: Callable[[], object],
) -> Choice:
    random, clips = Random(f"{configuration.seed}/{name}"), configuration.clips
    try:
        return choose(
            paths,
            clips.count,
            clips.seconds,
            random,
            settings,
            after=clips.after,
            spare=spare,
            as_played=clips.as_played,
            progress=progress,
        )
    except UserError as error:
        raise UserError(f"{name}: {error}") from error


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
) -> tuple[list[Clip], bool, int]:
    """Write every clip and the scale for the volume check. Returns the clips, whether in mono, and the size of each.

    All are in mono as soon as one of them is (it would be known by that) or one is too large in stereo.
    """
    (folder / "clips").mkdir(parents=True)
    rate, volume = settings.sample_rate, Segment(Path("scale"), 0.0, scale(settings))
    for mono in (True,) if any(is_mono(segment.waveform) for segment in segments) else (False, True):
        *clips, loud = finish([*segments, volume], rate, configuration.clips.loudness, mono=mono)
        write_audio(folder / "volume.flac", loud.waveform, rate)
        waveforms = {folder / "clips" / f"{name}.flac": clip.waveform for name, clip in zip(names, clips, strict=True)}
        size = write_alike(waveforms, rate, changed=now.timestamp())
        if size < LARGEST:
            return clips, mono, size
    raise UserError(
        f"a clip of {configuration.clips.seconds:g} s takes {size} bytes even in mono, at most {LARGEST} are accepted; "
        "use shorter --seconds"
    )


def _write_headphone_tones(
    folder: Path, configuration: Configuration, settings: RenderSettings
) -> Iterator[tuple[str, int]]:
    tones = headphone_tones(settings.sample_rate, Random(f"{configuration.seed}/headphones"))
    for number, (waveform, quietest) in enumerate(tones, 1):
        write_audio(folder / f"headphones-{number}.flac", waveform, settings.sample_rate)
        yield f"headphones-{number}", quietest


def _origin(source: str, clip: Clip) -> Origin:
    return Origin(source, clip.segment.path.name, clip.segment.start, round(clip.loudness, 2), round(clip.gain, 2))
