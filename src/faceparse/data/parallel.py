"""One function over many items, on every core, with progress."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any, TypeVar

from faceparse.console import progress
from faceparse.cores import num_cores
from faceparse.errors import FaceparseError

Item = TypeVar("Item")
Result = TypeVar("Result")

_FEW = 64
"""Starting processes takes longer than this many pictures do."""

_function: Callable[[Any], Any] | None = None


def in_processes(
    prepare: Callable[[], Callable[[Item], Result]], items: Sequence[Item], what: str, num_processes: int | None = None
) -> Iterator[Result]:
    """Results in the order of the items.

    Args:
        prepare: called once in each process, gives the function; can be pickled. A zip is opened there, for one.
        items: can be pickled.
        what: a word for the progress bar.
        num_processes: one per available core unless given; few items are worked on here.
    """
    if num_processes is None:
        num_processes = num_cores() if len(items) > _FEW else 1
    if num_processes == 1:
        function = prepare()
        yield from progress(map(function, items), what, total=len(items))
        return
    context = multiprocessing.get_context("spawn")
    chunk = max(1, min(8, len(items) // (4 * num_processes)))
    with ProcessPoolExecutor(num_processes, context, _start, (prepare,)) as pool:
        try:
            with _interrupts_held():
                results = pool.map(_call, items, chunksize=chunk)
            yield from progress(results, what, total=len(items))
        except BrokenProcessPool as error:
            raise FaceparseError(
                f"{what}: a process was killed, perhaps for want of memory; run the command again"
            ) from error
        finally:
            # nothing is written any more when the caller hears of an error
            pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Processes started within never see Ctrl-C, which is the parent's to report; it then ends the pool."""
    # the tracker is started first: starting it, as the first process would, lets interrupts through again
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start(prepare: Callable[[], Callable[[Any], Any]]) -> None:
    global _function
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    _function = prepare()


def _leave_with_parent() -> None:
    # a pool's processes do not notice that their parent was killed, and would wait for work for ever
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _call(item: Any) -> Any:
    assert _function is not None
    return _function(item)
