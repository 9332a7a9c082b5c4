"""A proxy between listeners and a study that cuts connections: after so many seconds each, or all at once."""

import asyncio
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class CuttingProxy:
    """Passes bytes on to a port of this machine, in a thread of its own.

    to : that port, set before the first connection; port : its own
    lifetime : seconds after which a connection is cut, as proxies do with quiet websockets; None: never
    cuts : how many connections were cut by age
    """

    def __init__(self, lifetime: float | None = None) -> None:
        self._lifetime, self._refusing = lifetime, False
        self.to, self.port, self.cuts = 0, 0, 0
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        begins = asyncio.start_server(self._pass, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(begins, self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def refuse(self, *, refusing: bool) -> None:
        """Cut everything and let nothing through, or let it through again."""
        self._refusing = refusing
        if refusing:
            self._loop.call_soon_threadsafe(self._cut)

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _cut(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        there_reader, there = await asyncio.open_connection("127.0.0.1", self.to)
        self._open |= {writer, there}
        try:
            async with asyncio.timeout(self._lifetime):
                await asyncio.gather(_pump(reader, there), _pump(there_reader, writer))
        except TimeoutError:
            self.cuts += 1
        except asyncio.CancelledError:  # at the end; asyncio would write it on the terminal
            pass
        finally:
            for one in (writer, there):
                self._open.discard(one)
                one.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
