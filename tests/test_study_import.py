"""Results of webMUSHRA and jsPsych become judgements: every answer once, nothing of a person, mistakes in one line."""

import json
import stat
import sys
from pathlib import Path

import pandas as pd
import pytest

from clstm.cli import main
from clstm.runtime.errors import UnreadableFileError, UserError
from listening_study.analysis.codebook import columns
from listening_study.exchange.importing import Imported, import_results, overview, read_import, write_import
from listening_study.exchange.judgements import NAMES, judgements
from listening_study.exchange.mapping import Mapping, Stimuli, read_mapping, read_stimuli
from listening_study.exchange.trials import table_of, trials
from listening_study.results.imported import conclude_import

MUSHRA = """session_test_id,email,session_uuid,trial_id,rating_stimulus,rating_score,rating_time,rating_comment
try,ada@example.org,u-1,waltz,reference,100,30500,
try,ada@example.org,u-1,waltz,anchor35,10,30500,"a muffled, dull one"
try,ada@example.org,u-1,waltz,lstm,60,30500,
try,bob@example.org,u-2,waltz,reference,97,12000,
try,bob@example.org,u-2,waltz,anchor35,15,12000,
try,bob@example.org,u-2,waltz,lstm,80,12000,
"""
# Written by a test whose first page had one scale: the heading has one rating, the rows have two.
LSS = """session_test_id,email,trial_id,stimuli_rating,stimuli,rating_time
try,ada@example.org,songs,3,4,human,3000
try,ada@example.org,songs,NA,2,lstm,4000
try,bob@example.org,songs,5,5,human,3000
"""
PAIRS = """session_test_id,email,trial_id,choice_reference,choice_non_reference,choice_answer,choice_time,choice_comment
try,ada@example.org,waltz,reference,lstm,correct,3000,
try,ada@example.org,waltz,reference,c-lstm,undecided,3000,
try,bob@example.org,waltz,reference,lstm,incorrect,3000,
"""
STIMULI = "stimulus,source,prompt\na.wav,human,waltz\nb.wav,lstm,waltz\n"


def written(folder: Path, **files: str) -> list[Path]:
    paths = []
    for name, text in files.items():
        path = folder / name.replace("__", ".")
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def jspsych(tmp_path: Path, rows: object, **mapping: object) -> Imported:
    (stimuli,) = written(tmp_path, stimuli__csv=STIMULI)
    (data,) = written(tmp_path, data__json=json.dumps(rows))
    return import_results([data], Mapping.model_validate(mapping), read_stimuli(stimuli))


def test_mushra_has_its_hidden_reference_and_anchors_as_sources(tmp_path: Path) -> None:
    found = import_results(written(tmp_path, mushra__csv=MUSHRA), Mapping(human="reference"))
    assert list(found.table.columns) == NAMES
    by = found.table.set_index(["participant", "source"])["value"]
    assert by[1].to_dict() == {"reference": 100, "anchor 3.5 kHz": 10, "lstm": 60}
    assert by[2].to_dict() == {"reference": 97, "anchor 3.5 kHz": 15, "lstm": 80}
    first = found.table.iloc[0]
    assert (first["task"], first["trial"], first["item"], first["clip"]) == ("mushra", 1, "waltz", "waltz/reference")
    assert (first["attribute"], first["seconds"], first["is_human"]) == ("quality", 30.5, True)
    assert not found.table["is_human"][found.table["source"] != "reference"].any()


def test_nothing_that_participants_said_of_themselves_is_imported(tmp_path: Path) -> None:
    found = import_results(written(tmp_path, mushra__csv=MUSHRA, lss__csv=LSS))
    everything = "".join(path.read_text() for path in write_import(found, tmp_path / "out"))
    for private in ("ada", "bob", "example.org", "muffled", "u-1"):
        assert private not in everything
    assert stat.S_IMODE((tmp_path / "out" / "judgements.csv").stat().st_mode) == 0o600


