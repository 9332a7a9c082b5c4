"""CLaMP 2 and 3: MIDI as text, and the global feature of weights in the published form."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clstm.music.midi import Notes, read_midi, write_midi
from clstm.music.piece import read_piece
from clstm.runtime.errors import MissingToolError, UnreadableFileError, UserError
from evaluation.audio.files import write_audio
from evaluation.audio.render import RenderSettings
from evaluation.comparison.compare import ComparisonRequest
from evaluation.comparison.folder import make_verdict
from evaluation.controls.applying import applied
from evaluation.controls.control import Control
from evaluation.embeddings.clamp import Clamp2, Clamp3
from evaluation.embeddings.computing import Identity, embed_input
from evaluation.embeddings.embedder import Music, make
from evaluation.embeddings.midi_text import lines_of, numbered, patches
from evaluation.embeddings.requested import Requested
from evaluation.measurement.inputs import MeasurementInput

HIDDEN, LENGTH, SIZE = 64, 16, 64
NO_SOUND = np.zeros(0, np.float32)


@pytest.fixture
def no_soundfont(tmp_path: Path) -> RenderSettings:
    """With an empty file for a SoundFont: to render with it would fail."""
    (tmp_path / "none.sf2").touch()
    return RenderSettings(soundfont=tmp_path / "none.sf2")


def notes(count: int, seed: int = 0) -> Notes:
    random = np.random.default_rng(seed)
    onset = np.cumsum(random.gamma(2, 0.15, count))
    return Notes.of(
        zip(onset, onset + 0.31, random.integers(50, 80, count), random.integers(40, 100, count), strict=True)
    )


def checkpoint(folder: Path, name: str, part: str) -> dict[str, Any]:
    """A tiny network in a file as the authors write theirs, with other parts beside the encoder of MIDI."""
    import torch
    import transformers

    folder.mkdir(exist_ok=True)
    sizes = {"hidden_size": HIDDEN, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 1}
    with torch.random.fork_rng():
        torch.manual_seed(1)
        bert = transformers.BertModel(
            transformers.BertConfig(vocab_size=1, max_position_embeddings=LENGTH, **sizes)  # type: ignore[arg-type]
        )
        weights = {
            f"{part}_model.patch_embedding.weight": torch.randn(HIDDEN, SIZE * 128) / 8,
            f"{part}_model.patch_embedding.bias": torch.randn(HIDDEN),
            f"{part}_proj.weight": torch.randn(24, HIDDEN) / 8,
            f"{part}_proj.bias": torch.randn(24),
            "text_model.embeddings.word_embeddings.weight": torch.randn(3, 4),
            "text_proj.weight": torch.randn(3, 4),
        }
    weights |= {f"{part}_model.base.{key}": value for key, value in bert.state_dict().items()}
    torch.save({"epoch": 7, "min_eval_loss": 0.5, "model": weights}, folder / f"weights_{name}_tiny.pth")
    return {"bert": bert.eval(), **weights}


def padded_feature(made: dict[str, Any], part: str, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The global feature of a part as the papers have it: padded to the full length, padding masked."""
    import torch

    full = torch.zeros(1, LENGTH, SIZE, dtype=torch.long)
    full[0, : len(rows)] = torch.from_numpy(rows)
    mask = (torch.arange(LENGTH) < len(rows)).float()[None]
    with torch.no_grad():
        characters = torch.nn.functional.one_hot(full, 128).float().reshape(1, LENGTH, -1)
        weight, bias = (made[f"{part}_model.patch_embedding.{which}"] for which in ("weight", "bias"))
        hidden = made["bert"](inputs_embeds=characters @ weight.T + bias, attention_mask=mask).last_hidden_state
        mean = (hidden * mask[..., None]).sum(dim=1) / mask.sum()
        found = mean @ made[f"{part}_proj.weight"].T + made[f"{part}_proj.bias"]
    return np.asarray(found[0].numpy())


def test_the_text_of_a_piece_has_its_notes_on_a_channel_per_instrument_and_drums_on_theirs() -> None:
    played = replace(Notes.of([(0.0, 0.5, 60, 80), (0.25, 0.25, 40, 70)]), program=np.array([0, 33]))
    drums = Notes.of([(0.5, 0.75, 36, 90)])
    assert lines_of(played, drums) == [
        "ticks_per_beat 480",
        "set_tempo 500000 0",
        "time_signature 4 4 24 8 0",
        "program_change 0 0 0",
        "note_on 0 0 60 80",
        "program_change 0 1 33",
        "program_change 0 9 0",
        "note_on 240 1 40 70",
        "note_on 1 1 40 0",  # a note lasts a tick at least
        "note_on 239 0 60 0",
        "note_on 0 9 36 90",
        "note_on 240 9 36 0",
        "end_of_track 1",
    ]


def test_silence_has_a_text_without_notes() -> None:
    assert [line.split()[0] for line in lines_of(Notes.of(), None)][-2:] == ["program_change", "end_of_track"]


def test_a_patch_has_lines_of_one_kind_and_room_for_its_marks() -> None:
    lines = lines_of(notes(50), None)
    found = patches(lines, SIZE)
    assert max(map(len, found)) <= SIZE - 2
    assert len(found) < len(lines) / 3
    unpacked = [f"{patch.split()[0]} {line}" for patch in found for line in patch.partition(" ")[2].strip().split("\t")]
    assert unpacked == lines


def test_patches_are_numbers_between_marks_cut_at_their_size() -> None:
    found = numbered(["a 1\n", "b" * 9], 6)
    assert found.tolist() == [
        [1, 1, 1, 1, 1, 1],
        [1, 97, 32, 49, 10, 2],
        [1, 98, 98, 98, 98, 98],
        [1, 2, 2, 2, 2, 2],
    ]


