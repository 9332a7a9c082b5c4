"""How a report was made, as types: what somebody else needs to make it again, and what `clstm report verify` compares.

`manifest.json` holds the same and the hashes of the report's own files; `reports.verification.manifest` reads it again.
"""

from pydantic import Field, JsonValue

from evaluation.comparison.sets.references import Grid
from reports.content.rows import Part


class InputFile(Part):
    """A piece by what it is called within its system; its length in seconds; credit as the index has it."""

    file: str
    sha256: str
    seconds: float
    credit: dict[str, str] = Field(default_factory=dict)


class UnusedFile(Part):
    """sha256 : "" of a file that cannot be opened"""

    sha256: str
    reason: str


class RecordedWeights(Part):
    """run : the path that was typed, or `bundled:NAME`; None where they were not at hand"""

    sha256: str | None
    run: str | None
    licence: str | None = None


class RecordedSystem(Part):
    """left_out : by file; generated : what `generated.json` beside the music holds, without its items"""

    name: str
    path: str
    files: tuple[InputFile, ...]
    left_out: dict[str, UnusedFile] = Field(default_factory=dict)
    weights: RecordedWeights | None = None
    generated: dict[str, JsonValue] | None = None


class HashedFile(Part):
    file: str
    sha256: str


class RecordedVariant(Part):
    system: str
    label: str
    path: str
    files: tuple[HashedFile, ...]


class RecordedTable(Part):
    """A table, or folder of results, that was given with the music."""

    path: str
    sha256: str


class Choices(Part):
    """What the user chose. `command` is what was typed; `limits` what was declared of systems, as with --limits."""

    command: str = ""
    reference: str
    grid: Grid = "reference"
    limits: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    pedal: bool = False
    replicates: bool = False
    margin: str = ""
    embeddings: tuple[str, ...] = ()
    seconds: float | None = None
    robustness: bool = False
    seed: int = 0
    without_audio: tuple[str, ...] = ()


class Provenance(Choices):
    """Everything a report rests on.

    files : tables given with the music, by their options
    rendering : of `evaluation.audio.render.describe`; None where all music came as audio
    resamples : of each interval; None in older reports
    method, catalogue, controls : versions of the tests, of the metrics and of what `--grid auto` does
    """

    systems: tuple[RecordedSystem, ...] = ()
    files: dict[str, RecordedTable] = Field(default_factory=dict)
    rendering: dict[str, JsonValue] | None = None
    soundfont_path: str | None = None
    soundfont_licence: str | None = None
    versions: dict[str, str] = Field(default_factory=dict)
    resamples: int | None = None
    method: int = 1
    catalogue: int = 1
    controls: int = 1
    variants: tuple[RecordedVariant, ...] = ()
