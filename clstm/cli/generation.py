"""Music from a model, and the human continuations of the same prompts: `clstm generate` and `excerpts`."""

from pathlib import Path
from typing import Annotated

import typer

from clstm.cli.arguments import CorpusFolder, MusicFolder, Seed
from clstm.runtime.commands import MAKE, Commands
from clstm.runtime.console import progress, say, warn
from clstm.runtime.errors import choice

app = Commands(MAKE)

Prompts = Annotated[
    list[Path] | None,
    typer.Option("--prompt", metavar="FILE", help="Continue this MIDI file; may be repeated.", show_default=False),
]
PromptStart = Annotated[
    float, typer.Option("--prompt-start", min=0, help="Where in each --prompt to begin reading, in seconds.")
]
Mode = Annotated[
    str, typer.Option(help="`window` reads the last 90 frames anew, as the paper does; `stream` keeps the state.")
]
Step = Annotated[
    int | None,
    typer.Option(min=1, help="Frames written per prediction, 1 to 9. Default: 9 in `window`, 1 in `stream`."),
]
Temperature = Annotated[
    float, typer.Option(min=0.01, help="Below 1: likely notes become likelier. Above 1: more random.")
]
TopP = Annotated[
    float | None,
    typer.Option(
        help="Of the pitches, draw only the likeliest that together have this probability. For the kind `notes`.",
        show_default=False,
    ),
]
Threshold = Annotated[
    float | None,
    typer.Option(help="Do not draw: a note is on when its probability is at least this.", show_default=False),
]
Rescue = Annotated[
    bool,
    typer.Option("--rescue", help="Generate passages again that fall silent, saturate or loop. Not for evaluation."),
]
Split = Annotated[str | None, typer.Option(help="Split of the corpus. Default: `test`, or `valid` without one.")]
Seconds = Annotated[float, typer.Option(help="Length of each continuation.")]


@app.command()
def generate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run, or a bundled model's name.", show_default=False)],
    out: MusicFolder,
    prompt: Prompts = None,
    prompt_start: PromptStart = 0.0,
    corpus: Annotated[Path | None, typer.Option(metavar="DIR", help="Continue excerpts of this corpus.")] = None,
    split: Split = None,
    from_nothing: Annotated[
        bool, typer.Option("--from-nothing", help="Continue nothing. For the kind `notes`.")
    ] = False,
    count: Annotated[int, typer.Option(min=1, help="Continuations per file, or excerpts of the corpus.")] = 10,
    seconds: Seconds = 30.0,
    mode: Mode = "window",
    step: Step = None,
    temperature: Temperature = 1.0,
    top_p: TopP = None,
    threshold: Threshold = None,
    rescue: Rescue = False,
    with_prompt: Annotated[bool, typer.Option(help="Keep the prompt before the continuation.")] = False,
    pedal: Annotated[
        bool | None,
        typer.Option(
            "--pedal/--no-pedal",
            help="Whether notes of --prompt last as long as the pedal holds them. Default: as the model learnt them.",
        ),
    ] = None,
    seed: Seed = 0,
) -> None:
    """Continue music with a model.

    The prompt is an excerpt of a corpus's test split, the beginning of a MIDI file or, with neither, the first bars of
    Bach's Prelude in C. Writes MIDI files without the prompt, and `generated.json`. Continuations that fall silent,
    saturate or loop are counted, with the time at which that begins. A model of the kind `notes` draws notes, not
    frames: --mode, --step and --threshold do not apply to it, and --top-p and --from-nothing apply to no other.

    For example:

        clstm generate c-lstm --out music
        clstm generate runs/c-lstm --corpus corpus --out music/c-lstm
        clstm generate rnn --prompt song.mid --count 3 --rescue --out music/song
    """
    from clstm.api import generating
    from clstm.generation.continuations import summary
    from clstm.generation.sampling import MODES

    with progress() as advance:
        found = generating.generate(
            run,
            out=out,
            prompt=prompt,
            prompt_start=prompt_start,
            corpus=corpus,
            split=split,
            from_nothing=from_nothing,
            count=count,
            seconds=seconds,
            mode=choice("--mode", mode, MODES),
            step=step,
            temperature=temperature,
            top_p=top_p,
            threshold=threshold,
            rescue=rescue,
            with_prompt=with_prompt,
            pedal=pedal,
            seed=seed,
            progress=advance,
        )
    for remark in found.remarks:
        warn(remark)
    say(summary(found.made.manifest, out))


@app.command()
def excerpts(
    corpus: CorpusFolder,
    out: MusicFolder,
    split: Split = None,
    count: Annotated[int, typer.Option(min=1, help="Number of excerpts.")] = 10,
    seconds: Seconds = 30.0,
    played: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The corpus's MIDI files: keep timing, dynamics, pedal and instruments.",
        ),
    ] = None,
    pedal: Annotated[
        bool | None,
        typer.Option(
            "--pedal/--no-pedal",
            help="Whether the notes of --played last as long as the pedal holds them. Default: as in the corpus.",
        ),
    ] = None,
    seed: Seed = 0,
) -> None:
    """Cut the human continuations of the same prompts.

    The same corpus, split, count, seconds and seed as for `clstm generate` give the same prompts, file by file.

    For example:

        clstm excerpts corpus --out music/human
    """
    from clstm.corpus.corpus import Corpus
    from clstm.generation import continuations, prompts

    continuations.may_write(out, corpus, played)
    opened = Corpus.open(corpus)
    chosen = prompts.from_corpus(opened, split or opened.held_out, count, continuations.frames_of(seconds), seed)
    manifest = continuations.by_people(chosen, out, corpus=opened, played=played, pedal=pedal)
    for remark in opened.other_lengths(pedal):
        warn(remark)
    say(continuations.summary(manifest, out))
