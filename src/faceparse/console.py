"""What a run says: progress with time left and messages on standard error, results on standard output."""

import json
import logging
import sys
import time
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import TypeVar

from rich.console import Console

T = TypeVar("T")

log = logging.getLogger("faceparse")
errors = Console(stderr=True, highlight=False)
results = Console(highlight=False)

_QUIET_SECONDS = 10.0
"""Where nobody watches a bar (a pipe, a log file), one line this often says how far the work is."""


class _Lines(logging.Handler):
    """Messages on standard error, a line each, as they are; above the bar where one is shown."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr, flush=True)


def set_up_logging(level: int = logging.INFO) -> None:
    """Send the package's messages to standard error, once."""
    if not log.handlers:
        log.addHandler(_Lines())
    log.setLevel(level)
    log.propagate = False


def progress(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Pass items through and show how many are done and how long the rest will take.

    On a terminal a bar; elsewhere a line every ten seconds.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    if errors.is_terminal:
        # only where a bar is shown: importing it takes time that a first photo in a pipe need not wait
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (TextColumn("{task.description}"), BarColumn(bar_width=30), MofNCompleteColumn())
        times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
        with Progress(*columns, *times, console=errors) as bar:
            yield from bar.track(items, total=total, description=what)
        return
    start = last = time.monotonic()
    for done, item in enumerate(items):
        now = time.monotonic()
        if done and now - last > _QUIET_SECONDS:
            last = now
            left = f", {duration((now - start) / done * (total - done))} left" if total else ""
            log.info("%s: %d of %s%s", what, done, total or "?", left)
        yield item


def duration(seconds: float) -> str:
    """`95` as `1m35s`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m" if hours else f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"


def print_json(value: object) -> None:
    """The one object that a `--json` command leaves on standard output. Numbers are not rounded."""
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False) + "\n")


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table on standard output; every column but the first is right-aligned."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    results.print(table)
