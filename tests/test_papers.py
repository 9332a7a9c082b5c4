"""The numbers that other papers print: known answers, recorded values of their code, and the overlap of samples."""

from pathlib import Path

import numpy as np
import pandas as pd
import pretty_midi
import pytest
from papers_song import RATE, sound, write_song

from clstm.music.events import DEFAULT
from clstm.music.midi import Notes, write_midi
from evaluation.comparison import papers
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.measure import measure_input, measure_notes
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.metric import Missing
from evaluation.metrics.papers import scape
from evaluation.metrics.papers.all_papers import PRINTED
from evaluation.metrics.papers.mgeval import LENGTHS, VECTORS, vectors
from evaluation.metrics.papers.reading import Reading
from evaluation.statistics.overlap import overlap

# What MusPy 0.5.0 and smg-metrics 5.4.3 give for `papers_song`, by `.ci/papers.py`.
RECORDED = {
    "n_pitches_used": 22.0,
    "n_pitch_classes_used": 12.0,
    "pitch_range": 31.0,
    "polyphony": 3.2257281553398056,
    "polyphony_rate": 0.6857142857142857,
    "scale_consistency": 0.7472527472527473,
    "pitch_entropy": 4.287338916676401,
    "pitch_class_entropy": 3.3655089166559526,
    "empty_beat_rate": 0.09090909090909094,
    "pitch_in_scale_rate": 0.7472527472527473,
    "empty_measure_rate": 0.09090909090909094,
    "groove_consistency": 0.9270833333333334,
    "drum_in_pattern_rate (duple)": 1.0,
    "drum_in_pattern_rate (triple)": 0.2702702702702703,
    "drum_pattern_consistency": 1.0,
    "OOK": 0.25142857142857145,
    "CHE": 2.921928094887362,
}
# What libfmp 1.3.0 gives for the sound of `papers_song`, called as MusDr calls it.
STRUCTURE = {"SI_short": 0.5234888090279057, "SI_mid": 0.5311466457915384, "SI_long": 0.33122148042410154}

SONG = Notes.of([(k / 2, k / 2 + 0.25, 60 + pitch, 80) for k, pitch in enumerate([0, 4, 7, 12] * 4)])
DRUMS = Notes.of([(k / 4, k / 4 + 0.1, 36, 80) for k in range(32)])


def test_no_quoted_number_is_tested() -> None:
    quoted = [name for name, metric in METRICS.items() if metric.quoted]
    assert quoted
    assert not any(METRICS[name].tested or METRICS[name].compared for name in quoted)


def test_every_printed_number_is_measured_and_every_quoted_one_is_printed() -> None:
    names = {one.metric for one in PRINTED}
    assert names <= {*METRICS, *VECTORS}
    assert {name for name, metric in METRICS.items() if metric.quoted} <= names


def test_an_arpeggio_has_the_numbers_that_its_notes_say() -> None:
    values = measure_notes(SONG, None, DRUMS, DEFAULT)
    assert values["muspy_pitches_used"] == 4
    assert values["muspy_pitch_classes_used"] == 3
    assert values["muspy_pitch_entropy"] == 2
    assert values["muspy_pitch_in_scale_rate"] == 1
    assert values["muspy_polyphony_rate"] == 0
    assert values["muspy_drum_in_duple_rate"] == 1
    assert values["muspy_drum_in_triple_rate"] == 0.5
    assert values["muspy_empty_beat_rate"] == 0
    assert values["mgeval_pitch_shift"] == pytest.approx((4 * (4 + 3 + 5) + 3 * 12) / 15)
    assert values["musdr_entropy_1_bar"] == values["musdr_entropy_4_bars"] == 1.5
    assert values["musdr_groove_similarity"] == 1
    assert values["chord_vocabulary"] == 1
    assert values["notes_out_of_key"] == 0


def test_three_pitches_count_for_the_polyphony_rate_and_two_do_not() -> None:
    two, three = ([(0.0, 1.0, 60 + 4 * k, 80) for k in range(count)] for count in (2, 3))
    rates = [measure_notes(Notes.of(rows), None, None, DEFAULT)["muspy_polyphony_rate"] for rows in (two, three)]
    assert rates == [0, 1]


