"""The text of a file of music, decoded and checked before a library sees it: XML that is safe to parse, archives of it.

XML can name other files and define entities that grow without bound (CWE-611, CWE-776); music needs neither, so what
declares an entity is refused. A compressed score is unpacked up to a limit, whatever size it states.
"""

import json
import re
import zipfile
import zlib
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET

from clstm.formats.building import FormatError

LARGEST = 64 * 2**20  # bytes of a score, unpacked; a symphony has some twenty million

_CONTAINER = "META-INF/container.xml"
_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*encoding\s*=\s*["']([\w.-]+)["']""")
_DECLARATION = re.compile(r"^\s*<\?xml.*?\?>", re.DOTALL)


def text_of(data: bytes) -> str:
    r"""Text by its byte order mark, else as UTF-8, else as Latin-1, in which old collections are written.

    >>> text_of(b"T:F\xfcr Elise"), text_of("T:Für Elise".encode())
    ('T:Für Elise', 'T:Für Elise')
    """
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return data.decode(encoding, errors="replace").lstrip("\ufeff")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def json_of(data: bytes, what: str = "") -> Any:
    """The value of JSON. Raises `FormatError`, with the name of the file where it is not the one that is read."""
    of = f"{what}: " if what else ""
    try:
        return json.loads(text_of(data))
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise FormatError(f"{of}corrupt JSON, or none ({error.msg.lower()} at {place})") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{of}corrupt JSON (nested too deeply, or a number of too many digits)") from error


def xml_of(data: bytes) -> str:
    """The text of XML, or of the XML in a compressed score, without its declaration. Raises `FormatError`."""
    if data.startswith(b"PK"):
        data = _unpacked(data)
    declared = _DECLARED.match(data[:256])
    try:
        text = data.decode(declared[1].decode()) if declared else text_of(data)
    except (LookupError, UnicodeDecodeError) as error:
        raise FormatError(f"corrupt: not in the encoding that it states ({error})") from error
    text = _DECLARATION.sub("", text.lstrip("\ufeff"), count=1).lstrip()
    if not text.startswith("<"):
        raise FormatError("corrupt, or no score: XML begins with <")
    if "<!ENTITY" in text.upper():
        raise FormatError("XML that declares entities is not read; save the score again")
    try:
        ET.fromstring(text)  # noqa: S314 - without entities there is nothing to expand
    except (ET.ParseError, ValueError) as error:
        raise FormatError(f"corrupt XML ({error})") from error
    return text


def _unpacked(data: bytes) -> bytes:
    """The score in a compressed MusicXML file: the one that its container names, or else the first."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = [name for name in archive.namelist() if not name.startswith("META-INF/")]
            name = next((name for name in names if name.lower().endswith((".xml", ".musicxml"))), "")
            if _CONTAINER in archive.namelist():
                found = re.search(rb"""full-path\s*=\s*["']([^"']+)["']""", _member(archive, _CONTAINER))
                name = found[1].decode(errors="replace") if found else name
            if name not in names:
                raise FormatError(f"corrupt: a compressed score without {name or 'a score'}")
            return _member(archive, name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"corrupt: not a whole compressed score ({error})") from error


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise FormatError(f"unpacked it has more than {LARGEST // 2**20} MB; scores of up to that are read")
    return content
