"""The bytes of a Standard MIDI File, from parts: an instrument's notes, controllers and bends.

Each pitched part has a channel of its own; beyond fifteen of them on further ports. Drums are on channel 10.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import mido
    from symusic import Score

VELOCITY = 80  # the one velocity of music that carries none, as in `clstm.music.midi`
DEFAULT_TEMPO = 120.0  # quarters per minute of music that states none
NO_TEMPO = f"no tempo is stated: {DEFAULT_TEMPO:g} quarters per minute are assumed"
# Ticks per quarter, about. Short, as FluidSynth's player sends what is due half a tick early; a power of two, so that
# seconds at 120 quarters per minute are exact.
FINE = 8192

_DRUMS = 9  # the channel, counted from 0
_PITCHED = [channel for channel in range(16) if channel != _DRUMS]
_UNITS = [2**power for power in range(16)]  # note values of a beat
_LONGEST_DELTA = 0xFFFFFFF  # ticks between two messages that four bytes of seven bits can hold
_SLOWEST, _FASTEST = 4.0, 6e7  # quarters per minute that three bytes of microseconds can hold


class FormatError(ValueError):
    """The content is not what its format allows. The message says how."""


@dataclass(frozen=True)
class Converted:
    """What a reader makes of a file: the bytes of a MIDI file, and what has to be said about them."""

    midi: bytes
    remarks: tuple[str, ...] = ()


@dataclass
class Part:
    """One instrument. Times are ticks.

    notes : (begin, end, pitch 0..127, velocity 0..127); those of velocity 0 are silent
    controls : (time, controller, value); bends : (time, -8192..8191)
    program : General MIDI, 0..127
    """

    notes: list[tuple[int, int, int, int]] = field(default_factory=list)
    controls: list[tuple[int, int, int]] = field(default_factory=list)
    bends: list[tuple[int, int]] = field(default_factory=list)
    program: int = 0
    drums: bool = False
    name: str = ""


def midi_bytes(
    division: int,
    parts: Sequence[Part],
    *,
    tempi: Iterable[tuple[int, float]] = (),
    metres: Iterable[tuple[int, int, int]] = (),
    keys: Iterable[tuple[int, int, bool]] = (),
    texts: Iterable[tuple[int, str, str]] = (),
) -> bytes:
    """The bytes of a file, from times in ticks, `division` per quarter, 1..32767; coarse ones are divided (`FINE`).

    Raises `FormatError` for values no file can hold.

    tempi : (tick, quarters per minute); metres : (tick, beats, note value of a beat)
    keys : (tick, sharps or negative flats, minor); texts : (tick, kind as mido calls it, text)

    >>> midi_bytes(96, [Part([(0, 96, 60, 80)])])[:14].hex(" ", 2)
    '4d54 6864 0000 0006 0001 0002 1fe0'
    """
    import mido

    if not 1 <= division <= 0x7FFF:
        raise FormatError(f"{division} ticks per quarter; 1 to {0x7FFF} are read")
    finer = max(FINE // division, 1)
    for number, part in enumerate(parts, 1):
        _check(part, f"track {number}")
    tempi, metres = list(tempi), list(metres)
    for _, beats, unit in metres:
        if not 1 <= beats <= 255 or unit not in _UNITS:
            raise FormatError(f"a time signature of {beats}/{unit}; 1 to 255 beats of 1/1, 1/2, 1/4 ... are read")
    file = mido.MidiFile(type=1, ticks_per_beat=division * finer, charset="utf-8")
    try:
        about = [(tick, _tempo(qpm)) for tick, qpm in tempi]
        about += [(tick, mido.MetaMessage("time_signature", numerator=n, denominator=d)) for tick, n, d in metres]
        about += [(tick, mido.MetaMessage("key_signature", key=_key(sharps, minor))) for tick, sharps, minor in keys]
        about += [(tick, mido.MetaMessage(kind, text=text)) for tick, kind, text in texts]
        file.tracks.append(_track([(tick, 0, message) for tick, message in about], division, finer))
        pitched = 0
        for part in parts:
            port, place = (0, 0) if part.drums else divmod(pitched, len(_PITCHED))
            pitched += not part.drums
            file.tracks.append(
                _track(_messages(part, port, _DRUMS if part.drums else _PITCHED[place]), division, finer)
            )
        return saved(file)
    except FormatError:
        raise
    except (ValueError, TypeError, OverflowError, KeyError) as error:  # mido's checks of every value
        raise FormatError(f"a value that no MIDI file can hold ({error})") from error


def no_program(unstated: int, tracks: int) -> tuple[str, ...]:
    """What to say of tracks, `unstated` of all, that state no program."""
    if not unstated:
        return ()
    return (f"{unstated} of {tracks} track{'s' * (tracks != 1)} without a program: read as a piano",)


def saved(file: "mido.MidiFile") -> bytes:
    written = BytesIO()
    file.save(file=written)
    return written.getvalue()


def apart(midi: bytes) -> bytes:
    """The same file with channels of its own for each track: music21 and Verovio give one to several parts.

    Where two parts play the same key, the one that ends first would silence the other, and of more than fifteen
    instruments some would sound as others.
    """
    import mido

    file = mido.MidiFile(file=BytesIO(midi))
    places: dict[tuple[int, int], tuple[int, int]] = {}
    for number, track in enumerate(file.tracks):
        moved, now = mido.MidiTrack(), 0
        for message in track:
            if not message.is_meta and hasattr(message, "channel") and message.channel != _DRUMS:
                own = places.setdefault((number, message.channel), divmod(len(places), len(_PITCHED)))
                if own[0] != now:
                    now = own[0]
                    moved.append(mido.MetaMessage("midi_port", port=now, time=message.time))
                    message.time = 0
                message.channel = _PITCHED[own[1]]
            moved.append(message)
        file.tracks[number] = moved
    return saved(file)


def _messages(part: Part, port: int, channel: int) -> list[tuple[int, int, "mido.Message"]]:
    """(tick, order within the tick, message): ends before controllers before begins."""
    import mido

    found: list[tuple[int, int, Any]] = [(0, 0, mido.MetaMessage("midi_port", port=port))] if port else []
    if part.name:
        found.append((0, 0, mido.MetaMessage("track_name", name=part.name)))
    found.append((0, 0, mido.Message("program_change", channel=channel, program=part.program)))
    for tick, control, value in part.controls:
        found.append((tick, 1, mido.Message("control_change", channel=channel, control=control, value=value)))
    for tick, bend in part.bends:
        found.append((tick, 1, mido.Message("pitchwheel", channel=channel, pitch=bend)))
    for begin, end, pitch, velocity in part.notes:
        if velocity:
            found.append((begin, 2, mido.Message("note_on", channel=channel, note=pitch, velocity=velocity)))
            # A note without length ends behind its begin.
            order = 0 if end > begin else 3
            found.append((max(begin, end), order, mido.Message("note_off", channel=channel, note=pitch)))
    return found


def _check(part: Part, where: str) -> None:
    """Raise `FormatError` for values that no MIDI file can hold, or that it would hold as others."""
    _in_range(part.program, f"{where}: program")
    for number, (begin, end, pitch, velocity) in enumerate(part.notes, 1):
        _in_range(pitch, f"{where}, note {number}: pitch")
        _in_range(velocity, f"{where}, note {number}: velocity")
        if end < begin:
            raise FormatError(f"{where}, note {number}: it ends before it begins")
        if begin < 0:
            raise FormatError(f"{where}, note {number}: a time before the beginning")
    for _, control, value in part.controls:
        _in_range(control, f"{where}: the number of a controller,")
        _in_range(value, f"{where}: controller {control}, value")
    for _, bend in part.bends:
        _in_range(bend, f"{where}: a bend of", -8192, 8191)


def _in_range(value: int, what: str, low: int = 0, high: int = 127) -> None:
    if not low <= value <= high:
        raise FormatError(f"{what} {value}; {low} to {high} are read")


def _track(messages: list[tuple[int, int, Any]], division: int, finer: int) -> "mido.MidiTrack":
    import mido

    track, now = mido.MidiTrack(), 0
    for tick, _, message in sorted(messages, key=lambda one: one[:2]):
        if tick < 0:
            raise FormatError(f"a time before the beginning ({tick})")
        if (tick - now) * finer > _LONGEST_DELTA:
            raise FormatError(f"absurd times: nothing for {(tick - now) / division:,.0f} quarters")
        track.append(message.copy(time=(tick - now) * finer))
        now = tick
    return track


def _tempo(quarters_per_minute: float) -> "mido.MetaMessage":
    import mido

    if not _SLOWEST <= quarters_per_minute <= _FASTEST:
        raise FormatError(f"a tempo of {quarters_per_minute:g} quarters per minute; {_SLOWEST:g} or more are read")
    return mido.MetaMessage("set_tempo", tempo=round(6e7 / quarters_per_minute))


def _key(sharps: int, minor: bool) -> str:
    """A key as mido names it: the major key of so many fifths, or the minor key with the same signature."""
    fifths = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
    minors = ("Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m", "A#m")
    if not -7 <= sharps <= 7:
        raise FormatError(f"a key of {sharps} sharps")
    return (minors if minor else fifths)[sharps + 7]


def midi_of_score(score: "Score") -> bytes:
    """The bytes of a file that says what symusic's `Score` (in ticks) does."""
    parts = [
        Part(
            [(note.time, note.time + note.duration, note.pitch, note.velocity) for note in track.notes],
            [(one.time, one.number, one.value) for one in track.controls],
            [(one.time, one.value) for one in track.pitch_bends],
            track.program,
            track.is_drum,
            track.name,
        )
        for track in score.tracks
    ]
    return midi_bytes(
        score.ticks_per_quarter,
        parts,
        tempi=[(one.time, one.qpm) for one in score.tempos],
        metres=[(one.time, one.numerator, one.denominator) for one in score.time_signatures],
        keys=[(one.time, one.key, bool(one.tonality)) for one in score.key_signatures],
        texts=[(one.time, "marker", one.text) for one in score.markers],
    )
