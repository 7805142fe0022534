"""Frames of a video, upright, with their times; and its sound, as it is stored."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, cast

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from faceparse.errors import DataError
from faceparse.infer.video.painter import Planes
from faceparse.types import Image

SMALL_SIDE = 640
"""The longer side of a reduced frame: a face that fills a third of it is still as large as the network wants it."""

_FULL_RANGE = 2
_LIMITED_RANGE = 1
_LATE_SECONDS = 0.25
"""A video that ends so much before its header says was cut off; a codec's delays and rounding are less."""
_KNOW_THEIR_END = ("mov", "matroska")
"""Containers whose header says how long they are; of others FFmpeg guesses."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A frame, upright."""

    planes: Planes
    small: Image
    """RGB, for the network to see a part of; reduced, of square pixels."""
    pts: int
    """When it is shown, in the stream's time base; later than the frame before."""
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Look:
    """What all frames of a video share."""

    rate: Fraction
    time_base: Fraction
    aspect: Fraction
    """Width of an upright frame's pixel, by its height."""
    matrix: int
    primaries: int
    transfer: int
    full_range: bool


class Reader:
    """A video file or stream that is read once from start to end.

    What cannot be decoded is passed over, and told in `faults` when all has been read.
    """

    def __init__(self, file: BinaryIO, name: str, small_side: int = SMALL_SIDE):
        """Open a video.

        Args:
            small_side: the longer side of reduced frames.

        Raises:
            DataError: not a video, or one of a codec that is not known.
        """
        self.name = name
        self._small_side = small_side
        self._container = _open(file, name)
        self._video = _video_stream(self._container, name)
        self._video.thread_type = "AUTO"
        self.sound = list(self._container.streams.audio)
        self.look: Look | None = None
        self._num_frames = self._num_bad = 0
        self._size: tuple[int, int] | None = None
        self._last = -(2**62)
        self._reached = 0.0
        self._stopped = ""

    @property
    def num_expected(self) -> int | None:
        """How many frames the header speaks of."""
        if self._video.frames:
            return self._video.frames
        rate = self._video.average_rate
        return round(self._container.duration / av.time_base * rate) if self._container.duration and rate else None

    def __iter__(self) -> Iterator["Picture | av.Packet"]:
        """Frames and packets of sound, in the order in which they are stored."""
        packets = self._container.demux()
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                if packet.pts is not None and packet.time_base:
                    self._reached = max(self._reached, float((packet.pts + (packet.duration or 0)) * packet.time_base))
            except av.FFmpegError as error:
                self._stopped = _reason(error)
                return
            if packet.stream.index != self._video.index:
                if packet.stream.type == "audio" and packet.dts is not None:
                    yield packet
                continue
            try:
                frames = cast("list[VideoFrame]", packet.decode())
            except av.FFmpegError:
                self._num_bad += 1
                continue
            for frame in frames:
                self._num_frames += 1
                self._num_bad += frame.is_corrupt
                yield self._picture(frame)

    def faults(self) -> list[str]:
        """What was wrong with a video that has been read to its end, as far as that could be."""
        told = []
        if self._stopped:
            told.append(f"it breaks off after {self._reached:.1f} s ({self._stopped})")
        elif self._container.duration and self._container.format.name.startswith(_KNOW_THEIR_END):
            start = (self._container.start_time or 0) / av.time_base
            whole = start + self._container.duration / av.time_base
            if self._reached < whole - max(_LATE_SECONDS, 0.01 * whole):
                told.append(f"it breaks off after {self._reached:.1f} of {whole:.1f} s")
        if self._num_bad:
            told.append(f"{self._num_bad} of its frames are damaged")
        return told

    def _picture(self, frame: VideoFrame) -> Picture:
        turns = round(frame.rotation / 90) % 4
        if self._size is None:
            self._size = (max(2, frame.width & ~1), max(2, frame.height & ~1))  # 4:2:0 has even sizes
            self.look = self._look(frame, turns)
        width, height = self._size
        # the same size is a copy of nothing
        even = frame.reformat(width, height, "yuv420p", dst_color_range=self._range(frame))
        samples = even.to_ndarray()
        half = (height // 2, width // 2)
        y, colors = samples[:height], samples[height:].reshape(2, *half)
        aspect = float(self._video.sample_aspect_ratio or 1)
        scale = self._small_side / max(width * aspect, height)
        small = frame.reformat(
            max(1, round(width * aspect * scale)), max(1, round(height * scale)), "rgb24", interpolation="AREA"
        ).to_ndarray()
        pts = self._last + 1 if frame.pts is None else max(frame.pts, self._last + 1)
        self._last = pts
        assert self.look is not None
        return Picture(
            planes=Planes(*(np.ascontiguousarray(np.rot90(plane, turns)) for plane in (y, *colors))),
            small=np.ascontiguousarray(np.rot90(small, turns)),
            pts=pts,
            seconds=float(pts * self.look.time_base),
        )

    def _range(self, frame: VideoFrame) -> int:
        full = frame.color_range == _FULL_RANGE or frame.format.name.startswith("yuvj")
        return _FULL_RANGE if full else _LIMITED_RANGE

    def _look(self, frame: VideoFrame, turns: int) -> Look:
        if frame.pts is None:
            self._last = -1
        aspect = self._video.sample_aspect_ratio or Fraction(1)
        return Look(
            rate=self._video.average_rate or self._video.guessed_rate or Fraction(25),
            time_base=self._video.time_base or Fraction(1, 90_000),
            aspect=1 / aspect if turns % 2 else aspect,
            matrix=frame.colorspace,
            primaries=frame.color_primaries,
            transfer=frame.color_trc,
            full_range=self._range(frame) == _FULL_RANGE,
        )


def _open(file: BinaryIO, name: str) -> InputContainer:
    av.logging.set_level(None)  # what is wrong comes as exceptions and counts: standard error stays ours
    try:
        # through a file of ours, and no protocol beside: a playlist must not make us open what it names
        container = av.open(file, "r", container_options={"protocol_whitelist": "pipe"})
    except (av.FFmpegError, OSError) as error:
        raise DataError(
            f"{name}: not a video, or cut off before its first frame ({_reason(error)}); replace it or take it away"
        ) from error
    if container.format.name.endswith("_pipe") or container.format.name == "image2":
        raise DataError(f"{name}: a picture, where a video is expected; parse it with: faceparse predict")
    return container


def _video_stream(container: InputContainer, name: str) -> VideoStream:
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:  # an album's cover
            if stream.codec_context is None:
                raise DataError(f"{name}: a video of an unknown codec; convert it to H.264 first")
            return stream
    raise DataError(f"{name}: no video in it; replace it or take it away")


def _reason(error: Exception) -> str:
    said = getattr(error, "strerror", None) or str(error)
    return said.lower().rstrip(".")


def shown(source: Path) -> str:
    """What a source is called in messages."""
    return "standard input" if str(source) == "-" else str(source)
