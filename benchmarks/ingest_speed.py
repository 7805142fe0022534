"""How fast is raw CelebAMask-HQ ingested, against painting its parts one PNG at a time as its own script does?

The peer is `g_mask.py` of CelebAMask-HQ, its loop as it stands but for the printing: `cv2.imread` in colour for every
part, the first channel, a boolean assignment into a float64 map, `cv2.imwrite`. It makes masks alone; ours is measured
making the same masks alone, and as the real command, photos included, killed once (SIGKILL) and run again.

Made faces stand in, at the sizes of the real ones: photos of 1024² (drawn at 512², enlarged, JPEG of quality
90: about 100 kB), parts of 512² as RGB PNGs, those of every other face written by OpenCV and of the others by Pillow,
whose filters differ. RAW holds distinct faces in raw layout; they are linked under further indices up to --num.

faceparse data synth RAW --num 1000 --layout raw
taskset -c 0,1 python benchmarks/ingest_speed.py RAW --work WORK
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import hashlib
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from faceparse.classes import CLASSES
from faceparse.data.ingest import raw
from faceparse.data.ingest.part_png import zlib_ng
from faceparse.data.ingest.source import Source
from faceparse.data.parallel import in_processes
from faceparse.images import encode_labels

PHOTOS, PARTS, MAPPING = "CelebA-HQ-img", "CelebAMask-HQ-mask-anno", "CelebA-HQ-to-CelebA-mapping.txt"
SUFFIXES = [c.suffix for c in CLASSES if c.suffix]


def part_path(root: Path, index: int, suffix: str) -> Path:
    return root / PARTS / str(index // 2000) / f"{index:05d}_{suffix}.png"


def build(faces: Path, out: Path, num: int) -> None:
    """The data set at the real one's sizes; kept for another run."""
    if (out / MAPPING).exists():
        return
    (out / PHOTOS).mkdir(parents=True, exist_ok=True)
    num_distinct = len(list((faces / PHOTOS).iterdir()))
    rows = ["idx orig_idx orig_file"]
    for index in range(num):
        first = index % num_distinct
        part_path(out, index, "skin").parent.mkdir(parents=True, exist_ok=True)
        rows.append(f"{index} {(0, 170_000, 190_000)[index % 10 // 8 + index % 10 // 9]} {index}.jpg")
        if first != index:
            os.link(out / PHOTOS / f"{first}.jpg", out / PHOTOS / f"{index}.jpg")
        else:
            photo = cv2.imread(str(faces / PHOTOS / f"{index}.jpg"))
            larger = cv2.resize(photo, (1024, 1024), interpolation=cv2.INTER_CUBIC)
            cv2.imwrite(str(out / PHOTOS / f"{index}.jpg"), larger, [cv2.IMWRITE_JPEG_QUALITY, 90])
        for suffix in SUFFIXES:
            source, target = part_path(faces, index, suffix), part_path(out, index, suffix)
            if first != index:
                if part_path(out, first, suffix).exists():
                    os.link(part_path(out, first, suffix), target)
            elif source.exists():
                part = cv2.imread(str(source))
                if index % 2:
                    Image.fromarray(part).save(target)
                else:
                    cv2.imwrite(str(target), part)
    (out / MAPPING).write_text("\n".join(rows))


def peer(root: Path, out: Path, indices: range) -> None:
    """CelebAMask-HQ's `g_mask.py`."""
    out.mkdir()
    for k in indices:
        im_base = np.zeros((512, 512))
        for idx, label in enumerate(SUFFIXES):
            filename = str(part_path(root, k, label))
            if os.path.exists(filename):
                im = cv2.imread(filename)
                im = im[:, :, 0]
                im_base[im != 0] = idx + 1
        cv2.imwrite(str(out / f"{k}.png"), im_base)


def painter(root: Path, out: Path):
    """Ours, masks alone."""
    source = Source(root, list_names=False)

    def paint(job: raw.PaintedPair) -> None:
        labels = raw.paint_parts((id, name, source.read(name)) for id, name in job.parts)
        (out / f"{job.name}.png").write_bytes(encode_labels(labels))

    return paint


def ours(root: Path, out: Path, jobs: list[raw.PaintedPair], num_processes: int) -> None:
    out.mkdir()
    for _ in in_processes(partial(painter, root, out), jobs, "masks alone", num_processes):
        pass


