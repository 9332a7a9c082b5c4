"""Every format of notes says the same of one piece as its MIDI file, and what cannot be read is refused in one line."""

import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import formats_made as made
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from clstm.cli.main import main
from clstm.formats import note_lists, note_sequence, rolls, scores
from clstm.formats.building import FINE, Part, midi_bytes
from clstm.formats.table import FORMATS
from clstm.music.midi import read_events, read_midi
from clstm.music.piece import read_piece
from clstm.music.smf import parse
from clstm.music.sounding import sounding
from clstm.runtime.errors import UnreadableFileError
from clstm.runtime.finding import MIDI, find, is_midi
from clstm.runtime.processes import in_processes
from evaluation.measurement.cache import sha256

WITHOUT_DRUMS = {"a.krn", "a.mei", "b.xml"}
IN_SECONDS = {"rolls/a.npy"}  # times, and no tempo map


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return made.make(tmp_path_factory.mktemp("pieces"))


def reason(path: Path, content: bytes | str | None = None) -> str:
    """Why a file is refused: one line."""
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(UnreadableFileError) as caught:
        read_piece(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500
    return caught.value.reason


def quarters(midi: bytes) -> list[tuple[float, float, int]]:
    """(begin, end, pitch) in quarters."""
    events = parse(midi)
    played = sounding(events, pedal=False, drums=True)
    rows = zip(played.begin / events.division, played.end / events.division, played.pitch, strict=True)
    return sorted((float(begin), float(end), int(pitch)) for begin, end, pitch in rows)


# --- the same notes --------------------------------------------------------------------------------------------------

NAMES = ["a.musicxml", "a.mxl", "a.xml", "a.krn", "a.mei", "b.xml", "a.abc", "muspy.json", "sequence.json"]
NAMES += ["sequence.pb", "a.npz", "rolls/a.npy", "tokens/a/a.json"]


@pytest.mark.parametrize("name", NAMES)
def test_every_format_has_the_notes_of_its_midi_file(pieces: dict[str, Path], name: str) -> None:
    expected, piece = read_piece(pieces["a.mid"]), read_piece(pieces[name])
    np.testing.assert_allclose(piece.notes.onset, expected.notes.onset, atol=1e-4)
    np.testing.assert_allclose(piece.notes.offset, expected.notes.offset, atol=1e-4)
    np.testing.assert_array_equal(piece.notes.pitch, expected.notes.pitch)
    assert piece.notes.left_out.programs == (made.VIOLIN, made.CLARINET)
    assert piece.notes.left_out.drums == (0 if name in WITHOUT_DRUMS else 4)
    assert piece.duration == pytest.approx(20 / 3, abs=1e-4)
    assert piece.remarks == ()


@pytest.mark.parametrize("name", sorted(set(NAMES) - WITHOUT_DRUMS))
def test_drums_keep_their_keys_and_their_times(pieces: dict[str, Path], name: str) -> None:
    messages = read_piece(pieces[name]).messages
    struck = (messages.kind == 9) & (messages.channel % 16 == 9) & (messages.second > 0)
    assert messages.first[struck].tolist() == [made.BASS_DRUM] * 4
    # As FluidSynth's player sends them: half a tick before they are due.
    np.testing.assert_allclose(messages.time[struck], [made.seconds(at) for at in made.STRUCK], atol=2e-3)


@pytest.mark.parametrize("name", sorted(set(NAMES) - IN_SECONDS))
def test_both_tempi_are_kept(pieces: dict[str, Path], name: str) -> None:
    events = read_events(pieces[name])
    assert np.unique(np.rint(6e7 / events.tempo[:, 1])).tolist() == [60, 90]


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"a.npz", "rolls/a.npy"}))
def test_the_metre_is_kept(pieces: dict[str, Path], name: str) -> None:
    assert {tuple(one) for one in read_events(pieces[name]).metre[:, 1:].tolist()} == {(4, 4)}


@pytest.mark.parametrize("name", ["muspy.json", "sequence.json", "sequence.pb"])
def test_a_minor_key_has_the_signature_of_the_major_on_its_third(pieces: dict[str, Path], name: str) -> None:
    assert read_events(pieces[name]).key.tolist() == [[0, {"muspy.json": 0}.get(name, -5), 1]]


def test_lyrics_of_muspy_are_kept(pieces: dict[str, Path]) -> None:
    assert (0, 0, "lyric", b"la") in read_events(pieces["muspy.json"]).texts


def test_a_folder_of_every_format_is_a_folder_of_music(pieces: dict[str, Path]) -> None:
    found = find([pieces["a.mid"].parent])
    assert set(found.files) == set(pieces.values())
    assert not found.left_out
    assert all(map(is_midi, found.files))


def test_a_midi_file_called_as_a_score_is_read_as_midi(pieces: dict[str, Path], tmp_path: Path) -> None:
    for name in ("a.musicxml", "a.krn", "a.json", "a.npy"):
        (tmp_path / name).write_bytes(pieces["a.mid"].read_bytes())
        assert len(read_midi(tmp_path / name)) == 7
        assert is_midi(tmp_path / name)


