"""`faceparse export MODEL OUT.onnx`."""

from pathlib import Path

from faceparse.cli.arguments import call
from faceparse.errors import UsageError


def main(arguments: list[str]) -> int:
    """Write a trained network as ONNX."""
    return call(export, arguments, "export")


def export(model: Path, out: Path, /, half: bool = False) -> int:
    """Write a model as ONNX and check that it gives what PyTorch gives.

    Example: faceparse export runs/compact compact.onnx

    Args:
        model: run folder, checkpoint folder or shipped name.
        out: the file to write; its name ends in .onnx.
        half: keep the weights in float16: half the file; what is computed stays float32.
    """
    if out.suffix != ".onnx":
        raise UsageError(f"{out}: the name of the file to write must end in .onnx")
    from faceparse.checkpoint import load_network
    from faceparse.console import results
    from faceparse.export import export_onnx
    from faceparse.infer import weights

    network, _ = load_network(weights.find(str(model)))
    parity = export_onnx(network, out, half=half)
    results.print(
        f"{out}: {out.stat().st_size / 1e6:.1f} MB; against PyTorch {parity.labels:.4%} of labels and at most "
        f"{parity.probabilities:.1e} of a probability differ",
        markup=False,
    )
    return 0
