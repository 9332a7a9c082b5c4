"""The Bach chorales of music21's own corpus as MIDI files: the source `music21:bach`.

music21 holds 412 four-part chorales and chorale movements by Bach as scores, free of copyright. Its Roman-numeral
analyses (`riemenschneider*.rntxt`) are not music, and BWV 846 is excluded as a sample piece that no model has seen.
Converting takes a tenth of a second each, so the MIDI files are cached.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clstm.runtime.errors import MissingToolError, UnreadableFileError
from clstm.runtime.files import replacing
from clstm.runtime.processes import in_processes

SOURCE = "music21:bach"
SAMPLE = "bwv846"  # the Prelude in C of the Well-Tempered Clavier, book 1

CONVERSION_LIMIT = 120.0  # seconds a score


def cache_folder() -> Path:
    """The cache of converted scores, by version of music21."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("clstm")) / f"music21-{_music21().__version__}" / "bach"


def scores() -> list[Path]:
    """music21's score files of Bach's chorales, sorted. Of two files of one chorale, the MusicXML is used."""
    found = (Path(path) for path in _music21().corpus.getComposer("bach"))
    best_last = sorted(found, key=lambda path: (path.suffix == ".mxl", path.suffix == ".xml", path.name))
    # Of one stem the last remains.
    by_name = {path.stem: path for path in best_last if path.suffix != ".rntxt" and path.stem != SAMPLE}
    return sorted(by_name.values())


def sample() -> Path:
    """BWV 846 as MIDI, converted on first use."""
    found = [Path(path) for path in _music21().corpus.getComposer("bach") if Path(path).stem == SAMPLE]
    return convert(found[0])


def group(path: Path) -> str:
    """Versions of one chorale share a group: bwv248.9-1 and bwv248.9-s are both bwv248.9.

    >>> group(Path("bwv248.9-1.mxl")), group(Path("bwv248.9-s.mxl"))
    ('bwv248.9', 'bwv248.9')
    """
    return path.stem.partition("-")[0]


def convert_all(paths: list[Path], workers: int | None = None) -> Iterator[tuple[Path, Path | UnreadableFileError]]:
    """Yield (score, its MIDI file) in order; scores not converted before are, in parallel."""
    return in_processes(convert, paths, workers=workers, seconds=CONVERSION_LIMIT)


def convert(path: Path) -> Path:
    """The MIDI file of one score of music21, from the cache or made now."""
    target = cache_folder() / f"{path.stem}.mid"
    if not target.exists():
        music21 = _music21()
        try:
            score = music21.converter.parse(path, forceSource=True, storePickle=False)
            with replacing(target) as temporary:
                score.write("midi", fp=temporary)
        except music21.exceptions21.Music21Exception as error:
            raise UnreadableFileError(path, f"music21 cannot play it ({error})") from error
    return target


def _music21() -> Any:
    try:
        import music21
    except ImportError as error:
        raise MissingToolError(f"{SOURCE} needs music21; install it with: pip install music21") from error
    return music21
