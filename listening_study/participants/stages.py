"""Where a listener is in the study: a pure function of what the store says of them, and nothing else.

A reload, the back button, a second tab, a phone that slept and a server started again all lead to the same place,
because no place is remembered anywhere but in the store.
"""

from dataclasses import dataclass
from enum import StrEnum

from listening_study.protocol.study import Study
from listening_study.store.records import Listener

FINISHED = "finished"  # passed when every clip is answered: the place then is this listener's for good


class Screen(StrEnum):
    """What is shown to somebody who takes part."""

    BACKGROUND = "background"
    VOLUME = "volume"
    HEADPHONES = "headphones"
    PRACTICE = "practice"
    TRIAL = "trial"
    BREAK = "break"
    INTERVIEW = "interview"
    THANKS = "thanks"


@dataclass(frozen=True)
class Place:
    """A screen, and which of its kind: the clip, the tone, the trials before a break; 0 where there is only one."""

    screen: Screen
    number: int = 0

    @property
    def stage(self) -> str:
        """The stage that is passed when this screen is done. A trial is done when its answer is there."""
        one = self.screen in (Screen.BACKGROUND, Screen.VOLUME, Screen.INTERVIEW)
        return str(self.screen) if one else f"{self.screen}-{self.number}"


def where_is(listener: Listener, study: Study) -> Place:
    """The first place that this listener has not passed."""
    for place in _before(study):
        if place.stage not in listener.stages:
            return place
    answered = listener.answered
    if answered < study.size.trials:
        rest = Place(Screen.BREAK, answered)
        due = study.design.break_every and answered and answered % study.design.break_every == 0
        return rest if due and rest.stage not in listener.stages else Place(Screen.TRIAL, answered)
    interview = Place(Screen.INTERVIEW)
    if study.design.interview and interview.stage not in listener.stages:
        return interview
    return Place(Screen.THANKS)


def _before(study: Study) -> list[Place]:
    """What comes before the first trial, in order."""
    design = study.design
    places = [Place(Screen.BACKGROUND)] if design.background else []
    places.append(Place(Screen.VOLUME))
    if design.headphone_check:
        places += [Place(Screen.HEADPHONES, number) for number in range(len(study.headphones))]
    return places + [Place(Screen.PRACTICE, number) for number in range(len(study.practice))]
