"""Folders of continuations: what a model writes after its prompts, and the human continuations of them.

Both are MIDI files beside a `generated.json` that says where each came from, how dense it is, and whether and when it
falls silent, saturates or loops: the same fields for models and people.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from clstm import pretrained
from clstm.corpus.corpus import Corpus
from clstm.generation import notewise
from clstm.generation.drawing import NoteSampling
from clstm.generation.prompts import Prompt
from clstm.generation.rescue import rescue
from clstm.generation.sampling import Sampling, density, density_range, generate
from clstm.models.checkpoint import WEIGHTS, Configuration, configured, learnt_pedal, load_network, read_config
from clstm.models.networks import Model
from clstm.models.notes import Config, Notes
from clstm.music import degeneration
from clstm.music.generated import GENERATED, LIMITS, ContinuationItem
from clstm.music.midi import LONGEST, write_midi
from clstm.music.piece import Piece, read_piece, write_piece
from clstm.music.score import FRAME_RATE, ROWS, Matrix, decode, repair
from clstm.runtime.errors import MismatchError, UserError
from clstm.runtime.files import replacing, write_json
from clstm.runtime.finding import MIDI, find_files
from clstm.runtime.names import readable, shortened
from clstm.runtime.ownership import may_replace
from clstm.runtime.progress import Progress, silent

NAME = 200  # bytes of a piece's name in a file's
FAILING = {
    "silence": ("falls silent", "fall silent"),
    "saturation": ("saturates", "saturate"),
    "loop": ("loops", "loop"),
}


def usable(run: Path, sampling: Sampling, *, prompted: bool = True) -> Configuration:
    """The network of a run that can make music this way. Raises `UserError` when it cannot, `MismatchError` when it
    makes none.

    prompted : whether there is music to continue
    """
    config = configured(read_config(run)["network"])
    if config.rows != ROWS:
        raise MismatchError(
            f"{run} was trained on a benchmark of {config.rows} rows and writes no music; give a run trained on MIDI"
            f" files, which has {ROWS} rows"
        )
    if isinstance(config, Config):
        NoteSampling.of(sampling)
        return config
    sampling.stepping(config.horizon)
    if not prompted:
        raise UserError(
            f"--from-nothing: {pretrained.title(run)} continues a window of {config.window / FRAME_RATE:g} s; only a"
            " model of the kind notes begins from nothing: leave it out for the prelude, or give --prompt or --corpus"
        )
    return config


def _stated(config: Configuration, sampling: Sampling) -> dict[str, Any]:
    """How music is drawn, for the manifest: what says something of this kind of network."""
    if isinstance(config, Config):
        drawn = {"temperature": sampling.temperature, **asdict(NoteSampling.of(sampling))}
        return drawn | {"rescue": sampling.rescue, "seed": sampling.seed}
    stated = asdict(replace(sampling, step=sampling.stepping(config.horizon)))
    del stated["top_p"]
    return stated


def by_model(
    run: Path,
    prompts: Sequence[Prompt],
    out: Path,
    seconds: float,
    sampling: Sampling,
    *,
    corpus: Corpus | None = None,
    with_prompt: bool = False,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Let a run continue every prompt for `seconds`; write the MIDI files and the manifest, which is returned.

    corpus : the music whose density the continuations are compared with; None leaves that out
    with_prompt : keep the prompt before the continuation

    A GPU is used when there is one.
    """
    kind = usable(run, sampling, prompted=any(prompt.window.shape[1] for prompt in prompts))
    frames = frames_of(seconds)
    network, about = load_network(run)
    network.to("cuda" if torch.cuda.is_available() else "cpu")
    music, redrawn = _drawn(network, prompts, frames, sampling, progress), None
    if sampling.rescue:
        music, redrawn = rescue(network, prompts, music, sampling, progress)
    source = {
        "model": kind.kind,
        "run": Path(run).name,
        "weights_sha256": hashlib.sha256((Path(run) / WEIGHTS).read_bytes()).hexdigest(),
        "sampling": _stated(kind, sampling),
        "pedal": learnt_pedal(about),
    }
    return write(out, prompts, music, source, corpus=corpus, with_prompt=with_prompt, redrawn=redrawn)


