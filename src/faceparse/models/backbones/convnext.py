"""ConvNeXt (Liu et al., 2022) from timm, with a norm on each stage's output, as MMSegmentation has it."""

from typing import Any

from torch import Tensor, nn

from .recompute import run_blocks


class ConvNeXt(nn.Module):
    """Normalised `b 3 h w` → maps of `channels` at 1/4, 1/8, 1/16 and 1/32, rounded down.

    Parameters are named as timm names them. `layer_scale` is where the learnt scale of each block's branch starts.
    """

    def __init__(
        self,
        *,
        depths: tuple[int, ...],
        channels: tuple[int, ...],
        layer_scale: float = 1.0,
        drop_path: float = 0.0,
        recompute: bool = False,
    ):
        # here for the reason in resnet.py
        from timm.layers import LayerNorm2d
        from timm.models.convnext import ConvNeXt as TimmConvNeXt

        super().__init__()
        self.channels = channels
        self.recompute = recompute
        network = TimmConvNeXt(depths=depths, dims=channels, ls_init_value=layer_scale, drop_path_rate=drop_path)
        self.stem: nn.Module = network.stem
        self.stages: Any = network.stages  # of timm's own kind
        self.norms = nn.ModuleList(LayerNorm2d(width) for width in channels)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = self.stem(x)
        maps = []
        for stage, norm in zip(self.stages, self.norms, strict=True):
            x = run_blocks(stage.blocks, stage.downsample(x), recompute=self.recompute)
            maps.append(norm(x))
        return maps
