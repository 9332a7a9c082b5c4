"""What one listener hears, screen by screen, and how they judge it: a pure function of study, secret order and slot.

An item is one screen. It has a random name, under which the store keeps that it was shown; in a block of `source` that
is the name of its clip. Only the names of clips and their order on the screen are in it: nothing says which system a
clip is of, and a page gets the clips as bytes without their names.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import combinations

from listening_study.protocol.design import TrialKind
from listening_study.protocol.designs.rotating import Screens, on_screen, screens
from listening_study.protocol.designs.squares import shuffled
from listening_study.protocol.order import Material, Order, Row
from listening_study.protocol.study import Study
from listening_study.protocol.tasks import RATED, Task, TaskKind

PREFERENCE, ABX = "preference", "abx"  # what the judgements of these tasks are called
FIRST, SECOND = 1.0, 2.0  # ABX: X is A, or B


@dataclass(frozen=True)
class Item:
    """One screen for one listener.

    block : of the study's tasks, from 0
    name : opaque; what the store keeps as the clip of this trial
    clips : names, in the order on the screen; preference: A, B; ABX: A, B, X
    prompt : clip that is heard first
    reference : the open reference of MUSHRA
    """

    block: int
    task: TaskKind
    kind: TrialKind
    name: str
    clips: tuple[str, ...]
    prompt: str | None = None
    reference: str | None = None


@dataclass(frozen=True)
class Judgement:
    """What a listener said of one clip of an item.

    value : rated: the number given; preference: 1 for the chosen clip and 0 for the other, or 0.5 for both; ABX, of
        the clip X: 1 for A, 2 for B
    """

    clip: str
    attribute: str
    value: float


def items(study: Study, order: Order, slot: int) -> list[Item]:
    """Everything that the listener of this slot (0, 1, 2, ...) hears, in order, but practice."""
    return [item for number, task in enumerate(study.blocks) for item in _block(study, order, slot, number, task)]


def _block(study: Study, order: Order, slot: int, number: int, task: Task) -> list[Item]:
    if task.kind is TaskKind.SOURCE:
        return [Item(number, task.kind, trial.kind, trial.clip, (trial.clip,)) for trial in order.trials(study, slot)]
    main = list(_judged(order.materials[number], f"{order.secret}/block {number}", slot, number, task))
    candidates = main[:-1] if task.repeats == 1 else main  # not the last: it would follow itself
    again = set(shuffled(range(len(candidates)), f"{order.secret}/{slot}/repeat {number}")[: task.repeats])
    return main + [replace(item, kind=TrialKind.REPEAT) for place, item in enumerate(main) if place in again]


def _judged(material: Material, secret: str, slot: int, number: int, task: Task) -> Iterator[Item]:
    size = _size(material, task)
    for place, variant in screens(secret, slot, size):
        row = material.rows[place]
        clips = _clips(task, row, variant, f"{secret}/{place}/{variant}", slot, size)
        same = clips[:2] if task.kind is TaskKind.ABX else clips
        name = sha256(f"{secret}/{'/'.join(sorted(same))}".encode()).hexdigest()[:12]
        reference = row.reference if task.kind is TaskKind.MUSHRA else None
        yield Item(number, task.kind, TrialKind.MAIN, name, clips, row.prompt, reference)


def block_size(order: Order, number: int, task: Task) -> Screens:
    """How much there is to see in a block, and after how many listeners it is balanced; not of `source`."""
    return _size(order.materials[number], task)


def _size(material: Material, task: Task) -> Screens:
    assert task.each is not None  # a study's tasks are complete
    return Screens(len(material.rows), variants(task, len(material.rows[0].clips)), task.each)


def variants(task: Task, systems: int) -> int:
    """How many forms a screen of a row can have.

    systems : clips of a row that are not its reference

    >>> variants(Task(kind=TaskKind.PREFERENCE), 3), variants(Task(kind=TaskKind.ABX), 2)  # 3 pairs, 2 sides
    (6, 8)
    """
    match task.kind:
        case TaskKind.PREFERENCE:
            return 2 * different(task, systems)
        case TaskKind.ABX:
            return 4 * different(task, systems)
        case _:
            return different(task, systems)


def different(task: Task, systems: int) -> int:
    """How many screens of a row differ in more than the order of their clips.

    >>> different(Task(kind=TaskKind.PREFERENCE), 3), different(Task(kind=TaskKind.RATING, set="mos"), 3)
    (3, 3)
    """
    match task.kind:
        case TaskKind.PREFERENCE:
            return systems * (systems - 1) // 2
        case TaskKind.MUSHRA:
            return 1
        case TaskKind.CONTINUATION:
            return 1 if (task.together or systems) >= systems else systems
        case _:
            return systems


def _clips(task: Task, row: Row, variant: int, secret: str, slot: int, size: Screens) -> tuple[str, ...]:
    count = len(row.clips)
    match task.kind:
        case TaskKind.PREFERENCE:
            side, pair = divmod(variant, different(task, count))
            one, other = list(combinations(row.clips, 2))[pair]
            return (other, one) if side else (one, other)
        case TaskKind.ABX:
            turn, system = divmod(variant, different(task, count))
            x_is_reference, side = divmod(turn, 2)
            assert row.reference is not None
            pair_ = (row.reference, row.clips[system])
            x = row.copies[0] if x_is_reference else row.copies[1 + system]
            return (*(pair_[::-1] if side else pair_), x)
        case TaskKind.CONTINUATION | TaskKind.MUSHRA:
            together = min(task.together or count, count)
            first = variant if together < count else 0
            shown = tuple(row.clips[(first + place) % count] for place in range(together))
            return on_screen(secret, slot, size, shown)
        case _:
            return (row.clips[variant],)


def fault(task: Task, item: Item, judgements: Sequence[Judgement]) -> str | None:
    """What is wrong with the judgements of an item, in words; None where a page of ours can have sent them."""
    given = {(one.clip, one.attribute): one.value for one in judgements}
    if len(given) < len(judgements):
        return "a clip is judged twice"
    if task.kind in RATED:
        wanted = {(clip, attribute.name): attribute for clip in item.clips for attribute in task.asked}
        accepted = given.keys() == wanted.keys() and all(wanted[key].accepts(value) for key, value in given.items())
    elif task.kind is TaskKind.PREFERENCE:
        values = [(1.0, 0.0), (0.0, 1.0), *([(0.5, 0.5)] if task.no_difference else [])]
        wanted_pairs = [dict(zip(((clip, PREFERENCE) for clip in item.clips), value, strict=True)) for value in values]
        accepted = given in wanted_pairs
    else:
        accepted = given in [{(item.clips[-1], ABX): value} for value in (FIRST, SECOND)]
    return None if accepted else f"these are no judgements of a {task.kind} screen"
