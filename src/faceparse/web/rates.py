"""How often one client may ask: a bucket of tokens each, refilled with time."""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable

_MOST_CLIENTS = 10_000
"""Buckets that are kept; the client that has asked least recently is forgotten first, so that memory is bounded."""


class RateLimiter:
    """A token bucket a client.

    Args:
        per_minute: tokens that come back in a minute; 0 for no limit.
        burst: tokens of a full bucket.
        clock: seconds from some moment on.
    """

    def __init__(self, per_minute: float, burst: int, clock: Callable[[], float] = time.monotonic):
        self._per_second = per_minute / 60
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def seconds_to_wait(self, client: str) -> float:
        """Take a token: 0 where there was one, else the time until there will be."""
        if self._per_second <= 0:
            return 0.0
        now = self._clock()
        tokens, since = self._buckets.pop(client, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - since) * self._per_second)
        missing = max(0.0, 1 - tokens)
        self._buckets[client] = (tokens - (not missing), now)
        if len(self._buckets) > _MOST_CLIENTS:
            self._buckets.popitem(last=False)
        return missing / self._per_second


def client_name(address: str | None) -> str:
    """One name a client: its address, or for IPv6 its network of 64 bits, which one household has whole."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return address or "unknown"
    if parsed.version == 6 and not parsed.is_loopback:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
