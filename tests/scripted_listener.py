"""A listener who takes part over the websocket: reads what is on the page and does what a participant would do next."""

import asyncio
import itertools
import re
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from listening_study.blinding import participant
from listening_study.participants.stages import Screen, current_step
from listening_study.participants.task.asked import HIGHEST
from listening_study.participants.task.judged import Judged
from listening_study.protocol.items import Item, Judgement, items
from listening_study.protocol.languages import ORIGINAL, read
from listening_study.protocol.order import open_order
from listening_study.protocol.questions import FORMS, RATINGS, Question, ReplyKind, Response
from listening_study.protocol.study import Study
from listening_study.store import Agreement, Store
from listening_study.streamlit_internals.messages import Element
from listening_study.streamlit_internals.page_client import GoneError, Session

TRIAL = re.compile(r"trial-(\d+)")  # key of a task that is no practice
RETRY = 0.05  # seconds before a lost server is looked for again

Reply = Response | list[int]  # to a trial of `source`; the values of any other task's items


def nothing(_listener: "Listener") -> None:
    pass


@dataclass
class Listener:
    """One participant with a will of their own.

    urls : where the study is; when a server is lost, the next is tried
    seconds : how long a clip lasts: waited for after it was fetched
    thinks : shortest and longest time to think about an answer, in seconds
    acts : shortest and longest time before each choice on any other page, in seconds
    on_submit : called the moment an answer was sent
    patience : how long to look for a server that is lost, in seconds; 0: not at all
    comment : what is said about every clip; left out: something else each time
    keep_frames : whether to keep all that was received
    """

    urls: tuple[str, ...]
    random: Random
    seconds: float = 0.0
    thinks: tuple[float, float] = (0.0, 0.0)
    acts: tuple[float, float] = (0.0, 0.0)
    on_submit: Callable[["Listener"], None] = nothing
    patience: float = 0.0
    comment: str | None = None
    keep_frames: bool = False
    frames: list[bytes] = field(default_factory=list)
    media: list[bytes] = field(default_factory=list)
    players: list[Element] = field(default_factory=list)
    page: Session | None = None
    token: str | None = None
    done: bool = False
    submitted: dict[int, list[Reply]] = field(default_factory=dict)  # by trial, in order
    acknowledged: dict[int, Reply] = field(default_factory=dict)
    outstanding: int | None = None  # trial whose answer was sent and not yet acknowledged
    waits: list[float] = field(default_factory=list)  # seconds from sending an answer to seeing the next screen
    reconnections: int = 0

    async def take_part(self, answers: int | None = None) -> None:
        """From the first page to the last, or until so many answers were acknowledged, whatever befalls the server."""
        try:
            while not self.done and (answers is None or len(self.acknowledged) < answers):
                try:
                    page = self.page or await self._arrive()
                    await self._do_what_is_next(page)
                except GoneError:
                    if not self.patience:
                        raise
                    await self.leave()
                    self.outstanding = None
                    self.reconnections += 1
        finally:
            await self.leave()

    async def leave(self) -> None:
        if self.page:
            self.frames += self.page.frames
            await self.page.close()
            self.page = None

    async def _arrive(self) -> Session:
        deadline = time.monotonic() + self.patience
        for url in itertools.cycle(self.urls):
            try:
                self.page = await Session.connect(url, self.token, keep_frames=self.keep_frames)
            except GoneError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(RETRY)
            else:
                return self.page
        raise AssertionError("a listener needs somewhere to go")

    async def _do_what_is_next(self, page: Session) -> None:
        assert not page.all_of("exception")
        number = trial_on(page)
        if number is not None:
            await self.hear(page)
            await asyncio.sleep(self.random.uniform(*self.thinks))
            await self.answer(page, number)
            return
        self.done = not await pass_screen(page, self.random, self.acts)
        self.token = page.token or self.token

    async def hear(self, page: Session) -> None:
        """Fetch the clip, let it sound, and report that."""
        media = await hear(page, self.seconds)
        if self.keep_frames:
            self.media += media
            self.players += players(page)

    async def answer(self, page: Session, number: int) -> None:
        """Send the answer and wait for the next screen; where the server says so, send it again."""
        response = some_reply(task_on(page), self.random, self.comment)
        began = time.monotonic()
        self.submitted.setdefault(number, []).append(response)
        for times in itertools.count(1):
            if trial_on(page) != number:
                break
            await page.send_report(task_on(page).key, answer=answer_of(task_on(page), response, times))
            self.outstanding = number
            self.on_submit(self)
            await page.until(lambda: trial_on(page) not in (None, number) or page.idle)
        self.waits.append(time.monotonic() - began)
        self.outstanding = None
        self.acknowledged[number] = response
        await page.settle()


