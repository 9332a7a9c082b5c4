"""How well models predict, and how far back they look: `clstm accuracy`, `benchmark` and `reach`."""

from pathlib import Path
from typing import Annotated

import typer

from clstm.cli.arguments import CorpusFolder, Seed, warn_of_another_corpus
from clstm.runtime.console import console, progress, say, warn
from clstm.runtime.files import write_table, write_text
from clstm.runtime.ownership import may_write_table, may_write_text, must_differ

app = typer.Typer(rich_markup_mode="markdown")


@app.command()
def accuracy(
    corpus: CorpusFolder,
    runs: Annotated[list[Path], typer.Argument(help="Runs, or names of bundled models.", show_default=False)],
    split: Annotated[str | None, typer.Option(help="The split to score; `test`, else `valid`.")] = None,
    stride: Annotated[
        int, typer.Option(min=1, help="Frames from one window to the next; odd, to meet every place of a beat.")
    ] = 9,
    out: Annotated[Path | None, typer.Option(help="Also write every figure to this CSV file.")] = None,
    latex: Annotated[Path | None, typer.Option(help="Also write a LaTeX table, for booktabs.")] = None,
    pairs: Annotated[Path | None, typer.Option(help="Also write model against model to this CSV file.")] = None,
    baselines_from: Annotated[
        Path | None,
        typer.Option(help="The corpus whose train split the baselines learn from; default the one scored."),
    ] = None,
    seed: Seed = 0,
) -> None:
    """The paper's Table 2: how well each model predicts the next frame and the next nine, beside baselines that know no
    music.

    Exact 90-frame windows from a zero state, on pieces no model has seen; intervals are 95 %, over groups of pieces.
    Skill is the share of the best baseline's error, or of its nats per frame, that a model removes.

    Examples: `clstm accuracy corpus runs/rnn runs/lstm runs/c-lstm --out accuracy.csv --latex accuracy.tex` ·
    `clstm accuracy my-music rnn lstm c-lstm --baselines-from corpus`
    """
    from clstm import pretrained
    from clstm.corpus.corpus import Corpus
    from clstm.prediction import accuracy as scoring
    from clstm.prediction import predictors, tables

    may_write_table(out, scoring.COLUMNS)
    may_write_table(pairs, scoring.PAIRS, "--pairs")
    must_differ(out=out, pairs=pairs, latex=latex)
    may_write_text(latex, tables.MADE, "LaTeX", "--latex")
    opened = Corpus.open(corpus)
    runs = [pretrained.find(run) for run in runs]
    predictors.shared_window(opened, runs)  # before any warning: runs and corpus that do not fit
    split = split or opened.held_out
    teacher = Corpus.open(baselines_from) if baselines_from else None
    learning = predictors.on_learning(opened, split, teacher)
    warn_of_another_corpus(runs, opened)
    for caution in (*predictors.cautions(opened, runs, split), *filter(None, [learning])):
        warn(caution)
    with progress() as advance:
        counts = scoring.score(opened, runs, split=split, stride=stride, teacher=teacher, progress=advance)
    table, differences = scoring.summarise(counts, seed), scoring.differences(counts, seed)
    for horizon in predictors.HORIZONS:
        console.print(tables.readable(table, horizon))
    remarks = tables.notes(table)
    if len(differences):
        console.print(tables.compared(differences))
        remarks += tables.pair_notes(differences)
    for note in remarks:
        say(note)
    if out:
        write_table(out, table)
    if latex:
        write_text(latex, tables.latex(table))
    if pairs:
        write_table(pairs, differences)


@app.command()
def benchmark(
    corpus: Annotated[Path, typer.Argument(help="A benchmark's corpus, of 88 keys.", show_default=False)],
    runs: Annotated[
        list[Path] | None, typer.Argument(help="Runs trained on it; without any, baselines alone.", show_default=False)
    ] = None,
    split: Annotated[str, typer.Option(help="The split to score; the literature is about `test`.")] = "test",
    out: Annotated[Path | None, typer.Option(help="Also write the table to this CSV file.")] = None,
    latex: Annotated[Path | None, typer.Option(help="Also write it as a LaTeX table, for booktabs.")] = None,
    seed: Seed = 0,
) -> None:
    """The published benchmark of polyphonic music: nats per frame and expected accuracy, beside the literature's.

    Each frame is predicted from all before it, the state carried from zero through the whole sequence; silence stands
    before the first. Over frames 1..T as in 2012, over frames 2..T as in 2018. Intervals are 95 %, over pieces.

    Example: `clstm benchmark jsb runs/jsb-lstm runs/jsb-c-lstm --out jsb.csv --latex jsb.tex`
    """
    from clstm import pretrained
    from clstm.corpus.corpus import Corpus
    from clstm.prediction import benchmark

    may_write_table(out, benchmark.COLUMNS)
    may_write_text(latex, benchmark.MADE, "LaTeX", "--latex")
    must_differ(out=out, latex=latex)
    opened = Corpus.open(corpus)
    benchmark.must_be_benchmark(opened)
    runs = [pretrained.find(run) for run in runs or ()]
    warn_of_another_corpus(runs, opened)
    with progress() as advance:
        scores = benchmark.score(opened, runs, split=split, seed=seed, progress=advance)
    if out:
        write_table(out, scores.table)
    if latex:
        write_text(latex, benchmark.latex(scores))
    console.print(benchmark.readable(scores))
    for note in benchmark.notes(scores):
        say(note)


@app.command()
def reach(
    corpus: CorpusFolder,
    runs: Annotated[list[Path], typer.Argument(help="Runs, or names of bundled models.", show_default=False)],
    out: Annotated[Path, typer.Option(help="CSV file of the curves to write.", show_default=False)],
    split: Annotated[str | None, typer.Option(help="The split the windows are from; `test`, else `valid`.")] = None,
    count: Annotated[int, typer.Option(min=1, help="Windows, drawn at random.")] = 512,
    pairs: Annotated[Path | None, typer.Option(help="Also write model against model to this CSV file.")] = None,
    seed: Seed = 0,
) -> None:
    """How far back each model looks: the gradient of what it is asked, with respect to every frame of the window.

    The paper's vanishing gradient, as a curve; intervals are 95 %, over groups of pieces. `clstm reach-figure` draws
    it.

    Example: `clstm reach corpus runs/rnn runs/lstm --out reach.csv --pairs reach-pairs.csv`
    """
    from clstm import pretrained
    from clstm.corpus.corpus import Corpus
    from clstm.prediction import gradient_reach as looking_back
    from clstm.prediction import reach_tables

    may_write_table(out, reach_tables.CURVES)
    may_write_table(pairs, reach_tables.PAIRS, "--pairs")
    must_differ(out=out, pairs=pairs)
    opened, found = Corpus.open(corpus), [pretrained.find(run) for run in runs]
    with progress() as advance:
        measured = looking_back.measure(
            opened, found, split=split or opened.held_out, count=count, seed=seed, progress=advance
        )
    differences = reach_tables.pairs(measured, seed)
    write_table(out, reach_tables.curves(measured, seed))
    if pairs:
        write_table(pairs, differences)
    for line in (*reach_tables.summary(measured, seed), *reach_tables.notes(measured, differences)):
        say(line)
