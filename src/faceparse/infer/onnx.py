"""A network as an ONNX file, run by onnxruntime.

The file holds everything between a photo and its labels: `image` uint8 (n, h, w, 3) RGB goes in; `labels` uint8
(n, h, w) and `probabilities` float32 (n, 19, h, w) come out, at the photo's own size. Files of `faceparse export` have
two inputs with defaults besides, `scale` and `with_probabilities`; files without them are run as they are.
"""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from faceparse.classes import NUM_CLASSES
from faceparse.cores import num_cores
from faceparse.errors import DataError, FaceparseError, UsageError
from faceparse.types import Float32, Images, LabelMaps

if TYPE_CHECKING:
    import onnxruntime

log = logging.getLogger(__name__)

Device = Literal["auto", "cpu", "cuda"]
_CUDA = "CUDAExecutionProvider"
_SCALE, _WITH_PROBABILITIES = "scale", "with_probabilities"
_CONTRACT = {
    "image": ("tensor(uint8)", (None, None, None, 3)),
    "labels": ("tensor(uint8)", (None, None, None)),
    "probabilities": ("tensor(float)", (None, NUM_CLASSES, None, None)),
}
"""Type and shape by name; None stands for any size."""


class OnnxNetwork:
    """A face parser in an ONNX file.

    Args:
        path: the file.
        device: `auto` takes a CUDA GPU where the installed onnxruntime can use one, and the CPU otherwise.

    Raises:
        DataError: not there, not ONNX, or a network with other inputs and outputs than ours.
        UsageError: `cuda` where there is none, or no device of this name.
    """

    def __init__(self, path: Path, device: Device = "auto"):
        if device not in get_args(Device):
            raise UsageError.unknown("device", device, get_args(Device))
        self.path = path
        self._session = _open(path, device)
        _check(self._session, path)
        self._options = {value.name for value in self._session.get_overridable_initializers()}

    @property
    def takes_scales(self) -> bool:
        """Whether the network can be asked to work at another size than its usual one."""
        return _SCALE in self._options

    def labels(self, images: Images) -> LabelMaps:
        """Label maps of some photos of one size; what only probabilities need is not computed.

        Raises:
            FaceparseError: the network failed, as when memory runs out.
        """
        # onnxruntime runs all of a graph, whatever is fetched
        without = {_WITH_PROBABILITIES: np.asarray(False)} if _WITH_PROBABILITIES in self._options else {}
        return self._run("labels", images, without)

    def probabilities(self, images: Images, scale: float = 1.0) -> Float32[np.ndarray, "num 19 height width"]:
        """Probabilities of some photos of one size; errors as for `labels`.

        Args:
            scale: the network works at so many times its usual size; other than 1 only where it `takes_scales`.
        """
        return self._run("probabilities", images, {} if scale == 1 else {_SCALE: np.asarray(scale, np.float64)})

    def _run(self, output: str, images: Images, options: dict[str, np.ndarray]) -> np.ndarray:
        try:
            return np.asarray(self._session.run([output], {"image": images, **options})[0])
        except Exception as error:  # onnxruntime's own family, which shares no other parent
            raise FaceparseError(f"{self.path}: the network failed on {images.shape}: {_first_line(error)}") from error


def _open(path: Path, device: Device) -> "onnxruntime.InferenceSession":
    import onnxruntime

    # its complaints come as exceptions as well, which we turn into sentences: standard error stays ours
    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = num_cores()
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.enable_mem_pattern = False  # plans for one size, while photos differ: a third more memory for no speed
    providers = ["CPUExecutionProvider"]
    if device != "cpu" and _CUDA in onnxruntime.get_available_providers():
        providers.insert(0, _CUDA)
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:
        if not path.is_file():
            raise DataError(f"{path}: no such file, where an ONNX model is expected") from error
        raise DataError(f"{path}: not a readable ONNX model ({_first_line(error)})") from error
    if _CUDA not in session.get_providers():
        if device == "cuda":
            raise UsageError("no CUDA device that onnxruntime can use; install onnxruntime-gpu, or take --device cpu")
        if _CUDA in providers:
            log.warning("onnxruntime offers CUDA but could not start it; the CPU is used")
    return session


def _check(session: "onnxruntime.InferenceSession", path: Path) -> None:
    """Refuse a network that is no face parser of ours before it meets a photo."""
    found = {value.name: value for value in (*session.get_inputs(), *session.get_outputs())}
    if found.keys() != _CONTRACT.keys() or len(session.get_inputs()) != 1:
        raise DataError(
            f"{path}: takes and gives {', '.join(found)}, where a face parser takes image and gives labels and "
            "probabilities; make one with: faceparse export"
        )
    for name, (kind, shape) in _CONTRACT.items():
        given = [size if isinstance(size, int) else None for size in found[name].shape]
        fits = len(given) == len(shape) and all(
            have == want or have is None for have, want in zip(given, shape, strict=True)
        )
        if found[name].type != kind or not fits:
            raise DataError(
                f"{path}: {name} is {found[name].type} {tuple(found[name].shape)}, where a face parser has {kind} "
                f"of {tuple('any' if size is None else size for size in shape)}; make one with: faceparse export"
            )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
