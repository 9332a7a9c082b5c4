"""Densities that no music has, and slow and dense music that has its own."""

import pytest

from clstm.music.midi import Notes
from clstm.music.plausibility import implausible


def every(
    seconds: float, count: int, *, start: float = 0.0, length: float = 0.5
) -> list[tuple[float, float, int, int]]:
    """Notes at equal distances, of pitches that change."""
    return [(start + k * seconds, start + k * seconds + length, 40 + k % 40, 80) for k in range(count)]


@pytest.mark.parametrize(
    "rows",
    [
        every(2.9, 1200),
        every(1.4, 4000),
        [*every(1, 300), (300.0, 600.0, 40, 80), *every(1, 300, start=600)],
        [(0.0, 120.0, 60, 80)],
        [(0.0, 0.0, 60, 80)],
        every(0.002, 400),
        [(k / 4, k / 4 + 1, 30 + pitch, 80) for k in range(40) for pitch in range(50)],
        every(0.01, 900) + every(0.01, 900, length=2.0),
    ],
    ids=["slow", "slow and long", "drone of five minutes", "one note", "no length", "run", "clusters", "dense"],
)
def test_what_music_may_be_passes(rows: list[tuple[float, float, int, int]]) -> None:
    assert implausible(Notes.of(rows)) is None


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([*every(1, 300), *every(1, 300, start=700)], "no note begins for 6.7 minutes of its 16.7 minutes"),
        (every(0.5, 100, start=301), "no note begins for 5.0 minutes of its 5.8 minutes"),
        ([*every(0.5, 100), (50.0, 200.0, 60, 80)], "no note begins for 2.5 minutes of its 3.3 minutes"),
        ([(0.0, 40000.0, 60, 80)], "no note begins for 11.1 hours of its 11.1 hours"),
        (every(4, 200), "15.1 notes per minute for 13.3 minutes"),
        (every(2, 2500), "30.0 notes per minute for 1.4 hours"),
        (every(1, 9000), "60.0 notes per minute for 2.5 hours"),
        (every(0.0001, 10_000), "more than 500 notes begin within 1 s"),
        (every(0.004, 3000), "more than 2,000 notes begin within 10 s"),
        (
            [(k, k + 0.5, p, 80) for k in range(500) for p in range(128)],
            "more than 64 pitches are struck within",
        ),
    ],
)
def test_what_no_music_is_has_its_reason(rows: list[tuple[float, float, int, int]], reason: str) -> None:
    assert (implausible(Notes.of(rows)) or "").startswith(f"no music: {reason}")
