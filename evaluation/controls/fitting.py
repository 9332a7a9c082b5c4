"""The control that fits a system: the limits that its music obeys throughout, each with the reason for it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from clstm.music.generated import GENERATED
from evaluation.controls.control import NO_CONTROL, PER_PIECE, Control, instruments, step
from evaluation.controls.declared import OPTION
from evaluation.controls.limits import Limits

MOST = 3  # grids of beats that a reason names

BY_FIELDS: Mapping[str, tuple[str, ...]] = {  # the fields of a control that are one limit
    "grid": ("per_second",),
    "velocity": ("velocity",),
    "range": ("lowest", "highest"),
    "instruments": ("programs", "drums"),
    "pedal": ("pedal",),
}


AUDIO, PARTLY_AUDIO, NO_NOTES = "audio", "audio in part", "music without notes"
_IN, _BY = ("in", GENERATED), ("with", OPTION)


@dataclass(frozen=True, eq=False)
class Fit:
    """The control that fits a system.

    reasons : why it has each of its limits, or why it has none; a clause each
    remarks : what was declared and is not used, one line each
    limits : of its music; None of audio, or without any note
    """

    control: Control
    reasons: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    limits: Limits | None = None


def fitted(
    limits: Limits | None, stated: Control = NO_CONTROL, option: Control = NO_CONTROL, *, kind: str = AUDIO
) -> Fit:
    """The control of music with these limits.

    stated : what `generated.json` declares; option : what the user declares, which counts more
    kind : what music is of which no limits are known

    >>> fitted(None, Control(per_second=8)).reasons
    ('declared in generated.json: a grid of 1/8 s, which cannot be checked in audio',)
    """
    control, remarks = NO_CONTROL if limits is None else limits.control(), list[str]()
    reasons = {} if limits is None else _found(limits, control)
    said: dict[tuple[str, str], list[str]] = {_IN: [], _BY: []}  # what each source declares and notes do not show
    for source, declared in ((_IN, stated), (_BY, option)):
        for limit, names in BY_FIELDS.items():
            values = {name: getattr(declared, name) for name in names}
            if values == {name: getattr(NO_CONTROL, name) for name in names}:
                continue
            words = _in_words(limit, declared)
            if why := _broken(limit, declared, limits):
                remarks.append(f"{source[1]} declares {words}, and {why}: it is not used")
            elif limit not in reasons or values != {name: getattr(control, name) for name in names}:
                control = replace(control, **values)
                reasons.pop(limit, None)
                said[source].append(words)
    if control.per_second is not None:
        known = stated.offsets or option.offsets if limits is None else limits.offsets_on(control.per_second)
        control = replace(control, offsets=known)
    unknown = f"which cannot be checked in {NO_NOTES if kind == NO_NOTES else AUDIO}"
    obeyed = unknown if limits is None else f"which {_files(limits)} obey{_s(limits)}"
    declarations = [
        f"declared {where} {source}: {_listed(words)}, {obeyed}" for (where, source), words in said.items() if words
    ]
    ordered = (*(reasons[limit] for limit in BY_FIELDS if limit in reasons), *declarations)
    return Fit(control, ordered or (_why_none(limits, kind),), tuple(remarks), limits)


def _files(limits: Limits) -> str:
    return f"its {len(limits.pieces)} files" if len(limits.pieces) > 1 else "its file"


def _s(limits: Limits) -> str:
    return "" if len(limits.pieces) > 1 else "s"


def _listed(words: list[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _found(limits: Limits, control: Control) -> dict[str, str]:
    """What was found in the music, by the limit."""
    of_files = f"of {_files(limits)}"
    found = {}
    if control.per_second is not None:
        what = "every onset and offset" if control.offsets else "every onset"
        found["grid"] = f"{what} {of_files} lies on a grid of {step(control.per_second)}"
    if control.velocity == PER_PIECE:
        found["velocity"] = f"all notes of a file have one velocity, in each {of_files}"
    elif control.velocity is not None:
        found["velocity"] = f"all notes {of_files} have velocity {control.velocity}"
    return found


def _why_none(limits: Limits | None, kind: str) -> str:
    if limits is None:
        return f"it is {kind}, and its limits are not known"
    files = _files(limits)
    rule = limits.per_quarter
    if rule is not None and not rule.exceptions:
        return (
            f"the onsets of {files} lie on {parts_of_a_quarter(rule.value)}, and velocities vary; a grid of beats is "
            "not put on the reference, for the beats of a performance are not known"
        )
    common = "common " * (len(limits.pieces) > 1)
    return f"no {common}grid in seconds and no single velocity in {files}{_grids_of_beats(limits)}"


def _grids_of_beats(limits: Limits) -> str:
    """The grids of beats that some files have, the most frequent ones; "" where none has one."""
    rules = [replace(limits, pieces=(one,)).per_quarter for one in limits.pieces]
    found = Counter(rule.value for rule in rules if rule is not None and not rule.exceptions)
    of = len(rules)
    said = [f"{parts_of_a_quarter(value)} in {count} of {of}" for value, count in found.most_common(MOST)]
    return f"; grids of beats: {_listed(said)}" if said else ""


def parts_of_a_quarter(count: int) -> str:
    """
    >>> parts_of_a_quarter(4), parts_of_a_quarter(1)
    ('1/4 of a quarter', 'quarters')
    """
    return "quarters" if count == 1 else f"1/{count} of a quarter"


def _in_words(limit: str, declared: Control) -> str:
    match limit:
        case "grid":
            assert declared.per_second is not None
            return f"a grid of {step(declared.per_second)}"
        case "velocity":
            return "one velocity per piece" if declared.velocity == PER_PIECE else f"velocity {declared.velocity}"
        case "range":
            return f"pitches from MIDI {declared.lowest} to {declared.highest}"
        case "instruments":
            return instruments(declared.programs, drums=declared.drums)
    return "no pedal" if declared.pedal == "none" else "the pedal as lengths of notes"


def _broken(limit: str, declared: Control, limits: Limits | None) -> str:
    """How music breaks a limit that is declared; "" where it does not, or nothing is known."""
    if limits is None:
        return ""
    match limit:
        case "grid":
            assert declared.per_second is not None
            return "" if limits.obeys(declared.per_second) else "some onsets are off it"
        case "velocity":
            one = declared.velocity
            obeyed = limits.velocity is not None if one == PER_PIECE else set(limits.velocities) <= {one}
            return "" if obeyed else f"the notes have velocities {limits.velocities[0]} to {limits.velocities[-1]}"
        case "range":
            low, high = limits.range or (declared.lowest, declared.highest)
            inside = (declared.lowest or 0) <= (low or 0) and (high or 0) <= (declared.highest or 127)
            return "" if inside else f"the notes are from MIDI {low} to {high}"
        case "instruments":
            other = declared.programs is not None and not set(limits.programs) <= set(declared.programs)
            drums = bool(limits.drums) and not declared.drums
            played = instruments(limits.programs, drums=bool(limits.drums))
            return f"the files have {played}" if other or drums else ""
    return f"a pedal is pressed {limits.pedals} times" if limits.pedals else ""
