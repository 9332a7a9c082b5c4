"""The same notes give the same samples, whoever renders them, and loud stays louder than soft."""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from clstm.music.messages import NOTE_OFF, NOTE_ON
from clstm.music.midi import Notes
from clstm.music.score import decode, encode
from clstm.runtime.errors import MissingToolError, UserError
from clstm.runtime.processes import in_processes
from evaluation.audio import synthesizer
from evaluation.audio.buffers import clipped
from evaluation.audio.render import LONGEST, RenderSettings, describe, first_samples, render, same_grid
from evaluation.audio.synthesizer import Synthesizer, default_soundfont

CHORDS = Notes.of(
    [
        (beat * 0.3, beat * 0.3 + 0.25 + voice * 0.1, 48 + 7 * voice + beat % 5, 60 + 5 * voice)
        for beat in range(8)
        for voice in range(4)
    ]
)


def note(onset: float = 0.0, offset: float = 0.5, pitch: int = 60, velocity: int = 80) -> tuple[float, float, int, int]:
    return onset, offset, pitch, velocity


def level(waveform: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(waveform))))


def digest(rows: list[tuple[float, float, int, int]]) -> str:
    return hashlib.sha256(render(Notes.of(rows)).tobytes()).hexdigest()


def test_a_render_is_stereo_float_and_lasts_to_the_end_of_the_tail() -> None:
    waveform = render(Notes.of([note(0.0, 1.0)]), RenderSettings(tail=0.5))
    assert waveform.shape == (round(1.5 * 44100), 2)
    assert waveform.dtype == np.float32
    assert 0.01 < np.abs(waveform).max() < 1


def test_two_fresh_synthesizers_give_the_same_samples() -> None:
    np.testing.assert_array_equal(render(CHORDS), render(CHORDS))


def test_other_processes_give_the_same_samples() -> None:
    rows = list(
        zip(CHORDS.onset.tolist(), CHORDS.offset.tolist(), CHORDS.pitch.tolist(), CHORDS.velocity.tolist(), strict=True)
    )
    digests = [result for _, result in in_processes(digest, [rows, rows], workers=2)]
    assert digests == [digest(rows)] * 2