def test_one_session_is_one_participant_in_all_files(tmp_path: Path) -> None:
    found = import_results(written(tmp_path, lss__csv=LSS, mushra__csv=MUSHRA, paired_comparison__csv=PAIRS))
    assert found.participants == 2
    ada = found.table[found.table["participant"] == 1]
    assert ada.groupby("task")["block"].unique().map(list).to_dict() == {"abx": [3], "mushra": [2], "rating": [1]}


def test_ratings_beyond_the_heading_are_read_and_na_is_left_out(tmp_path: Path) -> None:
    found = import_results(written(tmp_path, lss__csv=LSS), Mapping(attributes={"stimuli_rating2": "musicality"}))
    table = found.table.set_index(["participant", "source", "attribute"])["value"]
    assert table.to_dict() == {
        (1, "human", "rating 1"): 3,
        (1, "human", "musicality"): 4,
        (1, "lstm", "musicality"): 2,
        (2, "human", "rating 1"): 5,
        (2, "human", "musicality"): 5,
    }


def test_a_paired_comparison_is_an_abx_test_and_undecided_is_neither(tmp_path: Path) -> None:
    found = import_results(written(tmp_path, paired_comparison__csv=PAIRS))
    assert found.table[["participant", "source", "value"]].to_numpy().tolist() == [[1, "lstm", 1.0], [2, "lstm", 0.0]]
    assert "1 of 3 rows have no answer, or an undecided one" in found.remarks[0]


def test_sessions_without_any_name_are_told_apart_by_what_comes_again(tmp_path: Path) -> None:
    lines = ["session_test_id,trial_id,stimuli_rating,stimuli,rating_time"]
    lines += [f"try,songs,{value},{name},900" for value in (1, 2, 3) for name in ("human", "lstm")]
    found = import_results(written(tmp_path, lss__csv="\n".join(lines)))
    assert found.table.groupby("participant")["value"].unique().map(list).tolist() == [[1], [2], [3]]
    assert "no column names participants" in found.remarks[0]


def test_conditions_are_of_the_systems_that_the_table_says(tmp_path: Path) -> None:
    (stimuli,) = written(tmp_path, stimuli__csv="trial,stimulus,source\nwaltz,lstm,ours\n,human,people\n")
    found = import_results(written(tmp_path, mushra__csv=MUSHRA), Mapping(), read_stimuli(stimuli))
    assert set(found.table["source"]) == {"reference", "anchor 3.5 kHz", "ours"}
    with pytest.raises(UserError, match=r"'lstm' of songs is not in .*stimuli\.csv"):
        import_results(written(tmp_path, lss__csv=LSS), Mapping(), read_stimuli(stimuli))


ROWS = [
    {"trial_type": "instructions", "rt": 9, "stimulus": None, "subject": "s1"},
    {"trial_type": "audio-slider-response", "rt": 1500, "stimulus": "snd/a.wav", "response": 70, "subject": "s1"},
    {"trial_type": "audio-slider-response", "rt": 2500, "stimulus": "snd/b.wav", "response": 20, "subject": "s1"},
    {"trial_type": "audio-slider-response", "rt": None, "stimulus": "snd/a.wav", "response": None, "subject": "s2"},
    {"trial_type": "audio-slider-response", "rt": 800, "stimulus": "snd/b.wav", "response": 35, "subject": "s2"},
]


def test_a_file_of_jspsych_is_read_as_json_as_lines_and_as_csv(tmp_path: Path) -> None:
    found = jspsych(tmp_path, ROWS, human="human")
    assert found.table[["participant", "source", "value", "seconds", "trial", "prompt"]].to_numpy().tolist() == [
        [1, "human", 70, 1.5, 1, "waltz"],
        [1, "lstm", 20, 2.5, 2, "waltz"],
        [2, "lstm", 35, 0.8, 2, "waltz"],
    ]
    assert "1 of 5 rows are no trials" in found.remarks[0]
    assert "1 trials have no response" in found.remarks[1]
    frame = pd.DataFrame(ROWS)
    (stimuli,) = written(tmp_path, stimuli__csv=STIMULI)
    lines, table = written(tmp_path, a__jsonl="\n".join(map(json.dumps, ROWS)), b__csv=frame.to_csv(index=False))
    for path in (lines, table):
        again = import_results([path], Mapping(human="human"), read_stimuli(stimuli))
        pd.testing.assert_frame_equal(again.table, found.table)


