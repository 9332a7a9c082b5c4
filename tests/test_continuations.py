"""Folders of continuations: the same fields for models and people, the same files again, failures in plain sight."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.corpus.corpus import Corpus
from clstm.generation import continuations, prompts
from clstm.generation.prompts import Prompt, opening
from clstm.generation.sampling import Sampling
from clstm.models.checkpoint import build, save_model
from clstm.models.networks import NetworkConfig
from clstm.music import degeneration
from clstm.music.midi import Notes, read_midi, write_midi
from clstm.music.score import PITCHES, ROWS, encode, repair
from clstm.runtime.errors import MismatchError, UserError

MUSIC = NetworkConfig("c-lstm", kernels=4, features=8, hidden=16)


def run_of(config: NetworkConfig, folder: Path, density: float = 0.03) -> Path:
    """A run that was never trained."""
    torch.manual_seed(0)
    network = build(config)
    network.initialise(torch.full((config.rows,), density))
    folder.mkdir(parents=True)
    save_model(folder, config, network.state_dict(), {"corpus": {"sha256": "none"}})
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_of(MUSIC, tmp_path_factory.mktemp("runs") / "c-lstm")


def generate(*arguments: object) -> str:
    result = CliRunner().invoke(load_commands(), ["generate", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("options", [(), ("--mode", "stream"), ("--step", 2), ("--threshold", 0.04), ("--rescue",)])
def test_the_same_command_makes_the_same_files(run: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    for name in ("once", "twice"):
        generate(run, "--count", 2, "--seconds", 8, "--seed", 5, "--out", tmp_path / name, *options)
    assert contents(tmp_path / "once") == contents(tmp_path / "twice")
    assert len(contents(tmp_path / "once")) == 3


def test_with_nothing_to_continue_it_is_a_prelude(run: Path, tmp_path: Path) -> None:
    generate(run, "--count", 1, "--seconds", 3, "--with-prompt", "--out", tmp_path / "music")
    assert read_midi(tmp_path / "music" / "001-bwv846.mid").pitch[:5].tolist() == [60, 64, 67, 72, 76]


def test_failures_and_their_onsets_are_in_the_manifest_and_in_the_summary(tmp_path: Path) -> None:
    silent, plain = np.zeros((ROWS, 80), dtype=np.uint8), np.zeros((ROWS, 80), dtype=np.uint8)
    silent[PITCHES + 30, :20] = 1
    plain[PITCHES + np.random.default_rng(0).integers(0, PITCHES, 80), np.arange(80)] = 1
    looping = repair(np.concatenate([plain[:, :8]] * 10, axis=1))
    given = [replace(opening(), name=name) for name in ("a", "b", "c")]
    music = [repair(silent), looping, repair(plain)]
    written = continuations.write(tmp_path / "music", given, music, {}, corpus=None, with_prompt=True)
    assert written == json.loads((tmp_path / "music" / "generated.json").read_text())
    assert [item["silence_from_seconds"] for item in written["items"]] == [2.5, None, None]
    assert [item["loop_from_seconds"] for item in written["items"]] == [None, 0.0, None]
    assert [item["loop_period_seconds"] for item in written["items"]] == [None, 1.0, None]
    assert written["degeneration"]["rates"] == {"silence": 1 / 3, "saturation": 0.0, "loop": 1 / 3, "any": 2 / 3}
    assert written["degeneration"]["limits"]["silent_seconds"] == degeneration.SILENT
    told = continuations.summary(written, Path("music"))
    assert told == ("music: 3 MIDI files of 10 s; 1 falls silent (from 2.5 s), none saturates, 1 loops (from 0 s).")


def test_people_are_measured_as_models_are(run: Path, tiny_corpus: Corpus, tmp_path: Path) -> None:
    from clstm.generation.prompts import from_corpus

    given = from_corpus(tiny_corpus, "train", 2, after=64, seed=0)
    model = continuations.by_model(run, given, tmp_path / "model", 8, Sampling(), corpus=tiny_corpus)
    people = continuations.by_people(given, tmp_path / "people", corpus=tiny_corpus)
    assert [item.keys() for item in model["items"]] == [item.keys() for item in people["items"]]
    assert model["degeneration"].keys() == people["degeneration"].keys()
    assert model["density"].keys() == people["density"].keys()
    assert model["sampling"]["step"] == 9


def test_nothing_is_rescued_unless_asked(run: Path, tmp_path: Path) -> None:
    nearly_silent = run_of(MUSIC, tmp_path / "silent", density=1e-4)
    options = ("--count", 2, "--seconds", 8)
    left = generate(nearly_silent, *options, "--out", tmp_path / "left")
    assert "2 fall silent" in left
    assert "drawn again" not in left
    manifest = json.loads((tmp_path / "left" / "generated.json").read_text())
    assert not manifest["sampling"]["rescue"]
    assert all("redrawn" not in item for item in manifest["items"])
    assert "drawn again" in generate(nearly_silent, *options, "--rescue", "--out", tmp_path / "rescued")
    manifest = json.loads((tmp_path / "rescued" / "generated.json").read_text())
    assert all(item["redrawn"] > 0 for item in manifest["items"])


@pytest.mark.parametrize(("window", "silence"), [(90, 9.25), (24, 1), (120, 13)])
def test_a_seed_shorter_than_the_models_window_is_padded_and_that_is_said(
    tmp_path: Path, window: int, silence: float
) -> None:
    run = run_of(replace(MUSIC, window=window), tmp_path / "run")
    write_midi(Notes.of([(0.0, 2.0, 60, 80)]), tmp_path / "short.mid")
    out = tmp_path / "out"
    told = generate(
        run, "--prompt", tmp_path / "short.mid", "--count", 2, "--seconds", 2, "--with-prompt", "--out", out
    )
    assert told.count(f"shorter than the window of {window / 8:g} s: {silence:g} s of silence were put before it") == 1
    seed = encode(read_midi(out / "001-short.mid"))[:, :window]
    assert np.flatnonzero(seed[36])[0] == silence * 8
    assert json.loads((out / "generated.json").read_text())["items"][0]["prompt_padding_seconds"] == silence


def test_that_a_threshold_makes_equal_continuations_is_said(run: Path, tmp_path: Path) -> None:
    told = generate(run, "--threshold", 0.5, "--count", 2, "--seconds", 2, "--out", tmp_path / "music")
    assert "the 2 continuations of a prompt are equal" in told


def test_a_model_of_piano_rolls_writes_no_music(tmp_path: Path) -> None:
    rolls = run_of(NetworkConfig("lstm", rows=88, hidden=8), tmp_path / "rolls")
    with pytest.raises(MismatchError, match=r"rolls was trained on a benchmark of 88 rows and writes no music") as told:
        generate(rolls, "--out", tmp_path / "music")
    assert "\n" not in str(told.value)
    assert not (tmp_path / "music").exists()


def test_a_bundled_model_makes_music_by_its_name(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from clstm import pretrained

    monkeypatch.setattr(pretrained, "FOLDER", run.parent)
    monkeypatch.chdir(tmp_path)
    assert generate("c-lstm", "--seconds", 2, "--out", "music").count("music: 10 MIDI files of 2 s") == 1
    assert json.loads(Path("music/generated.json").read_text())["run"] == "c-lstm"


def test_a_note_that_sounds_on_from_the_seed_is_struck_at_the_beginning(tmp_path: Path) -> None:
    music = np.zeros((ROWS, 16), dtype=np.uint8)
    music[30, :8] = 1  # held, not struck: it began in the seed
    written = continuations.write(tmp_path / "music", [opening()], [music], {}, corpus=None, with_prompt=False)
    notes = read_midi(tmp_path / "music" / "001-bwv846.mid")
    assert (notes.onset.tolist(), notes.offset.tolist()) == ([0.0], [1.0])
    assert written["items"][0]["notes_per_second"] == 0.5


def test_a_note_that_sounds_on_from_a_seed_that_is_kept_is_one_note(tmp_path: Path) -> None:
    window = np.zeros((ROWS, 90), dtype=np.uint8)
    window[30, 82:], window[PITCHES + 30, 82] = 1, 1
    music = np.zeros((ROWS, 16), dtype=np.uint8)
    music[30, :8] = 1
    continuations.write(tmp_path, [Prompt("x", 0, window, 0, music)], [music], {}, corpus=None, with_prompt=True)
    notes = read_midi(tmp_path / "001-x.mid")
    assert (notes.onset.tolist(), notes.offset.tolist()) == ([82 / 8], [98 / 8])


def test_people_can_be_heard_as_they_played(tiny_corpus: Corpus, eight_pieces: Path, tmp_path: Path) -> None:
    chosen = prompts.from_corpus(tiny_corpus, "train", 3, after=80, seed=1)
    manifest = continuations.by_people(chosen, tmp_path / "played", corpus=tiny_corpus, played=eight_pieces)
    for seed, item in zip(chosen, manifest["items"], strict=True):
        played = read_midi(tmp_path / "played" / item["file"])
        np.testing.assert_array_equal(encode(played, frames=80), seed.continuation)
        assert item["group"] == seed.group
    with pytest.raises(UserError, match="is not there; give the folder that the corpus was made of"):
        continuations.by_people(chosen, tmp_path / "other", corpus=tiny_corpus, played=tmp_path)