def test_numbers_of_beats_do_not_exist_where_the_music_does_not_follow_them() -> None:
    random = np.random.default_rng(0)
    free = Notes.of([(time, time + 0.2, 60, 80) for time in np.cumsum(random.exponential(0.3, 300))])
    values = measure_notes(free, None, None, DEFAULT)
    for name in ("muspy_empty_beat_rate", "muspy_groove_consistency", "musdr_groove_similarity", "chord_entropy"):
        assert isinstance(values[name], Missing)
    assert values["muspy_polyphony"] == pytest.approx(values["polyphony"])


def test_silence_has_no_numbers_but_a_count() -> None:
    values = measure_notes(Notes.of(), 3.0)
    assert values["mgeval_note_count"] == 0
    assert isinstance(values["muspy_polyphony"], Missing)


# --- the code of the papers ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("song") / "song.mid"
    write_song(path)
    return path


def test_each_number_is_that_of_the_papers_code(song: Path) -> None:
    values = measure_input(MeasurementInput(song, notes_only=True)).values
    ours = {one.name: values[one.metric] for one in PRINTED if one.name in RECORDED and one.metric in values}
    assert ours == pytest.approx(RECORDED, rel=1e-9)


def test_intervals_and_transitions_are_those_of_pretty_midi(tmp_path: Path) -> None:
    write_midi(SONG, tmp_path / "song.mid")
    theirs = pretty_midi.PrettyMIDI(str(tmp_path / "song.mid"))
    found = measure_input(MeasurementInput(tmp_path / "song.mid", notes_only=True))
    assert found.values["mgeval_ioi"] == pytest.approx(np.diff(theirs.get_onsets()).mean())
    matrix = theirs.get_pitch_class_transition_matrix().ravel()
    assert found.vectors["mgeval_pitch_class_transitions"] == matrix.tolist()
    roll = theirs.instruments[0].get_piano_roll(fs=100).sum(axis=1)
    histogram = np.bincount(np.arange(128) % 12, roll)
    assert found.vectors["mgeval_pitch_class_histogram"] == pytest.approx(histogram / histogram.sum())


def test_lengths_are_classes_of_a_bar() -> None:
    found = vectors(Reading.of(SONG, None, DEFAULT, 8.0, None))
    eighths = LENGTHS.index(12)  # 96ths of a bar
    assert found["mgeval_note_length_histogram"] == [float(place == eighths) for place in range(12)]
    assert found["mgeval_note_length_transitions"][13 * eighths] == sum(found["mgeval_note_length_transitions"]) == 15


def test_structure_indicators_are_those_of_libfmp() -> None:
    values = scape.measure(sound(), RATE)
    ours = {one.name: values[one.metric] for one in PRINTED if one.name in STRUCTURE}
    assert ours == pytest.approx(STRUCTURE, abs=1e-6)


def test_pitch_classes_of_a_sound_are_those_of_librosa() -> None:
    from librosa.filters import chroma

    theirs = chroma(sr=RATE, n_fft=4410, tuning=0).T
    assert scape.chroma_bands(RATE, 4410) == pytest.approx(theirs, abs=1e-6)


def test_a_span_longer_than_the_piece_has_no_indicator() -> None:
    found = scape.measure(sound()[: 10 * RATE], RATE)
    assert isinstance(found["musdr_structure_short"], float)
    assert found["musdr_structure_long"] == Missing("shorter than 15 s")
    assert set(scape.measure(np.zeros(RATE), RATE).values()) == {Missing("silent")}
    assert set(scape.measure(np.tile(sound(), 5), RATE).values()) == {Missing("longer than 180 s")}


def test_music_that_returns_is_fitter_than_music_that_does_not() -> None:
    random = np.random.default_rng(8)
    once, again = random.dirichlet(np.full(12, 0.2), 60), random.dirichlet(np.full(12, 0.2), 30)
    found = [
        scape.indicators(scape.thresholded(scape.alike(rows / np.linalg.norm(rows, axis=1, keepdims=True))))
        for rows in (once, np.concatenate([again, again]))
    ]
    assert found[0]["musdr_structure_mid"] < 0.5 * found[1]["musdr_structure_mid"]


