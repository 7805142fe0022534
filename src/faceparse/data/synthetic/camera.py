"""Looking at the surface: pose, the crop that CelebA-HQ uses, and which point of the head each pixel shows.

The crop is that of Karras et al. (Progressive Growing of GANs, 2018, appendix C): a square around the eyes' midpoint moved a
tenth of the way to the mouth, its side the larger of 4 eye distances and 3.6 eye-to-mouth distances, turned upright.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32

from faceparse.data.synthetic.head import BOTTOM, NUM_ANGLES, NUM_HEIGHTS, TOP
from faceparse.data.synthetic.scene import EYE_X, MOUTH_Y, Scene

Plane = Float32[np.ndarray, "h w"]
NEAR, FAR = 0.62, -0.5
_BORDER = 4  # columns repeated at both ends, so that the back of the head has no seam


@dataclass(frozen=True)
class Camera:
    """Head to photo: `turn` rotates head points, `matrix` (2×3) maps their x, y to the photo (0 to 1)."""

    turn: np.ndarray
    matrix: np.ndarray

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Photo positions (n×2) and depths towards the viewer (n) of head points (n×3)."""
        turned = np.asarray(points) @ self.turn.T
        return turned[:, :2] @ self.matrix[:, :2].T + self.matrix[:, 2], turned[:, 2]


def aim(scene: Scene) -> Camera:
    """The camera of a scene."""
    rng = scene.rng("camera")
    sy, cy = np.sin(scene.yaw), np.cos(scene.yaw)
    sp, cp = np.sin(scene.pitch), np.cos(scene.pitch)
    sr, cr = np.sin(scene.roll), np.cos(scene.roll)
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    roll = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    turn = roll @ pitch @ yaw
    landmarks = np.array([[-EYE_X, 0, 0.245], [EYE_X, 0, 0.245], [-0.085, MOUTH_Y, 0.25], [0.085, MOUTH_Y, 0.25]])
    flat = (landmarks @ turn.T)[:, :2] + rng.normal(0, 0.003, (4, 2))
    eyes, mouth = flat[:2].mean(0), flat[2:].mean(0)
    between, down = flat[1] - flat[0], mouth - eyes
    axis = between + np.array([down[1], -down[0]])
    axis /= np.hypot(*axis)
    side = max(np.hypot(*between) * 4.0, np.hypot(*down) * 3.6) * rng.normal(1.0, 0.015)
    center = eyes + 0.1 * down
    upright = np.array([[axis[0], axis[1]], [-axis[1], axis[0]]]) / side
    return Camera(turn, np.concatenate([upright, (0.5 - upright @ center)[:, None]], 1))


