"""ResNet-D8 (He et al., 2016; Chen et al., 2017) from timm, as MMSegmentation's DeepLabs and PSANets have it."""

from typing import Any

from torch import Tensor, nn

DEPTHS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
"""Bottlenecks in each stage, by the number of layers that gives the network its name."""


class ResNet(nn.Module):
    """Normalised `b 3 h w` → maps of `channels` at 1/4, 1/8, 1/8 and 1/8, rounded up.

    The stem is three 3×3 convolutions (v1c: He et al., 2019). The last two stages keep their size and widen their
    view instead: dilation 2 and 4, and in the first bottleneck of each still that of the stage before (MMSegmentation's
    `contract_dilation`). Parameters are named as timm's `resnet50c` and `resnet101c` name them.
    """

    def __init__(self, *, depths: tuple[int, ...] = DEPTHS[50], width: int = 64):
        # timm takes a second or two to import, which commands that build no such network need not wait for
        from timm.models.resnet import Bottleneck
        from timm.models.resnet import ResNet as TimmResNet

        super().__init__()
        widths = tuple(width * 2**stage for stage in range(len(depths)))
        self.channels = tuple(Bottleneck.expansion * inner for inner in widths)
        block: Any = Bottleneck  # timm asks for an instance, it says, but means the class
        network: Any = TimmResNet(
            block, depths, output_stride=8, stem_type="deep", stem_width=width // 2, channels=widths, num_classes=0
        )
        self.conv1, self.bn1, self.act1, self.maxpool = network.conv1, network.bn1, network.act1, network.maxpool
        self.layer1, self.layer2 = network.layer1, network.layer2
        self.layer3, self.layer4 = network.layer3, network.layer4

    def forward(self, x: Tensor) -> list[Tensor]:
        x = self.maxpool(self.act1(self.bn1(self.conv1(x))))
        maps = []
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
            maps.append(x)
        return maps


def resnet_faults(depths: tuple[int, ...], width: int) -> list[str]:
    """What keeps a ResNet of these sizes from being built."""
    faults = []
    if len(depths) != 4 or not all(1 <= depth <= 64 for depth in depths):
        faults.append(f"model.depths is {depths}, where four numbers from 1 to 64 are needed")
    if not 2 <= width <= 512 or width % 2:
        faults.append(f"model.width is {width}, where an even number from 2 to 512 is needed")
    return faults


def channel_faults(**channels: int) -> list[str]:
    """What is wrong with numbers of channels, by the names of their fields."""
    return [
        f"model.{name} is {number}, where 1 to 4096 is needed"
        for name, number in channels.items()
        if not 1 <= number <= 4096
    ]