# --- what is not stated ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.musicxml", made.musicxml(tempo=False)),
        ("a.mei", made.mei(tempo=False)),
        ("a.krn", made.KERN.replace("*MM90\t*MM90\n", "").replace("*MM60\t*MM60\n", "")),
        ("a.abc", made.ABC.replace("Q:1/4=90\n", 'Q:"Allegro"\n').replace("[Q:1/4=60]", "")),
        ("a.json", json.dumps(made.muspy() | {"tempos": []})),
    ],
)
def test_without_a_tempo_120_is_assumed_and_said(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    piece = read_piece(tmp_path / name)
    assert piece.remarks == ("no tempo is stated: 120 quarters per minute are assumed",)
    assert piece.duration == pytest.approx(4.0, abs=1e-4)


def test_mirex_counts_in_sixteenths_and_may_state_velocities(tmp_path: Path) -> None:
    prompt = [{"start": 16, "pitch": 72, "duration": 6}, {"start": 16, "pitch": 57, "duration": 14, "velocity": 33}]
    generation = [{"start": 80, "pitch": 40, "duration": 4}]
    for name, content in (("whole", {"prompt": prompt, "generation": generation}), ("list", prompt + generation)):
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
        piece = read_piece(tmp_path / f"{name}.json")
        assert piece.notes.onset.tolist() == [2.0, 2.0, 10.0]
        assert piece.notes.offset.tolist() == [3.75, 2.75, 10.5]
        assert piece.notes.velocity.tolist() == [33, 80, 80]
        assert "120 quarters per minute" in piece.remarks[0]


def test_programs_that_a_score_does_not_state_are_those_its_parts_are_named_after(tmp_path: Path) -> None:
    text = made.musicxml().replace(f"<midi-program>{made.CLARINET + 1}</midi-program>", "")
    (tmp_path / "a.musicxml").write_text(text)
    piece = read_piece(tmp_path / "a.musicxml")
    assert piece.notes.left_out.programs == (made.VIOLIN, made.CLARINET)
    assert piece.remarks == ("no programs are stated: instruments are those that parts are named after",)


# --- scores ----------------------------------------------------------------------------------------------------------


START = "<attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>"


def in_one_part(measures: str) -> bytes:
    return (
        '<score-partwise><part-list><score-part id="P1"><part-name>Piano</part-name></score-part></part-list>'
        f'<part id="P1">{measures}</part></score-partwise>'
    ).encode()


def bars(*contents: str) -> bytes:
    numbered = enumerate(contents, start=1)
    return in_one_part("".join(f'<measure number="{n}">{START * (n == 1)}{one}</measure>' for n, one in numbered))


def note(step: str, quarters: int = 4) -> str:
    return f"<note><pitch><step>{step}</step><octave>4</octave></pitch><duration>{quarters}</duration></note>"


def ending(number: int, kind: str, place: str, repeat: str = "") -> str:
    return f'<barline location="{place}"><ending number="{number}" type="{kind}"/>{repeat}</barline>'


def test_repeats_and_endings_are_played() -> None:
    back = '<repeat direction="backward"/>'
    first = ending(1, "start", "left") + note("D") + ending(1, "stop", "right", back)
    second = ending(2, "start", "left") + note("E") + ending(2, "stop", "right")
    played = quarters(scores.musicxml(bars(note("C"), first, second)).midi)
    assert [(begin, pitch) for begin, _, pitch in played] == [(0, 60), (4, 62), (8, 60), (12, 64)]
    assert [pitch for _, _, pitch in quarters(scores.abc(b"X:1\nL:1/1\nK:C\n|:C|[1D:|[2E|]\n").midi)] == [
        60,
        62,
        60,
        64,
    ]


def test_repeats_of_mei_and_kern_are_played() -> None:
    assert [
        begin
        for begin, _, pitch in quarters(scores.kern(made.KERN.replace("=2\t=2", "=2:|!\t=2:|!").encode()).midi)
        if pitch == 60
    ] == [0, 4]
    text = made.mei().replace('<measure n="1">', '<measure n="1" right="rptend">')
    assert [begin for begin, _, pitch in quarters(scores.mei(text.encode()).midi) if pitch == 60] == [0, 4]


def test_percussion_of_kern_is_left_out_and_said() -> None:
    converted = scores.kern(b"**kern\t**kern\n*clefX\t*M4/4\n*M4/4\t*\n*MM60\t*MM60\n1c\t1c\n==\t==\n*-\t*-\n")
    assert [pitch for _, _, pitch in quarters(converted.midi)] == [60]
    assert converted.remarks == ("1 note without a pitch left out, most often percussion",)


def test_a_grace_note_sounds_on_the_beat() -> None:
    grace = "<note><grace/><pitch><step>B</step><octave>4</octave></pitch></note>"
    played = quarters(scores.musicxml(bars(note("C"), grace + note("D"))).midi)
    assert played == [(0, 4, 60), (4, 4 + scores.GRACE, 71), (4, 8, 62)]


def test_a_pickup_is_no_whole_bar() -> None:
    text = in_one_part(
        f'<measure number="0" implicit="yes">{START}{note("C", 1)}</measure><measure number="1">{note("D")}</measure>'
    )
    assert quarters(scores.musicxml(text).midi) == [(0, 1, 60), (1, 5, 62)]


def test_dynamics_become_velocities() -> None:
    def marked(sign: str) -> str:
        return f"<direction><direction-type><dynamics><{sign}/></dynamics></direction-type></direction>"

    events = parse(scores.musicxml(bars(marked("pp") + note("C"), marked("ff") + note("D"))).midi)
    soft, loud = events.second[(events.status >> 4 == 9) & (events.second > 0)].tolist()
    assert 1 <= soft < 60 < 100 < loud <= 127


def test_drums_of_one_part_keep_their_own_keys() -> None:
    drum = "<note><unpitched/><duration>1</duration>{}</note>"
    named = drum.format('<instrument id="K"/>') + drum.format('<instrument id="H"/>') + drum.format("")
    text = (
        '<score-partwise><part-list><score-part id="P1"><part-name>Kit</part-name>'
        '<midi-instrument id="K"><midi-channel>10</midi-channel><midi-unpitched>37</midi-unpitched></midi-instrument>'
        '<midi-instrument id="H"><midi-channel>10</midi-channel><midi-unpitched>43</midi-unpitched></midi-instrument>'
        "</score-part></part-list>"
        f'<part id="P1"><measure number="1"><attributes><divisions>1</divisions></attributes>{named}</measure></part>'
        "</score-partwise>"
    )
    midi = scores.musicxml(text.encode()).midi
    assert [pitch for _, _, pitch in quarters(midi)] == [36, 42, scores.ANY_DRUM]
    assert set((parse(midi).status & 15).tolist()) == {9}


def test_more_than_fifteen_instruments_keep_their_programs(tmp_path: Path) -> None:
    programs = list(range(0, 120, 6))
    about = "".join(
        f'<score-part id="P{k}"><part-name>P{k}</part-name>'
        f'<score-instrument id="I{k}"><instrument-name>x</instrument-name></score-instrument>'
        f'<midi-instrument id="I{k}"><midi-program>{k + 1}</midi-program></midi-instrument></score-part>'
        for k in programs
    )
    measure = f'<measure number="1"><attributes><divisions>1</divisions></attributes>{note("C")}</measure>'
    parts = "".join(f'<part id="P{k}">{measure}</part>' for k in programs)
    text = f"<score-partwise><part-list>{about}</part-list>{parts}</score-partwise>"
    (tmp_path / "a.musicxml").write_text(text)
    piece = read_piece(tmp_path / "a.musicxml")
    assert piece.notes.left_out.programs == tuple(one for one in programs if one > 5)
    assert len(piece.notes) == len(programs)  # of one pitch, and no two on one channel


def test_the_chord_symbols_of_abc_are_no_notes() -> None:
    played = quarters(scores.abc(b'X:1\nM:4/4\nL:1/4\nK:C\n"Am"C2 "G7"D2|\n').midi)
    assert played == [(0, 2, 60), (2, 4, 62)]


def test_old_collections_are_in_latin_1() -> None:
    assert quarters(scores.abc("X:1\nT:Für Elise\nL:1/4\nK:C\nC|\n".encode("latin-1")).midi) == [(0, 1, 60)]


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", sorted({suffix for one in FORMATS for suffix in one.suffixes}))
def test_an_empty_file_is_refused(tmp_path: Path, suffix: str) -> None:
    assert reason(tmp_path / f"a{suffix}", b"") == "0 bytes"


@pytest.mark.parametrize("suffix", sorted({suffix for one in FORMATS for suffix in one.suffixes}))
@pytest.mark.parametrize(
    "content", [bytes(range(256)) * 4, b"hello", b"\0" * 100, b"PK\3\4" + b"\1" * 40, b"{", b"<a/>"]
)
def test_what_is_no_music_is_refused(tmp_path: Path, suffix: str, content: bytes) -> None:
    (tmp_path / "pianoroll.json").write_text('{"frames_per_second": 8}')
    assert reason(tmp_path / f"a{suffix}", content)


@pytest.mark.parametrize(
    "name", ["a.musicxml", "a.mxl", "muspy.json", "sequence.json", "sequence.pb", "a.npz", "rolls/a.npy"]
)
def test_a_file_that_is_cut_off_is_refused(pieces: dict[str, Path], tmp_path: Path, name: str) -> None:
    (tmp_path / "pianoroll.json").write_text('{"frames_per_second": 8}')
    content = pieces[name].read_bytes()
    assert "corrupt" in reason(tmp_path / Path(name).name, content[: len(content) * 2 // 3])


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"a.krn", "a.mei", "b.xml", "a.abc"}))
def test_a_damaged_file_is_read_or_refused_and_never_a_mistake_of_ours(pieces: dict[str, Path], name: str) -> None:
    content, path = pieces[name].read_bytes(), pieces[name].with_name(f"damaged{pieces[name].suffix}")
    random = np.random.default_rng(len(name))
    try:
        for _ in range(15):
            damaged = np.frombuffer(content, dtype=np.uint8).copy()
            damaged[random.integers(0, len(damaged), size=5)] = random.integers(0, 256, size=5)
            path.write_bytes(damaged.tobytes())
            said = ""
            try:
                read_piece(path)
            except UnreadableFileError as error:
                said = str(error)
            assert "\n" not in said
    finally:
        path.unlink()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.musicxml", bars("<note><rest/><duration>4</duration></note>")),
        ("a.krn", b"**kern\n*M4/4\n=1\n1r\n==\n*-\n"),
        ("a.abc", b"X:1\nL:1/4\nK:C\nz4|\n"),
        ("a.json", b'{"resolution": 24, "tracks": []}'),
        ("b.json", b'{"generation": []}'),
        ("c.json", b'{"ticksPerQuarter": 220}'),
        ("a.pb", bytes.fromhex("20dc01")),
    ],
)
def test_music_without_notes_is_refused_as_such(tmp_path: Path, name: str, content: bytes) -> None:
    assert reason(tmp_path / name, content) == "no notes"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.abc", "X:1\nK:C\nC|\n\nX:2\nK:C\nD|\n", "2 tunes in one file; save each as a file"),
        ("a.krn", "**text\nla\n*-\n", r"not Humdrum: no \*\*kern spine"),
        ("a.json", '{"notes": [{"pitch": 60, "quantizedEndStep": 4}], "totalTime": 0}', "steps without times"),
        ("a.json", '[{"start": 0, "pitch": 300, "duration": 4}]', "note 1: pitch 300; a whole number from 0 to 127"),
        ("a.json", '[{"start": -1, "pitch": 60, "duration": 4}]', "note 1: start -1; a number of at least 0"),
        ("a.json", '[{"start": "x", "pitch": 60, "duration": 4}]', "note 1: start 'x'; a number"),
        ("a.json", '{"resolution": 0, "tracks": []}', "0 ticks per quarter"),
        ("a.json", '{"a": 1}', "JSON, but no music that is read"),
        ("a.json", '{"ids": [1, 2, 3]}', "tokens without their tokenizer; put its tokenizer.json beside the file"),
    ],
)
def test_a_refusal_says_what_to_do(tmp_path: Path, name: str, content: str, said: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UnreadableFileError, match=said):
        read_piece(tmp_path / name)


