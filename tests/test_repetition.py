"""The metrics of repetition on music that repeats itself not at all, a little, and for ever."""

import zlib

import numpy as np
import pytest

from clstm.music.midi import Notes
from evaluation.metrics import repetition
from evaluation.metrics.metric import Missing
from evaluation.metrics.shared_passages import INTERVALS, UNISON, Ranks, tokens


def melody(pitches: list[int], frames: int = 2) -> Notes:
    """One note after the other, each so many frames long."""
    return Notes.of([(k * frames / 8, (k + 1) * frames / 8, pitch, 80) for k, pitch in enumerate(pitches)])


def walk(seed: int, count: int) -> Notes:
    """Pitches and rhythm at random."""
    generator = np.random.default_rng(seed)
    frame = np.cumsum(generator.integers(1, 6, count))
    pitch = generator.integers(40, 90, count)
    return Notes.of([(f / 8, (f + 1) / 8, p, 80) for f, p in zip(frame.tolist(), pitch.tolist(), strict=True)])


LOOP = melody([60, 62, 64, 67] * 16)  # a second a round, sixteen rounds


def test_a_loop_counted_by_hand() -> None:
    metrics = repetition.measure(LOOP)
    assert metrics["distinct_4_grams"] == pytest.approx(4 / 60)  # 63 tokens, 60 runs of four, of which four differ
    assert metrics["longest_repeat"] == 60  # all but the first round
    assert metrics["longest_repeat_share"] == pytest.approx(60 / 64)
    assert (metrics["looped"], metrics["loop_onset"], metrics["loop_period"]) == (1.0, 0.0, 1.0)


def test_a_loop_begins_where_it_begins() -> None:
    opening = walk(3, 12)
    start = 1 + np.ceil(opening.duration)
    rows = zip(LOOP.onset + start, LOOP.offset + start, LOOP.pitch, LOOP.velocity, strict=True)
    both = Notes.of([*zip(opening.onset, opening.offset, opening.pitch, opening.velocity, strict=True), *rows])
    metrics = repetition.measure(both)
    assert metrics["loop_onset"] == start
    assert metrics["loop_period"] == 1.0


def test_an_interval_series_that_never_returns_repeats_nothing() -> None:
    growing = melody([24, 25, 27, 30, 34, 39, 45, 52, 60, 69, 79, 90])
    metrics = repetition.measure(growing)
    assert metrics["distinct_4_grams"] == 1.0
    assert metrics["longest_repeat"] == 0.0
    assert metrics["looped"] == Missing("shorter than 10 s")


def test_a_phrase_in_another_key_is_a_repetition() -> None:
    phrase = [60, 64, 59, 66, 58]
    other_key = melody([*phrase, 90, *(pitch + 5 for pitch in phrase), 30])
    assert repetition.measure(other_key)["longest_repeat"] == 5


def test_a_loop_repeats_more_than_a_walk_in_every_metric() -> None:
    loop, random = repetition.measure(LOOP), repetition.measure(walk(0, 64))
    assert random["looped"] == 0.0
    assert random["loop_period"] == random["loop_onset"] == Missing("it does not loop")
    assert loop["distinct_4_grams"] < random["distinct_4_grams"]
    assert loop["compression_ratio"] > random["compression_ratio"]
    assert loop["longest_repeat"] > random["longest_repeat"]


def test_what_cannot_be_compressed_has_a_ratio_near_one() -> None:
    generator = np.random.default_rng(1)
    noise = 256 * generator.integers(0, 256, 5000) + generator.integers(0, 256, 5000)
    assert repetition.compression_ratio(noise) == pytest.approx(1.0, abs=0.001)


def test_compression_undone_gives_the_intervals_and_rhythm_back() -> None:
    token = tokens(np.array([0, 4, 4, 904]), np.array([60, 62, 50, 80]))
    raw = bytes([130, 4, 116, 0, 158, 255])
    deflated = zlib.compress(raw, 9)[2:-4]  # without zlib's header and checksum
    assert zlib.decompress(deflated, wbits=-15) == raw
    assert repetition.compression_ratio(token) == len(raw) / len(deflated)


def test_distinct_n_counts_n_grams_once() -> None:
    assert repetition.distinct(Ranks.of(np.array([1, 2, 1, 2, 1, 2, 9]))) == pytest.approx(3 / 4)
    assert repetition.distinct(Ranks.of(np.array([1, 1, 1, 2]))) == 1.0
    assert repetition.distinct(Ranks.of(np.array([1, 2, 3, 4, 5]))) == 1.0


def test_metrics_do_not_hang_on_the_key() -> None:
    music = walk(5, 200)
    higher = Notes(music.onset, music.offset, music.pitch + 7, music.velocity)
    assert repetition.measure(higher) == repetition.measure(music)


def test_little_music_has_few_metrics_and_says_why() -> None:
    assert repetition.measure(Notes.of()) == dict.fromkeys(repetition.METRICS, Missing("no notes"))
    deep = repetition.measure(melody([12, 110]))
    assert set(deep.values()) == {Missing("no notes between MIDI 24 and 101")}
    one = repetition.measure(melody([60], frames=4))
    assert one["distinct_4_grams"] == Missing("fewer than 5 notes")
    assert one["longest_repeat"] == one["longest_repeat_share"] == Missing("one note")
    assert one["compression_ratio"] == Missing("fewer than 32 notes")
    assert one["looped"] == Missing("shorter than 10 s")


def test_music_that_falls_silent_lasts_as_long_as_is_said() -> None:
    metrics = repetition.measure(melody([60, 64, 59]), 30.0)
    assert metrics["looped"] == 0.0


def test_only_the_seconds_asked_for_are_measured() -> None:
    assert repetition.measure(LOOP, 4.0)["longest_repeat"] == 12


def test_every_metric_is_measured() -> None:
    assert list(repetition.measure(LOOP)) == list(repetition.METRICS)


def test_rests_up_to_255_frames_are_distinguished_and_longer_ones_are_not() -> None:
    either = np.random.default_rng(0).integers(0, 2, 400)
    same, near, far = (
        repetition.compression_ratio(INTERVALS * gap + UNISON)
        for gap in (np.full(400, 255), 254 + either, 255 + 100 * either)
    )
    assert near < same / 2
    assert far == same
