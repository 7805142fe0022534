"""Parse one photo in Python: how much of it each part takes, the hair cut out, and a mirrored check of left and right.

    python examples/parse_photo.py me.jpg parsed

Writes `parsed/overlay.png` and, where there is hair, `parsed/hair.png`. Needs no PyTorch.
"""

import argparse
from pathlib import Path

import faceparse
from faceparse import images
from faceparse.classes import mirror_lookup


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("photo", type=Path)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--model", default="compact")
    options = arguments.parse_args()

    parser = faceparse.Parser.load(options.model)
    parsed = parser(options.photo)
    for name in parsed.parts:
        print(f"{name:<12} {parsed.part(name).mean():6.1%} of the photo")

    images.write_image(options.out / "overlay.png", parsed.overlay())
    if "hair" in parsed.parts:
        images.write_image(options.out / "hair.png", parsed.cut_out("hair"))

    # The mirrored photo, parsed and mirrored back: a left eye must come out as a left eye once the ids are exchanged
    mirrored = parser(parsed.image[:, ::-1])
    back = mirror_lookup()[mirrored.labels[:, ::-1]]
    print(f"the mirrored photo gives the same labels at {(back == parsed.labels).mean():.1%} of its pixels")


if __name__ == "__main__":
    main()
