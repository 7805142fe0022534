"""Videos that tests make: a face painted in the official colours that moves over a grey wall, with sound if wanted."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from faceparse.classes import PALETTE, class_id

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
            _write_tone(container, sound, 48_000 * (times[-1] + 24) // 600)
    return path


def write_sound(path: Path) -> Path:
    """A second of a tone, in a file that could hold a video beside it."""
    with av.open(str(path), "w", format="mp4") as container:
        _write_tone(container, container.add_stream("aac", rate=48_000), 48_000)
    return path


def _write_tone(container: Any, sound: Any, num_samples: int) -> None:
    tone = np.sin(np.arange(num_samples) / 20).astype(np.float32)[None]
    frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
    container.mux(sound.encode(frame))
    container.mux(sound.encode(None))


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
