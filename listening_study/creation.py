"""Making a study: choose the segments, blind them, seal the key, and put the folder in place whole or not at all."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from clstm.errors import UserError
from clstm.files import replacing
from clstm.midi import VELOCITY, Notes
from evaluation.audio import write_audio
from evaluation.render import RenderSettings, describe, render
from listening_study.clips import Choice, Clip, Segment, choose, finish, is_mono
from listening_study.configuration import Configuration
from listening_study.key import Key, Origin
from listening_study.registration import register
from listening_study.store.connection import migrate
from listening_study.study import Study

# Streamlit tells media apart by their whole content only up to 1 MiB; beyond, one clip may be played for another.
LARGEST = 2**20  # bytes


@dataclass(frozen=True)
class Created:
    """A study that was made, and what the researcher should know about it."""

    study: Study
    replaced: dict[str, int]  # nearly silent segments replaced, by source
    notices: list[str]
    mono: bool
    largest: int  # bytes of a clip


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
    _check(sources, human, out)
    registered = register(human, tuple(sources), configuration.registration)
    choices = {name: _choose(name, paths, configuration, settings, progress) for name, paths in sources.items()}
    segments = [segment for choice in choices.values() for segment in choice.segments]
    names = _random_names(len(segments))
    with replacing(out) as folder:
        clips, mono, largest = _write_clips(folder, names, segments, configuration, settings)
        origin = [source for source, choice in choices.items() for _ in choice.segments]
        key = Key(
            human=human,
            sources=tuple(sources),
            replaced={source: choice.replaced for source, choice in choices.items()},
            clips=dict(sorted(zip(names, map(_origin, origin, clips), strict=True))),
        )
        strata = [
            tuple(sorted(name for name, where in zip(names, origin, strict=True) if where == source))
            for source in sources
        ]
        study = Study(
            folder=folder,
            title=configuration.title,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            seed=configuration.seed,
            seconds=configuration.clips.seconds,
            strata=tuple(sorted(strata)),  # by random names: the order tells nothing
            key_sha256=key.seal(folder / "sealed" / "key.json"),
            registration_sha256=registered.write(folder / "registration.json"),
            sound={
                "loudness": configuration.clips.loudness,
                "as_played": configuration.clips.as_played,
                "mono": mono,
                "render": describe(settings),
            },
            design=configuration.design,
            consent=configuration.consent,
            access=configuration.access,
            words=configuration.words,
        )
        study.write()
        migrate(study.answers_path)
    notices = [f"{source}: {notice}" for source, choice in choices.items() for notice in choice.notices]
    return Created(replace(study, folder=out), key.replaced, notices, mono, largest)


def _check(sources: Mapping[str, Sequence[Path]], human: str, out: Path) -> None:
    if human not in sources:
        raise UserError(f"--human {human} is none of the sources ({', '.join(sources)}); name the human one")
    if len(sources) < 2:
        raise UserError(f"a study needs at least 2 sources, {human} is the only one; add NAME=PATH of a model's music")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} exists already, and a study is never overwritten; choose another --out")


def _choose(
    name: str,
    paths: Sequence[Path],
    configuration: Configuration,
    settings: RenderSettings,
    progress: Callable[[], object],
) -> Choice:
    random = Random(f"{configuration.seed}/{name}")
    clips = configuration.clips
    try:
        return choose(paths, clips.count, clips.seconds, random, settings, as_played=clips.as_played, progress=progress)
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
) -> tuple[list[Clip], bool, int]:
    """Write every clip and the scale for the volume check. Returns the clips, whether in mono, and the largest's size.

    All are in mono as soon as one of them is (it would be known by that) or one is too large in stereo.
    """
    (folder / "clips").mkdir(parents=True)
    rate = settings.sample_rate
    for mono in (True,) if any(is_mono(segment.waveform) for segment in segments) else (False, True):
        *clips, scale = finish([*segments, _scale(settings)], rate, configuration.clips.loudness, mono=mono)
        write_audio(folder / "volume.flac", scale.waveform, rate)
        paths = {folder / "clips" / f"{name}.flac": clip for name, clip in zip(names, clips, strict=True)}
        for path in sorted(paths):  # in the order of names, so that not even the files' ages tell a source
            write_audio(path, paths[path].waveform, rate)
        largest = max(path.stat().st_size for path in paths)
        if largest < LARGEST:
            return clips, mono, largest
    raise UserError(
        f"a clip of {configuration.clips.seconds:g} s takes {largest} bytes even in mono; use shorter --seconds"
    )


def _scale(settings: RenderSettings) -> Segment:
    """A scale of C major: music that is part of no clip, to set the volume by."""
    pitches = (60, 62, 64, 65, 67, 69, 71, 72)
    notes = Notes.of((0.4 * step, 0.4 * step + 0.4, pitch, VELOCITY) for step, pitch in enumerate(pitches))
    return Segment(Path("scale"), 0.0, render(notes, settings))


def _origin(source: str, clip: Clip) -> Origin:
    return Origin(source, clip.segment.path.name, clip.segment.start, round(clip.loudness, 2), round(clip.gain, 2))
