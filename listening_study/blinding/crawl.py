"""Listeners without a browser walk through the participants' own server, which runs on a copy of the study.

They know of the page what any participant sees: they let every player report that its clip was heard, take the first
choice everywhere, and press the button that goes on. Which clip was shown is told by the bytes that were served.
"""

import asyncio
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import ProxyHandler, build_opener

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from clstm.runtime.errors import UserError
from listening_study.blinding.attack import Shown, words
from listening_study.blinding.streamlit_client import Session
from listening_study.blinding.traffic import MEDIA, Media, Sight, Walk, said
from listening_study.protocol.configuration import Access
from listening_study.protocol.study import Study
from listening_study.store import database

LISTENERS = 2  # at least: each clip at more than one place
PATIENCE = 60.0  # seconds at one page; many times what a busy machine takes
PAUSE = 0.3  # seconds before a button that did nothing is pressed again
COMMAND = (sys.executable, "-P", "-c", "from clstm.cli.main import main; main()", "study", "serve")
PRIVATE = ("sealed/key.json", "registration.json", "study.json", "order.json", "dashboard.json", "answers.sqlite")
ROOTS = ("", "static/", "app/static/", "media/", "component/", "_stcore/", "..%2f", "static/..%2f..%2f")

_ADDRESS = re.compile(r"http://\S+")
_OPENER = build_opener(ProxyHandler({}))  # straight to this machine


def walk(study: Study, progress: Callable[[int, int], object] = lambda done, total: None) -> Walk:
    """Let so many listeners take part to the end that every clip is heard. `progress` is told the clips heard, of all.

    Raises `UserError` when the server does not start, or a listener gets stuck.
    """
    with TemporaryDirectory(prefix="clstm-audit-") as folder:
        copy = _copy(study, Path(folder) / "study")
        with _served(copy) as url:
            return asyncio.run(_walk(copy, url, progress))


def _copy(study: Study, folder: Path) -> Study:
    """The study without answers, open to everybody who comes, and to answers before a clip could have been heard."""
    shutil.copytree(study.folder, folder, ignore=shutil.ignore_patterns("answers.sqlite*"))
    design = study.design.model_copy(update={"must_hear": 0.0})
    return replace(study, folder=folder).amend(access=Access(admissions=0), design=design)


@contextmanager
def _served(study: Study) -> Iterator[str]:
    """Serve a study as the researcher would, on this machine alone; gives the address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = {name: value for name, value in os.environ.items() if name != database.VARIABLE}
    command = [*COMMAND, str(study.folder), "--port", str(port), "--headless"]
    told["PYTHONUNBUFFERED"] = "1"  # what it says comes at once
    with subprocess.Popen(command, env=told, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            yield _announced(server)
        finally:
            server.terminate()
            server.communicate()  # its last words, too: a closed pipe would be an error to it


def _announced(server: "subprocess.Popen[str]") -> str:
    """The address that the server says it is open at."""
    assert server.stdout
    for line in server.stdout:
        if address := _ADDRESS.search(line):
            return address.group()
    raise UserError("the participants' server did not start; `clstm study serve` says why")


async def _walk(study: Study, url: str, progress: Callable[[int, int], object]) -> Walk:
    names = (*study.clips, *study.catch)
    clips = {sha256(study.clip_path(clip).read_bytes()).hexdigest(): clip for clip in names}
    others = {sha256(path.read_bytes()).hexdigest() for path in study.folder.rglob("*.flac")}
    listeners = max(LISTENERS, study.size.rotations)
    total = listeners * study.size.trials
    sights: list[Sight] = []
    unknown: list[str] = []
    pages = []
    heard: list[list[Shown]] = []
    received: set[str] = set()
    for listener in range(listeners):
        pages.append((await asyncio.to_thread(_read, url))[1].decode(errors="replace"))
        own: list[Shown] = []
        heard.append(own)
        async for frames, served in _screens(url):
            if listener == 0:
                received |= words("\n".join(line for frame in frames for line in said(ForwardMsg.FromString(frame))))
            for media in served:
                if clip := clips.get(media.sha256):
                    messages = tuple(said(ForwardMsg.FromString(frame)) for frame in frames)
                    sight = Sight(clip, messages, sum(map(len, frames)), media)
                    own.append(Shown(clip, words(sight.text)))
                    sights += [sight] if clip in study.clips else []
                    progress(sum(map(len, heard)), total)
                elif media.sha256 not in others:
                    unknown.append(media.address)
        if len(own) < study.size.trials:
            raise UserError(
                f"listener {listener + 1} of the audit was shown {len(own)} of {study.size.trials} clips; "
                "try the page with `clstm study serve`, or audit the files alone with --no-server"
            )
    given = tuple(await asyncio.to_thread(_given, study, url))
    return Walk(sights, tuple(unknown), tuple(pages), given, heard, frozenset(received))


async def _screens(url: str) -> AsyncIterator[tuple[list[bytes], list[Media]]]:
    """The frames of one screen after another, and the sound that is on it; media are served only while they are."""
    async with await Session.connect(url, keep_frames=True) as page:
        first = 0
        leads_on = True
        while leads_on:
            await _take_part(page)
            addresses = {hit for frame in page.frames[first:] for hit in MEDIA.findall(frame.decode(errors="replace"))}
            served = [await asyncio.to_thread(_fetched, url, address) for address in sorted(addresses)]
            leads_on = await _go_on(page)
            last = len(page.frames)
            if leads_on:  # a button first draws its own screen once more
                last = max(k for k, frame in enumerate(page.frames) if _begins(frame))
            yield page.frames[first:last], served
            first = last


def _begins(frame: bytes) -> bool:
    """Whether a screen is drawn from here on."""
    return ForwardMsg.FromString(frame).WhichOneof("type") == "new_session"


def _given(study: Study, url: str) -> Iterator[str]:
    """Addresses at which the server gives what it must not."""
    for path in PRIVATE:
        file = study.folder / path
        content = file.read_bytes() if file.is_file() else b""
        for root in ROOTS:
            if content and content in _read(urljoin(f"{url}/", root + path))[1]:
                yield root + path


async def _take_part(page: Session) -> None:
    """Hear all there is to hear, and choose the first of everything."""
    for player in page.all_of("bidi_component"):
        heard = {"event": "end", "heard": 1.0, "plays": 1, "number": 1, "givenUp": False}
        await page.report(player.key, report=heard)
    for element in [element for element in page.elements if not element.disabled]:
        match element.kind:
            case "radio":
                await page.fill(element.id, element.content.options[0])
            case "button_group":
                await page.fill(element.id, element.content.options[0].content)
            case "checkbox":
                await page.fill(element.id, True)


async def _go_on(page: Session) -> bool:
    """Press the button that leads on, until it does. False at the end, where there is none."""
    before = _looks(page)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        ahead = [one for one in page.all_of("button") if one.content.type == "primary" and not one.disabled]
        if not ahead:
            return False
        await page.click(ahead[0].id)
        if _looks(page) != before:
            return True
        await asyncio.sleep(PAUSE)  # the page takes no second click at once
    raise UserError(f"the audit's listener cannot get on from this page: {page.text[:200]!r}")


def _looks(page: Session) -> tuple[str, list[str]]:
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
        raise UserError(f"the participants' server went away at {address} ({error})") from error
    with answer:
        seconds = time.perf_counter() - began
        return tuple(answer.headers.items()), answer.read(), seconds
