"""Structure against closed forms: one sound, A-B-A, what never repeats, silence; and Foote's kernel written out."""

import numpy as np
import pytest

from evaluation.metrics import structure
from evaluation.metrics.metric import Missing

RATE = 22050


def sine(hertz: float, amplitude: float = 0.5, seconds: float = 10.0) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


A, B = sine(440), sine(1000)


def test_a_constant_tone_is_always_like_itself_and_never_new() -> None:
    metrics = structure.measure(np.concatenate([A, A, A]), RATE)
    assert metrics["self_similarity"] == pytest.approx(1, abs=1e-6)
    assert metrics["novelty"] == pytest.approx(0, abs=1e-6)
    assert metrics["novelty_rate"] == 0


@pytest.mark.parametrize("other", [B, np.zeros_like(A)], ids=["another tone", "silence"])
def test_a_b_a_is_a_matrix_of_blocks_and_new_exactly_where_they_meet(other: np.ndarray) -> None:
    song = np.concatenate([A, other, A])
    times, similarity = structure.self_similarity_matrix(song, RATE)
    in_b = (times > 10) & (times < 20)
    np.testing.assert_allclose(times, np.arange(60) / 2 + 0.25)
    np.testing.assert_allclose(similarity, in_b[:, None] == in_b, atol=0.01)
    moments, novelty = structure.novelty_curve(song, RATE)
    assert (moments[0], moments[-1]) == (4, 26)
    peaks = structure.peaks(novelty)
    assert moments[peaks].tolist() == [10, 20]
    np.testing.assert_allclose(novelty[peaks], 1, atol=0.01)
    np.testing.assert_allclose(novelty[np.abs(moments - 15) <= 1], 0, atol=0.01)


def test_the_metrics_of_a_b_a_can_be_counted() -> None:
    metrics = structure.measure(np.concatenate([A, B, A]), RATE)
    in_b = np.arange(60) // 20 == 1
    earlier, later = np.triu_indices(60, 8)  # 4 s apart
    assert metrics["self_similarity"] == pytest.approx((in_b[earlier] == in_b[later]).mean(), abs=0.005)
    assert metrics["novelty_rate"] == pytest.approx(2 / (45 * 0.5 / 60))


def test_what_never_repeats_is_nowhere_new_and_never_the_same() -> None:
    sound = np.eye(40)
    np.testing.assert_allclose(structure.novelty(sound), 0, atol=1e-12)
    assert structure.self_similarity(sound) == pytest.approx(0, abs=1e-12)


def test_novelty_is_footes_kernel_along_the_diagonal() -> None:
    sound = np.random.default_rng(0).uniform(size=(30, 12))
    sound /= np.linalg.norm(sound, axis=1, keepdims=True)
    similarity = sound @ sound.T
    away = (np.arange(16) - 7.5) * 0.5
    gauss = np.exp(-(away[:, None] ** 2 + away**2) / 8)
    same = (away[:, None] > 0) == (away > 0)
    within, across = same * ~np.eye(16, dtype=bool) * gauss, ~same * gauss
    expected = [
        (block * within).sum() / within.sum() - (block * across).sum() / across.sum()
        for block in (similarity[k : k + 16, k : k + 16] for k in range(15))
    ]
    np.testing.assert_allclose(structure.novelty(sound), expected)


def test_self_similarity_is_the_mean_of_the_matrix_4_s_off_the_diagonal() -> None:
    song = np.concatenate([sine(110 * 2 ** (k / 12), seconds=1.3) for k in (0, 4, 7, 0, 12, 4, 3, 0, 7)])
    _, similarity = structure.self_similarity_matrix(song, RATE)
    expected = similarity[np.triu_indices(len(similarity), 8)].mean()
    assert structure.measure(song, RATE)["self_similarity"] == pytest.approx(expected)


def test_noise_stays_the_same() -> None:
    metrics = structure.measure(np.random.default_rng(0).normal(0, 0.1, 40 * RATE), RATE)
    assert metrics["self_similarity"] == pytest.approx(1, abs=0.01)
    assert metrics["novelty"] == pytest.approx(0, abs=0.001)
    assert metrics["novelty_rate"] == 0


def test_structure_does_not_depend_on_level() -> None:
    song = np.concatenate([A, B + A, B])
    assert structure.measure(0.01 * song, RATE) == pytest.approx(structure.measure(song, RATE), rel=1e-6)


def test_tones_a_semitone_apart_are_two_sounds_and_a_trill_of_them_is_one() -> None:
    low, high = sine(440), sine(466.16)
    _, similarity = structure.self_similarity_matrix(np.concatenate([low, high]), RATE)
    assert similarity[0, -1] < 0.02
    trill = np.where(np.arange(len(low)) * 8 // RATE % 2, low, high)
    _, similarity = structure.self_similarity_matrix(trill, RATE)
    assert similarity.min() > 0.98


def test_a_clip_of_10_s_has_similarity_and_novelty_and_no_rate() -> None:
    metrics = structure.measure(np.concatenate([A[: 5 * RATE], B[: 5 * RATE]]), RATE)
    assert metrics["self_similarity"] == pytest.approx(6 / 78, abs=0.01)  # of the pairs 4 s apart
    assert metrics["novelty"] > 0.5
    assert metrics["novelty_rate"] == Missing("shorter than 30 s")


@pytest.mark.parametrize("samples", [RATE // 10, RATE, 4 * RATE])
def test_what_is_too_short_says_how_short(samples: int) -> None:
    assert structure.measure(A[:samples], RATE) == {
        "self_similarity": Missing("shorter than 4.5 s"),
        "novelty": Missing("shorter than 8 s"),
        "novelty_rate": Missing("shorter than 30 s"),
    }
    assert [len(array) for array in structure.novelty_curve(np.full(samples, 0.5), RATE)] == [0, 0]


def test_every_eighth_of_a_second_is_heard() -> None:
    tones = [sine(hertz, seconds=0.125) for hertz in (440, 880, 1320, 1760)]
    (sound,) = structure.moments(np.concatenate(tones), RATE)
    assert (sound > 0.3).sum() == 4


def test_one_sample_has_no_structure() -> None:
    assert all(isinstance(value, Missing) for value in structure.measure(np.array([0.5]), RATE).values())


@pytest.mark.parametrize("samples", [1, 40 * RATE])
def test_silence_is_missing_and_says_so(samples: int) -> None:
    assert structure.measure(np.zeros(samples), RATE) == dict.fromkeys(structure.METRICS, Missing("silent"))


def test_silence_is_what_is_quieter_than_70_db_below_full_scale() -> None:
    for decibels, silent in ((-69.5, False), (-70.5, True)):
        hum = sine(440, np.sqrt(2) * 10 ** (decibels / 20))
        assert structure.moments(hum, RATE)[:, -1].all() == silent


def test_a_matrix_to_draw_stays_small_and_covers_the_whole() -> None:
    rate = 1000
    tone = np.sin(2 * np.pi * 100 * np.arange(2401 * rate // 2) / rate)
    times, similarity = structure.self_similarity_matrix(tone, rate)
    assert similarity.shape == (1201, 1201)
    assert (times[0], times[1], times[-1]) == (0.5, 1.5, 1200.25)
    np.testing.assert_allclose(similarity, 1, atol=1e-6)


def test_every_metric_is_measured() -> None:
    assert list(structure.measure(A, RATE)) == list(structure.METRICS)


def test_a_peak_is_a_tenth_above_the_valleys_beside_it() -> None:
    curve = np.array([0.0, 0.105, 0.0, 0.095, 0.0])
    assert structure.peaks(curve).tolist() == [1]
