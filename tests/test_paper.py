"""From a report to a paper: a table of the comparison's own numbers, sound LaTeX, and references that exist."""

import json
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.runtime.errors import UserError
from evaluation.comparison.verdict import COLUMNS
from evaluation.metrics.catalogue import METRICS
from reports.paper import methods
from reports.paper.lines import STYLES
from reports.paper.methods import paragraph, write_methods
from reports.paper.record import read_record
from reports.paper.references import entries
from reports.paper.selection import selected
from reports.paper.table import TableRequest, make_table

AWKWARD = ("a_b & c%", "Käthe's {#1} ~ ^$\\", "a-system-whose-name-has-forty-characters")
METRICS_MEASURED = [name for name, metric in METRICS.items() if metric.tested][:45]
PUBLISHED = Path(__file__).parents[1] / "reports/published/replication/report"


def comparison(folder: Path, systems: tuple[str, ...], metrics: list[str], *, best: bool = True) -> Path:
    """A folder of `clstm compare` with these systems; the first is significantly closer than the others, or none is."""
    random = np.random.default_rng(0)
    names = ("human", *systems)
    values = pd.DataFrame(
        [(name, str(piece), metric) for name in names for piece in range(6) for metric in metrics],
        columns=["system", "piece", "metric"],
    )
    values["value"] = random.gamma(2.0, 10.0 ** random.integers(-2, 4, len(values)))
    groups = values.groupby(["system", "metric"])["value"]
    mean, quartile = groups.mean(), groups.quantile([0.25, 0.5, 0.75]).unstack()  # noqa: PD010  of a series
    rows = []
    for system in systems:
        for metric in metrics:
            row: dict[str, Any] = dict.fromkeys(COLUMNS, np.nan)
            row |= {"system": system, "metric": metric, "verdict": "inconclusive", "direction": "", "magnitude": ""}
            row |= {"against": "human", "note": "", "p": 0.5, "p_holm": 1.0, "permutations": 462}
            for side, name in (("reference", "human"), ("system", system)):
                row |= {f"{side}_pieces": 6, f"{side}_n": 6, f"{side}_mean": mean[name, metric]}
                ends = quartile.loc[name, metric]
                row |= {f"{side}_q1": ends[0.25], f"{side}_median": ends[0.5], f"{side}_q3": ends[0.75]}
            gap = mean[system, metric] - mean["human", metric]
            rows.append(row | {"difference": gap, "difference_low": gap - 1.5, "difference_high": gap + 2.5})
    far = [
        {"system": system, "against": "human", "space": "joint", "pieces": 6, "p": 0.01, "distance": 0.05 + place / 10}
        | {"distance_low": place / 10, "distance_high": 0.1 + place / 10, "density": 0.9, "coverage": 0.8}
        for place, system in enumerate(systems)
    ]
    pairs = [
        {
            "closer": one,
            "further": other,
            "difference": 0.1,
            "p": 0.01,
            "p_holm": 0.02,
            "significant": best and not place,
        }
        for place, one in enumerate(systems)
        for other in systems[place + 1 :]
    ]
    folder.mkdir(parents=True)
    pd.DataFrame(rows).to_csv(folder / "verdict.csv", index=False)
    values.to_csv(folder / "metrics.csv", index=False)
    pieces = values[["system", "piece"]].drop_duplicates()
    pieces.assign(group=pieces["piece"]).to_csv(folder / "pieces.csv", index=False)
    pd.DataFrame(far).to_csv(folder / "distances.csv", index=False)
    pd.DataFrame(pairs, columns=["closer", "further", "difference", "p", "p_holm", "significant"]).to_csv(
        folder / "pairs.csv", index=False
    )
    about = {"made_by": "clstm compare", "version": "0.2.0", "reference": "human", "seed": 7, "resamples": 2000}
    about |= {"systems": dict.fromkeys(names, 6), "seconds": 30.0, "rendering": None}
    folder.joinpath("comparison.json").write_text(json.dumps(about), encoding="utf-8")
    return folder


