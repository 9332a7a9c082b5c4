"""What limits the comparison, in sentences: the controls, and what of a performance each side of a comparison has."""

from collections.abc import Sequence

from evaluation.comparison.sets.references import Grid
from reports.content.report import ControlContent, SystemContent
from reports.numbers import listed

SHARED = "A limit that both sides share cannot explain a difference."
ALONE = "a difference may come from this alone."
VARIES = {  # what a side may vary in, and what its notes do where they do not
    "velocity": "have one velocity",
    "timing": "begin on a grid of 1/8 s",
}
PARTS = {"velocity": "velocity", "timing": "grid"}  # of a control, that limit it


def of_grid(grid: Grid, reference: str, controls: Sequence[ControlContent]) -> str:
    """What is done to the music before it is compared.

    >>> of_grid("none", "human", [])
    '--grid none: all music is compared as it is, whatever limits it has.'
    """
    match grid:
        case "none":
            return "--grid none: all music is compared as it is, whatever limits it has."
        case "auto" if not controls:
            return f"No control is used: no system has limits that are known and can be put on {reference}."
        case "auto":
            return (
                f"A system is compared with {reference} under the limits of the system’s own music: a grid of onsets "
                "and one velocity where all its files obey them, and a range, instruments or the use of the pedal "
                f"where they are declared. {SHARED}"
            )
        case "reference" if not controls:
            return f"--grid reference: {reference} is audio, on which no limits can be put."
        case "reference":
            return (
                f"--grid reference: the limits of a score matrix are put on {reference}; the systems are compared as "
                "they are."
            )
    return f"--grid all: the limits of a score matrix are put on all MIDI. {SHARED}"


def of_controls(controls: Sequence[ControlContent]) -> list[str]:
    """What each control is, a sentence each.

    >>> of_controls([ControlContent(name="human, one velocity", limits="with every note at velocity 80")])
    ['human, one velocity is the same music with every note at velocity 80.']
    """
    return [f"{one.name} is the same music {one.limits}." for one in controls]


def of_reference(reference: str, controls: Sequence[ControlContent]) -> list[str]:
    """What of the reference each control lacks, a sentence each; nothing where it lacks nothing or nothing is known.

    >>> control = ControlContent(name="human, one velocity", limits="", removes=("the velocities", "the pedal"))
    >>> of_reference("human", [control])
    ['human, one velocity lacks the velocities and the pedal of human.']
    """
    return [f"{one.name} lacks {listed(one.removes)} of {reference}." for one in controls if one.removes]


def of_sides(systems: Sequence[SystemContent], controls: Sequence[ControlContent], grid: Grid) -> list[str]:
    """What of a performance the sides of each comparison have: both, one alone, or nothing that is known of audio.

    systems : of the report, the reference and its controls included; grid : "auto" puts every limit of a control on a
        system that obeys it, so that both sides share it
    """
    named = {one.name: one for one in systems}
    limits = {one.name: one.parts for one in controls}
    said: dict[tuple[str, ...], list[str]] = {}  # the systems of whom one thing is said
    for one in systems:
        other = named.get(one.against) or systems[0]
        if one.role != "system":
            continue
        for side in (one, other):
            if side.touch is None:
                said.setdefault(("audio",), []).append(side.name)
        shared = set(limits.get(other.name, {})) if grid == "auto" else set[str]()
        for what in _compared(one, other, shared):
            said.setdefault((*what, other.name), []).append(one.name)
    return [_sentence(what, list(dict.fromkeys(names))) for what, names in said.items()]


def _compared(one: SystemContent, other: SystemContent, shared: set[str]) -> list[tuple[str, ...]]:
    """What both sides vary in, and what the notes of one side alone do not: ("both", in what), and ("system", what they
    do) or ("other", what they do)."""
    if one.touch is None or other.touch is None:
        return []
    own = {"velocity": not one.touch.one_velocity, "timing": not one.touch.on_grid}
    others = {"velocity": not other.touch.one_velocity, "timing": not other.touch.on_grid}
    parts = [part for part in VARIES if PARTS[part] not in shared]
    both = [part for part in parts if own[part] and others[part]]
    found: list[tuple[str, ...]] = [("both", " and ".join(both))] if both else []
    for who, free, bound in (("system", others, own), ("other", own, others)):
        if alone := [VARIES[part] for part in parts if free[part] and not bound[part]]:
            found.append((who, " and ".join(alone)))
    return found


def _sentence(what: tuple[str, ...], names: list[str]) -> str:
    """What is said of systems by `of_sides`."""
    match what:
        case ("both", parts, other):
            sides = f"Both {names[0]} and {other}" if len(names) == 1 else f"All of {listed([*names, other])}"
            return f"{sides} vary in {parts}: a difference may come from performance or from composition."
        case ("system", bound, other):
            return f"All notes of {listed(names)} {bound}; those of {other} do not: {ALONE}"
        case ("other", bound, other):
            return f"All notes of {other} {bound}; those of {listed(names)} do not: {ALONE}"
    if len(names) == 1:
        return f"{names[0]} is audio: a difference may also come from its instrument or recording."
    return f"{listed(names)} are audio: a difference may also come from their instruments or recordings."


def of_sharing(grid: Grid, controls: Sequence[ControlContent]) -> str:
    """What a difference under a control can come from; "" without one."""
    if not controls:
        return ""
    if grid == "reference":
        return "The limits were put on the reference alone: a system may lack them."
    if grid == "all":
        return "All MIDI shares the limits of the control: a difference between MIDI comes from something else."
    return "A system shares the limits of its control: a difference between them comes from something else."


def of_lengths(controls: Sequence[ControlContent], *, pedal: bool) -> str:
    """What the length of a note is in every metric, and what the sound does.

    >>> of_lengths([], pedal=False)
    'Note lengths in all MIDI: from note-on to note-off, without the pedal. The sound obeys the pedal.'
    """
    lengths = "as long as the pedal holds the note" if pedal else "from note-on to note-off, without the pedal"
    but = ", except under a control that removes it" * any("pedal" in one.parts for one in controls)
    return f"Note lengths in all MIDI: {lengths}. The sound obeys the pedal{but}."


def of_the_reference_itself(reference: str, control: ControlContent | None) -> tuple[str, ...]:
    """Why the reference without a control is compared with itself under one: a clause each.

    >>> control = ControlContent(name="human, one velocity", limits="", removes=("the velocities",))
    >>> of_the_reference_itself("human", control)[1]
    'its difference from human, one velocity is what this control removes: the velocities'
    """
    if control is None:
        return ()
    words = f": {listed(control.removes)}" if control.removes else ""
    return (
        f"this is {reference} without a control",
        f"its difference from {control.name} is what this control removes{words}",
    )