def test_lists_without_a_name_for_participants_are_one_participant_each(tmp_path: Path) -> None:
    rows = [{"trial_type": "x", "stimulus": "a.wav", "response": 3}]
    found = jspsych(tmp_path, [rows, rows])
    assert found.table["participant"].tolist() == [1, 2]
    assert "no column names participants" in found.remarks[0]


def test_a_page_of_questions_has_a_value_for_each(tmp_path: Path) -> None:
    rows = [{"trial_type": "survey-likert", "stimulus": "a.wav", "response": {"Q0": 0, "Q1": 4}, "subject": 7}]
    found = jspsych(tmp_path, rows, add=1, attributes={"Q0": "structure", "Q1": "creativity"})
    assert found.table.set_index("attribute")["value"].to_dict() == {"structure": 1, "creativity": 5}


def test_preferences_have_both_clips(tmp_path: Path) -> None:
    rows = [
        {"left": "a.wav", "right": "b.wav", "response": response, "trial_type": "x", "subject": 1}
        for response in (0, "b.wav", 2)
    ]
    found = jspsych(tmp_path, rows, task="preference", no_difference=2, columns={"stimulus": ["left", "right"]})
    values = found.table.pivot_table(index="trial", columns="source", values="value")
    assert values.to_dict("list") == {"human": [1, 0, 0.5], "lstm": [0, 1, 0.5]}
    assert set(found.table["attribute"]) == {"preference"}
    with pytest.raises(UnreadableFileError, match="trial 1: the response '3' is neither 0 nor 1"):
        jspsych(tmp_path, [rows[0] | {"response": 3}], task="preference", columns={"stimulus": ["left", "right"]})


def test_human_or_computer_is_what_the_mapping_says(tmp_path: Path) -> None:
    rows = [
        {"trial_type": "audio-button-response", "stimulus": name, "response": response, "subject": 1}
        for name, response in (("a.wav", 0), ("b.wav", 1))
    ]
    found = jspsych(tmp_path, rows, task="source", values={"0": 1, "1": 0})
    assert found.table.set_index("source")["value"].to_dict() == {"human": 1, "lstm": 0}
    with pytest.raises(UnreadableFileError, match="2 is neither 1 nor 0, as an answer to source must be"):
        jspsych(tmp_path, [rows[0] | {"response": 2}], task="source")


def test_a_column_of_systems_needs_no_table(tmp_path: Path) -> None:
    rows = [
        {"trial_type": "x", "stimulus": "1.mp3", "response": "good", "model": "lstm", "phase": "test", "worker": "w"},
        {
            "trial_type": "x",
            "stimulus": "1.mp3",
            "response": "bad",
            "model": "lstm",
            "phase": "practice",
            "worker": "w",
        },
    ]
    (data,) = written(tmp_path, data__json=json.dumps(rows))
    (toml,) = written(
        tmp_path,
        m__toml='[columns]\nsource = "model"\nparticipant = "worker"\n[where]\nphase = "test"\n'
        "[values]\ngood = 4\nbad = 2\n",
    )
    found = import_results([data], read_mapping(toml))
    assert found.table[["source", "value"]].to_numpy().tolist() == [["lstm", 4.0]]


