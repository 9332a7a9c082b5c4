"""`import clstm as cl`: its names, its results, and music that lies in memory."""

import ast
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pretty_midi
import pytest
from matplotlib.figure import Figure

import clstm as cl
from clstm.corpus.corpus import Corpus
from clstm.music.midi import Notes, write_midi
from clstm.notebook.result import Result
from clstm.runtime import shadowing
from clstm.runtime.errors import MissingToolError, UserError
from evaluation.audio.files import write_audio
from evaluation.audio.render import RenderSettings
from reports.api import Options, Report
from reports.content.report import read_report
from reports.inputs.request import ReportRequest

ROOT = Path(__file__).resolve().parents[1]
SMALL = RenderSettings(sample_rate=22050)
EXTERNAL = re.compile(r"""(?:src|href)=["']?(?!data:)[^"'> ]|url\(|@import|<script""")


def tune(seed: int, *, grid: bool = False) -> Notes:
    random = np.random.default_rng(seed)
    onsets = np.arange(40) / 4 + (0 if grid else random.uniform(0, 0.1, 40))
    loud = np.full(40, 80) if grid else random.integers(40, 100, 40)
    return Notes.of(zip(onsets, onsets + 0.25, random.integers(48, 84, 40), loud, strict=True))


@pytest.fixture(scope="module")
def human(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("human")
    for seed in range(4):
        write_midi(tune(seed), folder / f"piece{seed}.mid")
    return folder


@pytest.fixture(scope="module")
def compared(human: Path) -> Any:
    mine = [tune(seed, grid=True) for seed in range(10, 14)]
    return cl.compare({"human": human, "mine <b>": mine}, "human", settings=SMALL)


def test_the_names_are_the_entry_points_and_the_stub_has_them() -> None:
    points = {(one.name, *one.value.split(":")) for one in entry_points(group="clstm.names")}
    stub = ast.parse((ROOT / "clstm" / "__init__.pyi").read_text(encoding="utf-8"))
    typed = {(one.asname, node.module, one.name) for node in stub.body for one in node.names}  # type: ignore[attr-defined]
    assert typed == points
    assert {name for name, _, _ in points} <= set(dir(cl))


def test_no_name_of_the_api_is_a_module() -> None:
    """`from clstm import NAME` would give one thing before the module is imported, and another after."""
    modules = {path.stem for path in (ROOT / "clstm").iterdir()}
    assert not modules & {one.name for one in entry_points(group="clstm.names")}


def test_importing_it_imports_nothing() -> None:
    script = "import sys, clstm; print(sorted({'numpy', 'torch', 'pandas', 'evaluation', 'typer'} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"


def test_what_is_no_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="module 'clstm' has no attribute 'compose'"):
        _ = cl.compose  # type: ignore[attr-defined]


def test_a_missing_package_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "evaluation.api.measuring", None)
    with pytest.raises(MissingToolError, match=r"^measure of clstm needs the package evaluation, which is not inst"):
        shadowing.load("clstm.names", "measure")


def test_an_error_of_the_users_is_one_line_in_a_notebook() -> None:
    """IPython calls this in place of its traceback."""
    with pytest.raises(UserError) as raised:
        cl.compare({"human": "nowhere"}, "human")
    (line,) = raised.value._render_traceback_()
    assert (
        line
        == "\x1b[31mUserError\x1b[0m: human: nowhere does not exist; give a MIDI or audio file, or a folder of them"
    )