def trial_on(page: Session) -> int | None:
    """Number of the trial on the page, from 0."""
    for element in players(page):
        if participant.is_task(element) and (found := TRIAL.fullmatch(element.data["task"])):
            return int(found[1])
    return None


def task_on(page: Session) -> Element:
    """The component that sends an answer."""
    return next(element for element in players(page) if participant.is_task(element))


def players(page: Session) -> list[Element]:
    return [element for element in page.all_of("bidi_component") if participant.sounds(element)]


async def hear(page: Session, seconds: float = 0.0) -> list[bytes]:
    """Play what there is to play. Returns the sounds, as they are in the files."""
    sounds = []
    for player in players(page):
        for address in participant.sounds(player):
            sounds.append(await page.fetch(address))
            await page.report(player.key, report=participant.report(player, 0.0, 1, "play"))
            await asyncio.sleep(seconds)
        await page.report(player.key, report=participant.report(player, 1.0, 2))
    return sounds


def some_response(random: Random, comment: str | None = None) -> Response:
    """All that can be asked, answered at random."""
    ratings = {str(name): random.randint(1, 5) for name in RATINGS}
    maker, known = random.choice(("human", "computer")), random.random() < 0.2
    return Response(maker, random.randint(1, 4), known, **ratings, comment=comment or f"{random.random()}")


def some_reply(task: Element, random: Random, comment: str | None = None) -> Reply:
    """To whatever is asked, one of all possible replies."""
    asked = task.data["items"]
    return some_response(random, comment) if _is_source(task) else [_some_value(one, random) for one in asked]


def _is_source(task: Element) -> bool:
    return "Human" in task.data["items"][0].get("options", ())


def _some_value(item: dict[str, Any], random: Random) -> int:
    match item["kind"]:
        case "choice":
            return random.randrange(len(item["options"]))
        case "scale":
            return random.randint(1, item["points"])
        case "slider":
            return random.randint(0, HIGHEST)
    raise AssertionError(item)


def answer_of(task: Element, response: Reply, number: int = 1) -> dict[str, object]:
    """What the page sends for this reply; of `source`, all questions are asked, in their order."""
    if not isinstance(response, Response):
        return {"values": response, "number": number}
    sides = [option == "Human" for option in task.data["items"][0]["options"]]
    values: list[object] = [sides.index(response.answer == "human")]
    for question in Question:
        reply = getattr(response, question)
        values.append(reply - 1 if FORMS[question].kind is ReplyKind.OPTIONS else reply)
    return {"values": values, "number": number}


async def pass_screen(page: Session, random: Random, acts: tuple[float, float] = (0.0, 0.0)) -> bool:
    """Do on any other screen what it asks for, and go on. False where nothing leads on: at the end."""
    await hear(page)
    for element in players(page):  # practice
        if participant.is_task(element) and not element.data["closed"]:
            await asyncio.sleep(random.uniform(*acts))
            await page.report(element.key, answer={"values": [random.randint(0, 1)], "number": 1})
    for element in page.elements:
        if element.kind in ("radio", "checkbox") and not element.disabled:
            await asyncio.sleep(random.uniform(*acts))
            choice = random.choice(list(element.content.options)) if element.kind == "radio" else True
            await page.fill(element.id, choice)
    for button in page.all_of("button"):
        if button.content.type.startswith("primary") and not button.disabled:
            await asyncio.sleep(random.uniform(*acts))
            await page.click(button.id)
            return True
    return False


