"""A control: limits that music passes through, so that two kinds of music are compared in what both can have.

A system that writes on a grid at one velocity differs from a performance before their compositions differ. Under the
control of its own limits the performance loses what the system cannot have, and composition is compared with
composition. `applying` puts a control on a piece, `limits` finds which one a system's music obeys.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import gcd
from typing import Literal

from clstm.music.left_out import PIANOS
from clstm.music.midi import VELOCITY
from clstm.music.score import FRAME_RATE, HIGHEST, LOWEST

PerPiece = Literal["piece"]
Pedal = Literal["none", "lengths"]
PER_PIECE: PerPiece = "piece"


@dataclass(frozen=True)
class Control:
    """Limits; one that is None, or as by default, limits nothing.

    per_second : onsets are multiples of 1/per_second s
    offsets : so are offsets, and a note lasts at least one step; else offsets move with their onsets
    velocity : that of all notes, 1..127; or "piece": each piece has one of its own, the median of its notes
    lowest, highest : pitches, MIDI 0..127, both included; drums have none
    programs : General MIDI programs 0..127 that play, in order; drums : whether drums do
    pedal : "none": pedals are not pressed; "lengths": notes last as long as pedals hold them, and no pedal is pressed
    """

    per_second: int | None = None
    offsets: bool = False
    velocity: int | PerPiece | None = None
    lowest: int | None = None
    highest: int | None = None
    programs: tuple[int, ...] | None = None
    drums: bool = True
    pedal: Pedal | None = None

    @property
    def of_a_score_matrix(self) -> bool:
        """Whether these are all limits of the paper's score matrix, at any velocity, the pedal left out or as lengths
        of notes: then music passes through one."""
        pedal = SCORE_MATRIX.pedal if self.pedal == "lengths" else self.pedal
        return isinstance(self.velocity, int) and replace(self, velocity=VELOCITY, pedal=pedal) == SCORE_MATRIX

    @property
    def leaves_out_notes(self) -> bool:
        """Whether it may leave out notes, and not only move and even them.

        >>> Control(per_second=8, velocity=80).leaves_out_notes, Control(lowest=21, highest=108).leaves_out_notes
        (False, True)
        """
        return self.lowest is not None or self.highest is not None or self.programs is not None or not self.drums

    def words(self) -> str:
        """In words, as in the name of a reference; "" without any limit.

        >>> Control(per_second=8, velocity=80).words()
        '1/8 s grid, one velocity'
        >>> SCORE_MATRIX.words()
        'same grid'
        """
        return "same grid" if self == SCORE_MATRIX else ", ".join(self.parts().values())

    def clauses(self) -> str:
        """What music under the control is: "the same music with ...".

        >>> Control(per_second=8, velocity="piece", pedal="none").clauses()
        'with every onset on a grid of 1/8 s, each piece at the median velocity of its notes, and no pedal'
        >>> Control(programs=tuple(range(32)), drums=False).clauses()
        'with only General MIDI programs 0 to 31, no drums'
        """
        found = []
        if self.per_second is not None:
            what = "onset and offset" if self.offsets else "onset"
            found.append(f"every {what} on a grid of {step(self.per_second)}")
        if self.velocity == PER_PIECE:
            found.append("each piece at the median velocity of its notes")
        elif self.velocity is not None:
            found.append(f"every note at velocity {self.velocity}")
        rest = self.parts()
        if "range" in rest:
            found.append(f"only pitches from {rest['range']}")
        if self.of_a_score_matrix:
            found.append("all instruments as one piano without drums")
        elif "instruments" in rest:
            found.append(_only(self.programs, drums=self.drums))
        found += [rest["pedal"]] if "pedal" in rest else []
        if not found:
            return "as it is"
        *first, last = found
        return f"with {', '.join(first)}, and {last}" if len(first) > 1 else f"with {' and '.join(found)}"

    def details(self) -> str:
        """What `words` leaves out.

        >>> Control(per_second=8, offsets=True, velocity=64).details()
        'onsets and offsets, velocity 64'
        """
        grid = [] if self.per_second is None else ["onsets and offsets" if self.offsets else "onsets"]
        return ", ".join([*grid, *([f"velocity {self.velocity}"] if isinstance(self.velocity, int) else [])])

    def parts(self) -> dict[str, str]:
        """Each limit in words, by its name.

        >>> Control(velocity="piece", lowest=21, highest=108, pedal="none").parts()
        {'velocity': 'one velocity per piece', 'range': 'MIDI 21 to 108', 'pedal': 'no pedal'}
        """
        found = {}
        if self.per_second is not None:
            found["grid"] = f"{step(self.per_second)} grid"
        if self.velocity is not None:
            found["velocity"] = "one velocity per piece" if self.velocity == PER_PIECE else "one velocity"
        if self.lowest is not None and self.highest is not None:
            found["range"] = f"MIDI {self.lowest} to {self.highest}"
        if self.programs is not None or not self.drums:
            found["instruments"] = instruments(self.programs, drums=self.drums)
        if self.pedal is not None:
            found["pedal"] = "no pedal" if self.pedal == "none" else "pedal as note lengths"
        return found


NO_CONTROL = Control()
SCORE_MATRIX = Control(FRAME_RATE, True, VELOCITY, LOWEST, HIGHEST, tuple(PIANOS), drums=False, pedal="none")


def step(per_second: int) -> str:
    """A step of a grid.

    >>> step(8), step(1)
    ('1/8 s', '1 s')
    """
    return "1 s" if per_second == 1 else f"1/{per_second} s"


def instruments(programs: Iterable[int] | None, *, drums: bool) -> str:
    """A set of instruments in words.

    >>> instruments((0, 1, 40), drums=True), instruments(range(6), drums=False), instruments(None, drums=False)
    ('programs 0-1 and 40, and drums', 'piano', 'no drums')
    """
    if programs is None:
        return "all instruments" if drums else "no drums"
    played = sorted(set(programs))
    if not played:
        return "drums alone" if drums else "no instruments"
    if set(played) <= set(PIANOS):
        return "piano and drums" if drums else "piano"
    runs = " and ".join(_runs(played).rsplit(", ", 1))
    return f"program{'s' * (len(played) > 1)} {runs}{', and drums' * drums}"


def _only(programs: tuple[int, ...] | None, *, drums: bool) -> str:
    """The instruments that a control keeps, in words.

    >>> _only((0, 1, 40), drums=True), _only((0,), drums=False), _only((), drums=True), _only(None, drums=False)
    ('only General MIDI programs 0 to 1 and 40, and drums', 'only piano, no drums', 'only drums', 'no drums')
    """
    if programs is None:
        return "no drums"
    if not programs:
        return "only drums"
    piano = set(programs) <= set(PIANOS)
    words = "only piano" if piano else f"only General MIDI {instruments(programs, drums=False).replace('-', ' to ')}"
    return f"{words}{', and drums' if drums else ', no drums'}"


def _runs(numbers: list[int]) -> str:
    """Numbers in order, runs of them as one: 0-5, 40."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)


