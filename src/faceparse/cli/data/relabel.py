"""`faceparse data relabel`: label maps of any form as label maps of another."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from faceparse.console import log

if TYPE_CHECKING:
    from faceparse.data.conversions.relabel import Relabelled

In = Annotated[Path, tyro.conf.arg(metavar="IN")]
Out = Annotated[Path, tyro.conf.arg(metavar="OUT")]


def relabel(
    in_folder: In,
    out: Out,
    /,
    source: Annotated[str | None, tyro.conf.arg(name="from", metavar="FORM")] = None,
    target: Annotated[str, tyro.conf.arg(name="to", metavar="FORM")] = "celebamask",
    tolerance: float = 0.0,
    json: bool = False,
) -> int:
    """Write masks in colours, in another order of ids or as a picture per part as label maps, or the other way.

    Orders: celebamask (ours), bisenet, farl, lapa, helen, maskgan, merged (11 classes without sides). Palettes:
    official, challenge-2025, bisenet, bisenet-bgr, maskgan, lapa. And parts: NAME_l_eye.png and so on.
    Example: faceparse data relabel colored masks

    Args:
        in_folder: folder of masks, or a split's folder with them in masks/
        out: folder for the label maps, which keep their names
        source: an order, a palette or parts; colours and parts are known by looking
        target: an order or parts
        tolerance: how far a colour may be off, as 12 for JPEGs; what stays undecided is ignored (255) and told
        json: print one JSON object with what was done and what stayed undecided
    """
    from faceparse.console import print_json
    from faceparse.data.conversions.relabel import relabel_folder

    done = relabel_folder(in_folder, out, source, target, tolerance)
    if json:
        print_json(done.as_dict())
    _tell(done, out, target)
    if done.faults:
        raise done.error()
    return 0


def _tell(done: "Relabelled", out: Path, target: str) -> None:
    """What a person should know of a conversion."""
    from faceparse.data.conversions.orders import ORDERS

    settled = sum(undecided.settled for undecided in done.undecided.values())
    left = {name: undecided for name, undecided in done.undecided.items() if undecided.left}
    if settled or left:
        log.info("%d pixels of %d masks took the class of a neighbour", settled, len(done.undecided))
    for name, undecided in list(left.items())[:10]:
        top, bottom, first, last = undecided.box or (0, 0, 0, 0)
        where = f"rows {top}-{bottom}, columns {first}-{last}"
        log.warning("%s: %d pixels stayed undecided and are ignored (255): %s", name, undecided.left, where)
    if len(left) > 10:
        log.warning("%d more masks have undecided pixels; --json lists them", len(left) - 10)
    if target in ORDERS:
        for merged in ORDERS[target].losses():
            log.warning("'%s' has one id for %s", target, merged)
    if done.missing:
        log.warning("%s cannot say: %s", done.source, ", ".join(done.missing))
    if done.num_image_left * 2 > done.num_told:
        log.warning(
            "%d of %d maps call the image's left left, where the subject's is meant: are they from %s? "
            "faceparse data doctor finds such pairs and mends them",
            done.num_image_left, done.num_told, done.source,
        )  # fmt: skip
    if done.num_written:
        log.info("%d masks, read as %s, are in %s", done.num_written, done.source, out)
