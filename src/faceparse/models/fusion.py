"""One convolution over maps of several sizes, which are enlarged to the finest one's and concatenated.

Enlarging and convolving are both linear, so they may change places: a kernel's taps weigh the channels of the small
map, and what they give is enlarged, each shifted to its place. A map of half the sides takes a quarter of the
multiply-adds, one of an eighth 1/64. Two products with matrices enlarge; with 512 channels at 512² they are a twentieth
of UPerNet's head, and a larger share of larger photos. The numbers are the same up to rounding, and in training the
small maps are kept for the backward pass instead of their enlargements.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from torch import Tensor, cat, nn
from torch.nn import functional as F

from .blocks import ConvNormAct
from .network import Size
from .pooling import interpolation


@dataclass(frozen=True)
class Enlarged:
    """A map `b c h w` that stands for its bilinear resizing, mostly to a larger size."""

    map: Tensor
    height: Size
    """Rows and columns that it stands for."""
    width: Size
    corners: Size = 0
    """1 where the corners stay in place (`align_corners=True`), else 0; a symbol where an exported graph decides."""

    def enlarge(self) -> Tensor:
        """`b c height width`."""
        if isinstance(self.corners, int):
            return self._resize(self.map)
        rows, columns = self._matrices(1)
        return rows @ self.map @ columns.transpose(0, 1)

    def convolve(self, weight: Tensor) -> Tensor:
        """The enlarged map's convolution with `out c k k`, padded by k // 2 zeros: `b out height width`."""
        out, _, kernel, _ = weight.shape
        if kernel == 1:
            return self._resize(F.conv2d(self.map, weight))
        by_tap = weight.flatten(2).transpose(1, 2).flatten(0, 1)[..., None, None]
        taps = F.conv2d(self.map, by_tap).unflatten(1, (out, kernel, kernel))
        grid = taps.transpose(3, 4).flatten(4).flatten(2, 3)  # b out (k h) (k w)
        rows, columns = self._matrices(kernel)
        return rows @ (grid @ columns.transpose(0, 1))

    def _resize(self, x: Tensor) -> Tensor:
        return F.interpolate(x, (self.height, self.width), mode="bilinear", align_corners=bool(self.corners))

    def _matrices(self, kernel: int) -> list[Tensor]:
        """`height (k h)` and `width (k w)`: for each tap what enlarges a side, moved by the tap's offset."""
        matrices = []
        for length, new_length in zip(self.map.shape[2:], (self.height, self.width), strict=True):
            matrix = interpolation(length, new_length, self.corners, self.map.device)
            padded = F.pad(matrix, (0, 0, kernel // 2, kernel // 2))
            shifted = cat([padded.narrow(0, tap, new_length) for tap in range(kernel)], dim=1)
            matrices.append(shifted.to(self.map.dtype))
        return matrices


class Fusion(ConvNormAct):
    """Convolution over the concatenation of maps, batch norm, ReLU, where any map may be given as `Enlarged`."""

    in_order = False
    """Enlarge, concatenate, convolve, as the definition says; see `in_order_of_definition`."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int = 3):
        assert kernel % 2
        super().__init__(in_channels, out_channels, kernel)

    def forward(self, maps: Sequence[Tensor | Enlarged]) -> Tensor:
        """Maps in the order of the weight's channels, at least one of them of the full size → `b out h w`."""
        if self.in_order:
            return super().forward(cat([x.enlarge() if isinstance(x, Enlarged) else x for x in maps], dim=1))
        convolution, norm, act = self
        assert isinstance(convolution, nn.Conv2d)
        channels = [(x.map if isinstance(x, Enlarged) else x).shape[1] for x in maps]
        weights = convolution.weight.split(channels, dim=1)
        whole = [(x, weight) for x, weight in zip(maps, weights, strict=True) if isinstance(x, Tensor)]
        # `cat` copies even one map, and this one is the largest
        x, weight = whole[0] if len(whole) == 1 else (cat(parts, dim=1) for parts in zip(*whole, strict=True))
        fused = F.conv2d(x, weight, padding=convolution.padding)
        for x, weight in zip(maps, weights, strict=True):
            if isinstance(x, Enlarged):
                fused += x.convolve(weight)
        return act(norm(fused))


def enlarged_like(x: Tensor, reference: Tensor) -> Enlarged:
    """A map that stands for its enlargement to the height and width of another."""
    return Enlarged(x, *reference.shape[-2:])


@contextmanager
def in_order_of_definition(network: nn.Module) -> Iterator[None]:
    """Within, a network's fusions enlarge before they convolve.

    To count what the definition costs, and to export: torch.export does not see through the sizes of the other order
    where they are symbols.
    """
    fusions = [module for module in network.modules() if isinstance(module, Fusion)]
    for fusion in fusions:
        fusion.in_order = True
    try:
        yield
    finally:
        for fusion in fusions:
            fusion.in_order = False
