"""Whether our reference models are MMSegmentation's: the same weights, the same photo, both networks' logits.

    python benchmarks/mmseg_parity.py --models psanet_r50 segformer_b0

Builds each network with MMSegmentation 1.2.2 from its own configuration (19 classes, BN for SyncBN), fills it with
numbers that the entries' names decide, converts its state dict with `from_mmseg`, and runs both on smooth noise at
512² and at a size whose maps are odd. Differences are shares of the logits' standard deviation. `--write FOLDER` also
writes small references for tests. How to install MMSegmentation is told in `benchmarks/README.md`; ConvNeXt comes
from `mmpretrain` 1.2.0 and asks for `einops` and `modelindex`.
"""

import argparse
import gc
import sys
import time
import types
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from faceparse.convert import from_mmseg
from faceparse.models import build

CONFIGS = {
    "deeplabv3plus_r50": "deeplabv3plus/deeplabv3plus_r50-d8_4xb4-40k_voc12aug-512x512.py",
    "deeplabv3plus_r101": "deeplabv3plus/deeplabv3plus_r101-d8_4xb4-40k_voc12aug-512x512.py",
    "psanet_r50": "psanet/psanet_r50-d8_4xb4-80k_ade20k-512x512.py",
    "psanet_r101": "psanet/psanet_r101-d8_4xb4-80k_ade20k-512x512.py",
    "upernet_swin_t": "swin/swin-tiny-patch4-window7-in1k-pre_upernet_8xb2-160k_ade20k-512x512.py",
    "upernet_swin_b": "swin/swin-base-patch4-window7-in1k-pre_upernet_8xb2-160k_ade20k-512x512.py",
    "upernet_swin_l": "swin/swin-large-patch4-window7-in22k-pre_upernet_8xb2-160k_ade20k-512x512.py",
    "upernet_convnext_t": "convnext/convnext-tiny_upernet_8xb2-amp-160k_ade20k-512x512.py",
    "upernet_convnext_l": "convnext/convnext-large_upernet_8xb2-amp-160k_ade20k-640x640.py",
    "upernet_convnext_xl": "convnext/convnext-xlarge_upernet_8xb2-amp-160k_ade20k-640x640.py",
    "knet_r50": "knet/knet-s3_r50-d8_deeplabv3_8xb2-adamw-80k_ade20k-512x512.py",
    "knet_swin_t": "knet/knet-s3_swin-t_upernet_8xb2-adamw-80k_ade20k-512x512.py",
    "segformer_b0": "segformer/segformer_mit-b0_8xb2-160k_ade20k-512x512.py",
    "segformer_b5": "segformer/segformer_mit-b5_8xb2-160k_ade20k-512x512.py",
    "bisenetv2": "bisenetv2/bisenetv2_fcn_4xb4-160k_cityscapes-1024x1024.py",
}
SIZES = ((512, 512), (265, 201))
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


def import_mmseg() -> None:
    """MMSegmentation without its compiled operators: all are unused here but PSANet's, which is written out."""

    class PSAMask(nn.Module):
        """Weights by offset → by position, in loops over positions, as PSANet's operator is defined."""

        def __init__(self, kind: str, mask_size: tuple[int, int]):
            super().__init__()
            self.kind, self.mask_size = kind, mask_size

        def forward(self, x: Tensor) -> Tensor:
            batch, _, height, width = x.shape
            rows, columns = self.mask_size
            up, left = (rows - 1) // 2, (columns - 1) // 2
            x = x.view(batch, rows, columns, height, width)
            out = x.new_zeros(batch, height, width, height, width)
            for h in range(height):
                for w in range(width):
                    top, bottom = max(0, h - up), min(height, h - up + rows)
                    first, last = max(0, w - left), min(width, w - left + columns)
                    part = x[:, top - h + up : bottom - h + up, first - w + left : last - w + left, h, w]
                    if self.kind == "collect":
                        out[:, top:bottom, first:last, h, w] = part
                    else:
                        out[:, h, w, top:bottom, first:last] = part
            return out.view(batch, height * width, height, width)

    class Absent(types.ModuleType):
        def __getattr__(self, name: str) -> type:
            if name.startswith("__"):
                raise AttributeError(name)
            return PSAMask if name == "PSAMask" else type(name, (nn.Module,), {})

    sys.modules["mmcv.ops"] = Absent("mmcv.ops")
    warnings.simplefilter("ignore")


