"""Files that verbs read, mutated: each is read, or refused with a `UserError` of one line."""

import copy
import csv
import io
import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clstm import pretrained
from clstm.corpus.corpus import Corpus
from clstm.corpus.splits import read_index
from clstm.models.checkpoint import load_model, read_config
from clstm.runtime.errors import UserError
from clstm.runtime.files import read_json
from evaluation.measurement.inputs import read_groups
from reports.figures import reach
from reports.inputs import prediction
from reports.inputs.credits import read_credits
from reports.inputs.networks import read_network
from reports.inputs.study_results import read_study

PUBLISHED = Path(__file__).parents[1] / "reports/published/models"
VALUES = (
    None,
    True,
    -1,
    0,
    10**400,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "x" * 3000,
    "a\0b",
    "\ud800",
    [],
    {},
    [[]],
    0.5,
)
CELLS = ("", "nan", "inf", "-1", "1e999", "9" * 400, "x", "a\0b", "True", "1.5", "ÿ", '"', "\r")
INDEX = "file,split,group,composer,licence\n" + "".join(f"p{i}.mid,train,g{i},Bach,CC0\n" for i in range(9))
STUDY = {
    "title": "T",
    "note": "",
    "listeners": 3,
    "complete": 2,
    "registration": {"listeners": 10, "human": "A"},
    "key_sha256": "0",
    "seconds": 10.0,
    "sound": {"as_played": False},
    "contrasts": [
        {"analysis": "registered", "words": "w", "source": "B", "human": "A", "difference": 0.1, "low": 0.0}
        | {"high": 0.2, "p_holm": 0.5, "verdict": "inconclusive"}
    ],
    "tally": [
        {"source": "A", "is_human": True, "clips_heard": 2, "majority_human": 1, "answers": 4, "said_human": 2}
        | {"p_human": 0.5, "low": 0.1, "high": 0.9}
    ],
}
CLIPS = "clip,source,piece,start,answers,p_human\n1,A,a,0.0,2,0.5\n2,A,b,0.0,2,0.5\n"


def spots(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in a tree."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield (*at, key)
        yield from spots(one, (*at, key))


def garbled(text: str, draw: random.Random) -> bytes:
    content = bytearray(text.encode())
    for _ in range(3):
        content[draw.randrange(len(content))] = draw.randrange(256)
    return bytes(content)


def mutated_json(text: str, draw: random.Random) -> bytes:
    if (kind := draw.random()) < 0.1:
        return b"[" * 100_000 if kind < 0.02 else garbled(text, draw)
    content = json.loads(text)
    for _ in range(draw.randint(1, 3)):
        *way, last = draw.choice(list(spots(content)))
        inside = content
        for key in way:
            inside = inside[key]
        if draw.randrange(4) == 0:
            del inside[last]
        else:
            inside[last] = copy.deepcopy(draw.choice(VALUES))
        if not content:
            break
    return json.dumps(content).encode()


def mutated_csv(text: str, draw: random.Random) -> bytes:
    if draw.random() < 0.1:
        return garbled(text, draw)
    rows = list(csv.reader(io.StringIO(text)))
    for _ in range(draw.randint(1, 4)):
        kind, row = draw.randrange(8), draw.choice(rows)
        column = draw.randrange(max(len(row), 1))
        if kind == 0:
            row.append("more")
        elif kind == 1:
            del row[column:]
        elif kind == 2:
            rows = rows[:1]
        elif kind == 3:
            rows.append(list(row))
        else:
            cell = draw.choice(CELLS)
            for one in rows[1:] if kind == 4 else [row]:
                one[column : column + 1] = [cell]
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue().encode()


def read_corpus(path: Path) -> None:
    corpus = Corpus.open(path.parent)
    for piece in range(len(corpus.lengths)):
        corpus.matrix(piece)


def drawn(path: Path) -> None:
    reach.draw(prediction.read_reach(path)).draw_without_rendering()


FILES: dict[str, tuple[str, int, Callable[[Path], object]]] = {
    "accuracy": ("valid.csv", 150, prediction.read_accuracy),
    "accuracy pairs": ("pairs.csv", 150, prediction.read_pairs),
    "reach": ("reach.csv", 15, drawn),
    "reach pairs": ("reach-pairs.csv", 150, prediction.read_reach_pairs),
    "groups": ("index.csv", 300, read_groups),
    "credits": ("index.csv", 300, read_credits),
    "index": ("index.csv", 300, read_index),
    "run": ("run/config.json", 300, lambda path: read_config(path.parent)),
    "network": ("run/config.json", 300, lambda path: read_network(path.parent)),
    "model": ("run/config.json", 20, lambda path: load_model(path.parent)),
    "study": ("study/results.json", 300, lambda path: read_study(path.parent)),
    "clips": ("study/clips.csv", 150, lambda path: read_study(path.parent)),
    "corpus": ("corpus/corpus.json", 300, read_corpus),
    "pieces": ("corpus/pieces.csv", 150, read_corpus),
}


@pytest.fixture
def files(tmp_path: Path, tiny_corpus: Corpus) -> Path:
    """One sound file of each kind."""
    for path in PUBLISHED.glob("*.csv"):
        shutil.copy(path, tmp_path / path.name)
    (tmp_path / "index.csv").write_text(INDEX)
    shutil.copytree(pretrained.FOLDER / "rnn", tmp_path / "run")
    shutil.copytree(tiny_corpus.path, tmp_path / "corpus")
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "results.json").write_text(json.dumps(STUDY))
    (tmp_path / "study" / "clips.csv").write_text(CLIPS)
    return tmp_path


@pytest.mark.parametrize("what", FILES)
def test_a_mutated_file_is_read_or_refused_in_one_line(what: str, files: Path) -> None:
    name, times, read = FILES[what]
    path, draw = files / name, random.Random(0)
    sound = path.read_text(encoding="utf-8")
    read(path)
    change = mutated_json if path.suffix == ".json" else mutated_csv
    refusals = []
    for _ in range(times):
        path.write_bytes(change(sound, draw))
        try:
            read(path)
        except UserError as error:
            refusals.append(str(error))
    assert 0 < len(refusals) < times
    assert [line for line in refusals if "\n" in line] == []


@pytest.mark.parametrize("text", ["[" * 100_000, "1" * 5000, "{", "\xff", ""])
def test_json_that_cannot_be_read_is_a_value_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=r"."):
        read_json(tmp_path / "x.json")


def test_nan_is_refused_where_numbers_are_finite(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"a": NaN}')
    assert str(read_json(tmp_path / "x.json")) == "{'a': nan}"
    with pytest.raises(ValueError, match="NaN is not a number"):
        read_json(tmp_path / "x.json", finite=True)
