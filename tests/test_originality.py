"""What is copied is found, where it stands and in which key; what is everybody's is not taken for a copy."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from clstm.music.midi import Notes, write_midi
from clstm.runtime.errors import NothingUsableError, UserError
from evaluation.cli.notes import app
from evaluation.notes.originality import COLUMNS, ComparedPiece, Match, Originality, longest_common, measure_originality


def walk(seed: int, seconds: float = 30.0) -> Notes:
    """Pitches and rhythm at random, about four notes a second."""
    generator = np.random.default_rng(seed)
    frame = np.cumsum(generator.integers(1, 4, round(seconds * 4)))
    frame = frame[frame < seconds * 8 - 1]
    pitch = generator.integers(45, 85, len(frame))
    last = (seconds - 1 / 8, seconds, 60, 80)
    return Notes.of([*((f / 8, f / 8 + 0.25, p, 80) for f, p in zip(frame, pitch, strict=True)), last])


def rows(notes: Notes, shift: float = 0.0, semitones: int = 0) -> list[tuple[float, float, int, int]]:
    columns = (notes.onset + shift, notes.offset + shift, notes.pitch + semitones, notes.velocity)
    return [(float(on), float(off), int(pitch), int(v)) for on, off, pitch, v in zip(*columns, strict=True)]


def pieces(*music: Notes, groups: str = "") -> list[ComparedPiece]:
    """Each in a group of its own, or as the letters say."""
    return [ComparedPiece.of(notes, f"piece {k}", groups[k : k + 1]) for k, notes in enumerate(music)]


CORPUS = [walk(seed) for seed in range(25)]


def test_a_copy_in_another_key_is_found_where_it_stands() -> None:
    passage = CORPUS[7].between(10.0, 15.0)
    copied = Notes.of([*rows(walk(99, 8.0)), *rows(passage, 9.0, semitones=3), *rows(walk(98, 8.0), 15.0)])
    common = longest_common([ComparedPiece.of(copied, "copied")], pieces(*CORPUS))
    (match,) = common.matches
    struck = CORPUS[7].onset[(CORPUS[7].onset >= 10.0) & (CORPUS[7].onset < 15.0)]
    assert match.notes >= len(struck) > 10
    assert (match.piece, match.semitones) == (7, 3)
    assert match.there - match.at == pytest.approx(10.0 - 9.0)
    assert match.at <= struck[0] - 1.0
    assert match.seconds >= struck[-1] - struck[0]
    assert (common.own(copied_frames := ComparedPiece.of(copied).frames) < match.notes).all()
    assert copied_frames == round(23.0 * 8)


def test_a_run_never_passes_from_one_piece_into_the_next() -> None:
    halves = [CORPUS[0].between(0.0, 15.0), CORPUS[0].between(15.0, 30.0)]
    (match,) = longest_common([ComparedPiece.of(CORPUS[0], "both")], pieces(*halves)).matches
    assert match.notes <= max(map(len, halves))


def test_a_run_ends_at_a_long_rest() -> None:
    phrase = [(k / 4, k / 4 + 0.25, pitch, 80) for k, pitch in enumerate([60, 64, 59, 66])]
    for gap, longest in ((4.0, 8), (4.125, 4)):
        twice = Notes.of([*phrase, *((on + 0.75 + gap, off + 0.75 + gap, pitch, 80) for on, off, pitch, _ in phrase)])
        (match,) = longest_common([ComparedPiece.of(twice, "query")], [ComparedPiece.of(twice, "corpus")]).matches
        assert match.notes == longest


def test_pieces_of_one_group_are_not_held_against_each_other() -> None:
    corpus = pieces(CORPUS[0], CORPUS[0], CORPUS[1], groups="aab")
    twins_apart = pieces(CORPUS[0], CORPUS[0], CORPUS[1], groups="acb")
    together, apart = (longest_common([], music).own(240) for music in (corpus, twins_apart))
    assert apart[0] == apart[1] == len(CORPUS[0])
    assert together[0] == together[1] < 10
    (match,) = longest_common([ComparedPiece.of(CORPUS[1], "it", "b")], corpus).matches
    assert match.piece != 2


def test_an_excerpt_shares_no_more_than_lies_in_it() -> None:
    common = longest_common([], pieces(CORPUS[0], CORPUS[0]))
    onset = np.round(CORPUS[0].onset * 8)
    for frames in (40, 80, 160):
        begin = (common.chances * (240 - frames + 1)).astype(int)
        inside = [int(((onset >= start) & (onset < start + frames)).sum()) for start in begin]
        assert common.own(frames).tolist() == inside
    assert len(common.own(241)) == 0


def test_only_pieces_that_are_long_enough_give_an_excerpt() -> None:
    common = longest_common([], pieces(walk(0, 10.0), walk(1, 20.0), walk(2, 30.0)))
    assert [len(common.own(frames)) for frames in (80, 81, 160, 240, 241)] == [3, 2, 2, 1, 0]


def test_the_seed_alone_decides_on_the_excerpts() -> None:
    runs = [longest_common([], pieces(*CORPUS), seed).own(40).tolist() for seed in (0, 0, 1)]
    assert runs[0] == runs[1] != runs[2]


def test_one_note_shares_nothing() -> None:
    note = ComparedPiece.of(Notes.of([(0.0, 1.0, 60, 80)]), "one")
    assert longest_common([note], pieces(*CORPUS[:2])).matches == [Match(0)]
    assert longest_common([ComparedPiece.of(CORPUS[0], "it")], [note]).matches == [Match(0)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of 25 pieces and a twin, and a model that is original once, copies once, and leaves a broken file."""
    folder = tmp_path_factory.mktemp("originality")
    for k, notes in enumerate(CORPUS):
        write_midi(notes, folder / f"corpus/{k:02}.mid")
    write_midi(CORPUS[3], folder / "corpus/twin.mid")
    (folder / "corpus/text.mid").write_text("hello")
    write_midi(walk(100), folder / "model/original.mid")
    passage = rows(CORPUS[12].between(5.0, 15.0), 20.0, semitones=-2)
    write_midi(Notes.of([*rows(walk(101, 20.0)), *passage]), folder / "model/copied.mid")
    (folder / "model/broken.mid").write_bytes(b"")
    write_midi(Notes.of([(0.0, 1.0, 60, 80)]), folder / "model/one.mid")
    write_midi(walk(102, 40.0), folder / "model/long.mid")
    names = [f"{k:02}.mid" for k in range(25)]
    index = {"file": [*names, "twin.mid"], "group": [str(k) for k in range(25)] + ["3"]}
    pd.DataFrame(index).to_csv(folder / "index.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> Originality:
    corpus = sorted((folder / "corpus").glob("*.mid"))
    systems = {"model": sorted((folder / "model").glob("*.mid")), "itself": [folder / "corpus/03.mid"]}
    return measure_originality(systems, corpus, workers=2)


def test_each_file_has_a_row_and_the_copy_is_flagged(found: Originality) -> None:
    table = found.table.assign(file=[Path(file).stem for file in found.table["file"]]).set_index("file")
    assert tuple(found.table.columns) == COLUMNS
    assert table["flagged"].to_dict() == {"broken": 0, "copied": 1, "long": 0, "one": 0, "original": 0, "03": 0}
    copied = table.loc["copied"]
    assert Path(copied["corpus_file"]).stem == "12"
    assert (copied["semitones"], copied["as_long"], copied["excerpts"]) == (-2, 0.0, 26)
    assert copied["match_share"] == pytest.approx(copied["match_notes"] / copied["notes"])
    assert copied["corpus_at"] - copied["match_at"] == pytest.approx(5.0 - 20.0)
    assert table.loc["original", "as_long"] > 0.05


def test_what_does_not_exist_says_why(found: Originality) -> None:
    notes = {Path(file).stem: note for file, note in zip(found.table["file"], found.table["note"], strict=True)}
    assert notes == {
        "broken": "0 bytes",
        "copied": "",
        "long": "only 0 corpus pieces are as long; 20 are needed to compare with",
        "one": "one note",
        "original": "",
        "03": "",
    }
    assert found.table.set_index("note").loc["0 bytes", ["notes", "match_notes", "as_long"]].isna().all()


def test_the_same_piece_twice_is_one_group_and_is_said(found: Originality) -> None:
    assert [(Path(one).stem, Path(other).stem) for one, other in found.twins] == [("twin", "03")]
    assert len({piece.group for piece in found.corpus}) == 25
    assert found.own["model"].max() < 10
    itself = found.table[found.table["system"] == "itself"].iloc[0]
    assert itself["match_notes"] < 10  # a file of the corpus is compared with other groups than its own
    assert [error.reason for error in found.rejected] == ["not a MIDI file (it does not begin with MThd)"]


def test_only_the_beginning_counts_where_that_is_asked(folder: Path) -> None:
    corpus = sorted((folder / "corpus").glob("*.mid"))
    beginning = measure_originality({"model": [folder / "model/copied.mid"]}, corpus, seconds=15.0, workers=1)
    (row,) = beginning.table.to_dict("records")
    assert row["seconds"] <= 15.0
    assert row["flagged"] == 0


def test_nothing_usable_is_named(folder: Path) -> None:
    good, bad = [folder / "corpus/00.mid"], [folder / "model/broken.mid"]
    with pytest.raises(NothingUsableError, match=r"model: none of its 1 files can be used: .*broken\.mid: 0 bytes"):
        measure_originality({"model": bad}, good, workers=1)
    with pytest.raises(NothingUsableError, match=r"none of the corpus's 1 files can be used: .*0 bytes"):
        measure_originality({"model": good}, bad, workers=1)


@pytest.fixture
def clstm(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """`clstm originality` in the folder; what it says, or the mistake it raises."""
    monkeypatch.chdir(folder)

    def run(*words: str) -> str:
        result = CliRunner().invoke(app, ["originality", *words, "--workers", "1"])
        if isinstance(result.exception, UserError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    return run


def test_the_verb_writes_the_table_and_names_the_copy(clstm: Callable[..., str], tmp_path: Path) -> None:
    out = tmp_path / "originality.csv"
    output = clstm("model=model", "--corpus", "corpus", "--index", "index.csv", "--out", str(out))
    assert "corpus/text.mid: not a MIDI file" in output
    assert "model/broken.mid: 0 bytes" in output
    assert "names no group of 1 of 27 files, text.mid first" in output
    assert "1 of 26 corpus files are the same music as another (twin.mid is 03.mid)" in output
    (line,) = [line for line in output.splitlines() if "model, copied.mid" in line]
    assert "as in 12.mid" in line
    assert "-2 semitones; 0.0 % of 26 excerpts of the corpus share as much" in line
    table = pd.read_csv(out)
    assert tuple(table.columns) == COLUMNS
    assert table["flagged"].sum() == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["model", "--corpus", "corpus"], "'model' is not NAME=PATH"),
        (["a=model", "a=corpus", "--corpus", "corpus"], "the name 'a' is given twice"),
        (["a=model", "--corpus", "nowhere"], "nowhere does not exist"),
        (["a=model", "--corpus", "index.csv"], "none of the corpus's 1 files can be used"),
        (["a=model", "--corpus", "corpus", "--index", "nowhere.csv"], "nowhere.csv cannot be read as CSV"),
        (["a=model", "--corpus", "corpus", "--index", "wrong.csv"], "it needs file and group"),
        (["a=model", "--corpus", "model", "--index", "index.csv"], "lists none of the 5 files in model"),
    ],
)
def test_mistakes_are_one_line_and_nothing_is_written(
    clstm: Callable[..., str], folder: Path, tmp_path: Path, words: list[str], message: str
) -> None:
    (folder / "wrong.csv").write_text("piece,group\n00.mid,a\n")
    with pytest.raises(UserError) as error:
        clstm(*words, "--out", str(tmp_path / "out.csv"))
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "out.csv").exists()
