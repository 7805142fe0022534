"""`serve --faces`: every face of a photo comes back with its parts."""

import base64

import numpy as np
from starlette.testclient import TestClient

from faceparse import images
from faceparse.classes import class_id
from faceparse.infer.parser import Parser
from faceparse.infer.wild.window import Window
from faceparse.web.server import build


def test_two_faces_of_a_photo_come_back_with_their_parts(two: tuple[bytes, list[Window]]):
    photo, windows = two
    with TestClient(build(Parser.load().parse_faces, faces=True), "http://127.0.0.1:8000") as client:
        assert client.get("/api/about").json()["faces"] is True
        said = client.post("/api/parse?write=json", content=photo).json()
    ids = images.read_labels(base64.b64decode(said["ids"]))
    assert [face["id"] for face in said["faces"]] == [1, 2]
    for window, face in zip(windows, said["faces"], strict=True):
        x, y = np.mean(face["square"], axis=0)
        assert np.hypot(x - window.x, y - window.y) < 0.15 * window.side
        assert abs(face["angle"] - np.rad2deg(window.angle)) < 10
        half = round(0.35 * window.side)
        middle = ids[round(y) - half : round(y) + half, round(x) - half : round(x) + half]
        for part in ("skin", "nose", "left eye", "right eye", "lower lip"):
            assert np.count_nonzero(middle == class_id(part)) > 20, part


def test_faces_are_not_spoken_of_where_they_are_not_searched(client: TestClient, photo: bytes):
    assert client.get("/api/about").json()["faces"] is False
    assert "faces" not in client.post("/api/parse?write=json", content=photo).json()
