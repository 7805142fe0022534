"""The one training loop, top to bottom: build, then step until done.

A run that was killed and resumed is the run that was left alone, bit for bit on a CPU: a batch is a function of the
seed and the step (`data/sampling.py`), what dropout drops is too, and the rest is in the checkpoint. Several processes
(`distributed.py`) go through the same loop, each with its share of the batch; the first one writes and evaluates.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from faceparse.backward import backward
from faceparse.checkpoint import load_state, load_weights, save_checkpoint
from faceparse.config import RunConfig, check, size_at
from faceparse.console import duration, log
from faceparse.data.dataset import Pair
from faceparse.data.sampling import batch_source, choose_pairs, sample_order
from faceparse.data.store import Store, open_store
from faceparse.distributed import Processes, joined_processes
from faceparse.errors import FaceparseError
from faceparse.evaluate import evaluate
from faceparse.image_counts import FILE_NAME, ImageCounts
from faceparse.infer import weights
from faceparse.infer.torch import torch_predictor
from faceparse.initial_weights import backbone_for, weights_for
from faceparse.losses import LossConfig, SegmentationLoss
from faceparse.metrics import ScoreReport
from faceparse.models.network import Network
from faceparse.optim import WeightAverage, learning_rate_at, set_learning_rate
from faceparse.precision import autocast_for, layout_for
from faceparse.provenance import write_provenance
from faceparse.run_folder import MetricsLog, last_checkpoint, open_run


def train(config: RunConfig, dataset: Path, out: Path, *, resume: bool = False) -> bool:
    """Train as `config` says and leave a run folder: config, names of the pairs, metrics, log, checkpoints.

    Args:
        dataset: a root with splits, or one split's folder.
        out: the run folder; must be new or empty unless `resume`, which goes on where the last checkpoint stands.

    Returns:
        Whether this process wrote the run: not where it was finished already, nor where another process leads.

    Raises:
        FaceparseError: the data, the folder or a loss that is not finite; what was saved before stays.
    """
    check(config)
    with joined_processes() as processes:
        share = processes.share_of(config.batch_size, config.accumulate)
        last = last_checkpoint(config, out, resume)
        state = load_state(last) if last else None
        if state is not None and state["step"] >= config.steps:
            log.info("%s: already trained for all %d steps; nothing to do", out, config.steps)
            return False
        source = weights.find(config.init_from) if config.init_from and state is None else None
        initial = weights_for(config.model.build(), source) if source else None
        backbone = None
        if config.backbone_weights and state is None:
            initial, backbone = backbone_for(config)
        elif config.pretraining != "none" and not source and state is None:
            log.info("beginning with random weights; what this recipe comes from began with %s ones, as "
                     "--backbone-weights does", config.pretraining)  # fmt: skip
        # The first to read a data set decodes it. Also, nobody writes before all have seen what is there
        with processes.leader_first():
            train_pairs, val_pairs = choose_pairs(dataset, config.train_splits)
            store = open_store(train_pairs, dataset, config.store_size)
        with open_run(config, out, [pair.name for pair in train_pairs]) if processes.leads else nullcontext():
            if processes.leads:
                write_provenance(out, config, train_pairs, backbone)
            _train(config, store, val_pairs, out, last, state, initial, processes, share)
    return processes.leads


def _train(
    config: RunConfig,
    store: Store,
    val_pairs: list[Pair],
    out: Path,
    last: Path | None,
    state: dict[str, Any] | None,
    initial: dict[str, Tensor] | None,
    processes: Processes,
    share: range,
) -> None:
    # --- network, loss, optimiser ---------------------------------------------------------------------------------
    device, leads = processes.device, processes.leads
    torch.manual_seed(config.seed)
    layout = layout_for(config.channels_last, device)
    network = config.model.build(working_size=config.image_size).to(device).to(memory_format=layout).train()
    processes.synchronise_norms(network)
    if initial is not None:
        network.load_state_dict(
            {**network.state_dict(), **initial}
        )  # a backbone's leave the heads as the seed has them
    network.set_moments(config.input_mean, config.input_std)
    loss_of = loss_for(config.loss, network).to(device)
    optimizer = config.optimizer.build(network)
    average = WeightAverage(network, config.average_decay)
    averaged = config.model.build(working_size=config.image_size).to(device).eval()
    autocast = autocast_for(config.precision, device)
    # Static shapes: samples have few sizes (`growth`), and each is then a program without symbols
    computed: Any = torch.compile(network, dynamic=False) if config.compile else network
    batch_at = batch_source(store, config.augment, config.batch_size, config.seed, device, share)

    # --- where the run stands -------------------------------------------------------------------------------------
    step, best = 0, -math.inf
    if last is not None and state is not None:
        step, best = state["step"], state["best"]
        try:
            network.load_state_dict(state["weights"])
            optimizer.load_state_dict(state["optimizer"])
        except (RuntimeError, ValueError, KeyError) as error:
            raise FaceparseError(f"{last}: its state is not that of this run's network; resume another") from error
        average.tensors = {name: tensor.to(device) for name, tensor in load_weights(last).items()}
    metrics = MetricsLog(out / "metrics.jsonl", step, writes=leads)
    log.info(
        "training %s parameters on %d pairs, validating on %d, from step %d to %d on %s in %s",
        f"{network.num_parameters:,}", len(store), len(val_pairs), step, config.steps, _describe(processes),
        "fp32" if autocast is nullcontext else "bfloat16",
    )  # fmt: skip

    # --- the loop -------------------------------------------------------------------------------------------------
    losses: list[Tensor] = []  # since the last line of the log; a GPU has to stop for each look at them
    started, began_at = time.monotonic(), step
    window_started = started
    while step < config.steps:
        torch.manual_seed(config.seed * 1_000_003 + step + processes.rank * 2_654_435_761)
        rate = learning_rate_at(config.optimizer, step, config.steps)
        set_learning_rate(optimizer, rate)

        images, labels = batch_at(step, size_at(config, step))
        images = images.contiguous(memory_format=layout)  # convolutions keep the layout of what they are given
        optimizer.zero_grad(set_to_none=True)
        with _faults_told(config):
            losses.append(backward(computed, loss_of, images, labels, config.accumulate, processes, autocast))
        if config.clip_norm:
            torch.nn.utils.clip_grad_norm_(network.parameters(), config.clip_norm)
        optimizer.step()
        step += 1
        average.update(network, step)

        logged = step % config.log_every == 0 or step == config.steps
        evaluated = step % config.eval_every == 0 or step == config.steps
        saved = evaluated or step % config.save_every == 0
        if logged or saved:
            mean_loss = _finite_mean(losses, step, config, store, out)
        if logged:
            now = time.monotonic()
            speed = len(losses) * config.batch_size / (now - window_started)
            left = duration((now - started) / (step - began_at) * (config.steps - step))
            metrics.write(step, loss=mean_loss, learning_rate=rate, images_per_second=speed)
            log.info("step %d/%d  loss %.4f  %.1f images/s  %s left", step, config.steps, mean_loss, speed, left)
            losses, window_started = [], now

        improved = False
        if evaluated and leads:
            averaged.load_state_dict(average.tensors)
            report = evaluate(torch_predictor(averaged, device, precision=config.precision), val_pairs)
            improved = report.fscore_2025 > best
            best = max(best, report.fscore_2025)
            metrics.write(step, **_scores(report))
            if improved:
                ImageCounts(tuple(pair.name for pair in val_pairs), report.image_counts).save(out / FILE_NAME)
            log.info(
                "step %d/%d  val: F %.4f  mIoU %.4f%s",
                step, config.steps, report.fscore_2025, report.miou_2022, "  (best)" if improved else "",
            )  # fmt: skip
            window_started = time.monotonic()
        if saved and leads:
            state = {"step": step, "best": best, "weights": network.state_dict(), "optimizer": optimizer.state_dict()}
            save_checkpoint(out / "checkpoints", step, config, average.tensors, state, best=improved)
    log.info("done in %s; best val F %.4f; model: %s", duration(time.monotonic() - started), best, out)


def loss_for(config: LossConfig, network: Network) -> SegmentationLoss:
    """The loss of a network's logits; some of the auxiliary ones may be its head's own (K-Net's earlier stages)."""
    return config.build(getattr(network.body, "num_earlier", 0))


@contextmanager
def _faults_told(config: RunConfig) -> Iterator[None]:
    """Say in a user's words what batch norm says of one sample that was pooled to one pixel, and torch.compile of a
    machine on which it cannot work."""
    try:
        yield
    except ValueError as error:
        if "more than 1 value per channel" not in str(error):
            raise
        raise FaceparseError(
            f"{config.recipe}: 1 sample at a time is too few for this network's batch norms (batch_size "
            f"{config.batch_size}, accumulate {config.accumulate}); give each part of a batch 2 samples or more"
        ) from error
    except RuntimeError as error:
        if not type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
            raise
        reason = str(error).splitlines()[0]
        raise FaceparseError(f"torch.compile fails here ({reason}); mend that, or train without --compile") from error


def _finite_mean(losses: list[Tensor], step: int, config: RunConfig, store: Store, out: Path) -> float:
    """The mean loss of the last steps up to `step`, or what to tell of the first that is not finite."""
    values = torch.stack(losses).tolist()
    for at, loss in enumerate(values, start=step - len(values)):
        if not math.isfinite(loss):
            names = ", ".join(store.names[i] for i in sample_order(len(store), config.batch_size, config.seed, at))
            raise FaceparseError(
                f"the loss is {loss} at step {at + 1} (batch: {names}); lower optimizer.learning-rate or look at these "
                f"pairs; what was saved in {out} is kept"
            )
    return sum(values) / len(values)


def _scores(report: ScoreReport) -> dict[str, object]:
    scores = report.as_dict()
    scores.pop("num_images")
    return scores


def _describe(processes: Processes) -> str:
    on_gpu = processes.device.type == "cuda"
    one = torch.cuda.get_device_name() if on_gpu else f"{torch.get_num_threads()} CPU threads"
    return one if processes.num == 1 else f"{processes.num} processes with {one} each"
