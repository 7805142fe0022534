"""Made faces: photos of heads that nobody has, with exact label maps, at any size and from a seed.

`generate.make_face` is the one function that matters; `layouts` writes data sets of made faces to disk. A face is
sampled as numbers (`scene`), built as a surface around an axis (`head`, `hair`, `accessories`), looked at by a camera
that crops as CelebA-HQ was cropped (`camera`), painted (`features`, `paint`, `clothes`, `backdrop`) and photographed
(`photo`). Photo and label map come from the same masks, so the labels are exact.
"""

from faceparse.data.synthetic.generate import make_face
from faceparse.data.synthetic.layouts import write_challenge, write_raw

__all__ = ["make_face", "write_challenge", "write_raw"]
