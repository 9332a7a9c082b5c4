"""Which files are music, and of which kind: one rule for every command, for single files and for folders.

Music is notes or audio. Notes are called MIDI, for every other format of them is read as what a MIDI file says
(`clstm.formats`). The first bytes of a file decide, whatever its name: MIDI (`MThd`, or in a RIFF of type RMID), or
audio. If they decide nothing, the name does: such a file is refused later, when it is read, with the reason. Suffixes
that much else has, such as .json, are music only where the content is. Files that look like music of another kind, and
files that cannot be opened, are left out and reported.

Folders are searched through links too, but each folder once, so that a link to a folder above makes no endless search.
"""

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from clstm.formats.recognition import why_not_notes
from clstm.formats.table import OWN_SUFFIXES, SHARED_SUFFIXES
from clstm.runtime.errors import NothingUsableError, UserError
from clstm.runtime.names import location, readable

MIDI, AUDIO = "MIDI", "audio"

MIDI_SUFFIXES = (".mid", ".midi", ".kar", ".smf", ".rmi")
FFMPEG_SUFFIXES = (".m4a", ".aac", ".mp4", ".wma", ".webm", ".mka", ".ape", ".wv", ".ac3", ".dsf")
AUDIO_SUFFIXES = (
    *(".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aiff", ".aif", ".aifc"),
    *(".au", ".snd", ".caf", ".w64", ".rf64"),
    *FFMPEG_SUFFIXES,
)
SUFFIXES = {MIDI: MIDI_SUFFIXES + OWN_SUFFIXES, AUDIO: AUDIO_SUFFIXES}

# Music to people, and nothing that is read here.
_OTHER_MUSIC = (".mscz", ".mscx", ".ly", ".gp", ".gp3", ".gp4", ".gp5", ".gpx", ".sib")

_HEAD = 12  # bytes


def kind(path: Path) -> str | None:
    """`MIDI`, `AUDIO` or None, by a file's first bytes; by its name if these decide nothing or cannot be read.

    The bytes decide, not the name:

    >>> _ = Path("renamed.wav").write_bytes(Path("song.mid").read_bytes())
    >>> kind(Path("song.mid")), kind(Path("renamed.wav")), kind(Path("notes.txt"))
    ('MIDI', 'MIDI', None)
    """
    path = Path(path)
    found = _by_content(_head(path))
    if found is None and path.suffix.lower() in SHARED_SUFFIXES:
        return MIDI if why_not_notes(path) == "" else None
    return found or _by_suffix(path)


def is_midi(path: Path) -> bool:
    """Whether a file that is used has notes, in MIDI or another format; one that is named may be called so and be none.

    >>> is_midi(Path("song.mid")), is_midi(Path("scores.json"))
    (True, True)
    """
    return (kind(path) or by_name(path)) == MIDI


def by_name(path: Path) -> str | None:
    """The kind that a file's suffix can stand for."""
    return MIDI if Path(path).suffix.lower() in SHARED_SUFFIXES else _by_suffix(path)


def _by_suffix(path: Path) -> str | None:
    suffix = Path(path).suffix.lower()
    return next((kind for kind, suffixes in SUFFIXES.items() if suffix in suffixes), None)


def _head(path: Path) -> bytes:
    """The first bytes of a plain file; none of anything else, such as a pipe, which might never give one."""
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            return b""
        with open(path, "rb") as file:  # noqa: PTH123 - thousands of files: a Path costs more than reading
            return file.read(_HEAD)
    except OSError:
        return b""


def _by_content(head: bytes) -> str | None:
    form = head[8:12]
    match head[:4]:
        case b"MThd":
            return MIDI
        case b"RIFF" if form == b"RMID":
            return MIDI
        case b"RIFF" | b"RIFX" | b"RF64" if form == b"WAVE":
            return AUDIO
        case b"FORM" if form in (b"AIFF", b"AIFC"):
            return AUDIO
        case b"fLaC" | b"OggS" | b"riff" | b".snd" | b"caff":
            return AUDIO
    return AUDIO if head[:3] == b"ID3" else None


@dataclass(frozen=True)
class MusicFiles:
    """files : in the order of the sources, a folder's sorted, once each
    left_out : files that may be music and are not among them, with the reason
    """

    files: list[Path]
    left_out: list[tuple[Path, str]] = field(default_factory=list)

    @property
    def remarks(self) -> list[str]:
        """A sentence for each reason for which files were left out.

        >>> MusicFiles([], [(Path("a.m4a"), "not read"), (Path("b.m4a"), "not read")]).remarks
        ['Left out: a.m4a and 1 more: not read']
        """
        counts = Counter(reason for _, reason in self.left_out)
        first = {reason: path for path, reason in reversed(self.left_out)}
        return [
            f"Left out: {readable(first[reason])}{f' and {count - 1} more' if count > 1 else ''}: {reason}"
            for reason, count in counts.items()
        ]


