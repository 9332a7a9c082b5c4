"""What a researcher takes away: hidden until the study is closed, whole, and never stronger than the evidence."""

import json
import re
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

import clstm as cl
from clstm.runtime import old_names
from clstm.runtime.errors import MismatchError, UserError
from listening_study.analysis.codebook import CODEBOOK, columns
from listening_study.exchange.importing import import_results
from listening_study.exchange.judgements import of_answers
from listening_study.protocol.questions import Response
from listening_study.protocol.study import Study
from listening_study.results.export import write_results
from listening_study.results.results import SYNTHETIC, read_results
from listening_study.results.summary import caveats, verdict
from listening_study.simulation.rehearsal import simulate
from listening_study.store import Agreement, Store

Fill = Callable[..., Store]


@pytest.fixture
def store(tiny_study: Study):
    with closing(Store(tiny_study.answers_path)) as store:
        yield store


def listen(store: Store, study: Study, says: Callable[[str], str | None], **more: object) -> None:
    """One listener hears every clip."""
    token = store.admit(Agreement("c" * 64), reissue_after=timedelta(hours=1), registration=study.registration_sha256)
    listener = store.find(token)
    assert listener
    store.pass_stage(listener.id, "volume", {"device": "0"})
    for number, clip in enumerate(study.clips):
        store.present(listener.id, number, clip)
        store.report(listener.id, number, heard=1.0, plays=1, event="end")
        store.record(listener.id, number, Response(says(clip), **more))
    store.pass_stage(listener.id, "interview", {"rhythm": "=1+1"})


def test_tallies_stay_hidden_until_the_study_is_closed(store: Store, tiny_study: Study) -> None:
    with pytest.raises(UserError, match="stay hidden until it is closed: clstm study close"):
        read_results(tiny_study, store)
    assert [one.event for one in store.journal()] == []
    store.close_study()
    read_results(tiny_study, store)
    assert [one.event for one in store.journal()] == ["closed", "unsealed"]


def test_answers_after_the_key_was_opened_are_counted(store: Store, tiny_study: Study) -> None:
    listen(store, tiny_study, lambda _: "human")
    store.close_study()
    assert read_results(tiny_study, store).late == 0
    store.reopen()
    listen(store, tiny_study, lambda _: "computer")
    store.close_study()
    found = read_results(tiny_study, store)
    assert found.late == 4
    assert "4 answers came after the key was first opened." in caveats(found)


def test_a_study_from_python_opens_its_key_only_when_asked_to(store: Store, tiny_study: Study, tmp_path: Path) -> None:
    listen(store, tiny_study, lambda _: "human")
    study = cl.load_study(tiny_study.folder)
    assert study.is_open
    assert study.table["answered"].tolist() == [4]
    assert "Results are sealed until it is closed." in study._repr_html_()
    with pytest.raises(UserError, match="stay hidden until it is closed"):
        study.results()
    store.close_study()
    assert str(study).endswith(", closed")
    assert "unsealed" not in [one.event for one in store.journal()]
    found = study.results()
    assert [one.event for one in store.journal()][-1] == "unsealed"
    assert len(found.table) == 4
    assert found.ranking["p_human"].tolist() == [1, 1]
    assert found.verdict[0] in re.sub(r"&#x27;", "'", found._repr_html_())
    assert (found.save(tmp_path / "results") / "results.json").is_file()


def test_a_registration_changed_after_the_first_listener_is_found_out(store: Store, tiny_study: Study) -> None:
    from dataclasses import replace

    listen(store, tiny_study, lambda _: "human")
    store.close_study()
    text = tiny_study.registration_path.read_text().replace('"margin": 0.1', '"margin": 0.5')
    tiny_study.registration_path.write_text(text)
    from hashlib import sha256

    forged = replace(tiny_study, registration_sha256=sha256(text.encode()).hexdigest())
    with pytest.raises(MismatchError, match="the first listener was admitted under the registration"):
        read_results(forged, store)


