"""Names of files, as text that can be read, written and shown.

A file's name is bytes: it need not be UTF-8, and may hold line breaks and the control characters a terminal obeys. All
text that a file's name or its content may reach goes through `readable`: messages, tables, JSON and pages.
"""

import re
import unicodedata
from pathlib import Path

LONGEST = 255  # bytes of a name, on nearly every file system

# C0, DEL and C1 are commands to a terminal; surrogates are bytes that are no UTF-8, as Python holds them; the rest
# turns the direction of what follows, so that a name can look like another.
_STRANGE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028-\u202e\u2066-\u2069]")
_LINES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028-\u202e\u2066-\u2069]")


def readable(name: object) -> str:
    r"""The name of a file as one line of text: bytes that are not UTF-8 and control characters are escaped.

    >>> import os
    >>> readable(Path(os.fsdecode(b"Caf\xe9.mid"))), readable("a\x1b[2Jb\n.mid"), readable("Café.mid")
    ('Caf\\xe9.mid', 'a\\x1b[2Jb\\n.mid', 'Café.mid')
    """
    return _STRANGE.sub(_escaped, str(name))


def printable(text: str) -> str:
    """Text of several lines without anything a terminal would obey, or that cannot be written as UTF-8."""
    return _LINES.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape", "backslashreplace").decode()


def location(path: Path) -> Path:
    """The place of a file under its own name: links among the folders are followed, the file's own link is not.

    A link keeps its name, as in a store of content whose files are called by their hashes.

    >>> location(Path("music/../song.mid")) == Path.cwd().resolve() / "song.mid"
    True
    """
    path = Path(path)
    return path.parent.resolve() / path.name


def shortened(stem: str, room: int) -> str:
    """The beginning of a name, in at most `room` bytes of UTF-8.

    >>> shortened("Prélude", 4)
    'Pré'
    """
    return unicodedata.normalize("NFC", stem).encode("utf-8", "surrogateescape")[:room].decode("utf-8", "ignore")


def counted(number: int, what: str) -> str:
    """So many of what has a regular plural.

    >>> counted(1, "file"), counted(4612, "file")
    ('1 file', '4,612 files')
    """
    return f"{number:,} {what}{'s' * (number != 1)}"
