"""CLaMP 2 and CLaMP 3: networks of symbolic music that were trained to agree with descriptions; one vector per piece.

Wu et al., "CLaMP 2: Multimodal music information retrieval across 101 languages using large language models"
(arXiv:2410.13267) and "CLaMP 3: Universal music information retrieval across unaligned modalities and unseen languages"
(arXiv:2502.10362). Both read MIDI by the same encoder (M3), with other weights: MIDI as text (`midi_text`), cut
into patches of up to 64 characters; BERT over 512 of them at a time; their mean, and a projection of it. The vector is
what the authors call the global feature. Neither has a package, so the encoder is here, on the BERT of transformers.

They receive the notes as the metrics have them, under the same control, and nothing else of a file: its tempo, metre,
key, names and pedal are not read. So how a program writes its files does not judge its music. Agrees with the authors'
code to 1.2e-6, of numbers up to 3.8, on 24 files (CLaMP 3) and 8 (CLaMP 2).
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clstm.runtime.errors import MissingToolError
from evaluation.embeddings.checkpoints import Published
from evaluation.embeddings.embedder import Frames, Music
from evaluation.embeddings.midi_text import CHARACTERS, lines_of, numbered, patches

HEAD = 64  # numbers of an attention head


class _Clamp:
    """folder : one that holds the published weights; None to fetch them, once, by the Hugging Face hub."""

    rate: int | None = None  # it reads notes
    processes: int | None = 1  # it has threads of its own, and its weights fill much memory

    published: Published
    repository: str
    file: str  # there
    part: str  # of the checkpoint, the encoder of MIDI

    def __init__(self, folder: Path | None = None) -> None:
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        os.environ.setdefault("HF_HUB_VERBOSITY", "error")  # what comes of its retries is said in one line
        try:
            import transformers
        except ImportError:
            raise MissingToolError(
                f"{self.published.network} needs transformers: install it with: pip install 'clstm[embeddings]'"
            ) from None
        path = self.published.located(folder, self._fetched)
        stored = self.published.read(path, mmap=True)  # most of it is for text and sound, and is not read
        try:
            own = {key: stored["model"][key] for key in stored["model"] if key.startswith(self.part)}
            weights = {key.removeprefix(f"{self.part}_"): value for key, value in own.items()}
            self.patch = weights["model.patch_embedding.weight"], weights["model.patch_embedding.bias"]
            self.projection = weights["proj.weight"], weights["proj.bias"]
            self.bert = _bert(transformers, weights)
        except (RuntimeError, TypeError, LookupError, AttributeError, ValueError) as error:  # other names or shapes
            raise self.published.wrong(path) from error
        self.length = self.bert.config.max_position_embeddings  # patches
        commit = "" if folder else path.parent.name
        self.version = f"{self.published.network} {commit} transformers {transformers.__version__}"

    def _fetched(self) -> str:
        from huggingface_hub import hf_hub_download

        return str(hf_hub_download(self.repository, self.file))

    def embed(self, music: Music) -> Frames:
        """(1, 768): the global feature of its notes."""
        import torch

        assert music.notes is not None
        size = self.patch[0].shape[1] // CHARACTERS
        every = numbered(patches(lines_of(music.notes, music.drums), size), size)
        whole, rest = divmod(len(every), self.length)
        starts = [number * self.length for number in range(whole)]
        weights = [self.length] * whole
        if rest:  # the last part overlaps the one before, so that it is as long, and counts for what is new in it
            starts.append(max(len(every) - self.length, 0))
            weights.append(rest)
        with torch.inference_mode():
            parts = [self._feature(every[start : start + self.length]) for start in starts]
        return np.asarray(np.average(parts, axis=0, weights=weights), np.float32)[None]

    def _feature(self, part: NDArray[np.int64]) -> Frames:
        """(768,), of (patches, characters)."""
        import torch
        from torch.nn import functional as F

        characters = F.one_hot(torch.from_numpy(part), CHARACTERS).flatten(1).float()
        hidden = self.bert(inputs_embeds=F.linear(characters, *self.patch)[None]).last_hidden_state[0]
        feature: Frames = F.linear(hidden.mean(dim=0), *self.projection).numpy()
        return feature


class Clamp2(_Clamp):
    """CLaMP 2, (1, 768)."""

    repository = "sander-wood/clamp2"
    file = (
        "weights_clamp2_h_size_768_lr_5e-05_batch_128_scale_1_t_length_128_t_model_FacebookAI_xlm-roberta-base"
        "_t_dropout_True_m3_True.pth"
    )
    published = Published("CLaMP 2", "clamp2", "weights_clamp2*.pth", f"https://huggingface.co/{repository}")
    part = "music"


class Clamp3(_Clamp):
    """CLaMP 3, (1, 768). Without a folder the variant C2, which the authors recommend for symbolic music."""

    repository = "sander-wood/clamp3"
    file = (
        "weights_clamp3_c2_h_size_768_t_model_FacebookAI_xlm-roberta-base_t_length_128_a_size_768_a_layers_12"
        "_a_length_128_s_size_768_s_layers_12_p_size_64_p_length_512.pth"
    )
    published = Published("CLaMP 3", "clamp3", "weights_clamp3*.pth", f"https://huggingface.co/{repository}")
    part = "symbolic"


def _bert(transformers: Any, weights: dict[str, Any]) -> Any:
    """The encoder over patches, with its sizes as the weights have them."""
    own = {key.removeprefix("model.base."): value for key, value in weights.items() if key.startswith("model.base.")}
    positions, hidden = own["embeddings.position_embeddings.weight"].shape
    config = transformers.BertConfig(
        vocab_size=1,  # it reads patches, and no tokens
        hidden_size=hidden,
        num_hidden_layers=len({key.split(".")[2] for key in own if key.startswith("encoder.layer.")}),
        num_attention_heads=hidden // HEAD,
        intermediate_size=len(own["encoder.layer.0.intermediate.dense.weight"]),
        max_position_embeddings=positions,
    )
    bert = transformers.BertModel(config, add_pooling_layer=False)
    bert.load_state_dict({key: value for key, value in own.items() if not key.startswith("pooler.")})
    return bert.requires_grad_(False).eval()
