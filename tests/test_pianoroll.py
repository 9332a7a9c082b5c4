"""A benchmark's MATLAB file becomes a corpus of 88 keys as published, or is refused in one line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from clstm.corpus.corpus import Corpus, summary
from clstm.corpus.preparation import prepare
from clstm.generation.prompts import from_corpus
from clstm.music import pianoroll
from clstm.runtime.errors import MismatchError, UnreadableFileError, UserError

SIZES = {"traindata": (12, 30, 7), "validdata": (9, 9), "testdata": (25,)}


def cells(matrices: list[Any]) -> Any:
    """A MATLAB cell array."""
    array = np.empty((1, len(matrices)), dtype=object)
    for place, matrix in enumerate(matrices):
        array[0, place] = matrix
    return array


def benchmark(**other: Any) -> dict[str, Any]:
    random = np.random.default_rng(0)
    lists = {
        name: cells([(random.random((frames, 88)) < 0.05).astype(np.uint8) for frames in sizes])
        for name, sizes in SIZES.items()
    }
    return lists | other


@pytest.fixture
def mat(tmp_path: Path) -> Path:
    savemat(tmp_path / "Tiny.mat", benchmark(), do_compression=True)
    return tmp_path / "Tiny.mat"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("rolls")
    savemat(folder / "Tiny.mat", benchmark(), do_compression=True)
    return prepare([str(folder / "Tiny.mat")], folder / "tiny")


def test_pieces_and_splits_are_those_of_the_file(tiny: Corpus) -> None:
    assert tiny.rows == 88
    assert tiny.pieces["split"].tolist() == ["train"] * 3 + ["valid"] * 2 + ["test"]
    assert tiny.lengths.tolist() == [12, 30, 7, 9, 9, 25]
    published = [matrix for name in SIZES for matrix in benchmark()[name].ravel()]
    for piece, matrix in enumerate(published):
        np.testing.assert_array_equal(tiny.matrix(piece), matrix.T)
    np.testing.assert_array_equal(tiny.excerpt(1, 4, 9), published[1].T[:, 4:9])


def test_its_length_is_told_in_frames(tiny: Corpus) -> None:
    told = summary(tiny).splitlines()
    assert told[0] == "train: 3 pieces, 3 groups, 49 frames"
    mean = np.concatenate([tiny.matrix(piece) for piece in range(6)], axis=1).sum(axis=0).mean()
    assert told[3] == f"88 keys, {mean:.1f} sounding in a frame"


def test_pieces_are_split_as_published_whatever_matlab_calls_the_numbers(mat: Path, tmp_path: Path) -> None:
    lists = {name: cells([matrix.astype(np.float64) for matrix in benchmark()[name].ravel()]) for name in SIZES}
    savemat(tmp_path / "Float.mat", lists)
    ours, theirs = pianoroll.read_mat(tmp_path / "Float.mat"), pianoroll.read_mat(mat)
    for split in ("train", "valid", "test"):
        for one, other in zip(ours[split], theirs[split], strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"testdata": np.zeros((3, 88))}, "testdata is not a list"),
        ({"validdata": cells([])}, "validdata is not a list"),
        (
            {"validdata": cells([np.zeros((4, 88)), np.zeros((4, 87))])},
            "validdata, piece 2 is 4 x 87; it must be frames",
        ),
        ({"validdata": cells([np.zeros((0, 88))])}, r"validdata, piece 1 is 0 x \d+; it must be frames"),
        ({"traindata": cells(["a song"])}, "traindata, piece 1"),
        ({"traindata": cells([np.full((4, 88), 2)])}, "traindata, piece 1 holds other values than 0 and 1"),
        ({"traindata": cells([np.full((4, 88), np.nan)])}, "traindata, piece 1 holds other values than 0 and 1"),
    ],
)
def test_another_content_is_refused_with_its_place(tmp_path: Path, other: dict[str, Any], reason: str) -> None:
    savemat(tmp_path / "Other.mat", benchmark(**other))
    with pytest.raises(UnreadableFileError, match=reason):
        pianoroll.read_mat(tmp_path / "Other.mat")


def test_a_file_without_the_three_lists_is_told_what_it_has(tmp_path: Path) -> None:
    savemat(tmp_path / "Other.mat", {"rolls": np.zeros((3, 3)), "testdata": np.zeros((3, 3))})
    with pytest.raises(UnreadableFileError, match="no traindata, validdata in it but rolls, testdata; a benchmark has"):
        pianoroll.read_mat(tmp_path / "Other.mat")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (lambda whole: whole[: len(whole) // 2], "damaged, or not a MATLAB file"),
        (lambda whole: whole[:300] + b"wrong" + whole[305:], "damaged, or not a MATLAB file"),
        (lambda whole: b"", "damaged, or not a MATLAB file"),
        (lambda whole: b"<html>no such page</html>" * 20, "damaged, or not a MATLAB file"),
        (lambda whole: b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM\x89HDF", "a MATLAB 7.3 file; save it with -v7"),
    ],
)
def test_damage_is_one_line(mat: Path, content: Any, reason: str) -> None:
    mat.write_bytes(content(mat.read_bytes()))
    with pytest.raises(UnreadableFileError, match=reason) as refused:
        pianoroll.read_mat(mat)
    assert "\n" not in str(refused.value)


def test_damage_that_kills_the_reader_costs_a_process_and_no_more(tmp_path: Path) -> None:
    damaged = tmp_path / "Damaged.mat"
    matrix = np.zeros((3, 88), dtype=np.uint8)
    savemat(damaged, {name: cells([matrix, matrix]) for name in SIZES})
    content = bytearray(damaged.read_bytes())
    content[144] = 9  # scipy 1.17 ends with a segmentation fault
    damaged.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=r"Damaged\.mat: "):
        prepare([str(damaged)], tmp_path / "corpus")
    assert not (tmp_path / "corpus").exists()


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"Missing\.mat: there is no such file"):
        prepare([str(tmp_path / "Missing.mat")], tmp_path / "corpus")


def test_a_benchmark_stands_alone(mat: Path, eight_pieces: Path, tmp_path: Path) -> None:
    for sources, pedal in (([str(mat), str(eight_pieces)], False), ([str(mat)], True)):
        with pytest.raises(UserError, match=r"Tiny\.mat is a benchmark as published; give it alone"):
            prepare(sources, tmp_path / "corpus", pedal=pedal)


def test_a_benchmark_is_no_music(tiny: Corpus) -> None:
    with pytest.raises(
        MismatchError, match=r"a benchmark of 88 rows in steps of its own; .*: clstm benchmark; music comes from"
    ):
        from_corpus(Corpus.open(tiny.path), "train", 1, 3, seed=0, window=3)
