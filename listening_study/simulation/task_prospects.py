"""What each block of a study's tasks can find, from a few hundred simulated studies; it takes a second or two.

Assumed are an effect of a tenth, of the scale or above one half, and the spreads of `analysis.tasks.power`.
`clstm study task-power` takes other values.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from listening_study.analysis.tasks.power import Plan, Scale, Spreads, TaskPower, power
from listening_study.protocol.items import different
from listening_study.protocol.registration import Registered
from listening_study.protocol.study import Study
from listening_study.protocol.tasks import RATED, Task, TaskKind

EFFECT = 0.1  # of the scale; of a share, above one half
STUDIES = 300
USUAL_WIDTH = 4  # of five points
FEWEST = 2  # prompts that a comparison needs


@dataclass(frozen=True)
class BlockProspects:
    """What one block can find.

    clips : prompts on which one listener compares two systems, on the average
    found : None where these are too few to simulate
    """

    block: int  # from 1
    task: Task
    plan: Plan
    clips: int
    found: TaskPower | None

    def sentence(self, listeners: int) -> str:
        """In words.

        >>> plan = Plan(TaskKind.PREFERENCE, 0.1)
        >>> BlockProspects(2, Task(kind=TaskKind.PREFERENCE), plan, 1, None).sentence(20)
        'Block 2, preference: one listener compares two systems on 1 prompt: too few to say what can be found.'
        """
        where = f"Block {self.block}, {self.task.kind}"
        heard = f"{self.clips} prompt{'s' * (self.clips != 1)}"
        if self.found is None:
            return f"{where}: one listener compares two systems on {heard}: too few to say what can be found."
        share, within = 100 * self.found.significant, 200 * self.found.significant_error
        return (
            f"{where}: {listeners} listeners, each with {heard} for two systems: {_effect(self.plan)} is found in "
            f"{share:.0f} % of such studies (± {within:.0f})."
        )


def _effect(plan: Plan) -> str:
    if plan.task in RATED:
        return f"a difference of {plan.effect:g} points"
    share = f"{100 * (0.5 + plan.effect):.0f} %"
    return f"a system preferred in {share}" if plan.task is TaskKind.PREFERENCE else f"X identified in {share}"


def task_prospects(study: Study, registered: Registered, studies: int = STUDIES) -> Iterator[BlockProspects]:
    """Of every block but human or computer, with the registered number of listeners and level."""
    for number, (task, configured) in enumerate(zip(study.blocks, registered.tasks, strict=False), 1):
        if task.kind is not TaskKind.SOURCE:
            beside = task.kind in (TaskKind.MUSHRA, TaskKind.ABX)
            named = [
                name for name in configured.systems or registered.sources if not (beside and name == registered.human)
            ]
            plan, clips = assumed(task, len(named), registered.plan.alpha)
            listeners = registered.plan.listeners
            enough = min(listeners, clips) >= FEWEST
            found = power(plan, listeners, clips, studies) if enough else None
            yield BlockProspects(number, task, plan, clips, found)


def assumed(task: Task, systems: int, alpha: float) -> tuple[Plan, int]:
    """What is assumed of one comparison of two systems of a block, and prompts of it that one listener hears.

    systems : whose clips are judged; the level is divided by the number of comparisons, as if by Bonferroni

    >>> plan, clips = assumed(Task(kind=TaskKind.PREFERENCE, each=12), systems=3, alpha=0.06)
    >>> round(plan.alpha, 3), clips  # three pairs
    (0.02, 4)
    """
    each = task.each or 0
    if task.kind not in RATED:
        pairs = different(task, systems)
        return Plan(task.kind, EFFECT, alpha=alpha / pairs), max(1, round(each / pairs))
    low, high = task.asked[0].range
    if task.kind is TaskKind.MUSHRA:
        return Plan(task.kind, EFFECT * (high - low), alpha=alpha / systems), each
    level = alpha / (max(1, systems - 1) * len(task.asked))
    shown = 1 if task.kind is TaskKind.RATING else min(task.together or systems, systems)
    matched = shown == systems
    scale = Scale(low, high, (low + high) / 2)
    plan = Plan(task.kind, EFFECT * (high - low), _spreads(high - low), scale, matched, alpha=level)
    return plan, each if matched else max(1, round(2 * each * shown / systems))


def _spreads(width: int) -> Spreads:
    """Those of five points, on a scale of another width.

    >>> _spreads(4) == Spreads()
    True
    """
    usual, stretch = Spreads(), width / USUAL_WIDTH
    return Spreads(usual.listener * stretch, usual.slope * stretch, usual.clip * stretch, usual.rest * stretch)
