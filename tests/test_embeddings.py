"""Embedders run in processes of their own; what fails costs its file and is one line."""

from pathlib import Path

import numpy as np
import pytest

from clstm.runtime.errors import UnreadableFileError, UserError
from evaluation.audio.files import write_audio
from evaluation.embeddings.arrays import read_arrays
from evaluation.embeddings.computing import embed_files, identity
from evaluation.embeddings.embedder import Music, as_frames
from evaluation.embeddings.requested import Requested, requested
from evaluation.embeddings.transformer import Clap, Mert
from evaluation.measurement.inputs import MeasurementInput

SOUND = np.random.default_rng(0).normal(0, 0.1, 11 * 48000).astype(np.float32)


def test_musicnn_gives_200_numbers_per_3_seconds_and_says_what_is_too_short(tmp_path: Path) -> None:
    write_audio(tmp_path / "long.wav", SOUND[: 7 * 16000], 16000)
    write_audio(tmp_path / "short.wav", SOUND[:16000], 16000)
    files = [MeasurementInput(tmp_path / name) for name in ("long.wav", "short.wav")]
    long, short = embed_files(files, identity(Requested("musicnn")), workers=1)
    assert isinstance(long, np.ndarray)
    assert long.shape == (2, 200)
    assert isinstance(short, UnreadableFileError)
    assert short.reason == "musicnn: shorter than 3 s, the length of its patch"


def test_clap_is_loaded_from_a_folder_of_weights(tmp_path: Path) -> None:
    import transformers

    audio = {"hidden_size": 8, "patch_embeds_hidden_size": 4, "depths": [1, 1], "num_attention_heads": [1, 1]}
    audio |= {"num_hidden_layers": 2, "num_mel_bins": 64, "spec_size": 256, "window_size": 8}
    text = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = transformers.ClapConfig(text_config=text, audio_config=audio, projection_dim=12)
    transformers.ClapModel(config).save_pretrained(tmp_path)
    transformers.ClapFeatureExtractor(truncation="rand_trunc", padding="repeatpad").save_pretrained(tmp_path)
    found = Clap(tmp_path).embed(Music(SOUND, None, None, 11.0))
    assert as_frames(found).shape == (1, 12)


def test_mert_is_loaded_from_a_folder_of_weights(tmp_path: Path) -> None:
    import transformers

    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    convolutions = {"conv_dim": (8, 8), "conv_kernel": (10, 3), "conv_stride": (5, 2)}
    config = transformers.HubertConfig(
        **sizes, **convolutions, num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2
    )
    transformers.HubertModel(config).save_pretrained(tmp_path)
    transformers.Wav2Vec2FeatureExtractor(sampling_rate=24000).save_pretrained(tmp_path)
    found = Mert(tmp_path).embed(Music(SOUND[: 11 * 24000], None, None, 11.0))
    assert as_frames(found).shape == (2, 16)


def test_weights_that_are_not_there_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="cannot be loaded"):
        identity(Requested("clap", tmp_path / "empty"))


def test_arrays_are_found_by_system_and_file(tmp_path: Path) -> None:
    (tmp_path / "rnn" / "a").mkdir(parents=True)
    np.save(tmp_path / "rnn" / "a" / "1.npy", np.ones(3))
    np.save(tmp_path / "rnn" / "2.mid.npy", np.full((4, 3), np.nan))
    files = [Path("music/a/1.mid"), Path("music/2.mid"), Path("music/3.mid")]
    first, second, third = read_arrays(tmp_path, "rnn", files)
    assert isinstance(first, np.ndarray)
    assert first.tolist() == [[1, 1, 1]]
    assert "not finite" in str(second)
    assert "no array" in str(third)


def test_arrays_keep_the_one_folder_that_all_files_are_in(tmp_path: Path) -> None:
    (tmp_path / "rnn" / "a").mkdir(parents=True)
    np.save(tmp_path / "rnn" / "a" / "1.npy", np.ones(3))
    (found,) = read_arrays(tmp_path, "rnn", [Path("music/a/1.mid")])
    assert isinstance(found, np.ndarray)
    (other,) = read_arrays(tmp_path, "rnn", [Path("music/b/1.mid")])
    assert "no array" in str(other)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (["bogus"], "not installed"),
        (["musicnn", "musicnn"], "twice"),
        (["loudness=."], "no embedding"),
        (["x=y"], "no folder"),
    ],
)
def test_what_is_no_embedding_is_refused(given: list[str], match: str) -> None:
    with pytest.raises(UserError, match=match):
        requested(given)
