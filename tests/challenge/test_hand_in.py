"""The two zips of 2022, and what is missing from one that is handed in."""

import zipfile

import pytest
from PIL import Image
from test_broken_zips import BROKEN

from faceparse.challenge.archive import Archive
from faceparse.challenge.check import check_zip
from faceparse.challenge.rules import find_challenge
from faceparse.cli.main import run
from faceparse.errors import UsageError
from faceparse.images import list_images

MATRIC = "A12345678B"


@pytest.fixture(scope="module")
def pair(tiny_model, photos, tmp_path_factory):
    """The upload and the hand-in of one model, with a report and a screenshot."""
    folder = tmp_path_factory.mktemp("pair")
    (folder / "my report.pdf").write_bytes(b"%PDF-1.7\n")
    Image.new("RGB", (8, 8)).save(folder / "shot.jpg")
    upload, hand_in = folder / "upload.zip", folder / f"{MATRIC}.zip"
    who = ["--hand-in", str(hand_in), "--matric", MATRIC, "--user", "somebody", "--score", "78.4"]
    what = ["--report", str(folder / "my report.pdf"), "--screenshot", str(folder / "shot.jpg")]
    command = ["submit", "pack", "2022", str(tiny_model), "--images", str(photos), "--out", str(upload)]
    assert run([*command, *who, *what]) == 0
    return upload, hand_in


def _contents(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _faults(path, contents, photos):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return [f for f in check_zip(find_challenge("2022"), path, list_images(photos)) if not f.warning]


def test_both_pass_the_check(pair, photos):
    for path in pair:
        assert check_zip(find_challenge("2022"), path, list_images(photos)) == []
    assert {name.split("/")[0] for name in Archive(pair[0]).names} == {"masks"}


def test_the_hand_in_holds_everything(pair):
    names = Archive(pair[1]).names
    assert {"report.pdf", "Readme.txt", "screenshot.jpg", "checkpoint/ckpt.pth", "code/run.py"} <= set(names)
    assert "code/faceparse/train.py" in names
    assert not any(name.endswith((".onnx", ".safetensors", ".pyc")) for name in names)
    readme = _contents(pair[1])["Readme.txt"].decode()
    assert all(word in readme for word in (MATRIC, "somebody", "78.4", "run.py", "PyTorch"))


UPLOADS = {
    "at the root": (lambda name: name.removeprefix("masks/"), "layout", "zip's root"),
    "in a deeper folder": (lambda name: f"a/{name}", "layout", "wrapping folder"),
    "in two folders": (lambda name: name.replace("masks/", f"{name[-5]}/"), "layout", "folders"),
    "macOS": (lambda name: name if "0.png" not in name else f"__MACOSX/{name}", "litter", "__MACOSX"),
    "named otherwise": (lambda name: name.replace(".png", ".bmp"), "suffix", "called otherwise"),
    "names changed": (lambda name: name.replace(".png", "_mask.png"), "names", "without a mask"),
}


@pytest.mark.parametrize("how", UPLOADS)
def test_a_broken_upload_is_refused_for_the_right_reason(how, pair, photos, tmp_path):
    rename, rule, phrase = UPLOADS[how]
    contents = {rename(name): content for name, content in _contents(pair[0]).items()}
    faults = _faults(tmp_path / "up.zip", contents, photos)
    assert any(fault.rule == rule and phrase in fault.what for fault in faults), faults


OF_BOTH_YEARS = (
    "hidden file", "coloured masks", "RGBA masks", "coded by colour", "ids over 18", 'convert("L")', "16-bit masks",
    "wrong size", "a mask is missing", "a mask too many", "a mask cut off", "a mask that is text", "a way out",
    "an absolute path", "backslashes", "control characters",
)  # fmt: skip


@pytest.mark.parametrize("how", OF_BOTH_YEARS)
def test_an_upload_broken_as_those_of_2025_is_refused_for_that_reason(how, pair, photos, tmp_path):
    breaking, rule, phrase = BROKEN[how]
    contents = _contents(pair[0])
    breaking(contents)
    faults = _faults(tmp_path / "up.zip", contents, photos)
    assert any(fault.rule == rule and phrase in fault.what for fault in faults), faults


def test_more_than_twenty_broken_zips_of_2022_are_tried():
    assert len(OF_BOTH_YEARS) + len(UPLOADS) + len(HAND_INS) > 20


def test_an_upload_over_30_mb_is_refused_and_one_near_it_warned_of(pair, photos, tmp_path):
    contents = _contents(pair[0])
    for size, warning in ((28_000_000, True), (30_100_000, False)):
        path = tmp_path / "up.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in contents.items():
                archive.writestr(name, content)
            archive.writestr("masks/.DS_Store", bytes(size))
        faults = check_zip(find_challenge("2022"), path, list_images(photos))
        assert any(fault.rule == "upload" and fault.warning == warning for fault in faults), faults


HAND_INS = {
    "no masks": ("masks/", "masks"),
    "no code": (".py", "code"),
    "no checkpoint": (".pth", "weights"),
    "no Readme": ("Readme.txt", "readme"),
}


@pytest.mark.parametrize("how", HAND_INS)
def test_what_is_missing_from_a_hand_in_is_told(how, pair, photos, tmp_path):
    part, rule = HAND_INS[how]
    contents = {name: content for name, content in _contents(pair[1]).items() if part not in name}
    assert {fault.rule for fault in _faults(tmp_path / f"{MATRIC}.zip", contents, photos)} == {rule}


def test_other_slips_of_a_hand_in(pair, photos, tmp_path):
    contents = _contents(pair[1])
    assert {fault.rule for fault in _faults(tmp_path / "final.zip", contents, photos)} == {"matric"}
    other = {**contents, "Readme.txt": b"user somebody, A00000000A", "report.pdf": b"PK"}
    said = " ".join(fault.what for fault in _faults(tmp_path / f"{MATRIC}.zip", other, photos))
    assert all(words in said for words in ("the best score", "how to run", "another matriculation", "is no PDF"))
    fewer = {name: content for name, content in contents.items() if name not in ("report.pdf", "screenshot.jpg")}
    assert _faults(tmp_path / f"{MATRIC}.zip", fewer, photos) == []  # still to come: warned of


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--hand-in", "A12345678B.zip", "--user", "x"], "--matric is ''"),
        (["--hand-in", "final.zip", "--user", "x", "--matric", MATRIC], "asks for A12345678B.zip"),
        (["--hand-in", "A12345678B.zip", "--matric", MATRIC], "--user is missing"),
        (["--hand-in", "A12345678B.zip", "--matric", MATRIC, "--user", "x", "--report", "r.pdf"], "r.pdf is not there"),
        (["--matric", MATRIC], "--hand-in"),
        (["--masks-only"], "for 2025"),
    ],
)
def test_wrong_options_are_told_before_the_work(options, said, tiny_model, photos, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=said):
        run(["submit", "pack", "2022", str(tiny_model), "--images", str(photos), "--out", "up.zip", *options])
