"""What a file is by its content, where its name says something else: what to rename it to."""

import json
import re
import zipfile
from io import BytesIO

from clstm.formats.recognition import is_multitrack, is_score, json_form
from clstm.formats.table import Format

_XML = (
    (re.compile(rb"<(?:\w+:)?mei\b"), "MEI", (".mei", ".xml")),
    (re.compile(rb"<(?:\w+:)?score-(?:partwise|timewise)\b"), "MusicXML", (".musicxml", ".xml", ".mxl")),
)
_TEXT = (
    (re.compile(rb"(?:^|\n)\*\*kern\b|^(?:!.*\n)*\*\*\w+\t.*\*\*kern"), "Humdrum **kern", (".krn",)),
    (re.compile(rb"^\s*(?:%[^\n]*\n\s*)*X:\s*\d"), "ABC", (".abc",)),
)
_HEAD = 4096  # bytes


def misnamed(content: bytes, form: Format | None) -> str | None:
    r"""What to say of a file that is read as `form`, None for MIDI, and is another format of notes; None otherwise.

    >>> misnamed(b"X:1\nK:C\nCDEF|\n", None)
    'not MIDI: it is ABC; name it .abc'
    """
    found = _known(content)
    if found is None or (form is not None and set(form.suffixes) & set(found[1])):
        return None
    return f"not {form.name if form else 'MIDI'}: it is {found[0]}; name it {found[1][0]}"


def _known(content: bytes) -> tuple[str, tuple[str, ...]] | None:
    """The format of a file by its content, and the suffixes it is read under."""
    head = content[:_HEAD].replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").replace(b"\r", b"\n")
    if head.startswith(b"PK"):
        return _archive(content)
    if head.startswith(b"\x93NUMPY"):
        return "an array of NumPy", (".npy",)
    if head.lstrip()[:1] in (b"{", b"["):
        return _json(content)
    known = _XML if b"<" in head[:8] or head.lstrip()[:1] == b"<" else _TEXT
    return next(((name, suffixes) for pattern, name, suffixes in known if pattern.search(head)), None)


def _archive(content: bytes) -> tuple[str, tuple[str, ...]] | None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return None
    if is_multitrack(names):
        return "a roll of pypianoroll", (".npz",)
    return ("compressed MusicXML", (".mxl", ".musicxml", ".xml")) if is_score(names) else None


def _json(content: bytes) -> tuple[str, tuple[str, ...]] | None:
    try:
        form = json_form(json.loads(content))
    except (ValueError, RecursionError):
        return None
    return (f"{form} in JSON", (".json",)) if form else None
