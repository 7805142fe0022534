"""How much of a coloured mask that was saved as JPEG comes back? Made faces, 512², official colours.

Pixels whose class is right, by the nearest colour and by `nearest_labels` at tolerance 12, and what it says of itself:
pixels that it settled by their neighbours and pixels that it left undecided. Pillow's JPEG: hue at half resolution
(4:2:0), as most programs save, and at full (4:4:4). The rarest classes are shown apart, for borders are most of them.

python benchmarks/jpeg_masks.py
"""

import io

import numpy as np
from PIL import Image

from faceparse.classes import PALETTE, class_id
from faceparse.data.conversions.colors import nearest_labels
from faceparse.data.conversions.palettes import find_palette
from faceparse.data.synthetic import make_face

NUM_FACES, SIZE, TOLERANCE = 24, 512, 12.0
THIN = [
    class_id(name)
    for name in ("eye glasses", "left eye", "right eye", "left brow", "right brow", "earring", "necklace")
]


def saved(labels: np.ndarray, quality: int, subsampling: int) -> np.ndarray:
    """A label map in colours as JPEG gives it back."""
    buffer = io.BytesIO()
    Image.fromarray(PALETTE[labels]).save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return np.array(Image.open(buffer))


def nearest(picture: np.ndarray) -> np.ndarray:
    """The nearest official colour of every pixel."""
    colors, place = np.unique(picture.reshape(-1, 3), axis=0, return_inverse=True)
    distances = ((colors[:, None].astype(np.int32) - PALETTE) ** 2).sum(axis=-1)
    return distances.argmin(axis=-1)[place].reshape(picture.shape[:2])


def main() -> None:
    """Print the table."""
    maps = [make_face(3, index, SIZE)[1] for index in range(NUM_FACES)]
    print("| JPEG | nearest colour | ours | ours, thin parts (nearest) | settled by neighbours | left undecided |")
    print("|---|---|---|---|---|---|")
    for subsampling, chroma in ((2, "4:2:0"), (0, "4:4:4")):
        for quality in (75, 90, 95):
            rows = []
            for labels in maps:
                picture = saved(labels, quality, subsampling)
                plain = nearest(picture) == labels
                read, undecided = nearest_labels(picture, find_palette("official"), TOLERANCE)
                thin = np.isin(labels, THIN)
                left = undecided.left / labels.size
                right = read == labels
                rows.append(
                    (plain.mean(), right.mean(), right[thin].mean(), plain[thin].mean(), undecided.share - left, left)
                )
            plain, ours, thin, plain_thin, settled, left = np.mean(rows, axis=0)
            told = f"{thin:.2%} ({plain_thin:.2%}) | {settled:.2%} | {left:.4%}"
            print(f"| {quality}, {chroma} | {plain:.2%} | {ours:.2%} | {told} |")


if __name__ == "__main__":
    main()
