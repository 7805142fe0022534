"""Parse a photo of a face: python3 run.py --input IMAGE.jpg --output MASK.png --weights ckpt.pth

The mask is a PNG with a palette (mode P) whose pixel values are the ids of CelebAMask-HQ's 19 classes, at the photo's
own size. A folder of photos becomes a folder of masks, each exactly as it would come out alone.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from build import build  # type: ignore[import-not-found]  # lies beside this file, written when it was packed
from PIL import Image, ImageOps

LONGEST_SIDE = 1024
"""The network sees no photo larger than this: it works at a fixed size inside, and memory stays bounded."""

MIRROR = [0, 1, 2, 3, 5, 4, 7, 6, 9, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18]
"""The class that each class becomes when a photo is mirrored: left and right are the person's own."""

FIRST_COLORS = (
    (0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128), (128, 0, 128), (0, 128, 128), (128, 128, 128),
    (64, 0, 0), (191, 0, 0), (64, 128, 0), (191, 128, 0), (64, 0, 128), (191, 0, 128), (64, 128, 128), (191, 128, 128),
)  # fmt: skip
PALETTE = [value for color in FIRST_COLORS for value in color] + [grey for grey in range(16, 256) for _ in range(3)]

PHOTOS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


def read_photo(path: Path) -> Image.Image:
    """A photo of any mode as upright RGB; transparency is laid over white, 16-bit grey is scaled to 8 bits."""
    with Image.open(path) as picture:
        upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith("I") or upright.mode == "F":
        grey = np.nan_to_num(np.asarray(upright, dtype=np.float32))
        top = 65535 if upright.mode.startswith("I;16") or grey.max(initial=0) > 255 else 255
        return Image.fromarray(np.clip(np.rint(grey * np.float32(255 / top)), 0, 255).astype(np.uint8)).convert("RGB")
    if upright.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in upright.info:
        upright = upright.convert("LA" if upright.mode == "La" else "RGBA").convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright)
    return upright.convert("RGB")


@torch.inference_mode()
def probabilities(network: torch.nn.Module, photo: Image.Image, device: torch.device, flip: bool) -> torch.Tensor:
    """Per class, `19 h w`; with `flip` the mean of the photo's and its mirror image's, left and right exchanged."""
    pixels = torch.from_numpy(np.array(photo)).to(device)
    image = pixels.permute(2, 0, 1)[None].float() / 255
    found = network(image)[0].softmax(0)
    if flip:
        mirrored = network(image.flip(3))[0].softmax(0)
        found = (found + mirrored.flip(2)[MIRROR]) / 2
    return found


def parse(network: torch.nn.Module, photo: Image.Image, device: torch.device, flip: bool) -> np.ndarray:
    """The class id of every pixel, uint8 at the photo's own size."""
    seen = photo
    if max(photo.size) > LONGEST_SIDE:
        scale = LONGEST_SIDE / max(photo.size)
        size = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
        seen = photo.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    found = probabilities(network, seen, device, flip).cpu().numpy()
    if seen is photo:
        return found.argmax(0).astype(np.uint8)
    labels = np.zeros((photo.height, photo.width), np.uint8)
    best = np.zeros(labels.shape, np.float32)
    for index, plane in enumerate(found):  # one at a time: all of them at a large photo's size fill the memory
        full = np.asarray(Image.fromarray(plane).resize(photo.size, Image.Resampling.BILINEAR))
        labels[full > best] = index
        np.maximum(best, full, out=best)
    return labels


def write_mask(labels: np.ndarray, path: Path) -> None:
    """A PNG of ids with the challenge's palette."""
    mask = Image.fromarray(labels)
    mask.putpalette(PALETTE)
    path.parent.mkdir(parents=True, exist_ok=True)
    mask.save(path, "PNG", optimize=True)


def make_repeatable() -> None:
    """The same mask each time on one machine, however many cores are free and whatever ran before."""
    torch.set_num_threads(1)
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


def main() -> None:
    """Read the command line, load the weights, parse."""
    here = Path(__file__).resolve().parent
    options = argparse.ArgumentParser(description="Parse a photo of a face, or a folder of them.")
    options.add_argument("--input", type=Path, required=True, help="photo, or a folder of photos")
    options.add_argument("--output", type=Path, required=True, help="mask to write, or a folder for masks")
    options.add_argument("--weights", type=Path, default=here / "ckpt.pth", help="the checkpoint")
    options.add_argument("--device", choices=("cpu", "cuda"), help="where to compute; else where masks/ were made")
    given = options.parse_args()

    make_repeatable()
    checkpoint = torch.load(given.weights, map_location="cpu", weights_only=True)
    # Masks of a CPU and a GPU may differ in a few pixels: what made those beside this file is taken, if it is there
    wanted = given.device or checkpoint["device"]
    device = torch.device("cuda" if wanted == "cuda" and torch.cuda.is_available() else "cpu")
    network = build()
    network.load_state_dict(checkpoint["state_dict"])
    network.to(device).eval()

    jobs = [(given.input, given.output)]
    if given.input.is_dir():
        photos = sorted(path for path in given.input.iterdir() if path.suffix.lower() in PHOTOS)
        jobs = [(photo, given.output / f"{photo.stem}.png") for photo in photos]
    for photo, mask in jobs:
        write_mask(parse(network, read_photo(photo), device, checkpoint["flip"]), mask)
        print(mask, flush=True)


if __name__ == "__main__":
    main()