def _drawn(
    network: Model | Notes, prompts: Sequence[Prompt], frames: int, sampling: Sampling, progress: Progress
) -> list[Matrix]:
    """Continuations: frame by frame, or note by note, as the network is."""
    if isinstance(network, Notes):
        return notewise.generate(network, prompts, frames, sampling, progress)
    return generate(network, prompts, frames, sampling, progress)


def by_people(
    prompts: Sequence[Prompt], out: Path, *, corpus: Corpus, played: Path | None = None, pedal: bool | None = None
) -> dict[str, Any]:
    """What the pieces do after each prompt, in the same form.

    played : the folder the corpus was made of; its files are cut as they were played, with all that they say
    pedal : whether the notes of these files are meant to last as long as the pedal holds them; None: as in the corpus
    """
    pedal = corpus.pedal if played is None or pedal is None else pedal
    matrices = [prompt.continuation for prompt in prompts]
    source: dict[str, Any] = {"model": None, "as_played": played is not None, "pedal": pedal}
    if played is None:
        return write(out, prompts, matrices, source, corpus=corpus, with_prompt=False)
    whole = (read_piece(_named(played, prompt.file), pedal=pedal) for prompt in prompts)
    pieces = [_after(prompt, one) for prompt, one in zip(prompts, whole, strict=True)]
    return write(out, prompts, matrices, source, corpus=corpus, with_prompt=False, pieces=pieces)


def _after(prompt: Prompt, piece: Piece) -> Piece:
    """What is played after a prompt, as long as the prompt's own continuation."""
    begin, frames = prompt.end / FRAME_RATE, prompt.continuation.shape[1]
    return piece.between(begin, begin + frames / FRAME_RATE)


def _named(folder: Path, name: str) -> Path:
    """The file of a folder that has this name in a corpus, where names are readable."""
    if (path := folder / name).is_file():
        return path
    for found in find_files([folder], MIDI):
        if readable(found.relative_to(folder).as_posix()) == name:
            return found
    raise UserError(f"{readable(folder / name)} is not there; give the folder that the corpus was made of")


def write(
    out: Path,
    prompts: Sequence[Prompt],
    music: Sequence[Matrix],
    source: dict[str, Any],
    *,
    corpus: Corpus | None,
    with_prompt: bool,
    redrawn: Sequence[int] | None = None,
    pieces: Sequence[Piece] | None = None,
) -> dict[str, Any]:
    """MIDI files `001-piece.mid`, ... and the manifest; an earlier such folder is replaced, nothing else is.

    redrawn : how often each continuation was drawn again; None when that was not asked for
    pieces : what is written of each instead of its matrix, which is still what is measured

    Without its prompt a continuation is a piece of its own: a note that sounds on from the prompt is struck at its
    beginning. So it is measured in either case, and times count from its beginning.
    """
    out = Path(out)
    may_write(out)
    alone = [repair(matrix) for matrix in music]
    failures = [degeneration.measure(matrix) for matrix in alone]
    items = []
    with replacing(out) as building:
        building.mkdir()
        for place, (prompt, matrix) in enumerate(zip(prompts, music, strict=True)):
            name = f"{place + 1:03d}-{shortened(prompt.name, NAME)}.mid"
            whole = np.concatenate([prompt.window, matrix], axis=1) if with_prompt else matrix
            if pieces is None:
                write_midi(decode(whole), building / name)
            else:
                write_piece(pieces[place], building / name)
            more: dict[str, Any] = {} if redrawn is None else {"redrawn": redrawn[place]}
            if with_prompt:
                more["begins_at_seconds"] = prompt.window.shape[1] / FRAME_RATE
            items.append(_about(name, prompt, alone[place], failures[place], more))
        manifest = {"version": version("clstm"), **source, "with_prompt": with_prompt}
        if corpus is not None and (usual := density_range(corpus, music[0].shape[1])):
            manifest["density"] = _against(usual, alone)
        manifest["degeneration"] = {"limits": degeneration.LIMITS, "rates": degeneration.rates(failures)}
        if pieces is None:
            manifest["limits"] = LIMITS | ({"pedal": "lengths"} if source.get("pedal") else {})
        manifest["items"] = items
        write_json(building / GENERATED, manifest)
    return manifest