def together(controls: Iterable[Control]) -> Control | None:
    """The control that has every limit of all; None where no music could obey it, such as on two ranges far apart.

    The grid is the largest step that is on each grid; of several velocities, the first.

    >>> together([Control(per_second=12, velocity=80), Control(per_second=8, offsets=True)])
    Control(per_second=4, offsets=True, velocity=80, lowest=None, highest=None, programs=None, drums=True, pedal=None)
    """
    both = NO_CONTROL
    for one in controls:
        velocities = [each for each in (both.velocity, one.velocity) if each is not None]
        programs = [set(each) for each in (both.programs, one.programs) if each is not None]
        pedals = [each for each in (both.pedal, one.pedal) if each is not None]
        lowest = [each for each in (both.lowest, one.lowest) if each is not None]
        highest = [each for each in (both.highest, one.highest) if each is not None]
        both = Control(
            gcd(both.per_second or 0, one.per_second or 0) or None,
            both.offsets or one.offsets,
            next((each for each in velocities if each != PER_PIECE), velocities[0] if velocities else None),
            max(lowest, default=None),
            min(highest, default=None),
            tuple(sorted(set.intersection(*programs))) if programs else None,
            both.drums and one.drums,
            min(pedals, key=("none", "lengths").index, default=None),
        )
    empty = (both.lowest or 0) > (both.highest if both.highest is not None else 127)
    silent = both.programs == () and not both.drums
    return None if empty or silent else both
