"""VGGish: the spectrogram that it reads has known answers, and what are no weights is refused."""

from pathlib import Path

import numpy as np
import pytest

from clstm.runtime.errors import UserError
from evaluation.embeddings.embedder import Music, make
from evaluation.embeddings.vggish import BANDS, HIGHEST, LOWEST, RATE, Vggish, examples, log_mel, mel_bands

CONVOLUTIONS = ((0, 1, 64), (3, 64, 128), (6, 128, 256), (8, 256, 256), (11, 256, 512), (13, 512, 512))
DENSE = ((0, 12288, 4096), (2, 4096, 4096), (4, 4096, 128))
POOLED_AFTER = (0, 3, 8, 13)


def test_silence_is_the_logarithm_of_the_offset() -> None:
    np.testing.assert_allclose(log_mel(np.zeros(4000, np.float32)), np.full((23, 64), np.log(0.01)))


@pytest.mark.parametrize("band", [5, 30, 60])
def test_a_tone_at_the_centre_of_a_band_is_loudest_there(band: int) -> None:
    lowest, highest = (1127 * np.log(1 + hertz / 700) for hertz in (LOWEST, HIGHEST))
    centre = 700 * (np.exp((lowest + (band + 1) * (highest - lowest) / (BANDS + 1)) / 1127) - 1)
    tone = 0.5 * np.sin(2 * np.pi * centre * np.arange(RATE) / RATE)
    assert set(log_mel(tone.astype(np.float32)).argmax(axis=1)) == {band}


def test_bands_share_what_lies_between_their_centres() -> None:
    hertz = np.linspace(0, RATE / 2, 257)
    inside = mel_bands()[(hertz > 150) & (hertz < 7000)].sum(axis=1)  # from the first centre to the last
    np.testing.assert_allclose(inside, 1)
    assert not mel_bands()[(hertz < LOWEST) | (hertz > HIGHEST)].any()


def test_patches_are_those_of_the_whole_spectrogram() -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, 17 * 15360 + 5000).astype(np.float32)
    found = np.concatenate(list(examples(sound)))
    np.testing.assert_array_equal(found, log_mel(sound)[: 17 * 96].reshape(17, 96, 64).astype(np.float32))


def test_a_patch_needs_975_milliseconds() -> None:
    assert [one.shape for one in examples(np.zeros(15600, np.float32))] == [(1, 96, 64)]
    assert list(examples(np.zeros(15599, np.float32))) == []
    assert list(examples(np.zeros(0, np.float32))) == []


def test_what_are_no_weights_is_one_line_that_says_where_they_are(tmp_path: Path) -> None:
    import torch

    remedy = r"give vggish=FOLDER with vggish-\*\.pth; the weights are published at https://github\.com"
    with pytest.raises(UserError, match=f"has no files .*{remedy}"):
        make("vggish", tmp_path)
    file = tmp_path / "vggish-10086976.pth"
    file.write_bytes(b"<html>")
    with pytest.raises(UserError, match=f"cannot be read .*{remedy}"):
        make("vggish", tmp_path)
    for other in ([1], 3, {}, {"pca_means": torch.zeros(128)}, {"features.0.weight": torch.zeros(64, 3, 3, 3)}):
        torch.save(other, file)
        with pytest.raises(UserError, match=f"has no weights of VGGish; {remedy}") as raised:
            make("vggish", tmp_path)
        assert "\n" not in str(raised.value)


@pytest.mark.slow  # 290 MB of weights
def test_weights_in_the_published_form_give_the_layer_before_its_relu(tmp_path: Path) -> None:
    import torch
    from torch.nn import functional as F

    with torch.random.fork_rng():
        torch.manual_seed(0)
        weights = {}
        for at, before, channels in CONVOLUTIONS:
            weights[f"features.{at}.weight"] = torch.randn(channels, before, 3, 3) * (2 / before / 9) ** 0.5
            weights[f"features.{at}.bias"] = torch.randn(channels) / 10
        for at, before, after in DENSE:
            weights[f"embeddings.{at}.weight"] = torch.randn(after, before) * (2 / before) ** 0.5
            weights[f"embeddings.{at}.bias"] = torch.randn(after) / 10
    torch.save(weights, tmp_path / "vggish-10086976.pth", _use_new_zipfile_serialization=False)  # as published, in 2019
    sound = np.random.default_rng(0).normal(0, 0.1, 40000).astype(np.float32)
    found = Vggish(tmp_path).embed(Music(sound, None, None, 2.5))
    assert found.shape == (2, 128)

    with torch.no_grad():
        layer = torch.from_numpy(np.concatenate(list(examples(sound))))[:, None]
        for at, _, _ in CONVOLUTIONS:
            layer = F.relu(F.conv2d(layer, weights[f"features.{at}.weight"], weights[f"features.{at}.bias"], padding=1))
            layer = F.max_pool2d(layer, 2) if at in POOLED_AFTER else layer
        layer = layer.movedim(1, -1).reshape(2, -1)  # frames, bands, channels
        for at, _, _ in DENSE:
            layer = (F.relu(layer) if at else layer) @ weights[f"embeddings.{at}.weight"].T
            layer = layer + weights[f"embeddings.{at}.bias"]
    assert found.min() < 0
    np.testing.assert_allclose(found, layer.numpy(), rtol=1e-3, atol=1e-4)
