"""How fast a photo is parsed on two CPU cores, how long the first one takes, and how much memory that needs.

    python benchmarks/predict_speed.py --model compact

Prints a Markdown table. The photos are blurred noise, made on the spot; what they show makes no difference to the time.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

import faceparse

FIRST_PARSE = """
import resource, sys
import faceparse

parsed = faceparse.Parser.load(sys.argv[1], device="cpu")(sys.argv[2])
parsed.labels.sum()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def photo(width: int, height: int) -> Image.Image:
    noise = np.random.default_rng(0).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)


def milliseconds(model: str, size: int, repeats: int) -> list[float]:
    """One process that parses the same face again and again, after five unmeasured times."""
    parser = faceparse.Parser.load(model, device="cpu")
    face = np.asarray(photo(size, size))
    times = []
    for _ in range(repeats + 5):
        start = time.perf_counter()
        parser(face)
        times.append(1000 * (time.perf_counter() - start))
    return times[5:]


def first_parse(model: str, file: Path, repeats: int) -> tuple[float, float]:
    """A new Python process each time: median seconds from its start to its end, and its peak memory in MB."""
    seconds, peaks = [], []
    for _ in range(repeats):
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", FIRST_PARSE, model, file], check=True, capture_output=True, text=True
        )
        seconds.append(time.perf_counter() - start)
        peaks.append(int(done.stdout) / (1 << 20 if sys.platform == "darwin" else 1 << 10))
    return statistics.median(seconds), max(peaks)


def machine() -> str:
    """The processor, without the host's name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", default="compact")
    arguments.add_argument("--repeats", type=int, default=100)
    options = arguments.parse_args()
    cores = 2
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
        cores = len(os.sched_getaffinity(0))

    times = milliseconds(options.model, 512, options.repeats)
    print(f"{machine()}, {cores} CPU core(s); Python {platform.python_version()}, model {options.model}\n")
    print("| what | time | peak memory |\n|---|---:|---:|")
    low, high = np.percentile(times, [5, 95])
    print(f"| a 512² face, again and again | {statistics.median(times):.1f} ms (5-95 %: {low:.1f}-{high:.1f}) | |")
    with tempfile.TemporaryDirectory() as folder:
        for what, size in (("512² face", (512, 512)), ("12-megapixel photo", (4000, 3000))):
            file = Path(folder) / f"{size[0]}.jpg"
            photo(*size).save(file, quality=92)
            seconds, peak = first_parse(options.model, file, max(1, min(5, options.repeats)))
            print(f"| the first {what}, in a new process | {seconds:.2f} s | {peak:.0f} MB |")


if __name__ == "__main__":
    main()
