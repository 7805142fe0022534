"""Videos that tests make: a face painted in the official colours that moves over a grey wall, with sound if wanted; and
made faces that go their own ways.
"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from faceparse.classes import PALETTE, class_id
from faceparse.data.synthetic.generate import make_face
from faceparse.infer.wild.window import Window

WALL = class_id("background")
TIME_BASE = Fraction(1, 600)


def painted_face(width: int, height: int, left: int, top: int) -> np.ndarray:
    """uint8 (height, width): hair around skin, eyes and lips, 48 wide and 64 high; the left eye on the right."""
    labels = np.full((height, width), WALL, np.uint8)
    face = labels[top : top + 64, left : left + 48]
    face[:] = class_id("hair")
    face[12:, 8:40] = class_id("skin")
    face[24:32, 12:20] = class_id("right eye")
    face[24:32, 28:36] = class_id("left eye")
    face[44:48, 16:32] = class_id("upper lip")
    face[48:52, 16:32] = class_id("lower lip")
    return labels


def write_video(
    path: Path,
    pictures: Sequence[np.ndarray],
    times: Sequence[int] | None = None,
    audio: str | None = None,
    rotation: int = 0,
    options: dict[str, str] | None = None,
) -> Path:
    """Encode RGB frames, or label maps in their colours, shown at `times` (600ths of a second), or 25 a second."""
    height, width = pictures[0].shape[:2]
    times = times if times is not None else [24 * index for index in range(len(pictures))]
    with av.open(str(path), "w", container_options=options or {}) as container:
        video: Any = container.add_stream("libx264", rate=25, options={"crf": "6", "g": "10"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.codec_context.time_base = TIME_BASE
        if rotation:
            video.set_display_rotation(rotation)
        sound: Any = container.add_stream(audio, rate=48_000) if audio else None
        for picture, time in zip(pictures, times, strict=True):
            colors = picture if picture.ndim == 3 else PALETTE[picture]
            frame = av.VideoFrame.from_ndarray(colors, format="rgb24")
            frame.pts, frame.time_base = time, TIME_BASE
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if sound is not None:
            tone = np.sin(np.arange(48_000 * (times[-1] + 24) // 600) / 20).astype(np.float32)[None]
            frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
            container.mux(sound.encode(frame))
            container.mux(sound.encode(None))
    return path


def two_faces(size: tuple[int, int], places: Sequence[tuple[Window, Window]]) -> tuple[list[np.ndarray], ...]:
    """Two made faces, moved from frame to frame: the frames, and for each face its own label maps.

    Args:
        size: width and height of a frame.
        places: where each frame has CelebA-HQ's square of each face.
    """
    faces = [make_face(5, index, 512) for index in (4, 7)]
    frames, first, second = [], [], []
    for windows in places:
        frame = np.full((size[1], size[0], 3), (96, 110, 120), np.uint8)
        for (image, labels), window, truth in zip(faces, windows, (first, second), strict=True):
            own = np.array([(0, 0), (512, 0), (0, 512)], np.float32)
            move = cv2.getAffineTransform(own, window.corners[[0, 1, 3]].astype(np.float32))
            truth.append(cv2.warpAffine(labels, move, size, flags=cv2.INTER_NEAREST))
            there = truth[-1] > 0
            frame[there] = cv2.warpAffine(image, move, size, flags=cv2.INTER_AREA)[there]
        frames.append(frame)
    return frames, first, second


def decoded(path: Path, pixels: str = "rgb24") -> tuple[list[np.ndarray], list[float]]:
    """Every frame of a video and when it is shown, in seconds."""
    with av.open(str(path)) as container:
        frames = [
            (frame.to_ndarray(format=pixels), float(frame.pts * frame.time_base)) for frame in container.decode(video=0)
        ]
    return [frame for frame, _ in frames], [time for _, time in frames]


def sound_of(path: Path) -> list[tuple[str, bytes]]:
    """Codec and content of each packet of sound."""
    with av.open(str(path)) as container:
        return [
            (packet.stream.codec_context.codec.canonical_name, bytes(packet))
            for packet in container.demux(audio=0)
            if packet.size
        ]
