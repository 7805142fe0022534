"""How many cores there are to work on."""

import os


def num_cores() -> int:
    """Cores that this process may use; fewer than the machine's where a container or `taskset` says so."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