def test_errors_name_arguments_where_a_command_has_options(human: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^reference 'people' is not one of the systems given"):
        cl.compare({"human": human}, "people")
    with pytest.raises(UserError, match=r"^unheard names 'people'"):
        cl.report({"human": human, "mine": human}, "human", tmp_path / "report", unheard=("people",))


def test_remarks_name_arguments_too(human: Path, tmp_path: Path) -> None:
    long = [Notes.of((time + 12 * part, time + 12 * part + 0.2, 60, 80) for part in range(9) for time in range(9))] * 4
    given = {"human": human, "long": long}
    found = cl.compare(given, "human", settings=SMALL)
    (said,) = [one for one in found.remarks if "length" in one]
    assert said.endswith("cut all with seconds")
    assert "--" not in " ".join(found.remarks)
    assert said in found._repr_html_()


def test_a_corpus_is_prepared_and_is_a_folder(human: Path, tmp_path: Path) -> None:
    made = cl.prepare(human, tmp_path / "corpus", workers=1)
    assert len(made.pieces) == 4
    assert Corpus.open(Path(made)).path == tmp_path / "corpus"


def test_the_options_of_a_report_are_those_of_its_request() -> None:
    given = set(ReportRequest.__dataclass_fields__) - {"sources", "reference", "out"}
    assert set(Options.__annotations__) == given


def test_notes_in_memory_are_measured_as_their_file(tmp_path: Path) -> None:
    file = tmp_path / "beats.mid"
    made = pretty_midi.PrettyMIDI(initial_tempo=90)  # what follows beats needs the tempo
    made.instruments.append(pretty_midi.Instrument(0))
    for beat in range(48):
        made.instruments[0].notes.append(pretty_midi.Note(60 + beat % 3, 60 + beat % 12, beat / 1.5, (beat + 1) / 1.5))
    made.write(str(file))
    music = cl.Music.read(file, SMALL)
    forms = {"pretty_midi": pretty_midi.PrettyMIDI(str(file)), "Music": [music], "list": [file], "made": made}
    found = cl.measure({"file": file, **forms}, only="notes")
    expected = found.medians["file"].dropna().to_dict()
    assert "onsets_on_beat" in expected
    for form in forms:
        assert found.medians[form].dropna().to_dict() == pytest.approx(expected, 1e-3), form
    alone = cl.measure({"Notes": music.notes}, only="notes").medians["Notes"].dropna().to_dict()
    assert alone["note_density"] == pytest.approx(expected["note_density"], 1e-3)
    assert not any("clstm-" in name for name in found.pieces["file"])


@pytest.mark.parametrize("shape", ["mono", "channels last", "channels first", "int16"])
def test_sound_in_memory_is_measured_as_its_file(tmp_path: Path, shape: str) -> None:
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(22050 * 4) / 22050)).astype(np.float32)
    write_audio(tmp_path / "tone.wav", np.stack([tone, tone], axis=1), 22050, bits=24)
    array: Any = {
        "mono": tone,
        "channels last": np.stack([tone, tone], axis=1),
        "channels first": np.stack([tone, tone]),
        "int16": np.round(tone * 32768).astype(np.int16),
    }[shape]
    ours, files = cl.Music.of((array, 22050), SMALL), cl.Music.read(tmp_path / "tone.wav", SMALL)
    for name in ("centroid", "integrated_loudness"):
        assert ours.metrics[name] == pytest.approx(files.metrics[name], rel=1e-2)


@pytest.mark.parametrize(
    ("music", "words"),
    [
        (np.zeros(8), "an array without a rate is no music"),
        ((np.zeros((3, 3)), 8000), r"an array of shape \(3, 3\) is no sound"),
        ((np.full(8, np.nan), 8000), "the array holds NaN"),
        ((np.zeros(8), 8), "a rate of 8 Hz is none of sound"),
        (b"MThd", "bytes b'MThd' is no music that is read here; give a path"),
        ([], "mine has no music"),
        (["nowhere.mid"], "nowhere.mid is no file"),
    ],
)
def test_what_is_no_music_is_said_in_one_line(music: Any, words: str) -> None:
    with pytest.raises(UserError, match=words):
        cl.measure({"mine": music})


def test_a_comparison_is_ranked_by_name_and_in_thousandths(compared: Any) -> None:
    assert list(compared.ranking["system"]) == ["mine <b>", "human"]  # which is the reference as it was played
    whole = compared.distances.query("space == 'joint' and system == 'mine <b>' and not without_control")
    assert compared.ranking["distance"][0] == pytest.approx(1000 * whole["distance"].item())
    assert set(compared.table["system"]) == {"mine <b>", "human"}


def test_pieces_in_memory_go_by_their_numbers(compared: Any) -> None:
    mine = compared.pieces[compared.pieces["system"] == "mine <b>"]
    assert list(mine["file"]) == ["1.mid", "2.mid", "3.mid", "4.mid"]
    assert "clstm-" not in " ".join([*compared.remarks, *compared.summary])


def test_a_comparison_is_kept_as_the_command_writes_it(compared: Any, tmp_path: Path) -> None:
    folder = compared.save(tmp_path / "verdict")
    assert {"comparison.json", "verdict.md", "verdict.csv", "metrics.csv"} <= {path.name for path in folder.iterdir()}
    assert len(pd.read_csv(folder / "verdict.csv")) == len(compared.table)
    compared.save(folder)  # ours, and replaced
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match=r"mine\.txt"):
        compared.save(folder)


def test_latex_is_that_of_the_command(compared: Any) -> None:
    printed = compared.to_latex("distance", columns=2)
    assert r"\begin{table*}" in printed
    assert r"mine \textless{}b\textgreater{}" in printed
    with pytest.raises(UserError, match="style 'sd' is not known"):
        compared.to_latex(style="sd")


def results(human: Path, compared: Any) -> list[Result]:
    return [
        compared,
        cl.measure({"human": human, "a & b": human}, only="notes"),
        cl.describe({"human": human, "a & b": human}),
    ]


