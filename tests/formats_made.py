"""One small piece in every format of notes, made here: two instruments, a drum, a tie, and two tempi.

    bar 1, 90 quarters per minute      bar 2, 60
    violin    C5 D5 E5 F5 quarters, the F5 tied to a half; A5 a half
    clarinet  C4 a whole note; B3 a whole note
    drums     four quarters of the bass drum, MIDI 36; silence

MIREX has neither tempo nor instruments, and a plain roll no tempo map but times.
"""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mido
import numpy as np

VIOLIN, CLARINET = 40, 71  # General MIDI
QUARTERS = {  # (begin, end, pitch)
    VIOLIN: [(0, 1, 72), (1, 2, 74), (2, 3, 76), (3, 6, 77), (6, 8, 81)],
    CLARINET: [(0, 4, 60), (4, 8, 59)],
}
STRUCK = [0, 1, 2, 3]  # quarters
BASS_DRUM = 36
TICKS = 8192  # per quarter
TEMPI = [(0, 90), (4, 60)]  # (quarter, quarters per minute)


def seconds(quarter: float) -> float:
    return quarter * 2 / 3 if quarter < 4 else 8 / 3 + (quarter - 4)


def midi(path: Path) -> None:
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    file.tracks.append(
        _track([(TICKS * at, mido.MetaMessage("set_tempo", tempo=round(6e7 / qpm))) for at, qpm in TEMPI])
    )
    for channel, (program, notes) in enumerate(QUARTERS.items()):
        messages: list[tuple[int, Any]] = [(0, mido.Message("program_change", channel=channel, program=program))]
        for begin, end, pitch in notes:
            messages.append((TICKS * begin, mido.Message("note_on", channel=channel, note=pitch, velocity=80)))
            messages.append((TICKS * end, mido.Message("note_off", channel=channel, note=pitch)))
        file.tracks.append(_track(messages))
    drums: list[tuple[int, Any]] = []
    for begin in STRUCK:
        drums.append((TICKS * begin, mido.Message("note_on", channel=9, note=BASS_DRUM, velocity=80)))
        drums.append((TICKS * begin + TICKS // 2, mido.Message("note_off", channel=9, note=BASS_DRUM)))
    file.tracks.append(_track(drums))
    file.save(path)


def _track(messages: list[tuple[int, Any]]) -> mido.MidiTrack:
    track, now = mido.MidiTrack(), 0
    for tick, message in sorted(messages, key=lambda one: (one[0], one[1].type == "note_on")):
        track.append(message.copy(time=tick - now))
        now = tick
    return track


# --- scores ----------------------------------------------------------------------------------------------------------


def _part(number: int, name: str, about: str) -> str:
    return (
        f'<score-part id="P{number}"><part-name>{name}</part-name>'
        f'<score-instrument id="P{number}-I"><instrument-name>{name}</instrument-name></score-instrument>'
        f'<midi-instrument id="P{number}-I">{about}</midi-instrument></score-part>'
    )


def _note(pitch: str, quarters: int, tie: str = "") -> str:
    alter = "<alter>1</alter>" if "#" in pitch else ""
    return (
        f"<note><pitch><step>{pitch[0]}</step>{alter}<octave>{pitch[-1]}</octave></pitch><duration>{quarters}</duration>"
        f'{f"""<tie type="{tie}"/>""" if tie else ""}<voice>1</voice></note>'
    )


def musicxml(tempo: bool = True) -> str:
    def measures(first: str, second: str, transpose: str = "") -> str:
        start = f"<attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time>{transpose}"
        one, two = ('<direction><sound tempo="90"/></direction>', '<direction><sound tempo="60"/></direction>')
        one, two = (one, two) if tempo else ("", "")
        return (
            f'<measure number="1">{start}</attributes>{one}{first}</measure><measure number="2">{two}{second}</measure>'
        )

    drum = "<note><unpitched><display-step>F</display-step><display-octave>4</display-octave></unpitched>"
    drum += '<duration>1</duration><instrument id="P3-I"/><voice>1</voice></note>'
    rest = "<note><rest/><duration>4</duration><voice>1</voice></note>"
    transpose = "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>"
    violin = measures(
        "".join(_note(pitch, 1) for pitch in ("C5", "D5", "E5")) + _note("F5", 1, "start"),
        _note("F5", 2, "stop") + _note("A5", 2),
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise PUBLIC'
        ' "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">\n'
        '<score-partwise version="4.0"><part-list>'
        + _part(1, "Violin", f"<midi-channel>1</midi-channel><midi-program>{VIOLIN + 1}</midi-program>")
        + _part(2, "Clarinet", f"<midi-channel>2</midi-channel><midi-program>{CLARINET + 1}</midi-program>")
        + _part(3, "Kit", f"<midi-channel>10</midi-channel><midi-unpitched>{BASS_DRUM + 1}</midi-unpitched>")
        + f'</part-list><part id="P1">{violin}</part>'
        + f'<part id="P2">{measures(_note("D4", 4), _note("C#4", 4), transpose)}</part>'
        + f'<part id="P3">{measures(4 * drum, rest)}</part></score-partwise>'
    )


def compressed(path: Path, text: str) -> None:
    rootfile = '<container><rootfiles><rootfile full-path="score.xml"/></rootfiles></container>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", rootfile)
        archive.writestr("score.xml", text)


KERN = """\
**kern\t**kern
*Iclars\t*Ivioln
*M4/4\t*M4/4
*MM90\t*MM90
=1\t=1
1c\t4cc
.\t4dd
.\t4ee
.\t[4ff
=2\t=2
*MM60\t*MM60
1B\t2ff]
.\t2aa
==\t==
*-\t*-
"""

ABC = f"""\
X:1
T:Made
M:4/4
L:1/4
Q:1/4=90
K:C
V:1
%%MIDI program {VIOLIN}
"C"c d e f-|[Q:1/4=60]f2 "F"a2|
V:2
%%MIDI program {CLARINET}
C4|B,4|
V:3
%%MIDI channel 10
C,, C,, C,, C,,|z4|
"""


def mei(tempo: bool = True) -> str:
    def staff(number: int, notes: str) -> str:
        return f'<staff n="{number}"><layer n="1">{notes}</layer></staff>'

    def note(pitch: str, dur: int, more: str = "") -> str:
        return f'<note pname="{pitch[0]}" oct="{pitch[-1]}" dur="{dur}" {more}/>'

    def mark(bpm: int) -> str:
        return f'<tempo tstamp="1" staff="1" midi.bpm="{bpm}">q</tempo>' if tempo else ""

    first = note("c5", 4) + note("d5", 4) + note("e5", 4) + note("f5", 4, 'tie="i"')
    second = note("f5", 2, 'tie="t"') + note("a5", 2)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<mei xmlns="http://www.music-encoding.org/ns/mei" meiversion="5.0">'
        "<meiHead><fileDesc><titleStmt><title>Made</title></titleStmt><pubStmt/></fileDesc></meiHead><music><body><mdiv>"
        '<score><scoreDef meter.count="4" meter.unit="4"><staffGrp>'
        f'<staffDef n="1" lines="5" clef.shape="G" clef.line="2"><instrDef midi.instrnum="{VIOLIN}"/></staffDef>'
        '<staffDef n="2" lines="5" clef.shape="G" clef.line="2" trans.diat="-1" trans.semi="-2">'
        f'<instrDef midi.instrnum="{CLARINET}" midi.channel="2"/></staffDef></staffGrp></scoreDef><section>'
        f'<measure n="1">{mark(90)}{staff(1, first)}{staff(2, note("d4", 1))}</measure>'
        f'<measure n="2">{mark(60)}{staff(1, second)}{staff(2, note("c4", 1, """accid="s" """))}</measure>'
        "</section></score></mdiv></body></music></mei>"
    )


# --- lists of notes --------------------------------------------------------------------------------------------------


def muspy() -> dict[str, Any]:
    step = 24

    def notes(rows: list[tuple[int, int, int]]) -> list[dict[str, int]]:
        return [{"time": step * b, "duration": step * (e - b), "pitch": p, "velocity": 80} for b, e, p in rows]

    tracks = [
        {"program": program, "is_drum": False, "name": "", "notes": notes(rows)} for program, rows in QUARTERS.items()
    ]
    struck = [(at, at + 1, BASS_DRUM) for at in STRUCK]
    tracks.append({"program": 0, "is_drum": True, "name": "kit", "notes": notes(struck), "lyrics": None})
    return {
        "metadata": {"schema_version": "0.1"},
        "resolution": step,
        "tempos": [{"time": step * at, "qpm": qpm} for at, qpm in TEMPI],
        "key_signatures": [{"time": 0, "root": 9, "mode": "minor"}],
        "time_signatures": [{"time": 0, "numerator": 4, "denominator": 4}],
        "lyrics": [{"time": 0, "lyric": "la"}],
        "tracks": tracks,
    }


def note_sequence() -> dict[str, Any]:
    def note(begin: float, end: float, pitch: int, **about: Any) -> dict[str, Any]:
        return {"pitch": pitch, "velocity": 80, "startTime": seconds(begin), "endTime": seconds(end), **about}

    notes = [
        note(*row, instrument=place, program=program)
        for place, (program, rows) in enumerate(QUARTERS.items())
        for row in rows
    ]
    notes += [note(at, at + 0.5, BASS_DRUM, instrument=9, isDrum=True) for at in STRUCK]
    return {
        "id": "/id/made",
        "ticksPerQuarter": 220,
        "tempos": [{"time": seconds(at), "qpm": qpm} for at, qpm in TEMPI],
        "timeSignatures": [{"numerator": 4, "denominator": 4}],
        "keySignatures": [{"key": "B_FLAT", "mode": "MINOR"}],
        "notes": notes,
        "totalTime": seconds(8),
        "sourceInfo": {"parser": "NONE"},
    }


def serialised() -> bytes:
    from google.protobuf.json_format import ParseDict

    from clstm.formats.note_sequence import _class

    return ParseDict(note_sequence(), _class()(), ignore_unknown_fields=True).SerializeToString()


# --- rolls -----------------------------------------------------------------------------------------------------------

RATE = 6  # frames per second: a quarter has four frames at 90 per minute, six at 60


def rolls(frame: Callable[[float], int], frames: int) -> list[np.ndarray]:
    found = [np.zeros((frames, 128), dtype=np.uint8) for _ in range(3)]
    for own, rows in zip(found, QUARTERS.values(), strict=False):
        for begin, end, pitch in rows:
            own[frame(begin) : frame(end), pitch] = 80
    for at in STRUCK:
        found[2][frame(at) : frame(at + 0.5), BASS_DRUM] = 80
    return found


def plain_rolls(path: Path) -> None:
    np.save(path, np.stack(rolls(lambda quarter: round(seconds(quarter) * RATE), 40)))
    about = {"frames_per_second": RATE, "programs": [VIOLIN, CLARINET, "drums"]}
    path.with_name("pianoroll.json").write_text(json.dumps(about))


def multitrack(path: Path, step: int = 24) -> None:
    """As pypianoroll 1.0 writes it: sparse columns, the tempo of each frame, and info.json."""
    from scipy.sparse import csc_matrix

    arrays: dict[str, np.ndarray] = {"tempo": np.repeat([[90.0], [60.0]], 4 * step, axis=0)}
    for number, roll in enumerate(rolls(lambda quarter: int(quarter * step), 8 * step)):
        sparse = csc_matrix(roll)
        for name in ("data", "indices", "indptr", "shape"):
            arrays[f"pianoroll_{number}_csc_{name}"] = np.asarray(getattr(sparse, name))
    programs = [(VIOLIN, False), (CLARINET, False), (0, True)]
    about = {str(k): {"program": p, "is_drum": d, "name": ""} for k, (p, d) in enumerate(programs)}
    np.savez_compressed(path, **arrays)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("info.json", json.dumps({"resolution": step, "name": "made", **about}))


# --- tokens ----------------------------------------------------------------------------------------------------------


def tokens(path: Path) -> None:
    """REMI's tokens of `midi`, and the tokenizer, in the folder above."""
    import miditok
    from symusic import Score

    midi(source := path.with_name("source.mid"))
    config = miditok.TokenizerConfig(use_programs=True, use_tempos=True, tempo_range=(60, 90), num_tempos=31)
    tokenizer = miditok.REMI(config)
    tokenizer.save_tokens(tokenizer.encode(Score(source)), path)
    tokenizer.save(path.parents[1] / "tokenizer.json")
    source.unlink()


def make(folder: Path) -> dict[str, Path]:
    """The piece in every format that has instruments, drums (but for `**kern` and MEI) and two tempi."""
    (folder / "rolls").mkdir()
    (folder / "tokens" / "a").mkdir(parents=True)
    paths = {
        name: folder / name
        for name in ("a.mid", "a.musicxml", "a.mxl", "a.xml", "a.krn", "a.mei", "b.xml", "a.abc", "muspy.json")
    }
    paths |= {
        name: folder / name for name in ("sequence.json", "sequence.pb", "a.npz", "rolls/a.npy", "tokens/a/a.json")
    }
    midi(paths["a.mid"])
    paths["a.musicxml"].write_text(musicxml())
    paths["a.xml"].write_bytes(musicxml().replace("UTF-8", "UTF-16").encode("utf-16"))
    compressed(paths["a.mxl"], musicxml())
    paths["a.krn"].write_text(KERN)
    paths["a.mei"].write_text(mei())
    paths["b.xml"].write_text(mei())
    paths["a.abc"].write_text(ABC)
    paths["muspy.json"].write_text(json.dumps(muspy()))
    paths["sequence.json"].write_text(json.dumps(note_sequence()))
    paths["sequence.pb"].write_bytes(serialised())
    multitrack(paths["a.npz"])
    plain_rolls(paths["rolls/a.npy"])
    tokens(paths["tokens/a/a.json"])
    return paths
