"""What is packed: code that runs alone, masks that it made, and no model that breaks a rule."""

import importlib.util
import json
import shutil
import subprocess
import sys
import types
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from faceparse.challenge.evidence import evidence_of, faults_of_model
from faceparse.challenge.rules import PALETTE_2025, find_challenge
from faceparse.challenge.solution_folder import _REQUIREMENTS, RUN, _packages, source_of
from faceparse.checkpoint import load_network
from faceparse.classes import MIRROR
from faceparse.cli.main import run
from faceparse.errors import FaceparseError, UsageError
from faceparse.images import list_images, read_image
from faceparse.infer import weights
from faceparse.infer.torch import torch_probabilities
from faceparse.models import CONFIGS
from faceparse.provenance import FILE, read_provenance
from faceparse.tta import Views, averaged


@pytest.fixture(scope="module")
def template():
    """`run.py` as a module; what lies beside it in a solution is not needed for its parts."""
    sys.modules["build"] = types.ModuleType("build")
    sys.modules["build"].build = None  # type: ignore[attr-defined]
    spec = importlib.util.spec_from_file_location("solution_run", RUN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    del sys.modules["build"]
    return module


def test_the_zip_holds_what_the_rules_ask_for_and_no_more(contents, photos):
    names = {name for name in contents if not name.startswith("masks/")}
    assert {name.removeprefix("solution/") for name in names} == {
        "run.py", "build.py", "ckpt.pth", "requirements.txt",
        "models/__init__.py", "models/blocks.py", "models/compact.py", "models/network.py",
    }  # fmt: skip
    assert {n.removeprefix("masks/") for n in set(contents) - names} == {f"{p.stem}.png" for p in list_images(photos)}
    assert contents["solution/requirements.txt"].decode().split() == ["pillow>=10.3", "numpy>=1.26,<3", "torch>=2.6,<3"]
    assert b"faceparse" not in b"".join(c for n, c in contents.items() if n.endswith(".py"))


def test_one_photo_alone_gives_the_mask_in_the_zip(packed, contents, photos, tmp_path):
    """As the organisers call it, in a place of its own, and blind to this repository."""
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path)
    photo = list_images(photos)[1]
    command = ["run.py", "--input", str(photo), "--output", "mask.png", "--weights", "ckpt.pth"]
    done = subprocess.run([sys.executable, *command], cwd=tmp_path / "solution", capture_output=True, env={})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "solution" / "mask.png").read_bytes() == contents[f"masks/{photo.stem}.png"]
    with Image.open(tmp_path / "solution" / "mask.png") as mask:
        assert mask.mode == "P"
        assert np.array_equal(np.array(mask.getpalette()).reshape(-1, 3), PALETTE_2025[: len(mask.getpalette()) // 3])


def test_the_template_knows_the_tables(template):
    assert MIRROR.tolist() == template.MIRROR
    assert tuple(zip(*[iter(template.PALETTE)] * 3, strict=True)) == PALETTE_2025


def _pictures() -> dict[str, tuple[Image.Image, dict]]:
    rgb = Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 40, 3), dtype=np.uint8))
    alpha = rgb.copy()
    alpha.putalpha(Image.linear_gradient("L").resize(rgb.size))
    turned = Image.Exif()
    turned[0x0112] = 6
    grey16 = Image.fromarray(np.arange(24 * 40, dtype=np.uint16).reshape(24, 40) * 60)
    paletted = rgb.quantize(16)
    return {
        "rgb.png": (rgb, {}), "grey.png": (rgb.convert("L"), {}), "bits.png": (rgb.convert("1"), {}),
        "rgba.png": (alpha, {}), "la.png": (alpha.convert("LA"), {}), "palette.png": (paletted, {"transparency": 3}),
        "cmyk.jpg": (rgb.convert("CMYK"), {}), "grey16.png": (grey16, {}), "turned.jpg": (rgb, {"exif": turned}),
        "photo.webp": (rgb, {}),
    }  # fmt: skip


@pytest.mark.parametrize("name", _pictures())
def test_photos_of_any_mode_are_read_as_the_toolkit_reads_them(name, template, tmp_path):
    picture, options = _pictures()[name]
    picture.save(tmp_path / name, **options)
    assert np.array_equal(np.asarray(template.read_photo(tmp_path / name)), read_image(tmp_path / name))


def test_mirrored_views_are_averaged_as_by_the_toolkit(template, tiny_model, photos):
    network, _ = load_network(tiny_model)
    device = torch.device("cpu")
    photo = list_images(photos)[0]
    ours = averaged(torch_probabilities(network, device), Views(flip=True))(read_image(photo))
    packed = template.probabilities(network, template.read_photo(photo), device, True).numpy()
    assert np.abs(packed - ours).max() < 1e-6
    assert (
        np.abs(packed - template.probabilities(network, template.read_photo(photo), device, False).numpy()).max() > 1e-3
    )


