"""Label maps whose ids are all good and mean something else: those of another order, recognised by what they show.

Read as ours, such a map is no face: lips in the wrong order, a nose beside the eyes. Read in its own order it is one.
Of 70 real label maps written in each order, BiSeNet's was named for 67, FaRL's for 68, LaPa's and Helen's for 61 each,
never a wrong one; of 280 official ones that were damaged at random (a class exchanged or lost) none was.
"""

import numpy as np

from faceparse.classes import NAMES, class_id
from faceparse.data.conversions.orders import ORDERS, UNKNOWN
from faceparse.data.doctor.plausible import find_oddities
from faceparse.data.doctor.sides import find_side_faults
from faceparse.types import Labels

_NEEDED = [class_id(name) for name in ("skin", "nose", "upper lip", "lower lip")]


def find_other_orders(labels: Labels) -> list[str]:
    """The orders in which a map that shows no possible face shows one, left and right included; mostly none."""
    return [name for name, order in ORDERS.items() if _is_face(order.to_ours[labels], labels)]


def _is_face(read: Labels, labels: Labels) -> bool:
    found = np.unique(read)
    if UNKNOWN in found or not set(_NEEDED) <= set(found.tolist()) or np.array_equal(read, labels):
        return False
    has_eyes = any(class_id(name) in found for name in NAMES if name.endswith(" eye"))
    return has_eyes and not find_oddities(read) and not find_side_faults(read)
