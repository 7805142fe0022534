"""Which optimiser trains a network, and how fast each part of it learns."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from faceparse.muon import Muon

from .groups import parameter_groups


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """AdamW, Muon or SGD with warm-up, then a falling learning rate."""

    kind: Literal["adamw", "muon", "sgd"] = "adamw"
    learning_rate: float = 2e-3
    """The highest rate, reached after the warm-up."""
    weight_decay: float = 0.05
    """Not applied to norms, biases and position tables."""
    betas: tuple[float, float] = (0.9, 0.999)
    """AdamW's averages."""
    momentum: float = 0.9
    """SGD's; Muon has its own."""
    schedule: Literal["cosine", "poly", "step", "constant"] = "cosine"
    power: float = 0.9
    """Of the poly schedule."""
    milestones: tuple[float, ...] = (0.75, 0.9)
    """Of the step schedule: shares of the run after each of which the rate is a tenth of what it was."""
    warmup_steps: int = 200
    """Cut to half of a run that has fewer than twice as many steps."""
    warmup_ratio: float | None = None
    """The first rate as a fraction of the highest, with a curve that begins at the first step, as MMSegmentation 0.x
    has it. None: the first rate is 1/`warmup_steps` of the highest, and the curve begins after the warm-up."""
    final_ratio: float = 0.01
    """The last rate as a fraction of the highest."""
    layer_decay: float = 1.0
    """Factor on the rate from one layer of the backbone to the one before it; 1 lets all learn alike."""
    layer_kind: Literal["stage", "layer"] = "stage"
    """What counts as a layer: a whole stage, or a block or some."""
    num_layers: int = 0
    """Layers between the backbone's stem and the head; stages are counted from the stem, so that more layers than
    stages slow the whole backbone (MMSegmentation has 6 and 12 for ConvNeXt). 0: as many as there are."""
    head_rate: float = 1.0
    """Factor on the rate of everything but the backbone."""

    def faults(self) -> list[str]:
        """What cannot work, in a user's words; empty where nothing is wrong."""
        faults = []
        if self.learning_rate <= 0 or self.head_rate <= 0:
            faults.append("optimizer.learning_rate and optimizer.head_rate must be above 0")
        if not 0 < self.layer_decay <= 1:
            faults.append(f"optimizer.layer_decay is {self.layer_decay}, where above 0 and at most 1 is needed")
        if not all(0 < milestone < 1 for milestone in self.milestones):
            faults.append(f"optimizer.milestones are {self.milestones}, where shares of a run from 0 to 1 are needed")
        if self.num_layers < 0:
            faults.append(f"optimizer.num_layers is {self.num_layers}, where at least 0 is needed")
        if self.warmup_ratio is not None and not 0 <= self.warmup_ratio <= 1:
            faults.append(f"optimizer.warmup_ratio is {self.warmup_ratio}, where 0 to 1 is needed")
        return faults

    def build(self, network: nn.Module) -> torch.optim.Optimizer:
        """The optimiser of a network's trainable parameters.

        Raises:
            UsageError: rates are to differ by layer, and the network has no backbone whose layers are known.
        """
        groups = parameter_groups(
            network,
            weight_decay=self.weight_decay,
            layer_decay=self.layer_decay,
            by_stage=self.layer_kind == "stage",
            num_layers=self.num_layers,
            head_rate=self.head_rate,
        )
        if self.kind == "adamw":
            return torch.optim.AdamW(groups, lr=self.learning_rate, betas=self.betas)
        if self.kind == "muon":
            return Muon(groups, self.learning_rate, betas=self.betas)
        return torch.optim.SGD(groups, lr=self.learning_rate, momentum=self.momentum)
