"""A study of every task from its music to its results."""

import io
import json
import stat
from html import unescape
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
import soundfile
from prompted_sources import EVERY_TASK, HUMAN, SYSTEMS, configuration, study_of, write_sources
from test_report_listeners import page
from typer.testing import CliRunner

from clstm.runtime.errors import UserError
from evaluation.audio.render import RenderSettings
from evaluation.metrics.loudness import integrated_loudness
from listening_study.api import load_study
from listening_study.archive.verification import verify
from listening_study.cli.main import app
from listening_study.exchange.importing import import_results
from listening_study.protocol.items import items
from listening_study.protocol.key import Origin, open_key
from listening_study.protocol.order import open_order
from listening_study.protocol.registration import open_registration
from listening_study.protocol.study import Study, read_study
from listening_study.protocol.tasks import TaskKind
from listening_study.simulation.rehearsal import simulate
from listening_study.stimuli.creation import create_study
from listening_study.stimuli.materials.lowpass import lowpass
from reports.figures.drawing import of_blocks
from reports.findings.sentences import summary
from reports.findings.tables_of_blocks import of_block
from reports.inputs.study_results import read_study as read_study_results

ANCHORS = ("anchor 3.5 kHz", "anchor 7 kHz")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study_of(tmp_path_factory.mktemp("tasks"))