def test_a_study_without_answers_says_so(store: Store, tiny_study: Study, tmp_path: Path) -> None:
    store.close_study()
    found = read_results(tiny_study, store)
    assert found.listeners == 0
    assert all("inconclusive" in sentence for sentence in verdict(found))
    assert "0 of 20 registered listeners are complete" in " ".join(caveats(found))
    names = {path.name for path in write_results(found, tmp_path / "out")}
    assert {"summary.md", "results.json", "tally.csv"} <= names
    assert not any(name.endswith(".svg") for name in names)


def test_one_listener_is_told_to_be_too_few(store: Store, tiny_study: Study, tmp_path: Path) -> None:
    listen(store, tiny_study, lambda clip: "human")
    store.close_study()
    found = read_results(tiny_study, store)
    assert "one listener does not show" in verdict(found)[0]
    write_results(found, tmp_path / "out")


def test_clips_that_would_not_play_are_counted_and_left_out(store: Store, tiny_study: Study) -> None:
    listen(store, tiny_study, lambda clip: None if clip == tiny_study.clips[0] else "human")
    store.close_study()
    found = read_results(tiny_study, store)
    assert len(found.tables["answers"]) == 4
    assert len(found.kept) == 3
    assert found.tables["exclusions"].iloc[0]["answers"] == 1


def test_known_pieces_are_left_out_as_registered_and_kept_beside(store: Store, tiny_study: Study) -> None:
    listen(store, tiny_study, lambda _: "human", known=True)
    listen(store, tiny_study, lambda _: "computer", known=False)
    store.close_study()
    found = read_results(tiny_study, store)
    assert len(found.kept) == 4
    by = found.tables["contrasts"].set_index("analysis")["p_system"]
    assert by["registered"] == 0
    assert by["known pieces kept"] == by["without exclusions"] == 0.5


