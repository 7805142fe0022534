"""Whether a label map's left is the subject's, by where its paired parts lie."""

import numpy as np

from faceparse.classes import CLASSES, class_id
from faceparse.types import Labels


def calls_image_left_left(labels: Labels) -> bool | None:
    """Whether most of a map's pairs (eyes, brows, ears) have their left part on the image's left.

    That is the viewer's left, not the subject's as it should be. None where no pair tells: sides are equally many, or
    each pair lacks a part. A look at the order of a whole set; the doctor judges single maps with more care.
    """
    votes = 0
    for left, right in ((c.id, class_id(c.mirror)) for c in CLASSES if c.mirror and c.name.startswith("left")):
        here, there = np.nonzero(labels == left)[1], np.nonzero(labels == right)[1]
        if here.size and there.size:
            votes += int(np.sign(there.mean() - here.mean()))
    return None if votes == 0 else votes > 0
