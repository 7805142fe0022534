"""What weights were trained on is told by timm's tags, by hashes, or by the number of classes; else it is unknown."""

import pytest
import torch

from faceparse.errors import FaceparseError
from faceparse.models.backbones.pretraining import KNOWN_FILES, kind_of_file, kind_of_name, kind_of_timm
from faceparse.models.backbones.weights import packaged_file


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("swin_tiny_patch4_window7_224.ms_in1k", "imagenet-1k"),
        ("swin_large_patch4_window7_224.ms_in22k_ft_in1k", "imagenet-21k"),
        ("convnext_xlarge.fb_in22k", "imagenet-21k"),
        ("convnext_tiny.in12k_ft_in1k", "imagenet-21k"),
        ("vit_base.goog_in21k", "imagenet-21k"),
        ("swin_base_patch4_window7_224_22k", "imagenet-21k"),
        ("convnext_xlarge_22k_1k_384_ema", "imagenet-21k"),
        ("efficientnet_b0.ns_jft_in1k", "other"),
        ("resnet50.fb_swsl_ig1b_ft_in1k", "other"),
        ("convnext_base.clip_laion2b_augreg_ft_in1k", "other"),
        ("resnet50", "unknown"),
        ("step_21000", "unknown"),
    ],
)
def test_tags_and_file_names(name, kind):
    assert kind_of_name(name) == kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("swin_tiny_patch4_window7_224", "imagenet-1k"),
        ("swin_large_patch4_window7_224", "imagenet-21k"),
        ("convnext_xlarge", "imagenet-21k"),
        ("pvt_v2_b5", "imagenet-1k"),
        ("resnet50c", "imagenet-1k"),
        ("tf_efficientnet_lite0", "imagenet-1k"),
    ],
)
def test_names_without_a_tag_mean_timms_default(name, kind):
    assert kind_of_timm(name) == kind


def test_a_file_is_known_by_its_hash_then_by_its_classes_then_by_its_name(tmp_path):
    of_1k, of_21k = {"fc.weight": torch.zeros(1000, 4)}, {"head.fc.weight": torch.zeros(21841, 4)}
    known = next(iter(KNOWN_FILES))
    assert kind_of_file(tmp_path / "renamed.pth", known, of_1k) == "imagenet-1k"
    assert kind_of_file(tmp_path / "swin.ms_in1k.pth", "0" * 64, of_21k) == "imagenet-21k"
    assert kind_of_file(tmp_path / "swin.ms_in1k.pth", "0" * 64, of_1k) == "imagenet-1k"
    assert kind_of_file(tmp_path / "swin.pth", "0" * 64, of_1k) == "unknown"


def test_torchvisions_files_are_known_where_name_and_hash_agree(tmp_path):
    path = tmp_path / "resnet50-0676ba61.pth"
    assert kind_of_file(path, "0676ba61" + "0" * 56, {}) == "imagenet-1k"
    assert kind_of_file(path, "1676ba61" + "0" * 56, {}) == "unknown"


def test_a_package_of_weights_is_found_without_running_it(tmp_path, monkeypatch):
    folder = tmp_path / "efficientnet_lite7_pytorch_model"
    (folder / "models").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('was run')")
    (folder / "models" / "efficientnet-lite7.pth").write_bytes(b"")
    monkeypatch.syspath_prepend(tmp_path)
    assert packaged_file("efficientnet-lite7-pytorch-model") == folder / "models" / "efficientnet-lite7.pth"
    assert packaged_file("swin_tiny.ms_in1k") is None
    with pytest.raises(FaceparseError, match="pip install efficientnet-lite8-pytorch-model"):
        packaged_file("efficientnet-lite8-pytorch-model")