@pytest.mark.parametrize("name", ["a.musicxml", "a.mei", "a.mxl", "a.xml"])
def test_xml_with_entities_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("secret")
    text = made.mei() if name == "a.mei" else made.musicxml()
    entity = f'<!DOCTYPE x [<!ENTITY a SYSTEM "file://{tmp_path}/secret">]>'
    text = entity + text[text.index("<mei" if name == "a.mei" else "<score-partwise") :].replace("Kit", "&a;")
    if name == "a.mxl":
        made.compressed(tmp_path / name, text)
    assert "declares entities" in reason(tmp_path / name, None if name == "a.mxl" else text)


def test_a_compressed_score_is_unpacked_up_to_a_limit(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.mxl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("score.xml", b" " * (65 * 2**20))
    assert reason(tmp_path / "a.mxl") == "unpacked it has more than 64 MB; scores of up to that are read"


def test_a_roll_is_unpacked_up_to_a_limit(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("info.json", b" " * (257 * 2**20))
        archive.writestr("pianoroll_0_csc_shape.npy", b"")
    assert reason(tmp_path / "a.npz") == "unpacked it has more than 256 MB"


def test_a_roll_with_pickles_is_never_loaded(tmp_path: Path) -> None:
    (tmp_path / "pianoroll.json").write_text('{"frames_per_second": 8}')
    np.save(tmp_path / "a.npy", np.array([[{}] * 128]), allow_pickle=True)
    assert "allow_pickle" in reason(tmp_path / "a.npy")


def test_the_frame_rate_of_a_roll_is_taken_from_the_nearest_file(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    roll = np.zeros((20, 128), dtype=bool)
    roll[10:20, 60] = True
    np.save(tmp_path / "inner" / "a.npy", roll)
    assert "frames_per_second" in reason(tmp_path / "inner" / "a.npy")
    (tmp_path / "pianoroll.json").write_text('{"frames_per_second": 10}')
    assert read_midi(tmp_path / "inner" / "a.npy").onset.tolist() == [1.0]
    (tmp_path / "inner" / "pianoroll.json").write_text('{"frames_per_second": 20}')
    assert read_midi(tmp_path / "inner" / "a.npy").onset.tolist() == [0.5]


@pytest.mark.parametrize("rate", ["null", "0", '"8"', "true", "1e9", "NaN"])
def test_a_frame_rate_that_is_none_is_refused(tmp_path: Path, rate: str) -> None:
    np.save(tmp_path / "a.npy", np.ones((20, 128), dtype=bool))
    (tmp_path / "pianoroll.json").write_text(f'{{"frames_per_second": {rate}}}')
    assert "frames_per_second" in reason(tmp_path / "a.npy")


def test_the_tokenizer_and_the_frame_rate_are_part_of_the_content(pieces: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(pieces["rolls/a.npy"].read_bytes())
    hashes = {sha256(tmp_path / "a.npy")}
    for rate in (8, 16):
        (tmp_path / "pianoroll.json").write_text(f'{{"frames_per_second": {rate}}}')
        hashes.add(sha256(tmp_path / "a.npy"))
    assert len(hashes) == 3


@pytest.mark.parametrize(
    ("tokenizer", "said"),
    [
        ("{", "cannot be read as JSON"),
        ("{}", "is not a tokenizer of MidiTok"),
        ('{"tokenization": "Path"}', "is not a tokenizer of MidiTok"),
        ('{"tokenization": "REMI", "config": 3}', "cannot be read as MidiTok's"),
    ],
)
def test_a_tokenizer_that_is_none_is_refused(tmp_path: Path, tokenizer: str, said: str) -> None:
    (tmp_path / "tokenizer.json").write_text(tokenizer)
    assert said in reason(tmp_path / "a.json", '{"ids": [1, 2]}')


def test_tokens_of_another_tokenizer_are_refused(pieces: dict[str, Path], tmp_path: Path) -> None:
    tokenizer = pieces["tokens/a/a.json"].parents[1] / "tokenizer.json"
    (tmp_path / "tokenizer.json").write_bytes(tokenizer.read_bytes())
    assert "ids up to 100000" in reason(tmp_path / "a.json", '{"ids": [1, 100000]}')


HIDE = "import sys; sys.modules[{!r}] = None\n"


@pytest.mark.parametrize(
    ("package", "name", "extra"),
    [
        ("music21", "a.musicxml", "scores"),
        ("verovio", "a.krn", "scores"),
        ("verovio", "b.xml", "scores"),
        ("symusic", "a.abc", "scores"),
        ("miditok", "tokens/a/a.json", "tokens"),
    ],
)
def test_what_is_not_installed_is_named_with_the_command_that_installs_it(
    pieces: dict[str, Path], package: str, name: str, extra: str
) -> None:
    script = HIDE.format(package) + "from clstm.music.piece import read_piece; from pathlib import Path\n"
    script += f"read_piece(Path({str(pieces[name])!r}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr.rstrip().endswith(f"install it with: pip install 'clstm[{extra}]'")
    assert package in done.stderr.rstrip().splitlines()[-1]


def test_the_command_line_starts_without_the_libraries_of_formats() -> None:
    script = "import sys; from clstm.cli.main import main\nsys.argv = ['clstm', '--help']\n"
    script += "try: main()\nexcept SystemExit: pass\n"
    script += "print([one for one in ('music21', 'symusic', 'verovio', 'miditok') if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_library_that_dies_costs_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "verovio.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert reason(tmp_path / "a.krn", made.KERN).startswith("Verovio failed on it (exit code -11); ")


# --- round trips -----------------------------------------------------------------------------------------------------

NOTES = st.lists(
    st.tuples(st.integers(0, 400), st.integers(1, 100), st.integers(0, 127), st.integers(1, 127)),
    min_size=1,
    unique_by=lambda row: row[2],  # notes of one pitch could overlap
)


@given(NOTES)
def test_what_muspy_writes_is_read(rows: list[tuple[int, int, int, int]]) -> None:
    notes = [{"time": t, "duration": d, "pitch": p, "velocity": v} for t, d, p, v in rows]
    content = {"resolution": 24, "tempos": [], "tracks": [{"program": 0, "is_drum": False, "notes": notes}]}
    converted = note_lists.note_list(json.dumps(content).encode())
    assert quarters(converted.midi) == sorted((t / 24, (t + d) / 24, p) for t, d, p, _ in rows)


@given(NOTES, st.lists(st.floats(20, 300), min_size=1, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_times_of_a_note_sequence_are_kept_under_any_tempi(
    rows: list[tuple[int, int, int, int]], tempi: list[float]
) -> None:
    message = note_sequence._class()()
    for place, qpm in enumerate(tempi):
        message.tempos.add(time=place * 1.7, qpm=qpm)
    for t, d, p, v in rows:
        message.notes.add(pitch=p, velocity=v, start_time=t / 100, end_time=(t + d) / 100)
    events = parse(note_sequence.note_sequence(message.SerializeToString()).midi)
    played = sounding(events, pedal=False)
    found = sorted(zip(played.pitch, events.seconds(played.begin), events.seconds(played.end), strict=True))
    expected = sorted((p, t / 100, (t + d) / 100) for t, d, p, _ in rows)
    np.testing.assert_allclose(found, expected, atol=1e-3)


@given(arrays(np.bool_, st.tuples(st.integers(1, 40), st.just(128))), st.floats(0.5, 200))
def test_a_roll_painted_from_its_notes_is_the_roll(roll: np.ndarray, rate: float) -> None:
    painted = np.zeros_like(roll)
    for begin, end, pitch, _ in rolls._notes(roll):
        painted[begin:end, pitch] = True
    np.testing.assert_array_equal(painted, roll)
    midi = midi_bytes(
        max(round(rate / 2), 1), [Part(rolls._notes(roll))], tempi=[(0, rate * 60 / max(round(rate / 2), 1))]
    )
    events = parse(midi)
    played = sounding(events, pedal=False)
    assert sorted(np.rint(events.seconds(played.begin) * rate).tolist()) == sorted(one[0] for one in rolls._notes(roll))


def test_the_numbers_of_the_fields_of_a_note_sequence() -> None:
    """Written by hand: a note (field 8) of pitch 60 (1), velocity 99 (2), from .5 (3) to 1.5 s (4), drums (9)."""
    inside = bytes([0x08, 60, 0x10, 99, 0x19]) + struct.pack("<d", 0.5) + b"\x21" + struct.pack("<d", 1.5) + b"\x48\x01"
    tempo = b"\x11" + struct.pack("<d", 60.0)  # field 2
    data = b"\x0a\x01x" + bytes([0x3A, len(tempo)]) + tempo + bytes([0x42, len(inside)]) + inside
    events = parse(note_sequence.note_sequence(data).midi)
    assert events.tempo.tolist() == [[0, 1_000_000]]
    struck = (events.status == 0x99) & (events.second > 0)
    assert (events.tick[struck] / events.division, events.first[struck], events.second[struck]) == (0.5, 60, 99)


def test_ticks_are_so_short_that_half_of_one_is_nothing() -> None:
    assert parse(midi_bytes(1, [Part([(0, 1, 60, 80)])])).division == FINE
    assert parse(midi_bytes(480, [Part([(0, 480, 60, 80)])])).division == 480 * 17


@settings(max_examples=15)
@given(st.lists(st.tuples(st.sampled_from([0.5, 1.0, 1.5, 2.0, 1 / 3]), st.integers(40, 90)), min_size=1, max_size=12))
def test_what_music21_writes_is_read(rows: list[tuple[float, int]]) -> None:
    import music21

    part = music21.stream.Part()
    for quarter_length, pitch in rows:
        part.append(music21.note.Note(pitch, quarterLength=quarter_length))
    written = music21.musicxml.m21ToXml.GeneralObjectExporter(part).parse()
    begins = np.concatenate([[0], np.cumsum([length for length, _ in rows])])
    found = quarters(scores.musicxml(written).midi)
    np.testing.assert_allclose([begin for begin, _, _ in found], begins[:-1], atol=1e-3)
    np.testing.assert_allclose([end for _, end, _ in found], begins[1:], atol=1e-3)
    assert [pitch for _, _, pitch in found] == [pitch for _, pitch in rows]


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(1, 8), st.integers(21, 108)), min_size=1, unique_by=lambda r: r[2]
    )
)
def test_what_miditok_writes_is_read(rows: list[tuple[int, int, int]]) -> None:
    import miditok
    from symusic import Note, Score, Track

    score = Score(8)
    score.tracks.append(Track(program=0))
    score.tracks[0].notes.extend([Note(time=t, duration=d, pitch=p, velocity=80) for t, d, p in rows])
    tokenizer = miditok.TSD(miditok.TokenizerConfig(use_programs=True))
    with TemporaryDirectory() as folder:
        tokenizer.save(Path(folder) / "tokenizer.json")
        tokenizer.save_tokens(tokenizer.encode(score), Path(folder) / "a.json")
        events = read_events(Path(folder) / "a.json")
    played = sounding(events, pedal=False)
    found = zip(played.begin / events.division * 8, played.end / events.division * 8, played.pitch, strict=True)
    assert sorted(found) == sorted((t, t + d, p) for t, d, p in rows)


# --- commands --------------------------------------------------------------------------------------------------------


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int | str | None]:
    def run(*words: object) -> int | str | None:
        monkeypatch.setattr("sys.argv", ["clstm", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code

    return run


def test_a_corpus_is_made_of_every_format_and_broken_files_are_listed(
    pieces: dict[str, Path], tmp_path: Path, run: Callable[..., int | str | None]
) -> None:
    from clstm.corpus.corpus import Corpus

    music = tmp_path / "music"
    music.mkdir()
    for name in ("a.musicxml", "a.krn", "a.abc", "muspy.json", "a.npz", "sequence.pb"):
        (music / name).write_bytes(pieces[name].read_bytes())
    (music / "broken.mxl").write_bytes(b"PK")
    (music / "tokens.json").write_text('{"ids": [1, 2]}')
    (music / "settings.json").write_text("{}")
    assert run("prepare", music, "--out", tmp_path / "corpus") == 0
    corpus = Corpus.open(tmp_path / "corpus")
    assert len(corpus.pieces) == 6
    assert set(corpus.lengths) == {53}  # frames: 20/3 s
    rejected = (tmp_path / "corpus" / "rejected.csv").read_text()
    assert "broken.mxl,corrupt: not a whole compressed score" in rejected
    assert "tokens.json,tokens without their tokenizer" in rejected
    assert "settings.json" not in rejected


def test_what_is_assumed_is_said_by_every_command_that_reads(
    tmp_path: Path, run: Callable[..., int | str | None], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.json").write_text(json.dumps([{"start": 0, "pitch": 60, "duration": 64}]))
    for words in (
        ("prepare", tmp_path / "a.json", "--out", tmp_path / "corpus"),
        (
            "generate",
            "c-lstm",
            "--prompt",
            tmp_path / "a.json",
            "--count",
            1,
            "--seconds",
            1,
            "--out",
            tmp_path / "out",
        ),
        ("render", tmp_path / "a.json", "--out", tmp_path / "audio"),
        ("measure", f"a={tmp_path / 'a.json'}", "--out", tmp_path / "a.csv"),
    ):
        assert run(*words) == 0
        said = capsys.readouterr()
        assert "no tempo is stated: 120 quarters per minute are assumed" in said.out + said.err


def test_a_prompt_is_read_from_a_score(
    pieces: dict[str, Path], tmp_path: Path, run: Callable[..., int | str | None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        run("generate", "c-lstm", "--prompt", pieces["a.abc"], "--count", 1, "--seconds", 1, "--out", tmp_path / "out")
        == 0
    )
    (made_file,) = (tmp_path / "out").glob("*.mid")
    assert len(read_midi(made_file))
    (tmp_path / "two.abc").write_text("X:1\nK:C\nC|\n\nX:2\nK:C\nD|\n")
    assert run("generate", "c-lstm", "--prompt", tmp_path / "two.abc", "--out", tmp_path / "none") == 2
    assert "two.abc: 2 tunes in one file; save each as a file" in capsys.readouterr().err


def test_a_score_sounds_as_its_midi_file(pieces: dict[str, Path]) -> None:
    from evaluation.audio.files import heard

    expected = heard(pieces["a.mid"]).waveform
    sound = heard(pieces["sequence.pb"]).waveform
    np.testing.assert_array_equal(sound, expected)


def test_what_is_assumed_is_said_with_the_measurement(tmp_path: Path) -> None:
    from evaluation.measurement.inputs import MeasurementInput
    from evaluation.measurement.measure import measure_input

    (tmp_path / "a.json").write_text('[{"start": 0, "pitch": 60, "duration": 8}]')
    measured = measure_input(MeasurementInput(tmp_path / "a.json"))
    assert measured.remarks == ("no tempo is stated: 120 quarters per minute are assumed",)
    assert measured.values["note_density"] == 1.0
    assert find([tmp_path], MIDI).files == [tmp_path / "a.json"]


# --- what a file is, and what its values are -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "name", "said"),
    [
        ("a.musicxml", "x.mid", "not MIDI: it is MusicXML; name it .musicxml"),
        ("a.mxl", "x.midi", "not MIDI: it is compressed MusicXML; name it .mxl"),
        ("a.abc", "x.mid", "not MIDI: it is ABC; name it .abc"),
        ("a.krn", "x.mid", "not MIDI: it is Humdrum **kern; name it .krn"),
        ("muspy.json", "x.mid", "not MIDI: it is MusPy in JSON; name it .json"),
        ("a.npz", "x", "not MIDI: it is a roll of pypianoroll; name it .npz"),
        ("rolls/a.npy", "x.txt", "not MIDI: it is an array of NumPy; name it .npy"),
        ("a.mei", "x.musicxml", "not MusicXML: it is MEI; name it .mei"),
        ("a.musicxml", "x.mei", "not MEI: it is MusicXML; name it .musicxml"),
        ("a.krn", "x.abc", "not ABC: it is Humdrum **kern; name it .krn"),
        ("sequence.json", "x.krn", "not Humdrum **kern: it is NoteSequence in JSON; name it .json"),
    ],
)
def test_a_file_with_the_name_of_another_format_is_refused_with_the_name_to_give_it(
    pieces: dict[str, Path], tmp_path: Path, source: str, name: str, said: str
) -> None:
    assert reason(tmp_path / name, pieces[source].read_bytes()) == said


@pytest.mark.parametrize("source", ["a.musicxml", "a.mxl", "a.mei"])
def test_every_score_in_xml_may_be_called_xml_alone_and_in_a_folder(
    pieces: dict[str, Path], tmp_path: Path, source: str
) -> None:
    path = tmp_path / "x.xml"
    path.write_bytes(pieces[source].read_bytes())
    assert find([tmp_path]).files == [path]
    assert len(read_midi(path)) == 7


MIREX = {"start": 0, "pitch": 60, "duration": 4}
SEQUENCE = {"pitch": 60, "velocity": 80, "startTime": 0, "endTime": 1}
MUSPY = {"time": 0, "pitch": 60, "duration": 4, "velocity": 64}


def second(note: dict[str, object], **changed: object) -> list[dict[str, object]]:
    """Two notes, of which the second has another value; None: none."""
    return [note, {key: value for key, value in (note | changed).items() if value is not None}]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"pitch": 60.5}, "note 2: pitch 60.5; a whole number from 0 to 127 is needed"),
        ({"pitch": 128}, "note 2: pitch 128; a whole number from 0 to 127 is needed"),
        ({"pitch": True}, "note 2: pitch True; a whole number from 0 to 127 is needed"),
        ({"duration": 0}, "note 2: duration 0; a number above 0 is needed"),
        ({"duration": -1}, "note 2: duration -1; a number above 0 is needed"),
        ({"duration": None}, "note 2 has no duration; a number above 0 is needed"),
        ({"start": "x"}, "note 2: start 'x'; a number of at least 0 is needed"),
        ({"start": -1}, "note 2: start -1; a number of at least 0 is needed"),
        ({"start": 1e12}, "absurd times: nothing for 249,999,999,999 quarters"),
        ({"velocity": 128}, "note 2: velocity 128; a whole number from 0 to 127 is needed"),
    ],
)
def test_a_bad_note_of_mirex_is_named_and_its_file_is_listed_in_a_folder(
    tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    notes = second(MIREX, **changed)
    assert reason(tmp_path / "a.json", json.dumps(notes)) == said
    of_prompt = said if said.startswith("absurd") else f"prompt, {said}"
    assert reason(tmp_path / "b.json", json.dumps({"prompt": notes, "generation": []})) == of_prompt
    assert find([tmp_path]).files == [tmp_path / "a.json", tmp_path / "b.json"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"startTime": 2}, "note 2: endTime 1 is before startTime 2"),
        ({"startTime": -1}, "note 2: startTime -1.0; a number of at least 0 is needed"),
        ({"pitch": 128}, "note 2: pitch 128; a whole number from 0 to 127 is needed"),
        ({"program": 200}, "note 2: program 200; a whole number from 0 to 127 is needed"),
        ({"velocity": -1}, "note 2: velocity -1; a whole number from 0 to 127 is needed"),
    ],
)
def test_a_bad_note_of_a_sequence_is_named(tmp_path: Path, changed: dict[str, object], said: str) -> None:
    assert reason(tmp_path / "a.json", json.dumps({"notes": second(SEQUENCE, **changed)})) == said


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"pitch": 60.5}, "track 1, note 2: pitch 60.5; a whole number from 0 to 127 is needed"),
        ({"duration": -1}, "track 1, note 2: duration -1; a whole number of at least 0 is needed"),
        ({"time": 0.5}, "track 1, note 2: time 0.5; a whole number of at least 0 is needed"),
        ({"velocity": 200}, "track 1, note 2: velocity 200; a whole number from 0 to 127 is needed"),
    ],
)
def test_a_bad_note_of_muspy_is_named(tmp_path: Path, changed: dict[str, object], said: str) -> None:
    track = {"program": 0, "is_drum": False, "notes": second(MUSPY, **changed)}
    assert reason(tmp_path / "a.json", json.dumps({"resolution": 24, "tracks": [track]})) == said


