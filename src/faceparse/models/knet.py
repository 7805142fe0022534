"""K-Net (Zhang et al., 2021) for classes, as MMSegmentation has it: each class's kernel is refined from what it found.

A base network predicts a map for each class with the kernels of its last layer. Then, three times, each kernel is
updated by the mean feature under its map (equations 3 to 5), the kernels attend to one another, and predict new maps.
Every prediction is trained; the last one counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

from .deeplab import DeepLabV3Config
from .encoder_decoder import EncoderDecoder
from .network import Network
from .upernet import UPerNetSwinConfig


@dataclass(frozen=True, kw_only=True)
class KNetConfig:
    """Sizes of K-Net; those on Swin-T's UPerNet unless given. `build()` gives random weights."""

    name: Literal["knet"] = "knet"
    base: UPerNetSwinConfig | DeepLabV3Config = field(default_factory=UPerNetSwinConfig)
    """The network whose classifier's kernels are refined."""
    num_stages: int = 3
    """Refinements."""
    width: int = 256
    """Channels of a kernel that are updated together."""
    num_heads: int = 8
    """Of the kernels' attention to one another."""
    feedforward_channels: int = 2048

    def faults(self) -> list[str]:
        """What keeps these sizes from being built; empty where nothing does."""
        faults = [fault.replace("model.", "model.base.") for fault in self.base.faults()]
        for name in ("width", "num_heads"):
            if (part := getattr(self, name)) < 1 or self.base.channels % part:
                faults.append(f"model.{name} is {part}, where a divisor of model.base.channels is needed")
        if not (1 <= self.num_stages <= 16 and 1 <= self.feedforward_channels <= 65536):
            faults.append("model.num_stages must be 1 to 16 and model.feedforward_channels 1 to 65536")
        return faults

    def build(self, num_classes: int = 19, working_size: int | None = None) -> Network:
        base = self.base.build(num_classes).body
        assert isinstance(base, EncoderDecoder)
        stages = (
            KernelUpdate(
                self.base.channels,
                width=self.width,
                num_heads=self.num_heads,
                feedforward_channels=self.feedforward_channels,
            )
            for _ in range(self.num_stages)
        )
        return Network(KNet(base, stages), num_classes=num_classes, working_size=working_size)


class KNet(nn.Module):
    """Normalised `b 3 h w` → the last stage's logits at the size of the base's.

    In training also those of the base, of each stage but the last, and of the base's auxiliary head.
    """

    num_earlier: int
    """The first so many of the auxiliary logits are the decode head's own, whose loss counts as much as the last's."""

    def __init__(self, base: EncoderDecoder, stages: Iterable["KernelUpdate"]):
        super().__init__()
        self.backbone, self.head, self.auxiliary_head = base.backbone, base.head, base.auxiliary_head
        self.updates = nn.ModuleList(stages)
        self.num_earlier = len(self.updates)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, tuple[Tensor, ...]]:
        maps = self.backbone(x)
        features = self.head.features(maps)
        height, width = features.shape[-2:]
        predictions = [self.head.classifier(features).flatten(2)]  # b classes hw
        features = features.flatten(2).transpose(1, 2)  # b hw channels
        kernels = self.head.classifier[1].weight.flatten(1).expand(x.shape[0], -1, -1)
        for update in self.updates:
            kernels, logits = update(features, kernels, predictions[-1])
            predictions.append(logits)
        *earlier, last = (logits.unflatten(2, (height, width)) for logits in predictions)
        return (last, (*earlier, self.auxiliary_head(maps[2]))) if self.training else last


class KernelUpdate(nn.Module):
    """One stage: kernels, features and the maps so far → new kernels and their maps.

    Args:
        channels: of the features, and so of each class's kernel, which is 1×1.
        width: channels that are updated together; a kernel is cut into slices of as many. (MMSegmentation's configs
            have 512 channels and 256 here, which makes two slices of each kernel that share the weights.)
    """

    def __init__(self, channels: int, *, width: int, num_heads: int, feedforward_channels: int):
        super().__init__()
        # Applied to kernels and means instead of to every position, see `forward`
        self.transform = nn.Linear(channels, channels)
        self.updater = KernelUpdater(width)
        self.attention = SelfAttention(channels, num_heads)
        self.attention_norm = nn.LayerNorm(channels)
        self.feedforward = nn.Sequential(
            nn.Linear(channels, feedforward_channels), nn.ReLU(), nn.Linear(feedforward_channels, channels)
        )
        self.feedforward_norm = nn.LayerNorm(channels)
        self.mask = nn.Sequential(
            nn.Linear(channels, channels, bias=False), nn.LayerNorm(channels), nn.ReLU(), nn.Linear(channels, channels)
        )
        for weight in self.parameters():
            if weight.dim() > 1:
                nn.init.xavier_uniform_(weight)

    def forward(self, features: Tensor, kernels: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
        """The stage's kernels `b classes channels` and logits `b classes hw`.

        MMSegmentation puts the features through a 1×1 convolution first. Being linear, it may as well be applied to
        their weighted sums and, transposed, to the kernels: the same numbers for 19 vectors instead of for h·w.

        Args:
            features: `b hw channels`.
            kernels: `b classes channels`.
            logits: `b classes hw`, of the stage before.
        """
        weights = logits.softmax(1)
        gathered = weights @ features  # b classes channels
        gathered = F.linear(gathered, self.transform.weight) + weights.sum(2, keepdim=True) * self.transform.bias
        kernels = self.updater(gathered, kernels)
        kernels = self.attention_norm(kernels + self.attention(kernels))
        kernels = self.feedforward_norm(kernels + self.feedforward(kernels))
        mask = self.mask(kernels)
        logits = (mask @ self.transform.weight) @ features.transpose(1, 2) + (mask @ self.transform.bias).unsqueeze(2)
        return kernels, logits


class KernelUpdater(nn.Module):
    """Gated mix of a kernel and the feature found with it (equations 4 and 5)."""

    def __init__(self, width: int):
        super().__init__()
        self.width = width
        self.from_gathered = nn.Linear(width, 2 * width)
        self.from_kernel = nn.Linear(width, 2 * width)
        self.kernel_gate = nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width), nn.Sigmoid())
        self.gathered_gate = nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width), nn.Sigmoid())
        self.kernel_norm = nn.LayerNorm(width)
        self.gathered_norm = nn.LayerNorm(width)
        self.out = nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width), nn.ReLU())

    def forward(self, gathered: Tensor, kernels: Tensor) -> Tensor:
        gathered_in, gathered_out = self.from_gathered(self._slices(gathered)).chunk(2, dim=-1)
        kernel_in, kernel_out = self.from_kernel(self._slices(kernels)).chunk(2, dim=-1)
        both = gathered_in * kernel_in
        mixed = self.gathered_gate(both) * self.gathered_norm(gathered_out)
        mixed = mixed + self.kernel_gate(both) * self.kernel_norm(kernel_out)
        return self.out(mixed).flatten(2)

    def _slices(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (-1, self.width))  # b classes slices width


class SelfAttention(nn.Module):
    """Multi-head attention of the classes' kernels to one another (Vaswani et al., 2017)."""

    def __init__(self, channels: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.query_key_value = nn.Linear(channels, 3 * channels)
        self.project = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        heads = self.query_key_value(x).unflatten(2, (3, self.num_heads, -1))  # b classes 3 heads d
        query, key, value = heads.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(query, key, value)
        return self.project(attended.transpose(1, 2).flatten(2))
