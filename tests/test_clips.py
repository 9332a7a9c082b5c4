"""Clips differ in their music and in nothing else."""

import json
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from clstm.music.midi import Notes, write_midi
from clstm.runtime.errors import UserError
from evaluation.audio.buffers import Waveform
from evaluation.audio.render import RenderSettings
from evaluation.controls.control import NO_CONTROL, SCORE_MATRIX, Control
from evaluation.metrics.loudness import integrated_loudness, true_peak
from listening_study.protocol.configuration import Loudness
from listening_study.stimuli import clips
from listening_study.stimuli.audibility import is_nearly_silent, leading_silence
from listening_study.stimuli.clips import Choice, Segment, choose, finish
from listening_study.stimuli.songs import SourcePiece, open_songs

RATE = 44100
SETTINGS = RenderSettings()


def tone(seconds: float, level: float = 0.1, frequency: float = 440.0) -> Waveform:
    wave = level * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)
    return np.stack([wave, 0.9 * wave], axis=1).astype(np.float32)


def tone_of_loudness(level: float) -> Waveform:
    """Two seconds of LUFS `level`."""
    wave = tone(2, frequency=1000.0)
    loudness = integrated_loudness(wave, RATE)
    assert loudness is not None
    return wave * np.float32(10 ** ((level - loudness) / 20))


CONTROLS = [SCORE_MATRIX, NO_CONTROL, Control(per_second=16)]


def silence(seconds: float) -> Waveform:
    return np.zeros((round(seconds * RATE), 2), dtype=np.float32)


def recording(path: Path, *parts: Waveform) -> Path:
    soundfile.write(path, np.concatenate(parts), RATE)
    return path


def chosen(
    paths: list[Path],
    count: int,
    seconds: float = 1.0,
    seed: int = 0,
    control: Control = SCORE_MATRIX,
    after: float = 0.0,
    spare: int = 0,
) -> Choice:
    return choose(paths, count, seconds, Random(seed), SETTINGS, control, after=after, spare=spare)


def opened(path: Path, control: Control = SCORE_MATRIX) -> SourcePiece:
    (song,) = open_songs([path], SETTINGS, control)
    assert isinstance(song, SourcePiece)
    return song


@given(song=st.floats(1, 600), seconds=st.floats(1, 60), seed=st.integers(0, 99))
def test_segments_of_a_song_lie_in_it_on_the_grid_and_apart(song: float, seconds: float, seed: int) -> None:
    song = max(song, seconds)
    begins = sorted(clips.starts(song, seconds, Random(seed)))
    assert begins
    assert all(begin * 8 == int(begin * 8) for begin in begins)
    assert all(later - earlier >= seconds for earlier, later in pairwise(begins))
    assert begins[0] >= 0
    assert begins[-1] + seconds <= song + 1 / 8


@pytest.mark.parametrize(
    ("waveform", "expected"),
    [
        (silence(2), True),
        (tone(2), False),
        (tone(2, level=0.0005), True),  # -69 dBFS
        (tone_of_loudness(-61.0), True),
        (tone_of_loudness(-59.0), False),
        (np.concatenate([tone(0.75), silence(1.25)]), True),
        (np.concatenate([tone(1.25), silence(0.75)]), False),
    ],
)
def test_a_segment_is_nearly_silent_when_more_than_half_of_it_is(waveform: Waveform, expected: bool) -> None:
    assert is_nearly_silent(waveform, RATE) is expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (0.5, 0.0, 0.0),  # sound from the beginning
        (0.003, 0.5, 1.0),  # 44 dB below what follows: not yet
        (0.008, 0.5, 0.0),  # 36 dB below: it has begun
        (0.0005, 0.0005, 2.0),  # a full second of -66 dB, and no more: silence
    ],
)
def test_leading_silence_ends_within_40_dB_of_the_loudest_and_above_60_dB_below_full_scale(  # noqa: N802
    before: float, after: float, expected: float
) -> None:
    wave = np.concatenate([tone(1, level=before), tone(1, level=after)])
    assert leading_silence(wave, RATE) == pytest.approx(expected, abs=0.02)


def test_clips_come_from_different_songs_while_there_are_enough(tmp_path: Path) -> None:
    songs = [recording(tmp_path / f"{number}.wav", tone(8)) for number in range(4)]
    choice = chosen(songs, 4)
    assert {segment.path for segment in choice.segments} == set(songs)
    assert choice.notices == []


