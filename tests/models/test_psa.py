"""PSANet's attention without its custom operator, and resizing as matrices, against their definitions."""

import pytest
import torch
from torch.nn import functional as F

from faceparse.models.pooling import interpolation, pool_to_grid
from faceparse.models.psa import PointwiseAttention


def by_definition(branch: PointwiseAttention, x: torch.Tensor) -> torch.Tensor:
    """Each position's own weights, looked up offset by offset in the whole table; 0 beyond it."""
    side = branch.mask_size
    rows, columns = x.shape[-2:]
    mask = branch.predict(branch.embed(x))[0].unflatten(0, (side, side))  # side side rows columns
    weights = torch.zeros(rows * columns, rows * columns)  # by whom, of whom
    for place in range(rows * columns):
        for other in range(rows * columns):
            down = other // columns - place // columns + (side - 1) // 2
            right = other % columns - place % columns + (side - 1) // 2
            if 0 <= down < side and 0 <= right < side:
                weights[place, other] = mask[down, right, place // columns, place % columns]
    # who distributes is seen from those who are given: all givers' weights for one of them sum to 1
    shares = weights.softmax(0) if branch.gives else weights.softmax(1).T
    return (x[0].flatten(1) @ shares).unflatten(1, (rows, columns))


@pytest.mark.parametrize("gives", [False, True], ids=["collect", "distribute"])
@pytest.mark.parametrize(("rows", "columns", "mask_size"), [(4, 6, 12), (5, 3, 4), (6, 4, 5)])
def test_attention_is_that_of_every_offset_looked_up(gives, rows, columns, mask_size):
    torch.manual_seed(0)
    branch = PointwiseAttention(4, 8, mask_size, gives=gives).eval()
    x = torch.randn(1, 4, rows, columns)
    with torch.inference_mode():
        given = branch(x, torch.eye(rows), torch.eye(columns))[0]
        expected = by_definition(branch, branch.reduce(x))
    torch.testing.assert_close(given, expected)


@pytest.mark.parametrize(("old", "new"), [(8, 4), (9, 5), (7, 3), (6, 13), (5, 5), (1, 4)])
@pytest.mark.parametrize("corners", [0, 1])
def test_resizing_by_matrices_is_torchs(old, new, corners):
    x = torch.randn(2, 3, old, old)
    matrix = interpolation(old, new, corners, x.device)
    expected = F.interpolate(x, (new, new), mode="bilinear", align_corners=bool(corners))
    torch.testing.assert_close(matrix @ x @ matrix.T, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_pooling_to_a_grid_is_torchs(size):
    x = torch.randn(2, 3, 7, 16)
    torch.testing.assert_close(pool_to_grid(x, size), F.adaptive_avg_pool2d(x, size))
