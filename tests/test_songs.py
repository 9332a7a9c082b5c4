"""What a song's figures are drawn from."""

import numpy as np
import pytest

from evaluation.metrics import spectrum
from reports.figures.songs import HIGHEST_HZ, SPECTRUM_BIN_HZ, song

RATE = 22050


def test_a_bin_of_the_drawn_spectrum_shows_its_largest_level() -> None:
    noise = (0.1 * np.random.default_rng(0).standard_normal(2 * RATE)).astype(np.float32)
    drawn = song("noise", "noise", "#000000", noise, RATE, None)
    frequency, level = spectrum.magnitude_spectrum(noise, RATE)
    largest = [level[np.abs(frequency - middle) < SPECTRUM_BIN_HZ / 2].max() for middle in drawn.spectrum_hz[1:]]
    assert drawn.spectrum_hz[-1] == pytest.approx(HIGHEST_HZ - SPECTRUM_BIN_HZ / 2)
    assert (drawn.spectrum[1:] >= np.array(largest)).all()
    assert drawn.spectrum[1:] == pytest.approx(largest, abs=6), "a bin's border may fall to either side"
    assert np.median(drawn.spectrum[1:] - largest) == 0
