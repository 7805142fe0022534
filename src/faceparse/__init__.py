"""faceparse labels the parts of a face, pixel by pixel, in the 19 classes of CelebAMask-HQ."""

from typing import TYPE_CHECKING

from faceparse.classes import CLASSES, NUM_CLASSES, PALETTE
from faceparse.errors import FaceparseError

if TYPE_CHECKING:
    from faceparse.infer.parser import Parsed, Parser

__version__ = "0.1.0"
__all__ = ["CLASSES", "NUM_CLASSES", "PALETTE", "FaceparseError", "Parsed", "Parser", "__version__"]


def __getattr__(name: str) -> object:
    # onnxruntime is loaded when a parser is asked for, not before
    if name in ("Parsed", "Parser"):
        from faceparse.infer import parser

        return getattr(parser, name)
    raise AttributeError(f"module 'faceparse' has no attribute '{name}'")
