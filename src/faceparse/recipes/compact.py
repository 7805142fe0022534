"""`compact` from scratch: the 2025 challenge's rules, two CPU cores or any GPU."""

from dataclasses import replace

from faceparse.config import RunConfig
from faceparse.losses import LossConfig
from faceparse.models import CONFIGS, CompactConfig
from faceparse.optim import OptimizerConfig


def compact() -> RunConfig:
    """`faceparse train compact --data DATA --out runs/compact`

    Source: ours; 2025 rules (from scratch, given pairs only, under 1,821,085 parameters).
    Cost: an hour and ten minutes on one busy CPU core in fp32.
    Expected: F 0.867 on val mended, trained on 709 real pairs (results/compact).
    """
    return RunConfig(
        recipe="compact",
        steps=3200,
        batch_size=8,
        growth=(192, 240),
        image_size=288,
        eval_every=800,
        save_every=100,  # of the dense one a good five minutes on a slow core: slices of ten get on
        loss=LossConfig(dice=2.5),
        optimizer=OptimizerConfig(kind="muon", learning_rate=5e-3, weight_decay=0.2, warmup_steps=100),
    )


def compact_dense() -> RunConfig:
    """`faceparse train compact_dense --data DATA --out runs/dense`

    Source: ours; the same rules. Dense convolutions in each block, context at 1/16: more F, 1.6 times as long to train.
    Cost: an hour on one busy CPU core with bfloat16, an hour and a half to two in fp32.
    Expected: F 0.872 on val mended, trained on 709 real pairs (results/compact; one seed).
    """
    return replace(compact(), recipe="compact_dense", model=CONFIGS["compact_dense"])


def demo() -> RunConfig:
    """`faceparse train demo --data MADE --out runs/demo`

    Source: ours, for `faceparse demo`.
    Cost: about five minutes on two CPU cores with bfloat16.
    Expected: enough to see it learn; made faces only.
    """
    return RunConfig(
        recipe="demo",
        steps=800,
        image_size=128,
        store_size=128,
        eval_every=200,
        save_every=200,
        log_every=20,
        optimizer=OptimizerConfig(learning_rate=4e-3, warmup_steps=40),
        average_decay=0.98,
    )


def smoke() -> RunConfig:
    """`faceparse train smoke --data DATA --out runs/smoke`

    Source: ours, to see that everything runs.
    Cost: seconds.
    Expected: nothing; it stops long before it has learned.
    """
    return RunConfig(
        recipe="smoke",
        steps=20,
        batch_size=4,
        image_size=64,
        store_size=64,
        eval_every=10,
        save_every=10,
        log_every=5,
        model=CompactConfig(
            widths=(8, 16, 16, 16), depths=(0, 1, 1, 0), group_widths=(0, 0, 0, 0), num_attention=1, decoder_width=16
        ),
        optimizer=OptimizerConfig(learning_rate=3e-3, warmup_steps=5),
        average_decay=0.9,
    )
