"""How fast a face is parsed against a ResNet-18 BiSeNet, both in onnxruntime on two cores, in one run.

    python benchmarks/bisenet_speed.py --model compact

BiSeNet (Yu et al., 2018) on ResNet-18 as the common face parsers have it: no spatial path, its detail is the map of
ResNet at 1/8; 13.3 M parameters with the two auxiliary heads of training, which take no time here. Weights are random,
which makes no difference to the time. Both take uint8 photos and give label maps at their size, through the same graph
around the network; they are timed in turn, so that what else the machine does meets both.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from torch import Tensor, cat, nn
from torch.nn import functional as F
from torchvision.models import resnet18

from faceparse.checkpoint import load_network
from faceparse.export import export_onnx
from faceparse.infer import weights
from faceparse.infer.onnx import OnnxNetwork
from faceparse.models.blocks import ConvNormAct
from faceparse.models.network import Network
from predict_speed import machine


class Attention(nn.Module):
    """BiSeNet's attention refinement: a convolution, weighted by what the whole map says of each channel."""

    def __init__(self, in_channels: int, channels: int = 128):
        super().__init__()
        self.conv = ConvNormAct(in_channels, channels)
        self.weigh = nn.Sequential(nn.Conv2d(channels, channels, 1, bias=False), nn.BatchNorm2d(channels), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return x * self.weigh(x.mean((2, 3), keepdim=True))


class BiSeNetR18(nn.Module):
    """Normalised `b 3 h w` → logits at 1/8, which `Network` enlarges."""

    def __init__(self, num_classes: int = 19):
        super().__init__()
        self.resnet = resnet18()
        self.resnet.fc = nn.Identity()
        self.attention16, self.attention32 = Attention(256), Attention(512)
        self.whole = ConvNormAct(512, 128, 1)
        self.head16, self.head32 = ConvNormAct(128, 128), ConvNormAct(128, 128)
        self.fuse = ConvNormAct(256, 256, 1)
        self.weigh = nn.Sequential(
            nn.Conv2d(256, 64, 1, bias=False), nn.ReLU(), nn.Conv2d(64, 256, 1, bias=False), nn.Sigmoid()
        )
        self.out = nn.Sequential(ConvNormAct(256, 256), nn.Conv2d(256, num_classes, 1, bias=False))
        self.auxiliary = nn.ModuleList(
            nn.Sequential(ConvNormAct(128, 64), nn.Conv2d(64, num_classes, 1, bias=False)) for _ in range(2)
        )

    def forward(self, x: Tensor) -> Tensor:
        r = self.resnet
        x = r.layer1(r.maxpool(r.relu(r.bn1(r.conv1(x)))))
        at8 = r.layer2(x)
        at16 = r.layer3(at8)
        at32 = r.layer4(at16)
        x = self.attention32(at32) + self.whole(at32.mean((2, 3), keepdim=True))
        x = self.head32(F.interpolate(x, at16.shape[2:]))
        x = self.head16(F.interpolate(x + self.attention16(at16), at8.shape[2:]))
        x = self.fuse(cat([at8, x], 1))
        x = x + x * self.weigh(x.mean((2, 3), keepdim=True))
        return self.out(x)


def median_milliseconds(networks: dict[str, OnnxNetwork], photo: np.ndarray, repeats: int) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in networks}
    for _ in range(repeats):
        for name, network in networks.items():
            # The threads of the network before spin for a while after its last photo, which would cost this one a core
            time.sleep(0.2)
            for photo_number in range(6):
                start = time.perf_counter()
                network.labels(photo)
                if photo_number >= 3:
                    times[name].append(1000 * (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", default="compact", help="shipped name, run or checkpoint folder")
    arguments.add_argument("--repeats", type=int, default=50)
    options = arguments.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])

    ours, config = load_network(weights.find(options.model))
    bisenet = Network(BiSeNetR18(), stride=32).eval()
    print(f"{machine()}, 2 cores; BiSeNet: {bisenet.num_parameters:,} parameters, ours: {ours.num_parameters:,}\n")
    print("| photo | BiSeNet-R18 | ours, as shipped | ratio | ours, working at the photo's size | ratio |")
    print("|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        files = {"bisenet": bisenet, "shipped": ours}
        networks = {}
        for name, network in files.items():
            export_onnx(network, Path(folder) / f"{name}.onnx")
            networks[name] = OnnxNetwork(Path(folder) / f"{name}.onnx", "cpu")
        for size in (256, config.image_size, 512):
            ours.working_size = size
            export_onnx(ours, Path(folder) / f"at{size}.onnx")
            networks["at its size"] = OnnxNetwork(Path(folder) / f"at{size}.onnx", "cpu")
            photo = np.random.default_rng(0).integers(0, 256, (1, size, size, 3), dtype=np.uint8)
            took = median_milliseconds(networks, photo, options.repeats)
            cells = [f"{size}²", f"{took['bisenet']:.1f} ms"]
            for name in ("shipped", "at its size"):
                cells += [f"{took[name]:.1f} ms", f"{took['bisenet'] / took[name]:.2f} ×"]
            print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