def newcomer(study: Study, address: Path | str) -> str:
    """The token of a participant who passed everything before the first trial."""
    with closing(Store(address)) as store:
        token = store.admit(Agreement("0" * 64), reissue_after=timedelta(hours=1))
        while listener := store.find(token):
            place = current_step(listener, study)
            if place.screen is Screen.TRIAL:
                break
            store.pass_stage(listener.id, place.stage)
    return token


def stored(study: Study, address: Path | str, everybody: list[Listener]) -> dict[str, dict[int, "Stored"]]:
    """What the database has of everyone who took part, by token and trial."""
    with closing(Store(address)) as store:
        owners = {store.find(token).id: token for token in tokens(everybody)}  # type: ignore[union-attr]
        found: dict[str, dict[int, Stored]] = {token: {} for token in owners.values()}
        for answered in store.answered_trials():
            own = found[owners[answered.participant]]
            assert answered.trial not in own
            own[answered.trial] = Stored(answered.clip, answered.kind, answered.heard, answered.response)
        for judged in store.judged_trials():
            own = found[owners[judged.participant]]
            assert judged.trial not in own
            own[judged.trial] = Stored(judged.item, judged.kind, judged.heard, frozenset(judged.judgements))
    return found


def tokens(everybody: list[Listener]) -> list[str]:
    found = [listener.token for listener in everybody if listener.token]
    assert len(set(found)) == len(everybody)
    return found


@dataclass(frozen=True)
class Stored:
    """One screen as the database has it. said : the response to `source`, or all judgements"""

    item: str
    kind: str
    heard: float
    said: Response | frozenset[Judgement]


def check(study: Study, address: Path | str, everybody: list[Listener]) -> int:
    """Everyone who took part to the end has all their screens, each once, with what they sent. Returns how many."""
    found = stored(study, address, everybody)
    with closing(Store(address)) as store:
        owners = {token: store.find(token) for token in found}
    for listener in everybody:
        owner, own = owners[listener.token or ""], found[listener.token or ""]
        assert owner
        order = items(study, open_order(study), owner.slot)
        assert sorted(own) == list(range(len(order)))  # none lost, and `stored` has seen that none is there twice
        assert set(listener.acknowledged) <= set(own)
        for trial, item in enumerate(order):
            assert (own[trial].item, own[trial].kind, own[trial].heard) == (item.name, item.kind, 1)
            assert own[trial].said in [said(study, item, reply) for reply in listener.submitted[trial]]
        assert "finished" in owner.stages
    answers = sum(map(len, found.values()))
    assert answers == study.trials * len(everybody)
    return answers


def kept_answers(study: Study, address: Path | str, everybody: list[Listener]) -> int:
    """How many acknowledged answers the database has, each as it was sent."""
    found = stored(study, address, everybody)
    with closing(Store(address)) as store:
        slots = {token: owner.slot for token in found if (owner := store.find(token))}
    order = open_order(study)
    return sum(
        trial in found[token]
        and found[token][trial].said == said(study, items(study, order, slots[token])[trial], reply)
        for listener in everybody
        if (token := listener.token or "") in found
        for trial, reply in listener.acknowledged.items()
    )


def said(study: Study, item: Item, reply: Reply) -> Response | frozenset[Judgement]:
    """What is stored where a listener sends this reply."""
    if isinstance(reply, Response):
        return reply
    return frozenset(Judged(study, item, read(ORIGINAL, Path("no-file.toml"))).judgements(reply))