def test_notes_of_muspy_without_a_velocity_have_80_and_this_is_said(tmp_path: Path) -> None:
    track = {"is_drum": False, "notes": [MUSPY | {"velocity": None}, MUSPY | {"time": 4}]}
    music = {"resolution": 24, "tempos": [{"time": 0, "qpm": 100}], "tracks": [track]}
    (tmp_path / "a.json").write_text(json.dumps(music))
    piece = read_piece(tmp_path / "a.json")
    assert piece.notes.velocity.tolist() == [80, 64]
    assert piece.remarks == (
        "1 note states no velocity: 80 is assumed",
        "1 of 1 track without a program: read as a piano",
    )


def test_a_roll_of_several_tracks_without_programs_says_so_and_unknown_keys_are_named(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones((3, 8, 128), dtype=bool))
    (tmp_path / "pianoroll.json").write_text('{"frames_per_second": 8, "program": [0], "fps": 3}')
    assert read_piece(tmp_path / "a.npy").remarks == (
        "3 tracks and no programs: all are read as a piano",
        "pianoroll.json: 'program', 'fps' not known, and ignored; frames_per_second and programs are",
    )
    (tmp_path / "pianoroll.json").write_text('{"frames_per_second": 8, "programs": [0, 3, "drums"]}')
    assert read_piece(tmp_path / "a.npy").remarks == ()
    assert "programs 5; a list is needed" in reason_of_roll(tmp_path, 5)


