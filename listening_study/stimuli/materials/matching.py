"""Clips that follow one prompt: the same place of every source's continuation of it, the human one too.

`generated.json` beside the music says which prompt a file continues (`clstm generate`, `clstm excerpts`). Where enough
prompts are continued by every source, a study's judgements compare like with like.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from clstm.music.generated import read_manifest
from clstm.music.left_out import sentence
from clstm.runtime.errors import UnreadableFileError, UserError
from clstm.runtime.names import readable
from clstm.runtime.progress import Progress, silent
from evaluation.audio.render import RenderSettings
from evaluation.controls.control import Control
from evaluation.measurement.inputs import MeasurementInput, plain
from evaluation.prompting.continuations import pairs
from listening_study.stimuli.clips import Choice, Deck, Segment
from listening_study.stimuli.songs import SourcePiece, open_songs


@dataclass(frozen=True)
class Prompted:
    """The files that continue one prompt, by source; piece: what the prompt is from, a name for each prompt."""

    piece: str
    files: Mapping[str, Path]


@dataclass
class MatchedChoice:
    """Segments by source, the n-th of each after the n-th prompt; prompts: how these end, where a file keeps them."""

    choices: dict[str, Choice]
    pieces: list[str]
    prompts: list[Segment | None]


@dataclass
class _Found:
    segments: dict[str, list[Segment]]
    spare: dict[str, list[Segment]]
    replaced: Counter[str] = field(default_factory=Counter)
    pieces: list[str] = field(default_factory=list)
    prompts: list[Segment | None] = field(default_factory=list)


def prompted_files(sources: Mapping[str, Sequence[Path]], human: str) -> list[Prompted]:
    """The prompts that every source continues, in the order of the human files.

    >>> prompted_files({"human": [Path("music/human/song.mid")], "lstm": [Path("music/mine/lstm.mid")]}, "human")
    []
    """
    inputs = {name: [MeasurementInput(path) for path in paths] for name, paths in sources.items()}
    found: dict[str, dict[int, Path]] = {human: dict(enumerate(sources[human]))}
    for name, own in inputs.items():
        if name != human:
            places = pairs(own, inputs[human])
            found[name] = {true: own[place].path for place, true in reversed(places.items())}
    shared = set.intersection(*(set(places) for places in found.values()))
    pieces = {place: _piece(sources[human][place]) for place in sorted(shared)}
    often = Counter(pieces.values())
    return [
        Prompted(
            piece if often[piece] == 1 else f"{piece} ({plain(sources[human][place].name)})",
            {name: places[place] for name, places in found.items()},
        )
        for place, piece in pieces.items()
    ]


def _piece(path: Path) -> str:
    about = read_manifest(path.parent).items.get(readable(path.name))
    return str(about.piece) if about else ""


def choose_matched(
    rows: Sequence[Prompted],
    count: int,
    seconds: float,
    random: Random,
    settings: RenderSettings,
    control: Control,
    *,
    after: float,
    spare: Mapping[str, int],
    prompt: float = 0.0,
    pedal: bool = False,
    mono: bool = False,
    progress: Progress = silent,
) -> MatchedChoice:
    """One segment of every source after each of `count` prompts drawn at random.

    after : seconds of every continuation before its segment
    spare : how many more segments of each source, after other prompts
    prompt : seconds of each prompt to keep, those before its end; 0: none

    A prompt after which some source has too little music, or silence, is not used. Raises `UserError` when too few
    are left.
    """
    drawn = random.sample(rows, len(rows))
    names = list(rows[0].files) if rows else []
    found = _Found({name: [] for name in names}, {name: [] for name in names})
    notices: list[str] = []
    with ExitStack() as stack:
        songs = {
            name: stack.enter_context(
                closing(open_songs([row.files[name] for row in drawn], settings, control, pedal=pedal))
            )
            for name in names
        }
        for row in drawn:
            opened = {name: next(each) for name, each in songs.items()}
            decks = list(_decks(opened, seconds, after, notices, mono=mono))
            if len(found.pieces) < count and len(decks) == len(names):
                _deal(decks, found, row, prompt)
                progress("Clips", len(found.pieces), count)
            elif len(found.pieces) == count:
                for name, deck in decks:
                    if len(found.spare[name]) < spare.get(name, 0) and (segment := deck.deal()[0]):
                        found.spare[name].append(segment)
            if len(found.pieces) == count and all(len(found.spare[name]) >= spare.get(name, 0) for name in names):
                break
    if len(found.pieces) < count:
        raise UserError(
            f"only {len(found.pieces)} prompts are continued for {after + seconds:g} s or longer by every source; "
            f"{count} are needed: give more music, fewer --clips or shorter --seconds"
            + (f" ({'; '.join(notices[:3])})" if notices else "")
        )
    choices = {
        name: Choice(found.segments[name], found.spare[name], found.replaced[name], _left_out(found.segments[name]))
        for name in names
    }
    return MatchedChoice(choices, found.pieces, found.prompts)


def _decks(
    opened: Mapping[str, SourcePiece | UnreadableFileError],
    seconds: float,
    after: float,
    notices: list[str],
    *,
    mono: bool,
) -> Iterator[tuple[str, Deck]]:
    for name, song in opened.items():
        if isinstance(song, UnreadableFileError):
            notices.append(f"skipped {song}")
        elif song.seconds < song.begins + after + seconds:
            notices.append(f"skipped {song.path}: {song.seconds - song.begins:.1f} s, too short for a clip")
        else:
            yield name, Deck(song, [song.begins + after], seconds, mono, notices)


def _deal(decks: Sequence[tuple[str, Deck]], found: _Found, row: Prompted, prompt: float) -> None:
    """The segments after one prompt, where every source has one."""
    dealt = {name: deck.deal()[0] for name, deck in decks}
    if missing := [name for name, segment in dealt.items() if segment is None]:
        found.replaced.update(missing)
        return
    for name, segment in dealt.items():
        assert segment is not None
        found.segments[name].append(segment)
    found.pieces.append(row.piece)
    kept = [deck.song for _, deck in decks if prompt and deck.song.begins >= prompt]
    found.prompts.append(_end_of_prompt(kept[0], prompt) if kept else None)


def _end_of_prompt(song: SourcePiece, seconds: float) -> Segment:
    start = song.begins - seconds
    return Segment(song.path, start, song.excerpt(start, seconds), song.step)


def _left_out(segments: Sequence[Segment]) -> list[str]:
    words = sentence(
        {one.path: one.left_out for one in segments}.values(), remedy="--pedal obeys it", one_instrument=True
    )
    return [words] if words else []
