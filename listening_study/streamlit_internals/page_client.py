"""A listener without a browser: speaks the websocket of a Streamlit app as Streamlit's own page does.

For the audit (it keeps every frame), for load tests (hundreds of listeners in one process) and for tests that need what
no browser would send. What a run of the script did not draw again is gone when it finishes. Values typed into a form
stay on the page until its button is pressed.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urljoin
from urllib.request import ProxyHandler, build_opener

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from listening_study.streamlit_internals.addresses import HEALTH, STREAM
from listening_study.streamlit_internals.messages import (
    KEPT_RUNS,
    SUBPROTOCOL,
    XSRF_COOKIE,
    Element,
    Value,
    component_state,
    component_trigger,
    parsed,
    pressed,
    rerun_request,
    widget_state,
)

PATIENCE = 120.0  # seconds to wait for a page; many times what a busy machine takes


class GoneError(ConnectionError):
    """The server closed the connection, or is not there."""


class UnclickableError(Exception):
    """A page would not let a listener do this: the widget is disabled."""


@dataclass(frozen=True)
class _Placed:
    element: Element
    run: int


@dataclass
class Session:
    """One page open at an app. `async with await Session.connect(url) as page: ...`

    url : where the app is, such as http://127.0.0.1:8501
    query : what follows the `?` in the page's address; the app may change it
    frames : every frame received, when `keep_frames`
    finished : runs of the script that came to their end
    """

    url: str
    query: str
    keep_frames: bool
    language: str
    _socket: ClientConnection
    frames: list[bytes] = field(default_factory=list)
    session_id: str = ""
    finished: int = 0
    _placed: dict[tuple[int, ...], _Placed] = field(default_factory=dict)
    _values: dict[str, WidgetState] = field(default_factory=dict)
    _drafts: dict[str, dict[str, WidgetState]] = field(default_factory=dict)  # by form
    _kept: dict[str, tuple[int, ForwardMsg]] = field(default_factory=dict)
    _run: int = 0
    _fragments: frozenset[str] = frozenset()  # what this run draws again; empty: everything
    _begun: bool = False  # a run that answers the last request
    _idle: bool = False
    _lost: str | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _reader: asyncio.Task[None] | None = None

    @classmethod
    async def connect(
        cls,
        url: str,
        token: str | None = None,
        *,
        query: str = "",
        keep_frames: bool = False,
        language: str = "en-GB",
        origin: str | None = None,
        session_id: str = "",
        run: bool = True,
        headers: Mapping[str, str] = {},
    ) -> Self:
        """Open a page and wait until it is drawn.

        token : put into the address as `t`
        origin : what the page claims to come from; the app itself when left out
        session_id : of a page that lost its connection
        run : draw the page; else nothing is asked for yet
        headers : what else is said when connecting, as a proxy would

        Raises `GoneError` when the server is not there, refuses, or does not draw the page in time.
        """
        query = "&".join(part for part in (urlencode({"t": token} if token else {}), query) if part)
        try:
            xsrf = await asyncio.wait_for(asyncio.to_thread(_xsrf_cookie, url), PATIENCE)
            socket = await connect(
                urljoin(url, STREAM).replace("http", "ws", 1),
                origin=Origin(url if origin is None else origin),
                subprotocols=[Subprotocol(part) for part in (SUBPROTOCOL, xsrf, session_id) if part],
                additional_headers={"Cookie": f"{XSRF_COOKIE}={xsrf}", "Accept-Language": language, **headers},
                compression=None,
                max_size=None,
                ping_interval=None,
                open_timeout=PATIENCE,
                close_timeout=1,
                proxy=None,
            )
        except Exception as error:  # each layer has its own for "nobody there"
            raise GoneError(f"{url} cannot be reached: {error or type(error).__name__}") from error
        page = cls(url, query, keep_frames, language, socket)
        page._reader = asyncio.create_task(page._read())
        try:
            if run:
                await page.rerun()
        except BaseException:
            await page.close()
            raise
        return page

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """As when the tab is closed."""
        await self._socket.close()
        if self._reader:
            await self._reader

    # --- what is on the page ---

    @property
    def elements(self) -> list[Element]:
        """Everything on the page, from top to bottom."""
        return [self._placed[path].element for path in sorted(self._placed)]

    @property
    def token(self) -> str | None:
        """The listener's token, from the page's address."""
        return parse_qs(self.query).get("t", [None])[0]

    @property
    def lost(self) -> str | None:
        """Why there is no connection any more."""
        return self._lost

    @property
    def idle(self) -> bool:
        """Whether the run that was asked for last is over."""
        return self._idle

    @property
    def text(self) -> str:
        """Everything that is there to be read."""
        return "\n".join(element.label for element in self.elements if element.label)

    def all_of(self, kind: str) -> list[Element]:
        return [element for element in self.elements if element.kind == kind]

    def has(self, name: str) -> bool:
        return any(self._named(name))

    def find(self, name: str) -> Element:
        """The widget with this key, id or label. Raises `LookupError` when there is none."""
        for element in self._named(name):
            return element
        there = ", ".join(element.key or element.label for element in self.elements if element.id)
        raise LookupError(f"nothing on the page is called {name!r}; there are: {there or 'no widgets'}")

    def _named(self, name: str) -> Iterator[Element]:
        widgets = [element for element in self.elements if element.id]
        for attribute in ("key", "id", "label"):
            yield from (element for element in widgets if getattr(element, attribute) == name)

    # --- what a listener does ---

    async def click(self, name: str) -> None:
        """Press a button and wait until the page is drawn; a form's button sends what was filled in there."""
        await self.press(name)
        await self.settle()

    async def press(self, name: str) -> None:
        """Press a button and do not wait."""
        button = self._usable(name)
        if button.content.is_form_submitter:
            self._values |= self._drafts.pop(button.form, {})
        await self.send([pressed(button)], button.fragment)

    async def fill(self, name: str, value: Value) -> None:
        """Set a widget. Outside a form the page is drawn anew, and this waits for it."""
        widget = self._usable(name)
        await self._change(widget, widget_state(widget, value))

    async def report(self, name: str, **values: Any) -> None:
        """What a component says its state is: `setStateValue` for each."""
        component = self.find(name)
        before = self._values.get(component.id)
        state = json.loads(before.json_value) if before else {}
        await self._change(component, component_state(component, state | values))

    async def trigger(self, name: str, event: str, value: Any = True) -> None:
        """What a component says has happened: `setTriggerValue`."""
        component = self.find(name)
        await self.send([component_trigger(component, event, value)], component.fragment)
        await self.settle()

    def drafts(self) -> list[WidgetState]:
        """What is filled in in forms and was not sent yet."""
        return [state for form in self._drafts.values() for state in form.values()]

    async def rerun(self) -> None:
        """Ask for the page to be drawn, and wait for it."""
        await self.send()
        await self.settle()

    async def send(self, once: list[WidgetState] | None = None, fragment: str = "") -> None:
        """Ask for the page to be drawn. `once`: what is added to the widgets' values for this time, whatever it is."""
        states = [*self._values.values(), *(once or [])]
        await self.send_raw(rerun_request(self.url, self.query, self.language, fragment, states, self._kept))

    async def send_raw(self, frame: bytes | str) -> None:
        """Send anything. Raises `GoneError` when there is no connection."""
        self._idle = self._begun = False
        try:
            await self._socket.send(frame)
        except ConnectionClosed as error:
            raise GoneError(f"{self.url} closed the connection: {error}") from error

    async def settle(self, patience: float = PATIENCE) -> None:
        """Wait until the run that was asked for is over."""
        await self.until(lambda: self._idle, patience)

    async def until(self, there: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Wait for something on the page. Raises `GoneError` when the connection is lost, or it does not come."""
        async with _limit(patience, self.url):
            while not there():
                if self._lost is not None:
                    raise GoneError(f"{self.url} closed the connection: {self._lost}")
                self._news.clear()
                await self._news.wait()

    async def fetch(self, address: str) -> bytes:
        """The bytes at an address found on the page. Raises `GoneError` when they cannot be fetched."""
        try:
            return await asyncio.to_thread(_get, urljoin(self.url, address))
        except (OSError, HTTPException) as error:
            raise GoneError(f"{self.url} does not give {address}: {error}") from error

    def _usable(self, name: str) -> Element:
        widget = self.find(name)
        if widget.disabled:
            raise UnclickableError(f"{name!r} is disabled")
        return widget

    async def _change(self, widget: Element, state: WidgetState) -> None:
        if widget.form:
            self._drafts.setdefault(widget.form, {})[widget.id] = state
            return
        self._values[widget.id] = state
        await self.send(fragment=widget.fragment)
        await self.settle()

    # --- what the server says ---

    async def _read(self) -> None:
        try:
            async for frame in self._socket:
                assert isinstance(frame, bytes)
                if self.keep_frames:
                    self.frames.append(frame)
                self._take(parsed(frame))
                self._news.set()
        except ConnectionClosed as error:
            self._lost = str(error)
        finally:
            self._lost = self._lost or "closed"
            self._news.set()

    def _take(self, message: ForwardMsg) -> None:
        if message.WhichOneof("type") == "ref_hash":
            place = message.metadata
            message = parsed(self._kept[message.ref_hash][1].SerializeToString())
            message.metadata.CopyFrom(place)
        if message.metadata.cacheable or message.hash in self._kept:
            self._kept[message.hash] = (self.finished, message)
        match message.WhichOneof("type"):
            case "new_session":
                self._run += 1
                self._begun = True
                self._fragments = frozenset(message.metadata.run.fragment_ids)
                self.session_id = message.new_session.initialize.session_id
            case "delta":
                self._draw(message)
            case "page_info_changed":
                self.query = message.page_info_changed.query_string
            case "script_finished" if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                self._finish()

    def _draw(self, message: ForwardMsg) -> None:
        path, delta = tuple(message.metadata.delta_path), message.delta
        match delta.WhichOneof("type"):
            case "new_element":
                kind = delta.new_element.WhichOneof("type") or "empty"
                content = getattr(delta.new_element, kind)
                element = Element(kind, content, getattr(content, "id", ""), delta.fragment_id)
                self._placed[path] = _Placed(element, self._run)
            case "add_block":
                block = Element(
                    delta.add_block.WhichOneof("type") or "container", delta.add_block, "", delta.fragment_id
                )
                self._placed[path] = _Placed(block, self._run)

    def _finish(self) -> None:
        """What this run could have drawn again and did not is gone, and so are such widgets' values."""
        self._placed = {
            path: placed
            for path, placed in self._placed.items()
            if placed.run == self._run or (self._fragments and placed.element.fragment not in self._fragments)
        }
        there = {placed.element.id for placed in self._placed.values()}
        self._values = {name: state for name, state in self._values.items() if name in there}
        self.finished += 1
        self._kept = {name: kept for name, kept in self._kept.items() if self.finished - kept[0] <= KEPT_RUNS}
        self._idle = self._begun


@contextlib.asynccontextmanager
async def _limit(patience: float, url: str) -> Any:
    try:
        async with asyncio.timeout(patience):
            yield
    except TimeoutError as error:
        raise GoneError(f"{url} did not answer within {patience:g} s") from error


def _xsrf_cookie(url: str) -> str:
    with _OPENER.open(urljoin(url, HEALTH), timeout=PATIENCE) as answer:
        cookies = answer.headers.get_all("Set-Cookie") or []
    return next((c.split(";")[0].partition("=")[2] for c in cookies if c.startswith(XSRF_COOKIE)), "")


def _get(address: str) -> bytes:
    with _OPENER.open(address, timeout=PATIENCE) as answer:
        content: bytes = answer.read()
        return content


_OPENER = build_opener(ProxyHandler({}))  # straight to the server: this machine's or the researcher's own
