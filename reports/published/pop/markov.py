"""A band of Markov chains: drums, bass and three more parts, each a chain over its own sixteenths.

python markov.py LEARN OUT COUNT. A chain's state is the place in the bar (4/4), what was struck last, and how long ago;
bars in which an instrument rests are not learnt. Songs are moved so that the bass's commonest pitch class is C, which
is all that the parts have in common. Tempos are those of songs drawn by lot.
"""

import random
import sys
import warnings
from collections import Counter, defaultdict
from pathlib import Path

from pretty_midi import Instrument, Note, PrettyMIDI

PROGRAMS = {"drums": 0, "bass": 33, "keys": 4, "guitar": 28, "strings": 48}
FAMILIES = {0: "keys", 1: "keys", 2: "keys", 3: "guitar", 4: "bass", 5: "strings", 6: "strings", 11: "strings"}
Chord = tuple[tuple[int, int, int], ...]  # (pitch, sixteenths, velocity) of each note
Chain = dict[tuple[int, Chord, int], list[Chord]]  # place in the bar, last chord, sixteenths since: what followed
warnings.filterwarnings("ignore", message="Tempo, Key or Time signature change events")


def part_of(instrument: Instrument) -> str:
    """The part that an instrument takes in the band; empty if none."""
    return "drums" if instrument.is_drum else FAMILIES.get(instrument.program // 8, "")


def chords(midi: PrettyMIDI, instrument: Instrument, shift: int) -> dict[int, Chord]:
    """What is struck at each sixteenth, by its number."""
    struck: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for note in instrument.notes:
        begin, end = (midi.time_to_tick(second) * 4 / midi.resolution for second in (note.start, note.end))
        struck[round(begin)].append((note.pitch + shift, max(1, round(end - begin)), note.velocity))
    return {at: tuple(sorted(notes)) for at, notes in struck.items()}


def learn(songs: list[PrettyMIDI]) -> dict[str, Chain]:
    """What followed each state, by part."""
    chains: dict[str, Chain] = {part: defaultdict(list) for part in PROGRAMS}
    for midi in songs:
        basses = Counter(note.pitch % 12 for i in midi.instruments if part_of(i) == "bass" for note in i.notes)
        key = max(basses, key=basses.__getitem__, default=0)
        for instrument in (i for i in midi.instruments if part_of(i) and i.notes):
            struck = chords(midi, instrument, 0 if instrument.is_drum else 12 * (key > 6) - key)
            last, since = (), 0
            for at in (16 * bar + place for bar in sorted({at // 16 for at in struck}) for place in range(16)):
                now = struck.get(at, ())
                chains[part_of(instrument)][at % 16, last, since].append(now)
                last, since = (now, 0) if now else (last, since + 1)
    return chains


def play(chain: Chain, part: str, sixteenth: float, draw: random.Random) -> Instrument:
    """30 s of one chain; `sixteenth` is in seconds."""
    music = Instrument(PROGRAMS[part], is_drum=part == "drums")
    last: Chord = draw.choice(sorted(last for place, last, since in chain if place == 1 and since == 0 and last))
    since = 15
    for at in range(int(30 / sixteenth)):
        now = draw.choice(chain.get((at % 16, last, since)) or ([last] if at % 16 == 0 else [()]))
        for pitch, long, velocity in now:
            end = min((at + min(long, 16)) * sixteenth, 30.0)
            music.notes.append(Note(velocity, min(max(pitch, 0), 127), at * sixteenth, end))
        last, since = (now, 0) if now else (last, since + 1)
    return music


paths, out, count = sorted(Path(sys.argv[1]).glob("*.mid")), Path(sys.argv[2]), int(sys.argv[3])
songs = [PrettyMIDI(str(path)) for path in paths]
chains, draw = learn(songs), random.Random(1)
out.mkdir(parents=True, exist_ok=True)
for number in range(1, count + 1):
    tempo = float(draw.choice(songs).get_tempo_changes()[1][0])
    band = PrettyMIDI(resolution=960)
    band.instruments = [play(chains[part], part, 15 / tempo, draw) for part in PROGRAMS]
    band.write(str(out / f"markov-{number:03d}.mid"))
