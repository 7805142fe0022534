"""EfficientNet-lite (Tan & Le, 2019; lite variants 2020) from timm: no squeeze-and-excitation, ReLU6 for activation."""

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

STRIDE = 32
_LAST_OF_SIZE = (1, 2, 4, 6)
"""The last of timm's seven stages at 1/4, 1/8, 1/16 and 1/32."""


class EfficientNetLite(nn.Module):
    """Normalised `b 3 h w`, sides multiples of 32 → maps of `channels` at 1/4, 1/8, 1/16 and 1/32.

    Parameters are named as timm's `efficientnet_lite0` names them. Strided convolutions pad as TensorFlow does, where
    the published weights were trained.
    """

    def __init__(self, *, width: float = 1.0, depth: float = 1.0, drop_path: float = 0.0):
        # here for the reason in resnet.py
        from timm.models.efficientnet import _gen_efficientnet_lite

        super().__init__()
        network: Any = _gen_efficientnet_lite(
            "efficientnet_lite0",
            width,
            depth,
            num_classes=0,
            drop_path_rate=drop_path,
            bn_eps=1e-3,  # TensorFlow's
        )
        self.conv_stem: nn.Module = network.conv_stem
        self.bn1: nn.Module = network.bn1
        self.blocks: Any = network.blocks
        # the last norm of each stage's last block says how many channels leave it
        norms = ([m for m in self.blocks[stage].modules() if isinstance(m, nn.BatchNorm2d)] for stage in _LAST_OF_SIZE)
        self.channels = tuple(of_stage[-1].num_features for of_stage in norms)
        _pad_like_tensorflow(self)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = self.bn1(self.conv_stem(x))
        maps = []
        for index, stage in enumerate(self.blocks):
            x = stage(x)
            if index in _LAST_OF_SIZE:
                maps.append(x)
        return maps


class StridedConv(nn.Conv2d):
    """A convolution of stride 2 that pads an even side at its end more than at its beginning, as TensorFlow does."""

    def forward(self, input: Tensor) -> Tensor:
        missing = self.kernel_size[0] - 2
        before, after = missing // 2, missing - missing // 2
        padded = F.pad(input, (before, after, before, after))
        return F.conv2d(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


def _pad_like_tensorflow(module: nn.Module) -> None:
    for name, child in module.named_children():
        if isinstance(child, nn.Conv2d) and child.stride == (2, 2):
            conv = StridedConv(
                child.in_channels, child.out_channels, child.kernel_size[0], 2, groups=child.groups, bias=False
            )
            conv.weight = child.weight
            setattr(module, name, conv)
        else:
            _pad_like_tensorflow(child)
