"""Whether the ONNX file of each network, at its full size, gives what PyTorch gives.

    python benchmarks/onnx_parity.py --models segformer_b0 compact

Networks have random weights; `faceparse export` would not write a file whose labels or probabilities differed on noise
of three shapes. What is printed is what it measures on made faces of 256² afterwards.
"""

import argparse
import tempfile
import time
from pathlib import Path

import torch

from faceparse.export import export_onnx
from faceparse.models import CONFIGS, build


def main() -> None:
    """Print a Markdown table."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--models", nargs="+", default=list(CONFIGS), choices=list(CONFIGS))
    options = arguments.parse_args()
    print("| model | file | labels that differ | largest difference of a probability | seconds |")
    print("|---|---:|---:|---:|---:|")
    for name in options.models:
        torch.manual_seed(0)
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "network.onnx"
            parity = export_onnx(build(name).eval(), path)
            size = path.stat().st_size / 1e6
        took = time.perf_counter() - start
        print(
            f"| {name} | {size:,.0f} MB | {parity.labels:.4%} | {parity.probabilities:.1e} | {took:.0f} |", flush=True
        )


if __name__ == "__main__":
    main()
