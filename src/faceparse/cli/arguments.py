"""Command lines from typed functions, with mistakes told in one line.

tyro makes the parser and `--help` from a function's signature and docstring. Its boxed pages of errors become one
sentence here, as every other error of ours is.
"""

import contextlib
import functools
import io
import re
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

import tyro

from faceparse.errors import UsageError

T = TypeVar("T")


def call(function: Callable[..., T], arguments: Sequence[str], command: str, description: str | None = None) -> T:
    """Parse `arguments` by a function's signature and call it. `--json` is a plain flag, on where it is given.

    Raises:
        UsageError: an argument is missing, unknown or of the wrong type.
    """

    @functools.wraps(function)
    def parsed(*values: object, **named: object) -> Callable[[], T]:
        return functools.partial(function, *values, **named)

    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            ready = tyro.cli(
                parsed,
                args=list(arguments),
                prog=f"faceparse {command}",
                description=description,
                config=(tyro.conf.FlagCreatePairsOff,),
            )
    except SystemExit as end:
        if not end.code:
            raise
        raise UsageError(_one_line(said.getvalue(), command)) from None
    sys.stderr.write(said.getvalue())
    return ready()


def _one_line(page: str, command: str) -> str:
    """tyro's error page (a box of sections) as one sentence with its hint."""
    sections: list[list[str]] = [[]]
    for line in page.splitlines():
        text = line.strip("│ ")
        if text.startswith(("╭", "╰")):
            continue
        if text and set(text) <= {"─", "-"}:
            sections.append([])
        else:
            sections[-1].append(text)
    if "│" not in page:
        # where the terminal's encoding has no lines, the title is a section of its own
        del sections[0]
    reason = re.sub(r"\s+", " ", " ".join(sections[0])).strip().replace(" (required)", "").rstrip(".")
    reason = reason[:1].lower() + reason[1:]
    near = re.search(r"Perhaps you meant: (--\S+)", " ".join(sections[1])) if len(sections) > 1 else None
    hint = f"did you mean {near[1]}?" if near else f"see: faceparse {command} --help"
    return f"{reason}; {hint}"
