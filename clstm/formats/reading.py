"""From the bytes of a file of notes, in any format of `clstm.formats.table`, to those of a MIDI file."""

import re
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from clstm.formats.building import Converted, FormatError
from clstm.formats.isolated import isolated
from clstm.formats.markup import json_of
from clstm.formats.misnamed import misnamed
from clstm.formats.recognition import NO_RATE, ROLL, companion, json_form
from clstm.formats.table import FORMATS, TOKENS, Format

_BY_SUFFIX = {suffix: one for one in FORMATS for suffix in one.suffixes}
_MEI = re.compile(rb"<(?:\w+:)?mei\b")


def format_of(path: Path) -> Format | None:
    """The format that a file's suffix stands for; None for MIDI, and for what is not known.

    >>> format_of(Path("tune.abc")).name, format_of(Path("tune.mid"))
    ('ABC', None)
    """
    return _BY_SUFFIX.get(path.suffix.lower())


def convert(path: Path, content: bytes) -> Converted:
    """What the content of a file says, by the format that `path` is in. Raises `FormatError` with the reason."""
    suffix = path.suffix.lower()
    if said := misnamed(content, _BY_SUFFIX[suffix]):
        raise FormatError(said)
    if suffix == ".xml":
        return _read(_BY_SUFFIX[".mei" if _MEI.search(content.replace(b"\0", b"")[:4096]) else ".musicxml"], content)
    if suffix == ".json" and _is_tokens(content):
        return _read(TOKENS, content, companion(path))
    if suffix == ".npy":
        return _read(_BY_SUFFIX[suffix], content, _about_roll(path))
    return _read(_BY_SUFFIX[suffix], content)


def _read(form: Format, content: bytes, *beside: object) -> Converted:
    """Call the reader of a format, if what it needs is installed."""
    module, _, name = form.reader.partition(":")
    reader: Callable[..., Converted] = getattr(import_module(f"clstm.formats.{module}"), name)
    try:
        if form.package and find_spec(form.package) is None:
            raise ModuleNotFoundError(form.package)
        return isolated(reader, content, form) if form.native else reader(content, *beside)
    except ImportError as error:
        if not form.package:
            raise
        raise FormatError(
            f"{form.name} is read with {form.package}, which is not installed; install it with: "
            f"pip install 'clstm[{form.extra}]'"
        ) from error


def _is_tokens(content: bytes) -> bool:
    try:
        return json_form(json_of(content)) == "MidiTok"
    except FormatError:
        return False  # the reader of notes says what is wrong


def _about_roll(path: Path) -> dict[str, object]:
    """What the file beside a plain roll says of it."""
    beside = companion(path)
    if beside is None:
        raise FormatError(NO_RATE)
    try:
        found = json_of(beside.read_bytes(), f"{ROLL} of its folder cannot be read as JSON")
    except OSError as error:
        raise FormatError(f"{ROLL} of its folder cannot be opened ({error.strerror})") from error
    if not isinstance(found, dict):
        raise FormatError(f"{ROLL} of its folder holds no object")
    return found
