"""One stage of a line of work in a thread of its own, a few items ahead of the next stage."""

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

_WAIT_SECONDS = 0.1
"""How long a stage waits for room before it looks whether anybody still wants its items."""


def ahead(items: Iterable[T], num_ahead: int = 3) -> Iterator[T]:
    """The same items, made in a thread while the caller is at work on earlier ones.

    What the thread raises, the caller gets in its place. Decoding, networks and encoding let other threads run, so that
    stages take as long as the slowest of them and not their sum.
    """
    waiting: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(num_ahead)
    unwanted = threading.Event()

    def put(item: T | None, end: BaseException | None) -> None:
        while not unwanted.is_set():
            try:
                waiting.put((item, end), timeout=_WAIT_SECONDS)
            except queue.Full:
                continue
            return

    def work() -> None:
        try:
            for item in items:
                put(item, None)
                if unwanted.is_set():
                    return
            put(None, StopIteration())
        except BaseException as error:
            put(None, error)

    # a daemon: where it waits for a pipe that says no more, it must not keep the process from ending
    threading.Thread(target=work, daemon=True).start()
    try:
        while True:
            item, end = waiting.get()
            if isinstance(end, StopIteration):
                return
            if end is not None:
                raise end
            yield item  # pyright: ignore[reportReturnType]
    finally:
        unwanted.set()
