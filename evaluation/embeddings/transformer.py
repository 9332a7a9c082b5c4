"""CLAP and MERT, by the library transformers, from a folder of weights or the Hugging Face hub.

CLAP: Wu et al., "Large-scale contrastive language-audio pretraining" (ICASSP 2023); one vector per 10 s.
MERT: Li et al., "MERT: acoustic music understanding model" (ICLR 2024); the mean of the last hidden layer over 5 s.
A last part that is shorter is used only where it is the only one. The code that some folders hold is never run.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np

from clstm.runtime.errors import MissingToolError, UserError
from evaluation.embeddings.embedder import Frames, Music, hash_of

CLAP_WEIGHTS = "laion/clap-htsat-unfused"
MERT_WEIGHTS = "m-a-p/MERT-v1-95M"
CLAP_SECONDS, MERT_SECONDS = 10, 5
SHORTEST = 0.5  # s


class _OfTransformers:
    processes: int | None = 1  # it has threads of its own, and its weights fill much memory
    seconds: int

    def __init__(self, folder: Path | None, weights: str) -> None:
        self.source = str(folder or weights)
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
        try:
            import transformers
        except ImportError:
            raise MissingToolError(
                f"{type(self).__name__} needs transformers: install it with: pip install 'clstm[embeddings]'"
            ) from None
        try:
            self.extractor, self.model = self._load(transformers)
        except (OSError, ValueError, KeyError) as error:
            said = next(iter(str(error).strip().splitlines()), "")[:200]
            raise UserError(
                f"the weights {self.source} cannot be loaded ({said}); give NAME=FOLDER with config.json, "
                "preprocessor_config.json and model.safetensors"
            ) from error
        self.model.requires_grad_(False).eval()
        self.rate: int | None = int(self.extractor.sampling_rate)
        commit = getattr(self.model.config, "_commit_hash", None)
        self.version = f"{weights} {hash_of(folder) if folder else commit} transformers {transformers.__version__}"

    def _load(self, transformers: Any) -> tuple[Any, Any]:
        raise NotImplementedError

    def _vector(self, inputs: Any) -> Any:
        raise NotImplementedError

    def embed(self, music: Music) -> Frames:
        """One vector per part of so many seconds. Raises `ValueError` for music under half a second."""
        assert self.rate is not None
        if len(music.sound) < SHORTEST * self.rate:
            raise ValueError(f"shorter than {SHORTEST} s")
        length = self.seconds * self.rate
        starts = range(0, max(len(music.sound) - length, 0) + 1, length)
        return np.stack([self._part(music.sound[start : start + length]) for start in starts])

    def _part(self, sound: Any) -> Any:
        inputs = self.extractor(sound, sampling_rate=self.rate, return_tensors="pt")
        return self._vector(inputs).numpy()


class Clap(_OfTransformers):
    """(parts, 512): the projected embedding of sound."""

    seconds = CLAP_SECONDS

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__(folder, CLAP_WEIGHTS)

    def _load(self, transformers: Any) -> tuple[Any, Any]:
        made = transformers.ClapModel.from_pretrained(self.source)
        return transformers.ClapFeatureExtractor.from_pretrained(self.source), made

    def _vector(self, inputs: Any) -> Any:
        found = self.model.get_audio_features(input_features=inputs["input_features"], is_longer=inputs["is_longer"])
        return getattr(found, "pooler_output", found)[0]  # an object since transformers 5


class Mert(_OfTransformers):
    """(parts, 768): MERT has the structure of HuBERT, and is loaded as one."""

    seconds = MERT_SECONDS

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__(folder, MERT_WEIGHTS)

    def _load(self, transformers: Any) -> tuple[Any, Any]:
        made = transformers.HubertModel.from_pretrained(self.source)
        return transformers.Wav2Vec2FeatureExtractor.from_pretrained(self.source), made

    def _vector(self, inputs: Any) -> Any:
        return self.model(inputs["input_values"]).last_hidden_state[0].mean(dim=0)
