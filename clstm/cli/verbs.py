"""The verbs of this package. Each parses, calls one function, prints; what is heavy is imported when it is needed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clstm.music.left_out import sentence
from clstm.runtime.console import console, progress, progress_bar, say, warn
from clstm.runtime.errors import UserError, choice
from clstm.runtime.files import write_table, write_text
from clstm.runtime.ownership import may_write_table, may_write_text, must_differ

if TYPE_CHECKING:
    from clstm.corpus.corpus import Corpus
    from clstm.training.loop import Run

app = typer.Typer(rich_markup_mode="markdown")

# Of several verbs.
CorpusFolder = Annotated[Path, typer.Argument(help="A corpus made by `clstm prepare`.", show_default=False)]
MusicFolder = Annotated[Path, typer.Option(help="Folder for the MIDI files.", show_default=False)]
Seed = Annotated[int, typer.Option(min=0, help="Seed of everything drawn at random.")]

# Of `train`.
Kind = Annotated[str, typer.Argument(metavar="{rnn|lstm|c-lstm|c-lstm-plus}", help="The network.", show_default=False)]
Preset = Annotated[
    str, typer.Option(help="`small`; `paper` for the paper's sizes; `paper-matched` for an LSTM as large as those.")
]
Supervision = Annotated[
    str | None, typer.Option(help="`dense` asks at every frame, `last` once a window, as the paper does.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Any other setting, such as hidden=512; may be given again."),
]
Precision = Annotated[str, typer.Option(help="Lightning's names: 32-true, bf16-mixed, bf16-true, 16-mixed.")]


@app.command()
def prepare(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="MIDI files, folders of them, `music21:bach`; `maestro-v3`; or a benchmark's `.mat`.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the corpus to make.", show_default=False)],
    index: Annotated[
        Path | None, typer.Option(help="CSV with columns file, split, group; paths relative to it.")
    ] = None,
    pedal: Annotated[bool, typer.Option(help="Let the sustain pedal lengthen notes.")] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that read files; default all cores.")] = None,
    seed: Seed = 0,
) -> None:
    """Make a corpus: MIDI files become score matrices, split by piece into train, valid and test.

    Folders are searched recursively. What cannot be used is listed with its reason in `rejected.csv`. `maestro-v3` is
    downloaded once (56 MB) and keeps its published splits; so does a MATLAB file of the polyphonic benchmark, and
    `clstm benchmark` scores what is trained on that.

    Examples: `clstm prepare ~/midi --out corpus` · `clstm prepare music21:bach --out chorales` ·
    `clstm prepare maestro-v3 --pedal --out maestro` · `clstm prepare JSB_Chorales.mat --out jsb`
    """
    from clstm.corpus import maestro
    from clstm.corpus.corpus import summary
    from clstm.corpus.preparation import prepare

    if maestro.SOURCE in sources:
        say(maestro.NOTICE)
    started = time.monotonic()
    with progress() as advance:
        made = prepare(sources, out, index=index, pedal=pedal, seed=seed, workers=workers, advance=advance)
    say(summary(made))
    say(f"{out} made in {time.monotonic() - started:.1f} s.")


@app.command()
def train(
    kind: Kind,
    corpus: CorpusFolder,
    out: Annotated[Path, typer.Option(help="Folder of the run.", show_default=False)],
    preset: Preset = "small",
    minutes: Annotated[float | None, typer.Option(help="Budget in minutes of training.")] = None,
    epochs: Annotated[float | None, typer.Option(help="Budget in passes over the training music.")] = None,
    steps: Annotated[int | None, typer.Option(help="Budget in steps.")] = None,
    rate: Annotated[float | None, typer.Option(help="Highest learning rate, instead of the preset's.")] = None,
    supervision: Supervision = None,
    settings: Settings = None,
    devices: Annotated[int, typer.Option(min=1, help="GPUs, or processes on the CPU, that share each batch.")] = 1,
    nodes: Annotated[int, typer.Option(min=1, help="Machines, each started with torchrun.")] = 1,
    precision: Precision = "32-true",
    resume: Annotated[bool, typer.Option(help="Go on with the run in this folder.")] = False,
    seed: Seed = 0,
) -> None:
    """Train one of the paper's three networks, or our own. Ctrl-C stops cleanly; `--resume` goes on exactly where it
    stopped.

    Without a budget the preset's is used: one minute for `small`, the paper's 64 epochs for `paper`.

    Examples: `clstm train c-lstm corpus --out runs/c-lstm --minutes 5` · the same again with `--resume`
    """
    from clstm.corpus.corpus import Corpus
    from clstm.training import loop
    from clstm.training.settings import PRECISIONS, Machines, configure

    opened = Corpus.open(corpus)
    given: dict[str, Any] = {"supervision": supervision, "rate": rate, "seed": seed}
    budgets: dict[str, Any] = {"steps": steps, "epochs": epochs, "minutes": minutes}
    network, config = configure(kind, preset, rows=opened.rows, settings=settings or (), **given, **budgets)
    machines = Machines(devices, nodes, choice("--precision", precision, PRECISIONS))
    with _budget_bar(kind) as report:
        run = loop.train(opened, out, network, config, machines=machines, resume=resume, report=report)
    if run.first:
        say(loop.summary(run))


@contextmanager
def _budget_bar(kind: str) -> Iterator[Callable[["Run"], None]]:
    """A bar of how much of the budget is spent. It takes reports in the first process only: the others show none."""
    with progress_bar() as bar:
        task = bar.add_task(f"Training {kind}", total=100, visible=False)

        def report(run: "Run") -> None:
            best = f", {run.progress.best:.2f} nats" if run.progress.log else ""
            said = f"Training {kind}, step {run.progress.step}{best}"
            bar.update(task, completed=100 * run.spent, description=said, visible=True)

        yield report


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
    _warn_of_another_corpus(runs, opened)
    for caution in (*predictors.cautions(opened, runs, split), *filter(None, [learning])):
        warn(caution)
    with progress() as advance:
        counts = scoring.score(opened, runs, split=split, stride=stride, teacher=teacher, advance=advance)
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
    _warn_of_another_corpus(runs, opened)
    with progress() as advance:
        scores = benchmark.score(opened, runs, split=split, seed=seed, advance=advance)
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
            opened, found, split=split or opened.held_out, count=count, seed=seed, advance=advance
        )
    differences = reach_tables.pairs(measured, seed)
    write_table(out, reach_tables.curves(measured, seed))
    if pairs:
        write_table(pairs, differences)
    for line in (*reach_tables.summary(measured, seed), *reach_tables.notes(measured, differences)):
        say(line)


@app.command()
def generate(
    run: Annotated[Path, typer.Argument(help="A run, or the name of a bundled model.", show_default=False)],
    out: MusicFolder,
    seed_midi: Annotated[list[Path] | None, typer.Option(help="Continue this MIDI file; may be given again.")] = None,
    seed_start: Annotated[float, typer.Option(min=0, help="Where in --seed-midi the window begins, in seconds.")] = 0.0,
    corpus: Annotated[Path | None, typer.Option(help="Continue windows of this corpus.")] = None,
    split: Annotated[str | None, typer.Option(help="The split the windows are from; `test`, or `valid`.")] = None,
    count: Annotated[int, typer.Option(min=1, help="Continuations: of each file, or of as many windows.")] = 10,
    seconds: Annotated[float, typer.Option(help="Length of each.")] = 30.0,
    mode: Annotated[str, typer.Option(help="`window` is the paper's way; `stream` carries the state on.")] = "window",
    step: Annotated[
        int | None,
        typer.Option(min=1, help="Frames written from one answer, 1 to 9; default 9 in `window`, 1 in `stream`."),
    ] = None,
    temperature: Annotated[float, typer.Option(min=0.01, help="Below 1 likelier notes, above 1 wilder ones.")] = 1.0,
    threshold: Annotated[
        float | None, typer.Option(help="Draw nothing: a note is on when its chance is at least this.")
    ] = None,
    rescue: Annotated[
        bool, typer.Option("--rescue", help="Draw again what falls silent, saturates or loops; not for evaluation.")
    ] = False,
    with_seed: Annotated[bool, typer.Option(help="Keep the seed before the continuation.")] = False,
    seed: Seed = 0,
) -> None:
    """Let a model continue music. MIDI files come out, without the seed, beside `generated.json`.

    It continues windows of a corpus's test split, or the opening of MIDI files, or, with neither, the first bars of
    Bach's Prelude in C. What falls silent, saturates or loops is counted, with the second in which that sets in.

    Examples: `clstm generate c-lstm --out music` · `clstm generate runs/c-lstm --corpus corpus --out music/c-lstm` ·
    `clstm generate runs/c-lstm --seed-midi song.mid --count 3 --rescue --out music/song`
    """
    from clstm import pretrained
    from clstm.corpus.corpus import Corpus
    from clstm.generation import continuations, prompts
    from clstm.generation import sampling as generation

    run = pretrained.find(run)
    continuations.may_write(out, run, corpus, *(seed_midi or ()))
    if corpus and seed_midi:
        raise UserError("give one thing to continue: --corpus CORPUS, --seed-midi FILE, or neither for a Bach prelude")
    written = choice("--mode", mode, generation.MODES)
    sampling = generation.Sampling(written, step, temperature, threshold, rescue, seed)
    window, frames = continuations.usable(run, sampling).window, continuations.frames_of(seconds)
    opened = Corpus.open(corpus) if corpus else None
    if opened:
        _warn_of_another_corpus([run], opened)
        chosen = prompts.from_corpus(opened, split or opened.held_out, count, frames, seed, window)
    else:
        given = [prompts.from_midi(path, seed_start, window) for path in seed_midi or ()] or [prompts.opening(window)]
        chosen = [one for one in given for _ in range(count)]
        if words := sentence(one.left_out for one in given):
            warn(words)
        if threshold is not None and count > 1:
            warn(f"Nothing is drawn with --threshold: the {count} continuations of a seed are the same")
    for one in chosen[:: 1 if opened else count]:
        if one.padding:
            silence = f"{one.padding / 8:g} s of silence were put before it"
            warn(f"{one.name} is shorter than the window of {window / 8:g} s: {silence}")
    with progress() as advance:
        manifest = continuations.by_model(
            run, chosen, out, seconds, sampling, corpus=opened, with_seed=with_seed, advance=advance
        )
    say(continuations.summary(manifest, out))


@app.command()
def excerpts(
    corpus: CorpusFolder,
    out: MusicFolder,
    split: Annotated[str | None, typer.Option(help="The split they are from; `test`, or `valid`.")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many.")] = 10,
    seconds: Annotated[float, typer.Option(help="Length of each.")] = 30.0,
    played: Annotated[
        Path | None,
        typer.Option(help="The folder the corpus was made of: excerpts as played there, velocity and timing kept."),
    ] = None,
    seed: Seed = 0,
) -> None:
    """What the pieces themselves do after the seeds of `clstm generate`: the human counterpart of its music.

    With the same corpus, split, count, seconds and seed, file by file the same seeds.

    Example: `clstm excerpts corpus --out music/human`
    """
    from clstm.corpus.corpus import Corpus
    from clstm.generation import continuations, prompts

    continuations.may_write(out, corpus, played)
    opened = Corpus.open(corpus)
    chosen = prompts.from_corpus(opened, split or opened.held_out, count, continuations.frames_of(seconds), seed)
    manifest = continuations.by_people(chosen, out, corpus=opened, played=played)
    if words := manifest.get("left_out"):
        warn(words)
    say(continuations.summary(manifest, out))


@app.command()
def demo(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for everything that is made.", show_default=False)],
    train: Annotated[
        bool, typer.Option("--train", help="Train the paper's three, small, on the chorales; take no bundled model.")
    ] = False,
    minutes: Annotated[float | None, typer.Option(help="With --train, training time of each; default 1.")] = None,
    seed: Seed = 0,
) -> None:
    """Everything once, on Bach chorales: corpus, models, accuracy, music, audio, report and listening study.

    The models are those that come with the package, trained on other piano music. Prints each command as it runs it.
    Stopped half way, the same command goes on.

    Examples: `clstm demo --out demo` · `clstm demo --train --minutes 5 --out demo-of-my-own`
    """
    from clstm.demo import run

    if minutes is not None and not train:
        raise UserError("--minutes is time for training, and the bundled models are trained; give --train with it")
    run(out, context.find_root().command, train=train, minutes=minutes or 1.0, seed=seed)


def _warn_of_another_corpus(runs: list[Path], corpus: "Corpus") -> None:
    """One line for all of them."""
    from clstm import pretrained
    from clstm.models.checkpoint import read_config

    trained_on = {pretrained.title(run): read_config(run).get("corpus", {}).get("sha256") for run in runs}
    if others := [title for title, corpus_of_run in trained_on.items() if corpus_of_run != corpus.sha256]:
        were = "was" if len(others) == 1 else "were"
        warn(
            f"{', '.join(others)} {were} trained on another corpus than {corpus.path}, and may have seen the pieces"
            " held out there"
        )
