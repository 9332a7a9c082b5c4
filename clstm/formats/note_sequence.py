"""Magenta's NoteSequence: notes in seconds with tempo, metre, key, instruments, controllers and bends.

The protocol buffer is described here with the fields that are read (numbers and names as in Magenta's `music.proto`);
others are passed over. So neither Magenta nor TensorFlow is needed. A record of several sequences (.tfrecord) is
refused, as is a MIDI file of several pieces.
"""

from bisect import bisect_right
from functools import lru_cache
from typing import Any

from clstm.formats.building import DEFAULT_TEMPO, FINE, Converted, FormatError, Part, midi_bytes
from clstm.formats.recognition import records
from clstm.formats.values import real, whole

# Message: field, number, and its type: i(nteger), d(ouble), b(oolean), s(tring), the name of an enum, or a message.
_MESSAGES = {
    "Note": "pitch 1 i, velocity 2 i, start_time 3 d, end_time 4 d, instrument 7 i, program 8 i, is_drum 9 b",
    "Tempo": "time 1 d, qpm 2 d",
    "TimeSignature": "time 1 d, numerator 2 i, denominator 3 i",
    "KeySignature": "time 1 d, key 2 Key, mode 3 Mode",
    "PitchBend": "time 1 d, bend 2 i, instrument 3 i, program 4 i, is_drum 5 b",
    "ControlChange": "time 1 d, control_number 2 i, control_value 3 i, instrument 4 i, program 5 i, is_drum 6 b",
    "NoteSequence": "ticks_per_quarter 4 i, time_signatures 5 TimeSignature, key_signatures 6 KeySignature,"
    " tempos 7 Tempo, notes 8 Note, total_time 9 d, pitch_bends 10 PitchBend, control_changes 11 ControlChange",
}
_ENUMS = {
    "Key": "C C_SHARP=1 D_FLAT=1 D=2 D_SHARP=3 E_FLAT=3 E=4 F=5 F_SHARP=6 G_FLAT=6 G=7 G_SHARP=8 A_FLAT=8 A=9"
    " A_SHARP=10 B_FLAT=10 B=11",
    "Mode": "MAJOR MINOR=1 NOT_SPECIFIED=2 MIXOLYDIAN=3 DORIAN=4 PHRYGIAN=5 LYDIAN=6 LOCRIAN=7",
}
_SHARPS = (0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5)  # of the major key on each pitch class


def note_sequence(data: bytes) -> Converted:
    """A NoteSequence as a serialised protocol buffer. Raises `FormatError`."""
    from google.protobuf.message import DecodeError

    try:
        return _converted(_class().FromString(data))
    except DecodeError as error:
        raise FormatError("corrupt: not a NoteSequence, or not a whole one") from error


def record(data: bytes) -> Converted:
    """The one NoteSequence in a TFRecord file: its length, 8 bytes, 4 of a checksum, itself, 4 more. `FormatError`."""
    try:
        found = list(records(data))
    except ValueError as error:
        raise FormatError(str(error)) from error
    if len(found) != 1:
        raise FormatError(f"{len(found)} sequences in one file; save each as a file")
    return note_sequence(found[0])


def of_json(found: dict[str, Any]) -> Converted:
    """A NoteSequence as `google.protobuf.json_format` writes it. Raises `FormatError`."""
    from google.protobuf.json_format import ParseDict, ParseError

    try:
        return _converted(ParseDict(found, _class()(), ignore_unknown_fields=True))
    except ParseError as error:
        raise FormatError(f"corrupt: not a NoteSequence ({error})") from error


def _converted(sequence: Any) -> Converted:
    if sequence.notes and not any(note.end_time for note in sequence.notes):
        raise FormatError("a NoteSequence of steps without times; save it with the times of its notes")
    ticks = _Ticks([(one.time, one.qpm) for one in sequence.tempos])
    parts: dict[tuple[int, int, bool], Part] = {}

    def part(one: Any) -> Part:
        key = (one.instrument, one.program, one.is_drum)
        return parts.setdefault(key, Part(program=one.program, drums=one.is_drum))

    for number, note in enumerate(sequence.notes, 1):
        _check(note, f"note {number}")
        part(note).notes.append((ticks.at(note.start_time), ticks.at(note.end_time), note.pitch, note.velocity))
    for control in sequence.control_changes:
        part(control).controls.append((ticks.at(control.time), control.control_number, control.control_value))
    for bend in sequence.pitch_bends:
        part(bend).bends.append((ticks.at(bend.time), bend.bend))
    midi = midi_bytes(
        FINE,
        list(parts.values()),
        tempi=ticks.tempi,
        metres=[(ticks.at(one.time), one.numerator, one.denominator) for one in sequence.time_signatures],
        keys=[
            (ticks.at(one.time), _SHARPS[(one.key + 3 * one.mode) % 12], one.mode == 1)
            for one in sequence.key_signatures
            if one.mode in (0, 1)  # MIDI knows major and minor
        ],
    )
    return Converted(midi)


def _check(note: Any, where: str) -> None:
    """Raise `FormatError` for values that would be read as others."""
    times = {"startTime": note.start_time, "endTime": note.end_time}
    for key in times:
        real(times, key, where)
    if note.end_time < note.start_time:
        raise FormatError(f"{where}: endTime {note.end_time:g} is before startTime {note.start_time:g}")
    values = {"pitch": note.pitch, "velocity": note.velocity, "program": note.program}
    for key in values:
        whole(values, key, where, 0, 127)


class _Ticks:
    """Seconds as ticks, by the tempo map: (seconds, quarters per minute) in any order."""

    def __init__(self, tempi: list[tuple[float, float]]) -> None:
        known = sorted(one for one in tempi if one[1] > 0)
        if not known or known[0][0] > 0:
            known = [(0.0, DEFAULT_TEMPO), *known]
        self.begins = [begin for begin, _ in known]
        self.tempi: list[tuple[int, float]] = []
        for begin, qpm in known:
            self.tempi.append((self.at(begin) if self.tempi else 0, qpm))

    def at(self, seconds: float) -> int:
        place = min(max(bisect_right(self.begins, seconds), 1), len(self.tempi)) - 1
        tick, qpm = self.tempi[place]
        return tick + round((seconds - self.begins[place]) * qpm / 60 * FINE)


@lru_cache
def _class() -> Any:
    """The class of a NoteSequence, with the fields of `_MESSAGES`."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="clstm/note_sequence.proto", package="clstm", syntax="proto3")
    types = {"i": 5, "d": 1, "b": 8, "s": 9}  # int32, double, bool, string: numbers of `FieldDescriptorProto.Type`
    for name, text in _ENUMS.items():
        enum = file.enum_type.add(name=name)
        enum.options.allow_alias = True
        for value in text.split():
            label, _, number = value.partition("=")
            enum.value.add(name=label, number=int(number or 0))
    for name, text in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for one in text.split(","):
            label, number, kind = one.split()
            own = message.field.add(name=label, number=int(number), label=3 if kind in _MESSAGES else 1)
            own.type = types.get(kind) or (14 if kind in _ENUMS else 11)
            if kind not in types:
                own.type_name = f".clstm.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("clstm.NoteSequence"))
