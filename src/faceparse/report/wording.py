"""A run's configuration in words, whichever fields it has."""

from collections.abc import Mapping

_NAMES = {
    "cross_entropy": "cross-entropy",
    "dice": "soft Dice",
    "lovasz": "Lovász-softmax",
    "auxiliary": "auxiliary heads at",
    "adamw": "AdamW",
    "muon": "Muon",
    "sgd": "SGD",
    "learning_rate": "learning rate",
    "probability": "p",
}
"""Where a field's own name is not how it is written."""


def describe(fields: Mapping[str, object], leave_out: tuple[str, ...] = ()) -> str:
    """`name value` for every field that is set; what is off (0, empty, false, null) is not mentioned.

    >>> describe({"cross_entropy": 1.0, "dice": 2.5, "label_smoothing": 0.0})
    'cross-entropy 1, soft Dice 2.5'
    """
    said = []
    for name, value in fields.items():
        words = _NAMES.get(name, name.replace("_", " "))
        if name in leave_out or not value:
            continue
        said.append(words if value is True else f"{words} {write(value)}")
    return ", ".join(said) or "none"


def write(value: object) -> str:
    """A value as a reader writes it: no trailing zeros, no brackets but around what has parts of its own."""
    if isinstance(value, Mapping):
        return f"({describe(value)})"
    if isinstance(value, list | tuple):
        return " / ".join(write(item) for item in value)
    if isinstance(value, float):
        return f"{value:g}"
    return _NAMES.get(str(value), str(value))


def size(num_bytes: object) -> str:
    """`8 GiB`; `unknown` for what is no number."""
    return f"{num_bytes / 2**30:.0f} GiB" if isinstance(num_bytes, int | float) else "unknown"


def machine_rows(machine: Mapping[str, object] | None) -> list[tuple[str, str]]:
    """What `machine.json` says, as rows of a report."""
    if machine is None:
        return [("Machine", "not recorded by this run")]
    gpus = machine.get("gpus")
    named = [
        f"{gpu.get('name', 'unknown')} ({size(gpu.get('memory_bytes'))})"
        for gpu in (gpus if isinstance(gpus, list) else [])
        if isinstance(gpu, Mapping)
    ]
    kinds = [f"{named.count(name)} × {name}" for name in dict.fromkeys(named)]
    return [
        ("GPUs", ", ".join(kinds) or "none"),
        ("CPU", f"{machine.get('cpu') or 'unknown'}; cores in use: {machine.get('num_cpus') or 'unknown'}"),
        ("Memory", size(machine.get("memory_bytes"))),
        ("Software", f"Python {machine.get('python')}, PyTorch {machine.get('torch')}, {machine.get('system')}"),
    ]
