"""Zips that are broken in one way each are refused for the right reason; the whole one is not refused."""

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from faceparse.challenge.check import check_zip
from faceparse.challenge.rules import find_challenge
from faceparse.classes import PALETTE
from faceparse.errors import DataError
from faceparse.images import list_images
from stand_ins import faceparse

Contents = dict[str, bytes]
Breaking = Callable[[Contents], None]


def _first(contents: Contents) -> str:
    return next(name for name in contents if name.startswith("masks/"))


def _labels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)))


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _official(labels: np.ndarray) -> Image.Image:
    picture = Image.fromarray(labels)
    picture.putpalette(PALETTE.tobytes())
    return picture


def _remask(change: Callable[[np.ndarray], Image.Image]) -> Breaking:
    def breaking(contents: Contents) -> None:
        for name in [name for name in contents if name.startswith("masks/")]:
            labels = _labels(contents[name]).copy()
            labels[:4, :8] = np.arange(8)  # several classes, whatever the random weights gave
            contents[name] = _png(change(labels))

    return breaking


def _over(labels: np.ndarray) -> Image.Image:
    labels[0, 0] = 20
    return _official(labels)


def _renamed(change: Callable[[str], str]) -> Breaking:
    def breaking(contents: Contents) -> None:
        renamed = {change(name): content for name, content in contents.items()}
        contents.clear()
        contents.update(renamed)

    return breaking


def _added(name: str, content: bytes = b"x") -> Breaking:
    return lambda contents: contents.update({name: content})


def _removed(name: str) -> Breaking:
    def breaking(contents: Contents) -> None:
        del contents[_first(contents) if name == "a mask" else name]

    return breaking


