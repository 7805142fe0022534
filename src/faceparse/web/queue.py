"""Many at once: few in memory, the others in order, and those beyond count turned away at once."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio
import anyio.to_thread

from faceparse.web.config import ServerConfig
from faceparse.web.refusals import Refusal

T = TypeVar("T")

RETRY_SECONDS = 5


class Queue:
    """Two gates in a row: who may send a body, and whose photo is parsed. To be made inside the event loop.

    A request waits at the first gate before its body is read, so that what it waits with lies in the client and the
    sockets' small buffers, not here. Both gates serve in order of arrival.
    """

    def __init__(self, config: ServerConfig):
        self._capacity = config.capacity
        self._uploads = anyio.Semaphore(config.uploads)
        self._workers = anyio.CapacityLimiter(config.workers)
        self.num_inside = 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait until a body may be read; it may be held for as long as the context lasts.

        Raises:
            Refusal: 503, where so many are inside already that waiting would be no kindness.
        """
        if self.num_inside >= self._capacity:
            raise Refusal(503, f"{self.num_inside} photos are waiting already; try again shortly", RETRY_SECONDS)
        self.num_inside += 1
        try:
            async with self._uploads:
                yield
        finally:
            self.num_inside -= 1

    async def work(self, function: Callable[[], T]) -> T:
        """Carry out a function in one of the worker threads."""
        return await anyio.to_thread.run_sync(function, limiter=self._workers)
