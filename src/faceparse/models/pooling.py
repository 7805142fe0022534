"""Pooling and resizing as products with matrices, for maps of any size, in PyTorch and exported alike."""

import torch
from torch import Tensor

from .network import Size


def pool_to_grid(x: Tensor, size: int) -> Tensor:
    """`b c h w` → `b c size size`, each cell the mean of its share of the map: `F.adaptive_avg_pool2d`.

    Written as two products with matrices of zeros and ones, which hold for symbolic sizes, where torch's own operator
    is exported for the example's size only. Its backward pass on a GPU is deterministic as well; torch's is not.
    """
    rows, columns = _membership(x, size, x.shape[-2]), _membership(x, size, x.shape[-1])
    # Divided at the end: zeros and ones are exact in half precision, 1/9 is not
    return rows @ x @ columns.transpose(0, 1) / (rows.sum(1, keepdim=True) * columns.sum(1))


def interpolation(length: Size, new_length: Size, corners: Size, device: torch.device) -> Tensor:
    """`new_length length`, float32: what linear resizing of one side multiplies with.

    For networks that align corners at some sizes and pixel borders at others, which one exported graph could not have
    with torch's own operator.

    Args:
        corners: 1 where the first and the last values stay in place (`align_corners=True`), else 0.
    """
    new = torch.arange(new_length, device=device).unsqueeze(1)
    old = torch.arange(length, device=device)
    by_corners = new * (length - 1) / new[-1:].clamp(min=1)
    by_borders = ((new + 0.5) * length / new_length - 0.5).clamp(min=0)
    place = (by_corners * corners + by_borders * (1 - corners)).clamp(max=length - 1)
    return (1 - (place - old).abs()).clamp(min=0)


def _membership(x: Tensor, cells: int, length: Size) -> Tensor:
    """`cells length` of zeros and ones: which positions a cell averages; cells may overlap."""
    cell = torch.arange(cells, device=x.device).unsqueeze(1)
    position = torch.arange(length, device=x.device)
    start = cell * length // cells
    end = ((cell + 1) * length + cells - 1) // cells
    return ((position >= start) & (position < end)).to(x.dtype)