def tabulars(text: str) -> list[tuple[int, list[list[str]]]]:
    """The number of columns of each tabular, and its rows as cells; fails for LaTeX that is not well formed."""
    opened: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{([a-z*]+)\}", text):
        if kind == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert opened == []
    code = re.sub(r"^%.*$", "", text, flags=re.MULTILINE)
    bare = re.sub(r"\\[\\&%$#_{}]", "", code)
    assert bare.count("{") == bare.count("}")
    assert "%" not in bare
    assert bare.count("$") % 2 == 0
    found = []
    for columns, body in re.findall(r"\\begin\{tabular\}\{@\{\}(.*?)@\{\}\}(.*?)\\end\{tabular\}", code, re.DOTALL):
        count = 1 + columns.count("r")
        lines = [line for line in body.splitlines() if line.endswith(r" \\")]
        cells = [re.split(r"(?<!\\)&", line.removesuffix(r"\\")) for line in lines]
        assert {len(row) for row in cells} == {count}
        found.append((count, cells))
    return found


def numbers(text: str) -> list[float]:
    text = text.replace("−", "-").replace("$-$", "-").replace(r"\pad", " ")
    return [float(one) for one in re.findall(r"-?\d+(?:\.\d+)?", text)]


@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("systems", "metrics"), [(2, 1), (3, 12), (8, 45)])
def test_latex_is_well_formed_whatever_names_and_sizes(
    tmp_path: Path, systems: int, metrics: int, style: Any, columns: int
) -> None:
    names = (*AWKWARD, *(f"system {number}" for number in range(5)))[:systems]
    folder = comparison(tmp_path / "compared", names, METRICS_MEASURED[:metrics])
    out = tmp_path / "table.tex"
    make_table(TableRequest(folder, out, ("all",), style, bold=True, rank=True, columns=columns))
    text = out.read_text(encoding="utf-8")
    made = tabulars(text)
    assert made
    assert "longtable" not in text
    assert text.count(r"\begin{table*}" if columns == 2 else r"\begin{table}") == len(made)
    assert len(made) == 1 or f"it is {len(made)} tables" in text
    cells = sum((count - 1) * (len(rows) - 1) for count, rows in made)
    repeated = sum("human" in rows[0][1] for _, rows in made) - 1
    assert cells >= (metrics + 3) * (systems + 1)  # the distance, density and coverage, too
    assert repeated >= 0


@pytest.mark.parametrize("style", STYLES)
def test_every_number_is_the_comparisons_own(tmp_path: Path, style: Any) -> None:
    metrics = METRICS_MEASURED[:6]
    folder = comparison(tmp_path / "compared", ("a", "b"), metrics)
    out = tmp_path / "table.csv"
    make_table(TableRequest(folder, out, tuple(metrics), style, "csv"))
    table, verdict = pd.read_csv(out), pd.read_csv(folder / "verdict.csv").set_index(["system", "metric"])
    values = pd.read_csv(folder / "metrics.csv").groupby(["system", "metric"])["value"]
    for metric, (_, row) in zip(metrics, table.iterrows(), strict=True):
        for system in ("a", "b"):
            own = verdict.loc[system, metric]
            expected = {
                "mean-sd": [own["system_mean"], values.std()[system, metric]],
                "median-iqr": [own["system_median"], own["system_q1"], own["system_q3"]],
                "ci": [own["difference"], own["difference_low"], own["difference_high"]],
            }[style]
            text = str(row[system])
            decimals = len(re.split(r"[ \]]", text.partition(".")[2])[0])
            assert numbers(text) == pytest.approx(expected, abs=0.5001 * 10.0**-decimals)


def test_latex_markdown_and_csv_have_the_same_numbers(tmp_path: Path) -> None:
    folder = comparison(tmp_path / "compared", ("a", "b"), METRICS_MEASURED[:5])
    for form in ("latex", "md", "csv"):
        make_table(TableRequest(folder, tmp_path / form, ("all",), format=form, columns=2))
    frame = pd.read_csv(tmp_path / "csv")
    ((_, rows),) = tabulars((tmp_path / "latex").read_text(encoding="utf-8"))
    assert [[numbers(cell) for cell in row[1:]] for row in rows[1:]] == [
        [numbers(str(cell)) for cell in row[1:]] for row in frame.to_numpy().tolist()
    ]
    for row in frame.to_numpy().tolist():
        assert " | ".join(map(str, row[1:])) in (tmp_path / "md").read_text(encoding="utf-8")


