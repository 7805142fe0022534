"""Parse one photo with an ONNX file and no faceparse: how much of it each part takes, and its ids as a PNG.

    pip install numpy pillow onnxruntime
    python examples/parse_onnx.py src/faceparse/infer/weights/compact/model.onnx me.jpg ids.png

The network takes the photo as it is, of any size; names and colours of the classes are in the file.
"""

import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

model, photo, out = sys.argv[1:]
onnxruntime.set_default_logger_severity(3)  # it warns that the file has inputs that may be left out
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
image = np.asarray(ImageOps.exif_transpose(Image.open(photo)).convert("RGB"))
labels = session.run(["labels"], {"image": image[None]})[0][0]  # "probabilities": 19 numbers a pixel

about = session.get_modelmeta().custom_metadata_map
for number, name in enumerate(about["classes"].split(",")):
    if share := (labels == number).mean():
        print(f"{name} {share:.1%}")
ids = Image.fromarray(labels)
ids.putpalette(bytes.fromhex(about["palette"].replace("#", "").replace(",", "")))
ids.save(out)
