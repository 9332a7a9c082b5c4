"""musicnn: a network that was trained to tag music (50 tags of MagnaTagATune), and its last hidden layer.

Pons & Serra, "musicnn: pre-trained convolutional neural networks for music audio tagging" (ISMIR 2019, late-breaking).
The weights are MTT_musicnn of the package musicnn 0.1.0, unchanged, without the optimizer's state and the layer of tags
(`musicnn.npz`; the licence, ISC, is in `musicnn.LICENSE`; `.ci/musicnn_weights.py` made the file). Here the network is
a few products of matrices in NumPy, for the package's own requirements can no longer be installed.

Each patch of 3 s (187 frames of 16 ms, 96 mel bands) becomes 200 numbers: the layer `penultimate` of the original. One
difference: the original rounds its spectrogram to 16 bits, which overflow in loud music; this one does not.
"""

from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.embeddings.embedder import Frames, Music, hash_of

RATE, FFT, HOP, BANDS = 16000, 512, 256, 96
PATCH = 187  # frames: 3 s
SHIPPED = Path(__file__).with_name("musicnn.npz")

_EPSILON = 0.001  # of the batch normalization of TensorFlow 1
_PAD = 3  # frames at both ends, for kernels of 7

Array = NDArray[np.float32]


class Musicnn:
    """folder : one that holds another `musicnn.npz`; None for the weights that come with this package."""

    rate: int | None = RATE
    processes: int | None = None

    def __init__(self, folder: Path | None = None) -> None:
        self.path = SHIPPED if folder is None else folder / SHIPPED.name
        self.version = f"MTT_musicnn {hash_of(self.path)}"

    def embed(self, music: Music) -> Frames:
        """(patches, 200): one per whole 3 s. Raises `ValueError` for shorter music."""
        mel = log_mel(music.sound)
        whole = len(mel) // PATCH
        if not whole:
            raise ValueError("shorter than 3 s, the length of its patch")
        return np.stack([self.penultimate(patch) for patch in mel[: whole * PATCH].reshape(whole, PATCH, BANDS)])

    @cached_property
    def weights(self) -> dict[str, Array]:
        with np.load(self.path) as stored:
            return {name: stored[name] for name in stored.files}

    def penultimate(self, patch: Array) -> Array:
        """The last hidden layer, (200,), of a log mel spectrogram, (187, 96)."""
        patch = self._normal("", patch[:, :, None])[:, :, 0]
        front = np.concatenate(
            [
                *(self._timbral(number, patch) for number in (0, 1)),
                *(self._temporal(number, patch) for number in (2, 3, 4)),
            ],
            axis=1,
        )  # (187, 561)
        first = self._middle(5, front)
        second = self._middle(6, first) + first
        third = self._middle(7, second) + second
        every = np.concatenate([front, first, second, third], axis=1)  # (187, 753)
        pooled = np.stack([every.max(axis=0), every.mean(axis=0)], axis=1).ravel()  # (1506,)
        dense = self._normal("_9", pooled) @ self.weights["dense.kernel"] + self.weights["dense.bias"]
        return self._normal("_10", np.maximum(dense, 0))

    def _timbral(self, number: int, patch: Array) -> Array:
        """Shapes of 7 frames and many bands, anywhere on the frequency axis, (187, 204)."""
        kernel, bias = self._layer(number)  # (7, bands, 204)
        padded = np.pad(patch, ((_PAD, _PAD), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[:2])
        rows = windows.reshape(-1, kernel.shape[0] * kernel.shape[1])
        found = np.maximum(rows @ kernel.reshape(rows.shape[1], -1) + bias, 0)
        pooled: Array = self._normal(f"_{number + 1}", found.reshape(*windows.shape[:2], -1)).max(axis=1)
        return pooled

    def _temporal(self, number: int, patch: Array) -> Array:
        """Shapes of many frames and one band, in any band, (187, 51)."""
        kernel, bias = self._layer(number)  # (frames, 1, 51)
        before = (len(kernel) - 1) // 2  # as TensorFlow pads an even kernel: one frame more at the end
        padded = np.pad(patch, ((before, len(kernel) - 1 - before), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, len(kernel), axis=0)  # (187, 96, frames)
        found = np.maximum(windows.reshape(-1, len(kernel)) @ kernel[:, 0] + bias, 0)
        pooled: Array = self._normal(f"_{number + 1}", found.reshape(*patch.shape, -1)).max(axis=1)
        return pooled

    def _middle(self, number: int, features: Array) -> Array:
        """(187, features) -> (187, 64), from 7 frames each."""
        kernel, bias = self._layer(number)  # (7, features, 64)
        padded = np.pad(features, ((_PAD, _PAD), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, len(kernel), axis=0)  # (187, features, 7)
        rows = windows.transpose(0, 2, 1).reshape(len(features), -1)
        return self._normal(f"_{number + 1}", np.maximum(rows @ kernel.reshape(rows.shape[1], -1) + bias, 0))

    def _layer(self, number: int) -> tuple[Array, Array]:
        name = f"conv2d_{number}" if number else "conv2d"
        return self.weights[f"{name}.kernel"][:, :, 0], self.weights[f"{name}.bias"]

    def _normal(self, number: str, features: Array) -> Array:
        """Batch normalization by the means and variances of training, of the last axis."""
        about = {
            part: self.weights[f"batch_normalization{number}.{part}"]
            for part in ("beta", "gamma", "moving_mean", "moving_variance")
        }
        scale = about["gamma"] / np.sqrt(about["moving_variance"] + _EPSILON)
        return np.asarray((features - about["moving_mean"]) * scale + about["beta"], np.float32)


def log_mel(sound: Array) -> Array:
    """The spectrogram that the network reads, (frames, 96), of (samples,) at 16 kHz: log10(1 + 10,000 power)."""
    import librosa

    power = librosa.feature.melspectrogram(y=sound, sr=RATE, n_fft=FFT, hop_length=HOP, n_mels=BANDS)
    return np.asarray(np.log10(1 + 10_000 * power.T), np.float32)
