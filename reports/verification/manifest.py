"""What a report says of its making, checked before it is used: a report may come from anywhere.

A manifest names files: the music, tables, runs and SoundFont of whoever made it. `Places` decides which of them are
opened because the manifest names them: plain files below the working directory or the report. All others are opened
only where the user names them.
"""

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from json import JSONDecodeError
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from clstm.runtime import old_names
from clstm.runtime.errors import UserError
from clstm.runtime.files import read_json
from evaluation.comparison.sets.references import Grid
from reports.content.report import FORMATS, MADE_BY
from reports.inputs.output import MANIFEST

LARGEST = 100_000_000  # bytes; one of 500 pieces and their credits has 300 kB
GONE = "it does not exist"
HINT = "give a folder that `clstm report --out` wrote"
LONGEST = 1e6  # seconds of a piece: eleven days


def _possible(text: str) -> str:
    """A path that a file system can be asked for."""
    text.encode()
    if not text or "\0" in text:
        raise ValueError("it is not a path")
    return text


def _name(text: str) -> str:
    """As `evaluation.measurement.options.named_paths.named_path` gives it, so that NAME=PATH has one meaning."""
    if not text or text != " ".join(text.split()) or "=" in text:
        raise ValueError("it is not the name of a system")
    return _possible(text)


