"""Folders of continuations: what a model makes of its seeds, and what the pieces themselves do after the same seeds.

Both are MIDI files beside a `generated.json` that says where each came from.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from clstm.checkpoint import WEIGHTS, load_model
from clstm.console import Advance
from clstm.corpus import Corpus
from clstm.errors import UserError
from clstm.files import replacing, write_json
from clstm.generation import Sampling, density, density_range, generate
from clstm.midi import LONGEST, write_midi
from clstm.score import FRAME_RATE, Matrix, decode
from clstm.seeds import Seed

MANIFEST = "generated.json"


def by_model(
    run: Path,
    seeds: Sequence[Seed],
    out: Path,
    seconds: float,
    sampling: Sampling,
    *,
    corpus: Corpus | None = None,
    with_seed: bool = False,
    advance: Advance = lambda what, done, total: None,
) -> dict[str, Any]:
    """Let a run continue every seed for `seconds`; write the MIDI files and the manifest, which is returned.

    corpus : the music whose density the continuations are held against; None leaves that out
    with_seed : keep the seed before the continuation
    """
    network, config = load_model(run)
    frames = frames_of(seconds)
    music = generate(network, seeds, frames, sampling, advance)
    source = {
        "model": config["network"]["kind"],
        "run": Path(run).name,
        "weights_sha256": hashlib.sha256((Path(run) / WEIGHTS).read_bytes()).hexdigest(),
        "sampling": asdict(sampling),
    }
    return write(out, seeds, music, source, corpus=corpus, with_seed=with_seed)


def by_people(seeds: Sequence[Seed], out: Path, *, corpus: Corpus) -> dict[str, Any]:
    """What the pieces do after each seed, in the same form."""
    return write(out, seeds, [seed.continuation for seed in seeds], {"model": None}, corpus=corpus, with_seed=False)


def write(
    out: Path,
    seeds: Sequence[Seed],
    music: Sequence[Matrix],
    source: dict[str, Any],
    *,
    corpus: Corpus | None,
    with_seed: bool,
) -> dict[str, Any]:
    """MIDI files `001-piece.mid`, ... and the manifest; an earlier such folder is replaced, nothing else is."""
    out = Path(out)
    if out.exists() and not (out / MANIFEST).exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} is not empty and was not written by this command; name another folder")
    items = []
    with replacing(out) as building:
        building.mkdir()
        for number, (seed, matrix) in enumerate(zip(seeds, music, strict=True), start=1):
            name = f"{number:03d}-{seed.name}.mid"
            whole = np.concatenate([seed.window, matrix], axis=1) if with_seed else matrix
            write_midi(decode(whole), building / name)
            items.append(
                {
                    "file": name,
                    "piece": seed.name,
                    "seed_start_seconds": seed.start / FRAME_RATE,
                    "seed_padding_seconds": seed.padding / FRAME_RATE,
                    "seconds": matrix.shape[1] / FRAME_RATE,
                    "notes_per_second": round(density(matrix), 3),
                }
            )
        manifest = {"version": version("clstm"), **source, "with_seed": with_seed}
        if corpus is not None and (usual := density_range(corpus, music[0].shape[1])):
            manifest["density"] = _against(usual, music)
        manifest["items"] = items
        write_json(building / MANIFEST, manifest)
    return manifest


def summary(manifest: dict[str, Any], out: Path) -> str:
    """One line: how many files, and how their density stands to the corpus."""
    items = manifest["items"]
    line = f"{out}: {len(items)} MIDI files of {items[0]['seconds']:g} s"
    if "density" in manifest:
        low, high = manifest["density"]["corpus_percentiles_1_99"]
        line += (
            f"; {manifest['density']['below']} thinner and {manifest['density']['above']} denser than the corpus's 1st"
            f" to 99th percentile of {low:.1f} to {high:.1f} notes a second"
        )
    return line + "."


def frames_of(seconds: float) -> int:
    """Frames of a length asked for. Raises `UserError` when it is not at least one frame."""
    if not 1 / FRAME_RATE <= seconds <= LONGEST:
        raise UserError(f"{seconds:g} seconds cannot be continued; give {1 / FRAME_RATE:g} to {LONGEST:g}")
    return round(seconds * FRAME_RATE)


def _against(usual: tuple[float, float], music: Sequence[Matrix]) -> dict[str, Any]:
    """How many continuations are thinner or denser than nearly all training music of their length."""
    low, high = usual
    densities = [density(matrix) for matrix in music]
    return {
        "corpus_percentiles_1_99": [round(low, 3), round(high, 3)],
        "below": sum(value < low for value in densities),
        "above": sum(value > high for value in densities),
    }
