"""Folders of MIDI -> one corpus."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from midi_bytes import controller, header, midi, off, on, program, track
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.corpus.corpus import Corpus, summary
from clstm.corpus.preparation import prepare
from clstm.music.midi import Notes, read_midi, write_midi
from clstm.music.score import encode
from clstm.runtime.errors import MismatchError, NothingUsableError, UserError


def test_a_corpus_holds_what_encode_makes_of_each_file(tiny_corpus: Corpus, eight_pieces: Path) -> None:
    assert len(tiny_corpus.pieces) == 8
    for piece, name in enumerate(tiny_corpus.pieces["file"]):
        np.testing.assert_array_equal(tiny_corpus.matrix(piece), encode(read_midi(eight_pieces / name)))
    np.testing.assert_array_equal(tiny_corpus.excerpt(3, 7, 20), tiny_corpus.matrix(3)[:, 7:20])


def test_it_is_split_by_piece(tiny_corpus: Corpus) -> None:
    counts = tiny_corpus.pieces["split"].value_counts()
    assert counts.to_dict() == {"train": 6, "valid": 1, "test": 1}
    assert tiny_corpus.held_out == "test"


def test_copies_share_a_group(eight_pieces: Path, tmp_path: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    for copy in ("a.mid", "b.mid"):
        (folder / copy).write_bytes((eight_pieces / "piece0.mid").read_bytes())
    (folder / "c.mid").write_bytes((eight_pieces / "piece1.mid").read_bytes())
    groups = prepare([str(folder)], tmp_path / "corpus", workers=1).pieces["group"].tolist()
    assert groups == ["a.mid", "a.mid", "c.mid"]


def test_every_kind_of_bad_file_is_rejected_by_name_and_the_rest_goes_on(eight_pieces: Path, tmp_path: Path) -> None:
    folder = tmp_path / "music"
    (folder / "deep").mkdir(parents=True)
    good = (eight_pieces / "piece0.mid").read_bytes()
    (folder / "good.mid").write_bytes(good)
    (folder / "deep" / "text.mid").write_text("not music")
    (folder / "empty.mid").touch()
    (folder / "cut.mid").write_bytes(good[: len(good) // 2])
    write_midi(Notes.of([(0.0, 1.0, 20, 80)]), folder / "low.mid")
    (folder / "dangling.mid").symlink_to(tmp_path / "nowhere")
    corpus = prepare([str(folder)], tmp_path / "corpus", workers=2)
    assert corpus.pieces["file"].tolist() == ["good.mid"]
    rejected = pd.read_csv(corpus.path / "rejected.csv").set_index("file")["reason"]
    assert set(rejected.index) == {"deep/text.mid", "empty.mid", "cut.mid", "low.mid", "dangling.mid"}
    assert rejected["dangling.mid"] == "a link to nothing"
    assert rejected["low.mid"] == "no note within MIDI 24..101"
    assert "5 files rejected" in summary(corpus)


def test_a_file_named_twice_is_taken_once(eight_pieces: Path, tmp_path: Path) -> None:
    sources = [str(eight_pieces / "piece0.mid"), str(eight_pieces / ".." / eight_pieces.name / "piece0.mid")]
    assert len(prepare(sources, tmp_path / "corpus", workers=1).pieces) == 1


def test_nothing_usable_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "text.mid").write_text("not music")
    with pytest.raises(NothingUsableError, match=r"none of 1 files is usable \(text.mid: not a MIDI file"):
        prepare([str(tmp_path / "text.mid")], tmp_path / "corpus", workers=1)
    assert [path.name for path in tmp_path.iterdir()] == ["text.mid"]


def test_the_index_decides(eight_pieces: Path, tmp_path: Path) -> None:
    rows = [f"{eight_pieces}/piece{i}.mid,{'train' if i < 5 else 'valid'},{i}" for i in range(7)]
    index = tmp_path / "index.csv"
    index.write_text("\n".join(["file,split,group", *rows, f"{eight_pieces}/gone.mid,valid,9"]) + "\n")
    corpus = prepare([str(eight_pieces)], tmp_path / "corpus", index=index, workers=1)
    assert corpus.pieces["split"].tolist() == ["train"] * 5 + ["valid"] * 2
    assert corpus.held_out == "valid"
    rejected = pd.read_csv(corpus.path / "rejected.csv").set_index("file")["reason"].to_dict()
    assert rejected == {"piece7.mid": "not in the index", "gone.mid": "in the index, but not among the sources"}


def test_only_a_corpus_is_replaced(eight_pieces: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(UserError, match="not a corpus that this command wrote"):
        prepare([str(eight_pieces)], tmp_path / "mine", workers=1)
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_another_version_and_a_damaged_corpus_are_refused(tiny_corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a corpus"):
        Corpus.open(tmp_path)
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in tiny_corpus.path.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    (copy / "frames.bin").write_bytes(b"123")
    with pytest.raises(MismatchError, match=r"frames\.bin has 3 bytes"):
        Corpus.open(copy)
    (copy / "pieces.csv").unlink()
    with pytest.raises(MismatchError, match=r"is damaged .*; prepare it again"):
        Corpus.open(copy)
    about = json.loads((copy / "corpus.json").read_text())
    for change, message in (
        ({"format": 99}, "format 99; this version reads format 1"),
        ({"representation": {"rows": 128, "frame_rate": 8}}, "with 128 rows at 8 frames per second in format 1; this"),
        ({"representation": None}, "with an unknown representation"),
    ):
        (copy / "corpus.json").write_text(json.dumps(about | change))
        with pytest.raises(MismatchError, match=message):
            Corpus.open(copy)
    (copy / "corpus.json").write_text("[]")
    with pytest.raises(MismatchError, match="is damaged"):
        Corpus.open(copy)


def test_a_corpus_keeps_its_notes_as_they_are_in_the_files(eight_pieces: Path, tiny_corpus: Corpus) -> None:
    for piece, file in enumerate(tiny_corpus.pieces["file"]):
        played, notes = tiny_corpus.played(piece), read_midi(eight_pieces / file)
        assert played["onset"].tolist() == notes.onset.tolist()
        assert played["offset"].tolist() == notes.offset.tolist()
        assert played["pitch"].tolist() == notes.pitch.tolist()


def test_notes_that_are_not_all_there_are_refused_and_a_corpus_without_any_opens(
    tiny_corpus: Corpus, tmp_path: Path
) -> None:
    copy = shutil.copytree(tiny_corpus.path, tmp_path / "copy")
    (copy / "notes.bin").write_bytes(b"123")
    with pytest.raises(MismatchError, match=r"notes\.bin has 3 bytes, not what pieces\.csv says; prepare it again"):
        Corpus.open(copy)
    (copy / "notes.bin").unlink()
    old = Corpus.open(copy)
    assert (old.matrix(3) == tiny_corpus.matrix(3)).all()
    with pytest.raises(MismatchError, match=r"by an earlier version, without notes\.bin; prepare it again"):
        old.played(0)


def test_a_split_that_is_not_there_is_named_with_those_that_are(tiny_corpus: Corpus) -> None:
    with pytest.raises(UserError, match=r"no piece in the split 'sample'; its splits are: train \(6\), "):
        tiny_corpus.of_split("sample")


def test_files_of_one_name_keep_their_own_split(eight_pieces: Path, tmp_path: Path) -> None:
    for folder, piece in (("a", 0), ("b", 1)):
        (tmp_path / folder / "songs").mkdir(parents=True)
        shutil.copyfile(eight_pieces / f"piece{piece}.mid", tmp_path / folder / "songs" / "x.mid")
    index = tmp_path / "elsewhere" / "index.csv"
    index.parent.mkdir()
    index.write_text("file,split,group\n../a/songs/x.mid,train,1\n../b/songs/x.mid,test,2\n")
    sources = [str(tmp_path / "a" / "songs"), str(tmp_path / "b" / "songs" / "x.mid")]
    pieces = prepare(sources, tmp_path / "corpus", index=index, workers=1).pieces
    assert pieces[["file", "split", "group"]].to_numpy().tolist() == [
        ["x.mid", "train", "1"],
        ["songs/x.mid", "test", "2"],
    ]


def test_an_empty_folder_and_a_name_that_is_no_text_do_not_stop_the_rest(eight_pieces: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    shutil.copyfile(eight_pieces / "piece0.mid", os.fsencode(tmp_path / "full") + b"/caf\xe9.mid")
    corpus = prepare([str(tmp_path / "empty"), str(tmp_path / "full")], tmp_path / "corpus", workers=1)
    assert corpus.pieces["file"].tolist() == ["caf\\xe9.mid"]
    assert pd.read_csv(corpus.path / "rejected.csv")["reason"].tolist() == ["no MIDI file in this folder"]


def test_a_corpus_is_made_again_through_a_link(eight_pieces: Path, tmp_path: Path) -> None:
    prepare([str(eight_pieces)], tmp_path / "corpus", workers=1)
    (tmp_path / "link").symlink_to("corpus")
    prepare([str(eight_pieces / "piece0.mid")], tmp_path / "link", workers=1)
    assert len(Corpus.open(tmp_path / "corpus").pieces) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"corpus", "link"}


def bowed(*switches: tuple[int, bytes]) -> list[tuple[int, bytes]]:
    """Two notes, of a quarter of a second and half of one, a second apart, with something between."""
    return [(0, on(60)), (240, off(60)), *switches, (720, on(62)), (480, off(62))]


def prepared(*arguments: object) -> tuple[Corpus, str]:
    """What `clstm prepare` made of its sources, the last argument being the corpus, and what it printed."""
    *sources, out = map(str, arguments)
    done = CliRunner().invoke(load_commands(), ["prepare", *sources, "--out", out, "--workers", "1"])
    assert done.exit_code == 0, done.output
    return Corpus.open(Path(out)), " ".join(done.output.split())


def test_the_command_obeys_the_pedal_of_each_channel_when_asked(tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    pedal = (0, controller(64, 127))
    (music / "pressed.mid").write_bytes(header(2) + track(*bowed()) + track(pedal, (480, controller(64, 0))))
    (music / "of-another-channel.mid").write_bytes(midi((0, controller(64, 127, 1)), *bowed()))
    (music / "without.mid").write_bytes(midi(*bowed()))
    dry, said = prepared(music, tmp_path / "dry")
    wet, nothing_said = prepared(music, "--pedal", tmp_path / "wet")
    held = {
        name: [int(corpus.matrix(piece)[60 - 24].sum()) for piece in range(3)]
        for name, corpus in (("dry", dry), ("wet", wet))
    }
    assert dry.pieces["file"].tolist() == ["of-another-channel.mid", "pressed.mid", "without.mid"]
    assert held == {"dry": [2, 2, 2], "wet": [2, 4, 2]}  # frames of 1/8 s
    assert "left out of the notes: the pedal, pressed 1 time in 1 file (--pedal obeys it)" in said
    assert "left out of the notes:" not in nothing_said


def test_what_the_reading_leaves_out_is_counted_for_each_piece_and_said(tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    drums = [(0, on(38, 9)), (10, off(38, 9))]
    (music / "band.mid").write_bytes(midi((0, program(33)), *bowed((0, program(40))), *drums, *drums))
    (music / "piano.mid").write_bytes(midi(*bowed((0, controller(64, 127)), (1, controller(64, 0)))))
    corpus, said = prepared(music, tmp_path / "corpus")
    assert corpus.pieces[["drums", "pedals", "programs"]].to_numpy().tolist() == [[2, 0, "33 40"], [0, 1, ""]]
    assert "2 drum notes in 1 file; the pedal, pressed 1 time in 1 file" in said
    assert "instruments other than the piano in 1 file, read as a piano" in said
    assert all(piece.left_out.programs in ((33, 40), ()) for piece in map(read_midi, sorted(music.iterdir())))


def test_a_corpus_older_than_these_columns_opens_and_is_summed_up(tiny_corpus: Corpus, tmp_path: Path) -> None:
    shutil.copytree(tiny_corpus.path, tmp_path / "old")
    columns = [name for name in tiny_corpus.pieces if name not in ("drums", "pedals", "programs")]
    tiny_corpus.pieces[columns].to_csv(tmp_path / "old" / "pieces.csv", index=False)
    assert summary(Corpus.open(tmp_path / "old")) == summary(tiny_corpus)


def test_the_longest_piece_is_named_and_what_no_music_is_rejected(eight_pieces: Path, tmp_path: Path) -> None:
    music = tmp_path / "music"
    shutil.copytree(eight_pieces, music)
    write_midi(Notes.of([(k, k + 1, 60 + k % 12, 80) for k in range(240)]), music / "long.mid")
    (music / "stretched.mid").write_bytes(
        (eight_pieces / "piece0.mid").read_bytes().replace(b"\x03\xc0", b"\x00\x01", 1)
    )
    (music / "late.mid").write_bytes(midi((0x1FFFFF, on(60)), (480, off(60))))
    corpus = prepare([str(music)], tmp_path / "corpus", workers=1)
    assert "longest: long.mid, 4 min, 50% of the corpus" in summary(corpus)
    rejected = pd.read_csv(corpus.path / "rejected.csv").set_index("file")["reason"]
    assert rejected["late.mid"].startswith("no music: no note begins for 36.4 minutes of its 36.4 minutes")
    assert rejected["stretched.mid"].startswith("no music: ")
    assert len(corpus.pieces) == 9
