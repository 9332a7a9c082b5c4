"""No verb replaces what it did not write: not its own input, not a file that lay there, not one in a folder of ours."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from clstm.cli.main import main
from clstm.corpus.corpus import Corpus
from clstm.generation.continuations import write
from clstm.generation.prompts import opening
from clstm.music.midi import Notes, write_midi
from evaluation.audio.render import RenderSettings
from evaluation.measurement.render_folder import render_folder
from listening_study.protocol.configuration import Access
from listening_study.stimuli.anchor import make_anchor

Refused = Callable[..., str]


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Refused:
    """Run the command line as typed, in a folder of its own: what is said of the mistake, in one line."""
    monkeypatch.chdir(tmp_path)

    def run(*words: object) -> str:
        monkeypatch.setattr(sys, "argv", ["clstm", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        said = capsys.readouterr().err.strip()
        assert stop.value.code == 2, said
        return said.splitlines()[-1]

    return run


@pytest.fixture
def music(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        write_midi(
            Notes.of([(k / 4, k / 4 + 0.25, 60 + k % 7, 80) for k in range(16)]), tmp_path / "music" / f"{name}.mid"
        )
    (tmp_path / "index.csv").write_text("file,group\na.mid,1\n")
    return tmp_path / "music"


FILES = {
    "measure": ("measure", "a=music", "--out"),
    "grid-audit": ("grid-audit", "music", "--out"),
    "originality": ("originality", "a=music", "--corpus", "music", "--out"),
    "spectra record": ("spectra", "record", "music", "--out"),
    "accuracy": ("accuracy", "{corpus}", "rnn", "--out"),
    "accuracy --pairs": ("accuracy", "{corpus}", "rnn", "--pairs"),
    "accuracy --latex": ("accuracy", "{corpus}", "rnn", "--latex"),
    "benchmark": ("benchmark", "{corpus}", "--out"),
    "benchmark --latex": ("benchmark", "{corpus}", "--latex"),
    "reach": ("reach", "{corpus}", "rnn", "--out"),
    "reach --pairs": ("reach", "{corpus}", "rnn", "--out", "new.csv", "--pairs"),
    "report --single-file": ("report", "make", "a=music", "b=music", "--reference", "a", "--single-file", "--out"),
    "study power": ("study", "power", "--out"),
    "study audit": ("study", "audit", "{study}", "--no-server", "--out"),
    "study backup": ("study", "backup", "{study}", "--out"),
    "study payments": ("study", "payments", "{study}", "--out"),
}
FOLDERS = {
    "prepare": ("prepare", "music", "--out"),
    "generate": ("generate", "rnn", "--count", "1", "--seconds", "1", "--out"),
    "excerpts": ("excerpts", "{corpus}", "--count", "1", "--seconds", "1", "--out"),
    "compare": ("compare", "a=music", "b=music", "--reference", "a", "--out"),
    "report": ("report", "make", "a=music", "b=music", "--reference", "a", "--out"),
    "study anchor": ("study", "anchor", "music", "--out"),
    "study create": ("study", "create", "a=music/a.mid", "b=music/b.mid", "--human", "a", "--out"),
    "study simulate": ("study", "simulate", "{study}", "--out"),
}


@pytest.mark.parametrize("verb", FILES)
@pytest.mark.parametrize("out", ["music/a.mid", "index.csv", "notes.html"])
def test_no_verb_replaces_a_file_it_did_not_write(
    refused: Refused,
    music: Path,
    tiny_corpus: Corpus,
    tmp_path: Path,
    verb: str,
    out: str,
    request: pytest.FixtureRequest,
) -> None:
    (tmp_path / "notes.html").write_text("<p>mine</p>")
    before = (tmp_path / out).read_bytes()
    study = None
    if verb.startswith("study"):
        study = request.getfixturevalue("tiny_study").amend(access=Access(crowd_parameters=("PID",))).folder
    said = refused(*(word.format(corpus=tiny_corpus.path, study=study) for word in FILES[verb]), out)
    assert out in said
    assert (tmp_path / out).read_bytes() == before
    assert not (tmp_path / "new.csv").exists()  # refused before the work


@pytest.mark.parametrize("verb", FOLDERS)
@pytest.mark.parametrize("out", ["music", "index.csv"])
def test_no_verb_replaces_a_folder_it_did_not_write(
    refused: Refused,
    music: Path,
    tiny_corpus: Corpus,
    tmp_path: Path,
    verb: str,
    out: str,
    request: pytest.FixtureRequest,
) -> None:
    study = request.getfixturevalue("tiny_study").folder if verb.startswith("study") else None
    before = sorted(path.read_bytes() for path in music.iterdir())
    said = refused(*(word.format(corpus=tiny_corpus.path, study=study) for word in FOLDERS[verb]), out)
    assert out in said
    assert sorted(path.read_bytes() for path in music.iterdir()) == before
    assert (tmp_path / "index.csv").is_file()


def test_a_file_put_into_a_folder_of_ours_is_not_lost_with_it(
    refused: Refused, music: Path, tiny_corpus: Corpus, tmp_path: Path
) -> None:
    shutil.copytree(tiny_corpus.path, tmp_path / "corpus")
    (tmp_path / "corpus" / "thesis.tex").write_text("years of work")
    assert "thesis.tex" in refused("prepare", "music", "--out", "corpus")
    assert (tmp_path / "corpus" / "thesis.tex").read_text() == "years of work"


def test_render_leaves_a_users_audio_alone(refused: Refused, music: Path, tmp_path: Path) -> None:
    out = tmp_path / "audio"
    out.mkdir()
    (out / "a.flac").write_bytes(b"a recording of mine")
    assert "a.flac exists, and this command did not write it" in refused("render", "music", "--out", "audio")
    assert [path.name for path in out.iterdir()] == ["a.flac"]
    (out / "a.flac").unlink()
    files = sorted(music.iterdir())
    render_folder(files, out, RenderSettings(), workers=1)
    render_folder(files[1:], out, RenderSettings(), workers=1)  # and still knows what it wrote before
    render_folder(files, out, RenderSettings(), workers=1)
    (out / "b.flac").write_bytes(b"a better take")
    assert "b.flac was changed since this command wrote it" in refused("render", "music", "--out", "audio")
    assert (out / "b.flac").read_bytes() == b"a better take"


def test_render_goes_on_where_it_was_killed(music: Path, tmp_path: Path) -> None:
    """The record names what is to be written before the first file is."""
    out, files = tmp_path / "audio", sorted(music.iterdir())

    class Killed(BaseException):
        pass

    def killed(_what: str, _done: int, _total: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        render_folder(files, out, RenderSettings(), workers=1, progress=killed)
    assert (out / "a.flac").exists()
    assert len(render_folder(files, out, RenderSettings(), workers=1).rendered) == 2


def test_an_input_within_the_folder_that_is_replaced_is_not_lost(refused: Refused, music: Path, tmp_path: Path) -> None:
    """Its own output may be a command's input."""
    make_anchor(sorted(music.iterdir()), tmp_path / "anchor")
    before = sorted(path.name for path in (tmp_path / "anchor").iterdir())
    assert "which this command reads" in refused("study", "anchor", "anchor", "--count", 1, "--out", "anchor")
    write(tmp_path / "made", [opening()], [opening().continuation], {}, corpus=None, with_prompt=False)
    prompt = next((tmp_path / "made").glob("*.mid"))
    assert "which this command reads" in refused("generate", "rnn", "--prompt", prompt, "--out", "made")
    assert prompt.exists()
    assert sorted(path.name for path in (tmp_path / "anchor").iterdir()) == before


def test_a_check_does_not_write_its_result_over_the_baseline(refused: Refused, music: Path, tmp_path: Path) -> None:
    (tmp_path / "base.json").write_text('{"format": "clstm spectra 1"}')
    assert "base.json" in refused("spectra", "check", "base.json", "--junit", "base.json")
    assert (tmp_path / "base.json").read_text() == '{"format": "clstm spectra 1"}'


@pytest.mark.parametrize("out", ["music/a.mid/x.csv", "loop.csv"])
def test_where_nothing_can_be_written_is_said_before_the_work(refused: Refused, music: Path, out: str) -> None:
    (music.parent / "loop.csv").symlink_to("loop.csv")
    assert out in refused("grid-audit", "music", "--out", out)


def test_two_outputs_are_two_files(refused: Refused, music: Path, tiny_corpus: Corpus) -> None:
    said = refused("accuracy", tiny_corpus.path, "rnn", "--out", "a.csv", "--pairs", "./a.csv")
    assert "--pairs and --out are both a.csv" in said
