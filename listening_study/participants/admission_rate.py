"""A limit on how many newcomers a server of the study admits per minute.

A link that is passed on, or a script, could take every place in the design within seconds. Beyond the limit a newcomer
waits; participants who have a place are never affected. Behind a trusted proxy, newcomers are also counted by the
address that it forwards. Addresses are kept in memory for a minute and nowhere else: neither stored nor logged.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

WINDOW = 60.0  # seconds
ONE_SITE = 64  # bits of an IPv6 address that one customer shares


class Admissions:
    """The admissions of the last minute. Safe to share between threads.

    per_minute, per_address : how many; 0: no limit
    clock : seconds that never go back
    """

    def __init__(self, per_minute: int, per_address: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._per_address, self._clock = per_minute, per_address, clock
        self._recent: deque[tuple[float, str]] = deque()  # when, and the site; in order
        self._turn = threading.Lock()

    def let_in(self, address: str | None) -> bool:
        """Whether one more newcomer may be admitted now; if so, they are counted. `address`: from a trusted proxy.

        >>> admissions = Admissions(per_minute=2, per_address=0)
        >>> [admissions.let_in(None) for _ in range(3)]
        [True, True, False]
        """
        site = _site(address)
        with self._turn:
            now = self._clock()
            while self._recent and now - self._recent[0][0] >= WINDOW:
                self._recent.popleft()
            if self._per_minute and len(self._recent) >= self._per_minute:
                return False
            if self._per_address and site and Counter(one for _, one in self._recent)[site] >= self._per_address:
                return False
            if self._per_minute or (self._per_address and site):
                self._recent.append((now, site))
            return True


def _site(address: str | None) -> str:
    """What is counted as one visitor: an IPv4 address, or a network of IPv6 addresses.

    >>> _site("192.0.2.1"), _site("2001:db8::1:2") == _site("2001:db8::3"), _site(None)
    ('192.0.2.1', True, '')
    """
    try:
        found = ip_address(address or "")
    except ValueError:
        return address or ""
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, ONE_SITE), strict=False))
