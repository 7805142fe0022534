"""What smoothing over time is worth, and what it costs: flicker of a still face, and accuracy on a moving one.

    python benchmarks/video_smoothing.py --model compact

Made faces in small frames as the reader makes them, each with new noise of 4 grey levels (what is left of 8 after a
720p frame is reduced), seen through the window that follows the face. Flicker is the share of pixels whose label
changes from one frame to the next while nothing moves. Smear is what the mean F over the classes that a frame shows
loses on a face that moves.
"""

import argparse
import itertools

import numpy as np

import faceparse
from faceparse.data.synthetic.generate import make_face
from faceparse.infer.smoothing import SmoothingConfig
from faceparse.infer.video.follow import Follower
from faceparse.metrics import fscore_2025

FACE, WIDTH, HEIGHT = 240, 640, 360
STRENGTHS = (0.0, 0.5, 0.8, 0.9)


def frame(face: np.ndarray, labels: np.ndarray, left: int, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    picture = np.full((HEIGHT, WIDTH, 3), (120, 130, 140), np.float32)
    truth = np.zeros((HEIGHT, WIDTH), np.uint8)
    picture[60 : 60 + FACE, left : left + FACE][labels > 0] = face[labels > 0]
    truth[60 : 60 + FACE, left : left + FACE] = labels
    noise = draw.normal(0, 4, picture.shape)
    return (picture + noise).clip(0, 255).astype(np.uint8), truth


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--model", default="compact")
    options.add_argument("--faces", type=int, default=4)
    options.add_argument("--frames", type=int, default=24)
    chosen = options.parse_args()
    parser = faceparse.Parser.load(chosen.model, device="cpu")
    speeds = {"still": 0, "slow (1 pixel a frame)": 1, "fast (6 pixels a frame)": 6}
    scores: dict[tuple[str, float], list[tuple[float, float]]] = {}
    for number in range(chosen.faces):
        face, labels = make_face(11, number, FACE)
        for scene, speed in speeds.items():
            draw = np.random.default_rng((number, speed))
            # to and fro between the edges, as a triangle wave
            lefts = [abs((speed * index + 200) % 800 - 400) for index in range(chosen.frames)]
            frames = [frame(face, labels, left, draw) for left in lefts]
            for strength in STRENGTHS:
                follow = Follower(parser.see, SmoothingConfig(strength=strength))
                views = [follow(picture, index / 25) for index, (picture, _) in enumerate(frames)]
                maps = [view.labels(WIDTH, HEIGHT) for view in views]
                flicker = float(np.mean([(a != b).mean() for a, b in itertools.pairwise(maps[5:])]))
                accuracy = float(np.mean([fscore_2025(t, m) for m, (_, t) in zip(maps[5:], frames[5:], strict=True)]))
                scores.setdefault((scene, strength), []).append((flicker, accuracy))
    print("| `--smooth` | " + " | ".join(f"{scene}: changing, F" for scene in speeds) + " |")
    print("|---|" + "---:|" * len(speeds))
    for strength in STRENGTHS:
        cells = [np.mean(scores[scene, strength], axis=0) for scene in speeds]
        print(f"| {strength:g} | " + " | ".join(f"{100 * flicker:.2f} %, {f:.4f}" for flicker, f in cells) + " |")


if __name__ == "__main__":
    main()
