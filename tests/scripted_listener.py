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

from listening_study.blinding import participant
from listening_study.participants.stages import Screen, current_step
from listening_study.protocol.order import open_order
from listening_study.protocol.questions import FORMS, RATINGS, Question, ReplyKind, Response
from listening_study.protocol.study import Study
from listening_study.store import Agreement, Store
from listening_study.streamlit_internals.messages import Element
from listening_study.streamlit_internals.page_client import GoneError, Session

TRIAL = re.compile(r"trial-(\d+)")  # key of a task that is no practice
RETRY = 0.05  # seconds before a lost server is looked for again


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
    submitted: dict[int, list[Response]] = field(default_factory=dict)  # by trial, in order
    acknowledged: dict[int, Response] = field(default_factory=dict)
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
        response = some_response(self.random, self.comment)
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


def answer_of(task: Element, response: Response, number: int = 1) -> dict[str, object]:
    """What the page sends for this response; all questions are asked, in their order."""
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


def check(study: Study, address: Path | str, everybody: list[Listener]) -> int:
    """Everyone who took part to the end has exactly their design's trials, with what they sent. Returns the answers."""
    with closing(Store(address)) as store:
        stored = store.answered_trials()
        owners = {listener.token: store.find(listener.token or "") for listener in everybody}
    assert len(owners) == len(everybody)
    for listener in everybody:
        owner = owners[listener.token]
        assert owner
        own = [one for one in stored if one.participant == owner.id]
        order = open_order(study).trials(study, owner.slot)
        assert [one.trial for one in own] == list(range(len(order)))  # none lost, none twice, in order
        assert [(one.clip, one.kind) for one in own] == [(trial.clip, trial.kind) for trial in order]
        assert set(listener.acknowledged) <= {one.trial for one in own}
        for one in own:
            assert one.response in listener.submitted[one.trial]
            assert one.heard == 1
        assert "finished" in owner.stages
    assert len(stored) == study.size.trials * len(everybody)  # and nobody else answered anything
    return len(stored)
