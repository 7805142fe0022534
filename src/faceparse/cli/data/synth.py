"""`faceparse data synth`: faces that are drawn."""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from faceparse.console import log
from faceparse.errors import UsageError

Out = Annotated[Path, tyro.conf.arg(metavar="OUT")]


def synth(
    out: Out, /, num: int = 100, size: int = 512, seed: int = 0, layout: Literal["challenge", "raw"] = "challenge"
) -> int:
    """Draw faces with their label maps, as many as you like: data without a licence to sign.

    Example: faceparse data synth made --num 200 --size 256

    Args:
        out: the dataset's folder to write
        num: labelled faces; a challenge layout has them 80 : 20 in train/ and val/, and photos alone in test/
        size: height and width of the label maps, in pixels
        seed: the same seed draws the same faces
        layout: train/images/ with train/masks/, or one picture per part as raw CelebAMask-HQ has it
    """
    if seed < 0:
        raise UsageError(f"--seed {seed} is negative; give 0 or more")
    from faceparse.data.synthetic import layouts

    write = layouts.write_challenge if layout == "challenge" else layouts.write_raw
    write(out, num, size, seed)
    log.info("%s: %d labelled faces are ready", out, num)
    return 0
