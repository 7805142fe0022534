"""In which precision a network computes; its weights are fp32 always."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import torch

Precision = Literal["auto", "bf16", "fp32"]
"""auto: bfloat16 where the device computes in it, else fp32."""


def autocast_for(precision: Precision, device: torch.device) -> Callable[[], AbstractContextManager]:
    """What to compute under: `nullcontext` for fp32, else a maker of torch's autocast to bfloat16."""
    gains = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
    if precision == "fp32" or (precision == "auto" and not gains):
        return nullcontext
    return lambda: torch.autocast(device.type, torch.bfloat16)
