"""`cl.generate`: music from a model. `clstm generate` calls it too."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import TYPE_CHECKING, Any
from weakref import finalize

import pandas as pd

from clstm.generation import continuations
from clstm.generation.request import GeneratedMusic, GenerationRequest, make_music
from clstm.generation.sampling import MODES, Sampling
from clstm.music.midi import Notes, write_midi
from clstm.notebook import markup
from clstm.notebook.result import Folder, Result
from clstm.notebook.waiting import waiting
from clstm.runtime.errors import UserError, choice
from clstm.runtime.files import replacing
from clstm.runtime.names import readable
from clstm.runtime.progress import Progress
from clstm.runtime.shadowing import load

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = ("file", "piece", "seconds", "notes_per_second")


@dataclass(frozen=True, eq=False, repr=False)
class Generated(Result):
    """Music that a model wrote: a folder of MIDI files. `generated[0]` is the first as `cl.Music`.

    table : one row per file: its prompt, density, and when it falls silent, saturates or loops
    folder : where the files are; without `out`, one that is gone with this object: `save` keeps it
    """

    made: GeneratedMusic
    folder: Path

    @property
    def table(self) -> pd.DataFrame:
        return pd.DataFrame(self.made.manifest["items"])

    def caveats(self) -> tuple[str, ...]:
        return self.made.remarks

    @property
    def files(self) -> list[Path]:
        return [self.folder / name for name in self.table["file"]]

    def __fspath__(self) -> str:
        """A folder of music, as any other: `cl.compare({"rnn": generated, ...}, ...)`."""
        return str(self.folder)

    def __len__(self) -> int:
        return len(self.made.manifest["items"])

    def __getitem__(self, place: int) -> Any:
        return load("clstm.names", "Music").read(self.files[place])

    def __str__(self) -> str:
        name = self.made.manifest.get("run") or "people"
        return continuations.summary(self.made.manifest, Path(readable(name)))

    def parts(self) -> Sequence[str]:
        """The first piece, then the table of all."""
        table = self.table
        rows = [[markup.text(_short(row[name])) for name in SHOWN] for row in table.to_dict("records")]
        heads = ["file", "prompt", "seconds", "notes per second"]
        listed = markup.table(heads, rows, texts=(1,))
        return [self[0]._repr_html_(), markup.folded(f"All {len(self)} pieces", listed)]

    def plot(self) -> "Figure":
        """The first piece: piano roll, envelope and sonogram."""
        figure: Figure = self[0].plot()
        return figure

    def to_latex(self) -> str:
        table = self.table[list(SHOWN)].map(_short)
        table.columns = pd.Index(["File", "Prompt", "Seconds", "Notes per second"])
        latex: str = load("clstm.tables", "latex")(table, str(self), "generated")
        return latex

    def save(self, folder: Folder) -> Path:
        """The MIDI files and generated.json."""
        folder = Path(folder)
        if folder.resolve() != self.folder.resolve():
            continuations.may_write(folder, self.folder)
            with replacing(folder) as building:
                shutil.copytree(self.folder, building)
        return folder


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else readable(value)


def generate(
    run: str | os.PathLike[str] = "c-lstm",
    *,
    out: Folder | None = None,
    prompt: Any = None,
    prompt_start: float = 0.0,
    corpus: Folder | None = None,
    split: str | None = None,
    from_nothing: bool = False,
    count: int = 10,
    seconds: float = 30.0,
    mode: str = "window",
    step: int | None = None,
    temperature: float = 1.0,
    top_p: float | None = None,
    threshold: float | None = None,
    rescue: bool = False,
    with_prompt: bool = False,
    pedal: bool | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Generated:
    """Let a model continue music.

    run : a run's folder, or the name of a bundled model
    out : a folder to write; without one the music is kept as long as the result
    prompt : what is continued: a MIDI file, a `cl.Music`, notes, an object of pretty_midi, or a list of these; or
        excerpts of a `corpus` (its `split`); with neither, a prelude by Bach
    prompt_start : where in each prompt to begin reading, in seconds
    from_nothing : continue nothing, with a model of the kind notes
    count : continuations of each prompt, or excerpts of the corpus; seconds : length of each
    mode, step : "window" reads the last 90 frames anew, "stream" keeps the state; frames written per prediction
    temperature, top_p, threshold : how music is drawn; rescue : draw passages that fail again
    with_prompt : keep the prompt before the continuation; pedal : whether it lengthens the prompt's notes

    Raises `UserError` for what cannot be continued.
    """
    sampling = Sampling(choice("mode", mode, MODES), step, temperature, threshold, rescue, seed, top_p)
    folder = Path(mkdtemp(prefix="clstm-"), "music") if out is None else Path(out)
    try:
        with _files(prompt) as files, waiting(progress) as advance:
            request = GenerationRequest(
                *(os.fspath(run), folder, sampling, seconds, count),
                files=files,
                start=prompt_start,
                corpus=None if corpus is None else Path(corpus),
                split=split,
                with_prompt=with_prompt,
                pedal=pedal,
                prompted=not from_nothing,
            )
            found = Generated(make_music(request, advance), folder)
    except BaseException:
        if out is None:
            shutil.rmtree(folder.parent, ignore_errors=True)
        raise
    if out is None:
        finalize(found, shutil.rmtree, folder.parent, ignore_errors=True)
    return found


@contextmanager
def _files(prompt: Any) -> Iterator[tuple[Path, ...]]:
    """Prompts as files; those in memory are written to a folder that is gone after the block."""
    several = prompt if isinstance(prompt, list | tuple) else [] if prompt is None else [prompt]
    with TemporaryDirectory(prefix="clstm-") as folder:
        yield tuple(_file(one, Path(folder) / f"prompt-{place}.mid") for place, one in enumerate(several, start=1))


def _file(prompt: Any, path: Path) -> Path:
    if isinstance(prompt, str | os.PathLike):
        return Path(prompt)
    if isinstance(prompt, Notes):
        write_midi(prompt, path)
    elif write := getattr(prompt, "write", None) or getattr(prompt, "save", None):  # pretty_midi; Music, mido
        write(str(path))
    else:
        raise UserError(f"{type(prompt).__name__} is no prompt; give a MIDI file, a Music, Notes or a PrettyMIDI")
    return path
