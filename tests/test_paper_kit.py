"""The paper kit: figures with captions that say what is drawn, in LaTeX that compiles as IEEE and ISMIR ask."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_paper import AWKWARD, METRICS_MEASURED, comparison

from clstm.music.midi import Notes, write_midi
from clstm.runtime.errors import UserError
from evaluation.comparison.verdict import VerdictRow
from reports.figures.songs import DrawnPiece, read_song, song
from reports.paper import kit
from reports.paper.floats import FLOATS
from reports.paper.illustrations import illustrations, largest_distances
from reports.paper.kit import write_kit
from reports.paper.pieces import pieces_or_why, titles_of
from reports.paper.record import read_record

# By the instructions of ISMIR 2020 to 2025: A4, 17.2 cm x 25.2 cm of text in two columns of 8.2 cm, Times of 10 points.
ISMIR = r"""\documentclass[10pt,a4paper,twocolumn]{article}
\usepackage[left=1.9cm,right=1.9cm,top=2cm,bottom=2.5cm,columnsep=0.8cm]{geometry}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{times,booktabs,graphicx}
\begin{document}
\input{methods}
\input{table}
\input{FLOATS}
\bibliographystyle{plain}
\bibliography{references}
\end{document}
"""


def compared(folder: Path, systems: tuple[str, ...], metrics: Sequence[str] = METRICS_MEASURED[:12]) -> Path:
    """A comparison whose metrics have distances: those of the first system grow with the metric's place."""
    made = comparison(folder, systems, list(metrics))
    verdict = pd.read_csv(made / "verdict.csv", keep_default_na=False)
    verdict["distance"] = [
        1 + list(metrics).index(row.metric) / (1 + (row.system != systems[0])) for row in verdict.itertuples()
    ]
    verdict["distance_low"], verdict["distance_high"] = verdict["distance"] * 0.8, verdict["distance"] * 1.3
    verdict["size"] = 3
    verdict.to_csv(made / "verdict.csv", index=False)
    return made


