"""Who judges what on which screen: balanced over listeners, a function of the secret, blind in every name."""

from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listening_study.protocol.design import TrialKind
from listening_study.protocol.designs.rotating import Screens, on_screen, screens
from listening_study.protocol.designs.squares import rows
from listening_study.protocol.items import Item, Judgement, different, fault, items, variants
from listening_study.protocol.order import Material, Order, Row
from listening_study.protocol.study import Study
from listening_study.protocol.tasks import READY, Task, TaskKind

SIZES = st.builds(
    lambda rows, variants, each: Screens(rows, variants, min(each, rows * variants)),
    st.integers(1, 6),
    st.integers(1, 4),
    st.integers(1, 8),
)


@given(secret=st.text(max_size=20), group=st.integers(0, 3), size=SIZES)
def test_every_row_is_seen_equally_often_and_then_every_variant_of_it(secret: str, group: int, size: Screens) -> None:
    first = group * size.group
    seen = [screens(secret, first + slot, size) for slot in range(size.balanced)]
    for count in range(size.rotations, size.balanced + 1, size.rotations):
        of_rows = Counter(row for one in seen[:count] for row, _ in one)
        assert set(of_rows.values()) == {count * size.each // size.rows}
    cells = Counter(cell for one in seen for cell in one)
    assert len(cells) == size.rows * size.variants
    assert len(set(cells.values())) == 1


@given(secret=st.text(max_size=20), slot=st.integers(0, 500), size=SIZES)
def test_one_listener_sees_no_screen_twice_and_variants_nearly_equally_often(
    secret: str, slot: int, size: Screens
) -> None:
    seen = screens(secret, slot, size)
    assert len(set(seen)) == len(seen) == size.each
    counts = Counter(variant for _, variant in seen)
    # Through the rows, in which variants take turns, a listener goes once or in parts.
    first = slot % size.rotations * size.each
    parts = (first + size.each - 1) // size.rows - first // size.rows + 1
    assert max(counts.values()) - min(counts[variant] for variant in range(size.variants)) <= parts


@pytest.mark.parametrize("size", [Screens(3, 2, 3), Screens(4, 3, 2), Screens(5, 1, 5)])
def test_every_variant_of_every_row_is_at_every_position_equally_often_in_a_group(size: Screens) -> None:
    places: dict[int, Counter[tuple[int, int]]] = defaultdict(Counter)
    for slot in range(size.group, 2 * size.group):
        for place, cell in enumerate(screens("3", slot, size)):
            places[place][cell] += 1
    for counts in places.values():
        assert len(counts) == size.rows * size.variants
        assert len(set(counts.values())) == 1


@given(secret=st.text(max_size=20), count=st.integers(1, 6))
def test_every_clip_is_at_every_place_of_the_screen_equally_often(secret: str, count: int) -> None:
    clips = tuple("abcdef"[:count])
    shown = [on_screen(secret, slot, Screens(2, 1, 2), clips) for slot in range(rows(count))]
    for place in zip(*shown, strict=True):
        assert set(Counter(place).values()) == {rows(count) // count}


SYSTEMS = ("human", "lstm", "rnn")
COUNT = 6


def named(row: int, *parts: str) -> tuple[str, ...]:
    return tuple(f"{part} {row}" for part in parts)


def study_of(task: Task) -> tuple[Study, Order]:
    """A study of one block over three systems, whose clips are named by what they are."""
    reference = task.kind in (TaskKind.MUSHRA, TaskKind.ABX)
    systems = SYSTEMS[1:] if reference else SYSTEMS
    made = []
    for row in range(COUNT):
        clips = named(row, *systems)
        if task.kind is TaskKind.MUSHRA:
            clips += named(row, "hidden", "anchor")
        copies = named(row, "copy human", *(f"copy {name}" for name in systems)) if task.kind is TaskKind.ABX else ()
        prompt = f"prompt {row}" if task.kind is TaskKind.CONTINUATION else None
        made.append(Row(clips, prompt, f"human {row}" if reference else None, copies))
    study = Study(Path(), "", "", 0, 1.0, ("a", "b"), 2, "", "", "", sound={}, tasks=(task,))
    return study, Order("secret", (("a",), ("b",)), materials=(Material(tuple(made)),))


def seen(task: Task, listeners: int) -> list[list[Item]]:
    study, order = study_of(task)
    return [items(study, order, slot) for slot in range(listeners)]


def task_of(kind: str, **more: Any) -> Task:
    return Task(kind=TaskKind(kind), count=COUNT, **{"each": COUNT, **more})


def test_one_listener_rates_one_system_of_each_prompt_and_all_are_rated_equally_often() -> None:
    found = seen(task_of("rating", set="mos"), len(SYSTEMS))
    for one in found:
        assert sorted(int(item.clips[0].split()[1]) for item in one) == list(range(COUNT))
        assert set(Counter(item.clips[0].split()[0] for item in one).values()) == {COUNT // len(SYSTEMS)}
    assert set(Counter(item.clips[0] for one in found for item in one).values()) == {1}


def test_pairs_and_sides_are_balanced_and_of_one_prompt() -> None:
    found = seen(task_of("preference"), 6)  # three pairs, two sides
    shown = Counter(tuple(clip.split()[0] for clip in item.clips) for one in found for item in one)
    assert len(shown) == 6
    assert set(shown.values()) == {COUNT}
    assert all(len({clip.split()[1] for clip in item.clips}) == 1 for one in found for item in one)
    left = Counter(item.clips[0].split()[0] for one in found for item in one)
    assert set(left.values()) == {2 * COUNT}


def test_x_is_a_or_b_equally_often_and_never_the_same_file() -> None:
    found = seen(task_of("abx"), 8)
    answers = Counter()
    for item in (item for one in found for item in one):
        first, second, x = (clip.rsplit(" ", 1)[0] for clip in item.clips)
        assert "human" in (first, second)
        assert x.startswith("copy ")
        assert item.reference is None
        answers[first, second, "A" if x == f"copy {first}" else "B"] += 1
    assert len(answers) == 8
    assert set(answers.values()) == {COUNT}


def test_mushra_has_everything_on_the_screen_once_beside_the_open_reference() -> None:
    for item in seen(task_of("mushra"), 1)[0]:
        row = item.reference.split()[1] if item.reference else ""
        assert sorted(item.clips) == sorted(named(int(row), "lstm", "rnn", "hidden", "anchor"))


def test_some_continuations_of_a_prompt_are_shown_together_all_equally_often() -> None:
    found = seen(task_of("continuation", set="musicality", together=2), len(SYSTEMS))
    assert all(len(item.clips) == 2 and item.prompt for one in found for item in one)
    assert set(Counter(clip for one in found for item in one for clip in item.clips).values()) == {2}


@pytest.mark.parametrize(
    "task",
    [
        task_of("rating", set="mos", repeats=2),
        task_of("preference", repeats=1),
        task_of("mushra", each=3),
        task_of("abx", each=COUNT * 2),
    ],
    ids=str,
)
def test_what_is_on_a_screen_has_one_opaque_name_for_all_listeners(task: Task) -> None:
    names: dict[str, set[frozenset[str]]] = defaultdict(set)
    for one in seen(task, 12):
        for item in one:
            assert len(item.name) == 12
            names[item.name].add(frozenset(item.clips[:2] if task.kind is TaskKind.ABX else item.clips))
    assert all(len(clips) == 1 for clips in names.values())
    assert len({next(iter(clips)) for clips in names.values()}) == len(names)
    study, _ = study_of(task)
    assert all(len(one) == study.trials for one in seen(task, 3))


def test_repeated_screens_come_last_and_are_the_same_screens() -> None:
    (one,) = seen(task_of("preference", repeats=2), 1)
    assert [item.kind for item in one[-2:]] == [TrialKind.REPEAT] * 2
    assert {replace(item, kind=TrialKind.MAIN) for item in one[-2:]} <= set(one[:-2])


def test_a_study_without_tasks_hears_what_it_always_heard() -> None:
    study = Study(Path(), "", "", 0, 1.0, ("a", "b", "c", "d"), 2, "", "", "x", sound={})
    order = Order("secret", (("a", "b"), ("c", "d")))
    for slot in range(4):
        assert [(item.name, item.kind) for item in items(study, order, slot)] == [
            (trial.clip, trial.kind) for trial in order.trials(study, slot)
        ]
    assert study.trials == study.size.trials


@pytest.mark.parametrize(("kind", "count"), [("rating", 3), ("preference", 6), ("abx", 12), ("mushra", 1)])
def test_the_forms_of_a_screen_are_counted(kind: str, count: int) -> None:
    task = Task(kind=TaskKind(kind), set="mos" if kind == "rating" else None)
    assert variants(task, 3) == count
    assert count % different(task, 3) == 0


PAIR = Item(0, TaskKind.PREFERENCE, TrialKind.MAIN, "i", ("a", "b"))
RATED = Item(0, TaskKind.RATING, TrialKind.MAIN, "i", ("a",))
X = Item(0, TaskKind.ABX, TrialKind.MAIN, "i", ("a", "b", "x"))


@pytest.mark.parametrize(
    ("task", "item", "given", "right"),
    [
        (task_of("preference"), PAIR, {"a": 1, "b": 0}, True),
        (task_of("preference"), PAIR, {"a": 0.5, "b": 0.5}, False),
        (task_of("preference", no_difference=True), PAIR, {"a": 0.5, "b": 0.5}, True),
        (task_of("preference"), PAIR, {"a": 1, "b": 1}, False),
        (task_of("preference"), PAIR, {"a": 1}, False),
        (task_of("abx"), X, {"x": 2}, True),
        (task_of("abx"), X, {"x": 3}, False),
        (task_of("abx"), X, {"a": 1}, False),
    ],
)
def test_only_what_a_page_can_send_is_accepted(task: Task, item: Item, given: dict[str, float], right: bool) -> None:
    name = str(task.kind)
    assert (fault(task, item, [Judgement(clip, name, value) for clip, value in given.items()]) is None) == right


@pytest.mark.parametrize(("value", "right"), [(1, True), (5, True), (0, False), (6, False), (2.5, False)])
def test_ratings_are_whole_points_of_their_scale(value: float, right: bool) -> None:
    given = [Judgement("a", "opinion", value)]
    assert (fault(task_of("rating", set="mos"), RATED, given) is None) == right
    assert fault(task_of("rating", set="mos"), RATED, [*given, *given]) == "a clip is judged twice"


def test_every_ready_attribute_has_words_in_every_language_and_one_for_each_point_that_has_any() -> None:
    for attributes in READY.values():
        for attribute in attributes:
            assert set(attribute.words) == {"en", "zh", "de", "es"}
            assert len({len(words.points) for words in attribute.words.values()}) == 1
