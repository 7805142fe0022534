"""What MMSegmentation's checkpoints tell of the weights that their training began with: the config in their `meta`."""

import re
from collections.abc import Mapping
from typing import Any

from faceparse.models.backbones.pretraining import IMAGENET_1K, IMAGENET_21K
from faceparse.provenance import RANDOM, UNKNOWN

KINDS = (RANDOM, IMAGENET_1K, IMAGENET_21K, UNKNOWN)
"""Of initial weights, as far as the challenges' rules tell them apart."""

_NAMED = re.compile(r"\b(?:pretrained|checkpoint|load_from)\s*=\s*(['\"])(.*?)\1")
_LARGER = re.compile(r"(?<!\d)2[12]k(?![a-z0-9])", re.IGNORECASE)
_PLAIN = re.compile(
    r"in-?1k|imagenet-?1k|open-mmlab://resnet|resnet\d+_v1c|swin_(?:tiny|small|base)_patch4_window(?:7_224|12_384)|mit_b\d",
    re.IGNORECASE,
)
"""Files that MMSegmentation's own configs begin with, and what names say; those of ImageNet-21k say so."""


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
    kinds = {_kind(name) for name in names}
    # what rules ask for is the most that was learned from
    return next((kind for kind in (IMAGENET_21K, UNKNOWN, IMAGENET_1K) if kind in kinds), RANDOM), names


def _kind(name: str) -> str:
    if _LARGER.search(name):
        return IMAGENET_21K
    return IMAGENET_1K if _PLAIN.search(name) else UNKNOWN
