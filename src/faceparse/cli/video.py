"""`faceparse video`: a video in, a video with its parts out."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import tyro

from faceparse.cli.arguments import call
from faceparse.console import log
from faceparse.errors import MissingExtraError, UsageError


def main(arguments: list[str]) -> int:
    """Run `faceparse video`."""
    return call(video, arguments, "video")


def video(
    source: Annotated[Path, tyro.conf.arg(metavar="IN")],
    out: Annotated[Path, tyro.conf.arg(metavar="OUT")],
    /,
    write: Literal["overlay", "color", "ids"] = "overlay",
    smooth: float = 0.8,
    model: str = "compact",
    device: Literal["auto", "cpu", "cuda"] = "auto",
    tta: str = "",
    faces: bool = False,
) -> int:
    """Label the parts of the face in a video. Sound, frame times and shape are kept; needs the extra `video`.

    faceparse video in.mp4 out.mp4

    Args:
        source: any video that FFmpeg reads, or - for standard input.
        out: the video to write (.mp4, .m4v, .mov, .mkv, .webm), or - for Matroska on standard output.
        write: overlay (the frames tinted), color (official colours) or ids (brightness is the class id, lossless).
        smooth: how much of the past a still pixel keeps, 0 to 1; more is steadier. Where something moves none is kept.
        model: a shipped model, an .onnx file, or a run or checkpoint folder that was exported.
        device: auto takes a GPU where the installed onnxruntime can use one.
        tta: flip parses each frame mirrored as well and averages; twice the time.
        faces: follow every face, of any size and at any angle, and not one alone; needs the extra wild as well.
    """
    try:
        from faceparse.infer.video.parse import parse_video
        from faceparse.infer.video.writer import format_of
    except ModuleNotFoundError as error:
        if error.name != "av":
            raise
        raise MissingExtraError("av", "video") from error
    from faceparse.infer.parser import Parser
    from faceparse.infer.smoothing import SmoothingConfig
    from faceparse.infer.wild.detect import load_detector

    smoothing = SmoothingConfig(strength=smooth)
    smoothing.build()
    format_of(out)
    if str(out) != "-" and out.exists() and (out.is_dir() or (source.exists() and out.samefile(source))):
        what = "a folder" if out.is_dir() else "the video itself"
        raise UsageError(f"{out}: {what}, where a video to write is expected; choose another name")
    detect = load_detector() if faces else None
    outcome = parse_video(source, out, Parser.load(model, device, tta), write, smoothing, detect)
    if str(out) != "-":
        print(f"{outcome.num_frames} frames parsed; {out}")
    if outcome.num_without_face:
        log.warning("no face was found in %d of the %d frames", outcome.num_without_face, outcome.num_frames)
    if outcome.faults:
        name = "standard input" if str(source) == "-" else source
        reasons = "; ".join(outcome.faults)
        print(
            f"faceparse: {name}: {reasons}; the {outcome.num_frames} frames that could be decoded are written",
            file=sys.stderr,
        )
    return 1 if outcome.faults else 0
