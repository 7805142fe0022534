"""How memory for large tensors is had from the system; torch is not imported yet where this is called."""

import ctypes
import os

# of glibc's malloc.h
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4
_PAD_BYTES = 256 << 20


def use_huge_pages() -> None:
    """Tensors of megabytes lie in huge pages: fewer faults, a quarter off a training step on Zen 4.

    The environment's own setting stays.
    """
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # torch reads it when it starts


def keep_freed_memory() -> None:
    """What a training step frees serves the next one, rather than go back to the system to come again zeroed.

    For processes that train or score and little else: they hold what they held at their peak. By glibc's default each
    large tensor is mapped and unmapped by itself, and the kernel zeroes it every time: a tenth of a step and more. Does
    nothing under another C library.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        for parameter, value in ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, -1), (_TOP_PAD, _PAD_BYTES)):
            mallopt(parameter, value)
