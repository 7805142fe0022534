"""The best and the worst faces of an evaluation, as strips of photo, truth, prediction and errors."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageOps

from faceparse.data.dataset import Pair, read_pair
from faceparse.data.sampling import choose_pairs
from faceparse.evaluate import Predict
from faceparse.files import write_atomically
from faceparse.image_counts import FILE_NAME, ImageCounts, load_image_counts
from faceparse.images import write_image
from faceparse.report.content import ExamplePicture
from faceparse.report.figures import Example, pictures_of
from faceparse.types import Image

FOLDER = "examples"
NUM_EACH = 3
_SIDE, _GAP = 256, 8
_LIST = "examples.json"


def write_examples(folder: Path, predict: Predict, pairs: Sequence[Pair], counts: ImageCounts) -> None:
    """Draw the faces that score best and worst (`fscore_2025`) into `folder`: `best-1.png`, …, `examples.json`."""
    by_name = {pair.name: pair for pair in pairs}
    fscores = counts.fscores
    order = [index for index in np.argsort(fscores) if counts.names[index] in by_name and not np.isnan(fscores[index])]
    num = min(NUM_EACH, len(order) // 2)
    listed = []
    for kind, chosen in (("best", order[::-1][:num]), ("worst", order[:num])):
        for rank, index in enumerate(chosen, start=1):
            name = counts.names[index]
            image, truth = read_pair(by_name[name])
            write_image(folder / f"{kind}-{rank}.png", _strip(Example(name, image, truth, predict(image))))
            listed.append(
                {"file": f"{kind}-{rank}.png", "name": name, "fscore": fscores[index], "best": kind == "best"}
            )
    write_atomically(folder / _LIST, json.dumps(listed, indent=2) + "\n")


def draw_examples(run: Path, dataset: Path, train_splits: tuple[str, ...]) -> None:
    """Draw those of a run that has just ended: its best checkpoint parses the few faces once more."""
    import torch

    from faceparse.checkpoint import load_network
    from faceparse.infer.torch import torch_predictor

    if not (run / FILE_NAME).exists():
        return  # no evaluation was ever the best, as where every score is NaN
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network, _ = load_network(run)
    _, val_pairs = choose_pairs(dataset, train_splits)
    predict = torch_predictor(network.to(device), device)
    write_examples(run / FOLDER, predict, val_pairs, load_image_counts(run / FILE_NAME))


def read_examples(run: Path) -> list[ExamplePicture]:
    """Those that `write_examples` left in a run's folder; none where there are none, or not whole."""
    folder = run / FOLDER
    try:
        listed = json.loads((folder / _LIST).read_text())
        return [
            ExamplePicture(str(it["name"]), float(it["fscore"]), bool(it["best"]), folder / Path(it["file"]).name)
            for it in listed
            if (folder / Path(it["file"]).name).is_file()
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _strip(example: Example) -> Image:
    strip = PillowImage.new("RGB", (4 * _SIDE + 3 * _GAP, _SIDE), "white")
    for column, cell in enumerate(pictures_of(example)):
        # photos smoothly, the rest so that its colours stay the palette's
        method = PillowImage.Resampling.LANCZOS if column == 0 else PillowImage.Resampling.NEAREST
        fitted = ImageOps.pad(PillowImage.fromarray(cell), (_SIDE, _SIDE), method, color="white")
        strip.paste(fitted, (column * (_SIDE + _GAP), 0))
    return np.asarray(strip)
