"""Parse a video from its first frame to its last, and write it with its parts."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import av

from faceparse.console import progress
from faceparse.errors import DataError
from faceparse.files import file_written_whole
from faceparse.infer.parser import Parser
from faceparse.infer.smoothing import SmoothingConfig
from faceparse.infer.video.ahead import ahead
from faceparse.infer.video.crowd import CROWD_SIDE, Crowd
from faceparse.infer.video.follow import Follower
from faceparse.infer.video.painter import Kind, Painter
from faceparse.infer.video.reader import SMALL_SIDE, Picture, Reader, shown
from faceparse.infer.video.writer import Writer, format_of
from faceparse.infer.wild.detect import Detector
from faceparse.types import Image, Labels


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a video."""

    num_frames: int
    num_without_face: int
    """Frames that are all background, since no face was found in them."""
    faults: list[str]
    """What was wrong with it; what could be decoded is written all the same."""


class View(Protocol):
    """What is known of a frame."""

    @property
    def num_faces(self) -> int: ...
    def labels(self, width: int, height: int) -> Labels: ...


Follow = Callable[[Image, float], View]
"""From a reduced frame and its time, frame by frame, to what is known of it: `Follower` or `Crowd`."""


def parse_video(
    source: Path, out: Path, parser: Parser, kind: Kind, smoothing: SmoothingConfig, detect: Detector | None = None
) -> Outcome:
    """Parse a video; `-` stands for standard input or output.

    Decoding, the network and painting are three threads, and encoders have their own.

    Args:
        detect: what finds faces where every one of a frame is wanted; without it, one is searched and followed.

    Raises:
        DataError: nothing in it can be decoded; nothing is written then.
        FaceparseError: the disk is full.
    """
    with _reading(source) as file, _writing(out) as target:
        reader = Reader(file, shown(source), CROWD_SIDE if detect else SMALL_SIDE)
        follow = Crowd(parser.see, smoothing, detect) if detect else Follower(parser.see, smoothing)
        num_frames, without_face, lost = _carry_over(reader, target, format_of(out), follow, kind)
        faults = reader.faults()
        if not num_frames:
            reason = "; ".join(faults) or "it holds none"
            raise DataError(f"{shown(source)}: no frame could be decoded ({reason}); replace it or take it away")
    if lost:
        faults.append(f"{lost} packets of its sound are lost")
    return Outcome(num_frames=num_frames, num_without_face=without_face, faults=faults)


def _carry_over(
    reader: Reader, target: "str | BinaryIO", container_format: str, follow: Follow, kind: Kind
) -> tuple[int, int, int]:
    """Read, parse, paint and write; returns the numbers of frames, of those without a face, of lost sounds."""
    writer = paint = None
    early: list[av.Packet] = []
    num_frames = without_face = 0
    for item in _with_sound(reader, follow):
        if isinstance(item, av.Packet):
            early.append(item)
        else:
            picture, view = item
            height, width = picture.planes.y.shape
            if writer is None or paint is None:
                assert reader.look is not None
                paint = Painter(kind, height, reader.look.matrix, reader.look.full_range)
                writer = Writer(target, container_format, kind, picture.planes, reader.look, reader.sound)
            writer.write(paint(picture.planes, view.labels(width, height)), picture.pts)
            num_frames += 1
            without_face += view.num_faces == 0
        if writer is not None:
            # sound that comes before the first frame waits for the file that it goes to
            for packet in early:
                writer.write_sound(packet)
            early.clear()
    if writer is None:
        return 0, 0, 0
    writer.close()
    return num_frames, without_face, writer.num_lost_sound


def _with_sound(reader: Reader, follow: Follow) -> "Iterator[av.Packet | tuple[Picture, View]]":
    """Frames with their probabilities, and sound between them; progress counts both as they pass."""

    def parsed() -> Iterator[av.Packet | tuple[Picture, View]]:
        for item in ahead(reader):
            if isinstance(item, Picture):
                yield item, follow(item.small, item.seconds)
            else:
                yield item

    items = ahead(parsed())
    sound: list[av.Packet] = []

    def frames() -> Iterator[tuple[Picture, View]]:
        for item in items:
            if isinstance(item, av.Packet):
                sound.append(item)
            else:
                yield item

    for frame in progress(frames(), "parsing", reader.num_expected):
        yield from sound
        sound.clear()
        yield frame
    yield from sound


@contextmanager
def _reading(source: Path) -> Iterator[BinaryIO]:
    if str(source) == "-":
        yield sys.stdin.buffer
        return
    if not source.is_file():
        raise DataError(f"{source}: {'a folder' if source.is_dir() else 'no such file'}, where a video is expected")
    if source.stat().st_size == 0:
        raise DataError(f"{source}: an empty file (0 bytes); replace it or take it away")
    with source.open("rb") as file:
        yield file


@contextmanager
def _writing(out: Path) -> "Iterator[str | BinaryIO]":
    if str(out) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with file_written_whole(out) as unfinished:
        yield str(unfinished)