# --- overlap ---------------------------------------------------------------------------------------------------------


def test_a_shift_is_seen_by_the_divergence() -> None:
    values = np.random.default_rng(1).normal(size=200)
    found = [overlap(values, values + shift).divergence for shift in (0, 1, 3, 100)]
    assert found[0] == 0
    assert found == sorted(found)
    assert np.isfinite(found).all()


def test_the_area_is_the_integral_of_the_smaller_density() -> None:
    from scipy.integrate import quad
    from scipy.stats import gaussian_kde

    random = np.random.default_rng(2)
    ours, theirs = random.normal(size=30), random.normal(1, 2, 40)
    densities = gaussian_kde(ours), gaussian_kde(theirs)
    exact = quad(lambda at: min(float(one(at)[0]) for one in densities), -15, 20, limit=500)[0]
    assert overlap(ours, theirs).area == pytest.approx(exact, abs=0.002)


def test_two_samples_of_twenty_overlap_by_less_than_one() -> None:
    random = np.random.default_rng(3)
    areas = [overlap(*random.normal(size=(2, 20))).area for _ in range(400)]
    assert 0.82 < np.mean(areas) < 0.87


def test_constant_samples_overlap_wholly_or_not_at_all_known() -> None:
    assert overlap(np.ones(5), np.ones(4)).area == 1
    assert np.isnan(overlap(np.ones(5), np.arange(4.0)).area)


# --- the table -------------------------------------------------------------------------------------------------------


def measured(shift: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    random = np.random.default_rng(4)
    values, pieces = [], []
    for system, added in (("human", 0.0), ("same", 0.0), ("far", shift)):
        for number in range(20):
            row = {"system": system, "piece": str(number)}
            values.append(row | {"metric": "pitch_range", "value": random.normal() + added})
            pieces.append(row | {"group": f"{system}{number}", "vectors": {}})
    return pd.DataFrame(values), pd.DataFrame(pieces)


def test_the_overlap_is_near_its_floor_for_the_same_and_below_for_another() -> None:
    found = papers.table(*measured(5.0), {"same": "human", "far": "human"})
    own = found[found["source"] == "yang2020"].set_index("system")
    assert own.loc["same", "oa"] > own.loc["same", "oa_floor_95"]
    assert own.loc["far", "oa"] < own.loc["far", "oa_floor_95"]
    assert own.loc["far", "kl"] > own.loc["far", "kl_floor_95"]
    assert own.loc["far", "distance_oa"] < own.loc["same", "distance_oa"]
    assert pd.isna(own.loc["human", "oa"])
    said = "\n".join(papers.markdown(found))
    assert "## Numbers of the literature" in said
    assert "floor" in said


def test_distances_within_and_between_sets_are_those_of_all_pairs() -> None:
    values, pieces = measured(2.0)
    found = papers.table(values, pieces, {"far": "human"})
    own = found[(found["source"] == "yang2020") & (found["metric"] == "pitch_range")].set_index("system")
    rows = {name: part["value"].to_numpy() for name, part in values.groupby("system")}
    within = np.array([abs(a - b) for i, a in enumerate(rows["far"]) for j, b in enumerate(rows["far"]) if i != j])
    between = np.array([abs(a - b) for a in rows["human"] for b in rows["far"]])
    assert own.loc["far", ["intra_mean", "intra_sd"]].tolist() == pytest.approx([within.mean(), within.std()])
    assert own.loc["far", ["inter_mean", "inter_sd"]].tolist() == pytest.approx([between.mean(), between.std()])
    assert np.isfinite(own.loc["human", "intra_mean"])
    assert pd.isna(own.loc["human", "inter_mean"])
    assert "inter" in "\n".join(papers.markdown(found))


def test_the_order_of_systems_changes_nothing() -> None:
    values, pieces = measured(1.0)
    one = papers.table(values, pieces, {"same": "human", "far": "human"})
    other = papers.table(values, pieces, {"far": "human", "same": "human"})
    order = ["system", "source", "name"]
    pd.testing.assert_frame_equal(
        one.sort_values(order).reset_index(drop=True), other.sort_values(order).reset_index(drop=True)
    )
