"""The same work on a Dask cluster: `clstm ... --cluster ADDRESS`, with the extra `clstm[cluster]`.

Its machines need the files under the same paths and this package installed. A worker that dies costs only time: what it
worked on, and results it had not delivered, are made again by another worker.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from clstm.runtime.errors import MissingToolError, UnreadableFileError, UserError

Item = TypeVar("Item")
Result = TypeVar("Result")

LOOK_AHEAD = 16  # items per thread of the cluster
CONNECT = 10  # seconds


def on_cluster(
    function: Callable[[Item], Result], items: Sequence[Item], address: str
) -> Iterator[tuple[Item, Result | UnreadableFileError]]:
    """Yield (item, function(item)) in the order of `items`, or (item, UnreadableFileError) where the function raised it
    or every worker that tried died. Any other error is our own mistake and is raised.

    Raises `MissingToolError` without the extra, `UserError` when no cluster answers at `address` (host:port).
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingToolError("a cluster needs Dask; install it with: pip install 'clstm[cluster]'") from error
    try:
        client = Client(address, timeout=CONNECT)
    except (OSError, ValueError, TimeoutError) as error:
        raise UserError(
            f"no Dask scheduler answers at {address!r} ({error}); give one as host:port, as `dask scheduler` prints it"
        ) from error
    return _results(client, function, items)


def _results(
    client: Any, function: Callable[[Item], Result], items: Sequence[Item]
) -> Iterator[tuple[Item, Result | UnreadableFileError]]:
    from distributed import KilledWorker

    with client:
        at_once = LOOK_AHEAD * max(sum(client.nthreads().values()), 1)
        remaining = iter(items)
        waiting: deque[tuple[Item, Any]] = deque()

        def schedule(count: int) -> None:
            for item in islice(remaining, count):
                waiting.append((item, client.submit(function, item, pure=False)))

        schedule(at_once)
        while waiting:
            item, future = waiting.popleft()
            schedule(1)
            try:
                yield item, future.result()
            except UnreadableFileError as error:
                yield item, error
            except KilledWorker:
                yield item, UnreadableFileError(item, "every worker that tried died")
