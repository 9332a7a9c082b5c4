"""The fixture `spectra` in somebody else's repository: a folder of its own, and a pytest of its own."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from evaluation.audio import write_audio

RATE = 22050
TESTS = """
def test_sound(spectra):
    found = spectra.check("tests/baseline.json", "music", workers=1)
    assert found is None or found.files == ("noise.wav",)
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    sound = np.random.default_rng(0).normal(0, 0.05, (RATE, 1)).astype(np.float32)
    write_audio(tmp_path / "music" / "noise.wav", sound, RATE)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_sound.py").write_text(TESTS)
    return tmp_path


def run(repository: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        f"--rootdir={repository}",
        *options,
        repository,
    ]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=120, check=False)


def edit(repository: Path, version: str) -> None:
    path = repository / "tests" / "baseline.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["environment"]["measuring"]["numpy"] = version
    path.write_text(json.dumps(content), encoding="utf-8")


def test_a_baseline_is_recorded_on_request_holds_and_fails_with_a_table_when_the_sound_drifts(repository: Path) -> None:
    missing = run(repository)
    assert missing.returncode == 1
    assert "name its inputs and run: pytest --spectra-record" in missing.stdout

    recorded = run(repository, "--spectra-record")
    assert recorded.returncode == 0, recorded.stdout
    assert "spectra: recorded" in recorded.stdout
    assert run(repository).returncode == 0

    sound = np.random.default_rng(0).normal(0, 0.05 * 10 ** (0.2 / 20), (RATE, 1)).astype(np.float32)
    write_audio(repository / "music" / "noise.wav", sound, RATE)
    drifted = run(repository)
    assert drifted.returncode == 1
    assert "+0.20 LU" in drifted.stdout
    assert "1 of 1 files are not as recorded" in drifted.stdout
    assert "Traceback" not in drifted.stdout

    assert run(repository, "--spectra-record").returncode == 0
    assert run(repository).returncode == 0


@pytest.mark.parametrize(
    ("unmatched", "status", "outcome"),
    [(None, 1, "1 failed"), ("fail", 1, "1 failed"), ("skip", 0, "1 skipped"), ("warn", 0, "1 passed, 1 warning")],
)
def test_another_environment_fails_skips_or_warns_as_the_project_says(
    unmatched: str | None, status: int, outcome: str, repository: Path
) -> None:
    run(repository, "--spectra-record")
    edit(repository, "0.1")
    finished = run(repository, "-rs", *([f"--override-ini=spectra_unmatched={unmatched}"] if unmatched else []))
    assert finished.returncode == status, finished.stdout
    assert outcome in finished.stdout
    assert f"measuring.numpy: 0.1 recorded, {np.__version__} now" in finished.stdout


def test_what_moved_fails_even_where_another_environment_only_warns(repository: Path) -> None:
    run(repository, "--spectra-record")
    edit(repository, "0.1")
    (repository / "music" / "noise.wav").rename(repository / "music" / "other.wav")
    write_audio(repository / "music" / "noise.wav", np.zeros((RATE, 1), dtype=np.float32), RATE)
    finished = run(repository, "--override-ini=spectra_unmatched=warn")
    assert finished.returncode == 1
    assert "none: silent" in finished.stdout
    assert "other.wav" in finished.stdout


def test_another_word_for_unmatched_is_a_mistake_and_named(repository: Path) -> None:
    finished = run(repository, "--override-ini=spectra_unmatched=perhaps")
    assert finished.returncode == pytest.ExitCode.USAGE_ERROR
    assert "spectra_unmatched = perhaps is not known; choose one of: fail, skip, warn" in finished.stderr


def test_a_mistake_is_one_line_in_the_report(repository: Path) -> None:
    (repository / "tests" / "baseline.json").write_text("{}")
    finished = run(repository)
    assert finished.returncode == 1
    assert "is no baseline of this version" in finished.stdout
    assert "Traceback" not in finished.stdout


def test_the_plugin_loads_nothing_heavy_before_it_is_used() -> None:
    script = "import sys, evaluation.pytest_plugin; print(sorted({'numpy', 'scipy', 'evaluation.measures'} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert shown.stdout.strip() == "[]"
