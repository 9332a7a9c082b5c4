"""Files with the same music: an error where two sources share a file, a notice where they are copies.

A file in two sources would be human and generated at the same time. Copies may be legitimate: a source can hold a piece
twice, and a model may have memorised one. But two clips of one piece are not independent, and a listener may hear the
same passage again. So they are named, and the researcher decides.

All files are compared by their bytes, and those that clips are cut from also by their notes
(`evaluation.comparison.sets.copies`), or by the samples of a recording.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from hashlib import file_digest, sha256
from pathlib import Path

from clstm.runtime.errors import UserError
from evaluation.comparison.sets.copies import same_notes
from listening_study.stimuli.clips import Segment

BEGINNING = 2**16  # bytes in which most files differ
NAMED = 3  # files named in a line

Sources = Mapping[str, Sequence[Path]]
Piece = tuple[str, Path]  # source and file


def refuse_shared(sources: Sources) -> None:
    """Raises `UserError` naming both sources where one file, under any path, is in two of them.

    >>> refuse_shared({"human": [Path("song.mid")], "lstm": [Path("song.mid")]})
    Traceback (most recent call last):
    clstm.runtime.errors.UserError: human and lstm share 1 file (song.mid): a piece has one source only; ...
    """
    owners: dict[Hashable, Piece] = {}
    shared: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for source, path in _pieces(sources):
        try:
            found = path.stat()
        except OSError:
            continue  # reported where it is read
        owner, first = owners.setdefault((found.st_dev, found.st_ino), (source, path))
        if owner != source:
            shared[owner, source].append(first)
    for (one, other), paths in shared.items():
        raise UserError(
            f"{one} and {other} share {_files(paths)}: a piece has one source only; give each source its own files"
        )


def say_copies(sources: Sources, chosen: Mapping[str, Sequence[Segment]]) -> list[str]:
    """A line for each source that holds pieces more than once, and for each two that have pieces in common.

    chosen : the segments of each source, of whose songs the notes and samples are known

    >>> say_copies({"human": [Path("song.mid"), Path("music/human/song.mid")]}, {})
    ['human: 2 files (song.mid, music/human/song.mid) are copies of each other: ...']
    """
    pieces = list(dict.fromkeys(_pieces(sources)))
    songs = {(source, one.path): one for source, segments in chosen.items() for one in segments}
    groups = _joined([*_same_bytes(pieces), *_same_music(songs)])
    within: dict[str, list[Path]] = defaultdict(list)
    across: dict[tuple[str, ...], list[Path]] = defaultdict(list)
    for group in groups:
        counts = Counter(source for source, _ in group)
        for source, count in counts.items():
            within[source] += [path for owner, path in group if owner == source and count > 1]
        if len(counts) > 1:
            across[tuple(counts)] += [path for _, path in group]
    lines = [
        f"{source}: {_files(paths)} are copies of each other: clips of them are not independent, and a listener "
        "may hear the same passage twice"
        for source, paths in within.items()
        if paths
    ]
    return lines + [
        f"{' and '.join(names)} have the same music in {_files(paths)}, so it is in both sources"
        for names, paths in across.items()
    ]


def _pieces(sources: Sources) -> Iterator[Piece]:
    return ((source, path) for source, paths in sources.items() for path in paths)


def _files(paths: Sequence[Path]) -> str:
    """How many, and some of them.

    >>> _files([Path("a.mid")])
    '1 file (a.mid)'
    """
    named = ", ".join(str(path) for path in paths[:NAMED]) + (", …" if len(paths) > NAMED else "")
    return f"{len(paths)} file{'s' if len(paths) > 1 else ''} ({named})"


def _same_bytes(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Groups of files with the same bytes. Of most files only the beginning is read."""
    begin_alike = _alike((_beginning(path), (source, path)) for source, path in pieces)
    return [
        group
        for candidates in begin_alike
        for group in _alike((_digest(path), (source, path)) for source, path in candidates)
    ]


def _same_music(songs: Mapping[Piece, Segment]) -> list[list[Piece]]:
    """Groups of pieces with the same notes or the same samples."""
    pieces = list(songs)
    notes = [[pieces[one], pieces[other]] for one, other in same_notes([songs[piece].strikes for piece in pieces])]
    return notes + _alike((one.sound, piece) for piece, one in songs.items())


def _alike(marked: Iterable[tuple[Hashable, Piece]]) -> list[list[Piece]]:
    """Groups of two and more with the same mark; what has none is alone."""
    groups: dict[Hashable, list[Piece]] = defaultdict(list)
    for mark, piece in marked:
        if mark:
            groups[mark].append(piece)
    return [group for group in groups.values() if len(group) > 1]


def _joined(groups: Iterable[Sequence[Piece]]) -> list[list[Piece]]:
    """Groups with a piece in common made one; copies of copies are copies."""
    found: dict[Piece, list[Piece]] = {}
    for group in groups:
        merged = list(dict.fromkeys(one for piece in group for one in found.get(piece, [piece])))
        found.update(dict.fromkeys(merged, merged))
    return list({id(group): group for group in found.values()}.values())


def _beginning(path: Path) -> Hashable:
    """Size and hash of the first bytes; None for a file that cannot be read."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return path.stat().st_size, sha256(file.read(BEGINNING)).digest()
    except OSError:
        return None


def _digest(path: Path) -> Hashable:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").digest()
    except OSError:
        return None
