"""Adaptive average pooling that exports to ONNX for maps of any size."""

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


def _membership(x: Tensor, cells: int, length: Size) -> Tensor:
    """`cells length` of zeros and ones: which positions a cell averages; cells overlap where `length` does not divide."""
    cell = torch.arange(cells, device=x.device).unsqueeze(1)
    position = torch.arange(length, device=x.device)
    start = cell * length // cells
    end = ((cell + 1) * length + cells - 1) // cells
    return ((position >= start) & (position < end)).to(x.dtype)
