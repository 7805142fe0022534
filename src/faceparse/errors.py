"""What a user is told when something cannot be done.

Every message is one line: what was given, what was expected, what to do. The command line prints it and ends with
`exit_code`; a traceback is only ever shown for our own mistakes.
"""

import difflib
from collections.abc import Collection, Iterable

_SHOWN = 3
"""So many names stand in a message; the rest is a count."""


class FaceparseError(Exception):
    """The work found a fault or could not be done."""

    exit_code = 1


class UsageError(FaceparseError):
    """The command or call itself is wrong: an unknown name, a missing option."""

    exit_code = 2

    @classmethod
    def unknown(cls, kind: str, given: str, known: Iterable[str]) -> "UsageError":
        """An unknown name, with the nearest known one."""
        known = list(known)
        near = difflib.get_close_matches(given, known, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known)}"
        return cls(f"unknown {kind} '{given}'; {hint}")


class MissingExtraError(UsageError):
    """A command needs packages that the core install leaves out."""

    def __init__(self, module: str, extra: str):
        super().__init__(f"this needs the package '{module}'; install it with: pip install 'faceparse[{extra}]'")


class DataError(FaceparseError):
    """A file or a data set is not what it should be."""


def some_names(names: Collection[str], num_shown: int = _SHOWN) -> str:
    """A few of the names, for a message: `a, b, c and 7 more`."""
    shown = ", ".join(sorted(names)[:num_shown])
    return shown + (f" and {len(names) - num_shown} more" if len(names) > num_shown else "")