@pytest.mark.parametrize(("embedder", "name", "part"), [(Clamp2, "clamp2", "music"), (Clamp3, "clamp3", "symbolic")])
def test_a_piece_has_the_global_feature_of_its_parts(embedder: Any, name: str, part: str, tmp_path: Path) -> None:
    made = checkpoint(tmp_path, name, part)
    plugin = embedder(tmp_path)
    short, long = notes(12), notes(90)
    rows = numbered(patches(lines_of(short, None), SIZE), SIZE)
    assert len(rows) < LENGTH
    found = plugin.embed(Music(NO_SOUND, short, None, 5.0))
    assert found.shape == (1, 24)
    np.testing.assert_allclose(found[0], padded_feature(made, part, rows), atol=2e-6)
    rows = numbered(patches(lines_of(long, None), SIZE), SIZE)
    whole, rest = divmod(len(rows), LENGTH)
    assert whole > 1
    assert rest
    parts = [padded_feature(made, part, rows[LENGTH * at : LENGTH * (at + 1)]) for at in range(whole)]
    parts.append(padded_feature(made, part, rows[-LENGTH:]))
    expected = np.average(parts, axis=0, weights=[LENGTH] * whole + [rest])
    np.testing.assert_allclose(plugin.embed(Music(NO_SOUND, long, None, 30.0))[0], expected, atol=2e-6)


def test_notes_are_embedded_under_the_control_and_nothing_is_rendered(
    tmp_path: Path, no_soundfont: RenderSettings
) -> None:
    checkpoint(tmp_path / "weights", "clamp3", "symbolic")
    embedder = Identity(Requested("clamp3", tmp_path / "weights"), "1", None, 1, "")
    played = tmp_path / "played.mid"
    write_midi(notes(20), played)
    on_grid = Control(per_second=8, velocity=80)
    plain = embed_input(MeasurementInput(played), embedder, no_soundfont)
    limited = embed_input(MeasurementInput(played, control=on_grid), embedder, no_soundfont)
    assert np.abs(plain - limited).max() > 1e-3
    plugin = make("clamp3", tmp_path / "weights")
    np.testing.assert_array_equal(plain, plugin.embed(Music(NO_SOUND, read_midi(played), None, 5.0)))
    controlled = applied(on_grid, read_piece(played)).notes
    np.testing.assert_array_equal(limited, plugin.embed(Music(NO_SOUND, controlled, None, 5.0)))


def test_audio_has_no_array_in_an_embedder_of_notes(tmp_path: Path, no_soundfont: RenderSettings) -> None:
    write_audio(tmp_path / "a.wav", np.zeros(16000, np.float32), 16000)
    embedder = Identity(Requested("clamp3"), "1", None, 1, "")
    with pytest.raises(UnreadableFileError, match="clamp3 reads notes, and audio has none"):
        embed_input(MeasurementInput(tmp_path / "a.wav"), embedder, no_soundfont)


def test_what_are_no_weights_is_one_line_that_says_where_they_are(tmp_path: Path) -> None:
    import torch

    remedy = r"give clamp3=FOLDER with weights_clamp3\*\.pth; the weights are published at https://huggingface"
    with pytest.raises(UserError, match=f"has no files .*{remedy}"):
        make("clamp3", tmp_path)
    file = tmp_path / "weights_clamp3_x.pth"
    file.write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(UserError, match=f"cannot be read .*{remedy}"):
        make("clamp3", tmp_path)
    for other in ([1], {"model": 3}, {"model": {"music_proj.bias": torch.zeros(3)}}):
        torch.save(other, file)
        with pytest.raises(UserError, match=f"has no weights of CLaMP 3; {remedy}") as raised:
            make("clamp3", tmp_path)
        assert "\n" not in str(raised.value)
    (tmp_path / "weights_clamp3_y.pth").touch()
    with pytest.raises(UserError, match="has 2 files"):
        make("clamp3", tmp_path)


def test_without_transformers_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingToolError, match=r"CLaMP 2 needs transformers: .*pip install 'clstm\[embeddings\]'"):
        make("clamp2", None)


@pytest.mark.slow
def test_systems_of_notes_are_compared_in_clamp_and_one_of_audio_is_said(tmp_path: Path) -> None:
    checkpoint(tmp_path / "weights", "clamp3", "symbolic")
    systems = {name: tmp_path / name for name in ("human", "rnn", "recorded")}
    for seed, folder in enumerate(systems.values()):
        folder.mkdir()
        for number in range(4):
            if folder.name == "recorded":
                noise = np.random.default_rng(number).normal(0, 0.1, 64000).astype(np.float32)
                write_audio(folder / f"{number}.wav", noise, 16000)
            else:
                write_midi(notes(20, seed * 10 + number), folder / f"{number}.mid")
    settings = RenderSettings(sample_rate=16000)
    asked = (f"clamp3={tmp_path / 'weights'}",)
    request = ComparisonRequest(*(systems, "human", tmp_path / "out", settings), seconds=3, workers=2, embeddings=asked)
    made = make_verdict(request)
    (row,) = [one for one in made.near.distances if one.space == "clamp3"]
    assert (row.system, row.pieces) == ("rnn", 4)
    said = [remark for remark in made.remarks if remark.startswith("clamp3: ")]
    (lacking,) = [remark for remark in said if "4 of 4 files of recorded have no array: " in remark]
    assert lacking.endswith("0.wav: clamp3 reads notes, and audio has none (and 3 more)")
    assert "clamp3: recorded has no distance: it or human has fewer than two groups with arrays" in said