@dataclass(frozen=True)
class View:
    """What each pixel shows: is it the head at all, the point in head space, its direction, depth and normal."""

    hit: Bool[np.ndarray, "h w"]
    x: Plane
    y: Plane
    z: Plane
    column: Plane
    row: Plane
    depth: Plane
    normal: Float32[np.ndarray, "h w 3"]
    """Unit vectors in camera space: right, down, towards the viewer."""

    def sample(self, field: np.ndarray) -> np.ndarray:
        """A field over directions and heights, seen by the camera."""
        return cv2.remap(wrapped(field), self.column, self.row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def wrapped(field: np.ndarray) -> np.ndarray:
    """The field with some columns repeated at its ends."""
    return np.ascontiguousarray(np.concatenate([field[:, -_BORDER:], field, field[:, :_BORDER]], 1))


def look(camera: Camera, squared: Plane, size: int) -> View:
    """Find the first point of the surface along every pixel's ray.

    Rays are marched at half the resolution first; at full resolution each starts just before the nearest hit around it.
    """
    surface = wrapped(squared)
    coarse = _march(camera, surface, size // 2, None, 26)
    start = cv2.dilate(coarse, np.ones((3, 3), np.uint8))
    start = cv2.resize(start, (size, size), interpolation=cv2.INTER_NEAREST) + 0.03
    depth = _march(camera, surface, size, start, 12)
    hit = depth > FAR
    x, y, z = _points(camera, size, depth)
    column, row, _ = _cylinder(x, y, z)
    slope_angle = cv2.Sobel(surface, cv2.CV_32F, 1, 0, scale=NUM_ANGLES / (2 * np.pi) / 8)
    slope_height = cv2.Sobel(surface, cv2.CV_32F, 0, 1, scale=(NUM_HEIGHTS - 1) / (BOTTOM - TOP) / 8)
    along = cv2.remap(slope_angle, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    down = cv2.remap(slope_height, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    along = along / np.maximum(x * x + z * z, 1e-4)
    normal = np.stack([2 * x - along * z, -down, 2 * z + along * x], -1)
    normal /= np.sqrt((normal * normal).sum(-1, keepdims=True)) + 1e-6
    return View(hit, x, y, z, column, row, depth, normal @ _image_turn(camera).T)


def _image_turn(camera: Camera) -> np.ndarray:
    """Head axes to the axes of the photo: the pose, then the crop's own rotation."""
    roll = np.eye(3)
    roll[:2, :2] = camera.matrix[:, :2] * (1 / np.hypot(*camera.matrix[0, :2]))
    return (roll @ camera.turn).astype(np.float32)


def _points(camera: Camera, size: int, depth: Plane) -> tuple[Plane, Plane, Plane]:
    """Head-space points at a depth along each pixel's ray."""
    at = ((np.arange(size) + 0.5) / size).astype(np.float32)
    inverse = np.linalg.inv(camera.matrix[:, :2])
    shift = -inverse @ camera.matrix[:, 2]
    plane = camera.turn[:2].T @ np.concatenate(
        [inverse, shift[:, None]], 1
    )  # head = plane · (u, v, 1) + towards · depth
    plane, towards = plane.astype(np.float32), camera.turn[2].astype(np.float32)
    u, v = at[None], at[:, None]
    return tuple(plane[k, 0] * u + (plane[k, 1] * v + plane[k, 2]) + towards[k] * depth for k in range(3))  # type: ignore[return-value]


def _cylinder(x: Plane, y: Plane, z: Plane) -> tuple[Plane, Plane, Plane]:
    """Column and row in a wrapped field, and the distance from the axis."""
    distance, angle = cv2.cartToPolar(z, x)  # 0 to 2π, from the front
    angle = np.where(angle > np.pi, angle - np.float32(2 * np.pi), angle)
    column = (angle + np.float32(np.pi)) * np.float32(NUM_ANGLES / (2 * np.pi)) + np.float32(_BORDER)
    row = (y - np.float32(TOP)) * np.float32((NUM_HEIGHTS - 1) / (BOTTOM - TOP))
    return column, row, distance


def _march(camera: Camera, surface: Plane, size: int, start: Plane | None, num_steps: int) -> Plane:
    """Depth of the first hit of each ray, FAR where there is none. Steps shrink with the distance to the surface."""
    depth = np.full((size, size), NEAR, np.float32) if start is None else start.copy()
    outside = np.full((size, size), NEAR, np.float32)
    inside = np.full((size, size), FAR, np.float32)
    for _ in range(num_steps):
        x, y, z = _points(camera, size, depth)
        column, row, distance = _cylinder(x, y, z)
        squared = cv2.remap(surface, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        gap = distance - np.sqrt(np.maximum(squared, 0))
        found = gap < 0
        inside = np.where(found, np.maximum(inside, depth), inside)
        outside = np.where(found, outside, np.minimum(outside, depth))
        step = np.clip(gap * 0.75, 0.006, 0.07)
        depth = np.where(inside > FAR, 0.5 * (inside + np.minimum(outside, inside + 0.08)), depth - step)
    return np.where(inside > FAR, inside, np.float32(FAR))
