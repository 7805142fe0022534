"""K-Net: MMSegmentation's iterative decode head around another network's, whose rules are used as well."""

from torch import Tensor

from . import resnet, swin, upernet
from .rules import Rule


def _linear(theirs: Tensor) -> Tensor:
    """A 1×1 convolution's weight as a linear layer's."""
    return theirs.flatten(1)


_UPDATER = {
    "from_gathered": "dynamic_layer",
    "from_kernel": "input_layer",
    "kernel_gate.0": "input_gate",
    "kernel_gate.1": "input_norm_in",
    "gathered_gate.0": "update_gate",
    "gathered_gate.1": "norm_in",
    "kernel_norm": "input_norm_out",
    "gathered_norm": "norm_out",
    "out.0": "fc_layer",
    "out.1": "fc_norm",
}

UPDATES = (
    Rule(r"^updates\.", "decode_head.kernel_update_head."),
    Rule(r"\.transform\.weight$", ".feat_transform.conv.weight", _linear),
    Rule(r"\.transform\.bias$", ".feat_transform.conv.bias"),
    *(Rule(rf"\.updater\.{ours}\.", f".kernel_update_conv.{theirs}.") for ours, theirs in _UPDATER.items()),
    Rule(r"\.attention\.query_key_value\.", ".attention.attn.in_proj_"),
    Rule(r"\.attention\.project\.", ".attention.attn.out_proj."),
    Rule(r"\.feedforward\.0\.", ".ffn.layers.0.0."),
    Rule(r"\.feedforward\.2\.", ".ffn.layers.1."),
    Rule(r"\.feedforward_norm\.", ".ffn_norm."),
    Rule(r"\.mask\.([01])\.", r".mask_fcs.\1."),
    Rule(r"\.mask\.3\.", ".fc_mask."),
)

_GENERATOR = Rule(r"^head\.", "decode_head.kernel_generate_head.")

RESNET = (*resnet.BACKBONE, *resnet.PYRAMID, _GENERATOR, *UPDATES)
SWIN = (*swin.BACKBONE, *upernet.HEAD, _GENERATOR, *UPDATES)
AUTHORS_SWIN = (*swin.AUTHORS_BACKBONE, *upernet.HEAD, _GENERATOR, *UPDATES)
