"""Fonts in PDF files: what matplotlib cuts out of a font, a tenth of a second for every file, is cut once a process.

A PDF holds the letters that it shows, and journals want no more. Here it also holds those that nearly every figure
shows, 8 kB of them, and so one cut of each font is enough for all figures.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO

from matplotlib.backends import _backend_pdf_ps as private
from matplotlib.ft2font import FT2Font

USUAL = "".join(map(chr, range(32, 127))) + "²°×δµρ–—’“”•…−≤≥"
FEW = 12


@dataclass(frozen=True, eq=False)
class _Cut:
    """Takes the place of matplotlib's own: a font to be written, and the new numbers of its letters by their old."""

    written: bytes
    glyph_index_map: dict[int, int]

    @property
    def font(self) -> "_Cut":
        return self

    def save(self, file: BinaryIO, **_how: object) -> None:
        file.write(self.written)


@contextmanager
def cut_once() -> Iterator[None]:
    """Until the end of the block PDF files share what is cut. A matplotlib that cuts in another way goes on as ever."""
    if not hasattr(private, "SubsetResults"):
        yield
        return
    cut = private.get_glyphs_subset
    private.get_glyphs_subset = _shared  # type: ignore[assignment]
    try:
        yield
    finally:
        private.get_glyphs_subset = cut


_matplotlibs: Any = getattr(private, "get_glyphs_subset", None)


@contextmanager
def _shared(file: Any, glyphs: Iterable[int]) -> Iterator[_Cut]:
    wanted = frozenset(glyphs)  # matplotlib puts a few signs apart: they stay as few
    yield _cut(file, wanted | _usual(file) if len(wanted) > FEW else wanted)


@cache
def _usual(file: Any) -> frozenset[int]:
    font = FT2Font(file, face_index=file.face_index)
    return frozenset(font.get_char_index(ord(letter)) for letter in USUAL) - {0}


@cache
def _cut(file: Any, glyphs: frozenset[int]) -> _Cut:
    with _matplotlibs(file, set(glyphs)) as found:
        written = private.font_as_file(found.font)  # type: ignore[no-untyped-call]  # matplotlib's gap
        return _Cut(written.getvalue(), dict(found.glyph_index_map))
