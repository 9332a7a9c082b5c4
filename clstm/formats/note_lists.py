"""Lists of notes in JSON: MusPy's music, the prompts and continuations of MIREX, and Magenta's NoteSequence as text.

MusPy: https://salu133445.github.io/muspy/doc/music.html, times in steps of a quarter. MIREX: Symbolic Music Generation
2025, Data Format, times in sixteenths; it states no tempo, and here the velocity of a note may be stated besides.
"""

from collections.abc import Sequence
from typing import Any

from clstm.formats.building import NO_TEMPO, VELOCITY, Converted, FormatError, Part, midi_bytes, no_program
from clstm.formats.markup import json_of
from clstm.formats.note_sequence import of_json
from clstm.formats.recognition import MIREX_KEYS, json_form
from clstm.formats.values import real, whole

_SIXTEENTHS = 4  # in a quarter
_FINER = 256  # ticks in a sixteenth: lists that are not on the grid are read as they are

# Sharps of the major key on each pitch class, as scores write it; the minor key has those of the one on its third.
_SHARPS = (0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5)


def note_list(data: bytes) -> Converted:
    """What a JSON file of notes says. Raises `FormatError`.

    >>> note_list(b'[{"start": 0, "pitch": 60, "duration": 4}]').remarks
    ('no tempo is stated: 120 quarters per minute are assumed',)
    """
    found = json_of(data)
    try:
        match json_form(found):
            case "MusPy":
                return _muspy(found)
            case "MIREX":
                return _mirex(found)
            case "NoteSequence":
                return of_json(found)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError("corrupt: a list, an object or a number is not where the format has it") from error
    raise FormatError(
        "JSON, but no music that is read: MidiTok's tokens (ids), MusPy (resolution, tracks), a MIREX list of notes "
        "(start, pitch, duration) and NoteSequence (notes) are"
    )


def _muspy(found: dict[str, Any]) -> Converted:
    parts = [
        Part(
            [_muspy_note(one, f"track {at}, note {number}") for number, one in enumerate(_list(track, "notes"), 1)],
            program=_program(track, f"track {at}"),
            drums=bool(track.get("is_drum")),
            name=str(track.get("name") or ""),
        )
        for at, track in enumerate(found["tracks"], 1)
    ]
    tempi = [
        (whole(one, "time", f"tempo {at}", 0), real(one, "qpm", f"tempo {at}", above=True))
        for at, one in enumerate(_list(found, "tempos"), 1)
    ]
    midi = midi_bytes(
        whole(found, "resolution", "MusPy"),
        parts,
        tempi=tempi,
        metres=[(int(o["time"]), int(o["numerator"]), int(o["denominator"])) for o in _list(found, "time_signatures")],
        keys=[key for one in _list(found, "key_signatures") for key in _key(one)],
        texts=[(int(one["time"]), "lyrics", str(one["lyric"])) for one in _list(found, "lyrics")],
    )
    silent = [one for track in found["tracks"] for one in _list(track, "notes") if one.get("velocity") is None]
    unstated = sum(track.get("program") is None and not track.get("is_drum") for track in found["tracks"])
    return Converted(midi, (*(() if tempi else (NO_TEMPO,)), *no_velocity(silent), *no_program(unstated, len(parts))))


def _muspy_note(one: Any, where: str) -> tuple[int, int, int, int]:
    """(begin, end, pitch, velocity), in steps."""
    begin = whole(one, "time", where, 0)
    return begin, begin + whole(one, "duration", where, 0), whole(one, "pitch", where, 0, 127), _velocity(one, where)


def _program(track: dict[str, Any], where: str) -> int:
    return 0 if track.get("program") is None else whole(track, "program", where, 0, 127)


def _mirex(found: Any) -> Converted:
    lists = {"": found} if isinstance(found, list) else {f"{key}, ": found[key] for key in MIREX_KEYS if key in found}
    notes = [_mirex_note(one, f"{of}note {at}") for of, own in lists.items() for at, one in enumerate(own, 1)]
    null = [one for own in lists.values() for one in own if one.get("velocity", 0) is None]
    midi = midi_bytes(_SIXTEENTHS * _FINER, [Part(notes)], metres=[(0, 4, 4)])
    return Converted(midi, (NO_TEMPO, *no_velocity(null)))


def _mirex_note(one: Any, where: str) -> tuple[int, int, int, int]:
    """(begin, end, pitch, velocity), in ticks."""
    begin, lasts = real(one, "start", where), real(one, "duration", where, above=True)
    pitch = whole(one, "pitch", where, 0, 127)
    return _step(begin), _step(begin) + _step(lasts), pitch, _velocity(one, where)


def _step(sixteenths: float) -> int:
    return round(sixteenths * _FINER)


def _velocity(note: dict[str, Any], where: str) -> int:
    return VELOCITY if note.get("velocity") is None else whole(note, "velocity", where, 0, 127)


def no_velocity(notes: Sequence[object]) -> tuple[str, ...]:
    """What to say of notes that state none."""
    states = f"{len(notes):,} note{'s state' if len(notes) != 1 else ' states'}"
    return (f"{states} no velocity: {VELOCITY} is assumed",) if notes else ()


def _key(one: dict[str, Any]) -> list[tuple[int, int, bool]]:
    """A key signature as MIDI has it; none for other modes, or where the root is not stated."""
    mode, root, fifths = one.get("mode") or "major", one.get("root"), one.get("fifths")
    if mode not in ("major", "minor") or (root is None and fifths is None):
        return []
    sharps = _SHARPS[(int(root or 0) + 3 * (mode == "minor")) % 12] if fifths is None else int(fifths)
    return [(int(one["time"]), sharps, mode == "minor")]


def _list(found: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return list(found.get(key) or [])
