"""`clstm generate` with a model of the kind `notes`, end to end; and what other commands say of such a model."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.corpus.corpus import Corpus
from clstm.models.checkpoint import build, save_model
from clstm.models.notes import Config
from clstm.music.midi import read_midi
from clstm.music.plausibility import implausible
from clstm.music.score import ROWS, encode
from clstm.runtime.errors import UserError

SMALL = Config(width=32, layers=2, ff=2, head=16, context=32, local=4, channels=3)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that has learnt nothing, but whose short durations and gaps are likely."""
    torch.manual_seed(0)
    network = build(SMALL)
    with torch.no_grad():
        for bias in (network.d_b, network.g_b):
            bias.sub_(torch.arange(len(bias)) / 2)
    folder = tmp_path_factory.mktemp("runs") / "mine"
    folder.mkdir()
    save_model(folder, SMALL, network.state_dict(), {"corpus": {"pedal": False}, "training": {"seed": 0}})
    return folder


def clstm(*words: object) -> None:
    done = CliRunner().invoke(load_commands(), [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output


def generated(run: Path, out: Path, *words: object) -> tuple[dict[str, Any], list[bytes]]:
    clstm("generate", run, "--out", out, *words)
    manifest: dict[str, Any] = json.loads((out / "generated.json").read_text())
    return manifest, [(out / item["file"]).read_bytes() for item in manifest["items"]]


def onsets(midi: Path) -> list[float]:
    return [float(one) for one in read_midi(midi).onset]


def test_the_same_command_makes_the_same_files_and_another_seed_others(
    run: Path, tiny_corpus: Corpus, tmp_path: Path
) -> None:
    words = ("--corpus", tiny_corpus.path, "--count", 3, "--seconds", 6, "--temperature", 1.5, "--top-p", 0.9)
    once, again = (generated(run, tmp_path / name, *words) for name in ("once", "again"))
    assert once == again
    other = generated(run, tmp_path / "other", *words, "--seed", 1)
    assert set(once[1]).isdisjoint(other[1])


def test_a_continuation_does_not_depend_on_the_others(run: Path, tmp_path: Path) -> None:
    _, many = generated(run, tmp_path / "many", "--count", 4, "--seconds", 6)
    _, one = generated(run, tmp_path / "one", "--count", 1, "--seconds", 6)
    assert many[0] == one[0]
    assert len(set(many)) == 4


@pytest.mark.parametrize("words", [(), ("--from-nothing",), ("--rescue",)], ids=["prelude", "nothing", "rescue"])
def test_what_is_written_is_music_of_its_length_with_all_that_is_said_of_it(
    run: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    manifest, files = generated(run, tmp_path / "music", "--count", 2, "--seconds", 8, *words)
    assert len(files) == 2
    assert manifest["model"] == "notes"
    sampling = {"temperature": 1.0, "top_p": 1.0, "hidden": 0.3, "longest": 15, "steady": 1.0, "seed": 0}
    assert manifest["sampling"] == sampling | {"rescue": words == ("--rescue",)}
    assert set(manifest["degeneration"]["rates"]) == {"silence", "saturation", "loop", "any"}
    for item in manifest["items"]:
        notes = read_midi(tmp_path / "music" / item["file"])
        matrix = encode(notes)
        assert implausible(notes) is None
        assert matrix.shape[0] == ROWS
        assert matrix.shape[1] <= 8 * 8
        assert item["seconds"] == 8
        assert item["notes_per_second"] == pytest.approx(len(notes) / 8, abs=0.001)
        assert {"silence_from_seconds", "saturation_from_seconds", "loop_from_seconds"} <= set(item)
        assert ("redrawn" in item) == (words == ("--rescue",))


def test_a_prompt_that_is_short_is_read_without_silence_before_it(
    run: Path, eight_pieces: Path, tmp_path: Path
) -> None:
    prompt = eight_pieces / "piece1.mid"
    words = ("--prompt", prompt, "--prompt-start", 24, "--count", 1, "--seconds", 4, "--with-prompt")
    manifest, _ = generated(run, tmp_path / "music", *words)
    (item,) = manifest["items"]
    assert item["prompt_padding_seconds"] == 0
    assert item["begins_at_seconds"] == 6
    read = [one - 24 for one in onsets(prompt) if one >= 24]
    kept = [one for one in onsets(tmp_path / "music" / item["file"]) if one < 6]
    assert kept == pytest.approx(read)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from-nothing", "--corpus", "corpus"), "--from-nothing continues no music"),
        (("--mode", "stream"), "--mode stream is for models that write frames; this one draws notes"),
        (("--step", "2"), "--step 2 is for models that write frames"),
        (("--threshold", "0.5"), "--threshold 0.5 is for models that write frames"),
        (("--top-p", "0"), "--top-p must be above 0 and at most 1; got 0"),
    ],
)
def test_what_cannot_be_asked_is_one_line_before_anything_is_written(
    run: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    with pytest.raises(UserError) as refused:
        clstm("generate", run, "--out", tmp_path / "music", *words)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "music").exists()


def test_reach_refuses_notes_and_says_why_in_one_line(run: Path, tiny_corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="mine draws notes and reads notes, not frames: there is no gradient"):
        clstm("reach", tiny_corpus.path, run, "--out", tmp_path / "table.csv")
