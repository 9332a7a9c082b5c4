"""What is published agrees with itself, words with numbers and files with hashes; and no human music is in it."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from patience import PATIENCE

from clstm import pretrained
from clstm.music.degeneration import measure
from clstm.music.midi import read_midi
from clstm.music.score import FRAME_RATE, encode
from evaluation.audio.files import read_audio
from evaluation.audio.render import RenderSettings
from evaluation.measurement.cache import sha256
from reports.inputs.runs import run_path

ROOT = Path(__file__).parents[1]
PUBLISHED = ROOT / "reports/published"
REPORTS = ["report", "bwv804"]


def made(name: str, file: str = "report.json") -> Any:
    return json.loads((PUBLISHED / "replication" / name / file).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", REPORTS)
def test_every_file_is_the_one_that_was_made(name: str) -> None:
    folder = PUBLISHED / "replication" / name
    outputs = made(name, "manifest.json")["outputs"]
    assert {file: sha256(folder / file) for file in outputs} == outputs
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == {*outputs, "manifest.json"}


@pytest.mark.parametrize("name", REPORTS)
def test_only_generated_music_is_to_be_heard(name: str) -> None:
    machines = [place for place, system in enumerate(made(name)["systems"]) if system["role"] == "system"]
    audio = {path.name for path in (PUBLISHED / "replication" / name / "audio").iterdir()}
    assert audio
    assert {int(file.split("-")[0]) for file in audio} == set(machines)


@pytest.mark.parametrize("name", REPORTS)
def test_every_human_piece_is_named_with_its_licence_and_hash(name: str) -> None:
    human, *others = made(name, "manifest.json")["systems"]
    for piece in human["files"]:
        assert len(piece["sha256"]) == 64
        assert piece["credit"].keys() >= {"composer", "licence", "source"}
    assert all(system["weights"]["run"].startswith("bundled:") for system in others)


@pytest.mark.parametrize("name", REPORTS)
def test_weights_and_soundfont_are_those_that_come_along(name: str) -> None:
    about = made(name, "manifest.json")
    for system in about["systems"]:
        if system["weights"]:
            assert sha256(run_path(system["weights"]["run"]) / "weights.safetensors") == system["weights"]["sha256"]
    assert about["rendering"]["soundfont_sha256"] == sha256(RenderSettings().soundfont_file)
    assert pretrained.names()


def test_the_text_has_every_claim_with_its_verdict() -> None:
    replication = (PUBLISHED / "replication/README.md").read_text(encoding="utf-8")
    guide = (ROOT / "docs/guide/replicate-the-paper.md").read_text(encoding="utf-8")
    claims = made("report")["claims"]
    assert len(claims) > 15
    for row in claims:
        for text in (replication, guide):
            (line,) = [line for line in text.splitlines() if line.startswith(f"| {row['claim']} |")]
            assert f"{row['verdict']}" in line.replace("**", "")


def test_the_text_says_what_the_summary_says() -> None:
    replication = (PUBLISHED / "replication/README.md").read_text(encoding="utf-8")
    said = [one["text"] for one in made("report")["summary"] if one["about"] in ("rnn", "lstm", "c-lstm", "Prediction")]
    assert len(said) == 7  # of each model its distance and its metrics
    assert all(text in replication for text in said)
    with (PUBLISHED / "markov/summary.csv").open(encoding="utf-8") as file:
        chain = [row["Finding"] for row in csv.DictReader(file) if row["About"] == "markov"]
    assert len(chain) == 2
    assert all(line in (PUBLISHED / "markov/README.md").read_text(encoding="utf-8") for line in chain)


def test_a_simulated_study_is_never_shown_as_a_real_one() -> None:
    content = made("report")
    assert content["study"]["note"].startswith("SYNTHETIC")
    listening = [row for row in content["claims"] if "Listeners" in row["claim"]]
    assert {row["verdict"] for row in listening} == {"not tested"}
    page = (PUBLISHED / "replication/report/index.html").read_text(encoding="utf-8")
    assert "These answers were drawn by a computer" in page


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


def test_the_worked_example_writes_music(eight_pieces: Path, tmp_path: Path) -> None:
    command = [sys.executable, PUBLISHED / "markov/markov.py", eight_pieces, tmp_path / "markov", "2"]
    subprocess.run(command, check=True, timeout=PATIENCE)
    assert [len(read_midi(path)) > 10 for path in sorted((tmp_path / "markov").iterdir())] == [True, True]
