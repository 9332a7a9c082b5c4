"""What a report says of its making, checked before a word of it is believed: a report may come from anywhere.

A manifest names files: the music, tables, runs and SoundFont that somebody else had. `Places` says which of them are
opened because the manifest says so: plain files below the working directory or the report. All others are opened only
where the user names them.
"""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from clstm.runtime.errors import UserError
from clstm.runtime.json_files import read_json
from evaluation.comparison.compare import Grid

MADE_BY = "clstm report"
FORMAT = 2
MANIFEST = "manifest.json"
LARGEST = 100_000_000  # bytes; one of 500 pieces and their credits has 300 kB
GONE = "it is not there"
HINT = "give a folder that `clstm report --out` wrote"
LONGEST = 1e6  # seconds of a piece: eleven days


def _possible(text: str) -> str:
    """A path that a file system can be asked for."""
    text.encode()
    if not text or "\0" in text:
        raise ValueError("it is no path")
    return text


def _name(text: str) -> str:
    """As `evaluation.measurement.named_paths.named_path` gives it, so that NAME=PATH has one meaning."""
    if not text or text != " ".join(text.split()) or "=" in text:
        raise ValueError("it is no system's name")
    return _possible(text)


PathText = Annotated[str, AfterValidator(_possible)]
Name = Annotated[str, AfterValidator(_name)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Model(BaseModel):
    """What is not named here is not read."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _Hashed(_Model):
    file: PathText
    sha256: Sha256


class _LeftOut(_Model):
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]  # of a file that could not be opened there is none


class _Weights(_Model):
    sha256: Sha256
    run: PathText | None


class _System(_Model):
    name: Name
    path: PathText
    files: list[_Hashed]
    left_out: dict[PathText, _LeftOut]
    weights: _Weights | None


class _Variant(_Model):
    system: Name
    label: PathText
    path: PathText
    files: list[_Hashed]


class _Table(_Model):
    path: PathText
    sha256: Sha256


class _Rendering(_Model):
    """Ranges are those of `evaluation.audio.render.RenderSettings`, which checks them."""

    sample_rate: int = 44100
    gain: float = 0.8
    reverb: bool = False
    chorus: bool = False
    interpolation: int = 4
    polyphony: int = 256
    program: int = 0
    tail: float = 1.5
    soundfont_sha256: Sha256
    fluidsynth: str


class ReportManifest(_Model):
    """The part of a manifest that is read again."""

    reference: Name
    grid: Grid
    seconds: Annotated[float, Field(ge=0.125, le=LONGEST)] | None
    seed: Annotated[int, Field(ge=0, lt=2**64)]
    systems: Annotated[list[_System], Field(min_length=1)]
    variants: list[_Variant] = []
    files: dict[str, _Table]
    rendering: _Rendering | None
    soundfont_path: PathText | None
    versions: dict[str, str]
    method: int = 1
    catalogue: Annotated[int, Field(ge=1)] = 1
    outputs: dict[PathText, Sha256]

    @model_validator(mode="after")
    def _belongs_together(self) -> "ReportManifest":
        names = [system.name for system in self.systems]
        if len(set(names)) < len(names) or self.reference not in names:
            raise ValueError("systems: each needs a name of its own, and one is the reference")
        if not {variant.system for variant in self.variants} <= set(names):
            raise ValueError("variants: each is of one of the systems")
        return self


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a report says of its making. Raises `UserError` for a folder that is none, or whose manifest is damaged."""
    path = Path(folder) / MANIFEST
    try:
        if why := Places(folder).refusal(path):
            raise UserError(f"{folder} has no readable {MANIFEST} ({why}); {HINT}")
        if path.stat().st_size > LARGEST:
            raise UserError(f"{path} has more than {LARGEST // 10**6} MB, as no report's manifest has; {HINT}")
        content = read_json(path, finite=True)
        ours = isinstance(content, dict) and content["made_by"] == MADE_BY
    except OSError as error:
        raise UserError(f"{folder} has no readable {MANIFEST} ({error.strerror}); {HINT}") from error
    except (ValueError, KeyError) as error:
        raise UserError(f"{path} is not a report's manifest ({_line(error)}); {HINT}") from error
    if not ours or content.get("format") != FORMAT:
        raise UserError(f"{path} is of another program, or of another format than {FORMAT}; make the report again")
    try:
        return ReportManifest.model_validate(content).model_dump()
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        what = ": ".join(filter(None, (where, first["msg"].removeprefix("Value error, "))))
        raise UserError(f"{path} is damaged ({what}); {HINT}") from error


def _line(error: Exception) -> str:
    """An error in one line: of a file's content no more than a little."""
    return " ".join(repr(error).split())[:200]


class Places:
    """Where a manifest may lead: the working directory, and the report's own folder."""

    def __init__(self, report: Path) -> None:
        self._report = Path(report).resolve()
        here = Path.cwd().resolve()
        self._roots = (self._report,) if here == Path(here.anchor) else (here, self._report)  # below / is everything

    def refusal(self, path: Path) -> str:
        """Why a path of the manifest is not read; "" where it may be. A folder's files are looked at too."""
        return self._refusal(path, self._roots)

    def foreign(self, path: Path) -> str:
        """Why a path is none of the report's own files; "" where it is one."""
        return self._refusal(path, (self._report,))

    def _refusal(self, path: Path, roots: tuple[Path, ...]) -> str:
        try:
            found = path.resolve(strict=True)
            if not any(found.is_relative_to(root) for root in roots):
                return "it leads out of the working directory"
            if found.is_dir():
                return next((f"it holds {inside}, {why}" for inside, why in self._strange(found)), "")
            return "" if stat.S_ISREG(found.stat().st_mode) else "it is no plain file"
        except FileNotFoundError:
            return GONE
        except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links in a circle
            return getattr(error, "strerror", None) or "it is no path"

    def _strange(self, folder: Path) -> Iterator[tuple[Path, str]]:
        """What in a folder is neither a folder nor a plain file, or leads elsewhere."""
        for path in folder.rglob("*"):
            if path.is_symlink() and path.is_dir():
                yield path.relative_to(folder), "a link to a folder"
            elif not path.is_dir() and (why := self._refusal(path, self._roots)):
                yield path.relative_to(folder), why
