"""Prompts left in files, true continuations and nats beside people's: on made music whose answer is known."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import mir_eval
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.music.midi import Notes, write_midi
from clstm.runtime.errors import UserError
from clstm.runtime.files import write_json
from evaluation.measurement.inputs import measurement_inputs
from evaluation.measurement.options.prompts import of_recorded, skips
from evaluation.metrics.symbolic import struck
from evaluation.prompting import continuations, leftover, likelihood


def tune(seed: int, seconds: float = 30.0, start: float = 0.0) -> list[tuple[float, float, int, int]]:
    random = np.random.default_rng(seed)
    onsets = start + np.sort(random.random(int(6 * seconds))) * (seconds - 0.5)
    return [(float(t), float(t) + 0.3, int(random.integers(40, 90)), 80) for t in onsets]


def text(rows: Sequence[tuple[float, float, int, int]]) -> str:
    return struck(Notes.of(rows))


PIECES = [tune(seed) for seed in range(8)]


@pytest.mark.parametrize("grid", [0.0, 0.125])
def test_a_prompt_from_the_middle_of_a_piece_is_found_quantised_or_not(grid: float) -> None:
    prompt = [(t - 8.0, end - 8.0, pitch, 80) for t, end, pitch, _ in PIECES[3] if 8 <= t < 16]
    rows = [*prompt, *tune(99, 20.0, 8.0)]
    if grid:
        rows = [(round(t / grid) * grid, end, pitch, velocity) for t, end, pitch, velocity in rows]
    found = leftover.Searched([text(piece) for piece in PIECES]).beginning(text(rows))
    assert found.is_prompt
    assert found.piece == 3
    assert found.seconds == pytest.approx(8.0, abs=1.0)


def test_a_transposed_prompt_another_piece_and_a_common_figure_are_no_prompts() -> None:
    searched = leftover.Searched([text(piece) for piece in PIECES])
    higher = [(t, end, pitch + 2, 80) for t, end, pitch, _ in PIECES[3][:60]] + tune(99, 20.0, 12.0)
    scale = [(k / 4, k / 4 + 0.2, 60 + step, 80) for k, step in enumerate((0, 2, 4, 5, 7, 9, 11, 12))]
    with_scale = leftover.Searched([text(scale + tune(5, 20.0, 2.0))])
    assert not searched.beginning(text(higher)).is_prompt
    assert not searched.beginning(text(tune(50))).is_prompt
    assert not with_scale.beginning(text(scale + tune(6, 20.0, 2.0))).is_prompt


def test_a_copy_is_no_prompt_and_no_notes_begin_with_nothing() -> None:
    searched = leftover.Searched([text(piece) for piece in PIECES])
    assert not searched.beginning(text(PIECES[2])).is_prompt
    assert leftover.Searched([]).beginning(text(PIECES[2])) == leftover.Beginning()
    assert searched.beginning("") == leftover.Beginning()


@pytest.mark.parametrize("with_prompt", [None, True, False])
def test_music_that_holds_no_prompt_is_not_to_be_cut(tmp_path: Path, with_prompt: bool | None) -> None:
    rows = [*((t, end, pitch, 80) for t, end, pitch, _ in PIECES[3] if t < 8), *tune(99, 20.0, 8.0)]
    write_midi(Notes.of(rows), tmp_path / "a.mid")
    if with_prompt is not None:
        items = [{"file": "a.mid", "begins_at_seconds": 8.0 if with_prompt else 0.0}]
        write_json(tmp_path / "generated.json", {"with_prompt": with_prompt, "items": items})
    human = [("human", str(place), text(piece)) for place, piece in enumerate(PIECES)]
    pieces = pd.DataFrame([*human, ("model", "a", text(rows))], columns=["system", "piece", "strikes"])
    (said,) = leftover.remarks(pieces, {"model": measurement_inputs([tmp_path / "a.mid"])}, "human", ["model"])
    assert ("--skip model=" in said) == (with_prompt is not False)
    assert said.endswith("so their own music repeats it") == (with_prompt is False)


def test_skips_are_parsed_and_mistakes_said() -> None:
    assert skips(["my=a=2"], ["my=a"]) == {"my=a": 2.0}
    for wrong in ("lstm", "lstm=", "lstm=-1", "lstm=nan", "lstm=inf", "=3"):
        with pytest.raises(UserError, match="is not NAME=SECONDS"):
            skips([wrong], ["lstm"])
    with pytest.raises(UserError, match="not one of the systems"):
        skips(["rnn=2"], ["lstm"])


def test_a_recorded_prompt_is_said_until_it_is_cut(tmp_path: Path) -> None:
    write_midi(Notes.of(PIECES[0]), tmp_path / "a.mid")
    write_json(tmp_path / "generated.json", {"items": [{"file": "a.mid", "begins_at_seconds": 11.25}]})
    given = measurement_inputs([tmp_path / "a.mid"])
    (said,) = of_recorded({"lstm": given})
    assert "1 of 1 files" in said
    assert "--skip lstm=11.25" in said
    assert not of_recorded({"lstm": [replace(one, begin=11.25) for one in given]})


@pytest.mark.parametrize("seed", range(6))
def test_note_f1_is_that_of_mir_eval(seed: int) -> None:
    random = np.random.default_rng(seed)
    sides = []
    for count in random.integers(5, 80, 2):
        onset = np.sort(np.round(random.random(count) * 4, 2))
        sides.append((onset, random.integers(60, 64, count)))
    arguments = []
    for onset, pitch in sides:
        arguments += [np.stack([onset, onset + 0.1], axis=1), 440.0 * 2 ** ((pitch - 69) / 12)]
    _, _, expected, _ = mir_eval.transcription.precision_recall_f1_overlap(*arguments, offset_ratio=None)
    assert continuations.note_f1(*sides) == pytest.approx(expected)


def test_similarities_of_equal_empty_and_disjoint_music() -> None:
    one = np.array([0.0, 0.5, 3.0]), np.array([60, 64, 67])
    higher = one[0], one[1] + 1
    nothing = np.array([]), np.array([], dtype=np.int64)
    for chroma in (True, False):
        assert continuations.similarity(one, one, 4.0, chroma=chroma) == pytest.approx(1.0)
        assert continuations.similarity(one, nothing, 4.0, chroma=chroma) == 0.0
        assert np.isnan(continuations.similarity(nothing, nothing, 4.0, chroma=chroma))
    assert continuations.similarity(one, higher, 4.0, chroma=True) == 0.0
    assert continuations.similarity(one, higher, 4.0, chroma=False) == pytest.approx(1.0)


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    found = {name: tmp_path / name for name in ("human", "model")}
    for folder in found.values():
        folder.mkdir()
    items = []
    for place, piece in enumerate(PIECES):
        write_midi(Notes.of(piece), found["human"] / f"{place}.mid")
        items.append({"file": f"{place}.mid", "piece": f"piece {place}", "prompt_start_seconds": 1.0})
        near = [row if k % 2 else (row[0], row[1], row[2] + 1, 80) for k, row in enumerate(piece)]
        if place:
            write_midi(Notes.of(near), found["model"] / f"{place}.mid")
    write_midi(Notes.of(tune(70)), found["model"] / "other.mid")
    write_json(found["human"] / "generated.json", {"items": items})
    return found


def test_clips_meet_their_true_continuations_and_a_missing_one_is_said(folders: dict[str, Path]) -> None:
    systems = {name: measurement_inputs(sorted(path.glob("*.mid"))) for name, path in folders.items()}
    found = continuations.continuations(systems, {"model": "human"}, "human")
    assert found is not None
    assert found.remarks == (
        "model: 1 of 8 files have no true continuation in human, other.mid first; the others are compared",
    )
    f1 = found.sets.set_index("measure").loc["note_f1"]
    assert f1["pieces"] == 7
    assert f1["value"] > 0.5 > 0.2 > f1["floor"]
    assert f1["p_holm"] < 0.05
    (folders["human"] / "generated.json").unlink()
    assert continuations.continuations(systems, {"model": "human"}, "human") is None


def test_of_one_group_there_is_no_other_human_continuation_and_no_number_for_it(folders: dict[str, Path]) -> None:
    files = {name: sorted(path.glob("*.mid")) for name, path in folders.items()}
    systems = {name: [replace(one, group="one") for one in measurement_inputs(own)] for name, own in files.items()}
    found = continuations.continuations(systems, {"model": "human"}, "human")
    assert found is not None
    (said,) = continuations.sentences(found)
    assert said.startswith("model, with the true continuation of 7 clips: note F1 0.")
    assert "another human continuation" not in said
    assert "nan" not in said + continuations.markdown(found)


def nats_of(folders: dict[str, Path], out: Path) -> Path:
    rows = []
    for name, folder in folders.items():
        for place, path in enumerate(sorted(folder.glob("*.mid"))):
            value = 8 + place / 10 + 3 * (name == "model")
            rows.append({"system": name, "file": path.name, "model": "rnn", "nats_per_frame": value})
    pd.DataFrame(rows).to_csv(out, index=False)
    return out


def test_compare_writes_what_is_known_of_continuations_and_nats(folders: dict[str, Path], tmp_path: Path) -> None:
    given = nats_of(folders, tmp_path / "likelihood.csv")
    out = tmp_path / "verdict"
    sources = [f"{name}={path}" for name, path in folders.items()]
    command = ["compare", *sources, "--reference", "human", "--out", str(out), "--likelihood", str(given)]
    command += ["--seconds", "5", "--grid", "none"]
    made = CliRunner().invoke(load_commands(), command, catch_exceptions=False)
    assert made.exit_code == 0, made.output
    (row,) = pd.read_csv(out / "likelihood.csv").to_dict("records")
    assert row["difference"] == pytest.approx(3.0)
    assert row["p_holm"] < 0.05
    assert set(pd.read_csv(out / "continuations.csv")["measure"]) == set(continuations.MEASURES)
    written = (out / "verdict.md").read_text()
    assert "## With the true continuation" in written
    assert "Fewer nats are not better music" in written


def test_what_is_no_table_of_nats_is_refused(tmp_path: Path) -> None:
    for content, why in (
        ("a,b\n1,2\n", "has no column"),
        ("", "cannot be read"),
        ("system,file,model,nats_per_frame\n", "no nats"),
        ("system,file,model,nats_per_frame\na,1.mid,lstm,2\na,2.mid,lstm,two\n", "'two'"),
        ("system,file,model,nats_per_frame\na,1.mid,lstm,2\na,1.mid,lstm,3\n", "1.mid of a under lstm twice"),
    ):
        (tmp_path / "x.csv").write_text(content)
        with pytest.raises(UserError, match=why):
            likelihood.read_likelihood(tmp_path / "x.csv")
    with pytest.raises(UserError, match="cannot be read"):
        likelihood.read_likelihood(tmp_path / "none.csv")
