"""A piece that is there twice is one draw: by its notes or by its sound, within a system or between two."""

import numpy as np
import pandas as pd
import pytest

from clstm.music.midi import Notes, write_midi
from evaluation.audio.files import write_audio
from evaluation.audio.render import RenderSettings, render
from evaluation.comparison.sets import copies
from evaluation.measurement.systems import Measurements, measure_systems
from evaluation.metrics import symbolic

SETTINGS = RenderSettings(sample_rate=22050)


def tune(seed: int, size: int = 40) -> Notes:
    """A tune of its own: pitches and rhythm drawn."""
    random = np.random.default_rng(seed)
    onset = np.cumsum(random.uniform(0.1, 0.4, size))
    return Notes(onset, onset + 0.3, random.integers(40, 90, size), random.integers(40, 100, size))


def moved(notes: Notes, seconds: np.ndarray | float = 0.0, semitones: int = 0, velocity: int | None = None) -> Notes:
    velocities = notes.velocity if velocity is None else np.full(len(notes), velocity)
    return Notes(notes.onset + seconds, notes.offset + seconds, notes.pitch + semitones, velocities)


def as_text(*all_notes: Notes) -> list[str]:
    return [symbolic.struck(notes) for notes in all_notes]


def pairs(found: np.ndarray) -> list[tuple[int, int]]:
    return sorted((min(pair), max(pair)) for pair in found.tolist())


# --- notes -----------------------------------------------------------------------------------------------------------


def test_the_same_notes_are_copies_at_other_ticks_velocities_and_beginnings() -> None:
    one = tune(0)
    ticks = np.round(one.onset / 0.02) * 0.02
    coarse = Notes(ticks, ticks + 0.1, one.pitch, one.velocity)
    order = np.random.default_rng(1).permutation(len(one))
    mixed = Notes(one.onset[order], one.offset[order], one.pitch[order], one.velocity[order])
    texts = as_text(one, coarse, moved(one, velocity=80), moved(one, 1.7), mixed, tune(1))
    assert {place for pair in pairs(copies.same_notes(texts)) for place in pair} == {0, 1, 2, 3, 4}


def test_another_key_another_note_or_another_moment_is_another_piece() -> None:
    one = tune(0)
    later, other = one.onset.copy(), one.pitch.copy()
    later[20] += 0.05
    other[20] += 1
    texts = as_text(
        one, moved(one, semitones=1), Notes(later, later + 1, one.pitch, one.velocity), Notes(
            one.onset, one.offset, other, one.velocity
        )
    )  # fmt: skip
    assert pairs(copies.same_notes(texts)) == []


@pytest.mark.parametrize("shift", np.linspace(0, 0.0009, 4))
def test_no_boundary_of_rounding_parts_two_copies(shift: float) -> None:
    one = tune(0)
    assert pairs(copies.same_notes(as_text(moved(one, shift), moved(one, np.linspace(0, 0.01, 40))))) == [(0, 1)]


def test_no_notes_are_no_copy_of_no_notes() -> None:
    assert as_text(Notes.of()) == [""]
    assert symbolic.struck(None) == ""
    assert pairs(copies.same_notes(["", ""])) == []


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measurements:
    """A system of sounds, one of notes, and people; what is a copy of what stands in the names."""
    folder = tmp_path_factory.mktemp("copies")
    sound = {number: render(tune(number), SETTINGS) for number in range(3)}
    write_audio(folder / "a0-16.wav", sound[0], SETTINGS.sample_rate)
    write_audio(folder / "a0-24.flac", 0.98 * sound[0], SETTINGS.sample_rate, bits=24)
    write_audio(folder / "a1.wav", sound[1], SETTINGS.sample_rate)
    write_audio(folder / "silence1.wav", 0 * sound[1], SETTINGS.sample_rate)
    write_audio(folder / "silence2.wav", 0 * sound[1], SETTINGS.sample_rate)
    write_midi(tune(2), folder / "n2.mid")
    write_midi(moved(tune(2), velocity=64), folder / "n2-soft.mid")
    write_midi(tune(3), folder / "n3.mid")
    write_midi(tune(3), folder / "h3.mid")
    write_midi(tune(4), folder / "h4.mid")
    systems = {
        "audio": ["a0-16.wav", "a0-24.flac", "a1.wav", "silence1.wav", "silence2.wav"],
        "notes": ["n2.mid", "n2-soft.mid", "n3.mid"],
        "human": ["h3.mid", "h4.mid"],
    }
    return measure_systems({name: [folder / one for one in own] for name, own in systems.items()}, SETTINGS, workers=1)