def jobs_of(root: Path, num: int) -> list[raw.PaintedPair]:
    jobs = []
    for index in range(num):
        parts = [(id, part_path(root, index, suffix)) for id, suffix in enumerate(SUFFIXES, 1)]
        there = tuple((id, path.relative_to(root).as_posix()) for id, path in parts if path.exists())
        jobs.append(raw.PaintedPair(f"{PHOTOS}/{index}.jpg", there, "train", str(index)))
    return jobs


def command(root: Path, out: Path, cores: str, kill_after: float | None = None) -> None:
    """`faceparse data ingest`, perhaps killed."""
    process = subprocess.Popen(
        ["taskset", "-c", cores, sys.executable, "-m", "faceparse", "data", "ingest", str(root), str(out)],
        stdout=subprocess.DEVNULL,
    )
    try:
        process.wait(kill_after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.wait()


def digest(out: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(p for p in out.rglob("*") if p.is_file()):
        total.update(path.relative_to(out).as_posix().encode() + path.read_bytes())
    return total.hexdigest()[:16]


def cpu_seconds() -> float:
    """Of this process and of those it has waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def timed(function: Callable[..., object], *arguments: object) -> tuple[float, float]:
    """Seconds of wall clock and of processor time."""
    wall, cpu = time.perf_counter(), cpu_seconds()
    function(*arguments)
    return time.perf_counter() - wall, cpu_seconds() - cpu


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("raw", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--num", type=int, default=3000)
    parser.add_argument("--sample", type=int, default=200, help="faces for the peer and for masks alone")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--cores", default="0,1")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    root, cores = arguments.work / "raw", [int(core) for core in arguments.cores.split(",")]
    build(arguments.raw, root, arguments.num)
    jobs = jobs_of(root, arguments.sample)
    num_parts = sum(len(job.parts) for job in jobs) / len(jobs)
    print(f"{arguments.num} faces, {num_parts:.1f} parts each; inflating with {zlib_ng.__name__}\n")

    trial, whole, killed = (arguments.work / name for name in ("trial", "whole", "killed"))
    one, both = str(cores[-1]), arguments.cores
    everything = jobs_of(root, arguments.num)
    script = "the data set's script, masks alone"
    runs = {
        script: (arguments.sample, {cores[-1]}, lambda: peer(root, trial, range(arguments.sample))),
        "ours, 1 process, masks alone": (arguments.sample, {cores[-1]}, lambda: ours(root, trial, jobs, 1)),
        "ours, 2 processes, masks alone": (arguments.num, cores, lambda: ours(root, trial, everything, 2)),
        "the command, 1 core, photos and masks": (arguments.num, cores, lambda: command(root, trial, one)),
        "the command, 2 cores, photos and masks": (arguments.num, cores, lambda: command(root, trial, both)),
    }
    times = {}
    for _ in range(arguments.rounds):
        for name, (num, affinity, run) in runs.items():
            shutil.rmtree(trial, ignore_errors=True)
            os.sched_setaffinity(0, affinity)
            wall, cpu = timed(run)
            before = times.get(name, (float("inf"), float("inf")))
            times[name] = (min(before[0], wall / num * 1000), min(before[1], cpu / num * 1000))
    print("| what | ms a face | against the script | CPU ms a face | against the script | 30,000 faces |")
    print("|---|---|---|---|---|---|")
    for name, (wall, cpu) in times.items():
        against, in_cpu = times[script][0] / wall, times[script][1] / cpu
        print(f"| {name} | {wall:.2f} | {against:.1f}× | {cpu:.2f} | {in_cpu:.1f}× | {wall / 2:.1f} min |")

    shutil.rmtree(trial)
    peer(root, trial, range(arguments.sample))
    for folder in (whole, killed):
        shutil.rmtree(folder, ignore_errors=True)
    alone, _ = timed(command, root, whole, both)
    command(root, killed, both, alone / 2)
    kept = len(list(killed.glob("*/masks/[!.]*")))
    again, _ = timed(command, root, killed, both)
    assert digest(whole) == digest(killed), "killed and resumed, it wrote other bytes"
    for path in trial.iterdir():
        (mask,) = whole.glob(f"*/masks/{path.name}")
        assert np.array_equal(np.array(Image.open(path)), np.array(Image.open(mask))), f"{path.name}: not the script's"
    print(
        f"\nkilled after {alone / 2:.1f} of {alone:.1f} s with {kept} pairs in place, run again for {again:.1f} s: the "
        f"same bytes; the script's {arguments.sample} masks are ours, pixel for pixel"
    )


if __name__ == "__main__":
    main()
