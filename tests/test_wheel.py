"""What is installed from the wheel, beside projects that have packages of the same names."""

import importlib.util
import os
import re
import subprocess
import sys
import sysconfig
import venv
from email import message_from_string
from email.message import Message
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from patience import PATIENCE

from evaluation.audio.files import write_audio

ROOT = Path(__file__).resolve().parents[1]
TESTS = """
import evaluation, reports

def test_ours():
    assert evaluation.OURS and reports.OURS

def test_of_nothing_else():
    assert {right}
"""


def run(
    *command: str | Path, here: Path, patience: float = PATIENCE, **environment: str
) -> subprocess.CompletedProcess[str]:
    alone = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTEST_ADDOPTS")}
    alone |= {"COLUMNS": "200"} | environment
    return subprocess.run(command, cwd=here, env=alone, capture_output=True, text=True, timeout=patience, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, here=ROOT)
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of an environment that has the wheel, and this one's other packages."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, symlinks=True)
    python = place / "bin" / "python"
    (site,) = place.glob("lib/python*/site-packages")
    (site / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\n")  # its own .pth files are not read
    command = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet", wheel]
    made = run(*command, here=place)
    assert made.returncode == 0, made.stderr
    where = run(python, "-c", "import evaluation; print(evaluation.__file__)", here=place)
    assert Path(where.stdout.strip()).is_relative_to(place), where.stdout
    return place / "bin"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Somebody's project, with packages of our names that notice when they are imported."""
    for name in ("evaluation", "reports", "listening_study"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("OURS = True\nprint('imported', __name__)\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text(TESTS.format(right=True))
    return tmp_path


def hides(project: Path, installed: Path, said: str) -> bool:
    """Whether both places are named in one line."""
    (site,) = installed.parent.glob("lib/python*/site-packages")
    return any(f"{project / 'evaluation'}" in line and f"{site / 'evaluation'}" in line for line in said.splitlines())


@pytest.mark.parametrize(("right", "status", "told"), [(True, 0, "2 passed"), (False, 1, "1 failed, 1 passed")])
def test_a_project_with_its_own_evaluation_runs_its_own_tests(
    right: bool, status: int, told: str, installed: Path, project: Path
) -> None:
    (project / "tests" / "test_it.py").write_text(TESTS.format(right=right))
    finished = run(installed / "python", "-m", "pytest", "-W", "error", here=project)
    assert finished.returncode == status, finished.stdout + finished.stderr
    assert told in finished.stdout
    assert "hides" not in finished.stdout + finished.stderr, "nobody asked for anything of clstm"


def test_a_test_that_asks_for_the_hidden_fixture_is_told_both_places(installed: Path, project: Path) -> None:
    (project / "tests" / "test_sound.py").write_text("def test_sound(spectra): spectra.check('x.json')\n")
    finished = run(installed / "python", "-m", "pytest", here=project)
    assert "2 passed, 1 error" in finished.stdout
    assert hides(project, installed, finished.stdout)
    assert "Traceback" not in finished.stdout


def test_the_fixture_works_beside_a_folder_that_hides_nothing(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "evaluation").mkdir()  # without __init__.py Python looks further
    (tmp_path / "test_sound.py").write_text("def test_sound(spectra): spectra.check('x.json')\n")
    finished = run(installed / "python", "-m", "pytest", here=tmp_path)
    assert "no baseline" in finished.stdout, finished.stdout


def test_the_command_keeps_its_verbs_and_says_what_hides_them(installed: Path, project: Path) -> None:
    write_audio(project / "tone.wav", 0.1 * np.sin(np.arange(22050))[:, None].astype(np.float32), 22050)
    plain = run(installed / "clstm", "--help", here=project)
    hidden = run(installed / "clstm", "--help", here=project, PYTHONPATH=".")
    assert hidden.stdout == plain.stdout
    assert (plain.stderr, hidden.returncode) == ("", 0)
    assert len(hidden.stderr.splitlines()) == 1
    assert hides(project, installed, hidden.stderr)
    measured = run(
        installed / "clstm", "measure", "A=tone.wav", "--out", "m.csv", here=project, PYTHONPATH=str(project)
    )
    assert measured.returncode == 0, measured.stderr  # the processes it starts find ours too
    assert "imported" not in measured.stdout
    assert (project / "m.csv").is_file()


@pytest.mark.parametrize("script", ["from clstm import Music", "import reports", "import listening_study"])
def test_a_notebook_beside_its_own_evaluation_is_told_both_places(script: str, installed: Path, tmp_path: Path) -> None:
    (tmp_path / "evaluation.py").write_text("print('imported', __name__)\n")
    finished = run(installed / "python", "-c", script, here=tmp_path)
    assert finished.returncode == 1
    last = finished.stderr.splitlines()[-1]
    (site,) = installed.parent.glob("lib/python*/site-packages")
    assert f"{tmp_path / 'evaluation.py'}" in last
    assert f"{site / 'evaluation'}" in last
    assert "imported" not in finished.stdout


def test_music_is_found_by_its_short_name(installed: Path, tmp_path: Path) -> None:
    script = "from clstm import Music, music; print(Music, music)"
    shown = run(installed / "python", "-c", script, here=tmp_path)
    assert "evaluation.music.Music" in shown.stdout, shown.stderr
    strange = run(installed / "python", "-c", "from clstm import Musik", here=tmp_path)
    assert "cannot import name 'Musik'" in strange.stderr


def test_the_shell_completes_verbs_and_is_told_nothing_else(installed: Path, project: Path) -> None:
    asked = {"_CLSTM_COMPLETE": "complete_bash", "COMP_WORDS": "clstm report v", "COMP_CWORD": "2", "PYTHONPATH": "."}
    completed = run(installed / "clstm", here=project, **asked)
    assert (completed.stdout.split(), completed.stderr) == (["verify"], "")


@pytest.fixture(scope="module")
def about(installed: Path) -> Message:
    (metadata,) = installed.parent.glob("lib/python*/site-packages/clstm-*.dist-info/METADATA")
    return message_from_string(metadata.read_text(encoding="utf-8"))


def test_the_licence_covers_the_weights_and_its_text_comes_along(about: Message, installed: Path) -> None:
    assert about["License-Expression"] == "MIT AND CC-BY-SA-4.0 AND ISC"
    (folder,) = installed.parent.glob("lib/python*/site-packages/clstm-*.dist-info/licenses")
    assert "CC-BY-SA-4.0" in (folder / "clstm/pretrained/LICENSE").read_text(encoding="utf-8")
    assert set(about.get_all("License-File", [])) == {
        "LICENSE",
        "clstm/pretrained/LICENSE",
        "evaluation/embeddings/musicnn.LICENSE",
    }


def test_the_description_has_no_relative_link(about: Message) -> None:
    text = about.get_payload()
    assert text.startswith("# clstm")
    assert "](https://doi.org/10.5539/cis.v11n3p50)" in text
    assert re.findall(r"\]\((?!https?://)[^)]*\)", text) == []
    assert re.findall(r'\s(?:src|srcset)="(?!https?://)[^"]*"', text) == []
    assert about.get_all("Project-URL")


@pytest.fixture
def metadata() -> ModuleType:
    spec = importlib.util.spec_from_file_location("metadata_hook", ROOT / ".ci" / "metadata.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_with_an_address_links_become_absolute_and_code_stays(metadata: ModuleType) -> None:
    readme = "[![a b](x.svg)](y.md)\n\n*Said.*\n\n[c](#d), [e](https://f)\n```\n[g](h)\n```\n"
    place = "https://git.example/clstm"
    assert metadata.description(readme, place) == (
        f"[![a b]({place}/raw/HEAD/x.svg)]({place}/blob/HEAD/y.md)\n\n*Said.*\n\n[c]({place}#d), [e](https://f)\n"
        "```\n[g](h)\n```\n"
    )
    assert metadata.description(readme, "") == "c, [e](https://f)\n```\n[g](h)\n```\n"
    picture = '[<picture><source srcset="x.png"><img alt="a" src="y.png"></picture>](z.md)\n\n*Said.*\n\nc\n'
    assert metadata.description(picture, place) == (
        f'[<picture><source srcset="{place}/raw/HEAD/x.png"><img alt="a" src="{place}/raw/HEAD/y.png"></picture>]'
        f"({place}/blob/HEAD/z.md)\n\n*Said.*\n\nc\n"
    )
    assert metadata.description(picture, "") == "c\n"
    assert metadata.stated('x: 1\nrepository-code: "https://a/b"\n', "repository-code") == "https://a/b"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_demonstration_needs_nothing_but_the_wheel(installed: Path, tmp_path: Path) -> None:
    shown = run(installed / "clstm", "demo", "--out", "demo", here=tmp_path, patience=10 * PATIENCE)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert (tmp_path / "demo/report/index.html").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo"]
