"""Simulated participants go through the study's own server, which runs on a copy of the study, and keep what it sends.

They use the page as any participant can: every player reports that its clip was heard, the first option is chosen
everywhere, and the answer is sent or the primary button pressed. The bytes that were served say which clip was shown.
"""

import asyncio
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import ProxyHandler, build_opener

from clstm.runtime.errors import UserError
from clstm.runtime.progress import Progress, silent
from listening_study.blinding import participant
from listening_study.blinding.attack import ReceivedTrial, words
from listening_study.blinding.traffic import ClipTraffic, Media, ServerTraffic
from listening_study.protocol.configuration import Access
from listening_study.protocol.study import Study
from listening_study.protocol.tasks import TaskKind
from listening_study.store import database
from listening_study.streamlit_internals.addresses import FILE_ROOTS, MEDIA
from listening_study.streamlit_internals.messages import field_lines, starts_run
from listening_study.streamlit_internals.page_client import Session

PARTICIPANTS = 2  # at least: each clip at more than one position
PATIENCE = 60.0  # seconds at one page; many times what a busy machine takes
PAUSE = 0.3  # seconds before a button that did nothing is pressed again
COMMAND = (sys.executable, "-P", "-c", "from clstm.cli.main import main; main()", "study", "serve")
PRIVATE = ("sealed/key.json", "registration.json", "study.json", "order.json", "dashboard.json", "answers.sqlite")

_ADDRESS = re.compile(r"http://\S+")
_OPENER = build_opener(ProxyHandler({}))  # straight to this machine


def crawl(study: Study, progress: Progress = silent) -> ServerTraffic:
    """Let enough participants finish the study for every clip to be shown; `progress` counts trials.

    Raises `UserError` when the server does not start, or a participant gets stuck.
    """
    with TemporaryDirectory(prefix="clstm-audit-") as folder:
        copy = _copy(study, Path(folder) / "study")
        with _served(copy) as url:
            return asyncio.run(_crawl(copy, url, progress))


def _copy(study: Study, folder: Path) -> Study:
    """The study without answers, without a limit of newcomers, and open to answers before a clip was heard."""
    shutil.copytree(study.folder, folder, ignore=shutil.ignore_patterns("answers.sqlite*"))
    design = study.design.model_copy(update={"must_hear": 0.0})
    return replace(study, folder=folder).amend(access=Access(admissions=0), design=design)


