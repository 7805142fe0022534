"""MMSegmentation's weights give MMSegmentation's logits, and weights that do not fit are told by name.

`references/` (beside the tests of models) holds what MMSegmentation 1.2.2 gave: `state_dicts.json.gz` name and shape
of every floating-point entry of all fifteen networks, `NAME.npz` the logits of six of them for weights and a photo
that are made of names and seeds.
"""

import gzip
import json
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from faceparse.convert import from_mmseg
from faceparse.convert.families import RULES
from faceparse.convert.rules import sources
from faceparse.errors import FaceparseError, UsageError
from faceparse.models import CONFIGS

REFERENCES = Path(__file__).parents[1] / "models" / "references"
DEVIATIONS = {
    "deeplabv3plus_r50": 0.12306810915470123,
    "knet_swin_t": 2.9807612895965576,
    "psanet_r50": 0.25183242559432983,
    "segformer_b0": 0.5173020362854004,
    "upernet_convnext_t": 0.47708162665367126,
    "upernet_swin_t": 0.624330997467041,
}
"""Standard deviations of the references' logits."""


@cache
def entries() -> dict[str, dict[str, list[int]]]:
    return json.loads(gzip.decompress((REFERENCES / "state_dicts.json.gz").read_bytes()))


def state_dict(name: str) -> dict[str, torch.Tensor]:
    """Weights that each entry's name decides, as the references were made with."""
    filled = {}
    for key, shape in entries()[name].items():
        random = np.random.RandomState(zlib.crc32(key.encode()))
        if key.endswith("running_var"):
            values = 1 + 0.2 * random.rand(*shape)
        elif key.endswith("running_mean"):
            values = 0.1 * random.randn(*shape)
        elif key.endswith("bias"):
            values = 0.05 * random.randn(*shape)
        elif len(shape) <= 1:
            values = 1 + 0.1 * random.randn(*shape)
        else:
            values = random.randn(*shape) / np.sqrt(np.prod(shape[1:]))
        filled[key] = torch.tensor(np.asarray(values), dtype=torch.float32)
    return filled


def photo(size: int) -> torch.Tensor:
    noise = torch.from_numpy(np.random.RandomState(7).rand(1, 3, 32, 32)).float()
    return (F.interpolate(noise, (size, size), mode="bicubic").clamp(0, 1) * 255).round() / 255


@pytest.mark.parametrize("name", [name for name in CONFIGS if name in RULES])
def test_every_entry_of_mmsegmentations_network_is_an_entry_of_ours(name):
    with torch.device("meta"):
        body = CONFIGS[name].build().body
    ours = {key: tensor for key, tensor in body.state_dict().items() if tensor.is_floating_point()}
    theirs, wanted = entries()[name], sources(body, RULES[name])
    assert {wanted[key].key for key in ours} == set(theirs)
    for key, tensor in ours.items():
        made = wanted[key].make(torch.empty(theirs[wanted[key].key], device="meta"))
        assert made.shape == tensor.shape, key


@pytest.mark.parametrize("name", DEVIATIONS)
def test_mmsegmentations_weights_give_its_logits(name):
    network = from_mmseg(state_dict(name), name)
    reference = np.load(REFERENCES / f"{name}.npz")
    with torch.inference_mode():
        logits = network(photo(512))[0]
    assert np.abs(logits[:, ::16, ::16].numpy() - reference["logits"]).max() < 2e-3 * DEVIATIONS[name]
    assert (logits.argmax(0)[::2, ::2].numpy() == reference["argmax"]).mean() > 0.9999


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    return state_dict("segformer_b0")


