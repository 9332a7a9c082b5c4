"""`generated.json` is used as far as it can be true, and what is not used: said."""

import json
from pathlib import Path
from typing import Any

import pytest

from clstm.music.generated import UNFIT, ContinuationItem, fits, read_manifest
from clstm.music.midi import Notes, write_midi
from evaluation.measurement.inputs import measurement_inputs, not_used
from evaluation.measurement.measure import measure_input
from reports.inputs.systems import read_generated

TUNE = Notes.of([(0.5 * place, 0.5 * place + 0.5, 60 + place % 12, 80) for place in range(40)])  # 20 s


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_midi(TUNE, tmp_path / "a.mid")
    return tmp_path


def manifest(folder: Path, content: Any) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "generated.json").write_text(text, encoding="utf-8")


def density(folder: Path) -> tuple[object, tuple[str, ...]]:
    """Notes a second of the tune as it is measured, and what is said of it."""
    (given,) = measurement_inputs([folder / "a.mid"])
    measured = measure_input(given)
    return measured.values["note_density"], measured.remarks


@pytest.mark.parametrize("seconds", [10.0, 19.0, 60.0, 7000.0])
def test_a_length_that_does_not_fit_the_notes_is_not_used(seconds: float, folder: Path) -> None:
    manifest(folder, {"items": [{"file": "a.mid", "piece": "a", "seconds": seconds}]})
    assert density(folder) == (2.0, (UNFIT,))


def test_silence_that_is_stated_lengthens_a_piece(folder: Path) -> None:
    manifest(folder, {"items": [{"file": "a.mid", "seconds": 40.0, "silence_from_seconds": 20.0}]})
    assert density(folder) == (1.0, ())
    manifest(folder, {"items": [{"file": "a.mid", "seconds": 22.0}]})
    assert density(folder) == (40 / 22, ())


def test_what_fits() -> None:
    assert fits(20, None, 20) and fits(19.9, None, 20) and fits(24, None, 20)  # noqa: PT018  # one table
    assert not fits(19, None, 20)
    assert not fits(25, None, 20)
    assert fits(30, 20.0, 20)
    assert not fits(30, 25.0, 20), "its notes sound on where it is said to be silent"
    assert fits(30, None, 0), "without notes"


@pytest.mark.parametrize("seconds", ["-1", "0", "1e9", "20000", '"20"', "true", "[20]", "1" + 400 * "0"])
def test_a_length_that_no_piece_has_is_not_used_and_the_rest_is(seconds: str, folder: Path) -> None:
    manifest(folder, f'{{"items": [{{"file": "a.mid", "piece": "op. 1", "seconds": {seconds}}}]}}')
    assert density(folder) == (2.0, ())
    (given,) = measurement_inputs([folder / "a.mid"])
    assert (given.lasts, given.group) == (None, "op. 1")
    (said,) = not_used([folder / "a.mid"])
    assert "generated.json: not used: seconds of a.mid: " in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"items": [{"file": "a.mid", "seconds": NaN}]}', "NaN is not JSON"),
        ('{"items": [{"file": "a.mid", "seconds": 1e999}]}', "not JSON compliant"),
        ('{"items": [{"file": "a.mid", "seconds": 20, "seconds": 10}]}', "the key 'seconds' occurs twice"),
        ("[]", "it is not a JSON object"),
        ("{", "Expecting"),
        ("[" * 100_000, "nested too deeply"),
        ('{"seed": 3}', "it lists no items"),
    ],
)
def test_a_manifest_that_is_none_is_said_and_left_out(text: str, said: str, folder: Path) -> None:
    manifest(folder, text)
    assert density(folder) == (2.0, ())
    (remark,) = not_used([folder / "a.mid", folder / "b.mid"])
    assert remark.startswith(f"{folder}/generated.json is not used: ")
    assert said in remark


def test_a_pipe_is_no_manifest(folder: Path) -> None:
    import os

    os.mkfifo(folder / "generated.json")
    assert "a pipe, no file" in not_used([folder / "a.mid"])[0]
    assert read_generated(folder) is None


def test_items_that_contradict_or_are_of_no_file_are_said(folder: Path) -> None:
    item = {"file": "a.mid", "seconds": 20.0}
    manifest(folder, {"items": [item, item | {"seconds": 10.0}, {"file": "gone.mid"}, {"piece": "x"}, 3]})
    found = read_manifest(folder)
    assert set(found.items) == {"gone.mid"}
    assert found.remarks[0].endswith(", and 2 more")
    gone = f"{folder}/generated.json lists gone.mid, which is not in the folder; this entry is ignored"
    assert found.remarks[1:] == (gone,)
    manifest(folder, {"items": [item, {"file": "gone.mid"}]})
    assert read_manifest(folder).remarks == (gone,)
    manifest(folder, {"items": [item, {"file": "gone.mid"}, {"file": "other.mid"}]})
    assert read_manifest(folder).remarks == (
        f"{folder}/generated.json lists 2 files that are not in the folder; these entries are ignored",
    )


def test_a_sound_manifest_is_used_without_a_word(folder: Path) -> None:
    manifest(folder, {"items": [{"file": "a.mid", "piece": "a", "seconds": 20, "more": [1]}], "with_seed": False})
    assert not_used([folder / "a.mid"]) == []
    assert read_generated(folder / "a.mid") is not None
    assert not_used([folder.parent / "none.mid"]) == []


@pytest.mark.parametrize("key", ["with_prompt", "with_seed"])
def test_lengths_of_continuations_are_not_those_of_files_that_keep_the_prompt(key: str, folder: Path) -> None:
    """The key of version 0.1 too."""
    manifest(folder, {"items": [{"file": "a.mid", "seconds": 20.0}], key: True})
    assert read_manifest(folder).items["a.mid"].seconds is None
    manifest(folder, {"items": [{"file": "a.mid", "seconds": 20.0}], key: "yes"})
    assert read_manifest(folder).remarks == (
        f"{folder}/generated.json: not used: with_prompt: 'yes' is neither true nor false",
    )


def test_what_the_generator_says_of_a_continuation_is_what_it_was_given() -> None:
    about = {"prompt_start_seconds": 2.0, "prompt_padding_seconds": 0.0, "notes_per_second": 4.5}
    degenerated = {"saturation_from_seconds": None, "loop_from_seconds": 3.0, "loop_period_seconds": 0.5}
    item = ContinuationItem(file="a.mid", piece="a", seconds=20.0, **about, **degenerated)
    assert item.stated() == {"file": "a.mid", "piece": "a", "seconds": 20.0} | about | degenerated
