"""The options of `clstm report make`, one field each: its name on the command line, its help and its default.

A field has the name of the field of `reports.inputs.request.ReportRequest` that it fills. The two classes are apart
because that module imports pandas, and help must come at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from evaluation.cli.arguments import (
    Embeddings,
    Instrument,
    Likelihood,
    Limits,
    Margin,
    OtherSoundfont,
    Pedal,
    Reference,
    Replicates,
    Robustness,
    Seconds,
    Seed,
    Skip,
    Soundfont,
    Systems,
)

if TYPE_CHECKING:
    from reports.inputs.request import ReportRequest

Options = TypeVar("Options")


def taking(kind: type[Options]) -> Callable[[Callable[[Options], None]], Callable[..., None]]:
    """Let a command take its options as one object, whose fields declare them as Typer's parameters do."""

    def decorated(command: Callable[[Options], None]) -> Callable[..., None]:
        @wraps(command)
        def run(**given: Any) -> None:
            command(kind(**given))

        # Typer reads a command's parameters from here.
        vars(run)["__signature__"] = signature(kind)
        run.__annotations__ = kind.__annotations__
        return run

    return decorated


@dataclass(frozen=True)
class ReportOptions:
    """What was typed after `clstm report make`."""

    sources: Systems
    reference: Reference
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the report; an earlier one there is replaced.")]
    accuracy: Annotated[
        Path | None, typer.Option("--accuracy", metavar="CSV", help="From `clstm accuracy --out`: prediction.")
    ] = None
    pairs: Annotated[
        Path | None, typer.Option("--pairs", metavar="CSV", help="From `clstm accuracy --pairs`: model against model.")
    ] = None
    trainings: Annotated[
        Path | None,
        typer.Option(
            "--trainings", metavar="CSV", help="From `clstm accuracy --trainings`: networks, with trainings counted."
        ),
    ] = None
    reach: Annotated[
        Path | None, typer.Option("--reach", metavar="CSV", help="From `clstm reach --out`: how far back models look.")
    ] = None
    reach_pairs: Annotated[
        Path | None,
        typer.Option("--reach-pairs", metavar="CSV", help="From `clstm reach --pairs`: does the gradient vanish?"),
    ] = None
    study: Annotated[
        Path | None, typer.Option(metavar="DIR", help="From `clstm study results --out`: what listeners answered.")
    ] = None
    index: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help="A table with the column file; and group, composer, title, licence and source where known. Pieces of "
            "one group are not independent; the other columns are credits.",
        ),
    ] = None
    weights: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=RUN", help="The run that made a system's music. Bundled models are recognised."),
    ] = None
    variants: Annotated[
        list[str] | None,
        typer.Option(
            "--variant",
            metavar="SYSTEM:LABEL=PATH",
            help="A system's music decoded another way, as in `lstm:threshold 0.15=DIR`: which claims change?",
        ),
    ] = None
    grid: Annotated[
        str,
        typer.Option(
            help="`auto`: compare each system with the reference under the limits of its own music. Or which MIDI "
            "passes through the score matrix and one velocity first: `reference`, `all`, `none`."
        ),
    ] = "auto"
    limits: Limits = None
    margin: Margin = ""
    replicates: Replicates = False
    embeddings: Embeddings = None
    skip: Skip = None
    likelihood: Likelihood = None
    seconds: Seconds = None
    robustness: Robustness = False
    other_soundfont: OtherSoundfont = None
    soundfont: Soundfont = None
    instrument: Instrument = None
    pedal: Pedal = False
    unheard: Annotated[
        list[str] | None,
        typer.Option(
            "--without-audio",
            metavar="NAME",
            help="Leave out this system's audio, for music that may not be redistributed.",
        ),
    ] = None
    samples: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Pieces of each system that can be heard, drawn at random. Default: all, up to 112 MB of players.",
        ),
    ] = None
    single: Annotated[
        bool, typer.Option("--single-file", help="Make --out one HTML file that contains everything.")
    ] = False
    page_only: Annotated[
        bool, typer.Option("--page-only", help="Leave out the figures for print (PDF, PNG): a third of the size.")
    ] = False
    title: Annotated[str | None, typer.Option(help="The title of the page.")] = None
    seed: Seed = 0

    def request(self, command: str) -> "ReportRequest":
        """The request for this report. command : what was typed, to be printed in it

        Raises `UserError` for a grid that is none.
        """
        from clstm.runtime.errors import choice
        from evaluation.audio.render import RenderSettings
        from evaluation.comparison.sets.references import GRIDS
        from reports.inputs.request import ReportRequest

        # Typer gives lists, and None where an option that can be repeated was not given.
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in vars(self).items()
        }
        several = ("weights", "variants", "unheard", "limits", "embeddings", "skip")
        given |= {name: given[name] or () for name in several}
        given["grid"] = choice("--grid", self.grid, GRIDS)
        settings = RenderSettings(soundfont=given.pop("soundfont"), instrument=given.pop("instrument"))
        for_print = not given.pop("page_only")
        return ReportRequest(**given, settings=settings, for_print=for_print, command=command)
