"""Mix Transformer (MiT; Xie et al., 2021), SegFormer's backbone: PVTv2 (Wang et al., 2022) with other sizes.

The two differ in nothing but their sizes and the epsilon of two kinds of norms, so this is timm's PVTv2 with
SegFormer's.
"""

from typing import Any

from torch import Tensor, nn

from .recompute import run_blocks

REDUCTIONS = (8, 4, 2, 1)
"""By how much keys and values are coarser than queries, at each stage."""
EPSILON = 1e-6


class MiT(nn.Module):
    """Normalised `b 3 h w` → maps of `channels` at 1/4, 1/8, 1/16 and 1/32, rounded up. Named as timm names it."""

    def __init__(
        self,
        *,
        depths: tuple[int, ...],
        channels: tuple[int, ...],
        num_heads: tuple[int, ...],
        drop_path: float = 0.0,
        recompute: bool = False,
    ):
        # here for the reason in resnet.py
        from timm.models.pvt_v2 import PyramidVisionTransformerV2

        super().__init__()
        self.channels = channels
        self.recompute = recompute
        network = PyramidVisionTransformerV2(
            num_classes=0,
            depths=depths,
            embed_dims=channels,
            num_heads=num_heads,
            sr_ratios=REDUCTIONS,
            mlp_ratios=(4, 4, 4, 4),
            drop_path_rate=drop_path,
        )
        self.patch_embed: nn.Module = network.patch_embed
        self.stages: Any = network.stages  # of timm's own kind
        for module in self.modules():
            if isinstance(module, nn.LayerNorm):
                module.eps = EPSILON

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = []
        for index, stage in enumerate(self.stages):
            x = stage.downsample(x) if index else self.patch_embed(x)  # b h w c
            size = x.shape[1:3]
            x = stage.norm(run_blocks(stage.blocks, x.flatten(1, 2), size, recompute=self.recompute))
            x = x.unflatten(1, size).permute(0, 3, 1, 2).contiguous()
            maps.append(x)
        return maps