def test_every_result_shows_draws_and_prints_itself(human: Path, compared: Any) -> None:
    for found in results(human, compared):
        shown = found._repr_html_()
        assert not EXTERNAL.search(shown)  # no network, no script
        assert "mine <b>" not in shown
        assert shown.count("<table>") == shown.count("</table>") >= 1
        assert found.plot()._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]  # a cell's last line
        assert found.to_latex().count(r"\begin{tabular}") >= 1
        assert repr(found) == f"<{found}>"
        assert "\n" not in str(found)


def test_colours_are_those_of_the_page_around(compared: Any) -> None:
    """Light or dark: no ink and no ground of its own but shades of the accent."""
    colours = set(re.findall(r"(?<![-\w])(?:color|background)\s*:\s*([^;}\"]+)", compared._repr_html_()))
    assert {one for one in colours if not one.startswith(("rgba(63,143,210", "inherit", "transparent"))} == {"#3f8fd2"}


def test_music_shows_a_player_a_roll_and_a_sonogram(human: Path) -> None:
    music = cl.Music.read(human / "piece0.mid", SMALL)
    shown = music._repr_html_()
    assert shown.count('<audio controls preload="metadata" aria-label="piece0" src="data:audio/') == 1
    assert shown.count("<svg") == shown.count("data:image/png;base64,") == 1
    assert "currentColor" in shown
    assert not EXTERNAL.search(shown)
    assert isinstance(music.plot(), Figure)
    assert repr(music) == "<Music piece0: 12 s of 40 notes>"


def test_a_player_is_short_and_says_so() -> None:
    shown = cl.Music(np.zeros((22050 * 40, 2), dtype=np.float32), 22050)._repr_html_()
    assert "The player holds the first 30 s of 40 s." in shown
    assert "Silence: no sonogram." in shown
    assert len(shown) < 500_000


def test_music_is_saved_by_its_suffix(human: Path, tmp_path: Path) -> None:
    music = cl.Music.read(human / "piece0.mid", SMALL)
    assert cl.Music.read(music.save(tmp_path / "a.wav"), SMALL).notes is None
    again = cl.Music.read(music.save(tmp_path / "a.mid"), SMALL)
    assert again.notes is not None
    assert music.notes is not None
    assert np.allclose(again.notes.onset, music.notes.onset, atol=1e-3)
    with pytest.raises(UserError, match="audio has no notes; save it as"):
        cl.Music(np.zeros((100, 2), dtype=np.float32), 8000).save(tmp_path / "b.mid")


def test_generated_music_is_a_folder_as_any_other(human: Path, tmp_path: Path) -> None:
    made = cl.generate("lstm", prompt=cl.Music.read(human / "piece0.mid", SMALL), count=2, seconds=2)
    assert len(made) == len(made.files) == 2
    assert isinstance(made[0], cl.Music)
    assert "<audio" in made._repr_html_()
    found = cl.measure({"lstm": made}, only="notes")
    assert found.made.measured == 2
    kept = made.save(tmp_path / "music")
    assert {path.name for path in kept.iterdir()} == {*(path.name for path in made.files), "generated.json"}
    gone = made.folder
    del made
    assert not gone.exists()


def test_a_training_and_its_accuracy(tiny_corpus: Corpus, tmp_path: Path) -> None:
    settings = {"hidden": 8, "batch": 2, "evaluate_every": 1}
    run = cl.train("lstm", tiny_corpus.path, tmp_path / "run", steps=2, settings=settings)
    assert list(run.table["step"]) == [1, 2]
    assert isinstance(run.plot(), Figure)
    assert "2 steps" in str(cl.train("lstm", tiny_corpus.path, tmp_path / "run", steps=2, settings=settings))  # goes on
    found = cl.accuracy(tiny_corpus.path, [run])
    assert "run" in set(found.ranking["system"])
    assert found.ranking["nats"].dropna().is_monotonic_increasing
    assert isinstance(found.plot(), Figure)
    assert not EXTERNAL.search(found._repr_html_())
    assert {path.name for path in found.save(tmp_path).iterdir()} >= {"accuracy.csv", "accuracy.tex"}


def test_a_report_shows_its_ranking_and_where_it_is() -> None:
    folder = ROOT / "reports" / "published" / "replication" / "report"
    found = Report(read_report(folder), folder / "index.html")
    assert found.ranking["distance"].notna().all()
    assert len(found.table) == len(found.content.verdict)
    shown = found._repr_html_()
    assert EXTERNAL.findall(shown) == ['href="' + str(folder)[:1]]  # the page, and nothing else
    assert isinstance(found.plot(), Figure)
    assert r"\begin{tabular}" in found.to_latex()


def test_a_report_names_its_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="mine lies in memory, and a report names its files; save it"):
        cl.report({"mine": tune(0)}, "mine", tmp_path / "report")  # type: ignore[dict-item]
