"""Logs as MMSegmentation writes them, with made figures."""

import json
from pathlib import Path

from faceparse.classes import NAMES

CONFIG = """
norm_cfg = dict(type='SyncBN', requires_grad=True)
model = dict(
    type='EncoderDecoder',
    backbone=dict(type='SwinTransformer', embed_dims=128, depths=[2, 2, 18, 2]),
    decode_head=dict(type='UPerHead', num_classes=19, loss_decode=[
        dict(type='CrossEntropyLoss', loss_weight=1.0), dict(type='LovaszLoss', loss_weight=2.0)]),
    auxiliary_head=dict(type='FCNHead', loss_decode=dict(type='CrossEntropyLoss', loss_weight=0.4)))
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomRotate', prob=0.5, degree=25.0),
    dict(type='PhotoMetricDistortion', hue_delta=9)]
optimizer = dict(type='AdamW', lr=6e-05, betas=(0.9, 0.999), weight_decay=0.01)
lr_config = dict(policy='poly', warmup='linear', warmup_iters=1500, power=1.0)
runner = dict(type='IterBasedRunner', max_iters=400)
"""
ENVIRONMENT = "sys.platform: linux\nPython: 3.8.16\nGPU 0: NVIDIA GeForce RTX 3090\nPyTorch: 1.8.1+cu111\n"


def miou_at(step: int) -> float:
    """What a made training reaches."""
    return 0.5 + 0.3 * step / (step + 400)


def write_old(path: Path, first: int, last: int, *, percent: bool = False, batches: int | None = 1000) -> Path:
    """A 0.x log of the steps from `first` to `last`, each 50 a line, evaluated each 100."""
    lines = [{"env_info": ENVIRONMENT, "config": CONFIG, "seed": 0, "exp_name": "swin.py"}]
    for step in range(first, last + 1, 50):
        losses = {"decode.loss_ce": 200 / step, "decode.acc_seg": 90.0, "aux.loss_ce": 0.1, "loss": 220 / step}
        lines.append({"mode": "train", "epoch": 1, "iter": step, "lr": 6e-5, "memory": 18000, **losses, "time": 0.8})
        if step % 100 == 0:
            lines.append(_scores(step, percent) | {"mode": "val", "epoch": 1, "iter": batches or step, "lr": 6e-5})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def write_new(path: Path, last: int) -> Path:
    """A 1.x `scalars.json`: per cent, and no classes."""
    lines: list[dict] = []
    for step in range(50, last + 1, 50):
        lines.append({"lr": 6e-5, "loss": 220 / step, "decode.loss_ce": 0.2, "time": 0.8, "iter": step, "step": step})
        if step % 100 == 0:
            scores = {name: 100 * value for name, value in _means(step).items()}
            lines.append({**scores, "data_time": 0.01, "time": 0.1, "step": step})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def _means(step: int) -> dict[str, float]:
    return {"aAcc": 0.95, "mIoU": miou_at(step), "mAcc": miou_at(step) + 0.05}


def _scores(step: int, percent: bool) -> dict[str, float]:
    rows: dict[str, float] = {}
    for index, name in enumerate(NAMES):
        rows[f"IoU.{name}"] = round(0.4 + index / 40, 4)
        rows[f"Acc.{name}"] = round(0.5 + index / 40, 4)
    values = _means(step) | rows
    return {name: 100 * value for name, value in values.items()} if percent else values
