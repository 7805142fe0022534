"""One made face from a seed: the photo and its exact label map."""

import cv2
import numpy as np

from faceparse.classes import class_id
from faceparse.data.synthetic.backdrop import paint_backdrop
from faceparse.data.synthetic.camera import View, aim, look
from faceparse.data.synthetic.canvas import Canvas
from faceparse.data.synthetic.clothes import paint_shoulders
from faceparse.data.synthetic.ears import paint_ears, place_ears
from faceparse.data.synthetic.features import LEFT, UPPER, paint_features
from faceparse.data.synthetic.glasses import paint_glasses
from faceparse.data.synthetic.hair import grow_hair
from faceparse.data.synthetic.hats import paint_brim, see_hat, wear_hat
from faceparse.data.synthetic.head import Head, build_head
from faceparse.data.synthetic.jewelry import paint_earrings, paint_necklace
from faceparse.data.synthetic.light import set_light, shade
from faceparse.data.synthetic.noise import smoothstep
from faceparse.data.synthetic.occluders import paint_occluder
from faceparse.data.synthetic.photo import take_photo
from faceparse.data.synthetic.scene import Scene, sample_scene
from faceparse.data.synthetic.strands import paint_flyaways, see_hair
from faceparse.types import Image, Labels

MIN_SIZE, MAX_SIZE = 64, 2048
_LEAST = 128
"""Smaller faces are made at this size and reduced: below it, strands and lids fall between the pixels."""


def make_face(seed: int, index: int, size: int) -> tuple[Image, Labels]:
    """Make a face: photo (size, size, 3) RGB and label map (size, size) of ids.

    A pure function: the same seed and index give the same face on any run, and at any `size` (64 to 2048) the same
    but for what the grid of pixels makes of its edges. The label of a pixel is that of the foremost shape which covers
    more than half of it in the photo.
    """
    scene = sample_scene(np.random.default_rng((seed, index)))
    if size >= _LEAST:
        return _render(scene, size)
    times = -(-_LEAST // size)
    image, labels = _render(scene, size * times)
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA), labels[
        times // 2 :: times, times // 2 :: times
    ].copy()


def _render(scene: Scene, size: int) -> tuple[Image, Labels]:
    head = build_head(scene)
    hair = grow_hair(scene, head)
    hat = wear_hat(scene, head.radius, hair.radius)
    camera = aim(scene)
    view = look(camera, (hair if hat is None else hat).radius ** 2, size)
    light = set_light(scene)

    color, labels = _paint_head(scene, head, view, size)
    seen = see_hair(scene, head, hair, view)
    color += seen.cover[..., None] * (seen.color - color)
    labels[seen.cover > 0.5] = class_id("hair")
    shaded = cv2.GaussianBlur(seen.cover, (0, 0), 0.012 * size) * (1 - seen.cover)
    color *= 1 - np.float32(0.5) * shaded[..., None]
    matte = seen.cover
    if hat is not None:
        cover, cloth = see_hat(scene, hat, view)
        color += cover[..., None] * (cloth - color)
        labels[cover > 0.5] = class_id("hat")
        matte = np.maximum(matte, cover)
    total, shine = shade(light, view, matte, seen.gloss)
    lit = color * color * total + shine[..., None]
    lit = np.sqrt(np.clip(lit / (1 + 0.22 * lit), 0, None))  # bright parts roll off, as on film
    labels[~view.hit] = 0
    edge = cv2.GaussianBlur(view.hit.astype(np.float32), (0, 0), 0.6)[..., None] * view.hit[..., None]
    behind = paint_backdrop(scene, size)
    picture = Canvas((behind + edge * (lit - behind)).astype(np.float32), labels, float(size), (0, 0))

    paint_flyaways(picture, scene, hair, camera)
    ears = place_ears(scene, head, hair)
    paint_ears(picture, scene, ears, camera, view, light)
    paint_shoulders(picture, scene, camera, view, light)
    paint_necklace(picture, scene, camera)
    paint_glasses(picture, scene, camera, view)
    paint_earrings(picture, scene, ears, camera, view)
    if hat is not None:
        paint_brim(picture, scene, hat, camera, view, light)
    paint_occluder(picture, scene, light)
    return take_photo(picture.color, scene), picture.labels


def _paint_head(scene: Scene, head: Head, view: View, size: int) -> tuple[np.ndarray, Labels]:
    """The bare head's colours and labels: the flat painting of the face projected onto it, and the neck."""
    flat = paint_features(scene, size)
    u = (view.x - np.float32(LEFT)) * np.float32(flat.scale) - 0.5
    v = (view.y - np.float32(UPPER)) * np.float32(flat.scale) - 0.5
    color = cv2.remap(flat.color, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    labels = cv2.remap(
        flat.labels, u, v, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=class_id("skin")
    )
    behind = view.z < 0
    labels[behind] = class_id("skin")
    color[behind] = scene.skin
    neck = view.sample(head.neck)
    labels[neck > 0.5] = class_id("neck")
    throat = neck * smoothstep(0.58, 0.4, view.y)
    color *= 1 - np.float32(scene.rng("throat").uniform(0.1, 0.55)) * throat[..., None]
    return color, labels
