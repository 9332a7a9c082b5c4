"""SoundFonts of one preset, written byte by byte (SoundFont 2.04), also with the compressed samples of .sf3 files."""

import io
import struct
from pathlib import Path

import numpy as np
import soundfile

RATE = 22050
_COMPRESSED = 0x10


def tone(seconds: float = 1.0, frequency: float = 261.6) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.5 * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def ogg(samples: np.ndarray) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, format="OGG", subtype="VORBIS")
    return file.getvalue()


def soundfont(path: Path, *, bank: int = 0, program: int = 0, compressed: bytes | None = None) -> Path:
    """One preset of one sample, a second of middle C; `compressed` : the sample as an .sf3 file has it."""
    samples = tone()
    data = (samples * 32767).astype("<i2").tobytes() + bytes(2 * 46) if compressed is None else compressed
    last = len(samples) if compressed is None else len(compressed)
    info = _list(b"INFO", _chunk(b"ifil", struct.pack("<HH", 2 if compressed is None else 3, 1)))
    kind = 1 if compressed is None else 1 | _COMPRESSED
    loop = (8, len(samples) - 8)
    pdta = [
        (b"phdr", [_preset(b"tone", program, bank, 0), _preset(b"EOP", 0, 0, 1)]),
        (b"pbag", [struct.pack("<HH", 0, 0), struct.pack("<HH", 1, 0)]),
        (b"pmod", [bytes(10)]),
        (b"pgen", [struct.pack("<HH", 41, 0), bytes(4)]),  # the instrument
        (b"inst", [struct.pack("<20sH", b"tone", 0), struct.pack("<20sH", b"EOI", 1)]),
        (b"ibag", [struct.pack("<HH", 0, 0), struct.pack("<HH", 1, 0)]),
        (b"imod", [bytes(10)]),
        (b"igen", [struct.pack("<HH", 53, 0), bytes(4)]),  # the sample
        (b"shdr", [struct.pack("<20s5IBbHH", b"tone", 0, last, *loop, RATE, 60, 0, 0, kind), bytes(46)]),
    ]
    content = info + _list(b"sdta", _chunk(b"smpl", data))
    content += _list(b"pdta", b"".join(_chunk(name, b"".join(records)) for name, records in pdta))
    path.write_bytes(_chunk(b"RIFF", b"sfbk" + content))
    return path


def _preset(name: bytes, program: int, bank: int, bag: int) -> bytes:
    return struct.pack("<20sHHHIII", name, program, bank, bag, 0, 0, 0)


def _list(kind: bytes, content: bytes) -> bytes:
    return _chunk(b"LIST", kind + content)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