def test_only_the_significantly_closest_is_bold(tmp_path: Path) -> None:
    for best in (True, False):
        folder = comparison(tmp_path / str(best), ("a", "b", "c"), METRICS_MEASURED[:2], best=best)
        out = tmp_path / f"{best}.tex"
        make_table(TableRequest(folder, out, ("distance", "density"), bold=True, rank=True, columns=2))
        text = out.read_text(encoding="utf-8")
        assert text.count(r"\textbf{50}") == best
        assert text.count(r"\textbf") == best
        assert ("no system is significantly closer" in text) is not best
        assert ("(1)" in text) is best
        assert ("(2--3)" in text) is best
        assert ("(1--3)" in text) is not best


def test_metrics_are_chosen_by_name_label_and_view(tmp_path: Path) -> None:
    record = read_record(comparison(tmp_path / "compared", ("a", "b"), ["note_density", "polyphony", "novelty"]))
    assert selected(record, ["Note density, novelty"]) == ["note_density", "novelty"]
    assert selected(record, ["notes", "distance"]) == ["note_density", "polyphony", "distance"]
    assert selected(record, []) == ["distance", "density", "coverage", "polyphony", "note_density"]
    with pytest.raises(UserError, match="did you mean note_density"):
        selected(record, ["note-densty"])


def test_transposed_tables_have_the_systems_in_rows(tmp_path: Path) -> None:
    folder = comparison(tmp_path / "compared", ("a", "b"), METRICS_MEASURED[:3])
    make_table(TableRequest(folder, tmp_path / "t.csv", ("all",), format="csv", transpose=True))
    assert pd.read_csv(tmp_path / "t.csv")["System"].tolist() == ["human", "a", "b"]


def test_an_older_report_without_values_has_medians_and_says_what_it_lacks(tmp_path: Path) -> None:
    make_table(TableRequest(PUBLISHED, tmp_path / "t.tex", style="median-iqr"))
    assert tabulars((tmp_path / "t.tex").read_text(encoding="utf-8"))
    (tmp_path / "old").mkdir()
    for name in ("report.json", "verdict.csv"):
        copyfile(PUBLISHED / name, tmp_path / "old" / name)
    make_table(TableRequest(tmp_path / "old", tmp_path / "t.tex", style="ci"))
    with pytest.raises(UserError, match=r"needs metrics\.csv"):
        make_table(TableRequest(tmp_path / "old", tmp_path / "t.tex"))


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"neither report\.json nor comparison\.json"):
        read_record(tmp_path)


def test_metrics_of_papers_are_taken_by_their_names(tmp_path: Path) -> None:
    folder = comparison(tmp_path / "compared", ("a", "b"), METRICS_MEASURED[:1])
    papers = [("a", "overlap_area", 0.81, 0.02), ("b", "overlap_area", 0.62, 0.03)]
    pd.DataFrame(papers, columns=["system", "metric", "mean", "sd"]).to_csv(folder / "literature.csv", index=False)
    make_table(TableRequest(folder, tmp_path / "t.csv", ("overlap area",), format="csv"))
    assert pd.read_csv(tmp_path / "t.csv").iloc[0].tolist() == ["Overlap area", "0.810 ± 0.020", "0.620 ± 0.030"]


def test_a_distance_is_the_one_under_the_control(tmp_path: Path) -> None:
    """distances.csv also has the distance of each system from the reference as it is: no cell of this table."""
    folder = comparison(tmp_path / "compared", ("a", "b"), METRICS_MEASURED[:1])
    far = pd.read_csv(folder / "distances.csv").assign(without_control=False)
    plain = far.assign(without_control=True, distance=9.0, density=9.0, coverage=9.0)
    pd.concat([far, plain]).to_csv(folder / "distances.csv", index=False)
    make_table(TableRequest(folder, tmp_path / "t.csv", ("distance", "density", "coverage"), format="csv"))
    cells = pd.read_csv(tmp_path / "t.csv", dtype=str)
    assert cells["a"].tolist() == ["50 [0, 100]", "0.900", "0.800"]
    assert cells["b"].tolist() == ["150 [100, 200]", "0.900", "0.800"]


