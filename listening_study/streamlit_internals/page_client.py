"""A listener without a browser: speaks the websocket of a Streamlit app as Streamlit's own page does.

For the audit (it keeps every frame), for load tests (hundreds of listeners in one process) and for tests that need what
no browser would send. What the page shows is drawn by `drawn_page`. Values typed into a form stay on the page until its
button is pressed.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urljoin
from urllib.request import ProxyHandler, build_opener

from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from listening_study.streamlit_internals.addresses import HEALTH, STREAM
from listening_study.streamlit_internals.drawn_page import DrawnPage
from listening_study.streamlit_internals.messages import (
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


@dataclass(kw_only=True)
class Session(DrawnPage):
    """One page open at an app. `async with await Session.connect(url) as page: ...`

    url : where the app is, such as http://127.0.0.1:8501
    frames : every frame received, when `keep_frames`
    """

    url: str
    keep_frames: bool
    language: str
    frames: list[bytes] = field(default_factory=list)
    _socket: ClientConnection
    _drafts: dict[str, dict[str, WidgetState]] = field(default_factory=dict)  # by form
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
        headers : further headers of the request, such as a proxy sends

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
        page = cls(url=url, query=query, keep_frames=keep_frames, language=language, _socket=socket)
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
    def token(self) -> str | None:
        """The listener's token, from the page's address."""
        return parse_qs(self.query).get("t", [None])[0]

    @property
    def lost(self) -> str | None:
        """Why there is no connection any more."""
        return self._lost

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
        """Set a component's state, as its script does with `setStateValue`, and wait until the page is drawn."""
        await self.send_report(name, **values)
        await self.settle()

    async def send_report(self, name: str, **values: Any) -> None:
        """Set a component's state and do not wait."""
        component = self.find(name)
        before = self._values.get(component.id)
        state = json.loads(before.json_value) if before else {}
        self._values[component.id] = component_state(component, state | values)
        await self.send(fragment=component.fragment)

    async def trigger(self, name: str, event: str, value: Any = True) -> None:
        """Trigger an event of a component, as its script does with `setTriggerValue`."""
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
        """Ask for the page to be drawn. `once`: states added to the widgets' values for this run only."""
        states = [*self._values.values(), *(once or [])]
        await self.send_raw(rerun_request(self.url, self.query, self.language, fragment, states, self._kept))

    async def send_raw(self, frame: bytes | str) -> None:
        """Send anything. Raises `GoneError` when there is no connection."""
        self.expect_run()
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
                self.take(parsed(frame))
                self._news.set()
        except ConnectionClosed as error:
            self._lost = str(error)
        finally:
            self._lost = self._lost or "closed"
            self._news.set()


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