@pytest.mark.parametrize("chunk", [1, 37, 64, 1000, 30_000])
def test_the_size_of_the_chunks_changes_no_sample(chunk: int) -> None:
    settings = RenderSettings()
    expected = render(Notes.of([note(0.0, 0.25)]), RenderSettings(tail=0.25))
    actual = np.zeros_like(expected)
    begin, end = first_samples(np.array([0.0, 0.25 - 0.5 / 1920]), 44100).tolist()
    with Synthesizer(default_soundfont(), 16, settings.interpolation, settings.named()) as synth:
        for start, stop, kind in [(0, begin, NOTE_ON), (begin, end, NOTE_OFF), (end, len(actual), NOTE_OFF)]:
            for first in range(start, stop, chunk):
                synth.write(actual[first : min(first + chunk, stop)])
            synth.send(kind, 0, 60, 80)
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("size", [64, 1000, 44100])
def test_long_music_in_a_file_has_the_same_samples(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = render(CHORDS)
    monkeypatch.setattr("evaluation.audio.buffers.IN_MEMORY", 0)
    monkeypatch.setattr("evaluation.audio.buffers.BLOCK", size)
    actual = render(CHORDS)
    assert isinstance(actual, np.memmap)
    np.testing.assert_array_equal(actual, expected)


def test_no_notes_give_a_silent_tail() -> None:
    waveform = render(Notes.of(), RenderSettings(tail=0.25))
    assert waveform.shape == (11025, 2)
    assert not waveform.any()


def test_silence_lasts_until_the_first_note() -> None:
    waveform = render(Notes.of([note(1.0, 1.5)]))
    assert not waveform[:44100].any()
    assert waveform[44100 : 44100 + 4410].any()


def test_a_louder_velocity_sounds_louder() -> None:
    levels = [level(render(Notes.of([note(velocity=velocity)]))) for velocity in (30, 60, 90, 120)]
    assert levels == sorted(levels)
    assert levels[-1] > 4 * levels[0]


def test_twice_the_gain_is_twice_the_amplitude() -> None:
    soft, loud = (render(CHORDS, RenderSettings(gain=gain)) for gain in (0.5, 1.0))
    np.testing.assert_allclose(loud, 2 * soft, atol=1e-6)


def test_nothing_is_normalised_more_notes_sound_louder() -> None:
    one, many = Notes.of([note()]), Notes.of([note(pitch=pitch) for pitch in range(48, 72, 4)])
    assert level(render(many)) > 1.5 * level(render(one))


def test_reverb_is_heard_only_when_asked_for() -> None:
    dry, wet = (render(Notes.of([note()]), RenderSettings(reverb=reverb)) for reverb in (False, True))
    assert np.abs(dry - wet).max() > 1e-3


def test_a_pitch_sounds_until_its_last_overlapping_note_ends() -> None:
    held = render(Notes.of([note(0.0, 2.0), note(0.5, 0.75)]), RenderSettings(tail=0))
    cut = render(Notes.of([note(0.0, 0.5), note(0.5, 0.75)]), RenderSettings(tail=1.25))
    last = slice(round(1.25 * 44100), round(1.75 * 44100))
    assert level(held[last]) > 10 * level(cut[last])


def test_a_note_repeated_without_a_gap_is_struck_again() -> None:
    once = render(Notes.of([note(0.0, 2.0)]), RenderSettings(tail=0))
    twice = render(Notes.of([note(0.0, 1.0), note(1.0, 2.0)]), RenderSettings(tail=0))
    after = slice(44100, 44100 + 4410)
    assert level(twice[after]) > 1.2 * level(once[after])


def test_one_pitch_doubled_at_one_moment_sounds_as_the_louder_alone() -> None:
    doubled = Notes.of([note(velocity=50), note(velocity=80)])
    np.testing.assert_array_equal(render(doubled), render(Notes.of([note(velocity=80)])))


def test_a_note_without_length_is_heard_and_ends() -> None:
    waveform = render(Notes.of([note(0.0, 0.0)]), RenderSettings(tail=3.0))
    assert waveform[:4410].any()
    assert level(waveform[-4410:]) < 1e-4


def test_dense_piano_music_at_full_velocity_does_not_clip() -> None:
    ten_fingers = Notes.of([note(pitch=pitch, velocity=127, offset=1.0) for pitch in range(36, 86, 5)])
    assert len(ten_fingers) == 10
    waveform = render(ten_fingers)
    assert clipped(waveform) == 0
    assert clipped(render(ten_fingers, RenderSettings(gain=5.0))) > 0


def test_the_rate_asked_for_is_the_rate_rendered() -> None:
    from evaluation.audio.files import mono
    from evaluation.metrics.spectrum import magnitude_spectrum

    for rate in (22050, 48000):
        waveform = render(Notes.of([note(offset=2.0, pitch=69)]), RenderSettings(sample_rate=rate, tail=0))
        assert len(waveform) == 2 * rate
        frequency, magnitude = magnitude_spectrum(mono(waveform), rate)
        assert frequency[magnitude.argmax()] == pytest.approx(440, abs=4)


def test_every_named_setting_is_in_force() -> None:
    named = RenderSettings(gain=0.7, reverb=True, polyphony=99).named()
    with Synthesizer(default_soundfont(), 0, 4, named) as synth:
        assert {name: synth.setting(name) for name in named} == named


def test_the_same_grid_keeps_what_a_model_could_write_and_no_more() -> None:
    performed = Notes.of([note(0.02, 0.61, 60, 33), note(0.51, 1.4, 15, 99)])
    gridded = same_grid(performed)
    assert gridded.onset.tolist() == [0.0]
    assert gridded.offset.tolist() == [0.625]
    assert gridded.velocity.tolist() == [80]
    np.testing.assert_array_equal(encode(gridded), encode(decode(encode(performed))))


def test_a_description_is_json_and_names_the_soundfont_by_its_content() -> None:
    description = json.loads(json.dumps(describe(RenderSettings())))
    assert description["soundfont"] == "TimGM6mb.sf2"
    assert description["soundfont_sha256"] == hashlib.sha256(default_soundfont().read_bytes()).hexdigest()
    assert description["fluidsynth"][0].isdigit()
    assert description["fluidsynth_settings"]["synth.gain"] == description["gain"]


def test_a_changed_soundfont_is_described_anew(tmp_path: Path) -> None:
    soundfont = tmp_path / "a.sf2"
    data = default_soundfont().read_bytes()
    soundfont.write_bytes(data)
    before = describe(RenderSettings(soundfont=soundfont))["soundfont_sha256"]
    soundfont.write_bytes(data + b"\0")
    assert describe(RenderSettings(soundfont=soundfont))["soundfont_sha256"] != before


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is not a SoundFont"),
        (b"hello, this is text", "is not a SoundFont"),
        (b"RIFF\xff\xff\0\0sfbk" + bytes(100), "is cut off"),
        (b"RIFF\x68\0\0\0sfbk" + bytes(100), "is damaged"),
        (None, "cannot be opened"),
    ],
)
def test_a_soundfont_that_cannot_be_used_is_refused_by_name(
    content: bytes | None, complaint: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    soundfont = tmp_path / "piano.sf2"
    if content is not None:
        soundfont.write_bytes(content)
    with pytest.raises(UserError, match=f"piano.sf2.*{complaint}"):
        render(CHORDS, RenderSettings(soundfont=soundfont))


def test_without_fluidsynth_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fluidsynth", None)
    synthesizer.load_library.cache_clear()
    try:
        with pytest.raises(MissingToolError, match=r"install it with: .*(libfluidsynth3|fluidsynth-libs|fluid-synth)"):
            render(CHORDS)
    finally:
        synthesizer.load_library.cache_clear()


@pytest.mark.parametrize(
    "wrong",
    [
        {"sample_rate": 4000},
        {"gain": 0.0},
        {"gain": float("nan")},
        {"interpolation": 3},
        {"polyphony": 0},
        {"instrument": 128},
        {"tail": -1.0},
    ],
)
def test_a_setting_that_cannot_be_rendered_says_what_can(wrong: dict[str, float]) -> None:
    with pytest.raises(UserError, match="cannot be rendered; give"):
        RenderSettings(**wrong)  # type: ignore[arg-type]


def test_endless_notes_are_refused_before_memory_is_asked_for() -> None:
    with pytest.raises(UserError, match="hours of notes"):
        render(Notes.of([note(0.0, LONGEST + 1)]))
