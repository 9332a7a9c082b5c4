"""What the project needs on this machine, what is installed, and the exact command that installs the rest.

Nothing heavy is imported: versions come from the metadata of packages, FluidSynth's from the library itself. This
module needs only the standard library, so the set-up can use it before anything is installed.
"""

import ctypes
import ctypes.util
import hashlib
import importlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

BROWSERS = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
MACOS_BROWSERS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


EXTRAS = {"scores": ("symusic", "verovio"), "tokens": ("miditok",)}  # of what reads further formats, by extra

TEX_FILES = ("IEEEtran.cls", "IEEEtran.bst", "ptmr7t.tfm", "booktabs.sty")

SECOND_SOUNDFONT = "FluidR3_GM.sf2"
SOUNDFONT_FOLDERS = (
    *("/usr/share/sounds/sf2", "/usr/share/sounds/sf3", "/usr/share/soundfonts"),
    *("/usr/local/share/sounds/sf2", "/usr/local/share/sounds/sf3", "/usr/local/share/soundfonts"),
    *("/opt/homebrew/share/soundfonts", "/Library/Audio/Sounds/Banks"),
)


@dataclass(frozen=True)
class ToolStatus:
    """One line of the doctor's table. `fix` is the command to run, "" when there is nothing to do."""

    name: str
    found: bool
    detail: str
    fix: str = ""
    needed: bool = True  # False: only one command, or the tests, need it


@dataclass(frozen=True)
class Tool:
    """A tool that pip cannot install. `packages`: its name by package manager; `find`: where it is, None if nowhere."""

    find: Callable[[], str | None]
    packages: dict[str, str]


# --- tools that pip cannot install ---------------------------------------------------------------------------------


def find_fluidsynth() -> str | None:
    """The FluidSynth library as the loader knows it, a soname or a path; where pyfluidsynth looks."""
    for name in ("fluidsynth", "fluidsynth-3", "libfluidsynth", "libfluidsynth-3"):
        if library := ctypes.util.find_library(name):
            return library
    homebrew = Path(os.environ.get("HOMEBREW_PREFIX", "/opt/homebrew"), "lib", "libfluidsynth.dylib")
    return str(homebrew) if homebrew.exists() else None


def find_chromium() -> str | None:
    """The path of a Chromium or Chrome that the browser tests can drive."""
    on_path = (shutil.which(name) for name in BROWSERS)
    in_applications = (path for path in MACOS_BROWSERS if Path(path).exists())
    return next(filter(None, (*on_path, *in_applications)), None)


def soundfont_folders() -> list[str]:
    """Where SoundFonts are looked for: the user's folders (XDG Base Directory, macOS), then the system's."""
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    own = [data / "soundfonts", data / "sounds" / "sf2", data / "sounds" / "sf3"]
    if sys.platform == "darwin":
        own.append(Path.home() / "Library" / "Audio" / "Sounds" / "Banks")
    return [*map(str, own), *SOUNDFONT_FOLDERS]


def find_second_soundfont() -> str | None:
    """The path of FluidR3_GM.sf2, whose pianos differ from those of the bundled TimGM6mb.sf2."""
    places = (Path(folder, SECOND_SOUNDFONT) for folder in soundfont_folders())
    return next((str(place) for place in places if place.is_file()), None)


def find_ffmpeg() -> str | None:
    """The path of ffmpeg, which reads the audio that libsndfile does not."""
    return shutil.which("ffmpeg")


def find_postgres() -> str | None:
    """The path of PostgreSQL's server. Debian and Ubuntu keep it off the path, in a folder for each version."""
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return shutil.which("postgres") or (str(packaged[-1]) if packaged else None)


def find_venv() -> str | None:
    """Where `python -m venv` finds pip. Debian and Ubuntu package it apart from Python."""
    importlib.invalidate_caches()  # it may have been installed a moment ago
    ensurepip = importlib.util.find_spec("ensurepip")
    return ensurepip.origin if ensurepip else None


def find_tex() -> str | None:
    """The path of pdflatex, where it has what `paper.tex` of a report needs: the class of IEEE, its fonts, booktabs."""
    program, finder = shutil.which("pdflatex"), shutil.which("kpsewhich")
    if program is None or finder is None:
        return None
    found = subprocess.run([finder, *TEX_FILES], capture_output=True, text=True, check=False)
    return program if len(found.stdout.splitlines()) == len(TEX_FILES) else None