def test_copies_become_one_group_and_everything_stays(measured: Measurements) -> None:
    merged = copies.merged(measured.pieces, measured.values)
    pd.testing.assert_frame_equal(merged.drop(columns="group"), measured.pieces.drop(columns="group"))
    group = merged.set_index("piece")["group"]
    assert group["a0-16"] == group["a0-24"]
    assert group["n2"] == group["n2-soft"]
    assert group["n3"] == group["h3"]
    assert group.nunique() == len(group) - 3


def test_whole_groups_are_merged_where_one_piece_is_a_copy(measured: Measurements) -> None:
    works = measured.pieces.assign(group=["x", "y", "x", "z", "z", "p", "q", "q", "w", "w"])
    merged = copies.merged(works, measured.values)["group"].tolist()
    assert merged == ["x", "x", "x", "z", "z", "p", "p", "p", "p", "p"]


def test_the_share_of_copies_is_counted_in_each_system(measured: Measurements) -> None:
    counted = copies.shares(measured.pieces, measured.values)
    assert tuple(counted.columns) == copies.SHARES
    assert counted.to_numpy().tolist() == [["audio", 5, 2, 0, 2], ["notes", 3, 2, 1, 0], ["human", 2, 0, 1, 0]]


def test_a_control_is_no_copy_of_its_piece(measured: Measurements) -> None:
    twice = measured.pieces[measured.pieces["system"] == "human"]
    pieces = pd.concat([twice, twice.assign(system="played")], ignore_index=True)
    figures = pd.concat([measured.values, measured.values.assign(system="played")], ignore_index=True)
    assert copies.shares(pieces, figures)["across"].tolist() == [0, 0]


def test_tables_without_the_notes_and_with_few_metrics_know_no_copies() -> None:
    pieces = pd.DataFrame({"system": "a", "piece": ["0", "1"], "group": ["g", "h"]})
    figures = pd.DataFrame(
        {"system": "a", "piece": ["0", "1"], "metric": "centroid", "value": 440.0, "unit": "Hz", "note": ""}
    )
    assert copies.merged(pieces, figures)["group"].tolist() == ["g", "h"]
    assert copies.shares(pieces, figures).to_numpy().tolist() == [["a", 2, 0, 0, 0]]


# --- many ------------------------------------------------------------------------------------------------------------


def test_points_are_near_within_one_in_every_coordinate() -> None:
    points = np.array([[0.0, 0.0], [1.0, -1.0], [2.1, 0.0], [0.0, 0.0]])
    assert pairs(copies.near(points)) == [(0, 1), (0, 3)]


def test_a_thousand_pieces_and_a_thousand_copies_are_no_burden() -> None:
    random = np.random.default_rng(0)
    sounds = np.exp(random.normal(0, 0.2, (1000, len(copies.of_sound()))))
    assert len(copies.same_sound(sounds)) == 0
    copied = sounds[:500] * np.exp(random.uniform(-0.004, 0.004, (500, len(copies.of_sound()))))
    assert len(copies.same_sound(np.concatenate([sounds, copied]))) == 500
    assert len(copies.same_sound(np.repeat(sounds[:1], 1000, axis=0))) == 999