@pytest.mark.parametrize(
    ("style", "cells"),
    [
        ("mean-sd", ["3.5 ± 1.9", "53.5 ± 1.9"]),
        ("median-iqr", ["3.5 [2.2, 4.8]", "53.5 [52.2, 54.8]"]),
        ("ci", ["3.5", "50.0"]),
    ],
)
def test_numbers_of_the_literature_have_the_style_that_is_asked_for(
    tmp_path: Path, style: Any, cells: list[str]
) -> None:
    folder = comparison(tmp_path / "compared", ("a",), METRICS_MEASURED[:1])
    values = [
        (name, f"{one}", "mgeval_ioi", low + one) for name, low in (("human", 0), ("a", 50)) for one in range(1, 7)
    ]
    table = pd.DataFrame(values, columns=["system", "piece", "metric", "value"])
    pd.concat([pd.read_csv(folder / "metrics.csv"), table]).to_csv(folder / "metrics.csv", index=False)
    printed = [
        {"system": name, "against": other, "metric": metric, "n": 6, "mean": mean, "median": mean, "sd": sd}
        for name, other in (("human", None), ("a", "human"))
        for metric, mean, sd in (
            ("mgeval_ioi", 3.5 + 50 * (name == "a"), 1.87),
            ("mgeval_pitch_class_histogram", None, None),
        )
    ]
    pd.DataFrame(printed).to_csv(folder / "literature.csv", index=False)
    make_table(TableRequest(folder, tmp_path / "t.csv", ("mgeval_ioi",), style=style, format="csv"))
    (row,) = pd.read_csv(tmp_path / "t.csv", dtype=str).to_numpy().tolist()
    assert row == ["Average inter-onset interval (mgeval) (s)", *cells]
    assert "mgeval_pitch_class_histogram" not in selected(read_record(folder), ["all"])  # a histogram is no number


def test_the_methods_say_which_embeddings_trainings_and_margins_there_were(tmp_path: Path) -> None:
    folder = comparison(tmp_path / "compared", ("a", "b"), METRICS_MEASURED[:1])
    plain = paragraph(read_record(folder), ["distance"])
    assert not re.search("gui2024|welch1947|margin|nats", plain)
    far = pd.read_csv(folder / "distances.csv")
    embedded = far.assign(space="musicnn", frechet=2.0)
    pd.concat([far, embedded, far.assign(space="mine")]).to_csv(folder / "distances.csv", index=False)
    trained = [{"system": "human", "metric": "mmd2_joint", "value": 0.1}]
    trained += [
        {"system": name, "replicate": one, "metric": "mmd2_joint", "value": 0.1} for name in "ab" for one in range(5)
    ]
    pd.DataFrame(trained).to_csv(folder / "trainings.csv", index=False)
    pd.DataFrame([{"system": "a", "model": "c-lstm"}]).to_csv(folder / "likelihood.csv", index=False)
    about = json.loads((folder / "comparison.json").read_text()) | {"margin": "a=10%"}
    (folder / "comparison.json").write_text(json.dumps(about))
    said = paragraph(read_record(folder), ["distance"])
    assert "taken in musicnn {pons2019} and mine" in said
    assert "{gui2024}" in said
    assert "With trainings counted (a (5) and b (5))" in said
    assert "margin of a=10%" in said
    assert "nats per frame of all music under c-lstm" in said


def test_every_key_has_an_entry_and_every_entry_a_use() -> None:
    of_metrics = {key for metric in METRICS.values() for key in metric.sources}
    of_methods = set(re.findall(r"[a-z]+\d{4}[a-z]*", Path(methods.__file__).read_text(encoding="utf-8")))
    assert of_metrics <= set(entries())
    assert of_methods <= set(entries())
    assert set(entries()) == of_metrics | of_methods
    assert all("huang2018" in metric.sources for metric in METRICS.values() if metric.paper)


def test_every_entry_is_bibtex_with_the_fields_of_its_kind() -> None:
    needed = {"article": {"journal"}, "inproceedings": {"booktitle"}, "techreport": {"institution"}, "misc": set()}
    for entry in entries().values():
        head, *lines, last = entry.splitlines()
        kind = re.fullmatch(r"@(\w+)\{\w+,", head)
        assert kind
        assert last == "}"
        fields = [re.fullmatch(r"  (\w+) = \{(.+)\},", line) for line in lines]
        assert all(field and field[2].count("{") == field[2].count("}") for field in fields)
        named = [field[1] for field in fields if field]
        assert needed[kind[1]] | {"author", "title", "year"} <= set(named)
        assert len(set(named)) == len(named)