PathText = Annotated[str, AfterValidator(_possible)]
Name = Annotated[str, AfterValidator(_name)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Model(BaseModel):
    """Fields that are not named here are not read."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class HashedInput(_Model):
    file: PathText
    sha256: Sha256


class IgnoredFile(_Model):
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]  # of a file that could not be opened there is none


class WeightsRecord(_Model):
    sha256: Sha256
    run: PathText | None


class SystemRecord(_Model):
    name: Name
    path: PathText
    files: list[HashedInput]
    left_out: dict[PathText, IgnoredFile]
    weights: WeightsRecord | None


class VariantRecord(_Model):
    system: Name
    label: PathText
    path: PathText
    files: list[HashedInput]


class TableRecord(_Model):
    path: PathText
    sha256: Sha256


class RenderingRecord(_Model):
    """Ranges are those of `evaluation.audio.render.RenderSettings`, which checks them."""

    sample_rate: int = 44100
    gain: float = 0.8
    reverb: bool = False
    chorus: bool = False
    interpolation: int = 4
    polyphony: int = 256
    program: int | None = None
    instrument: int | None = None
    tail: float = 1.5
    soundfont_sha256: Sha256
    fluidsynth: str


@dataclass(frozen=True)
class RecordedMusic:
    """Where a system's or a variant's music was, and the hashes of its files by their names within it."""

    name: str
    path: Path
    files: Mapping[str, str]


class ReportManifest(_Model):
    """The part of a manifest that is read again. Formats before 3 have the same fields."""

    reference: Name
    grid: Grid
    limits: list[str] = []
    skip: list[str] = []
    pedal: bool = False
    replicates: bool = False
    margin: str = ""
    embeddings: list[str] = []
    seconds: Annotated[float, Field(ge=0.125, le=LONGEST)] | None
    seed: Annotated[int, Field(ge=0, lt=2**64)]
    systems: Annotated[list[SystemRecord], Field(min_length=1)]
    variants: list[VariantRecord] = []
    files: dict[str, TableRecord]
    rendering: RenderingRecord | None
    soundfont_path: PathText | None
    versions: dict[str, str]
    method: int = 1
    catalogue: Annotated[int, Field(ge=1)] = 1
    controls: Annotated[int, Field(ge=1)] = 1
    outputs: dict[PathText, Sha256]

    @model_validator(mode="after")
    def _belongs_together(self) -> "ReportManifest":
        names = [system.name for system in self.systems]
        if len(set(names)) < len(names) or self.reference not in names:
            raise ValueError("systems: each needs a name of its own, and one is the reference")
        if not {variant.system for variant in self.variants} <= set(names):
            raise ValueError("variants: each is of one of the systems")
        return self

    @property
    def music(self) -> list[RecordedMusic]:
        """The music that a report rests on: its systems, and their variants under SYSTEM:LABEL, if it has any."""
        found = [
            RecordedMusic(
                system.name,
                Path(system.path),
                {one.file: one.sha256 for one in system.files}
                | {name: one.sha256 for name, one in system.left_out.items()},
            )
            for system in self.systems
        ]
        for one in self.variants:
            files = {own.file: own.sha256 for own in one.files}
            found.append(RecordedMusic(f"{one.system}:{one.label}", Path(one.path), files))
        return found


def read_manifest(folder: Path) -> ReportManifest:
    """What a report says of its making. Raises `UserError` for a folder that is none, or whose manifest is damaged."""
    path = Path(folder) / MANIFEST
    if why := Places(folder).refusal(path):
        raise UserError(f"{folder} has no readable {MANIFEST} ({why}); {HINT}")
    try:
        if path.stat().st_size > LARGEST:
            raise UserError(f"{path} has more than {LARGEST // 10**6} MB, more than any report's manifest; {HINT}")
        content = read_json(path, finite=True)
    except OSError as error:
        raise UserError(f"{folder} has no readable {MANIFEST} ({error.strerror}); {HINT}") from error
    except ValueError as error:
        raise UserError(f"{path} is damaged ({_reason(error)}); {HINT}") from error
    if not isinstance(content, dict) or content.get("made_by") != MADE_BY:
        raise UserError(f"{path} is not the manifest of a report; {HINT}")
    if content.get("format") not in FORMATS:
        raise UserError(f"{path} has another format than {' or '.join(map(str, FORMATS))}; make the report again")
    try:
        return ReportManifest.model_validate(old_names.translated(content))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        what = ": ".join(filter(None, (where, first["msg"].removeprefix("Value error, "))))
        raise UserError(f"{path} is damaged ({what}); {HINT}") from error


def _reason(error: ValueError) -> str:
    """Why a file is no JSON, without the words of Python."""
    match error:
        case JSONDecodeError():
            return f"it is not JSON from line {error.lineno}, column {error.colno}"
        case UnicodeDecodeError():
            return "it is not text in UTF-8"
    return str(error)  # `read_json`'s own words


class Places:
    """The places whose files a manifest may name: the working directory, and the report's own folder."""

    def __init__(self, report: Path) -> None:
        try:
            self._report = Path(report).resolve()
        except (OSError, RuntimeError) as error:
            raise UserError(f"{report} is a link that leads to itself; {HINT}") from error
        here = Path.cwd().resolve()
        self._roots = (self._report,) if here == Path(here.anchor) else (here, self._report)  # below / is everything

    def refusal(self, path: Path) -> str:
        """Why a path of the manifest is not read; "" where it may be. A folder's files are looked at too."""
        return self._refusal(path, self._roots)

    def foreign(self, path: Path) -> str:
        """Why a path is not one of the report's own files; "" where it is."""
        return self._refusal(path, (self._report,))

    def _refusal(self, path: Path, roots: tuple[Path, ...]) -> str:
        try:
            found = path.resolve(strict=True)
            if not any(found.is_relative_to(root) for root in roots):
                return "it leads out of the working directory"
            if found.is_dir():
                return next((f"it holds {inside}, {why}" for inside, why in self._strange(found)), "")
            return "" if stat.S_ISREG(found.stat().st_mode) else "it is not a plain file"
        except FileNotFoundError:
            return GONE
        except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links in a circle
            return getattr(error, "strerror", None) or "it is not a path"

    def _strange(self, folder: Path) -> Iterator[tuple[Path, str]]:
        """What in a folder is neither a folder nor a plain file, or leads elsewhere."""
        for path in folder.rglob("*"):
            if path.is_symlink() and path.is_dir():
                yield path.relative_to(folder), "a link to a folder"
            elif not path.is_dir() and (why := self._refusal(path, self._roots)):
                yield path.relative_to(folder), why
