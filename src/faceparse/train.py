"""The one training loop, top to bottom: build, then step until done.

A batch is a function of the seed and the step alone: which samples, how they are varied, what dropout drops. So there
is no loader to save, and a run that was killed and resumed is the run that was left alone, bit for bit on a CPU.
"""

import functools
import json
import logging
import math
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from faceparse.checkpoint import load_state, load_weights, save_checkpoint
from faceparse.config import RunConfig, check, differences, read_config, to_json
from faceparse.console import duration, log
from faceparse.data.augment import apply_opencv, apply_torch, draw_plan
from faceparse.data.dataset import Pair, find_split, holdout, labelled_splits, list_pairs
from faceparse.data.store import Store, open_store
from faceparse.errors import FaceparseError, UsageError
from faceparse.evaluate import evaluate
from faceparse.files import write_atomically
from faceparse.infer.torch import torch_predictor
from faceparse.metrics import ScoreReport
from faceparse.optim import WeightAverage, learning_rate_at

HOLDOUT_FRACTION = 0.1
"""Of a data set without `val`, this share is held out to validate on."""


def train(config: RunConfig, dataset: Path, out: Path, *, resume: bool = False) -> None:
    """Train as `config` says and leave a run folder: config, metrics, log, checkpoints.

    Args:
        dataset: a root with splits, or one split's folder.
        out: the run folder; must be new or empty unless `resume`, which goes on where the last checkpoint stands.

    Raises:
        FaceparseError: the data, the folder or a loss that is not finite; what was saved before stays.
    """
    check(config)
    last = _open_run(config, out, resume)
    if last is not None and load_state(last)["step"] >= config.steps:
        log.info("%s: already trained for all %d steps; nothing to do", out, config.steps)
        return

    # --- data ---------------------------------------------------------------------------------------------------
    train_pairs, val_pairs = choose_pairs(config, dataset)
    store = open_store(train_pairs, dataset, config.store_size)

    # --- network, loss, optimiser ---------------------------------------------------------------------------------
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(config.seed)
    layout = torch.channels_last if config.channels_last else torch.contiguous_format
    network = config.model.build(working_size=config.image_size).to(device).to(memory_format=layout)
    loss_of = config.loss.build().to(device)
    optimizer = config.optimizer.build(network)
    average = WeightAverage(network, config.average_decay)
    averaged = config.model.build(working_size=config.image_size).to(device).eval()
    autocast = _autocast(config, device)
    batch_at = _batches(config, store, device)

    # --- where the run stands -------------------------------------------------------------------------------------
    step, best = 0, -math.inf
    if last is not None:
        state = load_state(last)
        step, best = state["step"], state["best"]
        network.load_state_dict(state["weights"])
        optimizer.load_state_dict(state["optimizer"])
        average.tensors = {name: tensor.to(device) for name, tensor in load_weights(last).items()}
    metrics = MetricsLog(out / "metrics.jsonl", step)
    log.info(
        "training %s parameters on %d pairs, validating on %d, from step %d to %d on %s",
        f"{network.num_parameters:,}", len(train_pairs), len(val_pairs), step, config.steps, _describe(device),
    )  # fmt: skip

    # --- the loop -------------------------------------------------------------------------------------------------
    losses: list[float] = []
    started, began_at = time.monotonic(), step
    window_started = started
    while step < config.steps:
        network.train()
        torch.manual_seed(config.seed * 1_000_003 + step)
        rate = learning_rate_at(config.optimizer, step, config.steps)
        for group in optimizer.param_groups:
            group["lr"] = rate

        images, labels = batch_at(step)
        with autocast():
            logits, auxiliary = network(images)
        loss = loss_of(logits, labels, auxiliary)
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            names = ", ".join(store.names[i] for i in sample_order(len(store), config.batch_size, config.seed, step))
            raise FaceparseError(
                f"the loss is {losses[-1]} at step {step + 1} (batch: {names}); lower optimizer.learning-rate or look "
                f"at these pairs; what was saved in {out} is kept"
            )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), config.clip_norm)
        optimizer.step()
        step += 1
        average.update(network, step)

        if step % config.log_every == 0 or step == config.steps:
            now = time.monotonic()
            speed = len(losses) * config.batch_size / (now - window_started)
            left = duration((now - started) / (step - began_at) * (config.steps - step))
            metrics.write(step, loss=float(np.mean(losses)), learning_rate=rate, images_per_second=speed)
            log.info("step %d/%d  loss %.4f  %.1f images/s  %s left", step, config.steps, np.mean(losses), speed, left)
            losses, window_started = [], now

        evaluated = step % config.eval_every == 0 or step == config.steps
        improved = False
        if evaluated:
            averaged.load_state_dict(average.tensors)
            report = evaluate(torch_predictor(averaged, device), val_pairs)
            improved = report.fscore_2025 > best
            best = max(best, report.fscore_2025)
            metrics.write(step, **_scores(report))
            log.info(
                "step %d/%d  val: F %.4f  mIoU %.4f%s",
                step, config.steps, report.fscore_2025, report.miou_2022, "  (best)" if improved else "",
            )  # fmt: skip
            window_started = time.monotonic()
        if evaluated or step % config.save_every == 0:
            state = {"step": step, "best": best, "weights": network.state_dict(), "optimizer": optimizer.state_dict()}
            save_checkpoint(out / "checkpoints", step, config, average.tensors, state, best=improved)
    log.info("done in %s; best val F %.4f; model: %s", duration(time.monotonic() - started), best, out)


