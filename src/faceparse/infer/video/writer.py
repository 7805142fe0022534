"""A video file or stream, written frame by frame beside the sound of another."""

import logging
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from av.audio.stream import AudioStream
from av.error import InvalidDataError
from av.video.frame import VideoFrame

from faceparse.errors import UsageError
from faceparse.infer.video.painter import Kind, Planes
from faceparse.infer.video.reader import Look

log = logging.getLogger(__name__)

FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
STREAM_FORMAT = "matroska"
"""What a pipe gets: mp4 wants to go back to its start when it is done."""

_CODECS = {"webm": ("libvpx-vp9",)}
_USUAL_CODECS = ("libx264", "mpeg4")
"""By falling preference; players know them all."""
_LOOKS_THE_SAME = {
    "libx264": {"preset": "veryfast", "crf": "20"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "7", "crf": "30", "b": "0", "row-mt": "1"},
    "mpeg4": {"qmin": "3", "qmax": "3"},
}
_LOSSLESS = {
    "libx264": {"preset": "veryfast", "qp": "0"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "7", "lossless": "1"},
}
"""What ids need: a changed value is another class."""
_FULL_RANGE, _LIMITED_RANGE = 2, 1
_OPUS_RATE = 48_000


def format_of(out: Path) -> str:
    """The container that a name asks for.

    Raises:
        UsageError: another one.
    """
    if str(out) == "-":
        return STREAM_FORMAT
    if out.suffix.lower() not in FORMATS:
        raise UsageError(f"{out}: the name of a video to write ends in {', '.join(FORMATS)}")
    return FORMATS[out.suffix.lower()]


class Writer:
    """Encodes painted frames at their own times, and takes over sound: as it is where the container knows its codec."""

    def __init__(
        self, file: "str | BinaryIO", container_format: str, kind: Kind, first: Planes, look: Look, sound: list[Any]
    ):
        self._container = av.open(file, "w", format=container_format)
        self._look = look
        self._full_range = look.full_range or kind == "ids"
        self._video = self._add_video(container_format, kind, first)
        self._sound = {stream.index: self._add_sound(stream) for stream in sound}
        self.num_lost_sound = 0

    def _add_video(self, container_format: str, kind: Kind, first: Planes) -> Any:
        options = _LOSSLESS if kind == "ids" else _LOOKS_THE_SAME
        known = _CODECS.get(container_format, _USUAL_CODECS)
        codec = next((name for name in known if name in av.codecs_available and name in options), None)
        if codec is None:
            raise UsageError(f"the installed PyAV cannot encode {' or '.join(known)}; install another build of av")
        stream: Any = self._container.add_stream(codec, rate=self._look.rate, options=options[codec])
        stream.height, stream.width = first.y.shape
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = self._look.time_base  # frames keep their own times, however far apart
        context.sample_aspect_ratio = self._look.aspect
        context.colorspace, context.color_range = self._look.matrix, self._range
        context.color_primaries, context.color_trc = self._look.primaries, self._look.transfer
        context.thread_type = "AUTO"
        return stream

    @property
    def _range(self) -> int:
        return _FULL_RANGE if self._full_range else _LIMITED_RANGE

    def _add_sound(self, source: AudioStream) -> Any:
        """The stream that takes a stream of sound; none where it cannot be kept."""
        name = source.codec_context.codec.canonical_name
        try:
            if name in self._container.supported_codecs:
                return self._container.add_stream_from_template(source)
            opus = self._container.format.name == "webm"
            codec = "libopus" if opus else self._container.default_audio_codec
            stream: Any = self._container.add_stream(
                codec, rate=_OPUS_RATE if opus else source.codec_context.sample_rate
            )
            stream.codec_context.layout = source.codec_context.layout
            return stream
        except (av.FFmpegError, ValueError) as error:
            log.warning("sound (%s) is left out: %s cannot hold it (%s)", name, self._container.format.name, error)
            return None

    def write(self, planes: Planes, pts: int) -> None:
        """Encode a frame that is shown at `pts` of the source's time base."""
        height, width = planes.y.shape
        samples = np.concatenate([plane.ravel() for plane in planes]).reshape(height + height // 2, width)
        frame = VideoFrame.from_ndarray(samples, format="yuv420p")
        frame.pts, frame.time_base = pts, self._look.time_base
        frame.colorspace, frame.color_range = self._look.matrix, self._range
        self._container.mux(self._video.encode(frame))

    def write_sound(self, packet: Any) -> None:
        """Copy or encode again a packet of sound; a damaged one is passed over and counted."""
        stream = self._sound[packet.stream.index]
        if stream is None:
            return
        try:
            if stream.codec_context is None or not stream.codec_context.is_encoder:
                packet.stream = stream
                self._container.mux(packet)
                return
            for frame in packet.decode():
                self._container.mux(stream.encode(frame))
        except (InvalidDataError, ValueError):  # PyAV's own kinds of ValueError among them
            self.num_lost_sound += 1

    def close(self) -> None:
        """Write what the codecs still hold, and the file's index."""
        self._container.mux(self._video.encode(None))
        for stream in self._sound.values():
            if stream is not None and stream.codec_context is not None and stream.codec_context.is_encoder:
                self._container.mux(stream.encode(None))
        self._container.close()