def _is_ubuntu() -> bool:
    try:
        return platform.freedesktop_os_release()["ID"] == "ubuntu"
    except OSError:  # not Linux
        return False


_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
_CHROMIUM = "chromium-browser" if _is_ubuntu() else "chromium"
TOOLS = {
    "venv": Tool(find_venv, {"apt": f"{_PYTHON}-venv", "dnf": "python3-pip", "brew": "python"}),
    "fluidsynth": Tool(find_fluidsynth, {"apt": "libfluidsynth3", "dnf": "fluidsynth-libs", "brew": "fluid-synth"}),
    "soundfont": Tool(find_second_soundfont, {"apt": "fluid-soundfont-gm", "dnf": "fluid-soundfont-gm"}),
    "ffmpeg": Tool(find_ffmpeg, {"apt": "ffmpeg", "dnf": "ffmpeg-free", "brew": "ffmpeg"}),
    "postgresql": Tool(find_postgres, {"apt": "postgresql", "dnf": "postgresql-server", "brew": "postgresql"}),
    "tex": Tool(
        find_tex,
        {
            "apt": "texlive-publishers texlive-fonts-recommended texlive-latex-recommended",
            "dnf": "texlive-ieeetran texlive-collection-fontsrecommended texlive-collection-latexrecommended",
            "brew": "texlive",
        },
    ),
    "chromium": Tool(find_chromium, {"apt": _CHROMIUM, "dnf": "chromium", "brew": "google-chrome"}),
}
INSTALL = {"apt": "sudo apt-get install -y", "dnf": "sudo dnf install -y", "brew": "brew install"}


def package_manager() -> str | None:
    """apt, dnf or brew, whichever this machine has."""
    programs = {"apt": "apt-get", "dnf": "dnf", "brew": "brew"}
    return next((name for name, program in programs.items() if shutil.which(program)), None)


def install_command(tools: Iterable[str], manager: str | None) -> str:
    """The command that installs these tools; on an unknown platform, that of each known one.

    >>> install_command(["fluidsynth", "chromium"], "apt")
    'sudo apt-get install -y libfluidsynth3 chromium'
    """
    tools = list(tools)
    if manager:
        packages = [TOOLS[tool].packages.get(manager) for tool in tools]
        return " ".join([INSTALL[manager], *filter(None, packages)]) if any(packages) else ""
    return "; or ".join(filter(None, (install_command(tools, known) for known in INSTALL)))


# --- the doctor's table --------------------------------------------------------------------------------------------


def examine(soundfont: Path | None, cache: Path, others: Iterable[Path] = ()) -> list[ToolStatus]:
    """Every finding, the most important first.

    soundfont : the SoundFont that renders use, None if there is none
    cache : the folder for what is downloaded or converted once
    others : the SoundFonts that are installed
    """
    return [
        python(),
        libraries(),
        fluidsynth(),
        soundfont_file(soundfont),
        second_soundfont(),
        soundfonts(others),
        cache_folder(cache),
        music21(),
        formats(),
        ffmpeg(),
        chromium(),
        machine(),
    ]


def fit(findings: list[ToolStatus]) -> bool:
    """Whether everything needed is installed."""
    return all(finding.found for finding in findings if finding.needed)


def table(findings: list[ToolStatus]) -> "Table":
    """The findings as a table, without the fixes: a command in a narrow cell cannot be copied."""
    from rich.table import Column, Table
    from rich.text import Text

    shown = Table("Part", "State", Column("Found", overflow="fold"))
    for finding in findings:
        absent = Text("missing", "red") if finding.needed else Text("optional", "yellow")
        state = Text("OK", "green") if finding.found else absent
        shown.add_row(finding.name, state, Text(finding.detail))
    return shown


def python() -> ToolStatus:
    return ToolStatus("Python", True, f"{platform.python_version()}, {sys.executable}")


def libraries() -> ToolStatus:
    """clstm and its declared dependencies, with the versions installed."""
    declared = [need for need in requires("clstm") or [] if "extra ==" not in need]
    names = ["clstm", *(_project_name(need) for need in declared)]
    versions = {name: _installed(name) for name in names}
    missing = [name for name in names if versions[name] is None]
    detail = ", ".join(f"{name} {version or 'MISSING'}" for name, version in versions.items())
    return ToolStatus("Libraries", not missing, detail, _pip(missing))


