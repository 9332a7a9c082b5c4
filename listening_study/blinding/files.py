"""What a clip's file holds besides its music: its name, its attributes on the disk, every block of its FLAC container.

The container is parsed here and not by the library that wrote it (RFC 9639, sections 6 to 8): an audit that used the
writer's own parser would share its errors.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_IMODE

from clstm.runtime.errors import UnreadableFileError

STREAM_INFO, PADDING, COMMENTS = 0, 1, 4
BLOCKS = ("stream info", "padding", "application", "seek table", "comments", "cue sheet", "picture")
RANDOM_NAME = "0123456789abcdef"
NAME_LENGTH = 12


@dataclass(frozen=True)
class ClipFile:
    """One clip's file."""

    name: str  # without suffix
    size: int  # bytes
    modified: int  # ns
    mode: int  # permissions
    owner: tuple[int, int]
    foreign: int  # bytes before the container and tags behind it
    blocks: tuple[tuple[int, bytes], ...]  # type and content, in order
    music: int  # bytes of the audio frames: what is left

    @property
    def stream(self) -> tuple[int, int, int, int]:
        """Samples, rate in Hz, channels, bits.

        >>> packed = 44_100 << 44 | (2 - 1) << 41 | (16 - 1) << 36 | 441_000  # RFC 9639, section 8.2
        >>> info = bytes(10) + packed.to_bytes(8, "big")
        >>> ClipFile("a", 0, 0, 0, (0, 0), 0, ((STREAM_INFO, info),), 0).stream
        (441000, 44100, 2, 16)
        """
        packed = int.from_bytes(self._only(STREAM_INFO)[10:18], "big")
        return packed & (2**36 - 1), packed >> 44, (packed >> 41 & 7) + 1, (packed >> 36 & 31) + 1

    @property
    def coded_in(self) -> tuple[int, int]:
        """Smallest and largest block of samples the encoder took at a time.

        >>> info = (4096).to_bytes(2, "big") + (4608).to_bytes(2, "big")
        >>> ClipFile("a", 0, 0, 0, (0, 0), 0, ((STREAM_INFO, info),), 0).coded_in
        (4096, 4608)
        """
        info = self._only(STREAM_INFO)
        return int.from_bytes(info[:2], "big"), int.from_bytes(info[2:4], "big")

    @property
    def kinds(self) -> tuple[int, ...]:
        return tuple(kind for kind, _ in self.blocks)

    @property
    def padding(self) -> bytes:
        return b"".join(content for kind, content in self.blocks if kind == PADDING)

    @property
    def vendor(self) -> str:
        """Which encoder the comments name.

        >>> comments = bytes([4, 0, 0, 0]) + b"Lavf" + bytes([2, 0, 0, 0])  # RFC 9639, section 8.6
        >>> ClipFile("a", 0, 0, 0, (0, 0), 0, ((COMMENTS, comments),), 0).vendor
        'Lavf'
        """
        content = self._only(COMMENTS)
        return content[4 : 4 + int.from_bytes(content[:4], "little")].decode(errors="replace")

    @property
    def tags(self) -> int:
        """How many comments there are besides the vendor's name.

        >>> comments = bytes([4, 0, 0, 0]) + b"Lavf" + bytes([2, 0, 0, 0])  # RFC 9639, section 8.6
        >>> ClipFile("a", 0, 0, 0, (0, 0), 0, ((COMMENTS, comments),), 0).tags
        2
        """
        content = self._only(COMMENTS)
        place = 4 + int.from_bytes(content[:4], "little")
        return int.from_bytes(content[place : place + 4], "little")

    def _only(self, wanted: int) -> bytes:
        return next((content for kind, content in self.blocks if kind == wanted), b"")


def read_clip(path: Path) -> ClipFile:
    """Raises `UnreadableFileError` for what is no FLAC file."""
    try:
        data, status = path.read_bytes(), path.stat()
    except OSError as error:
        raise UnreadableFileError(path, f"cannot be opened ({error.strerror or error})") from error
    start = data.find(b"fLaC")
    if start < 0:
        raise UnreadableFileError(path, "not a FLAC file; restore it from a copy of the study")
    blocks, place, last = [], start + 4, False
    while not last and place + 4 <= len(data):
        last, kind = bool(data[place] & 0x80), data[place] & 0x7F
        size = int.from_bytes(data[place + 1 : place + 4], "big")
        blocks.append((kind, data[place + 4 : place + 4 + size]))
        place += 4 + size
    if not last or not blocks or blocks[0][0] != STREAM_INFO or place >= len(data):
        raise UnreadableFileError(path, "a FLAC file that is cut off; restore it from a copy of the study")
    behind = 128 * (data[-128:-125] == b"TAG") + 32 * (b"APETAGEX" in data[-160:])
    return ClipFile(
        name=path.stem,
        size=status.st_size,
        modified=status.st_mtime_ns,
        mode=S_IMODE(status.st_mode),
        owner=(status.st_uid, status.st_gid),
        foreign=start + behind,
        blocks=tuple(blocks),
        music=len(data) - place - behind,
    )


def faults(files: Sequence[ClipFile]) -> dict[str, str]:
    """What must be alike in every clip, by check: "" where it is, else what was found."""
    streams = [file.stream for file in files]
    return {
        "bytes": _alike([file.size for file in files], "sizes"),
        **{
            name: _alike([stream[place] for stream in streams], name)
            for place, name in enumerate(("samples", "rates", "channels", "bit depths"))
        },
        "encoder": _alike([(file.vendor, file.coded_in) for file in files], "encoders"),
        "blocks": _alike([_described(file.kinds) for file in files], "orders of blocks") or _extra(files),
        "tags": _some(files, lambda file: bool(file.tags or file.foreign), "carry tags"),
        "padding": _some(files, lambda file: bool(file.padding.strip(b"\0")), "have padding that is not zeros"),
        "file times": _times([file.modified for file in files]),
        "permissions": _alike([(oct(file.mode), *file.owner) for file in files], "permissions or owners"),
        "names": _some(
            files,
            lambda file: len(file.name) != NAME_LENGTH or bool(set(file.name) - set(RANDOM_NAME)),
            f"are not {NAME_LENGTH} random digits of base 16",
        ),
    }


def _described(kinds: Sequence[int]) -> str:
    return ", ".join(BLOCKS[kind] if kind < len(BLOCKS) else f"type {kind}" for kind in kinds)


def _extra(files: Sequence[ClipFile]) -> str:
    allowed = (STREAM_INFO, COMMENTS, PADDING)
    if any(len(set(file.kinds)) < len(file.kinds) or set(file.kinds) - set(allowed) for file in files):
        return f"more than stream info, comments and one padding: {_described(files[0].kinds)}"
    return ""


def _alike(values: Sequence[Hashable], what: str) -> str:
    counts = Counter(values).most_common()
    if len(counts) == 1:
        return ""
    return (
        f"{len(counts)} {what}: "
        + ", ".join(f"{value} ({count} clips)" for value, count in counts[:3])
        + (", ..." if len(counts) > 3 else "")
    )


def _times(modified: Sequence[int]) -> str:
    different = len(set(modified))
    return f"{different} different ones; give all clips one with touch -d @0 clips/*.flac" if different > 1 else ""


def _some(files: Sequence[ClipFile], wrong: Callable[[ClipFile], bool], how: str) -> str:
    found = [file.name for file in files if wrong(file)]
    return f"{len(found)} of {len(files)} clips {how}: {', '.join(found[:3])}" if found else ""
