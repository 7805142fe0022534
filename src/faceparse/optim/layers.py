"""How deep a backbone's parameters lie, read from their names.

Backbones here are named as timm names them: `stages.2.blocks.5.…` (ConvNeXt, MiT), `layers.2.blocks.5.…` (Swin) or
`layer3.5.…` (ResNet), with `downsample` before the blocks of a stage. A new backbone that keeps to this needs nothing.
"""

import re
from collections.abc import Iterable
from itertools import accumulate

STEM = 0
"""The layer of what comes before all blocks."""

_BLOCK = re.compile(r"(?:stages|layers)\.(?P<stage>\d+)\.blocks\.(?P<block>\d+)\.|layer(?P<one>\d)\.(?P<unit>\d+)\.")
_DOWNSAMPLE = re.compile(r"(?:stages|layers)\.(\d+)\.downsample\.")
_STEM = re.compile(r"(?:stem|patch_embed|conv1|bn1)\.|absolute_pos_embed$")


def layers_of(names: Iterable[str], *, by_stage: bool, num_layers: int = 0) -> tuple[dict[str, int], int]:
    """The layer of each parameter: 0 for the stem, then 1 to `num_layers`, and one more for what is none of these.

    By stage, all blocks of a stage are one layer, and what halves the map between stages counts with the stem: that is
    MMSegmentation's `get_stage_id_for_convnext`. By layer, each block is one, or where there are fewer layers than
    blocks so many neighbours share one as bring them to that number, and what halves the map goes with the blocks
    after it: with 12 layers (6 for ConvNeXt-T) MMSegmentation's `get_layer_id_for_convnext`. The norms of what a stage
    puts out learn as the head does.

    Args:
        names: of a backbone's parameters, as seen from the backbone.
        num_layers: 0 for as many as there are.

    Returns:
        Layers by name, empty where no name tells a block; and the number of layers.
    """
    names = list(names)
    blocks = {name: place for name in names if (place := _block_of(name))}
    depths = [0] * (1 + max((stage for stage, _ in blocks.values()), default=-1))
    for stage, block in blocks.values():
        depths[stage] = max(depths[stage], block + 1)
    if not depths:
        return {}, 0
    shared = 1 if not num_layers else -(-sum(depths) // num_layers)
    # The first layer of each stage, and at the end the number of layers and one
    firsts = list(range(1, len(depths) + 2))
    if not by_stage:
        firsts = list(accumulate((-(-depth // shared) for depth in depths), initial=1))
    num_layers = max(num_layers, firsts[-1] - 1)

    def layer(name: str) -> int:
        if name in blocks:
            stage, block = blocks[name]
            return firsts[stage] + (0 if by_stage else block // shared)
        if halving := _DOWNSAMPLE.match(name):
            stage = int(halving[1])
            return STEM if by_stage or stage == 0 else firsts[stage]
        return STEM if _STEM.match(name) else num_layers + 1

    return {name: layer(name) for name in names}, num_layers


def _block_of(name: str) -> tuple[int, int] | None:
    found = _BLOCK.match(name)
    if not found:
        return None
    if found["stage"]:
        return int(found["stage"]), int(found["block"])
    return int(found["one"]) - 1, int(found["unit"])