def fluidsynth() -> ToolStatus:
    library = find_fluidsynth()
    if library is None:
        return ToolStatus("FluidSynth", False, "no library found", install_command(["fluidsynth"], package_manager()))
    try:
        loaded = ctypes.CDLL(library)
    except OSError as error:
        return ToolStatus("FluidSynth", False, str(error), install_command(["fluidsynth"], package_manager()))
    loaded.fluid_version_str.restype = ctypes.c_char_p
    return ToolStatus("FluidSynth", True, f"{loaded.fluid_version_str().decode()}, {_loaded_path(library)}")


def soundfont_file(path: Path | None) -> ToolStatus:
    if path is None or not path.is_file():
        return ToolStatus(
            "SoundFont", False, "none found" if path is None else f"no file {path}", _pip(["pretty_midi"])
        )
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    size = path.stat().st_size / 1e6
    return ToolStatus("SoundFont", True, f"{path.name}, {size:.1f} MB, sha256 {digest[:12]}, {path}")


def second_soundfont() -> ToolStatus:
    path = find_second_soundfont()
    detail = f"{path or f'no {SECOND_SOUNDFONT}'}, for comparisons with --robustness"
    fix = "" if path else install_command(["soundfont"], package_manager())
    return ToolStatus("SoundFont 2", path is not None, detail, fix, needed=False)


def soundfonts(paths: Iterable[Path]) -> ToolStatus:
    """The SoundFonts that `--soundfont NAME` finds."""
    found = ", ".join(f"{path.stem} ({path.stat().st_size / 1e6:.0f} MB, {path.parent})" for path in paths)
    detail = f"{found}; for --soundfont NAME" if found else f"none in {', '.join(soundfont_folders())}"
    return ToolStatus("SoundFonts installed", True, detail, needed=False)


def cache_folder(path: Path) -> ToolStatus:
    """Whether the cache folder can be written, or created."""
    existing = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    writable = existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
    fix = "" if writable else f"make {existing} writable, or set XDG_CACHE_HOME to a folder that is"
    return ToolStatus("Cache", writable, f"{path}{'' if writable else ' cannot be written'}", fix)


def music21() -> ToolStatus:
    installed = _installed("music21")
    detail = f"{installed or 'not installed'}, for MusicXML, music21:bach and the demo"
    return ToolStatus("music21", installed is not None, detail, "" if installed else _pip(["music21"]), needed=False)


def formats() -> ToolStatus:
    """The libraries of the extras `scores` and `tokens`."""
    versions = {name: _installed(name) for names in EXTRAS.values() for name in names}
    lacking = [extra for extra, names in EXTRAS.items() if not all(versions[name] for name in names)]
    detail = ", ".join(f"{name} {version or 'not installed'}" for name, version in versions.items())
    fix = _pip([f"'clstm[{','.join(lacking)}]'"] if lacking else [])
    return ToolStatus("Formats", not lacking, f"{detail}, for MEI, **kern, ABC and MidiTok", fix, needed=False)


def ffmpeg() -> ToolStatus:
    path = find_ffmpeg()
    detail = f"{path or 'no program found'}, for m4a, aac, webm and others"
    fix = "" if path else install_command(["ffmpeg"], package_manager())
    return ToolStatus("ffmpeg", path is not None, detail, fix, needed=False)


def chromium() -> ToolStatus:
    path = find_chromium()
    if path is None:
        fix = install_command(["chromium"], package_manager())
        return ToolStatus("Chromium", False, "none found, for the browser tests", fix, needed=False)
    return ToolStatus("Chromium", True, f"{_browser_version(path)}, {path}, for the browser tests", needed=False)


def machine() -> ToolStatus:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    system = f"{platform.system()} {platform.machine()}"
    return ToolStatus("Machine", True, f"{system}, {cores} cores, {memory:.1f} GB of memory")


def _project_name(requirement: str) -> str:
    """`torch` of `torch>=2.4; sys_platform == 'linux'`."""
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0]


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _pip(names: list[str]) -> str:
    return f"{sys.executable} -m pip install {' '.join(names)}" if names else ""


def _loaded_path(library: str) -> str:
    """The file behind a loaded soname; the soname itself where the system does not tell."""
    maps = Path("/proc/self/maps")
    mapped = maps.read_text().splitlines() if maps.exists() else []
    return next((line.split(maxsplit=5)[-1] for line in mapped if "libfluidsynth" in line), library)


def _browser_version(path: str) -> str:
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return "does not start"
    return answer.stdout.strip()