def test_what_is_written_is_read_again_and_replaced(tmp_path: Path) -> None:
    found = import_results(written(tmp_path, mushra__csv=MUSHRA, lss__csv=LSS), Mapping(human="human"))
    write_import(found, tmp_path / "out")
    write_import(found, tmp_path / "out")
    again = read_import(tmp_path / "out")
    pd.testing.assert_frame_equal(again.table, found.table)
    assert (again.human, again.origins) == ("human", found.origins)
    book = pd.read_csv(tmp_path / "out" / "codebook.csv")
    assert book["name"].tolist() == NAMES
    manifest = json.loads((tmp_path / "out" / "import.json").read_text())
    assert [one["program"] for one in manifest["imported_from"]] == ["webMUSHRA", "webMUSHRA"]
    copied = import_results([tmp_path / "out" / "judgements.csv"])
    pd.testing.assert_frame_equal(copied.table, found.table)
    assert copied.human == "human"


def test_the_overview_describes_each_source(tmp_path: Path) -> None:
    found = overview(import_results(written(tmp_path, mushra__csv=MUSHRA)).table).set_index("source")
    assert found.loc["lstm", ["participants", "clips", "judgements", "mean"]].tolist() == [2, 1, 2, 70]


OWN = {"participant": 1, "block": 1, "task": "rating", "trial": 1, "kind": "main", "item": "a", "clip": "a"}
OWN |= {"source": "lstm", "attribute": "quality", "value": 4}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": "x"}, "row 1: value is 'x', which is no number"),
        ({"value": None}, "row 1: value is missing"),
        ({"value": float("inf")}, "row 1: value is inf, not finite"),
        ({"task": "guess"}, "row 1: task is 'guess', not one of source, rating"),
        ({"participant": 1.5}, "row 1: participant is 1.5, no count"),
        ({"source": ""}, "row 1: source is missing"),
    ],
)
def test_a_table_that_is_no_table_of_judgements_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        judgements([OWN | change])
    with pytest.raises(ValueError, match="row 2: participant 1 judges a for quality a second time in trial 1"):
        judgements([OWN, OWN])


@pytest.mark.parametrize(
    ("files", "options", "message"),
    [
        ({}, ["nowhere.csv"], "nowhere.csv does not exist"),
        ({"a__csv": "one,two\n1,2\n"}, ["a.csv"], "a.csv: is neither jsPsych's data nor a result file of webMUSHRA"),
        ({"a__json": "3"}, ["a.json"], "a.json: is neither jsPsych's data"),
        ({"a__json": "[[[1]]]"}, ["a.json"], "a.json: is no list of trials"),
        ({"a__json": '{"a": 1'}, ["a.json"], "a.json: is no JSON"),
        ({"a__json": json.dumps(ROWS)}, ["a.json"], "does not say which clip is of which system: give --stimuli CSV"),
        ({"m__csv": MUSHRA.replace(",60,", ",600,")}, ["m.csv"], "m.csv: line 4: a score of 600 is not between 0 and"),
        ({"m__csv": MUSHRA.replace(",60,", ",sixty,")}, ["m.csv"], "line 4: 'sixty' is no number; the mapping's"),
        ({"m__csv": MUSHRA.replace(",lstm,80,12000,", ",lstm")}, ["m.csv"], "line 7 has 5 cells, the heading 8"),
        ({"m__csv": PAIRS.replace("choice_non", "non")}, ["m.csv"], "is none of webMUSHRA's results that are read"),
        ({"m__csv": MUSHRA, "s__csv": "a\n1,2\n"}, ["m.csv", "--stimuli", "s.csv"], "s.csv: "),
        ({"m__csv": MUSHRA.splitlines()[0]}, ["m.csv"], "there is no judgement in m.csv"),
        ({"m__csv": MUSHRA}, ["m.csv", "m.csv"], "are the same results; give them once"),
        ({"m__csv": MUSHRA}, ["m.csv", "--human", "bach"], "--human bach is not one of the sources (anchor 3.5 kHz, "),
        ({"m__csv": MUSHRA, "t__toml": "colour = 1"}, ["m.csv", "--mapping", "t.toml"], "t.toml: colour is not a key"),
        ({"m__csv": MUSHRA, "t__toml": "add = 'x'"}, ["m.csv", "--mapping", "t.toml"], "t.toml: add is 'x'"),
        ({"m__csv": MUSHRA, "t__toml": "add ="}, ["m.csv", "--mapping", "t.toml"], "t.toml: is not a TOML file"),
        ({"m__csv": MUSHRA, "s__csv": "a\n1\n"}, ["m.csv", "--stimuli", "s.csv"], "s.csv: has no column stimulus"),
        (
            {"m__csv": MUSHRA, "s__csv": "stimulus,source\na,b\na,c\n"},
            ["m.csv", "--stimuli", "s.csv"],
            "s.csv: line 3: a is listed twice",
        ),
    ],
)
def test_a_mistake_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    files: dict[str, str],
    options: list[str],
    message: str,
) -> None:
    written(tmp_path, **files)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["clstm", "study", "import", *options, "--out", "out"])
    with pytest.raises(SystemExit) as stopped:
        main.main()
    assert stopped.value.code == 2
    said = capsys.readouterr().err.splitlines()
    assert message in said[-1]
    assert len(said) == 1
    assert not Path("out").exists()


