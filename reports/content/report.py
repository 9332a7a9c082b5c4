"""A report whole: what `report.json` holds, and how it is read again.

    from reports.content.report import read_report
    report = read_report("report")
    [row.metric for row in report.verdict if row.differs]

`reports/schema.json` is its JSON schema, written from these types by `python -m reports.content.report`.
"""

import json
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, JsonValue, ValidationError

from clstm.runtime import old_names
from clstm.runtime.errors import UserError
from clstm.runtime.files import read_json
from evaluation.comparison.verdict import VerdictRow
from reports.content.listeners import StudyContent
from reports.content.provenance import InputFile, Provenance
from reports.content.rows import (
    AccuracyRow,
    ClaimRow,
    CorrelationRow,
    DistanceRow,
    MetricSummary,
    PairRow,
    Part,
    SummaryLine,
    TableContent,
    TrainingRow,
    TrainingTestRow,
)
from reports.content.standing import FirstScreen

MADE_BY: Final = "clstm report"
FORMAT: Final = 3  # 2 had one column `how`, an English phrase, in place of direction and magnitude
OLD: Final = 2  # read in today's names; a system of a new report may be called by an old one
FORMATS: Final = (OLD, FORMAT)  # that can be read
RECORD: Final = "report.json"
SCHEMA: Final = Path(__file__).parents[1] / "schema.json"

SystemRole = Literal["reference", "control", "system"]
ModelRole = Literal["human", "rnn", "lstm", "c-lstm"]


class Touch(Part):
    """Whether all notes of a system have one velocity, and whether all begin at multiples of 1/8 s."""

    one_velocity: bool
    on_grid: bool


class LeftOutFile(Part):
    file: str
    reason: str


class SystemContent(Part):
    """One system as the page shows it.

    shown : the piece in figures and players; model : the kind of model that made it, None where nothing shows it
    touch : None of audio, of which nothing is known; generated : of `generated.json`, without its items
    against : what it is compared with, "" of what others are compared with alone, and in older reports; why : a clause
        each
    """

    name: str
    role: SystemRole
    colour: str
    shown: str
    median_seconds: float
    inputs: tuple[InputFile, ...]
    failures: tuple[LeftOutFile, ...] = ()
    remarks: tuple[str, ...] = ()
    model: str | None = None
    touch: Touch | None = None
    against: str = ""
    why: tuple[str, ...] = ()
    generated: dict[str, JsonValue] | None = None


class ControlContent(Part):
    """A set of the reference's pieces under limits: its name, and what it is, a clause that begins with "with".

    parts : each limit in words, by what it limits; removes : what the reference has and this lacks. Both are empty in
        older reports
    """

    name: str
    limits: str
    parts: dict[str, str] = Field(default_factory=dict)
    removes: tuple[str, ...] = ()


class VariantContent(Part):
    """A system's music decoded another way: its label, where it is, and how many pieces can be used."""

    system: str
    label: str
    path: str
    pieces: int


class ReportContent(Part):
    """All numbers of a report and what they say.

    against : what the systems are compared with, the reference or its control; where they are compared with several,
        the reference, and `systems` and `verdict` say which
    controls : what the reference is under each control
    seconds_drawn, seconds_heard : of every song shown, in figures and in players
    parts : which system has which part in the paper's claims
    distances, pairs : in all metrics together and by view; empty in older reports
    ranked_under : the limits that all systems ranked were measured under again, in words; "" where there were none
    trainings, training_tests, training_lines : of systems with several trainings, each training's values, their tests,
        and what follows
    beside : tables that not every report has: embeddings, true continuations, likelihood, the literature, power
    first : the first screen: question, answer, and where each system stands; empty in older reports
    remarks : caveats; sounds : the other sounds of --robustness
    """

    made_by: Literal["clstm report"] = MADE_BY
    format: int = FORMAT
    title: str
    reference: str
    against: str
    seconds_drawn: float
    seconds_heard: float
    systems: tuple[SystemContent, ...]
    controls: tuple[ControlContent, ...] = ()
    parts: dict[ModelRole, str] = Field(default_factory=dict)
    variants: tuple[VariantContent, ...] = ()
    remarks: tuple[str, ...] = ()
    sounds: tuple[str, ...] = ()
    verdict: tuple[VerdictRow, ...] = ()
    distances: tuple[DistanceRow, ...] = ()
    pairs: tuple[PairRow, ...] = ()
    ranked_under: str = ""
    numbers: tuple[MetricSummary, ...] = ()
    trainings: tuple[TrainingRow, ...] = ()
    training_tests: tuple[TrainingTestRow, ...] = ()
    training_lines: tuple[str, ...] = ()
    beside: tuple[TableContent, ...] = ()
    accuracy: tuple[AccuracyRow, ...] = ()
    study: StudyContent | None = None
    correlation: tuple[CorrelationRow, ...] = ()
    claims: tuple[ClaimRow, ...] = ()
    first: FirstScreen = Field(default_factory=FirstScreen)
    summary: tuple[SummaryLine, ...] = ()
    provenance: Provenance

    @property
    def compared_with(self) -> str:
        """What the systems are compared with, where that is one thing, or what to call it."""
        several = len({row.against for row in self.verdict}) > 1
        return "what it is compared with" if several else self.against

    def to_json(self) -> dict[str, Any]:
        """What `report.json` holds."""
        return self.model_dump(mode="json")


def read_report(folder: Path | str) -> ReportContent:
    """The content of a report's folder, of this version or an earlier one. Raises `UserError` for anything else."""
    path = Path(folder) / RECORD
    hint = "give a folder that `clstm report --out` wrote"
    try:
        content = read_json(path)
        if isinstance(content, dict) and content.get("format") == OLD:
            content = old_names.translated(content)
            if content.get("accuracy", ()) is None:
                content["accuracy"] = []  # as format 2 wrote a table that was not given
        report = _with_against(ReportContent.model_validate(content))
    except OSError as error:
        raise UserError(f"{folder} has no readable {RECORD} ({error.strerror}); {hint}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        raise UserError(
            f"{path} is damaged at {'.'.join(map(str, first['loc'])) or 'its beginning'}; {hint}"
        ) from error
    except ValueError as error:
        raise UserError(f"{path} is not JSON; {hint}") from error
    if report.format not in FORMATS:
        raise UserError(f"{path} has format {report.format}; this version reads {' and '.join(map(str, FORMATS))}")
    return report


def _with_against(report: ReportContent) -> ReportContent:
    """A report of before each row said what its system is compared with: all with the same."""
    rows = tuple(row if row.against else row.model_copy(update={"against": report.against}) for row in report.verdict)
    return report.model_copy(update={"verdict": rows})


def schema() -> str:
    """The JSON schema of `report.json`, as `reports/schema.json` holds it.

    >>> json.loads(schema())["required"][:3]
    ['title', 'reference', 'against']
    """
    found = ReportContent.model_json_schema(mode="serialization")
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(schema(), encoding="utf-8")
