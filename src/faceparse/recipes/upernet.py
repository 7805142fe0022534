"""UPerNet on Swin Transformer and ConvNeXt as the 2022 reports trained it, the winner's included."""

from faceparse.config import RunConfig

from .challenge_2022 import FLIPS, WINNER_AUGMENTATION, WINNER_LOSS, WINNER_MEAN, WINNER_STD, adamw, report_run


def upernet_swin_t() -> RunConfig:
    """`faceparse train upernet_swin_t --data DATA --out runs/upernet_swin_t`

    Source: a 2022 report; MMSegmentation's schedule of 160k steps.
    Cost: 452.7 P multiply-adds; not timed here.
    Expected: 76.775 mIoU on test as reported (5,000 pairs, ImageNet-1k).
    """
    return report_run("upernet_swin_t", "upernet_swin_t", 160_000, adamw())


def upernet_swin_b() -> RunConfig:
    """`faceparse train upernet_swin_b --data DATA --out runs/upernet_swin_b`

    Source: a 2022 report; MMSegmentation's schedule of 160k steps.
    Cost: 571.9 P multiply-adds; not timed here.
    Expected: 78.76 mIoU on val, 77.578 on test as reported (5,000 pairs, ImageNet-1k).
    """
    return report_run("upernet_swin_b", "upernet_swin_b", 160_000, adamw())


def upernet_swin_l() -> RunConfig:
    """`faceparse train upernet_swin_l --data DATA --out runs/upernet_swin_l`

    Source: the 2022 winner's comparison of backbones, label-swapping flips only.
    Cost: 780.5 P multiply-adds; not timed here.
    Expected: 79.60 mIoU on val as reported (ImageNet-21k, which the rules exclude).
    """
    return report_run("upernet_swin_l", "upernet_swin_l", 160_000, adamw(), augment=FLIPS, pretraining="imagenet-21k")


def upernet_convnext_t() -> RunConfig:
    """`faceparse train upernet_convnext_t --data DATA --out runs/upernet_convnext_t`

    Source: MMSegmentation's schedule for ConvNeXt-T.
    Cost: 448.4 P multiply-adds; not timed here.
    Expected: no report has it.
    """
    return report_run(
        "upernet_convnext_t",
        "upernet_convnext_t",
        160_000,
        adamw(1e-4, 0.05, layer_decay=0.9, num_layers=6),
        loss=WINNER_LOSS,
        augment=WINNER_AUGMENTATION,
    )


def upernet_convnext_l() -> RunConfig:
    """`faceparse train upernet_convnext_l --data DATA --out runs/upernet_convnext_l`

    Source: the 2022 winner's recipe on the smaller backbone.
    Cost: 752.9 P multiply-adds; not timed here.
    Expected: no report has it.
    """
    return report_run(
        "upernet_convnext_l",
        "upernet_convnext_l",
        160_000,
        adamw(8e-5, 0.05, layer_decay=0.9, num_layers=12),
        loss=WINNER_LOSS,
        augment=WINNER_AUGMENTATION,
        input_mean=WINNER_MEAN,
        input_std=WINNER_STD,
    )


def upernet_convnext_xl() -> RunConfig:
    """`faceparse train upernet_convnext_xl --data DATA --out runs/upernet_convnext_xl`

    The winner trained on both splits: `--train-splits train,val`, which leaves nothing to choose a checkpoint by.
    Its report gives 223.34 G multiply-adds at 512²; a full count is 532.43 G, since its tool passed over ConvNeXt's
    point-wise linear layers (309.2 G).

    Source: the 2022 winner.
    Cost: 1,022.3 P multiply-adds; the winner's logs have 36.7 hours of one RTX 3090 in half precision and 18 to 21 GB.
    Expected: 79.48 mIoU on test, 79.754 with five scales, as reported (ImageNet-21k, train and val).
    """
    return report_run(
        "upernet_convnext_xl",
        "upernet_convnext_xl",
        160_000,
        adamw(8e-5, 0.05, layer_decay=0.9, num_layers=12),
        loss=WINNER_LOSS,
        augment=WINNER_AUGMENTATION,
        pretraining="imagenet-21k",
        input_mean=WINNER_MEAN,
        input_std=WINNER_STD,
    )