@contextmanager
def _served(study: Study) -> Iterator[str]:
    """Serve a study as the researcher would, on this machine alone; gives the address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name != database.VARIABLE}
    command = [*COMMAND, str(study.folder), "--port", str(port), "--headless"]
    environment["PYTHONUNBUFFERED"] = "1"  # its address is printed at once
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            yield _announced(server)
        finally:
            server.terminate()
            server.communicate()  # read to the end: a closed pipe would be an error to it


def _announced(server: "subprocess.Popen[str]") -> str:
    """The address that the server prints."""
    assert server.stdout
    for line in server.stdout:
        if address := _ADDRESS.search(line):
            return address.group()
    raise UserError("the study's server did not start; `clstm study serve` says why")


@dataclass
class _Recorder:
    """Sorts what participants receive; which clip a sound is, is known by the SHA-256 of its bytes."""

    study: Study
    progress: Progress
    clips: dict[str, str]  # by SHA-256
    others: frozenset[str]  # the study's other sounds
    participants: int
    screens: int = 0  # with clips of the study, that the participant who came last was shown
    shown: list[ClipTraffic] = field(default_factory=list)
    judged: list[ClipTraffic] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    trials: list[list[ReceivedTrial]] = field(default_factory=list)
    words: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, study: Study, progress: Progress) -> "_Recorder":
        clips = {_sha256(study.clip_path(clip)): clip for clip in (*study.clips, *study.catch, *study.others)}
        others = frozenset(map(_sha256, study.folder.rglob("*.flac")))
        return cls(study, progress, clips, others, max(PARTICIPANTS, study.size.rotations))

    def record(self, frames: list[bytes], served: list[Media]) -> None:
        """One screen of the participant who came last."""
        messages = tuple(map(field_lines, frames))
        if len(self.trials) == 1:
            self.words |= words("\n".join(line for message in messages for line in message))
        self.unknown += [media.address for media in served if media.sha256 not in self.others]
        known = [(self.clips[media.sha256], media) for media in served if media.sha256 in self.clips]
        if not known:
            return
        block = self.study.block_of(self.screens)
        seen = [ClipTraffic(clip, messages, sum(map(len, frames)), media, block) for clip, media in known]
        if self.study.blocks[block].kind is TaskKind.SOURCE:
            self.trials[-1] += [ReceivedTrial(one.clip, words(one.text)) for one in seen]
            self.shown += [one for one in seen if one.clip in self.study.clips]
        else:
            self.judged += seen
        self.screens += 1
        done = (len(self.trials) - 1) * self.study.trials + self.screens
        self.progress("Server", done, self.participants * self.study.trials)


async def _crawl(study: Study, url: str, progress: Progress) -> ServerTraffic:
    found = _Recorder.of(study, progress)
    pages = []
    progress("Server", 0, found.participants * study.trials)
    for number in range(found.participants):
        pages.append((await asyncio.to_thread(_read, url))[1].decode(errors="replace"))
        found.trials.append([])
        found.screens = 0
        async for frames, served in _screens(url):
            found.record(frames, served)
        if found.screens < study.trials:
            raise UserError(
                f"participant {number + 1} of the audit was shown {found.screens} of {study.trials} "
                "clips; try the page with `clstm study serve`, or audit the files alone with --no-server"
            )
    exposed = tuple(await asyncio.to_thread(_exposed, study, url))
    words_sent = frozenset(found.words)
    return ServerTraffic(
        found.shown, tuple(found.unknown), tuple(pages), exposed, found.trials, words_sent, found.judged
    )


def _sha256(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


async def _screens(url: str) -> AsyncIterator[tuple[list[bytes], list[Media]]]:
    """The frames of one screen after another, and its sounds, which are served only while the screen is shown."""
    async with await Session.connect(url, keep_frames=True) as page:
        first = 0
        goes_on = True
        while goes_on:
            await _take_part(page)
            addresses = {hit for frame in page.frames[first:] for hit in MEDIA.findall(frame.decode(errors="replace"))}
            addresses -= _ahead(page)
            served = [await asyncio.to_thread(_fetched, url, address) for address in sorted(addresses)]
            goes_on = await _go_on(page)
            last = len(page.frames)
            if goes_on:  # a button first draws its own screen once more
                last = max(k for k, frame in enumerate(page.frames) if starts_run(frame))
            yield page.frames[first:last], served
            first = last


def _exposed(study: Study, url: str) -> Iterator[str]:
    """Addresses at which the server gives a file that it must not."""
    for path in PRIVATE:
        file = study.folder / path
        content = file.read_bytes() if file.is_file() else b""
        for root in FILE_ROOTS:
            if content and content in _read(urljoin(f"{url}/", root + path))[1]:
                yield root + path


def _ahead(page: Session) -> set[str]:
    """Addresses of sounds that the next screen may have: they are fetched when they are heard."""
    components = [one for one in page.all_of("bidi_component") if participant.sounds(one)]
    ahead = {address for one in components for address in one.data.get("next", ())}
    return ahead - {address for one in components for address in participant.sounds(one)}


async def _take_part(page: Session) -> None:
    """Report every sound as heard, and choose the first of all options."""
    for component in page.all_of("bidi_component"):
        if participant.sounds(component):
            await page.report(component.key, report=participant.report(component))
    for element in [element for element in page.elements if not element.disabled]:
        match element.kind:
            case "radio":
                await page.fill(element.id, element.content.options[0])
            case "button_group":
                await page.fill(element.id, element.content.options[0].content)
            case "checkbox":
                await page.fill(element.id, True)


async def _go_on(page: Session) -> bool:
    """Send the answer or press the primary button until the next screen comes. False at the end, without either."""
    before = _state_of(page)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        ahead = [one for one in page.all_of("button") if one.content.type == "primary" and not one.disabled]
        tasks = [one for one in page.all_of("bidi_component") if participant.is_task(one)]
        if not (ahead or tasks):
            return False
        if ahead:
            await page.click(ahead[0].id)
        else:
            await page.report(tasks[0].key, answer=participant.first_answer(tasks[0]))
        if _state_of(page) != before:
            return True
        await asyncio.sleep(PAUSE)  # the page takes no second click at once
    raise UserError(f"the audit's participant is stuck on this page: {page.text[:200]!r}")


def _state_of(page: Session) -> tuple[str, list[str]]:
    return page.text, [element.id for element in page.elements if element.id]


def _fetched(url: str, address: str) -> Media:
    headers, content, seconds = _read(urljoin(f"{url}/", address.lstrip("/")))
    return Media(address, headers, sha256(content).hexdigest(), seconds)


def _read(address: str) -> tuple[tuple[tuple[str, str], ...], bytes, float]:
    """Headers, content and seconds to the first byte; of a refusal, too."""
    began = time.perf_counter()
    try:
        answer = _OPENER.open(address, timeout=PATIENCE)
    except HTTPError as refusal:
        answer = refusal
    except (OSError, HTTPException) as error:
        raise UserError(f"the study's server stopped answering at {address} ({error})") from error
    with answer:
        seconds = time.perf_counter() - began
        return tuple(answer.headers.items()), answer.read(), seconds
