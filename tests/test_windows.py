"""Windows are exact: what is shared between them changes nothing, and no frame outside them counts."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from clstm.corpus.corpus import Corpus
from clstm.models.checkpoint import build
from clstm.models.networks import KINDS, Kind, NetworkConfig
from clstm.prediction import windows
from clstm.prediction.windows import predictor, windows_in, windows_of

SMALL = NetworkConfig("rnn", kernels=4, features=8, hidden=16)


@pytest.mark.parametrize("kind", KINDS)
def test_shared_features_give_the_chances_of_each_window_by_itself(
    kind: Kind, tiny_corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    network = build(replace(SMALL, kind=kind)).eval()
    frames = np.ascontiguousarray(tiny_corpus.matrix(0).T)
    ends = np.array([90, 99, 100, 231])
    monkeypatch.setattr(windows, "WINDOWS_AT_ONCE", 3)
    chances = predictor(network)(frames, ends, 9)
    assert chances.shape == (4, 9, 156)
    with torch.inference_mode():
        for end, given in zip(ends, chances, strict=True):
            window = torch.from_numpy(frames[end - 90 : end].astype(np.float32))[None]
            np.testing.assert_allclose(given, torch.sigmoid(network(window))[0, -1], atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_longer_horizon_is_cut_to_the_frames_asked_for(kind: Kind, tiny_corpus: Corpus) -> None:
    network = build(replace(SMALL, kind=kind, horizon=12))
    frames = np.ascontiguousarray(tiny_corpus.matrix(0).T)
    predict, ends = predictor(network), np.array([90, 180])
    np.testing.assert_array_equal(predict(frames, ends, 9), predict(frames, ends, 12)[:, :9])


def test_a_chance_near_one_is_told_from_one(tiny_corpus: Corpus) -> None:
    network = build(SMALL)
    with torch.no_grad():
        network.get_parameter("output.weight").zero_()
        network.get_parameter("output.bias").fill_(30.0)
    chances = predictor(network)(np.ascontiguousarray(tiny_corpus.matrix(0).T), np.array([90]), 9)
    np.testing.assert_allclose(1 - chances, np.exp(-30.0), rtol=0.01)


@pytest.mark.parametrize("frames_at_once", [8192, 64])
def test_every_window_with_its_horizon_comes_once_in_order(
    frames_at_once: int, tiny_corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "FRAMES_AT_ONCE", frames_at_once)
    size = {"window": 90, "horizon": 9, "stride": 10}
    given = list(windows_of(tiny_corpus, [2, 5], **size))
    assert len(given) == (2 if frames_at_once == 8192 else 8)
    for piece in (2, 5):
        whole = tiny_corpus.matrix(piece).T
        own = [some for some in given if some.piece == piece]
        seen = np.concatenate([some.frames[end - 90 : end][None] for some in own for end in some.ends])
        ends = np.arange(90, len(whole) - 8, 10)
        np.testing.assert_array_equal(seen, [whole[end - 90 : end] for end in ends])
        targets = np.concatenate([some.targets for some in own])
        np.testing.assert_array_equal(targets, [whole[end : end + 9] for end in ends])
    assert windows_in(tiny_corpus, [2, 5], **size) == sum(len(some.ends) for some in given)


def test_a_piece_shorter_than_window_and_horizon_has_no_window(tiny_corpus: Corpus) -> None:
    length = int(tiny_corpus.lengths[0])
    assert windows_in(tiny_corpus, [0], length - 9, 9, 1) == 1
    assert list(windows_of(tiny_corpus, [0], length - 8, 9, 1)) == []
