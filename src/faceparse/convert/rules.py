"""What MMSegmentation calls an entry of ours, and how ours is made of theirs."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from torch import Tensor, nn

from faceparse.models.blocks import ConvNormAct
from faceparse.models.fcn import PixelClassifier


@dataclass(frozen=True)
class Rule:
    """Where `ours` is found in our name, `theirs` is written instead (`re.sub`); `make` makes our tensor of theirs."""

    ours: str
    theirs: str
    make: Callable[[Tensor], Tensor] | None = None


@dataclass(frozen=True)
class Source:
    """Where one of our entries comes from: their key, then what is done to its tensor, in order."""

    key: str
    steps: tuple[Callable[[Tensor], Tensor], ...] = ()

    def make(self, tensor: Tensor) -> Tensor:
        for step in self.steps:
            tensor = step(tensor)
        return tensor


def sources(body: nn.Module, rules: Iterable[Rule]) -> dict[str, Source]:
    """For each entry of a network's body, by our name, where MMSegmentation keeps it."""
    rules = (*_rules_of_blocks(body), *rules)
    return {name: _source(name, rules) for name in body.state_dict()}


def _source(name: str, rules: Iterable[Rule]) -> Source:
    steps = []
    for rule in rules:
        name, count = re.subn(rule.ours, rule.theirs, name)
        if count and rule.make is not None:
            steps.append(rule.make)
    return Source(name, tuple(steps))


def _rules_of_blocks(body: nn.Module) -> list[Rule]:
    rules = []
    for name, module in body.named_modules():
        path = re.escape(name)
        if isinstance(module, ConvNormAct):
            rules += [Rule(rf"^{path}\.0\.", f"{name}.conv."), Rule(rf"^{path}\.1\.", f"{name}.bn.")]
        elif isinstance(module, PixelClassifier):
            parent = name.rpartition(".")[0]
            rules.append(Rule(rf"^{path}\.1\.", f"{parent}.conv_seg." if parent else "conv_seg."))
    return rules