def _saved(value: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def _checkpoint(make: Callable[[dict], object]) -> Breaking:
    def breaking(contents: Contents) -> None:
        loaded = torch.load(io.BytesIO(contents["solution/ckpt.pth"]), weights_only=True)
        contents["solution/ckpt.pth"] = _saved(make(loaded))

    return breaking


class _RunsCode:
    def __reduce__(self) -> tuple:
        return exec, ("raise SystemExit('code in a checkpoint was run')",)


def _code(old: str, new: str, name: str = "solution/run.py") -> Breaking:
    def breaking(contents: Contents) -> None:
        text = contents[name].decode()
        assert old in text
        contents[name] = text.replace(old, new).encode()

    return breaking


def _cut(contents: Contents) -> None:
    name = _first(contents)
    contents[name] = contents[name][:-40]


BROKEN: dict[str, tuple[Breaking, str, str]] = {
    "wrapping folder": (_renamed(lambda n: f"team/{n}"), "layout", "wrapping folder team/"),
    "__MACOSX": (_added("__MACOSX/masks/._1.png"), "litter", "__MACOSX"),
    "hidden file": (_added("masks/.DS_Store"), "litter", ".DS_Store"),
    "folder of another name": (_renamed(lambda n: n.replace("masks/", "mask/")), "layout", "mask lies where only"),
    "file at the root": (_added("notes.txt"), "layout", "notes.txt lies where only"),
    "masks in a deeper folder": (_added("masks/more/1.png"), "layout", "folders within masks/"),
    "coloured masks": (_remask(lambda m: Image.fromarray(PALETTE[m])), "channels", "of mode RGB"),
    "RGBA masks": (_remask(lambda m: _official(m).convert("RGBA")), "channels", "of mode RGBA"),
    "coded by colour": (
        _remask(lambda m: Image.fromarray(PALETTE[m]).quantize(20)), "channels", "coded by colour",
    ),
    "ids over 18": (_remask(_over), "ids", "with ids over 18"),
    'convert("L")': (_remask(lambda m: _official(m).convert("L")), "ids", 'convert("L")'),
    "16-bit masks": (_remask(lambda m: Image.fromarray(m.astype(np.uint16))), "channels", "of mode I;16"),
    "wrong size": (_remask(lambda m: _official(m[:32])), "size", "64×32 instead of 64×64"),
    "a mask is missing": (_removed("a mask"), "names", "without a mask"),
    "a mask too many": (_added("masks/another.png"), "names", "without an image: another"),
    "JPEG masks": (_renamed(lambda n: n.replace(".png", ".jpg")), "suffix", "called otherwise"),
    "a mask cut off": (_cut, "readable", "damaged, or no PNG"),
    "a mask that is text": (lambda c: c.update({_first(c): b"no picture"}), "readable", "damaged, or no PNG"),
    "no solution": (
        lambda c: [c.pop(n) for n in list(c) if n.startswith("solution/")] and None, "solution", "no solution/",
    ),
    "no run.py": (_removed("solution/run.py"), "solution", "no solution/run.py"),
    "no requirements.txt": (_removed("solution/requirements.txt"), "solution", "no solution/requirements.txt"),
    "no checkpoint": (_removed("solution/ckpt.pth"), "solution", "no solution/ckpt.pth"),
    "no state_dict": (
        _checkpoint(lambda c: {"model_state_dict": c["state_dict"]}), "checkpoint", "it holds: model_state_dict",
    ),
    "a pickle with code": (
        _added("solution/ckpt.pth", pickle.dumps(_RunsCode())), "checkpoint", "no checkpoint",
    ),
    "a checkpoint of an object with code": (
        _checkpoint(lambda c: {**c, "hook": _RunsCode()}), "checkpoint", "does not load with weights_only=True",
    ),
    "a checkpoint cut off": (
        lambda c: c.update({"solution/ckpt.pth": c["solution/ckpt.pth"][:5000]}), "checkpoint", "damaged",
    ),
    "exactly as many parameters as the limit": (
        _checkpoint(lambda c: {"state_dict": {"weight": torch.zeros(1_821_085)}}), "parameters", "1,821,085",
    ),
    "run.py without --weights": (_code('"--weights"', '"--ckpt"'), "run", "takes no --weights"),
    "run.py imports the toolkit": (_code("import argparse", "import argparse, faceparse"), "run", "the toolkit"),
    "run.py imports what is not declared": (_code("import argparse", "import argparse, cv2"), "run", "imports cv2"),
    "a module of run.py does": (
        _code("from torch import Tensor", "import timm\nfrom torch import Tensor", "solution/models/blocks.py"),
        "run", "imports timm",
    ),
    "run.py is no Python": (_code("import argparse", "import argparse ("), "run", "no Python"),
    "requirements of this machine": (_code("torch", "./wheels/mmcv.whl\ntorch", "solution/requirements.txt"),
                                     "run", "of this machine"),
    "a way out": (_added("../masks/1.png"), "safe", "leads out of the zip"),
    "an absolute path": (_added("/tmp/1.png"), "safe", "leads out of the zip"),
    "backslashes": (_added("masks\\1.png"), "safe", "backslashes"),
    "control characters": (_added("masks/a\x1b[2Jb.png"), "safe", "control characters"),
}  # fmt: skip


def zipped(path: Path, contents: Contents) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("how", BROKEN)
def test_a_zip_broken_in_one_way_is_refused_for_that_reason(how, contents, photos, tmp_path):
    breaking, rule, phrase = BROKEN[how]
    broken = dict(contents)
    breaking(broken)
    faults = [f for f in check_zip(find_challenge("2025"), zipped(tmp_path / "a.zip", broken), list_images(photos))
              if not f.warning]  # fmt: skip
    assert any(fault.rule == rule and phrase in fault.what for fault in faults), faults


def test_at_least_twenty_are_tried():
    assert len(BROKEN) >= 20


def test_the_whole_zip_has_no_fault(packed, photos):
    faults = check_zip(find_challenge("2025"), packed, list_images(photos))
    assert not faults, faults


def test_every_fault_is_told_at_once(contents, photos, tmp_path):
    broken = dict(contents)
    for how in ("ids over 18", "no run.py", "no state_dict", "__MACOSX", "wrapping folder"):
        BROKEN[how][0](broken)
    faults = check_zip(find_challenge("2025"), zipped(tmp_path / "a.zip", broken), list_images(photos))
    assert {fault.rule for fault in faults} >= {"ids", "solution", "checkpoint", "litter", "layout"}


def test_what_hides_or_grows_is_refused_unread(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("masks/bomb.png", bytes(20 * 2**20))
        link = zipfile.ZipInfo("masks/link.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("masks/twice.png", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("masks/twice.png", b"2")
    said = [fault.what for fault in check_zip(find_challenge("2025"), path)]
    assert sum("zip bomb" in what for what in said) == 1
    assert sum("symbolic link" in what for what in said) == 1
    assert sum("' twice" in what for what in said) == 1


def test_an_encrypted_zip_is_refused(contents, tmp_path):
    path = zipped(tmp_path / "a.zip", {"masks/1.png": contents[_first(contents)]})
    raw = bytearray(path.read_bytes())
    raw[raw.find(b"PK\1\2") + 8] |= 1  # the flag in the directory
    path.write_bytes(raw)
    assert any("encrypted" in fault.what for fault in check_zip(find_challenge("2025"), path))


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\3\4" + bytes(100)])
def test_what_is_no_zip_is_said_to_be_none(content, tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises(DataError, match="not a whole zip"):
        check_zip(find_challenge("2025"), path)


def test_a_palette_for_show_is_no_fault(contents, photos, tmp_path):
    """Ids are what counts: other colours, the official ones, or a palette that was not set to its end."""
    for colours in (PALETTE.tobytes(), bytes(range(60)), PALETTE[:3].tobytes()):

        def shown(labels: np.ndarray, colours: bytes = colours) -> Image.Image:
            picture = Image.fromarray(labels)
            picture.putpalette(colours)
            return picture

        changed = dict(contents)
        _remask(shown)(changed)
        faults = check_zip(find_challenge("2025"), zipped(tmp_path / "a.zip", changed), list_images(photos))
        assert not faults, faults


def test_grey_masks_are_warned_of_and_development_zips_need_no_solution(contents, photos, tmp_path):
    masks = {name: content for name, content in contents.items() if name.startswith("masks/")}
    _remask(Image.fromarray)(masks)
    path = zipped(tmp_path / "a.zip", masks)
    faults = check_zip(find_challenge("2025"), path, list_images(photos), masks_only=True)
    assert [(fault.rule, fault.warning) for fault in faults] == [("palette", True)]


def test_the_command_line_tells_faults_and_rules(contents, photos, tmp_path):
    broken = dict(contents)
    BROKEN["ids over 18"][0](broken)
    del broken["solution/ckpt.pth"]  # without it nothing here needs PyTorch, which takes seconds to start
    path = zipped(tmp_path / "a.zip", broken)
    done = faceparse("submit", "check", "2025", str(path), "--images", str(photos), "--json")
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert {fault["rule"] for fault in told["faults"]} == {"ids", "solution"}
    assert told["faults"][0]["says"]
    done = faceparse("submit", "check", "2025", str(tmp_path / "none.zip"))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    done = faceparse("submit", "check", "2024", str(path))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
