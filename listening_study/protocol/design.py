"""Who hears what, in which order: a pure function of the study's secret, a listener's slot and the clips.

The secret (`order`) is what keeps the order blind: everything else that the order comes from is public,
and from a known order the clips of one source can be found by their positions.

The orders of a block of listeners form a Williams square (Williams 1949): when a block is complete every clip has been
in every position equally often and has followed every other clip equally often, so neither fatigue nor the clip before
favours a source. Which clip is which letter of the square, and which listener gets which row, is shuffled again for
every block. Where each listener hears only some clips of each source, the letters rotate through them: after every
`rotations` listeners each clip of a source has been heard equally often, and after a block also in every position. Each
rotation has its own square: with one square for all, somebody who takes part twice would hear clips of one source at
one position.

Catch trials are at the same positions for all, spread evenly; repeated clips come last. Neither changes the order of
the other clips.

Shuffles sort by SHA-256 instead of using a library's generator: a listener's order can be computed again years later,
with any version of any library.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import gcd

from listening_study.protocol.designs.squares import rows, shuffled, shuffled_by_place, williams_row


class TrialKind(StrEnum):
    """Why a clip is heard."""

    MAIN = "main"
    CATCH = "catch"
    REPEAT = "repeat"


@dataclass(frozen=True)
class Trial:
    """One clip for one listener."""

    clip: str
    kind: TrialKind


@dataclass(frozen=True)
class DesignSize:
    """How much there is to hear: all of a layout that may be known.

    clips : of each source
    each : clips of each source that one listener hears
    """

    sources: int
    clips: int
    each: int
    catch: int = 0
    repeats: int = 0

    @property
    def main(self) -> int:
        """Main trials of one listener.

        >>> DesignSize(sources=3, clips=10, each=4).main
        12
        """
        return self.sources * self.each

    @property
    def trials(self) -> int:
        """All trials of one listener but practice.

        >>> DesignSize(sources=3, clips=10, each=4, catch=2, repeats=1).trials
        15
        """
        return self.main + self.catch + self.repeats

    @property
    def rotations(self) -> int:
        """After how many listeners every clip was heard equally often.

        >>> DesignSize(sources=3, clips=10, each=10).rotations, DesignSize(sources=3, clips=10, each=4).rotations
        (1, 5)
        """
        return self.clips // gcd(self.clips, self.each)

    @property
    def block(self) -> int:
        """After how many listeners positions and neighbours are balanced, too.

        >>> DesignSize(sources=2, clips=5, each=5).block, DesignSize(sources=3, clips=5, each=5).block  # 15 is odd
        (10, 30)
        """
        return self.rotations * rows(self.main)


@dataclass(frozen=True)
class Recruitment:
    """When a study has enough listeners: so many with an answer to every one of so many trials."""

    listeners: int
    trials: int


@dataclass(frozen=True)
class Layout:
    """What there is to hear.

    strata : clips by source, all of one length; their order does not reveal which source is which.
    each : clips of each source that one listener hears.
    catch : clips of the catch trials, heard by all.
    repeats : how many clips are heard again at the end.
    one_square : all rotations of a block share one square, as in studies made before orders had a secret.
    """

    strata: tuple[tuple[str, ...], ...]
    each: int
    catch: tuple[str, ...] = ()
    repeats: int = 0
    one_square: bool = False

    @property
    def size(self) -> DesignSize:
        return DesignSize(len(self.strata), len(self.strata[0]), self.each, len(self.catch), self.repeats)


def trials(secret: str, slot: int, layout: Layout) -> list[Trial]:
    """What the listener of this slot (0, 1, 2, ...) hears, in order.

    >>> layout = Layout((("a", "b"), ("c", "d")), each=2)
    >>> trials("1", 0, layout) == trials("1", 0, Layout((("b", "a"), ("d", "c")), each=2))
    True
    """
    main = [Trial(clip, TrialKind.MAIN) for clip in _main(secret, slot, layout)]
    candidates = main[:-1] if layout.repeats == 1 else main  # not the last clip: it would follow itself
    again = set(shuffled([trial.clip for trial in candidates], f"{secret}/{slot}/repeat")[: layout.repeats])
    repeats = [Trial(trial.clip, TrialKind.REPEAT) for trial in main if trial.clip in again]
    order = main[:]
    for number, clip in reversed(list(enumerate(shuffled(layout.catch, f"{secret}/{slot}/catch"), 1))):
        order.insert(number * len(main) // (len(layout.catch) + 1), Trial(clip, TrialKind.CATCH))
    return order + repeats


def _main(secret: str, slot: int, layout: Layout) -> list[str]:
    size = layout.size
    block, place = divmod(slot, size.block)
    row_number, rotation = divmod(place, size.rotations)
    letters = []
    for stratum in layout.strata:
        mixed = shuffled(stratum, f"{secret}/{block}/clip")
        turned = [mixed[(rotation * layout.each + k) % len(stratum)] for k in range(layout.each)]
        letters += turned
    square = f"{secret}/{block}" if layout.one_square else f"{secret}/{block}/{rotation}"
    letters = shuffled_by_place(letters, f"{square}/letter")
    row = shuffled(range(rows(size.main)), f"{square}/row")[row_number]
    return [letters[letter] for letter in williams_row(row, size.main)]
