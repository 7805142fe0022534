"""`faceparse video`: frames, times, sound and shape are kept, and what is broken is told."""

import os
import re
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from faceparse.classes import PALETTE, class_id
from made_videos import decoded, painted_face, sound_of, write_video
from stand_ins import exit_code

WIDTH, HEIGHT = 160, 98
MOVING = [painted_face(WIDTH, HEIGHT, 30 + 3 * index, 18) for index in range(12)]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def video(stand_in: Path, *arguments: object) -> int:
    return exit_code("video", "--model", stand_in, *arguments)


def agreement(label_maps: list[np.ndarray], truth: list[np.ndarray]) -> float:
    return float(np.mean([(a == b).mean() for a, b in zip(label_maps, truth, strict=True)]))


def test_a_video_with_sound_through_the_real_command_line(stand_in: Path):
    source = write_video(Path("in.mp4"), MOVING, audio="aac")
    page = (Path(__file__).parents[2] / "docs" / "using.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^ +faceparse (video \S+ \S+)$", page, re.MULTILINE)
    assert command.split() == ["video", "in.mp4", "out.mp4"]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "faceparse", *command.split(), "--model", stand_in],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stdout) == (0, "12 frames parsed; out.mp4\n"), done.stderr
    frames, times = decoded(Path("out.mp4"))
    original, original_times = decoded(source)
    assert times == original_times
    assert {frame.shape for frame in frames} == {(HEIGHT, WIDTH, 3)}
    assert sound_of(Path("out.mp4")) == sound_of(source)
    for before, after, labels in zip(original, frames, MOVING, strict=True):
        wall = labels == 0
        assert np.abs(before[wall].astype(int) - after[wall]).mean() < 6  # the wall is left as it is
        skin = after[labels == class_id("skin")].astype(int)
        # the median, since parts have light outlines; skin is the widest of them
        assert np.abs(np.median(skin, axis=0) - PALETTE[class_id("skin")]).max() < 30
    assert sorted(os.listdir()) == ["in.mp4", "out.mp4"]


def test_ids_are_the_brightness_of_a_lossless_video(stand_in: Path):
    write_video(Path("in.mp4"), MOVING)
    assert video(stand_in, "in.mp4", "ids.mp4", "--write", "ids") == 0
    ids, _ = decoded(Path("ids.mp4"), "gray")
    assert agreement(ids, MOVING) > 0.93
    assert max(int(labels.max()) for labels in ids) < len(PALETTE)


def test_colours_are_the_official_ones(stand_in: Path):
    write_video(Path("in.mp4"), [MOVING[0]] * 4)
    assert video(stand_in, "in.mp4", "color.mkv", "--write", "color") == 0
    frames, _ = decoded(Path("color.mkv"))
    skin = frames[-1][MOVING[0] == class_id("skin")]
    assert np.abs(np.median(skin, axis=0) - PALETTE[class_id("skin")]).max() < 12


def test_frames_keep_their_times_however_far_apart(stand_in: Path):
    times = [0, 10, 24, 100, 101, 102, 300, 301, 600, 1200]
    source = write_video(Path("in.mp4"), MOVING[:10], times=times)
    assert video(stand_in, source, "out.mp4") == 0
    assert decoded(Path("out.mp4"))[1] == decoded(source)[1]


@pytest.mark.parametrize(("rotation", "turns"), [(90, 1), (-90, 3), (180, 2)])
def test_a_turned_video_is_parsed_and_written_upright(rotation: int, turns: int, stand_in: Path):
    stored = [np.ascontiguousarray(np.rot90(labels, -turns)) for labels in MOVING[:3]]
    write_video(Path("in.mp4"), stored, rotation=rotation)
    assert video(stand_in, "in.mp4", "out.mp4", "--write", "ids") == 0
    ids, _ = decoded(Path("out.mp4"), "gray")
    assert agreement(ids, MOVING[:3]) > 0.93
    with av.open("out.mp4") as container:
        assert next(container.decode(video=0)).rotation == 0


def test_sound_that_a_container_cannot_hold_is_encoded_again(stand_in: Path):
    write_video(Path("in.mp4"), MOVING[:4], audio="aac")
    assert video(stand_in, "in.mp4", "out.webm") == 0
    assert {codec for codec, _ in sound_of(Path("out.webm"))} == {"opus"}
    assert len(decoded(Path("out.webm"))[0]) == 4


