"""Notes last as pressed or as the pedal holds them: one option, which corpora, models and their music remember."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import Result
from midi_bytes import controller, midi, off, on
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.corpus.corpus import Corpus
from clstm.corpus.preparation import prepare
from clstm.generation.request import GenerationRequest, make_music
from clstm.generation.sampling import Sampling
from clstm.models.checkpoint import build, learnt_pedal, read_config, save_model
from clstm.models.networks import NetworkConfig
from clstm.music.generated import read_manifest
from clstm.music.piece import read_piece
from clstm.training.origin import trained_elsewhere
from evaluation.music import Music
from listening_study.stimuli.controls import stated_in

pytestmark = pytest.mark.usefixtures("measured_once", "rough_floors")

PRESSED, HELD = "as long as keys are down", "as long as the pedal holds them"


def pedalled(keys: range) -> bytes:
    """Notes of a sixteenth of a second on every half second, under a pedal that is changed every two seconds."""
    events = []
    for number, key in enumerate(keys):
        events += [(0, controller(64, 0)), (0, controller(64, 127))] if number % 4 == 0 else []
        events += [(0, on(48 + key % 24)), (60, off(48 + key % 24)), (420, controller(1, 0))]
    return midi(*events, (0, controller(64, 0)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pedalled") / "music"
    made.mkdir()
    for number in range(10):
        (made / f"{number}.mid").write_bytes(pedalled(range(number, number + 60)))
    return made


@pytest.fixture(scope="module")
def corpora(folder: Path) -> dict[bool, Corpus]:
    return {pedal: prepare([str(folder)], folder.parent / f"corpus{pedal:d}", pedal=pedal) for pedal in (False, True)}


def run_of(corpus: dict[str, Any] | None, folder: Path) -> Path:
    """A run that says this of its corpus."""
    torch.manual_seed(0)
    network = NetworkConfig("rnn", hidden=8)
    model = build(network)
    model.initialise(torch.full((156,), 0.03))
    save_model(folder, network, model.state_dict(), {"training": {}, **({} if corpus is None else {"corpus": corpus})})
    return folder


@pytest.fixture(scope="module")
def runs(folder: Path) -> dict[bool, Path]:
    return {pedal: run_of({"pedal": pedal, "sha256": "x"}, folder.parent / f"run{pedal:d}") for pedal in (False, True)}


def clstm(*words: object) -> Result:
    return CliRunner().invoke(load_commands(), [*map(str, words)])


def test_a_corpus_remembers_it_and_one_of_before_is_as_pressed(corpora: dict[bool, Corpus], tmp_path: Path) -> None:
    held = corpora[True].matrix(0).sum() > 2 * corpora[False].matrix(0).sum()
    assert held
    assert (Corpus.open(corpora[True].path).pedal, Corpus.open(corpora[False].path).pedal) == (True, False)
    about = corpora[True].path / "corpus.json"
    whole = about.read_text(encoding="utf-8")
    for options in ({}, {"seed": 0}, None, [], {"pedal": "yes"}):
        about.write_text(json.dumps(json.loads(whole) | {"options": options}), encoding="utf-8")
        assert Corpus.open(corpora[True].path).pedal is False
    about.write_text(whole, encoding="utf-8")


def test_prepare_says_it(folder: Path, tmp_path: Path) -> None:
    shown = clstm("prepare", folder, "--pedal", "--out", tmp_path / "corpus")
    assert f"notes last {HELD}" in shown.output


def test_a_run_remembers_that_of_its_corpus(corpora: dict[bool, Corpus], tmp_path: Path) -> None:
    for pedal, corpus in corpora.items():
        out = tmp_path / f"run{pedal:d}"
        done = clstm("train", "rnn", corpus.path, "--out", out, "--steps", 1, "--set", "hidden=8", "--set", "batch=2")
        assert done.exit_code == 0, done.output
        assert read_config(out)["corpus"]["pedal"] is pedal
        assert learnt_pedal(read_config(out)) is pedal


@pytest.mark.parametrize("corpus", [None, {}, {"sha256": "x"}, {"pedal": "yes"}])
def test_a_run_of_before_learnt_notes_as_pressed(corpus: dict[str, Any] | None, tmp_path: Path) -> None:
    assert learnt_pedal(read_config(run_of(corpus, tmp_path / "run"))) is False


def generated(run: Path, out: Path, files: tuple[Path, ...] = (), **options: Any) -> tuple[dict[str, Any], str]:
    made = make_music(GenerationRequest(run, out, Sampling(), seconds=2.0, count=1, files=files, **options))
    return made.manifest, "\n".join(made.remarks)


def test_a_prompt_is_read_as_the_model_learnt_notes(runs: dict[bool, Path], folder: Path, tmp_path: Path) -> None:
    prompt = (folder / "0.mid",)
    for pedal, run in runs.items():
        manifest, remarks = generated(run, tmp_path / "out", prompt)
        assert manifest["pedal"] is pedal
        assert read_manifest(tmp_path / "out").pedal is pedal
        assert manifest["limits"]["pedal"] == ("lengths" if pedal else "none")
        assert ("the pedal, pressed" in remarks) is not pedal
        assert "learnt notes" not in remarks
        _, remarks = generated(run, tmp_path / "out", prompt, pedal=not pedal)
        said = [line for line in remarks.splitlines() if "learnt notes" in line]
        learnt, read = (HELD, PRESSED) if pedal else (PRESSED, HELD)
        assert said == [f"{run} learnt notes {learnt}; those of the prompt last {read}"]


def test_a_corpus_of_other_lengths_than_the_model_learnt_is_said(
    runs: dict[bool, Path], corpora: dict[bool, Corpus], tmp_path: Path
) -> None:
    _, remarks = generated(runs[True], tmp_path / "out", corpus=corpora[False].path, split="train")
    assert f"{runs[True]} learnt notes {HELD}; those of {corpora[False].path} last {PRESSED}" in remarks.splitlines()
    _, remarks = generated(runs[True], tmp_path / "out", corpus=corpora[True].path, split="train")
    assert "learnt notes" not in remarks
    _, remarks = generated(runs[True], tmp_path / "out", corpus=corpora[True].path, split="train", pedal=False)
    assert f"--no-pedal, but the notes of {corpora[True].path} last {HELD}" in remarks


def test_accuracy_and_reach_say_it_too(runs: dict[bool, Path], corpora: dict[bool, Corpus], tmp_path: Path) -> None:
    words = f"{runs[True]} learnt notes {HELD}; those of {corpora[False].path} last {PRESSED}"
    assert words in trained_elsewhere([runs[True]], corpora[False])
    shown = clstm(
        "reach", corpora[False].path, runs[True], "--split", "train", "--count", 8, "--out", tmp_path / "r.csv"
    )
    assert words in " ".join(shown.output.split())


def test_excerpts_remember_that_of_their_corpus(corpora: dict[bool, Corpus], folder: Path, tmp_path: Path) -> None:
    out, options = tmp_path / "out", ("--split", "train", "--count", 1, "--seconds", 4, "--out", tmp_path / "out")
    for pedal, corpus in corpora.items():
        assert clstm("excerpts", corpus.path, *options).exit_code == 0
        assert read_manifest(out).pedal is pedal
        assert clstm("excerpts", corpus.path, "--played", folder, *options).exit_code == 0
        assert read_manifest(out).pedal is pedal
    shown = clstm("excerpts", corpora[False].path, "--played", folder, "--pedal", *options)
    assert read_manifest(out).pedal is True
    assert f"--pedal, but the notes of {corpora[False].path} last {PRESSED}" in " ".join(shown.output.split())


@pytest.mark.parametrize("verb", ["measure", "compare"])
def test_music_made_with_other_lengths_than_are_counted_is_said_once(
    verb: str, folder: Path, runs: dict[bool, Path], tmp_path: Path
) -> None:
    generated(runs[True], tmp_path / "held", tuple(folder / f"{number}.mid" for number in range(3)))
    generated(runs[False], tmp_path / "pressed", tuple(folder / f"{number}.mid" for number in range(3)))
    words = [verb, f"human={folder / '0.mid'}", f"held={tmp_path / 'held'}", f"pressed={tmp_path / 'pressed'}"]
    words += ["--seconds", "2", "--out", str(tmp_path / "out")]
    words += ["--reference", "human"] if verb == "compare" else []
    shown = " ".join(clstm(*words).output.split())
    assert shown.count(f"held: made with notes that last {HELD} (generated.json)") == 1
    assert "pressed: made with" not in shown
    shown = " ".join(clstm(*words, "--pedal").output.split())
    assert shown.count(f"pressed: made with notes that last {PRESSED} (generated.json)") == 1
    assert "held: made with" not in shown


def test_a_manifest_that_says_something_else_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "generated.json").write_text('{"items": [], "pedal": "half"}', encoding="utf-8")
    found = read_manifest(tmp_path)
    assert found.pedal is None
    assert "pedal: 'half' is neither true nor false" in found.remarks[0]


def test_a_piece_in_a_notebook_has_both(folder: Path) -> None:
    pressed, held = (Music.read(folder / "0.mid", pedal=pedal) for pedal in (False, True))
    assert (pressed.waveform == held.waveform).all(), "the sound always obeys the pedal"
    assert pressed.metrics["note_length"] == pytest.approx(1 / 16)
    assert held.metrics["note_length"] > 0.5  # type: ignore[operator]


def test_originality_takes_the_option(folder: Path, tmp_path: Path) -> None:
    import pandas as pd

    for options in ((), ("--pedal",)):
        done = clstm("originality", f"a={folder}", "--corpus", folder, "--out", tmp_path / "o.csv", *options)
        assert done.exit_code == 0, done.output
    seconds = pd.read_csv(tmp_path / "o.csv")["seconds"]
    assert (seconds >= read_piece(folder / "0.mid", pedal=True).notes.duration - 0.125).all()


def test_a_study_remembers_it(folder: Path, tmp_path: Path) -> None:
    words = ["study", "create", f"human={folder}", f"other={folder / '0.mid'}", "--human", "human", "--pedal"]
    words += ["--clips", "1", "--seconds", "1", "--after", "0", "--out", str(tmp_path / "study")]
    refused = clstm(*words)  # one file is of both sources
    assert refused.exit_code != 0
    other = tmp_path / "other.mid"
    other.write_bytes(pedalled(range(31, 60)))
    words[3] = f"other={other}"
    assert clstm(*words).exit_code == 0
    sound = json.loads((tmp_path / "study" / "study.json").read_text(encoding="utf-8"))["sound"]
    assert sound["pedal"] is True
    assert stated_in(sound).pedal is None