def reason_of_roll(folder: Path, programs: object) -> str:
    (folder / "pianoroll.json").write_text(json.dumps({"frames_per_second": 8, "programs": programs}))
    return reason(folder / "a.npy")


def test_a_broken_multitrack_is_listed_in_a_folder_and_says_what_it_lacks(
    pieces: dict[str, Path], tmp_path: Path
) -> None:
    with zipfile.ZipFile(pieces["a.npz"]) as whole, zipfile.ZipFile(tmp_path / "a.npz", "w") as broken:
        for name in whole.namelist():
            if name != "pianoroll_0_csc_shape.npy":
                broken.writestr(name, whole.read(name))
    assert find([tmp_path]).files == [tmp_path / "a.npz"]
    said = "corrupt: not a whole Multitrack of pypianoroll: it has no pianoroll_0_csc_shape"
    assert reason(tmp_path / "a.npz") == said


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", "hello", "corrupt JSON, or none (expecting value at line 1, column 1)"),
        ("a.musicxml", "hello", "corrupt, or no score: XML begins with <"),
        ("a.pb", "hello", "corrupt: not a NoteSequence, or not a whole one"),
        ("a.musicxml", "<score-timewise><part-list/></score-timewise>", "score-partwise is read: save it again"),
        (
            "a.mei",
            '<mei xmlns="http://www.music-encoding.org/ns/mei"></mei>',
            "Verovio cannot read it as MEI; check it",
        ),
    ],
)
def test_no_refusal_speaks_of_our_insides(tmp_path: Path, name: str, content: str, said: str) -> None:
    assert said in reason(tmp_path / name, content)


def test_where_verovio_dies_in_a_process_of_many_it_is_named(tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"{number}.krn").write_text("**kern\t**kern\n4c\n4d\n*-\n")
    results = [found for _, found in in_processes(read_piece, sorted(tmp_path.iterdir()), workers=1)]
    for found in results:
        assert isinstance(found, UnreadableFileError)
        assert found.reason.startswith("Verovio failed on it")
        assert "convert it to MusicXML or MIDI" in found.reason