def theirs(name: str) -> nn.Module:
    """MMSegmentation's network by our name, in evaluation mode."""
    import_mmseg()
    import mmseg.models  # which registers the networks
    from mmengine.config import Config
    from mmengine.registry import init_default_scope
    from mmseg.registry import MODELS

    init_default_scope("mmseg")
    config = Config.fromfile(str(Path(mmseg.__file__).parent / ".mim" / "configs" / CONFIGS[name])).model
    config.pretrained = None
    _edit(config)
    return MODELS.build(config).eval()


def _edit(config: Any) -> None:
    """19 classes, plain batch norm, no files of weights."""
    for key, value in list(config.items()):
        if key == "num_classes":
            config[key] = 19
        elif key == "init_cfg" and isinstance(value, dict):
            config[key] = None
        elif key == "type" and value == "SyncBN":
            config[key] = "BN"
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                _edit(item)


def fill(network: nn.Module) -> None:
    """Numbers that each entry's name decides, of a scale at which signals neither fade nor grow."""
    for name, entry in network.state_dict().items():
        if not entry.is_floating_point():
            continue
        random, shape = np.random.RandomState(zlib.crc32(name.encode())), entry.shape
        if name.endswith("running_var"):
            values = 1 + 0.2 * random.rand(*shape)
        elif name.endswith("running_mean"):
            values = 0.1 * random.randn(*shape)
        elif name.endswith("bias"):
            values = 0.05 * random.randn(*shape)
        elif len(shape) <= 1:
            values = 1 + 0.1 * random.randn(*shape)
        else:
            values = random.randn(*shape) / np.sqrt(np.prod(shape[1:]))
        entry.copy_(torch.from_numpy(np.asarray(values)))


def photo(height: int, width: int) -> Tensor:
    """`1 3 h w`, smooth noise in whole grey levels of 0 to 255."""
    noise = torch.from_numpy(np.random.RandomState(7).rand(1, 3, 32, 32)).float()
    return (F.interpolate(noise, (height, width), mode="bicubic").clamp(0, 1) * 255).round()


@torch.inference_mode()
def compare(name: str) -> list[str]:
    """A row of the table."""
    reference = theirs(name)
    fill(reference)
    network = from_mmseg(reference.state_dict(), name)
    parameters = sum(p.numel() for p in reference.parameters() if p.requires_grad)
    assert parameters == build(name).num_parameters
    row = [name, f"{parameters:,}"]
    seconds = {"theirs": 0.0, "ours": 0.0}
    for size in SIZES:
        image = photo(*size)
        mean, std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))
        start = time.process_time()
        wanted = reference.decode_head(reference.backbone((image - mean) / std))
        wanted = F.interpolate(wanted, size, mode="bilinear")
        middle = time.process_time()
        given = network(image / 255)
        seconds["theirs"] += middle - start
        seconds["ours"] += time.process_time() - middle
        difference = float((given - wanted).abs().max() / wanted.std())
        same = float((given.argmax(1) == wanted.argmax(1)).float().mean())
        row += [f"{difference:.1e}", f"{same:.4%}"]
    return [*row, f"{seconds['theirs']:.1f}", f"{seconds['ours']:.1f}"]


def main() -> None:
    """Print a Markdown table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--models", nargs="+", default=list(CONFIGS), choices=list(CONFIGS))
    options = arguments.parse_args()
    torch.set_num_threads(1)
    sizes = [f"{height}×{width}" for height, width in SIZES]
    head = ["model", "parameters", *(f"{what} {size}" for size in sizes for what in ("difference", "same labels"))]
    head += ["their seconds", "our seconds"]
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|", flush=True)
    for name in options.models:
        print("| " + " | ".join(compare(name)) + " |", flush=True)
        gc.collect()


if __name__ == "__main__":
    main()
