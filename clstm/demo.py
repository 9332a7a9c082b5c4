"""The whole chain on included music: 409 Bach chorales, and BWV 846 as a sample that no model has seen.

The models are bundled ones, or small ones of the paper's three kinds, trained here on the chorales. It runs the other
commands as a user would type them, whichever package they are from, and prints each first.
"""

import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from clstm import pretrained
from clstm.corpus import chorales
from clstm.models.networks import PAPER
from clstm.runtime.commands import Continuing
from clstm.runtime.console import console, say, warn

MODELS = ("lstm", "c-lstm", "c-lstm-plus", "notes")  # of the bundled ones
CLIPS = 28  # continuations of each system, one of every chorale that is long enough; 16 do not show who is closer
SECONDS = 20
INTERRUPTED = 130  # the exit status after Ctrl-C
AFTER = 5  # seconds of a continuation that are in no clip of the study, which lasts 10 s


def run(out: Path, command: Any, *, train: bool = False, minutes: float = 1.0, seed: int = 0) -> None:
    """Run every step into `out`. `command` is the root of all commands."""
    started = time.monotonic()
    train = train or not _bundled()
    if not train:
        say("The models come with the package; they learnt from other piano music, hardly any of it chorales.")
        say("With --train, small ones learn from the chorales first.")
    for arguments in steps(Path(out), train=train, minutes=minutes, seed=seed):
        console.rule(style="dim")
        say(f"$ {shlex.join(['clstm', *arguments])}")
        # Ctrl-C in a step comes back as its status, 130: the demo stops with it.
        if status := _call(command, arguments):
            if status == INTERRUPTED:
                warn(Continuing.stopped.format("clstm demo"))
            raise typer.Exit(status)
    console.rule(style="dim")
    say(f"Done in {(time.monotonic() - started) / 60:.1f} min.")
    say(f"The report:   open {out / 'report' / 'index.html'} in a browser; its listeners are simulated")
    say(f"The study:    clstm study serve {out / 'study'}")
    say(f"Its results:  clstm study results {out / 'study'}")


def _bundled() -> list[str]:
    """The bundled models that play, in the order in which the report shows them."""
    return [name for name in MODELS if name in pretrained.names()]


def _call(command: Any, arguments: list[str]) -> int | None:
    """Run a command as if typed: some record `sys.argv`."""
    typed, sys.argv = sys.argv, ["clstm", *arguments]
    try:
        status: int | None = command(arguments, prog_name="clstm", standalone_mode=False)
        return status
    finally:
        sys.argv = typed


def steps(out: Path, *, train: bool, minutes: float = 1.0, seed: int = 0) -> Iterator[list[str]]:
    """The commands, each made when the one before it is done; what an earlier call finished is left out."""
    corpus, music = out / "corpus", out / "music"
    runs = {name: str(out / "runs" / name) if train else name for name in (PAPER if train else _bundled())}
    drawn = ["--seed", str(seed)]
    if not corpus.exists():
        yield ["prepare", chorales.SOURCE, "--out", str(corpus), *drawn]
    for kind, run in runs.items() if train else ():
        yield ["train", kind, str(corpus), "--out", run, "--minutes", f"{minutes:g}", "--resume", *drawn]
    yield ["accuracy", str(corpus), *runs.values(), "--out", str(out / "accuracy.csv")]

    size = ["--count", str(CLIPS), "--seconds", str(SECONDS), *drawn]
    yield ["excerpts", str(corpus), "--out", str(music / "chorales"), *size]
    for name, run in runs.items():
        yield ["generate", run, "--corpus", str(corpus), "--out", str(music / name), *size]
    sample = music / f"{chorales.SAMPLE}.mid"
    shutil.copyfile(chorales.sample(), sample)

    systems = [f"{name}={music / name}" for name in ("chorales", *runs)]
    yield ["render", str(music), "--out", str(out / "audio")]
    if not (out / "study").exists():
        clips = ["--human", "chorales", "--after", str(AFTER)]
        yield ["study", "create", *systems, *clips, "--out", str(out / "study"), *drawn]
    rehearsal, results = out / "rehearsal", str(out / "rehearsal-results")
    if not rehearsal.exists():
        yield ["study", "simulate", str(out / "study"), "--out", str(rehearsal), *drawn]
    yield ["study", "results", str(rehearsal), "--out", results]
    given = ["--accuracy", str(out / "accuracy.csv"), "--study", results]
    weights = [word for name, run in runs.items() if train for word in ("--weights", f"{name}={run}")]
    compared = [*systems, f"BWV 846={sample}", "--reference", "chorales", *given, *weights]
    yield ["report", *compared, "--out", str(out / "report")]
