"""What MMSegmentation's checkpoints tell of the weights that their training began with: the config in their `meta`."""

import re
from collections.abc import Mapping
from typing import Any

from faceparse.models.backbones.pretraining import IMAGENET_1K, IMAGENET_21K, OTHER, kind_of_mmseg_file
from faceparse.provenance import RANDOM, UNKNOWN

_NAMED = re.compile(r"\b(?:pretrained|checkpoint|load_from)\s*=\s*(['\"])(.*?)\1")


def initial_weights_of(content: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The kind of weights by the config in a checkpoint, and the names that it gives them.

    A config is text here, and never run. Nothing named in it: the training began with random weights. No config:
    nobody knows.
    """
    meta = content.get("meta")
    text = (meta.get("config") or meta.get("cfg")) if isinstance(meta, Mapping) else None
    if not isinstance(text, str) or "model" not in text:
        return UNKNOWN, []
    names = [name for _, name in _NAMED.findall(text)]
    kinds = {kind_of_mmseg_file(name) for name in names}
    # what rules ask for is the most that was learned from
    return next((kind for kind in (IMAGENET_21K, OTHER, UNKNOWN, IMAGENET_1K) if kind in kinds), RANDOM), names
