"""How long `faceparse predict photo.jpg` takes from nothing to the photo's parts, and how much memory.

    python benchmarks/startup.py --model compact

Each time a process of its own parses one 512² photo (blurred noise) and writes ids and overlay. What counts is the
least of the times: whatever a machine does beside only adds. Processor time (user and system, of all threads) is given
as well, since it suffers less from others. The last rows are steps on the way. Peaks are no less than this
script's own, about 40 MB, which a process has before it becomes another.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from predict_speed import machine, photo

STEPS = {
    "Python alone": "pass",
    "... numpy": "import numpy",
    "... Pillow": "import PIL.Image",
    "... onnxruntime (with numpy)": "import onnxruntime",
    "... tyro": "import tyro",
    "... the command's modules": "import faceparse.cli.predict, faceparse.infer.parser",
    "... and the model loaded": (
        "import sys, faceparse.cli.predict; from faceparse.infer.parser import Parser; Parser.load(sys.argv[1])"
    ),
}


def run(command: list[str]) -> tuple[float, float, float]:
    """Seconds, seconds of the processor and peak memory in MB of one process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = process.stderr.read() if process.stderr else b""
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {said.decode(errors='replace').strip()}")
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def row(what: str, command: list[str], repeats: int) -> str:
    seconds, busy, peaks = zip(*(run(command) for _ in range(repeats)), strict=True)
    return f"| {what} | {min(seconds):.3f} s | {min(busy):.3f} s | {max(peaks):.0f} MB |"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", default="compact")
    arguments.add_argument("--repeats", type=int, default=15)
    options = arguments.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])

    print(f"{machine()}, 2 cores; Python {sys.version.split()[0]}, least of {options.repeats} processes\n")
    print("| what | wall | processor | peak memory |\n|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "photo.jpg"
        photo(512, 512).save(file, quality=92)
        command = [sys.executable, "-m", "faceparse", "predict", str(file), "--out", folder, "--model", options.model]
        run(command)  # files of modules come into memory
        print(row("`faceparse predict photo.jpg`", command, options.repeats), flush=True)
    for what, code in STEPS.items():
        print(row(what, [sys.executable, "-c", code, options.model], options.repeats), flush=True)


if __name__ == "__main__":
    main()
