"""Training steps and parsing against MMSegmentation's own networks: seconds and memory on the same machine and batch.

    OMP_NUM_THREADS=2 python benchmarks/mmseg_speed.py --size 512
    OMP_NUM_THREADS=1 python benchmarks/mmseg_speed.py --size 128 --models segformer_b0 --repeats 1

Runs in the environment of `mmseg_parity.py`, with faceparse on PYTHONPATH. A training step is forward, cross-entropy
on the head's logits (K-Net's stages each) and .4 of it on each auxiliary head's, backward and a step of SGD, on one
batch of noise; parsing is one photo to its label map. Three ways, each in a process of its own, whose peak memory is
reported, one after another:

- theirs: MMSegmentation 1.2.2's network in fp32 as it comes;
- fp32: ours in fp32, as `faceparse train --precision fp32` (layout, memory) and
  `evaluate --precision fp32` have it;
- ours: with the defaults of `train` and `evaluate`, which are bfloat16 where the CPU computes in it.

Each does one step that is not counted, then `--repeats`, of which the fastest counts. At 512² with a batch of 2 and one
repeat the first two models take about five minutes on two cores. `--peer-bf16` adds MMSegmentation's under autocast.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import numpy as np

MODELS = ("deeplabv3plus_r50", "upernet_swin_t", "segformer_b0")
WAYS = ("theirs", "fp32", "ours")


def seconds(work: Callable[[], object], repeats: int) -> float:
    """The fastest of several, after one that is not counted."""
    work()
    spent = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return min(spent)


def peak_gib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def measure(name: str, way: str, size: int, batch: int, repeats: int) -> dict[str, float]:
    """Of one way of one model, in this process. Parsing comes first, so that its memory is its own."""
    if not way.startswith("theirs"):  # as the commands have it
        from faceparse.allocator import keep_freed_memory, use_huge_pages

        use_huge_pages()
        keep_freed_memory()
    import torch

    torch.manual_seed(0)
    photo = np.random.RandomState(0).randint(0, 256, (size, size, 3)).astype(np.uint8)
    images = torch.rand(batch, 3, size, size)
    labels = torch.randint(0, 19, (batch, size, size))
    parse, step = (_theirs if way.startswith("theirs") else _ours)(name, way, photo, images, labels)
    found = {"before": peak_gib(), "parse": seconds(parse, repeats), "parse_gib": peak_gib()}
    return {**found, "step": seconds(step, repeats), "step_gib": peak_gib()}


def _theirs(name, way, photo, images, labels):
    import torch
    from torch.nn import functional as F

    from mmseg_parity import MEAN, STD, theirs

    network = theirs(name)
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))
    normalised, size = (images * 255 - mean) / std, images.shape[-2:]
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9)
    autocast = (lambda: torch.autocast("cpu", torch.bfloat16)) if way == "theirs_bf16" else nullcontext

    auxiliary = network.auxiliary_head if network.with_auxiliary_head else []
    auxiliary = auxiliary if isinstance(auxiliary, list | torch.nn.ModuleList) else [auxiliary]

    def logits_of(head, maps) -> list[torch.Tensor]:
        """Full size; those of K-Net's stages are several, the last ones count."""
        stages = head(maps)
        stages = stages if isinstance(stages, list) else [stages]
        return [F.interpolate(logits.float(), size, mode="bilinear", align_corners=False) for logits in stages]

    def loss_of(head, maps):
        return sum(F.cross_entropy(logits, labels) for logits in logits_of(head, maps))

    @torch.inference_mode()
    def parse():
        network.eval()
        image = (torch.from_numpy(photo).permute(2, 0, 1)[None].float() - mean) / std
        with autocast():
            logits = logits_of(network.decode_head, network.backbone(image))[-1]
        return logits[0].argmax(0).to(torch.uint8).numpy()

    def step() -> None:
        network.train()
        optimizer.zero_grad(set_to_none=True)
        with autocast():
            maps = network.backbone(normalised)
            loss = loss_of(network.decode_head, maps) + sum(0.4 * loss_of(head, maps) for head in auxiliary)
        loss.backward()
        optimizer.step()

    return parse, step


def _ours(name, way, photo, images, labels):
    import torch

    from faceparse.backward import backward
    from faceparse.distributed import joined_processes
    from faceparse.infer.torch import torch_predictor
    from faceparse.losses import LossConfig
    from faceparse.models import build
    from faceparse.precision import autocast_for, layout_for

    network = build(name)
    loss_of = LossConfig(dice=0.0).build()
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9)
    precision, device = "fp32" if way == "fp32" else "auto", torch.device("cpu")
    predict = torch_predictor(network, device, precision=precision)
    autocast = autocast_for(precision, device)

    def parse():
        network.eval()
        return predict(photo)

    def step() -> None:
        network.train().to(memory_format=layout_for(True, device))  # nothing is done after the first time
        optimizer.zero_grad(set_to_none=True)
        with joined_processes() as processes:
            backward(network, loss_of, images, labels, 1, processes, autocast)
        optimizer.step()

    return parse, step


def in_a_process(name: str, way: str, options: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, __file__, "--worker", name, way, "--size", str(options.size), "--batch",
               str(options.batch), "--repeats", str(options.repeats)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{name}, {way}: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def row(name: str, what: str, unit: str, values: dict[str, float]) -> str:
    """A line of the table; ratios are theirs over ours."""
    theirs = values["theirs"]
    digits = 2 if unit == "s" else 1
    cells = [name, what, *(f"{value:.{digits}f} {unit}" for value in values.values())]
    cells += [f"{theirs / values[way]:.2f}" for way in values if way != "theirs"]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print a Markdown table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--models", nargs="+", default=list(MODELS))
    arguments.add_argument("--size", type=int, default=512)
    arguments.add_argument("--batch", type=int, default=2)
    arguments.add_argument("--repeats", type=int, default=2)
    arguments.add_argument("--peer-bf16", action="store_true")
    arguments.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.worker:
        name, way = options.worker
        print(json.dumps(measure(name, way, options.size, options.batch, options.repeats)))
        return
    import torch

    ways = (*WAYS, *(("theirs_bf16",) if options.peer_bf16 else ()))
    bf16 = "with" if torch.cpu._is_avx512_bf16_supported() else "without"
    print(f"torch {torch.__version__}, {torch.get_num_threads()} thread(s), CPU {bf16} AVX512-BF16, {options.size}²\n")
    head = ["model", "what", *ways, *(f"theirs / {way}" for way in ways if way != "theirs")]
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|", flush=True)
    for name in options.models:
        found = {way: in_a_process(name, way, options) for way in ways}
        for what, key, unit in ((f"training step of {options.batch}", "step", "s"), ("memory of it", "step_gib", "GiB"),
                                ("parsing a photo", "parse", "s"), ("memory of it", "parse_gib", "GiB")):  # fmt: skip
            print(row(name, what, unit, {way: values[key] for way, values in found.items()}), flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
