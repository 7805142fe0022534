"""In which precision and layout a network computes; its weights are fp32 always."""

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


def layout_for(channels_last: bool, device: torch.device) -> torch.memory_format:
    """How feature maps lie in memory: channels innermost where that is asked for and the device gains by it.

    CPUs without AVX-512 do not: `compact` takes the same time either way, DeepLabV3+ and UPerNet a fifth more
    (results/speed/mmseg.md).
    """
    gains = device.type == "cuda" or torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    return torch.channels_last if channels_last and gains else torch.contiguous_format
