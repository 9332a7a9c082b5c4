"""The split of each piece, train, valid or test; and the groups of pieces that must stay together.

Pieces of one *group* (movements of a work, arrangements, near-duplicates) never fall into two splits: a model tested on
a piece whose twin it has seen would look better than it is.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from clstm.runtime.errors import UserError
from clstm.runtime.names import location

SHARES = {"test": 0.1, "valid": 0.1}  # the rest trains
INDEX_COLUMNS = ("file", "split", "group")


@dataclass(frozen=True)
class Assignment:
    """The split and group a user's index gives to a file."""

    split: str
    group: str


def merge_duplicates(groups: Sequence[str], fingerprints: Sequence[str]) -> list[str]:
    """Groups in which pieces with one fingerprint are together, and with them all that were grouped with either.

    >>> merge_duplicates(["a", "b", "c", "b"], ["x", "y", "x", "z"])
    ['a', 'b', 'a', 'b']
    """
    joined: dict[str, str] = {}  # a group, and the one that it became part of

    def whole(group: str) -> str:
        """The group that all became part of; the way to it is halved, or chains of copies would take long."""
        while group in joined:
            joined[group] = group = joined.get(joined[group], joined[group])
        return group

    first: dict[str, str] = {}
    for group, print_ in zip(groups, fingerprints, strict=True):
        keep, lose = whole(first.setdefault(print_, group)), whole(group)
        if keep != lose:
            joined[lose] = keep
    return [whole(group) for group in groups]


def split_by_group(groups: Sequence[str], seed: int) -> list[str]:
    """A split for each piece: whole groups, in an order drawn by `seed`, fill test, then valid, to a tenth each.

    A group larger than what a split still lacks is passed over, but with three groups or more no split is empty.

    >>> sorted(split_by_group(list("abcdefghij"), seed=0))
    ['test', 'train', 'train', 'train', 'train', 'train', 'train', 'train', 'train', 'valid']
    """
    sizes = Counter(groups)
    names = sorted(sizes)  # the order in which files were found must not matter
    order = [names[i] for i in np.random.default_rng(seed).permutation(len(names))]
    split_of: dict[str, str] = {}
    for split, share in SHARES.items() if len(names) >= 3 else ():
        left = [name for name in order if name not in split_of]
        room = share * len(groups)
        for name in left:
            if sizes[name] <= room:
                split_of[name] = split
                room -= sizes[name]
        # No group is small enough: the smallest is used, so that no split is empty.
        if split not in split_of.values():
            split_of[min(left, key=sizes.__getitem__)] = split
    return [split_of.get(group, "train") for group in groups]


def read_index(path: Path) -> dict[Path, Assignment]:
    r"""An index CSV with columns file, split, group: absolute path -> assignment. Files are relative to its folder.

    Raises `UserError` for a missing column, a file named twice, or a group in two splits.

    >>> _ = Path("index.csv").write_text("file,split,group\nsong.mid,train,Bach\n")
    >>> [(path.name, given.split, given.group) for path, given in read_index(Path("index.csv")).items()]
    [('song.mid', 'train', 'Bach')]
    """
    import pandas as pd

    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        columns, reason = ", ".join(INDEX_COLUMNS), " ".join(str(error).split())
        raise UserError(f"{path}: cannot be read as CSV ({reason}); it needs the columns {columns}") from error
    missing = [column for column in INDEX_COLUMNS if column not in table]
    if missing:
        raise UserError(f"{path}: no column {', '.join(missing)}; it has {', '.join(table.columns)}")
    folder = Path(path).resolve().parent
    if len(strange := table["file"][table["file"].str.contains("\0", regex=False)]):
        raise UserError(f"{path}: {strange.iloc[0]!r} is not a file name")
    paths = [location(folder / file) for file in table["file"]]
    twice = table["file"][pd.Index(paths).duplicated()]
    if len(twice):
        raise UserError(f"{path}: {twice.iloc[0]} is listed twice; name each file once")
    empty = table["file"][table["split"].isin(["", None]) | table["group"].isin(["", None])]
    if len(empty):
        raise UserError(f"{path}: {empty.iloc[0]} has no split or no group; give both")
    check_groups(table["split"].tolist(), table["group"].tolist(), path)
    return {
        file: Assignment(split, group) for file, split, group in zip(paths, table["split"], table["group"], strict=True)
    }


def check_groups(splits: Sequence[str], groups: Sequence[str], where: object) -> None:
    """Raise `UserError` when a group spans two splits.

    >>> check_groups(["train", "train", "test"], ["a", "a", "b"], "index.csv")
    >>> check_groups(["train", "test"], ["a", "a"], "index.csv")
    Traceback (most recent call last):
    clstm.runtime.errors.UserError: index.csv: group a is in train and in test; pieces of one group must share a split
    """
    split_of: dict[str, str] = {}
    for split, group in zip(splits, groups, strict=True):
        if split_of.setdefault(group, split) != split:
            raise UserError(
                f"{where}: group {group} is in {split_of[group]} and in {split}; pieces of one group must share a split"
            )
