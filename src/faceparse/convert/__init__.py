"""Weights of other programs as networks of ours.

`from_mmseg` takes MMSegmentation's. It asks for each entry of our network what MMSegmentation calls it, so that what
is missing can be told in MMSegmentation's words. The answer comes from rules (`rules.py`): a pattern in our name, what
to write in its place, and where the tensors differ (another order of channels, one part of a fused weight) a function
that makes ours of theirs. All rules of a network are applied to a name, one after another, in their order.

One module a family of networks holds its rules (`resnet.py`, …): `RULES`, a tuple of `Rule`. `families.py` tells which
rules a network needs, by its name in `faceparse.models.CONFIGS`. Our names are those of `network.body`'s entries. Two
things are renamed before any rule: in every `ConvNormAct`, `0` and `1` become `conv` and `bn`; in every
`PixelClassifier`, the module itself becomes `conv_seg`. Entries of ours that are not floating-point (counters, index
tables) may be missing there, and theirs that we lack are ignored.
"""

from .mmseg import from_mmseg

__all__ = ["from_mmseg"]