def test_too_few_songs_give_several_segments_apart_and_say_so(tmp_path: Path) -> None:
    songs = [recording(tmp_path / f"{number}.wav", tone(4)) for number in range(2)]
    choice = chosen(songs, 6)
    assert len(choice.segments) == 6
    assert choice.notices == ["6 clips from 2 songs: some songs are heard more than once"]
    for song in songs:
        begins = sorted(segment.start for segment in choice.segments if segment.path == song)
        assert all(later - earlier >= 1 for earlier, later in pairwise(begins))


def test_the_seed_chooses(tmp_path: Path) -> None:
    songs = [recording(tmp_path / f"{number}.wav", tone(8)) for number in range(6)]
    draws = [[(segment.path, segment.start) for segment in chosen(songs, 3, seed=seed).segments] for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


def test_silent_stretches_are_replaced_and_counted(tmp_path: Path) -> None:
    song = recording(tmp_path / "late.wav", silence(8), tone(4))
    choice = chosen([song], 3, seconds=1.0)
    assert all(segment.start >= 7.5 for segment in choice.segments)
    assert choice.replaced > 0


def test_no_segment_begins_too_early(tmp_path: Path) -> None:
    songs = [recording(tmp_path / f"{number}.wav", tone(5)) for number in range(6)]
    assert all(segment.start >= 2.5 for segment in chosen(songs, 12, after=2.5).segments)
    with pytest.raises(UserError, match=r"of which 4.5 s are left out, too short"):
        chosen(songs, 1, after=4.5)


def test_a_file_that_keeps_its_seed_is_heard_after_it(tmp_path: Path) -> None:
    notes = Notes.of((0.5 * n, 0.5 * n + 0.4, 60 + n % 12, 80) for n in range(40))
    for name in ("seeded.mid", "plain.mid"):
        write_midi(notes, tmp_path / name)
    items = [{"file": "seeded.mid", "begins_at_seconds": 11.25}, {"file": "plain.mid"}]
    tmp_path.joinpath("generated.json").write_text(json.dumps({"with_prompt": True, "items": items}))
    assert opened(tmp_path / "seeded.mid").begins == 11.25
    assert opened(tmp_path / "plain.mid").begins == 0
    begins = [
        segment.start for seed in range(9) for segment in chosen([tmp_path / "seeded.mid"], 2, 2.0, seed).segments
    ]
    assert min(begins) >= 11.25


def test_spare_segments_come_from_songs_used_for_nothing_else(tmp_path: Path) -> None:
    songs = [recording(tmp_path / f"{number}.wav", tone(8)) for number in range(5)]
    choice = chosen(songs, 3, spare=4)
    assert len(choice.spare) == 2
    assert {segment.path for segment in choice.segments}.isdisjoint(segment.path for segment in choice.spare)


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("kind", ["midi", "audio"])
def test_every_segment_begins_with_sound_whatever_it_is_cut_from(tmp_path: Path, kind: str, control: Control) -> None:
    notes = Notes.of((4 * n + 1.3, 4 * n + 4.0, 50 + n, 80) for n in range(8))  # a rest before every note
    if kind == "midi":
        write_midi(notes, tmp_path / "rests.mid")
        path = tmp_path / "rests.mid"
    else:
        path = recording(tmp_path / "rests.wav", *[part for _ in range(8) for part in (silence(1.3), tone(2.7))])
    for segment in [one for seed in range(5) for one in chosen([path], 3, 2.0, seed, control).segments]:
        assert leading_silence(segment.waveform, RATE) <= 0.02


def test_short_and_unreadable_songs_are_passed_over_by_name(tmp_path: Path) -> None:
    short = recording(tmp_path / "short.wav", tone(0.5))
    broken = tmp_path / "broken.wav"
    broken.write_text("not audio")
    no_midi = tmp_path / "words.mid"
    no_midi.write_text("not MIDI")
    choice = chosen([short, broken, no_midi, recording(tmp_path / "good.wav", tone(4))], 2)
    assert len(choice.segments) == 2
    notices = "\n".join(choice.notices)
    for name in ("short.wav: 0.5 s, too short for a clip", "broken.wav", "words.mid: not a MIDI file"):
        assert name in notices


def test_too_little_music_says_how_much_there_was(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match="only 4 segments of 1 s, without overlap, begin at 0 s or later; 10 are needed"
    ):
        chosen([recording(tmp_path / "one.wav", tone(4))], 10)


UNHEARD = {
    "rumble": tone(8, 0.3, 4.0),
    "ultrasound": tone(8, 0.3, 20000.0),
    "an offset": np.full((8 * RATE, 2), 0.3, dtype=np.float32),
    "an offset of each side": np.tile(np.float32([0.3, -0.2]), (8 * RATE, 1)),
    "a click": np.pad(np.full((1, 2), 0.9, dtype=np.float32), ((RATE, 7 * RATE - 1), (0, 0))),
    "dither": np.random.default_rng(1).integers(-1, 2, (8 * RATE, 2)).astype(np.float32) / 2**15,
    "what is only just no music": tone(8, 0.0005),
}


@pytest.mark.parametrize("mono", [False, True])
@pytest.mark.parametrize("what", UNHEARD)
def test_what_no_one_hears_is_silence_and_its_file_is_named(tmp_path: Path, what: str, mono: bool) -> None:
    assert is_nearly_silent(UNHEARD[what], RATE)
    bad = recording(tmp_path / "bad.wav", UNHEARD[what])
    good = recording(tmp_path / "good.wav", tone(8))
    choice = choose([bad, good], 2, 3.0, Random(0), SETTINGS, mono=mono)
    assert {segment.path for segment in choice.segments} == {good}
    assert f"skipped {bad}: no segment of 3 s is audible (silence, or inaudible sound)" in choice.notices
    assert len(finish(choice.segments, RATE, Loudness.MATCHED, mono=mono)) == 2
    with pytest.raises(UserError, match=r"only 0 segments.*bad\.wav: no segment of 3 s is audible"):
        choose([bad], 1, 3.0, Random(0), SETTINGS, mono=mono)


@pytest.mark.parametrize("frequency", [27.5, 55.0, 4186.0, 10000.0])
def test_the_lowest_and_highest_tones_of_a_piano_are_heard(frequency: float) -> None:
    assert not is_nearly_silent(tone(3, 0.02, frequency), RATE)


def test_opposite_channels_are_heard_in_stereo_and_not_in_mono(tmp_path: Path) -> None:
    against = tone(8) * np.float32([1, -1 / 0.9])
    path = recording(tmp_path / "against.wav", against)
    assert len(choose([path], 2, 3.0, Random(0), SETTINGS).segments) == 2
    with pytest.raises(UserError, match=r"against\.wav: no segment of 3 s is audible \(its channels cancel each other"):
        choose([path], 1, 3.0, Random(0), SETTINGS, mono=True)


def test_a_rest_filled_with_rumble_or_an_offset_is_a_rest(tmp_path: Path) -> None:
    for name, rest in (("rumble", tone(2, 0.1, 4.0)), ("offset", np.full((2 * RATE, 2), 0.1, dtype=np.float32))):
        assert leading_silence(np.concatenate([rest, tone(2)]), RATE) == pytest.approx(2.0, abs=0.05), name


def test_an_offset_is_no_part_of_a_clip(tmp_path: Path) -> None:
    plain = recording(tmp_path / "plain.wav", tone(8))
    offset = recording(tmp_path / "offset.wav", tone(8) + np.float32(0.3))
    clean, cleaned = (
        finish(choose([path], 1, 3.0, Random(0), SETTINGS).segments, RATE, Loudness.MATCHED, mono=False)[0]
        for path in (plain, offset)
    )
    np.testing.assert_allclose(cleaned.waveform, clean.waveform, atol=1e-4)


def test_no_loudness_is_one_line_that_names_the_segment() -> None:
    with pytest.raises(UserError, match=r"a\.mid at 3 s: nothing in it is audible"):
        finished(tone(3, 0.3) * np.float32([1, -1 / 0.9]), mono=True)


def test_only_silence_is_too_little_music(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="only 0 segments"):
        chosen([recording(tmp_path / "silent.wav", silence(4))], 1)


@pytest.mark.parametrize("control", CONTROLS)
def test_midi_passes_the_same_grid_and_velocity_where_these_are_the_limits(tmp_path: Path, control: Control) -> None:
    played = Notes.of((0.5 * n + 0.03, 0.5 * n + 0.4, 60 + n % 12, 20 + 9 * (n % 12)) for n in range(24))
    generated = Notes.of((0.5 * n, 0.5 * n + 0.375, 60 + n % 12, 80) for n in range(24))
    sounds = []
    for name, notes in (("played", played), ("generated", generated)):
        write_midi(notes, tmp_path / f"{name}.mid")
        sounds.append(opened(tmp_path / f"{name}.mid", control).excerpt(2.0, 3.0))
    assert np.array_equal(*sounds) is (control == SCORE_MATRIX)


@pytest.mark.parametrize("control", CONTROLS)
def test_an_excerpt_has_its_length_and_lets_nothing_go_at_its_end(tmp_path: Path, control: Control) -> None:
    write_midi(Notes.of([(0.0, 8.0, 60, 80)]), tmp_path / "held.mid")
    song = opened(tmp_path / "held.mid", control)
    short, long = song.excerpt(0.0, 2.0), song.excerpt(0.0, 4.0)
    assert short.shape == (2 * RATE, 2)
    np.testing.assert_array_equal(short, long[: 2 * RATE])


def test_music_that_ends_early_is_followed_by_silence(tmp_path: Path) -> None:
    song = opened(recording(tmp_path / "ends.wav", tone(1.5)))
    excerpt = song.excerpt(1.0, 1.0)
    assert excerpt.shape == (RATE, 2)
    assert not excerpt[RATE // 2 :].any()


def finished(*waveforms: Waveform, loudness: Loudness = Loudness.MATCHED, mono: bool = False) -> list[clips.Clip]:
    return finish([Segment(Path("a.mid"), 3.0, waveform) for waveform in waveforms], RATE, loudness, mono=mono)


@pytest.mark.parametrize("mono", [False, True])
def test_matched_clips_are_equally_loud_without_a_limiter(mono: bool) -> None:
    made = finished(tone(3, 0.02), tone(3, 0.4, 1500.0), mono=mono)
    for clip in made:
        assert integrated_loudness(clip.waveform, RATE) == pytest.approx(clips.TARGET, abs=0.05)
        assert (true_peak(clip.waveform, RATE) or 0) <= clips.HIGHEST_PEAK
        assert clip.waveform.shape == (3 * RATE, 1 if mono else 2)
        assert clip.loudness + clip.gain == pytest.approx(clips.TARGET)


def test_clips_as_rendered_keep_their_differences() -> None:
    quiet, loud = finished(tone(3, 0.2), tone(3, 1.0), loudness=Loudness.AS_RENDERED)
    assert quiet.gain == loud.gain < 0
    assert true_peak(loud.waveform, RATE) == pytest.approx(clips.HIGHEST_PEAK, abs=0.01)
    assert np.abs(loud.waveform).max() == pytest.approx(5 * np.abs(quiet.waveform).max(), rel=1e-3)


def test_soft_clips_as_rendered_are_left_alone() -> None:
    assert [clip.gain for clip in finished(tone(3, 0.1), tone(3, 0.2), loudness=Loudness.AS_RENDERED)] == [0.0, 0.0]


def test_a_clip_that_would_need_a_limiter_is_refused_by_name() -> None:
    clicks = tone(3, 0.002)
    clicks[RATE :: RATE // 2] = 0.9
    with pytest.raises(UserError, match=r"a\.mid at 3 s: at -23 LUFS its peaks would reach"):
        finished(clicks)


@pytest.mark.parametrize("mono", [False, True])
def test_clips_fade_in_within_10_ms_and_out_within_100_ms(mono: bool) -> None:
    """Of a square wave, which is as loud everywhere, the fades are all that changes the level."""
    square = np.sign(tone(3, frequency=441.0)) * np.float32(0.1)
    segment = Segment(Path("a.wav"), 0.0, square)
    (clip,) = finish([segment], RATE, Loudness.AS_RENDERED, mono=mono)
    level = np.abs(clip.waveform).max(axis=1) / np.abs(clip.waveform).max()

    def around(seconds: float) -> float:  # the wave is 0 for a sample now and then
        place = round(seconds * RATE) % len(level)
        return float(level[place : place + 5].max())

    assert level[0] == level[-1] == 0
    assert around(0.005) == pytest.approx(0.5, abs=0.02)
    assert around(0.0101) == around(1.5) == around(-0.1003) == 1
    assert [around(-seconds) for seconds in (0.075, 0.05, 0.025)] == pytest.approx([0.75, 0.5, 0.25], abs=0.01)


@pytest.mark.parametrize(("lead", "expected"), [(0.0, True), (0.01, True), (0.05, False)])
def test_a_recorded_segment_may_begin_with_20_ms_of_silence_and_no_more(lead: float, expected: bool) -> None:
    wave = np.concatenate([silence(lead), tone(2)])
    assert clips.is_heard(Segment(Path("a.wav"), 0.0, wave), RATE, mono=False) is expected
