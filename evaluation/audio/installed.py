"""SoundFonts by name: which are installed, and which one a name means.

A free SoundFont of tens or hundreds of megabytes sounds better than the bundled one of 6 MB. Systems and programs keep
them in a few folders (`evaluation.doctor.soundfont_folders`), so a name is enough: `--soundfont FluidR3_GM`.
"""

from collections.abc import Iterable
from pathlib import Path

from clstm.runtime.errors import UserError
from clstm.runtime.names import readable
from evaluation import doctor

SUFFIXES = (".sf2", ".sf3")
BETTER = "better"  # a name for the first of these that is installed
PREFERRED = ("MuseScore_General", "GeneralUser", "FluidR3_GM")  # free, with all of General MIDI; the best first


def installed_soundfonts() -> list[Path]:
    """Every SoundFont in the folders where systems keep them, by folder and name; one file once, whatever its links."""
    found: dict[Path, Path] = {}
    for path in sorted(_candidates(), key=Path.is_symlink):  # the file itself before a link to it
        found.setdefault(path.resolve(), path)
    return [path for path in _candidates() if path in found.values()]


def named_soundfont(given: Path) -> Path:
    """The file that a path or a name means; a path with folders is returned as it is, whatever is there.

    A name is that of a file with or without its suffix, or the beginning of one; capitals, blanks and punctuation do
    not matter: `fluidr3` is FluidR3_GM.sf2. `better` is the first of `PREFERRED` that is installed. Raises `UserError`
    for a name that none has, or several.

    >>> named_soundfont(Path("sounds/piano.sf2")).name
    'piano.sf2'
    """
    given = Path(given)
    if given == Path():
        raise UserError("no SoundFont is named; give an .sf2 or .sf3 file, or the name of one that is installed")
    if given.name != str(given) or given.is_file():
        return given
    if str(given).lower() == BETTER:
        return _better()
    for matches in (_equal, _same_letters, _begins):
        found = [path for path in _candidates() if matches(path, given.name)]
        if len({_letters(path.stem) for path in found}) > 1:
            raise UserError(f"the SoundFont {given} is one of several: {_names(found)}; give the whole name of one")
        if found:
            return found[0]
    there = f"installed: {_names(installed_soundfonts()) or 'none'}"
    raise UserError(
        f"the SoundFont {readable(given)} cannot be opened: there is no such file, nor one of that name in {_places()}"
        f" ({there}); give an .sf2 or .sf3 file, or the name of one"
    )


def _better() -> Path:
    for name in PREFERRED:
        if found := [path for path in _candidates() if _begins(path, name)]:
            return found[0]
    install = doctor.install_command(["soundfont"], doctor.package_manager())
    raise UserError(
        f"none of the SoundFonts {', '.join(PREFERRED)} is in {_places()}; name another, or install "
        f"{doctor.SECOND_SOUNDFONT}" + (f" with: {install}" if install else "")
    )


def _candidates() -> list[Path]:
    """Every SoundFont's path, in the order of the folders."""
    folders = [Path(folder) for folder in doctor.soundfont_folders()]
    return [
        path
        for folder in folders
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in SUFFIXES and path.is_file()
    ]


def _equal(path: Path, name: str) -> bool:
    return name.lower() in (path.name.lower(), path.stem.lower())


def _same_letters(path: Path, name: str) -> bool:
    return _letters(name) in (_letters(path.name), _letters(path.stem))


def _begins(path: Path, name: str) -> bool:
    return bool(_letters(name)) and _letters(path.name).startswith(_letters(name))


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _names(paths: Iterable[Path]) -> str:
    return ", ".join(dict.fromkeys(readable(path.stem) for path in paths))


def _places() -> str:
    """The folders that are there, or all where none is."""
    folders = doctor.soundfont_folders()
    return ", ".join([folder for folder in folders if Path(folder).is_dir()] or folders)
