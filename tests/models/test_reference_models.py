"""The networks of the challenge reports: as many parameters as theirs, and any photo goes in."""

from dataclasses import replace

import pytest
import torch
from timm.layers import DropPath

from faceparse.classes import NUM_CLASSES
from faceparse.config import RunConfig, from_json, to_json
from faceparse.errors import FaceparseError
from faceparse.models import CONFIGS
from tiny_networks import NUM_AUXILIARY, TINY

PARAMETERS = {
    "deeplabv3plus_r50": 43_589_878,
    "deeplabv3plus_r101": 62_582_006,
    "psanet_r50": 53_964_422,
    "psanet_r101": 72_956_550,
    "upernet_swin_t": 59_840_992,
    "upernet_swin_b": 121_178_846,
    "upernet_swin_l": 233_659_066,
    "upernet_convnext_t": 60_141_766,
    "upernet_convnext_l": 234_893_926,
    "upernet_convnext_xl": 391_039_526,
    "knet_r50": 81_324_934,
    "knet_swin_t": 73_052_896,
    "segformer_b0": 3_720_051,
    "segformer_b5": 81_974_739,
    "bisenetv2": 14_804_255,
}
"""Trainable, auxiliary heads included, with 19 classes, as the reports and MMSegmentation count them."""


@pytest.mark.parametrize(("name", "parameters"), PARAMETERS.items(), ids=PARAMETERS)
def test_a_network_has_the_reports_number_of_parameters(name, parameters):
    with torch.device("meta"):
        network = CONFIGS[name].build()
    assert network.num_parameters == parameters
    assert network.working_size is None
    assert CONFIGS[name].faults() == []


@pytest.mark.parametrize("name", TINY)
def test_logits_have_the_photos_size_whatever_that_is(name):
    network = TINY[name].build()
    with torch.inference_mode():
        for height, width in ((64, 64), (65, 97), (130, 71)):
            images = torch.rand(2, 3, height, width)
            assert network.eval()(images).shape == (2, NUM_CLASSES, height, width)
            logits, auxiliary = network.train()(images)
            assert logits.shape == (2, NUM_CLASSES, height, width)
            assert [x.shape[:2] for x in auxiliary] == [(2, NUM_CLASSES)] * NUM_AUXILIARY[name]


@pytest.mark.parametrize("name", TINY)
def test_every_parameter_is_trained(name):
    torch.manual_seed(0)
    network = TINY[name].build().train()
    logits, auxiliary = network(torch.rand(2, 3, 64, 64))
    sum(x.square().mean() for x in (logits, *auxiliary)).backward()
    without = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    assert without == []


@pytest.mark.parametrize(
    ("name", "highest"), [("upernet_swin_t", 0.3), ("upernet_convnext_t", 0.4), ("segformer_b0", 0.1)]
)
def test_paths_are_dropped_as_often_as_in_mmsegmentation(name, highest):
    """From never in the first block to the highest rate in the last, in equal steps."""
    with torch.device("meta"):
        backbone = CONFIGS[name].build().body.backbone
    blocks = [block for stage in getattr(backbone, "stages", None) or backbone.layers for block in stage.blocks]
    rates = [{m.drop_prob for m in block.modules() if isinstance(m, DropPath)} or {0.0} for block in blocks]
    assert all(len(of_block) == 1 for of_block in rates)
    expected = [highest * index / (len(blocks) - 1) for index in range(len(blocks))]
    assert [of_block.pop() for of_block in rates] == pytest.approx(expected)


@pytest.mark.parametrize("name", ["upernet_swin", "upernet_convnext", "segformer"])
def test_recomputing_activations_changes_no_gradient(name):
    gradients = []
    for recompute in (False, True):
        torch.manual_seed(0)
        network = replace(TINY[name], checkpoint_activations=recompute).build().train()
        torch.manual_seed(1)  # what drop path draws
        network(torch.rand(2, 3, 64, 64))[0].square().mean().backward()
        gradients.append([p.grad for p in network.body.backbone.parameters() if p.grad is not None])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("config", [*CONFIGS.values(), *TINY.values()], ids=[*CONFIGS, *TINY])
def test_a_runs_config_holds_any_network(config):
    run = RunConfig(recipe="smoke", steps=1, model=config)
    assert from_json(to_json(run)) == run


def test_an_unknown_network_in_a_config_is_refused_with_the_nearest_name():
    text = to_json(RunConfig(recipe="smoke", steps=1, model=CONFIGS["psanet_r50"]))
    with pytest.raises(FaceparseError, match=r"unknown name 'psanets'; did you mean 'psanet'\?"):
        from_json(text.replace('"psanet"', '"psanets"'))


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (replace(TINY["deeplabv3plus"], depths=(1, 1)), "model.depths"),
        (replace(TINY["psanet"], mask_size=0), "model.mask_size"),
        (replace(TINY["psanet"], width=3), "model.width"),
        (replace(TINY["upernet_swin"], num_heads=(3, 3, 3, 3)), "model.num_heads"),
        (replace(TINY["upernet_convnext"], widths=(8, 8)), "model.widths"),
        (replace(TINY["knet_resnet"], num_heads=3), "model.num_heads"),
        (replace(TINY["knet_swin"], base=replace(TINY["upernet_swin"], window=1)), "model.base.window"),
        (replace(TINY["segformer"], drop_path=1.0), "model.drop_path"),
        (replace(TINY["bisenetv2"], detail_channels=(8, 8, 4)), "model.detail_channels"),
    ],
)
def test_sizes_that_cannot_be_built_are_told(config, said):
    assert any(said in fault for fault in config.faults())
