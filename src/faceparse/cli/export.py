"""`faceparse export MODEL OUT.onnx`."""

from pathlib import Path
from typing import Annotated

import tyro

from faceparse.cli.arguments import call
from faceparse.errors import UsageError


def main(arguments: list[str]) -> int:
    """Write a trained network as ONNX."""
    return call(export, arguments, "export")


def export(
    model: Annotated[Path, tyro.conf.arg(metavar="MODEL")],
    out: Annotated[Path, tyro.conf.arg(metavar="OUT")],
    /,
    half: bool = False,
    int8: bool = False,
) -> int:
    """Write a model as ONNX and say how far it is from PyTorch on made faces. Any number of photos of any size go in.

    Example: faceparse export runs/compact compact.onnx

    Args:
        model: run folder, checkpoint folder or shipped name.
        out: the file to write; its name ends in .onnx.
        half: keep the weights in float16: half the file; what is computed stays float32.
        int8: keep the weights in int8, a quarter of the file; what is computed stays float32.
    """
    if out.suffix != ".onnx":
        raise UsageError(f"{out}: the name of the file to write must end in .onnx")
    if half and int8:
        raise UsageError("--half and --int8: a file keeps its weights in one of them; choose one")
    from faceparse.checkpoint import load_network
    from faceparse.console import results
    from faceparse.export import NUM_FACES, export_onnx
    from faceparse.infer import weights

    network, _ = load_network(weights.find(str(model)))
    parity = export_onnx(network, out, weights="float16" if half else "int8" if int8 else "float32")
    results.print(
        f"{out}: {out.stat().st_size / 1e6:.1f} MB; on {NUM_FACES} made faces {parity.labels:.4%} of labels differ "
        f"from PyTorch's, and probabilities by {parity.probabilities:.1e} at most",
        markup=False,
        soft_wrap=True,
    )
    return 0
