"""How long a photo takes end to end, stage by stage, against BiSeNet and Hugging Face's SegFormer in onnxruntime.

    python -m pip install transformers
    python benchmarks/segformer_speed.py --model compact

Every network takes the same 512² JPEG on the same two cores and gives a label map as a PNG: the file is decoded, the
network run, its labels made (logits enlarged and the largest taken, where the network's file does not do that itself),
and ids written. Ours and BiSeNet (`bisenet_speed.py`) are files of `faceparse export`: labels come out of the graph, so
that the network's time holds them. SegFormer is Hugging Face's `SegformerForSemanticSegmentation` with the sizes of b0
and b5 (Xie et al., 2021, table 6), exported by PyTorch as it is: normalised float32 in, logits at a quarter out, made
labels in numpy by the way that parses photos here (`enlarged_labels`), the quickest that we have. Weights are random,
which makes no difference to the time; nothing is downloaded. Networks are timed in turn, so that what else the machine
does meets all of them; medians are printed.
"""

import argparse
import io
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch

from bisenet_speed import BiSeNetR18
from faceparse import images
from faceparse.checkpoint import load_network
from faceparse.classes import NUM_CLASSES
from faceparse.export import export_onnx
from faceparse.infer import weights
from faceparse.infer.enlarge import enlarged_labels
from faceparse.infer.onnx import OnnxNetwork
from faceparse.models.network import Network
from predict_speed import machine, photo

STAGES = ("decode", "network", "labels", "write")
SEGFORMERS: dict[str, dict[str, Any]] = {
    "b0": {"hidden_sizes": [32, 64, 160, 256], "depths": [2, 2, 2, 2], "decoder_hidden_size": 256},
    "b5": {"hidden_sizes": [64, 128, 320, 512], "depths": [3, 6, 40, 3], "decoder_hidden_size": 768},
}
MEAN, STD = (np.array(values, np.float32) for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))

Run = Callable[[np.ndarray], np.ndarray]
"""The network: a photo, as the network takes it."""


class Contender:
    """A network and what it takes to get from a decoded photo to labels with it."""

    def __init__(self, run: Run, to_labels: Callable[[np.ndarray], np.ndarray], num_parameters: int):
        self.run, self.to_labels, self.num_parameters = run, to_labels, num_parameters

    def stages(self, file: bytes) -> dict[str, float]:
        """Milliseconds of each stage of one photo."""
        times = [time.perf_counter()]
        image = images.read_image(file)
        times.append(time.perf_counter())
        seen = self.run(image)
        times.append(time.perf_counter())
        labels = self.to_labels(seen)
        times.append(time.perf_counter())
        images.encode_labels(labels)
        times.append(time.perf_counter())
        return {stage: 1000 * (end - start) for stage, start, end in zip(STAGES, times[:-1], times[1:], strict=True)}


def labels_inside(network: Network, path: Path) -> Contender:
    session = OnnxNetwork(path, "cpu")
    return Contender(lambda image: session.labels(image[None])[0], lambda labels: labels, network.num_parameters)


class Logits(torch.nn.Module):
    """A network of transformers without the object around its logits, which ONNX has no type for."""

    def __init__(self, network: torch.nn.Module):
        super().__init__()
        self.network = network

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.network(image).logits


def segformer(name: str, path: Path, size: int) -> Contender:
    from transformers import SegformerConfig, SegformerForSemanticSegmentation

    network = SegformerForSemanticSegmentation(SegformerConfig(num_labels=NUM_CLASSES, **SEGFORMERS[name])).eval()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter's and transformers' own, of which none is about the result
        torch.onnx.export(
            Logits(network), (torch.zeros(1, 3, size, size),), str(path), input_names=["image"], dynamo=False
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(image: np.ndarray) -> np.ndarray:
        planes = ((image.astype(np.float32) / 255 - MEAN) / STD).transpose(2, 0, 1)[None]
        return np.asarray(session.run(None, {"image": np.ascontiguousarray(planes)})[0])[0]

    def to_labels(logits: np.ndarray) -> np.ndarray:
        exponentials = np.exp(logits - logits.max(axis=0))
        return enlarged_labels(exponentials / exponentials.sum(axis=0), size, size)

    return Contender(run, to_labels, sum(values.numel() for values in network.parameters()))


def jpeg(size: int) -> bytes:
    buffer = io.BytesIO()
    photo(size, size).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", default="compact", help="shipped name or checkpoint folder with model.onnx")
    arguments.add_argument("--size", type=int, default=512)
    arguments.add_argument("--repeats", type=int, default=20)
    arguments.add_argument("--segformer", nargs="*", default=list(SEGFORMERS), choices=list(SEGFORMERS))
    options = arguments.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    torch.manual_seed(0)

    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        ours, _ = load_network(weights.find(options.model))
        contenders = {f"ours ({options.model})": labels_inside(ours, weights.find_onnx(options.model))}
        bisenet = Network(BiSeNetR18(), stride=32).eval()
        export_onnx(bisenet, at / "bisenet.onnx")
        contenders["ResNet-18 BiSeNet"] = labels_inside(bisenet, at / "bisenet.onnx")
        for name in options.segformer:
            contenders[f"SegFormer-{name} (transformers)"] = segformer(name, at / f"{name}.onnx", options.size)
        file = jpeg(options.size)
        took: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
        for _ in range(options.repeats):
            for name, contender in contenders.items():
                # the threads of the network before spin for a while: the first photo after a change is not counted
                took[name] += [contender.stages(file) for _ in range(2)][1:]

    print(f"{machine()}, 2 cores; onnxruntime {onnxruntime.__version__}, a {options.size}² JPEG, milliseconds\n")
    print(f"| network | parameters | {' | '.join(STAGES)} | a photo | against ours |")
    print("|---|---:|" + "---:|" * (len(STAGES) + 2))
    base = 0.0
    for name, rows in took.items():
        stages = [statistics.median(row[stage] for row in rows) for stage in STAGES]
        whole = statistics.median(sum(row.values()) for row in rows)
        base = base or whole
        cells = [f"{value:.1f}" for value in (*stages, whole)]
        millions = contenders[name].num_parameters / 1e6
        print(f"| {name} | {millions:.1f} M | {' | '.join(cells)} | {whole / base:.1f} × |")


if __name__ == "__main__":
    main()
