"""`clstm generate` in one call: what is continued, how, and where it is written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clstm import pretrained
from clstm.corpus.corpus import Corpus
from clstm.generation import continuations, prompts
from clstm.generation.prompts import Prompt
from clstm.generation.sampling import Sampling
from clstm.models.checkpoint import learnt_pedal, read_config
from clstm.models.notes import Config
from clstm.music import left_out
from clstm.music.score import FRAME_RATE, WINDOW
from clstm.music.sounding import LENGTHS
from clstm.runtime.errors import UserError
from clstm.runtime.progress import Progress, silent
from clstm.training.origin import trained_elsewhere


@dataclass(frozen=True)
class GenerationRequest:
    """What a model is asked to continue: windows of a corpus, or MIDI files, or, with neither, a prelude by Bach; or
    nothing.

    run : a run's folder, or the name of a bundled model
    seconds : length of each continuation
    count : continuations of each file, or windows of the corpus
    files, start : MIDI files, and where in them the prompt begins, in seconds
    corpus, split : a corpus, and which split of it; None is the one held out
    with_prompt : keep the prompt before the continuation
    pedal : whether it lengthens the notes of `files`; None: as in the music that the model learnt
    prompted : whether there is something to continue; else music begins from nothing
    """

    run: str | Path
    out: Path
    sampling: Sampling
    seconds: float = 30.0
    count: int = 10
    files: tuple[Path, ...] = ()
    start: float = 0.0
    corpus: Path | None = None
    split: str | None = None
    with_prompt: bool = False
    pedal: bool | None = None
    prompted: bool = True


@dataclass(frozen=True)
class GeneratedMusic:
    """What was made: the content of `generated.json`, and what the user should know about it."""

    manifest: dict[str, Any]
    remarks: tuple[str, ...]


def make_music(request: GenerationRequest, progress: Progress = silent) -> GeneratedMusic:
    """Continue what is asked for; write the MIDI files and `generated.json`.

    Raises `UserError` before the work for what cannot be continued or written.
    """
    if request.corpus and request.files:
        raise UserError("give one thing to continue: --corpus CORPUS, --prompt FILE, or neither for a prelude by Bach")
    if not request.prompted and (request.corpus or request.files):
        raise UserError("--from-nothing continues no music: leave it out, or leave out --corpus and --prompt")
    run = pretrained.find(request.run)
    continuations.may_write(request.out, run, request.corpus, *request.files)
    network = continuations.usable(run, request.sampling, prompted=request.prompted)
    window = WINDOW if isinstance(network, Config) else network.window
    frames = continuations.frames_of(request.seconds)
    corpus = Corpus.open(request.corpus) if request.corpus else None
    learnt = learnt_pedal(read_config(run))
    if corpus:
        split = request.split or corpus.held_out
        chosen = distinct = prompts.from_corpus(corpus, split, request.count, frames, request.sampling.seed, window)
        remarks = [*trained_elsewhere([run], corpus), *corpus.other_lengths(request.pedal)]
    else:
        pedal = learnt if request.pedal is None else request.pedal
        distinct = [prompts.from_midi(path, request.start, window, pedal=pedal) for path in request.files]
        distinct = distinct or [prompts.opening(window) if request.prompted else prompts.nothing()]
        if isinstance(network, Config):
            distinct = [prompts.unpadded(one) for one in distinct]
        chosen = [one for one in distinct for _ in range(request.count)]
        remarks = _of_files(distinct, request)
        if request.files and pedal is not learnt:
            title = pretrained.title(run)
            remarks.append(f"{title} learnt notes {LENGTHS[learnt]}; those of the prompt last {LENGTHS[pedal]}")
    manifest = continuations.by_model(
        *(run, chosen, request.out, request.seconds, request.sampling),
        corpus=corpus,
        with_prompt=request.with_prompt,
        progress=progress,
    )
    return GeneratedMusic(manifest, (*remarks, *_padded(distinct, window)))


def _of_files(given: list[Prompt], request: GenerationRequest) -> list[str]:
    words = left_out.sentence((one.left_out for one in given), remedy="--pedal obeys it", one_instrument=True)
    remarks = [*([words] if words else []), *left_out.remarks(one.left_out for one in given)]
    if request.sampling.threshold is not None and request.count > 1:
        remarks.append(f"nothing is random with --threshold: the {request.count} continuations of a prompt are equal")
    return remarks


def _padded(given: list[Prompt], window: int) -> list[str]:
    """Which prompts had to be filled up with silence."""
    return [
        f"{one.name} is shorter than the window of {window / FRAME_RATE:g} s: {one.padding / FRAME_RATE:g} s of silence"
        " were put before it"
        for one in given
        if one.padding
    ]