def test_the_command_says_what_it_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    written(folder, mushra__csv=MUSHRA, lss__csv=LSS)
    out = tmp_path / "out"
    monkeypatch.setattr(sys, "argv", ["clstm", "study", "import", str(folder), "--out", str(out)])
    with pytest.raises(SystemExit) as stopped:
        main.main()
    assert not stopped.value.code
    printed = capsys.readouterr().out
    assert "anchor 3.5 kHz" in printed
    assert f"2 participants, 11 judgements; wrote 3 files to {out}" in " ".join(printed.split())


def test_trials_of_every_task_are_the_table_again() -> None:
    about = {"kind": "main", "seconds": 12.345, "shown_at": "2026-01-31T10:00:00.000+00:00", "heard": 0.5, "plays": 2}
    about |= {"answered_at": "2026-01-31T10:00:12.345+00:00", "participant": 3}
    said = {
        ("source", "source"): [0],
        ("rating", "structure"): [4],
        ("preference", "preference"): [0, 1],
        ("continuation", "musicality"): [2, 5],
        ("mushra", "quality"): [100, 31, 12],
        ("abx", "abx"): [1],
    }
    rows = [
        {**about, "block": block, "trial": block, "item": f"item-{block}", "task": task, "attribute": attribute}
        | {"clip": f"clip-{block}-{place}", "source": f"s{place}", "value": value, "position": place + 1}
        | {"is_human": place == 0, "prompt": "waltz" if task == "continuation" else ""}
        for block, ((task, attribute), values) in enumerate(said.items(), 1)
        for place, value in enumerate(values)
    ]
    rows.append(rows[1] | {"attribute": "creativity", "value": 5})
    table = judgements(rows)
    made = trials(table)
    pd.testing.assert_frame_equal(table_of(json.loads(json.dumps(made))), table)
    responses = [1, {"structure": 4, "creativity": 5}, 1, [2, 5], [100, 31, 12], True]
    assert [one["response"] for one in made] == responses
    assert made[4]["stimulus"] == ["clips/clip-5-0.flac", "clips/clip-5-1.flac", "clips/clip-5-2.flac"]
    assert [one["rt"] for one in made] == [12345.0] * 6
    assert [one["time_elapsed"] for one in made] == [12345] * 6
    assert [one["trial_index"] for one in made] == list(range(6))


def test_the_table_is_that_of_a_study_with_tasks() -> None:
    assert columns("judgements") == NAMES


def test_without_stimuli_a_name_is_its_own_system() -> None:
    assert Stimuli().find("lstm").source == "lstm"


