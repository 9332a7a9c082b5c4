"""How well models predict, and how far back they look: `clstm accuracy`, `likelihood`, `benchmark` and
`reach`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clstm.cli.arguments import CorpusFolder, LatexTable, PairsTable, Seed
from clstm.runtime.commands import MEASURE, Commands, say_renamed
from clstm.runtime.console import console, progress, say, warn
from clstm.runtime.errors import MissingToolError, UserError
from clstm.runtime.files import write_table, write_text
from clstm.runtime.ownership import may_write_table, may_write_text, must_differ

if TYPE_CHECKING:
    import pandas as pd

app = Commands(MEASURE)

Split = Annotated[str | None, typer.Option(help="Split to score. Default: `test`, or `valid` without one.")]
Stride = Annotated[
    int, typer.Option(min=1, help="Frames from one window to the next. Odd: windows begin all over the beat.")
]
Systems = Annotated[
    list[str],
    typer.Argument(metavar="NAME=PATH", help="Each system, and its music: a file or a folder.", show_default=False),
]
Curves = Annotated[
    Path | None,
    typer.Option("--from", metavar="CSV", help="Measure nothing: draw this file of an earlier `clstm reach`."),
]
Figure = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Also draw the curves, as .svg, .pdf or .png.", show_default=False)
]


@app.command()
def accuracy(
    corpus: CorpusFolder,
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN", help="Runs, names of bundled models, or NAME=DIR with --replicates.", show_default=False
        ),
    ],
    split: Split = None,
    stride: Stride = 9,  # `score.HORIZON`, which would bring in numpy
    out: Annotated[Path | None, typer.Option(metavar="CSV", help="Also write every metric to this file.")] = None,
    latex: LatexTable = None,
    pairs: PairsTable = None,
    replicates: Annotated[
        bool, typer.Option("--replicates", help="The sub-folders of each NAME=DIR are trainings of one network.")
    ] = False,
    trainings: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Also write networks against networks, with trainings counted, to this file."),
    ] = None,
    baselines_from: Annotated[
        Path | None,
        typer.Option(metavar="CORPUS", help="Corpus on which the baselines are trained. Default: the one scored."),
    ] = None,
    seed: Seed = 0,
) -> None:
    """Measure how well each model predicts the next frame and the next nine (the paper's Table 2).

    Windows of exactly 90 frames, from a zero state, of pieces that no model has seen, compared with trivial baselines.
    Intervals are 95 %, over groups of pieces. Skill is the share of the best baseline's error, or of its nats per
    frame, that a model removes. Joint nats are of the next frame as it is drawn: models that draw notes have these
    alone, as they have no chance of each cell. Networks with five trainings each are compared by t between trainings.

    For example:

        clstm accuracy corpus rnn lstm c-lstm --out accuracy.csv --latex accuracy.tex
        clstm accuracy my-music rnn lstm c-lstm --baselines-from corpus
        clstm accuracy corpus lstm=lstm c-lstm=clstm --replicates --trainings t.csv
    """
    from clstm.api import scoring
    from clstm.prediction import tables
    from clstm.prediction import trainings as several
    from clstm.prediction.accuracy import COLUMNS, PAIRS

    may_write_table(out, COLUMNS)
    may_write_table(pairs, PAIRS, "--pairs")
    may_write_table(trainings, several.COLUMNS, "--trainings")
    must_differ(out=out, pairs=pairs, latex=latex, trainings=trainings)
    may_write_text(latex, tables.MADE, "LaTeX", "--latex")
    if trainings and not several.runs_of(runs, replicates=replicates)[1]:
        raise UserError("--trainings needs NAME=DIR with --replicates: several trainings of each network")
    with progress() as advance:
        found = scoring.accuracy(
            *(corpus, runs),
            split=split,
            stride=stride,
            replicates=replicates,
            baselines_from=baselines_from,
            seed=seed,
            caution=warn,
            progress=advance,
        )
    _show(found.table, found.pairs)
    if out:
        write_table(out, found.table)
    if latex:
        write_text(latex, found.to_latex())
    if pairs:
        write_table(pairs, found.pairs)
    if found.trainings is not None:
        for line in several.sentences(found.trainings):
            say(line)
        if trainings:
            write_table(trainings, found.trainings)


def _show(table: "pd.DataFrame", differences: "pd.DataFrame") -> None:
    from clstm.music.score import HORIZONS
    from clstm.prediction import tables

    for horizon in HORIZONS:
        console.print(tables.readable(table, horizon))
    if tables.has_joint(table):
        console.print(tables.joint(table))
    for of in tables.DIFFERENCES:
        if len(differences) and differences[of].notna().any():
            console.print(tables.compared(differences, of))
    for note in (*tables.notes(table), *tables.joint_notes(table), *tables.pair_notes(differences)):
        say(note)


@app.command()
def likelihood(
    systems: Systems,
    out: Annotated[
        Path, typer.Option(metavar="CSV", help="The table, one row per file and model.", show_default=False)
    ],
    models: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="RUN", help="A run or a bundled model; repeat it for more. Default: all four."),
    ] = None,
    stride: Stride = 9,  # `score.HORIZON`, which would bring in numpy
    seconds: Annotated[
        float | None, typer.Option(min=12.375, help="Use only this many seconds from the start of each piece.")
    ] = None,
    pedal: Annotated[
        bool, typer.Option("--pedal", help="Count notes as long as the pedal holds them, not as keys are down.")
    ] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that read. Default: one per core.")] = None,
) -> None:
    """Score how likely any music is under trained models: the negative log-likelihood, in nats per frame.

    Music becomes score matrices, and what that leaves out is said. Each frame scored is predicted from exactly 90
    frames before it, as in `clstm accuracy`; nothing is rendered. Joint nats are one scale for all models; models that
    draw notes also have those of whole pieces. Fewer nats are not better music: a model's own music, and a note that is
    repeated, are likely. Compare with people's nats: give the table to `compare` or `report` as
    --likelihood.

    For example:

        clstm likelihood human=music/human lstm=music/lstm --out likelihood.csv
        clstm likelihood human=human mine=new --model runs/lstm --out likelihood.csv
    """
    from clstm.prediction import likelihood as scoring
    from clstm.runtime.finding import named_paths

    may_write_table(out, scoring.COLUMNS)
    sources = named_paths(systems)
    with progress() as advance:
        found = scoring.score_systems(
            *(sources, models or ()),
            stride=stride,
            seconds=seconds,
            pedal=pedal,
            workers=workers,
            progress=advance,
        )
    write_table(out, found.table)
    for remark in found.remarks:
        warn(remark)
    for shown in scoring.mean_tables(found.table):
        console.print(shown)
    say(f"{out} made.")


@app.command()
def benchmark(
    corpus: Annotated[
        Path, typer.Argument(metavar="CORPUS", help="A benchmark's corpus, of 88 keys.", show_default=False)
    ],
    runs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="RUN", help="Runs trained on it. Default: baselines only.", show_default=False),
    ] = None,
    split: Annotated[str, typer.Option(help="Split to score; the literature reports `test`.")] = "test",
    out: Annotated[Path | None, typer.Option(metavar="CSV", help="Also write the table to this file.")] = None,
    latex: LatexTable = None,
    seed: Seed = 0,
) -> None:
    """Score models on the published benchmark of polyphonic music, with values from the literature.

    Nats per frame and expected accuracy. Each frame is predicted from all frames before it; the state is carried from
    zero through the whole sequence, after one silent frame. Over frames 1 to T as in 2012, and over frames 2 to T as in
    2018. Models that draw notes have joint nats of the keys, and no accuracy. Intervals are 95 %, over pieces.

    For example:

        clstm benchmark jsb runs/jsb-lstm runs/jsb-c-lstm --out jsb.csv --latex jsb.tex
    """
    from clstm import pretrained
    from clstm.corpus.corpus import Corpus
    from clstm.prediction import benchmark
    from clstm.training.origin import trained_elsewhere

    may_write_table(out, benchmark.COLUMNS)
    may_write_text(latex, benchmark.MADE, "LaTeX", "--latex")
    must_differ(out=out, latex=latex)
    opened = Corpus.open(corpus)
    benchmark.must_be_benchmark(opened)
    found = [pretrained.find(run) for run in runs or ()]
    for caution in trained_elsewhere(found, opened):
        warn(caution)
    with progress() as advance:
        scores = benchmark.score(opened, found, split=split, seed=seed, progress=advance)
    if out:
        write_table(out, scores.table)
    if latex:
        write_text(latex, benchmark.latex(scores))
    console.print(benchmark.readable(scores))
    for note in benchmark.notes(scores):
        say(note)


@app.command()
def reach(
    corpus: Annotated[
        Path | None, typer.Argument(metavar="CORPUS", help="A corpus made by `clstm prepare`.", show_default=False)
    ] = None,
    runs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="RUN", help="Runs, or names of bundled models.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="CSV", help="The curves, one row per model and frame.", show_default=False)
    ] = None,
    split: Split = None,
    count: Annotated[int, typer.Option(min=1, help="Number of windows, drawn at random.")] = 512,
    pairs: PairsTable = None,
    figure: Figure = None,
    curves: Curves = None,
    seed: Seed = 0,
) -> None:
    """Measure how far back each model looks: the gradient of the loss with respect to each input frame.

    This is the paper's vanishing gradient, as a curve. Intervals are 95 %, over groups of pieces. Models that draw
    notes read no frames, so they have none.

    For example:

        clstm reach corpus rnn lstm --out reach.csv --figure reach.svg
        clstm reach --from reach.csv --figure reach.svg
    """
    if curves:
        if corpus or out or pairs or not figure:
            raise UserError(
                "--from only draws an earlier measurement: give --figure with it, without CORPUS, --out and --pairs"
            )
        _drawing(figure)(curves)
        say(f"{figure} made.")
        return
    if not (corpus and runs and out):
        raise UserError(
            "give CORPUS, RUN and --out to measure, or --from CSV and --figure FILE to draw an earlier measurement"
        )
    _measure_reach(corpus, runs, out, split, count, pairs, figure, seed)


def _measure_reach(
    corpus: Path,
    runs: list[Path],
    out: Path,
    split: str | None,
    count: int,
    pairs: Path | None,
    figure: Path | None,
    seed: int,
) -> None:
    from clstm import pretrained
    from clstm.corpus.corpus import Corpus
    from clstm.prediction import gradient_reach, reach_tables
    from clstm.training.origin import other_lengths

    may_write_table(out, reach_tables.CURVES)
    may_write_table(pairs, reach_tables.PAIRS, "--pairs")
    must_differ(out=out, pairs=pairs, figure=figure)
    draw = _drawing(figure) if figure else None
    opened, found = Corpus.open(corpus), [pretrained.find(run) for run in runs]
    for caution in other_lengths(found, opened):
        warn(caution)
    with progress() as advance:
        measured = gradient_reach.measure(
            opened, found, split=split or opened.held_out, count=count, seed=seed, progress=advance
        )
    differences = reach_tables.pairs(measured, seed)
    write_table(out, reach_tables.curves(measured, seed))
    if pairs:
        write_table(pairs, differences)
    if draw:
        draw(out)
    for line in (*reach_tables.summary(measured, seed), *reach_tables.notes(measured, differences)):
        say(line)


def _drawing(figure: Path, option: str = "--figure") -> Callable[[Path], None]:
    """What draws a CSV of curves; figures are above this package, which finds them by their entry point.

    Raises `UserError` for a figure that cannot be written.
    """
    from clstm.runtime.shadowing import load

    try:
        drawing: Callable[[Path, str], Callable[[Path], None]] = load("clstm.figures", "reach")
    except LookupError as error:
        raise MissingToolError("clstm's figures are not installed; install it again: pip install clstm") from error
    return drawing(figure, option)


@app.command("reach-figure", hidden=True)
def reach_figure(
    curves: Annotated[Path, typer.Argument(metavar="CSV", help="The CSV of `clstm reach`.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The figure to write, .svg, .pdf or .png.")],
) -> None:
    """The old name of `clstm reach --from`, in this version only.

    For example:

        clstm reach-figure reach.csv --out reach.svg
    """
    say_renamed("clstm reach-figure CSV --out FILE", "clstm reach --from CSV --figure FILE")
    _drawing(out, "--out")(curves)
    say(f"{out} made.")