def find(sources: Iterable[Path], *kinds: str) -> MusicFiles:
    """The files named, and the music of these kinds (all without any) in the folders named, with what was left out.

    A file that is named is taken whatever it is, as long as it is a plain file. Raises `UserError` for a path that does
    not exist or is no plain file, `NothingUsableError` when nothing is found.
    """
    kinds = kinds or (MIDI, AUDIO)
    sources = [Path(source) for source in sources]
    files: dict[Path, Path] = {}
    left_out: list[tuple[Path, str]] = []
    for source in sources:
        if source.is_dir():
            for path in _walk(source, left_out):
                if (reason := _why_not(path, kinds)) is None:
                    files.setdefault(location(path), path)
                elif reason:
                    left_out.append((path, reason))
        elif source.is_file():
            files.setdefault(location(source), source)
        elif source.exists():
            raise UserError(f"{readable(source)} is {_special(source)}; give files or folders")
        else:
            raise UserError(f"{readable(source)} does not exist; give files or folders that do")
    if not files:
        where = ", ".join(map(readable, sources)) or "nothing"
        reasons = "".join(f" ({remark})" for remark in MusicFiles([], left_out).remarks[:1])
        raise NothingUsableError(f"no {' or '.join(kinds)} file in {where}{_instead(sources, kinds)}{reasons}")
    return MusicFiles(list(files.values()), left_out)


def named_path(text: str) -> tuple[str, Path]:
    """The name and the path of NAME=PATH; the path may hold further equals signs. Raises `UserError` for another form.

    >>> named_path("my  model=.")
    ('my model', PosixPath('.'))
    """
    name, equals, path = text.partition("=")
    name = " ".join(name.split())
    if not (equals and name and path):
        raise UserError(f"{text!r} is not NAME=PATH; give each system as in Bach=music/bach")
    if readable(name) != name:
        raise UserError(
            f"the name '{readable(name)}' has control characters or bytes that are not text; give another name"
        )
    if not Path(path).exists():
        raise UserError(f"{name}: {readable(path)} does not exist; give a MIDI or audio file, or a folder of them")
    return name, Path(path)


def named_paths(texts: Iterable[str]) -> dict[str, Path]:
    """The paths of several NAME=PATH by name, in their order. Raises `UserError` for a name that is given twice.

    >>> named_paths(["people=music/human", "rnn=music/mine"])
    {'people': PosixPath('music/human'), 'rnn': PosixPath('music/mine')}
    """
    found: dict[str, Path] = {}
    for name, path in map(named_path, texts):
        if name in found:
            raise UserError(f"the name {name!r} is given twice; every system needs a name of its own")
        found[name] = path
    return found


def _instead(sources: list[Path], kinds: tuple[str, ...]) -> str:
    """Of the other kind, what the folders hold."""
    others = {MIDI, AUDIO} - set(kinds)
    held = [kind(path) for source in sources for path in _walk(source, []) if path.is_file()]
    counts = [(sum(one == other for one in held), other) for other in sorted(others)]
    said = [f"{count:,} file{'s' * (count != 1)} of {other}" for count, other in counts if count]
    return f"; there {'is' if said[0].startswith('1 ') else 'are'} {said[0]}, which cannot be used here" if said else ""


def find_files(sources: Iterable[Path], *kinds: str) -> list[Path]:
    """The files of `find`, without what was left out.

    >>> find_files([Path("music/human"), Path("song.mid")], MIDI)
    [PosixPath('music/human/song.mid'), PosixPath('song.mid')]
    """
    return find(sources, *kinds).files


def _why_not(path: Path, kinds: tuple[str, ...]) -> str | None:
    """Why a file of a folder is left out: None if it is not, "" if it is no music, which needs no report."""
    if not path.is_file():
        if _by_suffix(path) is None:
            return ""
        return "a link to nothing" if path.is_symlink() and not path.exists() else _special(path)
    found = kind(path)
    if found in kinds:
        return None
    if (called := _by_suffix(path)) in kinds:
        return f"called as {called} is, and is {found}"
    suffix = path.suffix.lower()
    if found is None and MIDI in kinds:
        if suffix in _OTHER_MUSIC:
            return f"{suffix} is not read; convert it to MIDI or MusicXML"
        if suffix in SHARED_SUFFIXES:
            return why_not_notes(path) or ""
    return ""


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _special(path: Path) -> str:
    mode = path.stat().st_mode
    if stat.S_ISFIFO(mode):
        return "a named pipe, not a file"
    return "a socket, not a file" if stat.S_ISSOCK(mode) else "a device, not a file"


def _walk(root: Path, left_out: list[tuple[Path, str]]) -> Iterator[Path]:
    """Every file in a folder, at any depth and through links, sorted by path; without hidden files and folders."""
    seen: set[tuple[int, int]] = set()

    def inside(folder: Path) -> Iterator[Path]:
        try:
            about = folder.stat()
            if (about.st_dev, about.st_ino) in seen:
                return
            seen.add((about.st_dev, about.st_ino))
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            left_out.append((folder, f"cannot be opened ({error.strerror})"))
            return
        for entry in entries:
            if entry.name.startswith("."):
                if _by_suffix(Path(entry.name)):
                    left_out.append((Path(entry.path), "hidden"))
                continue
            if _is_folder(entry):
                yield from inside(Path(entry.path))
            else:
                yield Path(entry.path)

    yield from inside(root)
