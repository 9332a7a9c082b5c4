"""Where a listener is: from the store alone, whatever the page thinks."""

from dataclasses import replace

import pytest

from listening_study.participants.stages import Screen, Step, current_step
from listening_study.protocol.configuration import Design
from listening_study.protocol.study import Study
from listening_study.store.records import Listener

EVERYTHING = Design(practice=2, break_every=2, catch=1, repeats=1)
NOTHING = Design(practice=0, break_every=0, background=False, headphone_check=False, interview=False)


def study_of(tiny_study: Study, design: Design) -> Study:
    full = design is EVERYTHING
    return replace(
        tiny_study,
        design=design,
        catch=("beeps",) if full else (),
        practice=("p0", "p1") if full else (),
        headphones=(("headphones-1", 2), ("headphones-2", 1)) if full else (),
    )


def listener(answered: int = 0, *stages: str) -> Listener:
    return Listener(id=1, slot=0, language="en", consent="", answered=answered, stages=frozenset(stages))


def walk(study: Study) -> list[Step]:
    """Every place of a listener who does what is asked."""
    places, here = [], listener()
    while True:
        place = current_step(here, study)
        places.append(place)
        if place.screen is Screen.THANKS:
            return places
        if place.screen is Screen.TRIAL:
            here = replace(here, answered=here.answered + 1)
        else:
            here = replace(here, stages=here.stages | {place.stage})


def test_the_whole_way_in_order(tiny_study: Study) -> None:
    ways = [
        str(place.screen) + (f" {place.number}" if place.number else "")
        for place in walk(study_of(tiny_study, EVERYTHING))
    ]
    before = ["background", "volume", "headphones", "headphones 1", "practice", "practice 1"]
    trials = ["trial", "trial 1", "break 2", "trial 2", "trial 3", "break 4", "trial 4", "trial 5"]
    assert ways == [*before, *trials, "interview", "thanks"]


def test_the_shortest_way(tiny_study: Study) -> None:
    assert [place.screen for place in walk(study_of(tiny_study, NOTHING))] == [
        Screen.VOLUME,
        *[Screen.TRIAL] * 4,
        Screen.THANKS,
    ]


@pytest.mark.parametrize(("every", "breaks"), [(4, []), (3, []), (2, [2]), (1, [1, 2])])
def test_no_break_after_the_last_clip_or_before_it(tiny_study: Study, every: int, breaks: list[int]) -> None:
    study = study_of(tiny_study, NOTHING.model_copy(update={"break_every": every}))
    assert [place.number for place in walk(study) if place.screen is Screen.BREAK] == breaks


@pytest.mark.parametrize(
    "missing", ["background", "volume", "headphones-0", "headphones-1", "practice-0", "practice-1"]
)
def test_nobody_gets_past_a_stage_that_is_not_passed(tiny_study: Study, missing: str) -> None:
    passed = {"background", "volume", "headphones-0", "headphones-1", "practice-0", "practice-1"} - {missing}
    assert current_step(listener(0, *passed), study_of(tiny_study, EVERYTHING)).stage == missing


def test_all_answers_without_the_interview_are_not_the_end(tiny_study: Study) -> None:
    study = study_of(tiny_study, EVERYTHING)
    passed = [place.stage for place in walk(study) if place.screen not in (Screen.INTERVIEW, Screen.THANKS)]
    assert current_step(listener(6, *passed), study) == Step(Screen.INTERVIEW)
    assert current_step(listener(5, *passed, "interview"), study) == Step(Screen.TRIAL, 5)
