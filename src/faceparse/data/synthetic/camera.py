"""Looking at the surface: pose, the crop that CelebA-HQ uses, and which point of the head each pixel shows.

The crop is that of Karras et al. (Progressive Growing of GANs, 2018, appendix C): a square around the eyes' midpoint
moved a tenth of the way to the mouth, its side the larger of 4 eye distances and 3.6 eye-to-mouth distances, turned
upright.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32

from faceparse.data.synthetic.head import BOTTOM, NUM_ANGLES, NUM_HEIGHTS, TOP
from faceparse.data.synthetic.scene import EYE_X, MOUTH_Y, Scene

Plane = Float32[np.ndarray, "h w"]
Rays = Float32[np.ndarray, "*rays"]
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
    flat[2:, 1] += rng.normal(0, 0.01)
    eyes, mouth = flat[:2].mean(0), flat[2:].mean(0)
    between, down = flat[1] - flat[0], mouth - eyes
    axis = between + np.array([down[1], -down[0]])
    axis /= np.hypot(*axis)
    side = max(np.hypot(*between) * 4.0, np.hypot(*down) * 3.6) * rng.normal(1.0, 0.015)
    center = eyes + 0.1 * down - np.array([0, 0.006])
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

    Rays are marched at a quarter of the resolution first; at full resolution each starts just before the nearest hit
    around it, and those with none around them are left out.
    """
    surface = wrapped(squared)
    plane = _ray_plane(camera)
    coarse_size = max(size // 4, 32)
    coarse = _march(camera, plane, surface, _pixels(coarse_size), np.full(coarse_size**2, NEAR, np.float32), 0.012)
    near = cv2.dilate(coarse.reshape(coarse_size, coarse_size), np.ones((3, 3), np.uint8))
    start = cv2.resize(near, (size, size), interpolation=cv2.INTER_NEAREST).ravel()
    rays = np.flatnonzero(start > FAR)
    pixels = _pixels(size)
    depth = np.full(size * size, FAR, np.float32)
    depth[rays] = _march(camera, plane, surface, pixels[:, rays], start[rays] + np.float32(0.03), 0.006)
    depth = depth.reshape(size, size)
    hit = depth > FAR
    u, v = pixels.reshape(2, size, size)
    x, y, z = _points(camera, plane, u, v, depth)
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


def _pixels(size: int) -> np.ndarray:
    """Photo positions (2, size²) of the pixels' centres, row by row."""
    at = ((np.arange(size) + 0.5) / size).astype(np.float32)
    return np.stack([np.tile(at, size), np.repeat(at, size)])


def _ray_plane(camera: Camera) -> np.ndarray:
    """3×3: head-space point at depth 0 = plane · (u, v, 1)."""
    inverse = np.linalg.inv(camera.matrix[:, :2])
    shift = -inverse @ camera.matrix[:, 2]
    return (camera.turn[:2].T @ np.concatenate([inverse, shift[:, None]], 1)).astype(np.float32)


def _points(camera: Camera, plane: np.ndarray, u: Rays, v: Rays, depth: Rays) -> tuple[Rays, Rays, Rays]:
    """Head-space points at a depth along rays."""
    towards = camera.turn[2].astype(np.float32)
    x, y, z = (plane[k, 0] * u + plane[k, 1] * v + plane[k, 2] + towards[k] * depth for k in range(3))
    return x, y, z


def _cylinder(x: Rays, y: Rays, z: Rays) -> tuple[Rays, Rays, Rays]:
    """Column and row in a wrapped field, and the distance from the axis."""
    angle = np.arctan2(x, z)
    column = (angle + np.float32(np.pi)) * np.float32(NUM_ANGLES / (2 * np.pi)) + np.float32(_BORDER)
    row = (y - np.float32(TOP)) * np.float32((NUM_HEIGHTS - 1) / (BOTTOM - TOP))
    return column, row, np.sqrt(x * x + z * z)


def _march(camera: Camera, plane: np.ndarray, surface: Plane, pixels: np.ndarray, start: Rays, least: float) -> Rays:
    """Depth of the first hit of each ray, FAR where there is none.

    Steps shrink with the distance to the surface, to `least` at the smallest; what has hit is then halved to a
    point. Rays that are done are dropped every few steps.
    """
    result = np.full(len(start), FAR, np.float32)
    alive = np.arange(len(start))
    u, v = pixels
    depth, outside, inside = start.copy(), start + np.float32(least), np.full(len(start), FAR, np.float32)
    for step in range(64):
        if step % 5 == 4:
            found = inside > FAR
            done = found & (outside - inside < 0.0015)
            result[alive[found]] = inside[found]
            keep = np.flatnonzero(~done & (found | (depth > FAR)))
            if len(keep) == 0:
                break
            alive, u, v, depth, outside, inside = (
                alive[keep],
                u[keep],
                v[keep],
                depth[keep],
                outside[keep],
                inside[keep],
            )
        x, y, z = _points(camera, plane, u, v, depth)
        column, row, distance = _cylinder(x, y, z)
        squared = _look_up(surface, column, row)
        gap = distance - np.sqrt(np.maximum(squared, 0))
        within = gap < 0
        inside = np.where(within, depth, inside)
        outside = np.where(within, outside, depth)
        stepped = depth - np.clip(gap * np.float32(0.8), np.float32(least), np.float32(0.07))
        depth = np.where(inside > FAR, np.float32(0.5) * (inside + outside), stepped)
    return result


def _look_up(surface: Plane, column: Rays, row: Rays) -> Rays:
    """Bilinear values; rays are folded into rows of 256, as OpenCV takes no line longer than 32767."""
    count = len(column)
    folded = np.zeros((2, -(-count // 256) * 256), np.float32)
    folded[0, :count], folded[1, :count] = column, row
    columns, rows = folded.reshape(2, -1, 256)
    return cv2.remap(surface, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).ravel()[:count]
