"""Many people at once: so many photos are sent to `faceparse serve` at the same moment, over this machine's loopback.

    python benchmarks/serve_load.py --at-once 50 --large-at-once 16

Prints for photos of 512² and of 12 megapixels (made faces, as JPEG): how many were answered, with what; how long the
first, the middle and the last took; and the memory of the server, before and at its peak (VmRSS, VmHWM).
"""

import argparse
import io
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from faceparse import images
from faceparse.data.synthetic import make_face

PATIENCE = 900
"""Seconds until an answer is called lost."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--at-once", type=int, default=50)
    arguments.add_argument("--large-at-once", type=int, default=16)
    arguments.add_argument("--large", type=int, nargs=2, default=(4000, 3000), help="width and height of large photos")
    options = arguments.parse_args()
    if sys.platform != "linux":
        arguments.error("memory is read from /proc, which is Linux's")

    print("| photos | at once | answered | first | middle | last | a second | memory before | peak |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    measure((512, 512), options.at_once)
    measure(tuple(options.large), options.large_at_once)


def measure(size: tuple[int, int], num_at_once: int) -> None:
    """One row of the table, with a server of its own, which has answered once before."""
    photos = [made_photo(index, size) for index in range(4)]
    command = [sys.executable, "-m", "faceparse", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = re.findall(r"http://\S+", server.stdout.readline())[0]
            send(address, made_photo(0, (512, 512)), (512, 512))
            before = memory(server.pid, "VmRSS")
            start = threading.Barrier(num_at_once + 1)

            def ask(index: int) -> tuple[str, float]:
                start.wait()
                begun = time.perf_counter()
                return send(address, photos[index % len(photos)], size), time.perf_counter() - begun

            with ThreadPoolExecutor(num_at_once) as crowd:
                asked = [crowd.submit(ask, index) for index in range(num_at_once)]
                start.wait()
                answers = [future.result() for future in asked]
            peak = memory(server.pid, "VmHWM")
        finally:
            server.terminate()
    said = Counter(answer for answer, _ in answers)
    waits = sorted(wait for _, wait in answers)
    counts = ", ".join(f"{count} {answer}" for answer, count in said.items())
    print(
        f"| {size[0]}×{size[1]} | {num_at_once} | {counts} | {waits[0]:.2f} s | {waits[len(waits) // 2]:.1f} s "
        f"| {waits[-1]:.1f} s | {num_at_once / waits[-1]:.1f} | {before:.0f} MB | {peak:.0f} MB |",
        flush=True,
    )


def made_photo(index: int, size: tuple[int, int]) -> bytes:
    """A made face as JPEG; large ones are enlarged, with a camera's noise."""
    face = Image.fromarray(make_face(11, index, 512)[0]).resize(size, Image.Resampling.BICUBIC)
    noise = np.random.default_rng(index).normal(0, 3, (size[1], size[0], 1))
    noisy = np.clip(np.asarray(face) + noise, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noisy).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def send(address: str, photo: bytes, size: tuple[int, int]) -> str:
    """Send a photo; `ok` where a label map of its size came back."""
    try:
        with urllib.request.urlopen(f"{address}/api/parse", photo, timeout=PATIENCE) as answer:
            return "ok" if images.read_labels(answer.read()).shape == size[::-1] else "wrong"
    except urllib.error.HTTPError as error:
        return str(error.code)
    except OSError as error:
        return f"lost ({error})"


def memory(process: int, what: str) -> float:
    """Megabytes from /proc: VmRSS now, VmHWM at most so far."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(re.findall(rf"{what}:\s+(\d+)", status)[0]) / 1024


if __name__ == "__main__":
    main()
