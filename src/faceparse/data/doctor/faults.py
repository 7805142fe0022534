"""What a doctor says: one fault of one photo or pair."""

from dataclasses import asdict, dataclass

KINDS = {
    "unreadable_image": "the photo is damaged, or no photo",
    "unreadable_mask": "the mask is damaged, or no PNG",
    "missing_partner": "a photo without a mask, a mask without a photo, or two files of one name",
    "wrong_mode": "the mask holds colours or 16 bits instead of 8-bit ids",
    "wrong_palette": "the mask's ids are not those of the colours that it shows",
    "wrong_ids": "the mask holds ids that no class has",
    "wrong_size": "the mask has another size than its photo",
    "empty_mask": "the mask is background, or next to nothing else",
    "mirrored_labels": "left and right are exchanged in the mask",
    "wrong_side": "a part has the other side's id",
    "implausible": "the mask shows no possible face",
    "duplicate": "the photo is a copy of another of its split",
    "leak": "the photo is a copy of one in another split",
    "doubted": "a model sees a part otherwise than the mask; only with --model, and no fault before a person looked",
}
"""Every kind of fault, in the order in which they are shown, and what it means."""


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
    other: str | None = None
    """The photo that a copy is a copy of, as SPLIT/NAME."""

    def __post_init__(self) -> None:
        assert self.kind in KINDS

    def as_dict(self) -> dict[str, object]:
        """An entry of `--json`'s `faults`."""
        return asdict(self)


def printable(text: str) -> str:
    """A file's name as one line of letters that any terminal and page takes: line breaks and the like are escaped."""
    shown = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    return shown.encode("utf-8", "backslashreplace").decode()