def listened(folder: Path) -> list[Path]:
    """Six listeners and four songs: MUSHRA, two attributes, ABX; the system is worse, and always identified."""
    songs, names = [f"song{number}" for number in range(4)], [f"p{number}" for number in range(6)]
    heads = {
        "mushra": "session_uuid,trial_id,rating_stimulus,rating_score,rating_time,rating_comment",
        "lss": "trial_id,stimuli_rating1,stimuli_rating2,stimuli,rating_time",
        "paired_comparison": "trial_id,choice_reference,choice_non_reference,choice_answer,choice_time,choice_comment",
    }
    lines = {name: [f"session_test_id,name,{heading}"] for name, heading in heads.items()}
    for who, name in enumerate(names):
        for place, song in enumerate(songs):
            move = (who + place) % 3
            lines["mushra"] += [
                f"try,{name},{name},{song},{stimulus},{value + move},900,"
                for stimulus, value in (("reference", 96), ("anchor35", 15), ("lstm", 50))
            ]
            lines["lss"] += [
                f"try,{name},{song},{value + move // 2},4,{stimulus},900"
                for stimulus, value in (("human", 3), ("lstm", 1))
            ]
            lines["paired_comparison"].append(f"try,{name},{song},reference,lstm,correct,900,")
    return written(folder, **{f"{name}__csv": "\n".join(rows) for name, rows in lines.items()})


def test_results_analyses_what_was_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_import(import_results(listened(tmp_path), Mapping(human="human")), tmp_path / "imported")
    arguments = ["clstm", "study", "results", str(tmp_path / "imported"), "--out", str(tmp_path / "out")]
    for _ in range(2):  # ours is replaced
        monkeypatch.setattr(sys, "argv", arguments)
        with pytest.raises(SystemExit) as stopped:
            main.main()
        assert not stopped.value.code
    said = " ".join(capsys.readouterr().out.split())
    summary = (tmp_path / "out" / "summary.md").read_text(encoding="utf-8")
    for words in (
        "lstm differs significantly from human on rating 1: rated 2.00 points lower",
        "lstm differs significantly from reference on quality: rated 46 points lower",
        "lstm was identified significantly more often than by chance: 24 of 24 answers correct",
        "Nothing was registered with this kit",
    ):
        assert words in said
        assert words in summary
    tables = {path.stem: pd.read_csv(path) for path in (tmp_path / "out").glob("*.csv")}
    assert {"block-1-mushra", "block-1-mushra-screening", "block-2-rating", "block-3-abx"} <= set(tables)
    book = tables.pop("codebook")
    for name, table in tables.items():
        assert set(table.columns) <= set(book.loc[book["table"] == name, "name"]), name


def test_human_or_computer_and_preferences_of_others_are_analysed(tmp_path: Path) -> None:
    rows = [
        {"trial_type": "x", "stimulus": f"{song}{name}.wav", "response": value, "subject": who, "system": system}
        for who in range(6)
        for song in range(6)
        for name, system, value in (("a", "human", "human"), ("b", "lstm", "human" if who == song else "computer"))
    ]
    pairs = [
        {"trial_type": "x", "a": f"{song}a.wav", "b": f"{song}b.wav", "sa": "human", "sb": "lstm", "response": 0}
        | {"subject": who}
        for who in range(6)
        for song in range(6)
    ]
    (data, other) = written(tmp_path, one__json=json.dumps(rows), two__json=json.dumps(pairs))
    asked = Mapping.model_validate(
        {"task": "source", "human": "human", "columns": {"source": "system"}, "values": {"human": 1, "computer": 0}}
    )
    (found,) = conclude_import(import_results([data], asked))
    assert found.words == list(found.table["words"])
    assert list(found.table.columns) == columns("contrasts")[1:]
    assert found.words[0].startswith("lstm differs significantly from human: called human")
    columns_of = {"stimulus": ["a", "b"], "source": ["sa", "sb"]}
    compared = Mapping.model_validate({"task": "preference", "columns": columns_of})
    made, worths = conclude_import(import_results([other], compared))
    assert made.table["share"].tolist() == [1.0]
    assert made.table["source"].tolist() == ["human"]
    assert set(worths.table["source"]) == {"human", "lstm"}
    unnamed = asked.model_copy(update={"human": None})
    assert conclude_import(import_results([data], unnamed)) == []
