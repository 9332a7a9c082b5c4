"""VGGish: a network that was trained to tag the sound of videos, and its layer of 128 numbers, one vector per 0.96 s.

Hershey et al., "CNN architectures for large-scale audio classification" (ICASSP 2017). The weights are those that
H. Taylor converted from the published TensorFlow checkpoint (torchvggish). No maintained package loads them: that one
seeks a maintainer, torchaudio has dropped its own, fadtk needs NumPy 1.

The vector is the last layer before its ReLU and without the quantized principal components that came with AudioSet, as
TensorFlow's own code returns it and Fréchet audio distances use it. Agrees with torchvggish to the bit on 20 files.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.embeddings.checkpoints import Published
from evaluation.embeddings.embedder import Frames, Music

RATE, WINDOW, HOP, FFT, BANDS = 16000, 400, 160, 512, 64
LOWEST, HIGHEST = 125.0, 7500.0  # Hz
OFFSET = 0.01  # of the logarithm
PATCH = 96  # frames: 0.96 s
CHANNELS = ((64,), (128,), (256, 256), (512, 512))  # of the convolutions, a pooling after each group
HIDDEN, DIMENSIONS = 4096, 128

URL = "https://github.com/harritaylor/torchvggish/releases/download/v0.1/vggish-10086976.pth"
WEIGHTS = Published("VGGish", "vggish", "vggish-*.pth", URL)

_BATCH = 16  # patches at once

Array = NDArray[np.float64]


class Vggish:
    """folder : one that holds `vggish-10086976.pth`; None to fetch that file, once, by torch's own hub."""

    rate: int | None = RATE
    processes: int | None = 1  # it has threads of its own, and 290 MB of weights
    version = "VGGish 10086976"

    def __init__(self, folder: Path | None = None) -> None:
        path = WEIGHTS.located(folder, _fetched)
        stored = WEIGHTS.read(path)
        self.features, self.embeddings = _network()
        try:
            for name, part in (("features", self.features), ("embeddings", self.embeddings)):
                own = {key.removeprefix(f"{name}."): stored[key] for key in stored if key.startswith(f"{name}.")}
                part.load_state_dict(own, assign=True)
                part.requires_grad_(False)
        except (RuntimeError, TypeError, AttributeError) as error:  # other shapes, or no table of tensors
            raise WEIGHTS.wrong(path) from error

    def embed(self, music: Music) -> Frames:
        """(patches, 128): one per whole 0.96 s. Raises `ValueError` for music without one."""
        found = [self._vectors(patches) for patches in examples(music.sound)]
        if not found:
            raise ValueError("shorter than 0.975 s, the length of its patch")
        return np.concatenate(found)

    def _vectors(self, patches: NDArray[np.float32]) -> Frames:
        """(patches, 128), of (patches, 96, 64)."""
        import torch

        with torch.inference_mode():
            found = self.features(torch.from_numpy(patches)[:, None])  # (patches, 512, 6, 4)
            # The dense layers were trained on channels last.
            vectors: Frames = self.embeddings(found.permute(0, 2, 3, 1).flatten(1)).numpy()
        return vectors


def _fetched() -> Path:
    """The published file, in torch's own cache."""
    import torch

    path = Path(torch.hub.get_dir(), "checkpoints", URL.rpartition("/")[2])
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(URL, str(path), hash_prefix="10086976", progress=False)
    return path


def _network() -> tuple[Any, Any]:
    """The convolutions and the dense layers, without weights, numbered as they are published."""
    from torch import device, nn

    with device("meta"):
        layers: list[nn.Module] = []
        before = 1
        for group in CHANNELS:
            for channels in group:
                layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU(inplace=True)]
                before = channels
            layers.append(nn.MaxPool2d(2))
        inputs = before * (PATCH // 16) * (BANDS // 16)  # four poolings
        dense = [nn.Linear(inputs, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU()]
        return nn.Sequential(*layers), nn.Sequential(*dense, nn.Linear(HIDDEN, DIMENSIONS))


def examples(sound: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """The patches of (samples,) at 16 kHz, a few at a time, (patches, 96, 64); what is left at the end is not used."""
    whole = max(len(sound) - WINDOW + HOP, 0) // HOP // PATCH
    for first in range(0, whole, _BATCH):
        patches = min(_BATCH, whole - first)
        start = first * PATCH * HOP
        part = sound[start : start + (patches * PATCH - 1) * HOP + WINDOW]
        yield log_mel(part).reshape(patches, PATCH, BANDS).astype(np.float32)


def log_mel(sound: NDArray[np.float32]) -> Array:
    """The spectrogram that the network reads, (frames, 64), of (samples,) at 16 kHz: ln(0.01 + magnitudes in bands).

    Frames are of 25 ms, each 10 ms, without any padding; silence is ln(0.01).

    >>> log_mel(np.zeros(560, np.float32)).shape
    (2, 64)
    """
    frames = np.lib.stride_tricks.sliding_window_view(sound.astype(np.float64), WINDOW)[::HOP]
    periodic = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)  # Hann
    magnitude = np.abs(np.fft.rfft(frames * periodic, FFT))
    return np.asarray(np.log(magnitude @ mel_bands() + OFFSET))


@cache
def mel_bands() -> Array:
    """(257, 64): triangles between points equally far apart in mel (HTK). Their sides are straight in mel; those
    of librosa in Hz. 0 Hz is in no band."""
    bins, lowest, highest = (_mel(np.asarray(at)) for at in (np.linspace(0, RATE / 2, FFT // 2 + 1), LOWEST, HIGHEST))
    points = np.linspace(lowest, highest, BANDS + 2)
    place = (bins[:, None] - points[:-1]) / np.diff(points)  # of a bin between two points, 0..1
    bands: Array = np.maximum(np.minimum(place[:, :-1], 1 - place[:, 1:]), 0)
    bands[0] = 0
    return bands


def _mel(hertz: Array) -> Array:
    return np.asarray(1127 * np.log1p(hertz / 700))
