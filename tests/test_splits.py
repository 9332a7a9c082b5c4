"""No group spans two splits, whoever draws them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clstm.corpus.pieces import fingerprint
from clstm.corpus.splits import Assignment, merge_duplicates, read_index, split_by_group
from clstm.music.midi import Notes
from clstm.music.score import encode
from clstm.runtime.errors import UserError

labels = st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=60)


@given(labels, st.integers(0, 1000))
def test_no_group_spans_two_splits_and_none_is_empty(groups: list[str], seed: int) -> None:
    splits = split_by_group(groups, seed)
    assert len(set(zip(groups, splits, strict=True))) == len(set(groups))
    expected = {"train", "valid", "test"} if len(set(groups)) >= 3 else {"train"}
    assert set(splits) == expected


def test_a_tenth_of_many_pieces_goes_to_each_of_valid_and_test() -> None:
    splits = split_by_group([f"group{i // 2}" for i in range(400)], seed=1)
    assert [splits.count(name) for name in ("train", "valid", "test")] == [320, 40, 40]


def test_another_seed_draws_another_split() -> None:
    groups = [str(i) for i in range(100)]
    assert split_by_group(groups, 0) == split_by_group(groups, 0) != split_by_group(groups, 1)


@given(labels, st.data())
def test_twins_end_in_one_group(groups: list[str], data: st.DataObject) -> None:
    prints = data.draw(st.lists(st.sampled_from("pqrs"), min_size=len(groups), max_size=len(groups)))
    merged = merge_duplicates(groups, prints)
    assert len(set(zip(prints, merged, strict=True))) == len(set(prints))
    assert len(set(zip(groups, merged, strict=True))) == len(set(groups))


def test_a_transposed_later_copy_has_the_same_fingerprint() -> None:
    rows = [(0.0, 0.5, 60, 80), (0.5, 1.0, 64, 80), (0.5, 1.5, 67, 80)]
    moved = [(onset + 2, offset + 2, pitch + 5, 60) for onset, offset, pitch, _ in rows]
    other = [*rows[:2], (0.5, 1.5, 68, 80)]
    assert fingerprint(encode(Notes.of(rows))) == fingerprint(encode(Notes.of(moved)))
    assert fingerprint(encode(Notes.of(rows))) != fingerprint(encode(Notes.of(other)))
    assert fingerprint(np.zeros((156, 4), np.uint8)) == "silence"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "index.csv"
    path.write_text(text)
    return path


def test_an_index_gives_each_file_its_split_and_group(tmp_path: Path) -> None:
    index = read_index(write(tmp_path, "file,split,group,title\na/x.mid,train,1,X\ny.mid,valid,NA,Y\n"))
    assert index == {tmp_path / "a/x.mid": Assignment("train", "1"), tmp_path / "y.mid": Assignment("valid", "NA")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,split\nx.mid,train\n", "no column group; it has file, split"),
        ("", "cannot be read as CSV"),
        ("file,split,group\nx.mid,train,1\nx.mid,train,1\n", "x.mid is listed twice"),
        ("file,split,group\nx.mid,train,1\n./x.mid,train,1\n", "x.mid is listed twice"),
        ("file,split,group\nx.mid,,1\n", "x.mid has no split or no group"),
        ("file,split,group\nx.mid,train,1\ny.mid,valid,1\n", "group 1 is in train and in valid"),
    ],
)
def test_a_wrong_index_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as refused:
        read_index(write(tmp_path, text))
    assert "\n" not in str(refused.value)
