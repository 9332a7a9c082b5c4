"""Cut the excerpts of people and of Giant Music Transformer, and keep other songs for the generators to learn from.

python prepare.py FREEDOOM OPENMSX GIANT OUT: three repositories as cloned, and the folder for everything made. Songs of
45 s and more, with drums and two or more other instruments, are drawn by lot: 60 as the reference, the others to learn
from. Bends and controllers, channels' loudness among them, are left out.
"""

import csv
import random
import re
import sys
import warnings
from pathlib import Path

from pretty_midi import PrettyMIDI

SECONDS = 30.0
warnings.filterwarnings("ignore", message="Tempo, Key or Time signature change events")


def cut(midi: PrettyMIDI, start: float) -> PrettyMIDI:
    """`SECONDS` from `start` on, with all instruments, at 120 quarters per minute: times in seconds stay."""
    part = PrettyMIDI(resolution=960)
    for instrument in midi.instruments:
        instrument.notes = [note for note in instrument.notes if start <= note.start < start + SECONDS - 0.05]
        for note in instrument.notes:
            note.start, note.end = note.start - start, min(note.end - start, SECONDS)
        instrument.pitch_bends, instrument.control_changes = [], []
    part.instruments = [instrument for instrument in midi.instruments if instrument.notes]
    return part


def has_band(midi: PrettyMIDI) -> bool:
    """Whether this is long enough, with drums and with two other instruments."""
    drums = sum(len(instrument.notes) for instrument in midi.instruments if instrument.is_drum)
    others = {instrument.program for instrument in midi.instruments if not instrument.is_drum}
    return midi.get_end_time() >= 1.5 * SECONDS and drums >= 100 and len(others) >= 2


def titles(freedoom: Path, openmsx: Path) -> dict[str, tuple[str, str]]:
    """(composer, title) by the name of a file, where the repositories' own credits tell."""
    found: dict[str, tuple[str, str]] = {}
    text = (freedoom / "CREDITS-MUSIC").read_text(encoding="utf-8").split("--Previously")[0]
    for place, title, composer in re.findall(r'^\s*(E\dM\d|MAP\d\d|DM\d\d): "?(.+?)"? by (.+)$', text, re.MULTILINE):
        found[f"d_{place.lower()}"] = (composer, title)
    for row in (openmsx / "src/themes.list").read_text(encoding="utf-8").splitlines()[1:]:
        name, composer, title = (cell.strip() for cell in row.split(";")[1:4])
        found[Path(name).stem] = (composer, title)
    return found


freedoom, openmsx, giant, out = map(Path, sys.argv[1:])
for folder in ("people", "learn", "giant"):
    (out / folder).mkdir(parents=True, exist_ok=True)
known = titles(freedoom, openmsx)
rows = []
songs = {path: PrettyMIDI(str(path)) for path in sorted([*freedoom.glob("musics/*.mid"), *openmsx.glob("src/*.mid")])}
songs = {path: midi for path, midi in songs.items() if has_band(midi)}
chosen = set(random.Random(0).sample(sorted(songs), 60))
for path, midi in songs.items():
    if path not in chosen:
        (out / "learn" / path.name).write_bytes(path.read_bytes())
        continue
    cut(midi, (midi.get_end_time() - SECONDS) / 2).write(str(out / "people" / path.name))
    licence, source = ("BSD-3-Clause", "Freedoom") if "musics" in path.parts else ("GPL-2.0", "OpenMSX")
    composer, title = known.get(path.stem, ("Freedoom contributors", path.stem))
    rows.append((f"people/{path.name}", path.stem, composer, title, licence, source))
for path in sorted(giant.glob("Samples/Supervised Continuations/*.mid")):
    midi, name = PrettyMIDI(str(path)), f"giant-{path.stem.rsplit('-')[-1]}"
    cut(midi, midi.get_end_time() - SECONDS).write(str(out / "giant" / f"{name}.mid"))
    rows.append((f"giant/{name}.mid", name, "Giant Music Transformer", path.stem, "Apache-2.0", "its repository"))
with (out / "INDEX.csv").open("w", encoding="utf-8", newline="") as file:
    csv.writer(file).writerows([("file", "group", "composer", "title", "licence", "source"), *rows])
