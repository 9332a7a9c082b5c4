"""How long a study takes to be concluded."""

import time

import pytest
from test_equivalence import registered, table

from listening_study.analysis.inference import conclude

pytestmark = pytest.mark.bench


def test_forty_listeners_and_forty_clips_are_concluded_within_two_seconds() -> None:
    answers = table(40, 40, human=0.6, one=0.5, two=0.4, three=0.3)
    start = time.perf_counter()
    conclude(answers, registered("one", "two", "three", anchor="three"))
    taken = time.perf_counter() - start
    print(f"\n40 listeners, 160 clips of 4 sources: {taken:.2f} s")
    assert taken < 2
