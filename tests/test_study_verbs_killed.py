"""The long verbs of a study killed at many moments and run again: the same as without a kill, and nothing left over."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from patience import PATIENCE

from listening_study.protocol.key import open_key
from listening_study.protocol.study import Study, read_study
from listening_study.store import Store

HERE = Path(__file__).parent
FEW, MANY = 2, 10
Made = Callable[[Path], Any]


def kill_and_run_again(folder: Path, made: Made, moments: int, *words: object) -> None:
    """`words` writes to `folder`/out; `made` says what is there, apart from secrets."""
    command = [sys.executable, str(HERE / "killed.py"), str(moments), *map(str, words), "--out", str(folder / "out")]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ran.returncode == 0, ran.stderr
    print(f"{words[1]}: killed at {ran.stdout.split(chr(10))[-2]} steps that change a disk")
    whole = made(folder / "whole")
    assert whole
    assert made(folder / "out") == whole
    others = [path for path in folder.iterdir() if path.name not in ("out", "whole")]
    assert all(path.name.startswith("late-") for path in others)  # nothing half-made stays
    assert all(made(path) == whole for path in others)


def clips_of(folder: Path) -> Any:
    """What each clip sounds like and where it is from; their names are secret."""
    study = read_study(folder)
    key = open_key(study)
    hashed = {name: sha256(study.clip_path(name).read_bytes()).hexdigest() for name in (*key.clips, *key.aside)}
    origins = sorted((hashed[name], repr(origin)) for name, origin in {**key.clips, **key.aside}.items())
    plain = replace(study, folder=Path(), created="", clips=(), practice=(), catch=(), key_sha256="", order_sha256="")
    return origins, replace(plain, registration_sha256="")


def answers_of(folder: Path) -> Any:
    with closing(Store(read_study(folder).answers_path)) as store:
        return store.answered_trials(), store.progress(), store.is_open()


def tables_of(folder: Path) -> Any:
    return {path.name: path.read_bytes() if path.suffix == ".csv" else b"" for path in folder.iterdir()}


@pytest.mark.parametrize("moments", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
def test_creating_a_study(tiny_sources: dict[str, list[Path]], tmp_path: Path, moments: int) -> None:
    sources = [f"{name}={path}" for name, paths in tiny_sources.items() for path in paths]
    plan = ("--human", "zebrafinch", "--clips", 2, "--seconds", 2, "--after", 0)
    kill_and_run_again(tmp_path, clips_of, moments, "study", "create", *sources, *plan)


@pytest.mark.slow
def test_simulating_a_study(tiny_study: Study, tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    kill_and_run_again(
        folder, answers_of, MANY, "study", "simulate", tiny_study.folder, "--listeners", "expert=3", "--seed", 1
    )


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_results_of_a_study(tiny_study: Study, tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    simulate = "from clstm.cli.main import main; main()"
    words = ("study", "simulate", tiny_study.folder, "--listeners", "expert=4", "--out", tmp_path / "filled")
    subprocess.run([sys.executable, "-c", simulate, *map(str, words)], check=True, capture_output=True)
    kill_and_run_again(folder, tables_of, MANY, "study", "results", tmp_path / "filled")
