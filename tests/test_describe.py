"""`clstm describe`: what it says of folders of many kinds, on the terminal and in its tables."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from midi_bytes import controller, midi, off, on, program, tempo
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.music.generated import LIMITS
from clstm.music.midi import Notes, write_midi
from clstm.runtime.errors import UserError
from evaluation.comparison.description import COLUMNS, control, describe_systems, rows, why


def described(folder: Path, *declared: str) -> dict[str, str]:
    """Its rows, its control in words, and the sentence with the reasons."""
    (made,), _ = describe_systems({"a": folder}, declared, workers=1)
    return rows(made) | {"Control": control(made.fit), "Why": why(made)}


def tune(step: float, seed: int = 0, velocity: int | None = 80) -> Notes:
    random = np.random.default_rng(seed)
    times = np.unique(random.integers(1, 60, 40)) * step
    loud = random.integers(30, 100, len(times)) if velocity is None else np.full(len(times), velocity)
    return Notes.of(zip(times, times + step, random.integers(48, 84, len(times)), loud, strict=True))


def test_a_models_folder(tmp_path: Path) -> None:
    for seed in range(3):
        write_midi(tune(1 / 8, seed), tmp_path / f"{seed}.mid")
    (tmp_path / "generated.json").write_text(json.dumps({"limits": LIMITS, "items": []}))
    found = described(tmp_path)
    assert found["Onset grid"] == "1/8 s, offsets too"
    assert found["Velocities"] == "one, 80"
    assert found["Instruments"] == "Acoustic Grand Piano"
    assert found["Drums"] == found["Pedal"] == "none"
    assert found["Control"] == (
        "the reference with every onset and offset on a grid of 1/8 s, every note at velocity 80, only pitches from "
        "MIDI 24 to 101, all instruments as one piano without drums, and no pedal"
    )


def test_a_performance(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    times = np.sort(random.uniform(0, 30, 100))
    velocities = random.integers(20, 110, 100)
    write_midi(Notes.of(zip(times, times + 0.4, [60] * 100, velocities, strict=True)), tmp_path / "a.mid")
    found = described(tmp_path)
    assert found["Onset grid"] == "none"
    assert found["Velocities"] == f"{len(set(velocities))} different, {velocities.min()} to {velocities.max()}"
    assert found["Why"] == "a: reference unchanged; no grid in seconds and no single velocity in its file."
    declared = described(tmp_path, "a:range=21-108")["Why"]
    assert "only pitches from MIDI 21 to 108; no grid and no single velocity was found; declared with" in declared


def test_a_band_with_drums_and_a_pedal(tmp_path: Path) -> None:
    events = [program(40), on(60), controller(64, 127), on(36, 9), off(36, 9), off(60), controller(64, 0)]
    (tmp_path / "a.mid").write_bytes(midi(*((48, event) for event in events)))
    found = described(tmp_path)
    assert found["Instruments"] == "Violin"
    assert found["Drums"] == found["Pedal"] == "in 1 of 1 file"
    assert found["Notes"] == "1 and 1 drum note"
    assert found["Polyphony"] == "up to 1 note"
    assert found["Pitch range"] == "MIDI 60 to 60"


def test_drums_alone_have_no_polyphony(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(midi((0, on(36, 9)), (48, off(36, 9)), (0, on(38, 9)), (48, off(38, 9))))
    found = described(tmp_path)
    assert found["Notes"] == "2 drum notes"
    assert "Polyphony" not in found


def test_scores_at_several_tempi_have_a_grid_of_beats_which_is_put_on_no_reference(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    for number, microseconds in enumerate((500_000, 612_345, 731_111)):
        events = [(0, tempo(microseconds))]
        for _ in range(40):
            rest = 120 * int(random.integers(1, 4))
            events += [(rest, on(60, velocity=int(random.integers(40, 90)))), (120, off(60))]
        (tmp_path / f"{number}.mid").write_bytes(midi(*events))
    (made,), _ = describe_systems({"a": tmp_path}, workers=1)
    assert rows(made)["Onset grid"] == "1/4 of a quarter"
    assert control(made.fit) == "reference unchanged"
    assert "a grid of beats is not put on the reference" in made.fit.reasons[0]


def test_audio_is_said_as_such(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(16000), 8000)
    found = described(tmp_path)
    why = "a: reference unchanged; it is audio, and its limits are not known."
    assert found == {"Files": "1 audio", "Length": "2 s", "Control": "reference unchanged", "Why": why}
    assert described(tmp_path, "a:velocity=80")["Control"] == "the reference with every note at velocity 80"


def test_the_few_files_off_a_rule_are_named(tmp_path: Path) -> None:
    """One of ten is few, which .1 as a float is not."""
    for seed in range(9):
        write_midi(tune(1 / 8, seed), tmp_path / f"{seed:02d}.mid")
    write_midi(tune(0.1234, 99, velocity=None), tmp_path / "played.mid")
    found = described(tmp_path)
    assert found["Onset grid"] == "1/8 s in 9 of 10 files"
    assert found["Why"] == (
        "a: reference unchanged; 9 of 10 files lie on 1/8 s; played.mid does not, so this is no control; 9 of 10 files "
        "have velocity 80 alone; played.mid does not, so this is no control."
    )


def test_six_folders_fit_a_terminal(tmp_path: Path) -> None:
    sources = []
    for name in "abcdef":
        write_midi(tune(1 / 8), tmp_path / name / "a.mid")
        sources.append(f"{name}={tmp_path / name}")
    ran = CliRunner().invoke(load_commands(), ["describe", *sources])
    assert ran.exit_code == 0, ran.output
    assert ran.output.count("Acoustic Grand Piano") == ran.output.count("1/8 s, offsets too") == len(sources)


def test_files_that_cannot_be_read_are_counted_and_the_rest_described(tmp_path: Path) -> None:
    write_midi(tune(1 / 8), tmp_path / "a.mid")
    (tmp_path / "b.mid").write_bytes(b"MThd but no more")
    (made,), remarks = describe_systems({"a": tmp_path}, workers=1)
    assert made.files == 2
    assert rows(made)["Velocities"] == "one, 80"
    assert any("b.mid: corrupt" in remark for remark in remarks)


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_the_table_is_written(suffix: str, tmp_path: Path) -> None:
    write_midi(tune(1 / 8), tmp_path / "music/a.mid")
    out = tmp_path / f"limits{suffix}"
    ran = CliRunner().invoke(load_commands(), ["describe", f"it={tmp_path}/music", "--out", str(out)])
    assert ran.exit_code == 0, ran.output
    assert "1/8 s, offsets too" in ran.output
    if suffix == ".csv":
        table = pd.read_csv(out)
        assert tuple(table.columns) == COLUMNS
        assert table["onset_grid"].tolist() == ["1/8 s, offsets too"]
    else:
        (about,) = json.loads(out.read_text()).values()
        assert about["control"]["per_second"] == 8
        assert about["why"][1] == "all notes of its file have velocity 80"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("it={}", "--out", "limits.txt"), "limits.txt is neither .csv nor .json"),
        (("it={}", "--limits", "other:pedal=none"), "names 'other', which is not one of the systems (it)"),
        (("it=nowhere",), "does not exist"),
        (("it={}", "--out", "{}/notes.csv"), "notes.csv"),
    ],
)
def test_a_mistake_is_one_line(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    write_midi(tune(1 / 8), tmp_path / "a.mid")
    (tmp_path / "notes.csv").write_text("mine\n1\n")
    ran = CliRunner().invoke(load_commands(), ["describe", *(one.format(tmp_path) for one in arguments)])
    assert isinstance(ran.exception, UserError), ran.output
    assert words in str(ran.exception)
    assert "\n" not in str(ran.exception)


def test_files_that_cannot_be_read_do_not_count_and_alone_are_refused(tmp_path: Path) -> None:
    write_midi(tune(1 / 8), tmp_path / "a.mid")
    (tmp_path / "b.mid").write_bytes(b"MThd")
    assert described(tmp_path)["Files"] == "1 MIDI"
    (tmp_path / "a.mid").unlink()
    with pytest.raises(UserError, match=r"^a has no file that can be read: .*b\.mid: "):
        described(tmp_path)
