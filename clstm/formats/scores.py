"""Scores: MusicXML through music21, Humdrum `**kern` and MEI through Verovio, ABC through symusic.

The libraries make the MIDI file. Repeats and endings are played. Transposing instruments sound as they sound, ties are
one note. Chord symbols of ABC are not played: they are no notes. The libraries of MEI, `**kern` and ABC are written in
C and C++ (`clstm.formats.isolated`).
"""

import base64
import re
import warnings
from contextlib import suppress
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET

from clstm.formats.building import NO_TEMPO, Converted, FormatError, apart, midi_of_score, saved
from clstm.formats.markup import text_of, xml_of
from clstm.formats.table import CONVERT

GRACE = 0.125  # quarters: how long a grace note sounds
HIGHEST = 120  # MIDI, C9; a piano ends at 108
ANY_DRUM = 38  # General MIDI's snare, for what is struck and does not say on what

_XML_TEMPO = re.compile(r"<(?:\w+:)?sound\b[^>]*\btempo\s*=|<(?:\w+:)?per-minute>")
_TIMEWISE = re.compile(r"<(?:\w+:)?score-timewise\b")
_CALLED = {"humdrum": "Humdrum **kern", "mei": "MEI"}
_MEI_TEMPO = re.compile(r"\b(?:midi\.bpm|midi\.mspb|mm)\s*=")
_KERN_TEMPO = re.compile(r"(?:^|\t)\*MM\d", re.MULTILINE)
_ABC_TEMPO = re.compile(r"(?:^|\[)Q:[^\n\]]*\d", re.MULTILINE)
_ABC_TUNE = re.compile(r"^X:", re.MULTILINE)
_ABC_KEY = re.compile(r"^(K:[^\n]*)$", re.MULTILINE)


def musicxml(data: bytes) -> Converted:
    """MusicXML, also compressed. Raises `FormatError`."""
    import music21

    text = xml_of(data)
    if _TIMEWISE.search(text):
        raise FormatError("MusicXML as score-timewise; score-partwise is read: save it again in a notation program")
    remarks: tuple[str, ...] = () if _XML_TEMPO.search(text) else (NO_TEMPO,)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what music21 thinks of the file's style
        try:
            score = music21.converter.parseData(_on_keys(text), format="musicxml")
            _lengthen_graces(score)
            score.toSoundingPitch(inPlace=True)
            remarks += _named_instruments(score)
            midi, more = _played(score)
            return Converted(apart(midi), (*remarks, *more))
        except Exception as error:  # it raises whatever its code meets in a file that is not MusicXML
            raise FormatError(f"not readable as MusicXML ({_one_line(error)}); {CONVERT}") from error


def _on_keys(text: str) -> str:
    """Each unpitched note as a note on its drum's key, and its part as drums: music21 plays all drums of a part as one.

    Drums that do not say which they are become `ANY_DRUM`.
    """
    root = ET.fromstring(text)  # noqa: S314 - `xml_of` refuses entities
    keys = {one.get("id"): one.findtext("midi-unpitched") for one in root.iter("midi-instrument")}
    for part in root.iter("part"):
        struck = [note for note in part.iter("note") if note.find("unpitched") is not None]
        for note in struck:
            instrument, place = note.find("instrument"), note.find("unpitched")
            stated = keys.get("" if instrument is None else instrument.get("id")) or ""
            key = int(stated) - 1 if stated.strip().isdecimal() else ANY_DRUM  # MusicXML counts from 1
            _be_pitch(place, key)
        about = root.find(f"part-list/score-part[@id='{part.get('id')}']")
        if struck and about is not None:
            for child in [one for one in about if one.tag in ("score-instrument", "midi-device", "midi-instrument")]:
                about.remove(child)
            ET.SubElement(ET.SubElement(about, "score-instrument", id="kit"), "instrument-name")
            drums = ET.SubElement(about, "midi-instrument", id="kit")
            ET.SubElement(drums, "midi-channel").text = "10"
            ET.SubElement(drums, "midi-unpitched").text = str(ANY_DRUM + 1)
    return ET.tostring(root, encoding="unicode")