def test_the_methods_are_those_of_the_record_and_cite_what_is_there(tmp_path: Path) -> None:
    folder = comparison(tmp_path / "compared", ("a", "b{x}"), ["note_density", "novelty"])
    result = CliRunner().invoke(load_commands(), ["methods", str(folder), "--out", str(tmp_path / "paper")])
    assert result.exit_code == 0, result.output
    text = (tmp_path / "paper/methods.tex").read_text(encoding="utf-8")
    for said in ("first 30 s", "462 exchanges", "2000 resamples", "clstm 0.2.0", "numbers is 7", "a (6 pieces)"):
        assert said in text
    keys = {key for found in re.findall(r"\\cite\{(.*?)\}", text) for key in found.split(",")}
    have = set(
        re.findall(r"^@\w+\{(\w+),", (tmp_path / "paper/references.bib").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert keys == have
    assert {"foote2000", "yang2020", "gretton2012", "mogstad2024"} <= keys
    shown = (tmp_path / "paper/methods.md").read_text(encoding="utf-8")
    assert "FluidSynth" not in shown  # audio alone was compared


DAMAGES: dict[str, tuple[str, Callable[[str], str], str]] = {
    "a word for a number": ("distances.csv", lambda text: text.replace("0.05", "far", 1), "far"),
    "no such column": ("pairs.csv", lambda text: text.replace("significant", "important", 1), "significant"),
    "semicolons": ("metrics.csv", lambda text: text.replace(",", ";"), "system"),
    "nothing": ("distances.csv", lambda _: "", "distances.csv"),
    "a verdict of nothing": ("verdict.csv", lambda _: "", "verdict.csv"),
    "a verdict without systems": ("verdict.csv", lambda text: text.replace("system", "who", 1), "verdict.csv"),
    "a verdict without verdicts": (
        "verdict.csv",
        lambda text: text.replace("inconclusive", ""),
        "verdict",
    ),
    "a verdict without pieces": (
        "verdict.csv",
        lambda text: pd.read_csv(StringIO(text)).assign(system_pieces=np.nan).to_csv(index=False),
        "number of pieces of a",
    ),
    "no JSON": ("comparison.json", lambda _: "{", "comparison.json"),
    "a list": ("comparison.json", lambda _: "[]", "comparison.json"),
    "a reference that is no name": (
        "comparison.json",
        lambda text: json.dumps(json.loads(text) | {"reference": 3}),
        "3",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_comparison_is_refused_in_one_line_that_says_where(tmp_path: Path, damage: str) -> None:
    name, change, where = DAMAGES[damage]
    folder = comparison(tmp_path / "compared", ("a", "b"), METRICS_MEASURED[:2])
    path = folder / name
    changed = change(path.read_text())
    assert changed != path.read_text()
    path.write_text(changed)
    for make in (
        lambda: make_table(TableRequest(folder, tmp_path / "t.tex", ("all",))),
        lambda: write_methods(folder, tmp_path / "methods"),
    ):
        with pytest.raises(UserError) as refused:
            make()
        assert where in str(refused.value)
        assert "\n" not in str(refused.value)
    assert not (tmp_path / "t.tex").exists()


def test_systems_may_have_names_that_look_like_numbers_or_like_nothing(tmp_path: Path) -> None:
    folder = comparison(tmp_path / "compared", ("7", "NA"), METRICS_MEASURED[:2])
    make_table(TableRequest(folder, tmp_path / "t.csv", ("all",), format="csv"))
    assert list(pd.read_csv(tmp_path / "t.csv")) == ["Metric", "human", "7", "NA"]


def test_the_label_of_a_table_is_one_that_latex_takes(tmp_path: Path) -> None:
    folder = comparison(tmp_path / "compared", ("a",), METRICS_MEASURED[:1])
    make_table(TableRequest(folder, tmp_path / "50% of {my} table.tex"))
    text = (tmp_path / "50% of {my} table.tex").read_text()
    assert r"\label{tab:50-of-my-table}" in text