def choose_pairs(config: RunConfig, dataset: Path) -> tuple[list[Pair], list[Pair]]:
    """The pairs to train on and to validate on.

    A data set without `val` (or one split's folder) holds some of its pairs out, by a hash of their names.
    """
    available = labelled_splits(dataset)
    single = (dataset / "images").is_dir()
    chosen = [dataset] if single else [find_split(dataset, split) for split in config.train_splits]
    train_pairs = [pair for folder in chosen for pair in list_pairs(folder)]
    if "val" in available and not single:
        return train_pairs, list_pairs(available["val"])
    held = holdout([pair.name for pair in train_pairs], HOLDOUT_FRACTION)
    log.info("%s: no val split, so %d pairs are held out by the hash of their names", dataset, len(held))
    return [p for p in train_pairs if p.name not in held], [p for p in train_pairs if p.name in held]


def sample_order(num: int, batch_size: int, seed: int, step: int) -> list[int]:
    """Which of `num` samples form the batch of a step: every epoch is a shuffle, batches run across epochs."""
    positions = range(step * batch_size, (step + 1) * batch_size)
    return [int(_shuffle(num, seed, position // num)[position % num]) for position in positions]


@functools.lru_cache(maxsize=2)
def _shuffle(num: int, seed: int, epoch: int) -> np.ndarray:
    return np.random.default_rng((seed, 0, epoch)).permutation(num)


def _batches(config: RunConfig, store: Store, device: torch.device) -> Callable[[int], tuple[Tensor, Tensor]]:
    """A function from the step to its batch: float RGB in [0, 1] `b 3 h w`, labels uint8 `b h w`."""

    def drawn(step: int) -> tuple[list[int], np.random.Generator]:
        order = sample_order(len(store), config.batch_size, config.seed, step)
        return order, np.random.default_rng((config.seed, 1, step))

    def on_cpu(step: int) -> tuple[Tensor, Tensor]:
        order, random = drawn(step)
        plan = draw_plan(config.augment, config.batch_size, random)
        images, labels = apply_opencv(plan, store.images[order], store.labels[order], config.image_size)
        # Channels stay innermost, which is the layout that the network wants
        return torch.from_numpy(images).permute(0, 3, 1, 2).float().div_(255), torch.from_numpy(labels)

    if device.type == "cpu":
        return on_cpu
    images, labels = (torch.from_numpy(np.ascontiguousarray(x)).to(device) for x in (store.images, store.labels))

    def on_device(step: int) -> tuple[Tensor, Tensor]:
        order, random = drawn(step)
        plan = draw_plan(config.augment, config.batch_size, random)
        index = torch.tensor(order, device=device)
        return apply_torch(plan, images[index], labels[index], config.image_size)

    return on_device


def _autocast(config: RunConfig, device: torch.device) -> Callable[[], AbstractContextManager]:
    """bfloat16 where the config asks for it, or where it is left open and the device computes in it."""
    gains = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
    if config.precision == "fp32" or (config.precision == "auto" and not gains):
        return nullcontext
    return lambda: torch.autocast(device.type, torch.bfloat16)


def _open_run(config: RunConfig, out: Path, resume: bool) -> Path | None:
    """Make or check the run folder; the last checkpoint where there is one to go on from."""
    written = out / "config.json"
    if resume and written.exists():
        changed = differences(read_config(written), config)
        if changed:
            raise UsageError(f"{out}: cannot resume with another configuration: {'; '.join(changed)}")
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out}: already holds something; name a new folder for --out, or go on with --resume")
    else:
        write_atomically(written, to_json(config))
    _log_to(out / "log.txt")
    last = out / "checkpoints" / "last"
    return last.resolve() if last.exists() else None


def _log_to(path: Path) -> None:
    for handler in [h for h in log.handlers if isinstance(h, logging.FileHandler)]:
        log.removeHandler(handler)
        handler.close()
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    log.addHandler(handler)


class MetricsLog:
    """`metrics.jsonl`: one object a line, each with its `step`; cut back to where a resumed run stands."""

    def __init__(self, path: Path, step: int):
        self.path = path
        kept = [line for line in self._lines() if json.loads(line)["step"] <= step]
        write_atomically(path, "".join(line + "\n" for line in kept))

    def _lines(self) -> Sequence[str]:
        """Whole lines; a killed run may have left half of one."""
        if not self.path.exists():
            return []
        text = self.path.read_text()
        return text[: text.rfind("\n") + 1].splitlines()

    def write(self, step: int, **values: object) -> None:
        """Append one line."""
        with self.path.open("a") as file:
            file.write(json.dumps({"step": step, **values}) + "\n")


def _scores(report: ScoreReport) -> dict[str, object]:
    scores = report.as_dict()
    scores.pop("num_images")
    return scores


def _describe(device: torch.device) -> str:
    return torch.cuda.get_device_name() if device.type == "cuda" else f"{torch.get_num_threads()} CPU threads"
