"""The fixture `spectra` in somebody else's repository: a folder of its own, and a pytest of its own."""

import json
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from patience import PATIENCE

from clstm.runtime import processes
from clstm.runtime.forking.server import process_context
from evaluation.audio.files import write_audio
from evaluation.drift.check import record

RATE = 22050
TESTS = """
def test_sound(spectra):
    found = spectra.check("tests/baseline.json", "music", workers=1)
    assert found is None or found.files == ("noise.wav",)
"""
ALONE = ["-p", "no:cacheprovider"]
OTHERS = {"PYTEST_ADDOPTS": ""}  # ours say nothing to another repository's pytest
# Where they are imported already, the assertions of plugins are not rewritten.
UNWRITTEN = ["-Wignore::pytest.PytestAssertRewriteWarning"]
STREAMS = ("stdout", "stderr")

NOISE = np.random.default_rng(0).normal(0, 0.05, (RATE, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is recorded of the repository's music."""
    folder = tmp_path_factory.mktemp("recorded")
    write_audio(folder / "music" / "noise.wav", NOISE, RATE)
    record([folder / "music"], folder / "tests" / "baseline.json", workers=1)
    return (folder / "tests" / "baseline.json").read_text(encoding="utf-8")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    write_audio(tmp_path / "music" / "noise.wav", NOISE, RATE)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_sound.py").write_text(TESTS)
    return tmp_path


def run_anew(repository: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", *ALONE, f"--rootdir={repository}", *options, repository]
    return subprocess.run(
        command, cwd=repository, env=os.environ | OTHERS, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def run(repository: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The same in a process that has the libraries imported."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in OTHERS.items():
            patch.setenv(name, value)
        words = [*ALONE, *UNWRITTEN, f"--rootdir={repository}", *options, str(repository)]
        process = process_context().Process(target=pytest_of, args=(repository, words))
        process.start()
        process.join(PATIENCE)
    said = [(repository.parent / f"{repository.name} {stream}").read_text(encoding="utf-8") for stream in STREAMS]
    return subprocess.CompletedProcess(words, process.exitcode, *said)


def pytest_of(repository: Path, words: list[str]) -> None:
    os.chdir(repository)
    for descriptor, stream in enumerate(STREAMS, start=1):
        with (repository.parent / f"{repository.name} {stream}").open("w") as file:
            os.dup2(file.fileno(), descriptor)
    forking = multiprocessing.get_context("fork")
    processes.process_context = lambda: forking  # type: ignore[attr-defined]  # here too nothing is imported anew
    sys.exit(pytest.main(words))


def recorded_elsewhere(baseline: str) -> str:
    content = json.loads(baseline)
    content["environment"]["measuring"]["numpy"] = "0.1"
    return json.dumps(content)


def test_a_baseline_is_recorded_on_request_and_holds(repository: Path, baseline: str) -> None:
    missing = run(repository)
    assert missing.returncode == 1
    assert "name its inputs and run: pytest --spectra-record" in missing.stdout

    recorded = run_anew(repository, "--spectra-record")
    assert recorded.returncode == 0, recorded.stdout
    assert "spectra: recorded" in recorded.stdout
    assert (repository / "tests" / "baseline.json").read_text(encoding="utf-8") == baseline

    held = run(repository)
    assert held.returncode == 0, held.stdout


def test_drift_fails_with_a_table_until_it_is_recorded(repository: Path, baseline: str) -> None:
    (repository / "tests" / "baseline.json").write_text(baseline)
    write_audio(repository / "music" / "noise.wav", NOISE * np.float32(10 ** (0.2 / 20)), RATE)
    drifted = run(repository)
    assert drifted.returncode == 1
    assert "+0.20 LU" in drifted.stdout
    assert "1 of 1 files are not as recorded" in drifted.stdout
    assert "Traceback" not in drifted.stdout

    assert run(repository, "--spectra-record").returncode == 0
    assert (repository / "tests" / "baseline.json").read_text(encoding="utf-8") != baseline


@pytest.mark.parametrize(
    ("unmatched", "status", "outcome"),
    [(None, 1, "1 failed"), ("skip", 0, "1 skipped"), ("warn", 0, "1 passed, 1 warning")],
)
def test_another_environment_fails_skips_or_warns_as_the_project_says(
    unmatched: str | None, status: int, outcome: str, repository: Path, baseline: str
) -> None:
    (repository / "tests" / "baseline.json").write_text(recorded_elsewhere(baseline))
    finished = run(repository, "-rs", *([f"--override-ini=spectra_unmatched={unmatched}"] if unmatched else []))
    assert finished.returncode == status, finished.stdout
    assert outcome in finished.stdout
    assert f"measuring.numpy: 0.1 recorded, {np.__version__} now" in finished.stdout


def test_what_moved_fails_even_where_another_environment_only_warns(repository: Path, baseline: str) -> None:
    (repository / "tests" / "baseline.json").write_text(recorded_elsewhere(baseline))
    write_audio(repository / "music" / "noise.wav", np.zeros((RATE, 1), dtype=np.float32), RATE)
    finished = run(repository, "--override-ini=spectra_unmatched=warn")
    assert finished.returncode == 1
    assert "none: silent" in finished.stdout


def test_another_word_for_unmatched_is_a_mistake_and_named(repository: Path) -> None:
    finished = run(repository, "--override-ini=spectra_unmatched=perhaps")
    assert finished.returncode == pytest.ExitCode.USAGE_ERROR
    assert "spectra_unmatched = perhaps is not known; choose one of: fail, skip, warn" in finished.stderr


def test_a_mistake_is_one_line_in_the_report(repository: Path) -> None:
    (repository / "tests" / "baseline.json").write_text("{}")
    finished = run(repository)
    assert finished.returncode == 1
    assert "is not a baseline of this version" in finished.stdout
    assert "Traceback" not in finished.stdout


def test_the_plugin_loads_nothing_heavy_before_it_is_used() -> None:
    heavy = {"numpy", "scipy", "evaluation", "evaluation.measurement.measure", "typer", "rich"}
    script = f"import sys, clstm.pytest_plugin; print(sorted({heavy} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert shown.stdout.strip() == "[]"


def test_music_that_was_inverted_fails_and_is_told(repository: Path, baseline: str) -> None:
    (repository / "tests" / "baseline.json").write_text(baseline)
    write_audio(repository / "music" / "noise.wav", -NOISE, RATE)
    failed = run(repository)
    assert failed.returncode == 1
    assert "noise.wav: it is inverted." in failed.stdout
