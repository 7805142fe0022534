"""The ONNX file of each architecture gives what PyTorch gives, for one photo or several, at odd sizes too."""

from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch

from faceparse.export import Deployed, _to_onnx, compare
from tiny_networks import TINY

NETWORKS = {**TINY, "upernet_swin": replace(TINY["upernet_swin"], window=7)}  # as the full-size networks have them
SHAPES = ((1, 64, 64), (2, 65, 97), (1, 104, 71))


@pytest.mark.parametrize("name", NETWORKS)
def test_onnx_is_pytorch(name):
    torch.manual_seed(0)
    network = NETWORKS[name].build()
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            torch.nn.init.normal_(module.weight, std=module.weight[0].numel() ** -0.5)  # logits that differ
    deployed = Deployed(network).eval()
    content = _to_onnx(deployed)
    inputs = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"]).get_inputs()
    assert [(x.name, x.type, x.shape) for x in inputs] == [("image", "tensor(uint8)", ["n", "h", "w", 3])]
    for shape in SHAPES:
        photos = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
        parity = compare(deployed, content, [photos])
        assert parity.probabilities < 1e-4
        assert parity.labels < 1e-3