def sung(name: str, title: str = "a piece") -> DrawnPiece:
    waveform = 0.3 * np.sin(2 * np.pi * 440 * np.arange(12 * 22050) / 22050)
    return song(name, title, "#0072b2", waveform.astype(np.float32), 22050, None)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said of figures does not depend on how they look."""
    monkeypatch.setattr(kit, "draw", lambda jobs, progress: None)


def test_the_largest_distances_are_significant_ones_first() -> None:
    rows = [
        VerdictRow(system="a", metric="novelty", verdict="inconclusive", distance=9.0),
        VerdictRow(system="a", metric="polyphony", verdict="differs", distance=2.0),
        VerdictRow(system="b", metric="polyphony", verdict="inconclusive", distance=5.0),
        VerdictRow(system="b", metric="note_density", verdict="differs", distance=3.0),
        VerdictRow(system="b", metric="centroid", verdict="differs", distance=None),
    ]
    assert largest_distances(rows) == ["note_density", "polyphony", "novelty"]
    assert largest_distances(rows, most=1) == ["note_density"]


def test_every_figure_has_a_float_in_each_width_and_a_caption(tmp_path: Path, undrawn: None) -> None:
    out = tmp_path / "paper"
    write_kit(compared(tmp_path / "compared", ("a", "b")), out, [sung("human"), sung("a"), sung("b")])
    keys = ["ranking", "largest", "distributions", "waveform", "spectrum", "sonogram"]
    for columns, name in FLOATS.items():
        text = (out / name).read_text(encoding="utf-8")
        assert re.findall(r"\\label\{fig:(\w+)\}", text) == keys
        ending = "-one-column" if columns == 1 else ""
        assert re.findall(r"\]\{([\w-]+)\}", text) == [f"{key}{ending}" for key in keys]
        assert text.count(r"\begin{figure*}") == (0 if columns == 1 else len(keys))
    assert re.findall(r"^\*\*(\w+)\*\*: ", (out / "captions.md").read_text(encoding="utf-8"), re.MULTILINE) == keys
    assert {"table.tex", "table.md", "methods.tex", "methods.md", "references.bib", "paper.tex"} <= {
        path.name for path in out.iterdir()
    }


def test_captions_say_how_many_pieces_what_is_significant_and_which_piece_is_drawn(tmp_path: Path) -> None:
    record = read_record(compared(tmp_path / "compared", ("a", "b")))
    said = {one.key: one.caption for one in illustrations(record, [sung("human"), sung("a", "another")])}
    assert "human 6, a 6 and b 6" in said["ranking"]
    assert "Significant are 0 of these 20 differences." in said["largest"]
    assert "(n = 3)" in said["largest"]
    assert "the first 12 s of (a) human, a piece; (b) a, another." in said["waveform"]
    assert "dashed: that of human" in said["spectrum"]
    assert "the first 12 s" in said["sonogram"]


def test_without_tests_nothing_is_called_significant_or_inconclusive(tmp_path: Path) -> None:
    folder = compared(tmp_path / "compared", ("a",))
    verdict = pd.read_csv(folder / "verdict.csv", keep_default_na=False).assign(verdict="no verdict")
    verdict.to_csv(folder / "verdict.csv", index=False)
    said = {one.key: one.caption for one in illustrations(read_record(folder))}
    assert "No difference was tested." in said["largest"]
    assert "inconclusive" not in said["largest"]


def test_a_comparison_without_distances_has_a_table_and_methods_alone(tmp_path: Path, undrawn: None) -> None:
    folder = comparison(tmp_path / "compared", ("a",), METRICS_MEASURED[:2])
    (folder / "distances.csv").unlink()
    write_kit(folder, tmp_path / "paper")
    assert r"\input{figures}" not in (tmp_path / "paper/paper.tex").read_text(encoding="utf-8")
    assert pieces_or_why(folder, ()) == ([], "")
    with pytest.raises(UserError, match=r"report\.json"):
        pieces_or_why(folder, ("x",))


def test_a_piece_is_chosen_for_all_systems_or_for_one() -> None:
    from reports.content.provenance import InputFile
    from reports.content.report import SystemContent

    def system(name: str, *files: str) -> SystemContent:
        inputs = tuple(InputFile(file=file, sha256="0" * 64, seconds=9.0) for file in files)
        return SystemContent(
            name=name, role="system", colour="", shown=Path(files[0]).stem, median_seconds=9.0, inputs=inputs
        )

    systems = [system("human", "one.mid", "two.mid"), system("a", "one.mid", "two.mid", "three.wav")]
    assert titles_of(systems, ()) == {"human": "one", "a": "one"}
    assert titles_of(systems, ("two",)) == {"human": "two", "a": "two"}
    assert titles_of(systems, ("two.mid", "a=three")) == {"human": "two", "a": "three"}
    assert titles_of(systems, ("a=three", "two")) == {"human": "two", "a": "three"}
    with pytest.raises(UserError, match="human has no piece of this name, but one, two"):
        titles_of(systems, ("three",))


def songs(folder: Path, names: Sequence[str]) -> list[DrawnPiece]:
    folder.mkdir()
    found = []
    for place, name in enumerate(names):
        onset = np.arange(0, 4, 0.25)
        path = folder / f"{place}.mid"
        write_midi(Notes.of(zip(onset, onset + 0.3, 60 + place + onset.astype(int), onset * 0 + 80, strict=True)), path)
        found.append(read_song(path, name))
    return found


def compiled(folder: Path, name: str) -> str:
    """The log of the last run; fails where LaTeX does."""
    for command in (["pdflatex"], ["bibtex"], ["pdflatex"], ["pdflatex"]):
        option = ["-interaction=nonstopmode", "-halt-on-error"] if command == ["pdflatex"] else []
        done = subprocess.run(
            [*command, *option, name],
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:]
    assert (folder / f"{name}.pdf").is_file()
    return (folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")


@pytest.mark.slow
@pytest.mark.parametrize("systems", [AWKWARD, tuple(f"system {place}" for place in range(8))])
def test_the_kit_compiles_as_ieee_and_ismir_ask_and_fits_their_columns(
    tmp_path: Path, systems: tuple[str, ...]
) -> None:
    out = tmp_path / "paper"
    write_kit(compared(tmp_path / "compared", systems), out, songs(tmp_path / "music", ("human", *systems)))
    logs = {"paper": compiled(out, "paper")}
    for name in FLOATS.values():
        paper = f"ismir-{Path(name).stem}"
        (out / f"{paper}.tex").write_text(ISMIR.replace("FLOATS", Path(name).stem), encoding="utf-8")
        logs[paper] = compiled(out, paper)
    for paper, log in logs.items():
        wide = [float(points) for points in re.findall(r"Overfull \\hbox \(([\d.]+)pt too wide\)", log)]
        assert [points for points in wide if points > 5] == [], paper
        assert "undefined" not in log, paper
        assert "Overfull \\vbox" not in log, paper


@pytest.mark.slow
def test_the_same_record_gives_the_same_kit(tmp_path: Path) -> None:
    folder = compared(tmp_path / "compared", ("a",))
    drawn = songs(tmp_path / "music", ("human", "a"))
    kits = []
    for number in (1, 2):
        write_kit(folder, tmp_path / f"paper-{number}", drawn)
        kits.append({path.name: path.read_bytes() for path in (tmp_path / f"paper-{number}").iterdir()})
    assert kits[0] == kits[1]
