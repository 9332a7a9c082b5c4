"""uvicorn's HTTP for Streamlit's pages, which closes connections that nobody uses.

- One that has not sent a whole request after `REQUEST_LIMIT` is closed; uvicorn itself would wait for ever.
- TCP itself detects a peer that has vanished in the middle of a download (`VANISHED`).

It overrides asyncio's callbacks and reads uvicorn's own record of the request under way (`cycle`), which is not part of
uvicorn's public interface either.
"""

import asyncio
import socket
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

REQUEST_LIMIT = 20.0  # seconds a client may take to send a whole request
VANISHED = 60  # seconds without any sign of a peer


class ImpatientProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # one of two, as is installed
    """uvicorn's HTTP, but a connection without a whole request is closed in time."""

    limit = REQUEST_LIMIT  # seconds
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        notice_vanished_peers(transport.get_extra_info("socket"))
        self._await_request()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._has_whole_request():
            self._stop_waiting()
        else:
            self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _has_whole_request(self) -> bool:
        """Whether the client has said all for now: a request that is being answered, or it changed to a websocket."""
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return True
        return self.cycle is not None and not (self.cycle.more_body or self.cycle.response_complete)

    def _await_request(self) -> None:
        """The time runs from the first byte of a request: further bytes do not extend it."""
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.limit, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self._has_whole_request():
            self.transport.abort()


def notice_vanished_peers(connection: Any) -> None:
    """Let TCP probe a silent peer, and drop one that acknowledges nothing any more."""
    options = (
        (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
        (socket.IPPROTO_TCP, "TCP_KEEPIDLE", VANISHED // 2),
        (socket.IPPROTO_TCP, "TCP_KEEPINTVL", VANISHED // 6),
        (socket.IPPROTO_TCP, "TCP_KEEPCNT", 3),
        (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", VANISHED * 1000),  # ms
    )
    for level, name, value in options:
        if connection is not None and hasattr(socket, name):
            connection.setsockopt(level, getattr(socket, name), value)
