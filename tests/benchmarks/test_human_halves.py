"""Random halves of one set of human pieces, compared by default: is anything said to differ where nothing does?

`make bench MIDI=FOLDER`: pieces that are independent, such as one performance of each work. Each split is one line: the
metrics that differ significantly, and the largest distance in noise floors. After Holm's correction 1 split in 20 may
show a difference by chance; 40 splits show more than 5 of them with a probability of 1.4 %. Pieces are measured once,
and then read from the cache.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import dense_piano

from clstm.music.midi import write_midi
from clstm.runtime.finding import MIDI, find_files
from evaluation.comparison.compare import ComparisonRequest, judge
from evaluation.comparison.verdict import rows_of

pytestmark = pytest.mark.bench

SPLITS, MOST = 40, 5
SECONDS = 30.0
PIECES = 80  # at most


@pytest.fixture
def human(request: pytest.FixtureRequest, tmp_path: Path) -> list[Path]:
    """The pieces of `make bench MIDI=FOLDER`, or 40 that are made now."""
    if given := request.config.getoption("--midi"):
        return sorted(find_files([Path(given)], MIDI))[:PIECES]
    for seed in range(40):
        write_midi(dense_piano(SECONDS, seed), tmp_path / "music" / f"{seed}.mid")
    return sorted((tmp_path / "music").iterdir())


def halves(pieces: list[Path], seed: int, folder: Path) -> dict[str, Path]:
    """Two folders of copies, each piece in one of them."""
    order = np.random.default_rng(seed).permutation(len(pieces))
    for place, number in enumerate(order.tolist()):
        target = folder / ("human" if place < len(pieces) // 2 else "other") / f"{number:03d}-{pieces[number].name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(pieces[number], target)
    return {name: folder / name for name in ("human", "other")}


def test_human_halves_rarely_differ(human: list[Path], tmp_path: Path) -> None:
    alarms = 0
    print(f"\n{len(human)} pieces, {SECONDS:g} s of each")
    for seed in range(SPLITS):
        sources = halves(human, seed, tmp_path / f"split-{seed}")
        verdict = judge(ComparisonRequest(sources, "human", tmp_path / "out", seconds=SECONDS, seed=seed))
        own = [row for row in rows_of(verdict.table) if row.system == "other"]
        differing = [row.metric for row in own if row.differs]
        far = max((row.distance or 0.0 for row in own), default=0.0)
        against = verdict.references.against["other"]
        print(f"{seed:3} {against:30} {far:6.2f} {', '.join(differing) or '-'}", flush=True)
        alarms += bool(differing)
        shutil.rmtree(tmp_path / f"split-{seed}")
    print(f"{alarms} of {SPLITS} splits show a difference")
    assert alarms <= MOST
