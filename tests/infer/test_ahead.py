"""A stage in a thread of its own: the same items in the same order, some ahead, and nothing left running."""

import threading
import time
from collections.abc import Iterator

import pytest

from faceparse.infer.video.ahead import ahead

PATIENCE = 20.0
"""Seconds after which something is taken never to happen."""


def until(happened) -> bool:
    end = time.monotonic() + PATIENCE
    while not happened() and time.monotonic() < end:
        time.sleep(0.005)
    return bool(happened())


def test_items_come_whole_and_in_order():
    assert list(ahead(range(200))) == list(range(200))
    assert list(ahead([])) == []
    assert list(ahead([None, 0, "", None])) == [None, 0, "", None]  # what looks like nothing is an item as well


def test_the_next_items_are_made_while_the_first_is_at_work_but_only_some():
    made: list[int] = []

    def source() -> Iterator[int]:
        for item in range(100):
            made.append(item)
            yield item

    items = ahead(source(), num_ahead=3)
    assert next(items) == 0
    # one taken, three waiting, one in the thread's hand
    assert until(lambda: len(made) == 5)
    time.sleep(0.3)  # longer than the thread waits for room before it looks up
    assert made == [0, 1, 2, 3, 4]
    assert list(items) == list(range(1, 100))


@pytest.mark.parametrize("error", [ValueError("frame 3 is broken"), KeyboardInterrupt()])
def test_an_error_comes_in_its_place(error: BaseException):
    def source() -> Iterator[int]:
        yield from range(3)
        raise error

    items = ahead(source())
    assert [next(items) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(type(error)) as told:
        next(items)
    assert told.value is error


def test_a_thread_whose_items_nobody_wants_ends():
    before = set(threading.enumerate())

    def endless() -> Iterator[int]:
        item = 0
        while True:
            yield item
            item += 1

    items = ahead(endless())
    assert next(items) == 0
    started = set(threading.enumerate()) - before
    assert len(started) == 1
    items.close()  # pyright: ignore[reportAttributeAccessIssue]  # a generator's
    assert until(lambda: not any(thread.is_alive() for thread in started))


def test_a_thread_that_waits_for_its_source_does_not_keep_the_process_alive():
    never = threading.Event()
    before = set(threading.enumerate())

    def stuck() -> Iterator[int]:
        yield 0
        never.wait(PATIENCE)

    assert next(ahead(stuck())) == 0
    assert all(thread.daemon for thread in set(threading.enumerate()) - before)
    never.set()