@pytest.fixture(scope="module")
def written(tiny_sources: dict[str, list[Path]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of a synthetic study, on disk."""
    from evaluation.audio.render import RenderSettings
    from listening_study.protocol.configuration import Clips, Configuration, Design
    from listening_study.stimuli.creation import create_study

    folder = tmp_path_factory.mktemp("written")
    configuration = Configuration(clips=Clips(count=3, seconds=1.5, after=0), design=Design(practice=0, repeats=1))
    study = create_study(tiny_sources, "zebrafinch", folder / "study", configuration, RenderSettings()).study
    copy = simulate(study, folder / "copy", {"typical": 8}, 1)
    with closing(Store(copy.answers_path)) as store:
        write_results(read_results(copy, store), folder / "out")
    return folder / "out"


def test_every_table_has_the_columns_of_its_codebook(written: Path) -> None:
    asked = set(CODEBOOK) - {"judgements", "judgement-exclusions"}  # of other tasks, which this study has not
    for name in asked:
        table = pd.read_csv(written / f"{name}.csv")
        assert list(table.columns) == [*columns(name), "note"], name
    book = pd.read_csv(written / "codebook.csv")
    assert set(book["table"]) == asked


def test_everything_of_a_synthetic_study_says_that_it_is(written: Path) -> None:
    for path in written.iterdir():
        if path.suffix in (".csv", ".md", ".json"):
            assert SYNTHETIC in path.read_text(encoding="utf-8"), path
    assert (written / "taken-for-human.svg").stat().st_size > 5_000


def test_the_summary_and_the_numbers_agree(written: Path) -> None:
    numbers = json.loads((written / "results.json").read_text(encoding="utf-8"))
    summary = (written / "summary.md").read_text(encoding="utf-8")
    assert numbers["key_sha256"] in summary
    assert numbers["registration_sha256"] in summary
    assert numbers["contrasts"][0]["words"] in summary
    assert {one["event"] for one in numbers["journal"]} == {"registered", "closed", "unsealed"}
    assert numbers["answers"] == 8 * 7  # the repeated clip, too
    assert numbers["paper"][2] == {"source": "C-LSTM", "clips": 10, "majority_human": 2}
    assert "discrimination test" in summary
    assert "Turing" not in summary


def test_results_of_version_0_1_read_as_todays_and_may_be_replaced(
    store: Store, tiny_study: Study, tmp_path: Path
) -> None:
    """Their verdicts were "told apart" and "cannot be told"."""
    listen(store, tiny_study, lambda _: "human")
    store.close_study()
    found, out = read_results(tiny_study, store), tmp_path / "out"
    write_results(found, out)
    numbers = json.loads((out / "results.json").read_text(encoding="utf-8"))
    table = pd.read_csv(out / "contrasts.csv")
    assert {*table["verdict"], *table["equivalence"]} == {"inconclusive"}
    for name in ("results.json", "contrasts.csv"):
        text = (out / name).read_text(encoding="utf-8")
        text = re.sub(r'(?<=[",])inconclusive(?=[",])', "cannot be told", text)
        (out / name).write_text(text, encoding="utf-8")
    old = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert old != numbers
    assert old_names.translated(old) == numbers
    pd.testing.assert_frame_equal(old_names.table(pd.read_csv(out / "contrasts.csv")), table)
    write_results(found, out)
    assert json.loads((out / "results.json").read_text(encoding="utf-8")) == numbers


def test_a_formula_in_an_interview_is_text_in_the_tables(store: Store, tiny_study: Study, tmp_path: Path) -> None:
    listen(store, tiny_study, lambda _: "human", comment="@SUM(A1)")
    store.close_study()
    write_results(read_results(tiny_study, store), tmp_path / "out")
    assert "'=1+1" in (tmp_path / "out" / "interview.csv").read_text()
    assert "'@SUM(A1)" in (tmp_path / "out" / "answers.csv").read_text()


def test_results_never_replace_a_folder_of_something_else(store: Store, tiny_study: Study, tmp_path: Path) -> None:
    store.close_study()
    found = read_results(tiny_study, store)
    tmp_path.joinpath("out").mkdir()
    tmp_path.joinpath("out", "mine.txt").touch()
    with pytest.raises(UserError, match="is not empty and not results that this command wrote"):
        write_results(found, tmp_path / "out")
    write_results(found, tmp_path / "own")
    write_results(found, tmp_path / "own")  # ours may be replaced


def test_trials_as_jspsych_has_them_are_the_answers_again(store: Store, tiny_study: Study, tmp_path: Path) -> None:
    listen(store, tiny_study, lambda clip: None if clip == tiny_study.clips[0] else "human")
    listen(store, tiny_study, lambda _: "computer")
    store.close_study()
    found = read_results(tiny_study, store)
    write_results(found, tmp_path / "out")
    rows = json.loads((tmp_path / "out" / "trials.json").read_text())
    assert (tmp_path / "out" / "trials.json").stat().st_mode & 0o77 == 0
    assert len(rows) == 7  # one clip would not play
    assert {row["trial_type"] for row in rows} == {"audio-button-response"}
    assert [row["trial_index"] for row in rows] == [0, 1, 2, 0, 1, 2, 3]
    assert [row["response"] for row in rows] == [0, 0, 0, 1, 1, 1, 1]  # the buttons are human, computer
    assert all(row["time_elapsed"] >= row["rt"] >= 0 for row in rows)
    assert rows[-1]["stimulus"] == f"clips/{tiny_study.clips[-1]}.flac"
    answers = found.tables["answers"].dropna(subset="said_human").reset_index(drop=True)
    again = import_results([tmp_path / "out" / "trials.json"])
    same = ["participant", "trial", "kind", "clip", "source", "shown_at", "answered_at"]
    assert again.table[same].to_numpy().tolist() == answers[same].to_numpy().tolist()
    assert again.table["value"].tolist() == answers["said_human"].tolist()
    assert again.table["is_human"].tolist() == answers["is_human"].tolist()
    assert again.human == "zebrafinch"
    pd.testing.assert_frame_equal(again.table, of_answers(found.tables["answers"]))
