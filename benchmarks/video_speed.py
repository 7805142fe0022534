"""How fast a 720p video of one face is parsed, and where the time goes.

    python benchmarks/video_speed.py --model compact
    python benchmarks/video_speed.py --model compact --faces 2

Makes a video: a made face of 640 pixels that sways over a wall, with noise; or so many smaller ones, for `--faces`.
Prints Markdown: milliseconds of processor time that each stage takes a frame, one after the other and one thread at a
time of ours; then the whole command, whose stages overlap, in wall time. Only the wall time suffers where other work
shares the machine.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

import faceparse
from faceparse.data.synthetic.generate import make_face
from faceparse.infer.smoothing import SmoothingConfig
from faceparse.infer.video.crowd import CROWD_SIDE, Crowd
from faceparse.infer.video.follow import Follower
from faceparse.infer.video.painter import Painter
from faceparse.infer.video.reader import SMALL_SIDE, Picture, Reader
from faceparse.infer.video.writer import Writer
from faceparse.infer.wild.detect import load_detector

WIDTH, HEIGHT, FACE, RATE = 1280, 720, 640, 25


def make_video(path: Path, num_frames: int, num_faces: int) -> None:
    size = min(FACE, WIDTH // num_faces)
    faces = [make_face(7, number, size) for number in range(num_faces)]
    first = (WIDTH - num_faces * size) // 2
    draw = np.random.default_rng(0)
    noise = draw.normal(0, 3, (HEIGHT + 64, WIDTH + 64, 1))
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index in range(num_frames):
            wall = np.full((HEIGHT, WIDTH, 3), (120, 130, 140), np.float32)
            for number, (face, labels) in enumerate(faces):
                sway = 60 * size / FACE * np.sin(index / 12)
                left = min(max(0, first + number * size + round(sway)), WIDTH - size)
                wall[60 : 60 + size, left : left + size][labels > 0] = face[labels > 0]
            down, along = draw.integers(0, 64, 2)
            wall += noise[down : down + HEIGHT, along : along + WIDTH]
            frame = av.VideoFrame.from_ndarray(wall.clip(0, 255).astype(np.uint8), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def stages(path: Path, model: str, out: Path, faces: bool) -> tuple[dict[str, float], int]:
    """Processor seconds of each stage, of all threads that it sets to work, and the number of frames."""
    spent: dict[str, float] = {}

    def timed(stage: str, work: Callable[[], Any]) -> Any:
        start = time.process_time()
        result = work()
        spent[stage] = spent.get(stage, 0.0) + time.process_time() - start
        return result

    parser = faceparse.Parser.load(model, device="cpu")

    def see(image: np.ndarray) -> np.ndarray:
        return timed("network", lambda: parser.see(image))

    if faces:
        detect = load_detector()
        follow = Crowd(see, SmoothingConfig(), lambda photo: timed("search", lambda: detect(photo)))
    else:
        follow = Follower(see, SmoothingConfig())
    writer = paint = None
    num_frames = 0
    with path.open("rb") as file:
        reader = Reader(file, str(path), CROWD_SIDE if faces else SMALL_SIDE)
        items = iter(reader)
        while (picture := timed("decode, reduce to what the network sees", lambda: next(items, None))) is not None:
            assert isinstance(picture, Picture)
            view = timed("follow and smooth", lambda: follow(picture.small, picture.seconds))
            labels = timed("labels at full size", lambda: view.labels(WIDTH, HEIGHT))  # noqa: B023
            if writer is None or paint is None:
                assert reader.look is not None
                paint = Painter("overlay", HEIGHT, reader.look.matrix, reader.look.full_range)
                writer = Writer(str(out), "mp4", "overlay", picture.planes, reader.look, [])
            painted = timed("overlay", lambda: paint(picture.planes, labels))  # noqa: B023
            timed("encode", lambda: writer.write(painted, picture.pts))  # noqa: B023
            num_frames += 1
        assert writer is not None
        timed("encode", writer.close)
    spent["follow and smooth"] -= spent["network"] + spent.get("search", 0.0)  # which it waits for
    return spent, num_frames


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--model", default="compact")
    options.add_argument("--frames", type=int, default=250)
    options.add_argument("--faces", type=int, default=0, help="so many of them, followed by --faces; 0 is one without")
    chosen = options.parse_args()
    shown = f"{chosen.faces or 'one'} face{'s' * (chosen.faces > 1)}"
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before; 720p, {shown}\n")
    with tempfile.TemporaryDirectory() as folder:
        video, out = Path(folder) / "in.mp4", Path(folder) / "out.mp4"
        make_video(video, chosen.frames, chosen.faces or 1)
        spent, num_frames = stages(video, chosen.model, out, chosen.faces > 0)
        print("| stage | ms of processor time a frame |\n|---|---:|")
        for stage, seconds in (*spent.items(), ("all", sum(spent.values()))):
            print(f"| {stage} | {1000 * seconds / num_frames:.1f} |")
        command = [sys.executable, "-m", "faceparse", "video", str(video), str(out), "--model", chosen.model]
        command += ["--faces"] if chosen.faces else []
        start, children = time.perf_counter(), os.times()
        subprocess.run(command, check=True, capture_output=True)
        wall, after = time.perf_counter() - start, os.times()
        processor = after.children_user + after.children_system - children.children_user - children.children_system
        print(
            f"\nThe command: {num_frames / wall:.1f} frames a second in wall time, {num_frames / processor:.1f} for "
            "each second of processor time (its start included)."
        )


if __name__ == "__main__":
    main()
