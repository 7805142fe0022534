"""What a doctor says: one fault of one photo or pair."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something wrong with one file or pair."""

    kind: str
    """One of `KINDS`."""
    name: str
    """The files' stem."""
    split: str
    """Where it is: a split's name."""
    detail: str
    """What was found, in a sentence that a person can check by looking."""
    classes: tuple[str, ...] = ()
    """Names of the classes concerned, where it is about some."""

    def as_dict(self) -> dict[str, object]:
        """An entry of `--json`'s `faults`."""
        return asdict(self)