def test_a_video_goes_through_pipes(stand_in: Path):
    source = write_video(Path("in.mkv"), MOVING[:5], audio="aac")
    command = [sys.executable, "-m", "faceparse", "video", "-", "-", "--model", str(stand_in)]
    done = subprocess.run(command, input=source.read_bytes(), capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    Path("out.mkv").write_bytes(done.stdout)
    assert decoded(Path("out.mkv"))[1] == decoded(source)[1]
    assert sound_of(Path("out.mkv")) == sound_of(source)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_what_can_be_decoded_of_a_video_that_breaks_off_is_written(
    suffix: str, stand_in: Path, capsys: pytest.CaptureFixture[str]
):
    source = write_video(Path(f"in.{suffix}"), MOVING * 3, options={"movflags": "faststart"} if suffix == "mp4" else {})
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    assert video(stand_in, source, "out.mp4") == 1
    told = capsys.readouterr()
    num_frames = len(decoded(Path("out.mp4"))[0])
    assert 5 < num_frames < 30
    assert f"in.{suffix}: it breaks off after" in told.err
    assert told.err.endswith(f"the {num_frames} frames that could be decoded are written\n")


def test_frames_without_a_face_are_background_and_a_line_says_so(stand_in: Path, capsys: pytest.CaptureFixture[str]):
    walls = [np.zeros((HEIGHT, WIDTH), np.uint8)] * 4
    write_video(Path("in.mp4"), [*walls, *MOVING[:4]], times=[24 * index for index in (*range(4), *range(20, 24))])
    assert video(stand_in, "in.mp4", "out.mp4", "--write", "ids") == 0
    assert "no face was found in 4 of the 8 frames" in capsys.readouterr().err
    ids, _ = decoded(Path("out.mp4"), "gray")
    assert not np.any(ids[:4])
    assert agreement(ids[4:], MOVING[:4]) > 0.93


def made(name: str, content: bytes) -> Path:
    Path(name).write_bytes(content)
    return Path(name)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("gone.mp4", "out.mp4"), 1, "gone.mp4: no such file, where a video is expected"),
        (("empty.mp4", "out.mp4"), 1, "empty.mp4: an empty file (0 bytes); replace it or take it away"),
        (("text.mp4", "out.mp4"), 1, "text.mp4: not a video, or cut off before its first frame"),
        (("photo.png", "out.mp4"), 1, "photo.png: a picture, where a video is expected; parse it with: faceparse pred"),
        (("in.mp4", "in.mp4"), 2, "in.mp4: the video itself, where a video to write is expected"),
        (("in.mp4", "out.txt"), 2, "out.txt: the name of a video to write ends in .mp4, .m4v, .mov, .mkv, .webm"),
        (("in.mp4", "out.mp4", "--smooth", "2"), 2, "--smooth 2: a number from 0 (not at all) to 1 is expected"),
        (("list.m3u8", "out.mp4"), 1, "list.m3u8: "),
    ],
)
def test_wrong_input_is_one_line_and_leaves_nothing(
    arguments: tuple[str, ...], code: int, said: str, stand_in: Path, capsys: pytest.CaptureFixture[str]
):
    write_video(Path("in.mp4"), MOVING[:1])
    made("empty.mp4", b"")
    made("text.mp4", b"hello\n" * 50)
    made("list.m3u8", b"#EXTM3U\n#EXTINF:1,\nin.mp4\n#EXT-X-ENDLIST\n")
    Image.new("RGB", (9, 9)).save("photo.png")
    before = {path: path.read_bytes() for path in Path().iterdir()}
    assert video(stand_in, *arguments) == code
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert {path: path.read_bytes() for path in Path().iterdir()} == before


def test_a_missing_extra_is_named(stand_in: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    for name in [name for name in sys.modules if name.startswith(("av.", "faceparse.infer.video"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "av", None)
    assert video(stand_in, "in.mp4", "out.mp4") == 2
    assert capsys.readouterr().err == (
        "faceparse: this needs the package 'av'; install it with: pip install 'faceparse[video]'\n"
    )
