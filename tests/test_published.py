"""What is published agrees with itself, words with numbers and files with hashes; and no human music is in it."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from patience import PATIENCE

from clstm import pretrained
from clstm.music.degeneration import measure
from clstm.music.midi import Notes, read_midi, write_midi
from clstm.music.score import FRAME_RATE, encode
from evaluation.audio.files import read_audio
from evaluation.audio.render import RenderSettings
from evaluation.measurement.cache import sha256
from reports.inputs.runs import run_path

ROOT = Path(__file__).parents[1]
PUBLISHED = ROOT / "reports/published"
REPORTS = sorted(path.parent.relative_to(PUBLISHED).as_posix() for path in PUBLISHED.rglob("manifest.json"))
REPLICATION = "replication/report"


def made(name: str, file: str = "report.json") -> Any:
    return json.loads((PUBLISHED / name / file).read_text(encoding="utf-8"))


def test_there_are_published_reports() -> None:
    assert {REPLICATION, "replication/bwv804"} <= set(REPORTS)


@pytest.mark.parametrize("name", REPORTS)
def test_every_file_is_the_one_that_was_made(name: str) -> None:
    folder = PUBLISHED / name
    outputs = made(name, "manifest.json")["outputs"]
    assert {file: sha256(folder / file) for file in outputs} == outputs
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == {*outputs, "manifest.json"}


@pytest.mark.parametrize("name", REPORTS)
def test_only_generated_music_is_to_be_heard(name: str) -> None:
    machines = {place for place, system in enumerate(made(name)["systems"]) if system["role"] == "system"}
    heard = {int(path.name.split("-")[0]) for path in (PUBLISHED / name / "audio").iterdir()}
    assert heard
    assert heard <= machines


@pytest.mark.parametrize("name", REPORTS)
def test_every_human_piece_is_named_with_its_licence_and_hash(name: str) -> None:
    about = made(name, "manifest.json")
    (human,) = [system for system in about["systems"] if system["name"] == about["reference"]]
    assert human["files"]
    for piece in human["files"]:
        assert len(piece["sha256"]) == 64
        assert piece["credit"].keys() >= {"composer", "licence", "source"}
        assert all(piece["credit"][key].strip() for key in ("licence", "source"))


@pytest.mark.parametrize("name", REPORTS)
def test_weights_and_soundfont_are_those_that_come_along(name: str) -> None:
    about = made(name, "manifest.json")
    for system in about["systems"]:
        if system["weights"]:
            assert system["weights"]["run"].startswith("bundled:")
            assert sha256(run_path(system["weights"]["run"]) / "weights.safetensors") == system["weights"]["sha256"]
    if about["rendering"]:  # of MIDI
        assert about["rendering"]["soundfont_sha256"] == sha256(RenderSettings().soundfont_file)


def test_the_replication_is_of_bundled_weights() -> None:
    _, *models = made(REPLICATION, "manifest.json")["systems"]
    assert {system["name"] for system in models} <= set(pretrained.names())
    assert all(system["weights"] for system in models)


@pytest.mark.parametrize("name", [name for name in REPORTS if name.endswith("/report")])
def test_the_text_says_what_the_summary_says_of_each_system(name: str) -> None:
    text = (PUBLISHED / name).with_name("README.md").read_text(encoding="utf-8")
    content = made(name)
    systems = {system["name"] for system in content["systems"] if system["role"] == "system"}
    said = [one for one in content["summary"] if one["about"] in systems]
    assert {one["about"] for one in said} == systems
    assert [one["text"] for one in said if one["text"] not in text] == []
    quoted = {line[2:] for line in text.splitlines() if line.startswith("> ")}
    assert quoted <= {one["text"] for one in content["summary"]}


def test_the_text_has_every_claim_with_its_verdict() -> None:
    replication = (PUBLISHED / "replication/README.md").read_text(encoding="utf-8")
    guide = (ROOT / "docs/guide/replicate-the-paper.md").read_text(encoding="utf-8")
    claims = made(REPLICATION)["claims"]
    assert len(claims) > 15
    for row in claims:
        for text in (replication, guide):
            (line,) = [line for line in text.splitlines() if line.startswith(f"| {row['claim']} |")]
            assert f"{row['verdict']}" in line.replace("**", "")


def test_the_text_of_the_replication_says_what_the_summary_says() -> None:
    replication = (PUBLISHED / "replication/README.md").read_text(encoding="utf-8")
    said = [
        one["text"] for one in made(REPLICATION)["summary"] if one["about"] in ("rnn", "lstm", "c-lstm", "Prediction")
    ]
    assert len(said) == 7  # of each model its distance and its metrics
    assert all(text in replication for text in said)


@pytest.mark.parametrize("name", ["performances", "pop", "audio"])
def test_the_text_of_an_example_says_what_its_summary_says(name: str) -> None:
    text = (PUBLISHED / name / "README.md").read_text(encoding="utf-8")
    content = made(f"{name}/report")
    systems = {system["name"] for system in content["systems"] if system["role"] == "system"}
    said = [one["text"] for one in content["summary"] if one["about"] in systems]
    assert len(said) == 2 * len(systems)  # of each its distance and its metrics
    assert all(line in text for line in said)


@pytest.mark.parametrize("name", REPORTS)
def test_no_path_of_the_machine_that_made_it_is_in_it(name: str) -> None:
    command = made(name, "manifest.json")["command"]
    assert not [word for word in command.replace("=", " ").split() if word.startswith(("/", "~"))]


@pytest.mark.parametrize("folder", REPORTS, ids=str)
def test_no_simulated_listener_is_in_what_is_published(folder: Path) -> None:
    content = made(folder)
    assert content["study"] is None
    assert {row["verdict"] for row in content["claims"] if "Listeners" in row["claim"]} <= {"not tested"}
    page = (PUBLISHED / folder / "index.html").read_text(encoding="utf-8")
    assert "clstm study create" in page  # how to ask some


def test_the_clips_of_notes_are_music_as_its_page_says() -> None:
    folder = PUBLISHED / "notes"
    clips = sorted(folder.glob("after-*/*.mid"))
    players = sorted(folder.glob("audio/*.mp3"))
    assert [player.stem for player in players] == sorted(f"{clip.parent.name}-{clip.stem}" for clip in clips)
    assert max(player.stat().st_size for player in players) <= 150_000
    levels = [float(np.sqrt(np.mean(read_audio(player)[0] ** 2))) for player in players]
    assert 0.005 < min(levels) < max(levels) < 0.2  # of full scale: none is silent, none is near clipping
    failures = [measure(encode(read_midi(clip), round(30 * FRAME_RATE))).first for clip in clips]
    counts = [sum(one is not None and one[0] == kind for one in failures) for kind in ("silence", "saturation", "loop")]
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert (len(clips), counts) == (12, [0, 0, 1])
    assert "Of the twelve, 1 loops, none falls silent and none saturates" in text
    with (folder / "originality.csv").open(encoding="utf-8") as file:
        assert len([row for row in csv.DictReader(file) if int(row["match_notes"]) <= 15]) == len(clips)


def test_the_page_of_notes_says_what_its_tables_say() -> None:
    folder = PUBLISHED / "notes"
    text = (folder / "README.md").read_text(encoding="utf-8")
    with (folder / "distances.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if (row["space"], row["without_control"]) == ("joint", "False")]
    with (folder / "pairs.csv").open(encoding="utf-8") as file:
        pairs = [row for row in csv.DictReader(file) if row["space"] == "joint" and row["significant"] == "True"]
    models = {row["system"]: row for row in rows if row["system"] != "chorales"}
    assert set(models) == set(pretrained.names())
    for name, row in models.items():
        middle, low, high = (
            round(1000 * float(row[column])) for column in ("distance", "distance_low", "distance_high")
        )
        assert f"| {name} | {middle} [{low}, {high}] |" in text
    assert {row["further"] for row in pairs if row["closer"] == "notes"} == models.keys() - {"notes"}


@pytest.mark.parametrize(("generator", "more"), [("markov.py", []), ("events.py", ["2"])])
def test_the_generators_of_performances_write_music(
    generator: str, more: list[str], performances: Path, tmp_path: Path
) -> None:
    command = [sys.executable, PUBLISHED / "performances" / generator, performances, tmp_path / "music", "2", *more]
    subprocess.run(command, check=True, timeout=PATIENCE, capture_output=True)
    pieces = [read_midi(path) for path in sorted((tmp_path / "music").glob("*.mid"))]
    assert [len(piece) > 2 for piece in pieces] == [True, True]  # two steps of training: notes seconds apart
    assert all(len(np.unique(piece.velocity)) > 1 and piece.duration <= 30 for piece in pieces)


@pytest.fixture
def performances(tmp_path: Path) -> Path:
    """Two scales of 300 notes, played unevenly: (onset s, offset s, pitch, velocity)."""
    folder, random = tmp_path / "played", np.random.default_rng(0)
    folder.mkdir()
    for name in "ab":
        onsets, lengths = np.cumsum(random.uniform(0.05, 0.3, 300)), random.uniform(0.1, 0.5, 300)
        scale, force = 48 + np.arange(300) % 24, random.integers(30, 100, 300)
        write_midi(Notes.of(zip(onsets, onsets + lengths, scale, force, strict=True)), folder / f"{name}.mid")
    return folder


def test_performances_are_divided_by_works(tmp_path: Path) -> None:
    """No work is both learnt and compared; prelude and fugue, and the movements of a sonata, are one work."""
    asap, out = tmp_path / "asap", tmp_path / "out"
    rows = ["composer,title,folder,midi_performance"]
    folders = [f"Bach/{part}/bwv_{846 + work}" for work in range(90) for part in ("Prelude", "Fugue")]
    folders += [f"Beethoven/Piano_Sonatas/{work}-{part}" for work in range(1, 5) for part in ("1", "2_no_repeat")]
    for folder in folders:
        rows.append(f"{folder.split('/')[0]},A_title,{folder},{folder}/P01.mid")
        (asap / folder).mkdir(parents=True)
        write_midi(Notes.of([(0.0, 40.0, 60, 80)]), asap / folder / "P01.mid")
    (asap / "metadata.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    subprocess.run([sys.executable, PUBLISHED / "performances/prepare.py", asap, out], check=True, timeout=PATIENCE)
    with (out / "index.csv").open(encoding="utf-8") as file:
        index = list(csv.DictReader(file))
    compared = {row["group"].split("/")[-1] for row in index}
    learnt = {re.sub(r"-(\d|P01).*", "", path.name).split("-")[-1] for path in (out / "train").iterdir()}
    assert len(index) == len(compared) == 80
    assert len(learnt) == 94 - 80
    assert not compared & learnt
    assert all((out / row["file"]).is_file() for row in index)