@pytest.fixture(scope="module")
def results(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("judged")
    simulate(study, folder / "study", {"expert": 9, "guesser": 1})
    ran = CliRunner().invoke(app, ["study", "results", str(folder / "study"), "--out", str(folder / "out")])
    assert ran.exit_code == 0, ran.output
    return folder / "out"


def origins(study: Study) -> dict[str, Origin]:
    key = open_key(study)
    return {**key.clips, **key.others}


def test_every_file_is_alike_but_prompts_are_shorter_and_all_have_one_loudness(study: Study) -> None:
    of, sizes = origins(study), set()
    for name, origin in of.items():
        path = study.clip_path(name)
        waveform, rate = soundfile.read(path, dtype="float32")
        assert len(waveform) == rate * (study.prompt_seconds if origin.source == "prompt" else study.seconds)
        assert integrated_loudness(waveform, rate) == pytest.approx(-23, abs=0.1)
        sizes.add((path.stat().st_size, path.stat().st_mtime_ns, path.stat().st_mode))
    assert len(sizes) == 1
    assert len({study.clip_path(name).read_bytes() for name in of}) == len(of)  # also of copies


def test_clips_of_one_screen_follow_one_prompt_and_the_page_learns_nothing_of_sources(study: Study) -> None:
    of, order = origins(study), open_order(study)
    for item in items(study, order, 5):
        prompts = {of[name].prompt for name in (*item.clips, item.prompt, item.reference) if name}
        assert len(prompts) == 1
        assert prompts < {f"wombat-{number}" for number in range(4)}
    public = study.path.read_text(encoding="utf-8")
    assert not any(word in public for word in (HUMAN, *SYSTEMS, "wombat"))
    assert all(name in public for name in of)


def test_a_copy_sounds_as_its_original_and_is_another_file(study: Study) -> None:
    of = origins(study)
    hidden = next(name for name, origin in of.items() if origin.source == "reference")
    open_one = next(item.reference for item in items(study, open_order(study), 0) if hidden in item.clips)
    one, other = (soundfile.read(study.clip_path(name))[0] for name in (hidden, open_one or ""))
    assert 0 < np.abs(one - other).max() < 4 * 2**-15


def test_anchors_lack_what_is_above_their_cutoff_as_bs_1534_asks() -> None:
    time = np.arange(44100) / 44100
    for cutoff, tone, least in ((3500, 4000, 25), (3500, 4500, 50), (7000, 9100, 50)):
        sound = np.sin(2 * np.pi * tone * time)[:, None]
        after = lowpass(sound, cutoff, 44100)[22050:]
        assert -20 * np.log10(np.abs(after).max()) > least, (cutoff, tone)
    kept = lowpass(np.sin(2 * np.pi * 3000 * time)[:, None], 3500, 44100)[22050:]
    assert abs(20 * np.log10(np.abs(kept).max())) < 0.15


def test_the_registration_has_the_tasks_and_study_json_has_every_number(study: Study) -> None:
    registered = open_registration(study)
    assert [task.kind for task in registered.tasks] == [TaskKind(task["kind"]) for task in EVERY_TASK]
    assert [task.each for task in study.tasks] == [None, 3, 3, 3, 2, 2]
    assert study.trials == 9 + (3 + 1) + 3 + 3 + 2 + 2 == len(items(study, open_order(study), 0))
    assert read_study(study.folder) == study


def test_tables_with_rows_of_single_persons_are_nobody_elses(results: Path) -> None:
    persons = {path.name for path in results.glob("*.csv") if "participant" in pd.read_csv(path).columns}
    assert {"answers.csv", "judgements.csv", "listeners.csv"} <= persons
    private = {path.name for path in results.iterdir() if stat.S_IMODE(path.stat().st_mode) == 0o600}
    assert {*persons, "trials.json"} <= private
    assert "summary.md" not in private  # the umask is wide enough to tell


def test_simulated_experts_are_found_in_every_table(results: Path) -> None:
    judgements = pd.read_csv(results / "judgements.csv")
    assert set(judgements["task"]) == {task["kind"] for task in EVERY_TASK} - {"source"}
    assert set(judgements.loc[judgements["task"] == "mushra", "source"]) == {*SYSTEMS, "reference", *ANCHORS}
    assert set(judgements.loc[judgements["task"] == "abx", "source"]) == set(SYSTEMS)
    assert set(judgements.loc[judgements["task"] == "abx", "value"]) <= {0, 1}
    ratings = judgements[judgements["task"] == "rating"].groupby("source")["value"].mean()
    assert ratings[HUMAN] > ratings[list(SYSTEMS)].max()
    chosen = judgements[judgements["task"] == "preference"].groupby(["participant", "trial"])["value"].sum()
    assert set(chosen) == {1}
    scores = judgements[judgements["task"] == "mushra"].groupby("source")["value"].mean()
    assert scores.idxmax() == "reference"
    summary = (results / "summary.md").read_text(encoding="utf-8")
    for number, task in enumerate(EVERY_TASK, 1):
        if task["kind"] != "source":
            assert f"## Block {number}: " in summary
            assert (results / f"block-{number}-{task['kind']}.csv").is_file()
            assert f"![block-{number}-{task['kind']}]" in summary
            assert (results / f"block-{number}-{task['kind']}.svg").stat().st_size > 5_000
    book = pd.read_csv(results / "codebook.csv")
    for path in results.glob("*.csv"):
        if path.stem != "codebook":
            told = book.loc[book["table"] == path.stem, "name"]
            assert [*told, "note"] == list(pd.read_csv(path, nrows=0).columns), path


def test_every_block_has_its_phrases_and_its_numbers_as_the_study_has_them(results: Path) -> None:
    study = read_study_results(results)
    found = json.loads((results / "results.json").read_text())
    html = unescape(page(study))
    assert [block.task for block in study.blocks] == [
        *("rating", "preference", "preference", "continuation", "mushra", "abx")
    ]
    for block, told in zip(study.blocks, found["blocks"], strict=True):
        assert f"<h3>{told['title']}</h3>" in html
        assert block.phrases
        assert all(words in html for words in told["phrases"])
        rows = found[block.name]
        assert [row.value for row in block.rows] == [row[block.measure] for row in rows]
        assert [row.p_holm for row in block.rows] == [row.get("p_holm") for row in rows]
    ratings, preferences = study.blocks[0], study.blocks[1]
    assert {row.attribute for row in ratings.rows} == {"coherency", "structure", "creativity", "musicality"}
    assert [row.low for row in ratings.rows] == [row["mean_low"] for row in found[ratings.name]]
    assert [row.difference_low for row in ratings.rows] == [row["low"] for row in found[ratings.name]]
    assert all(row.other for row in preferences.rows)


def test_tables_figures_and_summary_have_every_block(results: Path) -> None:
    study = read_study_results(results)
    for block in study.blocks:
        table = of_block(block)
        assert len(table) == len(block.rows)
        assert not (table == "").all().any()
    assert {chart.key for chart, _ in of_blocks(study)} == {block.name for block in study.blocks}
    for chart, draw in of_blocks(study):
        assert chart.alternative.startswith("SYNTHETIC")
        assert draw().axes
    said = [line.text for line in summary([], [], "human", study=study)]
    assert any("Block 2: Ratings. Structure: " in text for text in said)


def test_a_study_without_human_or_computer_says_nothing_of_it(tmp_path: Path) -> None:
    study = study_of(tmp_path, [{"kind": "rating", "set": "mos"}], design={"catch": 1, "headphone_check": False})
    assert (study.catch, study.practice, study.asks_source, study.trials) == ((), (), False, 3)
    simulate(study, tmp_path / "filled", {"typical": 4})
    ran = CliRunner().invoke(app, ["study", "results", str(tmp_path / "filled"), "--out", str(tmp_path / "out")])
    assert ran.exit_code == 0, ran.output
    assert "called human" not in ran.output
    assert "discrimination" not in (tmp_path / "out" / "summary.md").read_text(encoding="utf-8")
    tables = {path.stem for path in (tmp_path / "out").glob("*.csv")}
    assert not tables & {"answers", "clips", "tally", "confusion", "contrasts", "components", "exclusions", "ratings"}
    assert "block-1-rating" in tables
    record = json.loads((tmp_path / "out" / "results.json").read_text())
    assert not {"tally", "confusion", "contrasts"} & set(record)
    assert all(phrase in " ".join(ran.output.split()) for phrase in record["blocks"][0]["phrases"])
    api = load_study(tmp_path / "filled").results()
    assert api.verdict == tuple(record["blocks"][0]["phrases"])
    assert len(api.table) == record["judgements"]
    assert (api.ranking["source"].iloc[0], len(api.parts())) == (HUMAN, 1)
    assert api.plot().axes
    assert r"\begin{tab" in api.to_latex()
    found = CliRunner().invoke(app, ["study", "agreement", str(tmp_path / "filled"), "--out", str(tmp_path / "a.csv")])
    assert found.exit_code == 0, found.output
    assert set(pd.read_csv(tmp_path / "a.csv")["question"]) == {"opinion"}


def made(folder: Path, tasks: list[dict[str, Any]], *, prompts: bool = True, **parts: Any) -> list[str]:
    sources = write_sources(folder / "music", prompts=prompts)
    return create_study(sources, HUMAN, folder / "study", configuration(tasks, **parts), RenderSettings()).notices


def test_music_without_prompts_is_compared_all_the_same_and_that_is_said(tmp_path: Path) -> None:
    notices = made(tmp_path, [{"kind": "preference"}], prompts=False)
    assert any("not matched by prompts" in notice for notice in notices)


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ({"kind": "rating", "set": "mos", "systems": ["nobody"]}, "block 1: 'nobody' is not a source; choose from"),
        ({"kind": "preference", "systems": [HUMAN]}, "block 1: preference needs 2 sources"),
        ({"kind": "abx", "systems": [HUMAN]}, f"block 1: abx needs a source beside {HUMAN}"),
        ({"kind": "rating", "set": "mos", "each": 10}, "block 1: each is 10, but there are only 9 different screens"),
        ({"kind": "preference", "repeats": 4}, "block 1: repeats is 4, but a listener sees 3 screens"),
    ],
)
def test_tasks_that_the_sources_do_not_allow_are_refused(tmp_path: Path, task: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        made(tmp_path, [task])
    assert not (tmp_path / "study").exists()


def test_a_continuation_without_a_prompt_to_hear_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a continuation needs its prompt"):
        made(tmp_path, [{"kind": "continuation", "set": "mos"}], prompts=False)


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ([{"kind": "rating"}], "tasks, block 1: name a set of attributes"),
        ([{"kind": "abx", "set": "mos"}], "tasks, block 1: nothing is rated in this task"),
        ([{"kind": "source"}, {"kind": "abx", "together": 2}], "tasks, block 2: together belongs to continuation"),
        ([{"kind": "source"}, {"kind": "source"}], "only one block can ask for human or computer"),
        ([{"kind": "mushra"}, {"kind": "source"}], "block 2: mushra shows which music is human"),
        ([{"kind": "rating", "set": "mos", "count": 9}], "block 1: count is 9, but clips.count only 3"),
        ([{"kind": "guess"}], "tasks.0.kind is 'guess'; it should be"),
        ([{"kind": "rating", "attributes": [{"name": "a", "words": {"en": {}}}]}], "tasks, block 1|tasks.0.attributes"),
    ],
    ids=str,
)
def test_a_fault_in_the_tasks_is_said_in_one_line(tasks: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        configuration(tasks)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 200


def test_own_attributes_need_words_in_every_language_of_the_page() -> None:
    words = {"question": "How warm is it?", "low": "cold", "high": "warm"}
    task = {"kind": "rating", "attributes": [{"name": "warmth", "scale": 7, "words": {"en": words}}]}
    with pytest.raises(UserError, match="block 1: warmth has no words in zh"):
        configuration([task])
    found = configuration([task], words={"languages": ["en"]})
    assert found.tasks[0].asked[0].range == (1, 7)
    assert json.loads(found.tasks[0].model_dump_json())["attributes"][0]["scale"] == 7


def test_trials_hold_the_judgements_of_every_task(results: Path) -> None:
    table = import_results([results / "trials.json"]).table
    assert set(table["task"]) == set(TaskKind)
    judged, answers = (pd.read_csv(results / f"{name}.csv") for name in ("judgements", "answers"))
    assert len(table) == len(judged) + len(answers)
    same = ["participant", "trial", "block", "task", "item", "position", "clip", "source", "attribute", "value"]
    own = table[table["task"] != TaskKind.SOURCE][same].sort_values(same).to_numpy().tolist()
    assert own == judged[same].sort_values(same).to_numpy().tolist()


@pytest.mark.slow  # all analyses again
def test_an_archive_holds_the_judgements_of_every_task(results: Path, tmp_path: Path) -> None:
    out = tmp_path / "study.zip"
    ran = CliRunner().invoke(app, ["study", "archive", str(results.parent / "study"), "--out", str(out)])
    assert ran.exit_code == 0, ran.output
    assert verify(out).faults == ()
    with ZipFile(out) as opened:
        archived = pd.read_csv(io.BytesIO(opened.read("data/judgements.csv")))
        readme = opened.read("README.md").decode()
    assert sorted(archived["value"]) == sorted(import_results([results / "trials.json"]).table["value"])
    assert archived[["shown_at", "answered_at"]].isna().all(axis=None)
    summary = (results / "summary.md").read_text(encoding="utf-8")
    said = [line for line in summary.splitlines() if line.startswith("- ") and "on quality: rated" in line]
    assert said
    assert all(f"- Block 5: MUSHRA: {line.removeprefix('- ')}" in readme for line in said)