def _be_pitch(element: Any, key: int) -> None:
    """Make of an element, <unpitched>, the <pitch> of a MIDI key."""
    element.clear()
    element.tag = "pitch"
    name = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")[key % 12]
    ET.SubElement(element, "step").text = name[0]
    ET.SubElement(element, "alter").text = str(len(name) - 1)
    ET.SubElement(element, "octave").text = str(key // 12 - 1)


def _named_instruments(score: Any) -> tuple[str, ...]:
    """Give parts that state no program the one of the instrument they are named after, where there is one."""
    import music21

    named = 0
    for own in score.recurse().getElementsByClass(music21.instrument.Instrument):
        if own.midiProgram is None and not isinstance(own, music21.instrument.UnpitchedPercussion):
            with suppress(music21.exceptions21.InstrumentException):
                own.midiProgram = music21.instrument.fromString(own.bestName() or "").midiProgram
                named += own.midiProgram is not None
    return ("no programs are stated: instruments are those that parts are named after",) if named else ()


def _lengthen_graces(score: Any) -> None:
    """Grace notes have no length: they sound from the beat on, one after another."""
    import music21

    seen: dict[tuple[int, float], int] = {}
    for note in [one for one in score.recurse().notes if one.duration.isGrace]:
        place = (id(note.activeSite), float(note.offset))
        before = seen[place] = seen.get(place, -1) + 1
        note.duration = music21.duration.Duration(GRACE)
        note.activeSite.setElementOffset(note, note.offset + before * GRACE)


def _played(score: Any) -> tuple[bytes, tuple[str, ...]]:
    """The MIDI file of a score with its repeats written out; without them where they do not fit together."""
    import music21

    try:
        return music21.midi.translate.streamToMidiFile(score).writestr(), ()
    except (music21.repeat.ExpanderException, music21.exceptions21.StreamException):
        for mark in list(score.recurse().getElementsByClass((music21.bar.Repeat, music21.repeat.RepeatMark))):
            mark.activeSite.remove(mark)
        midi = music21.midi.translate.streamToMidiFile(score).writestr()
        return midi, ("its repeats do not fit together, and are not played",)


def kern(data: bytes) -> Converted:
    r"""Humdrum `**kern`. Raises `FormatError`.

    >>> kern(b"**kern\n*MM60\n4c\n4d\n*-\n").remarks
    ()
    """
    text = text_of(data)
    if not re.search(r"^(?:!.*\n)*(?:[^\n]*\t)?\*\*kern", text, re.MULTILINE):
        raise FormatError("not Humdrum: no **kern spine")
    return _engraved(text, "humdrum", tempo=bool(_KERN_TEMPO.search(text)))


def mei(data: bytes) -> Converted:
    """MEI. Raises `FormatError`."""
    text = xml_of(data)
    return _engraved(text, "mei", tempo=bool(_MEI_TEMPO.search(text)))


def _engraved(text: str, form: str, *, tempo: bool) -> Converted:
    """What Verovio plays."""
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions({"inputFrom": form})
    if not toolkit.loadData(text):
        raise FormatError(f"Verovio cannot read it as {_CALLED[form]}; {CONVERT}")
    midi, without = _whole_notes(base64.b64decode(toolkit.renderToMIDI()))
    left_out = f"{without} note{'s' * (without != 1)} without a pitch left out, most often percussion"
    return Converted(midi, (*(() if tempo else (NO_TEMPO,)), *((left_out,) if without else ())))


def _whole_notes(midi: bytes) -> tuple[bytes, int]:
    """Verovio ends every note a tick early, so that no two of a pitch touch: here they end where they are written to.

    It plays a note without a pitch as key 0, or above `HIGHEST`, which is left out; how many is the second value.
    """
    import mido

    file, without = mido.MidiFile(file=BytesIO(midi)), 0
    for track in file.tracks:
        now, placed = 0, []
        for message in track:
            now += message.time
            ends = message.type == "note_off" or (message.type == "note_on" and not message.velocity)
            if message.type.startswith("note_") and not 0 < message.note <= HIGHEST:
                without += not ends
            elif message.type != "end_of_track":
                placed.append((now + ends, not ends, message))
        placed.sort(key=lambda one: one[:2])
        times = [0, *(when for when, _, _ in placed)]
        track[:] = [message.copy(time=when - before) for (when, _, message), before in zip(placed, times, strict=False)]
    return apart(saved(file)), without


def abc(data: bytes) -> Converted:
    """ABC with one tune. Raises `FormatError`."""
    import symusic

    text = text_of(data).replace("\r\n", "\n").replace("\r", "\n")
    tunes = len(_ABC_TUNE.findall(text))
    if tunes != 1:
        said = f"{tunes} tunes in one file; save each as a file" if tunes else "not ABC: no tune (no X: line)"
        raise FormatError(said)
    # Chord symbols would be played as chords and beats be accented: neither is written.
    text = _ABC_KEY.sub(r"\1\n%%MIDI gchordoff\n%%MIDI nobeataccents", text, count=1)
    try:
        score = symusic.Score.from_abc(text)
    except (RuntimeError, ValueError) as error:
        raise FormatError(f"abc2midi, in symusic, cannot read it; {CONVERT}") from error
    for track in score.tracks:
        for note in track.notes:  # abc2midi begins every note a tick late, so that no two of a pitch touch
            note.time, note.duration = note.time - 1, note.duration + 1
    return Converted(midi_of_score(score), () if _ABC_TEMPO.search(text) else (NO_TEMPO,))


def _one_line(error: Exception) -> str:
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said[:120]}" if said else type(error).__name__