def may_write(out: Path, *inputs: Path | None) -> None:
    """Raise `UserError` when `out` is not an earlier folder of continuations, or holds more than those, or an input."""
    may_replace(out, GENERATED, _written, "music", inputs=filter(None, inputs))


def _written(manifest: dict[str, Any]) -> list[str]:
    """The files that a manifest of ours names."""
    _ = manifest["version"]  # another program's has none
    return [item["file"] for item in manifest["items"]]


def _about(
    name: str, prompt: Prompt, matrix: Matrix, failure: degeneration.Degeneration, more: dict[str, Any]
) -> dict[str, Any]:
    """What the manifest says of one continuation.

    more : fields that not every continuation has
    """
    about = {"group": prompt.group} | more if prompt.group else more
    item = ContinuationItem.model_construct(  # not validated: a reader's bounds are narrower than what may be made
        file=name,
        piece=prompt.name,
        prompt_start_seconds=prompt.start / FRAME_RATE,
        prompt_padding_seconds=prompt.padding / FRAME_RATE,
        seconds=matrix.shape[1] / FRAME_RATE,
        notes_per_second=round(density(matrix), 3),
        **{f"{kind}_from_seconds": getattr(failure, kind) for kind in degeneration.KINDS},
        loop_period_seconds=failure.period,
        **about,
    )
    return item.stated()


def summary(manifest: dict[str, Any], out: Path) -> str:
    """One line: how many files, how their density compares with the corpus, and how many of them fail and when.

    >>> failures = {"silence_from_seconds": None, "saturation_from_seconds": None, "loop_from_seconds": 14.25}
    >>> summary({"items": [{"seconds": 30.0, **failures}]}, Path("music"))
    'music: 1 MIDI files of 30 s; none falls silent, none saturates, 1 loops (from 14.25 s).'
    """
    items = manifest["items"]
    line = f"{out}: {len(items)} MIDI files of {items[0]['seconds']:g} s"
    if "density" in manifest:
        low, high = manifest["density"]["corpus_percentiles_1_99"]
        line += (
            f"; {manifest['density']['below']} thinner and {manifest['density']['above']} denser than the corpus's 1st"
            f" to 99th percentile of {low:.1f} to {high:.1f} notes per second"
        )
    counts = [_count(kind, items) for kind in degeneration.KINDS]
    if again := sum(item.get("redrawn", 0) for item in items):
        counts.append(f"{again} passages drawn again")
    return f"{line}; {', '.join(counts)}."


def frames_of(seconds: float) -> int:
    """Frames of a length asked for. Raises `UserError` when it is not at least one frame.

    >>> frames_of(30.0)
    240
    """
    if not 1 / FRAME_RATE <= seconds <= LONGEST:
        raise UserError(
            f"a continuation of {seconds:g} seconds is not possible; give {1 / FRAME_RATE:g} to {LONGEST:g}"
        )
    return round(seconds * FRAME_RATE)


def _count(kind: str, items: Sequence[dict[str, Any]]) -> str:
    """How many fail in one way, and when: `2 loop (from 3 and 14.25 s)`."""
    onsets = sorted(onset for item in items if (onset := item[f"{kind}_from_seconds"]) is not None)
    one, more = FAILING[kind]
    counted = f"{len(onsets) or 'none'} {more if len(onsets) > 1 else one}"
    if not onsets:
        return counted
    shown = [f"{onset:g}" for onset in onsets[:4]] + ["..."] * (len(onsets) > 4)
    return f"{counted} (from {', '.join(shown)} s)"


def _against(usual: tuple[float, float], music: Sequence[Matrix]) -> dict[str, Any]:
    """How many continuations are thinner or denser than nearly all training music of their length."""
    low, high = usual
    densities = [density(matrix) for matrix in music]
    return {
        "corpus_percentiles_1_99": [round(low, 3), round(high, 3)],
        "below": sum(value < low for value in densities),
        "above": sum(value > high for value in densities),
    }
