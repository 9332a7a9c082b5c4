"""The step of the study that a listener has reached: a pure function of what is stored about them.

A reload, the back button, a second tab, a phone that slept and a server started again all lead to the same step,
because it is remembered in the store alone.
"""

from dataclasses import dataclass
from enum import StrEnum

from listening_study.protocol.study import Study
from listening_study.store.records import Listener

FINISHED = "finished"  # passed when every clip is answered: the slot then stays this listener's


class Screen(StrEnum):
    """The kinds of screen that a participant sees."""

    BACKGROUND = "background"
    VOLUME = "volume"
    HEADPHONES = "headphones"
    PRACTICE = "practice"
    TRIAL = "trial"
    BREAK = "break"
    INTERVIEW = "interview"
    THANKS = "thanks"


@dataclass(frozen=True)
class Step:
    """A screen and its number: of the clip, the tone, or the trials before a break; 0 where there is only one."""

    screen: Screen
    number: int = 0

    @property
    def stage(self) -> str:
        """The stage that is passed when this screen is done. A trial is done when its answer is there.

        >>> Step(Screen.VOLUME).stage, Step(Screen.PRACTICE, 1).stage
        ('volume', 'practice-1')
        """
        one = self.screen in (Screen.BACKGROUND, Screen.VOLUME, Screen.INTERVIEW)
        return str(self.screen) if one else f"{self.screen}-{self.number}"


def current_step(listener: Listener, study: Study) -> Step:
    """The first step that this listener has not passed.

    >>> from pathlib import Path
    >>> study = Study(Path(), "A study", "", 0, 10.0, ("a", "b"), 2, "", "", "", sound={})
    >>> current_step(Listener(1, 0, "en", "", answered=0), study).stage
    'background'
    >>> current_step(Listener(1, 0, "en", "", answered=1, stages=frozenset({"background", "volume"})), study).stage
    'trial-1'
    """
    for step in _before_trials(study):
        if step.stage not in listener.stages:
            return step
    answered = listener.answered
    left = study.trials - answered
    if left > 0:
        rest = Step(Screen.BREAK, answered)
        every = study.design.break_every
        due = every and answered and answered % every == 0 and left > 1  # nobody rests before the last clip
        return rest if due and rest.stage not in listener.stages else Step(Screen.TRIAL, answered)
    interview = Step(Screen.INTERVIEW)
    if study.design.interview and interview.stage not in listener.stages:
        return interview
    return Step(Screen.THANKS)


def _before_trials(study: Study) -> list[Step]:
    """The steps before the first trial, in order."""
    design = study.design
    steps = [Step(Screen.BACKGROUND)] if design.background else []
    steps.append(Step(Screen.VOLUME))
    if design.headphone_check:
        steps += [Step(Screen.HEADPHONES, number) for number in range(len(study.headphones))]
    return steps + [Step(Screen.PRACTICE, number) for number in range(len(study.practice))]