def same(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    mine, yours = one.state_dict(), other.state_dict()
    return all(torch.equal(mine[key], yours[key]) for key in mine)


def test_wrappers_prefixes_averages_and_counters_are_passed_over(weights):
    plain = from_mmseg(weights, "segformer_b0")
    assert not plain.training
    old = {"meta": {"iter": 3}, "optimizer": {}, "state_dict": {f"module.{key}": weights[key] for key in weights}}
    averaged = {f"ema_{key.replace('.', '_')}": tensor + 1 for key, tensor in weights.items()}
    counters = {"decode_head.fusion_conv.bn.num_batches_tracked": torch.tensor(7)}
    assert same(from_mmseg(old, "segformer_b0"), plain)
    assert same(from_mmseg({"state_dict": {**weights, **averaged, **counters}}, "segformer_b0"), plain)


def test_mean_and_std_are_the_callers_then_the_files_then_imagenets(weights):
    pixels = torch.tensor([132.5, 106.7, 92.8])
    held = {**weights, "data_preprocessor.mean": pixels.view(3, 1, 1), "data_preprocessor.std": pixels.view(3, 1, 1)}
    torch.testing.assert_close(from_mmseg(held, "segformer_b0").mean.flatten(), pixels / 255)
    given = from_mmseg(held, "segformer_b0", mean=(1.0, 2.0, 3.0))
    torch.testing.assert_close(given.mean.flatten() * 255, torch.tensor([1.0, 2.0, 3.0]))
    torch.testing.assert_close(given.std.flatten(), pixels / 255)
    with pytest.raises(FaceparseError, match="std is"):
        from_mmseg(weights, "segformer_b0", std=(1.0, 0.0, 1.0))


def test_what_is_missing_left_over_or_of_another_shape_is_told_by_mmsegmentations_names(weights):
    wrong = dict(weights)
    del wrong["decode_head.convs.0.bn.weight"]
    wrong["decode_head.conv_seg.weight"] = torch.zeros(150, 256, 1, 1)
    wrong["auxiliary_head.conv_seg.weight"] = torch.zeros(19, 256, 1, 1)
    wrong["decode_head.conv_seg.bias"] = "nineteen"
    with pytest.raises(FaceparseError) as told:
        from_mmseg(wrong, "segformer_b0")
    assert "not the weights of segformer_b0" in str(told.value)
    assert "1 missing: decode_head.convs.0.bn.weight" in str(told.value)
    assert "1 of another shape: decode_head.conv_seg.weight (150×256×1×1, not 19×256×1×1)" in str(told.value)
    assert "1 no plain tensors: decode_head.conv_seg.bias" in str(told.value)
    assert "1 left over: auxiliary_head.conv_seg.weight" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_network_that_mmsegmentation_has_not_is_refused_with_the_nearest_name(weights):
    with pytest.raises(UsageError, match="did you mean 'segformer_b0'"):
        from_mmseg(weights, "segformer_b00")
    with pytest.raises(UsageError, match="unknown MMSegmentation model 'compact'"):
        from_mmseg(weights, "compact")


def as_swins_authors_have_it(weights):
    """MMSegmentation's Swin under the names, and with the patch merging, of its authors' fork of MMSegmentation 0.11.

    There four neighbours are concatenated, the upper left, lower left, upper right and lower right one, each with all
    of its channels; MMSegmentation unfolds, so that a channel's four neighbours follow each other row by row.
    """
    names = {"backbone.stages.": "backbone.layers.", "patch_embed.projection.": "patch_embed.proj.",
             ".attn.w_msa.": ".attn.", ".ffn.layers.0.0.": ".mlp.fc1.", ".ffn.layers.1.": ".mlp.fc2."}  # fmt: skip
    old = {}
    for key, value in weights.items():
        if ".downsample." in key:
            channels = value.shape[-1] // 4
            order = [4 * channel + place for place in (0, 2, 1, 3) for channel in range(channels)]
            value = value[..., order]
        if key.startswith("backbone."):
            for new, name in names.items():
                key = key.replace(new, name)
        old[key] = value
    return old


@pytest.mark.parametrize("name", ["upernet_swin_t", "knet_swin_t"])
def test_the_oldest_swins_under_their_authors_names_give_the_same_network(name):
    weights = state_dict(name)
    old = as_swins_authors_have_it(weights)
    assert "backbone.layers.3.blocks.1.attn.relative_position_bias_table" in old
    assert "backbone.layers.0.downsample.reduction.weight" in old
    assert not any("w_msa" in key or "stages" in key for key in old)
    indices = {"backbone.layers.0.blocks.0.attn.relative_position_index": torch.zeros(49, 49, dtype=torch.long)}
    masks = {"backbone.layers.0.blocks.1.attn_mask": torch.zeros(64, 49, 49)}
    assert same(from_mmseg({"state_dict": {**old, **indices}}, name), from_mmseg(weights, name))
    if name == "upernet_swin_t":
        with pytest.raises(FaceparseError, match=r"1 left over: backbone\.layers\.0\.blocks\.1\.attn_mask"):
            from_mmseg({**old, **masks}, name)
        del old["backbone.layers.0.downsample.norm.weight"]
        with pytest.raises(FaceparseError, match=r"1 missing: backbone\.layers\.0\.downsample\.norm\.weight"):
            from_mmseg(old, name)
