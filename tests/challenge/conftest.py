"""A tiny model with random weights, made photos, and a zip of 2025 packed from them by the real command."""

import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from faceparse.cli.main import run
from faceparse.config import to_json
from faceparse.data.dataset import list_pairs
from faceparse.provenance import write_provenance
from faceparse.recipes import smoke


@pytest.fixture(scope="session")
def tiny_model(made_faces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint folder of `smoke`'s network, with the provenance that training on the made faces would leave."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    folder.mkdir()
    torch.manual_seed(0)
    network = smoke().model.build(working_size=64)
    # norms that are not the identity, as after training
    for name, buffer in network.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(0, 0.1)
    save_file(
        {name: tensor.contiguous() for name, tensor in network.state_dict().items()}, folder / "model.safetensors"
    )
    (folder / "config.json").write_text(to_json(smoke()))
    write_provenance(folder, smoke(), list_pairs(made_faces / "train"))
    return folder


@pytest.fixture(scope="session")
def photos(made_faces: Path) -> Path:
    """A folder of four made photos, 64×64."""
    return made_faces / "test" / "images"


@pytest.fixture(scope="session")
def packed(tiny_model: Path, photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`upload.zip`, which breaks no rule."""
    out = tmp_path_factory.mktemp("packed") / "upload.zip"
    assert run(["submit", "pack", "2025", str(tiny_model), "--images", str(photos), "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="session")
def contents(packed: Path) -> dict[str, bytes]:
    """The files of `upload.zip` by name."""
    with zipfile.ZipFile(packed) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