def test_a_large_photo_is_parsed_at_its_own_size(template, tiny_model, photos):
    network, _ = load_network(tiny_model)
    large = template.read_photo(list_images(photos)[0]).resize((1300, 600))
    labels = template.parse(network, large, torch.device("cpu"), False)
    small = template.parse(network, large.resize((650, 300)), torch.device("cpu"), False)
    assert labels.shape == (600, 1300)
    assert (labels[::2, ::2] == small).mean() > 0.8


@pytest.mark.parametrize("name", CONFIGS)
def test_every_networks_source_is_found_with_all_that_it_imports(name):
    source = source_of(type(CONFIGS[name]))
    assert "network.py" in source
    assert not any("faceparse.models" in text or "from faceparse" in text for text in source.values())
    assert set().union(*map(_packages, source.values())) <= set(_REQUIREMENTS)


def test_a_shipped_model_is_packable_and_what_is_not_known_warns():
    network, _ = load_network(weights.find("compact"))
    evidence = evidence_of(weights.find("compact"), network.num_parameters)
    faults = faults_of_model(find_challenge("2025"), evidence)
    assert all(fault.warning for fault in faults)
    assert len(evidence.names) == 835


def _broken_rules(model, year="2025", given=None, num_parameters=1000, **changes):
    evidence = evidence_of(model, num_parameters)
    evidence = replace(evidence, provenance=replace(evidence.provenance, **changes))
    evidence = replace(evidence, names=frozenset(evidence.provenance.pairs))
    return {f.rule for f in faults_of_model(find_challenge(year), evidence, given) if not f.warning}


def test_each_rule_that_a_model_breaks_is_named(tiny_model, made_faces):
    many = {f"{index}": ("", "") for index in range(1101)}
    assert _broken_rules(tiny_model) == set()
    assert _broken_rules(tiny_model, num_parameters=1_821_084) == set()
    assert _broken_rules(tiny_model, num_parameters=1_821_085) == {"parameters"}
    assert _broken_rules(tiny_model, "2022", num_parameters=400_000_000) == set()
    assert _broken_rules(tiny_model, initial_weights="imagenet-1k") == {"pretraining"}
    assert _broken_rules(tiny_model, "2022", initial_weights="imagenet-1k") == set()
    assert _broken_rules(tiny_model, "2022", initial_weights="imagenet-21k") == {"pretraining"}
    assert _broken_rules(tiny_model, num_runs=3) == {"ensemble"}
    assert _broken_rules(tiny_model, pairs=many) == {"data"}
    assert _broken_rules(tiny_model, "2022", pairs=many) == set()
    assert _broken_rules(tiny_model, splits=("train", "test")) == {"data"}
    mirrored = {name + end: ("", "") for name in map(str, range(1000)) for end in ("", "_flip")}
    assert _broken_rules(tiny_model, pairs=mirrored) == set()


def test_pairs_are_compared_with_the_release_by_hash(tiny_model, made_faces):
    assert _broken_rules(tiny_model, given=made_faces) == set()
    known = read_provenance(tiny_model).pairs
    assert _broken_rules(tiny_model, given=made_faces, pairs={**known, "stranger": ("0" * 64, "0" * 64)}) == {"data"}


def test_a_run_writes_what_it_was_made_of(made_faces, tmp_path):
    from faceparse.train import train

    config = replace(find_smoke(), steps=2, eval_every=2, save_every=2, batch_size=2)
    train(config, made_faces, tmp_path / "run")
    provenance = read_provenance(weights.find(tmp_path / "run"))
    assert len(provenance.pairs) == 16
    assert (provenance.initial_weights, provenance.splits, provenance.num_runs) == ("random", ("train",), 1)
    assert all(len(digest) == 64 for pair in provenance.pairs.values() for digest in pair)


def find_smoke():
    from faceparse.recipes import smoke

    return smoke()


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        (["--images", "none"], FaceparseError, "no such folder"),
        (["--images", "."], FaceparseError, "holds no photos"),
        (["--images", ".", "--matric", "A12345678B"], UsageError, "are for 2022"),
        (["--images", ".", "--tta", "flip,0.75"], UsageError, "take --tta flip"),
    ],
)
def test_mistakes_are_one_line(options, error, said, tiny_model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=said):
        run(["submit", "pack", "2025", str(tiny_model), "--out", "a.zip", *options])
    assert not (tmp_path / "a.zip").exists()


def test_a_model_that_breaks_a_rule_is_not_packed(tiny_model, photos, tmp_path):
    model = shutil.copytree(tiny_model, tmp_path / "model")
    values = json.loads((model / FILE).read_text())
    (model / FILE).write_text(json.dumps({**values, "initial_weights": "imagenet-1k"}))
    with pytest.raises(FaceparseError, match=r"imagenet-1k weights \(rule: from scratch: no pretrained weights\)"):
        run(["submit", "pack", "2025", str(model), "--images", str(photos), "--out", str(tmp_path / "a.zip")])
    (model / FILE).write_text("{}")
    with pytest.raises(FaceparseError, match="not what training writes"):
        run(["submit", "pack", "2025", str(model), "--images", str(photos), "--out", str(tmp_path / "a.zip")])
    assert not (tmp_path / "a.zip").exists()
