"""What the report's claims rest on, put to music of which the claim is false, and to music of which it is true.

All stimuli are notes, rendered by the synthesizer that renders everything else: a measure that only answers to how a
piano sounds, whatever is played on it, cannot carry a claim.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from clstm.music.midi import Notes
from evaluation.audio.render import RenderSettings, render
from evaluation.measurement.measure import measure_notes, measure_sound
from evaluation.metrics.metric import MetricValue, Missing
from reports.findings.paper_claims import CLAIMS

SETTINGS = RenderSettings(sample_rate=22050)
SECONDS = 16.0

Row = tuple[float, float, int, int]  # onset s, offset s, pitch, velocity

CHORD = (48, 55, 64, 72)
PROGRESSION = ((48, 55, 64, 72), (41, 57, 60, 65), (43, 59, 62, 67), (45, 57, 64, 69))
TUNE = (72, 76, 79, 77, 74, 71, 72, 67, 69, 74, 76, 84)
BASS = (36, 43, 41, 38, 45, 40, 33, 43)


def one_by_one(
    pitches: Sequence[int], step: float, length: float = 1.0, velocities: Sequence[int] = (80,)
) -> list[Row]:
    """Notes `step` seconds apart, over and over, each sounding a share `length` of its step."""
    return [
        (k * step, k * step + length * step, pitches[k % len(pitches)], velocities[k % len(velocities)])
        for k in range(round(SECONDS / step))
    ]


def chords(
    pitches: Sequence[Sequence[int]], step: float, length: float = 1.0, velocities: Sequence[int] = (80,)
) -> list[Row]:
    voices = zip(*pitches, strict=True)
    return [row for voice in voices for row in one_by_one(voice, step, length, velocities)]


STIMULI = {
    "one C3 repeated": one_by_one([48], 0.5),
    "one C3 repeated, staccato": one_by_one([48], 0.25, 0.4),
    "one C3 repeated, fast": one_by_one([48], 0.125),
    "one C5 repeated": one_by_one([72], 0.25),
    "one chord repeated": chords([CHORD], 0.5),
    "one chord repeated, staccato": chords([CHORD], 0.25, 0.4),
    "one chord repeated, slowly": chords([CHORD], 1.0),
    "one chord dying away": chords([CHORD], 8.0),
    "one chord in crescendo": chords([CHORD], 0.5, velocities=np.linspace(20, 120, 32).astype(int).tolist()),
    "a tune": one_by_one(TUNE, 0.25),
    "a tune, fast": one_by_one(TUNE, 0.125),
    "a tune, slow": one_by_one(TUNE, 0.5),
    "a progression": chords(PROGRESSION, 0.5),
    "a progression, slow": chords(PROGRESSION, 1.0),
    "a tune over a bass": one_by_one(TUNE, 0.25) + one_by_one(BASS, 0.5),
    "only the bass moves": chords([(60, 64, 67)], 4.0) + one_by_one(BASS, 0.5),
    "only the bass moves, the chord struck again": chords([(60, 64, 67)], 0.5) + one_by_one(BASS, 0.5),
    "only the treble moves": chords([(36, 43)], 4.0) + one_by_one(TUNE, 0.25),
    "only the treble moves, the bass struck again": chords([(36, 43)], 0.25) + one_by_one(TUNE, 0.25),
    "both move, the treble more": one_by_one(TUNE, 0.25) + one_by_one(BASS, 0.5),
    "both move, the bass more": one_by_one(TUNE, 1.0) + one_by_one(BASS, 0.25),
    "both move alike": one_by_one(TUNE, 0.25) + one_by_one([pitch - 24 for pitch in TUNE], 0.25),
    "beats once a second": chords([CHORD], 1.0, 0.5),
    "beats twice a second": chords([CHORD], 0.5, 0.5),
    "beats four times a second": chords([CHORD], 0.25, 0.5),
    "even": chords(PROGRESSION, 0.25),
    "even, one chord loud": chords(PROGRESSION, 0.25, velocities=[70] * 30 + [127] + [70] * 33),
    "loud by turns": chords(PROGRESSION, 0.25, velocities=[110] * 8 + [25] * 8),
    "soft with two loud chords": chords(PROGRESSION, 0.25, velocities=[30] * 16 + [120] * 2 + [30] * 14),
    "low": one_by_one(BASS, 0.25),
    "high": one_by_one([pitch + 48 for pitch in BASS], 0.25),
    "in the middle": one_by_one([pitch + 24 for pitch in BASS], 0.25),
    "a loop": one_by_one(TUNE[:8], 0.25),
    "a loop in ever other keys": one_by_one([pitch + key for key in (0, 5, -2, 3) for pitch in TUNE[:8]], 0.25),
    "a walk": one_by_one(np.random.default_rng(0).integers(55, 85, 64).tolist(), 0.25),
}  # fmt: skip


@cache
def figures(stimulus: str) -> dict[str, MetricValue]:
    notes = Notes.of(STIMULI[stimulus])
    waveform = render(notes, SETTINGS)[: round(SECONDS * SETTINGS.sample_rate)]
    return measure_sound(waveform, SETTINGS.sample_rate) | measure_notes(notes, SECONDS)


def value(metric: str, stimulus: str) -> float:
    found = figures(stimulus)[metric]
    assert isinstance(found, float), (stimulus, found)
    return found


@pytest.mark.parametrize(
    ("metric", "less", "more", "by"),
    [
        ("level_spread", "even", "loud by turns", 2.0),  # ups and downs
        ("level_spread", "even, one chord loud", "loud by turns", 2.0),
        ("time_near_maximum", "loud by turns", "even", 0.2),  # always loud
        ("time_near_maximum", "soft with two loud chords", "even", 0.2),
        ("time_near_maximum", "soft with two loud chords", "even, one chord loud", 0.2),
        ("fluctuation_rate", "beats once a second", "beats twice a second", 0.3),  # slower ups and downs
        ("fluctuation_rate", "beats twice a second", "beats four times a second", 0.3),
        ("energy_below_1000_hz", "high", "in the middle", 0.1),  # concentrated below 1 kHz
        ("energy_below_1300_hz", "high", "in the middle", 0.1),
        ("longest_repeat_share", "a walk", "a loop", 0.5),  # repeats
        ("longest_repeat_share", "a walk", "a loop in ever other keys", 0.05),
    ],
)
def test_a_claims_metric_tells_its_two_stimuli_apart_in_the_right_direction(
    metric: str, less: str, more: str, by: float
) -> None:
    assert value(metric, more) > value(metric, less) + by


STILL = [name for name in STIMULI if name.startswith(("one C", "one chord"))]
MOVING = ["a tune", "a tune, fast", "a tune, slow", "a progression", "a progression, slow", "a tune over a bass"]


@pytest.mark.parametrize("moving", MOVING)
def test_a_spectrum_that_hardly_changes_is_told_from_one_that_does_at_any_speed_and_in_any_touch(moving: str) -> None:
    assert value("spectral_change", moving) > 1.25 * max(value("spectral_change", still) for still in STILL)


@pytest.mark.parametrize("still", STILL)
def test_where_no_pitch_changes_nothing_is_said_of_the_highs(still: str) -> None:
    assert figures(still)["changes_in_highs"] == Missing("its pitches never change")


@pytest.mark.parametrize(
    ("stimulus", "low", "high"),
    [
        ("only the bass moves", 0.0, 0.0),
        ("only the bass moves, the chord struck again", 0.0, 0.0),
        ("both move, the bass more", 0.1, 0.4),
        ("both move alike", 0.45, 0.55),
        ("both move, the treble more", 0.6, 0.9),
        ("only the treble moves", 1.0, 1.0),
        ("only the treble moves, the bass struck again", 1.0, 1.0),
    ],
)
def test_changes_lie_in_the_highs_where_the_treble_moves_and_not_where_the_bass_does(
    stimulus: str, low: float, high: float
) -> None:
    assert low <= value("changes_in_highs", stimulus) <= high


def test_a_claim_rests_on_a_metric_that_is_put_to_stimuli_here() -> None:
    tried = {
        "level_spread", "time_near_maximum", "fluctuation_rate", "energy_below_1000_hz", "energy_below_1300_hz",
        "changes_in_highs", "spectral_change", "longest_repeat_share",
    }  # fmt: skip
    assert {claim.metric for claim in CLAIMS} == tried
