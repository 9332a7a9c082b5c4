"""Music from a model, and people's beside it: `clstm generate` and `excerpts`."""

from pathlib import Path
from typing import Annotated

import typer

from clstm.cli.arguments import CorpusFolder, MusicFolder, Seed, warn_of_another_corpus
from clstm.music.left_out import sentence
from clstm.runtime.console import progress, say, warn
from clstm.runtime.errors import UserError, choice

app = typer.Typer(rich_markup_mode="markdown")


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
        warn_of_another_corpus([run], opened)
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
            run, chosen, out, seconds, sampling, corpus=opened, with_seed=with_seed, progress=advance
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
