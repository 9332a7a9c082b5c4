"""Weights show a model, or a manifest in the form of `clstm generate`; a name, or another file, shows none."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clstm import pretrained
from clstm.generation import continuations
from clstm.generation.prompts import opening
from clstm.models import networks
from clstm.music.midi import Notes, write_midi
from clstm.music.score import ROWS
from evaluation.controls.control import SCORE_MATRIX
from evaluation.measurement.inputs import MeasurementInput
from reports.content.report import Touch
from reports.inputs.models import KINDS, PAPER, model_of, of_the_paper
from reports.inputs.runs import find_runs
from reports.inputs.systems import read_generated
from reports.inputs.touch import touch_of

SOURCE = {"model": "lstm", "run": "mine", "weights_sha256": "0f" * 32, "sampling": {"mode": "window"}}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `clstm generate` writes it."""
    matrix = np.zeros((ROWS, 16), dtype=np.uint8)
    matrix[[20, 98], ::4] = 1
    folder = tmp_path_factory.mktemp("music") / "anything"
    continuations.write(folder, [opening()], [matrix], SOURCE, corpus=None, with_prompt=False)
    return folder


def manifest(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "generated.json").read_text()))


def shown(folder: Path) -> str | None:
    return model_of(read_generated(folder), [path.name for path in folder.glob("*.mid")])


def test_the_kinds_are_those_of_the_models() -> None:
    assert (*networks.KINDS, "notes") == KINDS
    assert PAPER == networks.PAPER


def test_what_generate_writes_shows_its_model(generated: Path) -> None:
    assert shown(generated) == "lstm"
    (file,) = generated.glob("*.mid")
    assert read_generated(file) == manifest(generated), "of one file of the folder too"


FOREIGN: dict[str, dict[str, Any]] = {
    "nothing but a kind": {"items": None, "run": None, "sampling": None, "version": None, "weights_sha256": None},
    "a kind of another name": {"model": "LSTM"},
    "a kind that is not ours": {"model": "transformer"},
    "no model, as people’s excerpts": {"model": None},
    "a kind that is a list": {"model": ["lstm"]},
    "another hash": {"weights_sha256": "d41d8cd98f00b204e9800998ecf8427e"},
    "a hash that is a number": {"weights_sha256": 7},
    "no run": {"run": None},
    "items that are a number": {"items": 3},
    "items that are words": {"items": ["001.mid"]},
    "items of other files": {"items": [{"file": "other.mid", "piece": "x"}]},
    "sampling in words": {"sampling": "greedy"},
}


@pytest.mark.parametrize("changed", FOREIGN.values(), ids=FOREIGN)
def test_a_manifest_in_another_form_shows_none(changed: dict[str, Any], generated: Path, tmp_path: Path) -> None:
    folder = tmp_path / "lstm"
    shutil.copytree(generated, folder)
    (folder / "generated.json").write_text(json.dumps(manifest(generated) | changed))
    assert shown(folder) is None


@pytest.mark.parametrize("text", ["", "[]", "3", '"lstm"', '{"model": NaN}', '{"model": "\\ud800"}', "[" * 100_000])
def test_a_file_that_is_no_manifest_is_none(text: str, generated: Path, tmp_path: Path) -> None:
    (tmp_path / "generated.json").write_text(text)
    assert read_generated(tmp_path) is None


def test_a_manifest_copied_to_other_music_shows_none(generated: Path, tmp_path: Path) -> None:
    shutil.copy(generated / "generated.json", tmp_path)
    write_midi(Notes.of([(0.0, 1.0, 60, 80)]), tmp_path / "mine.mid")
    assert shown(tmp_path) is None
    assert read_generated(tmp_path / "mine.mid") is None


def test_a_bundled_model_is_known_by_its_weights_and_not_by_its_name(generated: Path, tmp_path: Path) -> None:
    folder = tmp_path / "lstm"
    shutil.copytree(generated, folder)
    (folder / "generated.json").write_text(json.dumps(manifest(generated) | {"run": "rnn"}))
    assert find_runs({"lstm": folder}, []) == {}, "the hash is another"
    weights = continuations.hashlib.sha256((pretrained.FOLDER / "rnn/weights.safetensors").read_bytes()).hexdigest()
    own = manifest(generated) | {"run": "rnn", "weights_sha256": weights}
    (folder / "generated.json").write_text(json.dumps(own))
    assert find_runs({"lstm": folder}, []) == {"lstm": pretrained.FOLDER / "rnn"}
    (folder / "generated.json").write_text(json.dumps(own | {"items": []}))
    assert find_runs({"lstm": folder}, []) == {}, "it does not speak of these files"


def test_weights_at_hand_say_more_than_a_manifest() -> None:
    assert model_of(None, [], "c-lstm") == "c-lstm"
    assert model_of(SOURCE | {"version": "1", "items": []}, [], "rnn") == "rnn"


def test_our_own_model_alone_brings_nothing_of_the_paper() -> None:
    assert not of_the_paper([None, "c-lstm-plus"])
    assert of_the_paper(["c-lstm-plus", "rnn"])


@pytest.mark.parametrize(
    ("onsets", "velocities", "expected"),
    [
        ((0.0, 0.125, 1.0), (80, 80, 80), (True, True)),
        ((0.0, 0.125, 1.0), (80, 81, 80), (False, True)),
        ((0.0, 0.13, 1.0), (50, 50, 50), (True, False)),
        ((0.01, 0.2, 1.0), (1, 2, 3), (False, False)),
    ],
)
def test_velocities_and_grid_are_looked_up_in_the_notes(
    onsets: tuple[float, ...], velocities: tuple[int, ...], expected: tuple[bool, bool], tmp_path: Path
) -> None:
    rows = [(onset, onset + 0.5, 60, velocity) for onset, velocity in zip(onsets, velocities, strict=True)]
    write_midi(Notes.of(rows), tmp_path / "a.mid")
    touch = touch_of([MeasurementInput(tmp_path / "a.mid")])
    assert touch == Touch(one_velocity=expected[0], on_grid=expected[1])
    assert touch_of([MeasurementInput(tmp_path / "a.mid", control=SCORE_MATRIX)]) == Touch(
        one_velocity=True, on_grid=True
    )


def test_of_audio_velocities_and_timing_are_not_known() -> None:
    assert touch_of([MeasurementInput(Path("a.wav"))]) is None
