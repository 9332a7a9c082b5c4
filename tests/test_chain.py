"""The verbs of `clstm` one after another, as a user types them, on eight tiny pieces."""

import json
import os
import resource
import subprocess
import sys
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.corpus.corpus import Corpus
from clstm.models.networks import KINDS
from clstm.music.midi import read_midi
from clstm.runtime.errors import UserError

pytestmark = pytest.mark.usefixtures("empty_charts", "measured_once", "rough_floors")

SMALL = ("--set", "hidden=32", "--set", "batch=8", "--set", "excerpt=64")


def clstm(*arguments: object) -> str:
    result = CliRunner().invoke(load_commands(), [str(argument) for argument in arguments])
    if isinstance(result.exception, UserError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def chain(eight_pieces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which everything up to the music was made by commands."""
    out = tmp_path_factory.mktemp("chain")
    clstm("prepare", eight_pieces, "--out", out / "corpus")
    for kind in KINDS:
        clstm("train", kind, out / "corpus", "--out", out / "runs" / kind, "--steps", 10, *SMALL)
    runs = [out / "runs" / kind for kind in KINDS]
    clstm("accuracy", out / "corpus", *runs, "--stride", 45, "--out", out / "accuracy.csv")
    size = ("--count", 5, "--seconds", 6, "--split", "train")
    clstm("excerpts", out / "corpus", "--out", out / "music" / "human", *size)
    for kind in KINDS:
        clstm("generate", out / "runs" / kind, "--corpus", out / "corpus", "--out", out / "music" / kind, *size)
    return out


def test_the_accuracy_table_holds_models_and_baselines(chain: Path) -> None:
    table = pd.read_csv(chain / "accuracy.csv")
    assert len(table) == 2 * (4 + len(KINDS))
    assert table["accuracy"].between(0.8, 1).all()


def test_models_and_people_continue_the_same_seeds(chain: Path) -> None:
    manifests = {
        name: json.loads((chain / "music" / name / "generated.json").read_text()) for name in ("human", *KINDS)
    }
    begins = {
        name: [(item["piece"], item["prompt_start_seconds"]) for item in manifest["items"]]
        for name, manifest in manifests.items()
    }
    assert all(own == begins["human"] for own in begins.values())
    assert manifests["c-lstm"]["model"] == "c-lstm"
    assert manifests["c-lstm"]["density"]["above"] >= 0


def test_music_comes_without_its_seed_unless_asked(chain: Path, eight_pieces: Path, tmp_path: Path) -> None:
    seed = ("--prompt", eight_pieces / "piece2.mid", "--count", 2, "--seconds", 6)
    clstm("generate", chain / "runs" / "rnn", "--out", tmp_path / "without", *seed)
    clstm("generate", chain / "runs" / "rnn", "--out", tmp_path / "with", "--with-prompt", *seed)
    opening = read_midi(eight_pieces / "piece2.mid").between(0, 90 / 8)
    whole = read_midi(tmp_path / "with" / "001-piece2.mid")
    bare = read_midi(tmp_path / "without" / "001-piece2.mid")
    assert bare.duration <= 6
    assert whole.duration > 90 / 8
    assert whole.pitch[: len(opening)].tolist() == opening.pitch.tolist()
    assert (tmp_path / "without" / "002-piece2.mid").read_bytes() != (
        tmp_path / "without" / "001-piece2.mid"
    ).read_bytes()


def test_report_and_study_are_made_of_the_music(chain: Path) -> None:
    systems = [f"{name}={chain / 'music' / name}" for name in ("human", "lstm")]
    clstm("render", chain / "music" / "lstm", "--out", chain / "audio")
    assert len(list((chain / "audio").glob("*.flac"))) == 5
    accuracy = ("--accuracy", chain / "accuracy.csv")
    clstm("report", *systems, "--reference", "human", *accuracy, "--page-only", "--out", chain / "report")
    assert (chain / "report" / "index.html").stat().st_size > 10_000
    cut = ("--clips", 2, "--seconds", 3, "--after", 0)
    clstm("study", "create", *systems, "--human", "human", *cut, "--out", chain / "study")
    assert len(list((chain / "study" / "clips").glob("*.flac"))) == 4 + 2  # two to practise on
    clstm("study", "close", chain / "study")
    assert "human" in clstm("study", "results", chain / "study")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("accuracy", "{}/corpus", "{}/nothing"), "nothing is not a run; make one with: clstm train"),
        (("accuracy", "{}/corpus", "{}/runs/rnn", "--split", "sample"), "no piece in the split 'sample'"),
        (("train", "rnn", "{}/runs/rnn", "--out", "{}/new"), "runs/rnn is not a corpus; make one with: clstm prepare"),
        (
            ("generate", "{}/runs/rnn", "--corpus", "{}/corpus", "--prompt", "song.mid", "--out", "{}/new"),
            "give one thing to continue",
        ),
        (("generate", "{}/runs/rnn", "--corpus", "{}/corpus", "--step", "10", "--out", "{}/new"), "choose 1 to 9"),
        (("generate", "{}/runs/rnn", "--threshold", "0.5", "--rescue", "--out", "{}/new"), "choose one of the two"),
        (
            ("excerpts", "{}/corpus", "--seconds", "6", "--out", "{}/runs"),
            "not empty and not music that",
        ),
        (("generate", "{}/runs/rnn", "--corpus", "{}/corpus", "--mode", "best", "--out", "{}/new"), "stream, window"),
        (("excerpts", "{}/corpus", "--seconds", "0", "--out", "{}/new"), "a continuation of 0 seconds is not possible"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing_behind(chain: Path, arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(UserError, match=message) as mistake:
        clstm(*(argument.format(chain) for argument in arguments))
    assert "\n" not in str(mistake.value)
    assert not (chain / "new").exists()


@pytest.mark.parametrize("verb", ["prepare", "train"])
def test_a_file_that_cannot_be_written_is_one_line_and_leaves_nothing_behind(
    verb: str, eight_pieces: Path, tiny_corpus: Corpus, tmp_path: Path
) -> None:
    arguments = {"prepare": [eight_pieces], "train": ["rnn", tiny_corpus.path, "--steps", "1", *SMALL]}
    command = [Path(sys.executable).parent / "clstm", verb, *arguments[verb], "--out", tmp_path / "new"]
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (10_000, 10_000))  # bytes a file: a disk that is full
    # Python would keep what it compiles of a module cut off at the limit, and no later process could import it.
    uncompiled = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    failed = subprocess.run(command, preexec_fn=limit, capture_output=True, text=True, check=False, env=uncompiled)
    assert failed.returncode == 2, failed.stderr
    assert "Cannot write: File too large" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
