"""The machine that a run is trained on, as `machine.json` keeps it: its accelerators, processor, memory, versions."""

import os
import platform
from pathlib import Path


def describe_machine() -> dict[str, object]:
    """What this machine is made of; what cannot be found out is null."""
    import torch

    gpus = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    return {
        "num_gpus": len(gpus),
        "gpus": [{"name": gpu.name, "memory_bytes": gpu.total_memory} for gpu in gpus],
        "cpu": _cpu_name(),
        "num_cpus": _num_cpus(),
        "memory_bytes": _memory_bytes(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def _num_cpus() -> int | None:
    """Those that this process may use, where the system tells; a container is often given fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _cpu_name() -> str | None:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return " ".join(value.split())
    except (OSError, UnicodeDecodeError):
        pass
    return platform.processor() or platform.machine() or None


def _memory_bytes() -> int | None:
    """All of the machine's memory, or what the container is limited to where that is less."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    for limit in (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        try:
            return min(total, int(limit.read_text()))
        except (OSError, ValueError):
            continue  # no such limit here, or "max"
    return total
