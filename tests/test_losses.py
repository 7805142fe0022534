"""The losses are their definitions, gradients too."""

import pytest
import torch
from torch.nn import functional as F

from faceparse.losses import LossConfig, softmax_sums

CLASSES = 5


def _sample(dtype=torch.float64, ignored: bool = True):
    generator = torch.Generator().manual_seed(4)
    logits = torch.randn(2, CLASSES, 6, 7, generator=generator, dtype=dtype) * 2
    labels = torch.randint(0, CLASSES - 1, (2, 6, 7), generator=generator)  # the last class is absent
    if ignored:
        labels[0, :2] = 255
    return logits.requires_grad_(), labels


def _naive_dice(logits, labels):
    scores = []
    for image, truth in zip(logits, labels, strict=True):
        valid = truth != 255
        probabilities = image.softmax(0)[:, valid]
        terms = []
        for k in range(logits.shape[1]):
            y = (truth[valid] == k).to(logits.dtype)
            if y.sum() > 0:
                terms.append(2 * (probabilities[k] * y).sum() / (probabilities[k].sum() + y.sum()))
        scores.append(torch.stack(terms).mean())
    return 1 - torch.stack(scores).mean()


@pytest.mark.parametrize(
    ("weights", "smoothing"),
    [((), 0.0), ((1.0, 2.0, 0.5, 3.0, 1.0), 0.0), ((), 0.1)],
    ids=["plain", "weighted", "smooth"],
)
def test_cross_entropy_is_pytorchs_with_weights_smoothing_and_ignored_pixels(weights, smoothing):
    logits, labels = _sample(torch.float32)
    loss = LossConfig(cross_entropy=1.0, dice=0.0, label_smoothing=smoothing, class_weights=weights).build()
    ours = loss(logits, labels)
    (gradient,) = torch.autograd.grad(ours, logits)
    theirs = F.cross_entropy(
        logits, labels, weight=torch.tensor(weights) if weights else None, ignore_index=255, label_smoothing=smoothing
    )
    (expected,) = torch.autograd.grad(theirs, logits)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(gradient, expected)


def test_dice_is_the_mean_over_an_images_own_classes():
    logits, labels = _sample(torch.float32)
    ours = LossConfig(cross_entropy=0.0, dice=1.0).build()(logits, labels)
    (gradient,) = torch.autograd.grad(ours, logits)
    naive = _naive_dice(logits.double(), labels)
    (expected,) = torch.autograd.grad(naive, logits)
    torch.testing.assert_close(ours, naive.float())
    torch.testing.assert_close(gradient, expected)


def test_losses_add_up_with_their_weights_and_auxiliary_heads():
    logits, labels = _sample(torch.float32)
    parts = [LossConfig(cross_entropy=a, dice=b).build()(logits, labels) for a, b in ((1.0, 0.0), (0.0, 1.0))]
    both = LossConfig(cross_entropy=0.3, dice=0.7, auxiliary=0.5).build()
    small = logits[..., ::2, ::2]
    enlarged = F.interpolate(small, labels.shape[-2:], mode="bilinear", align_corners=False)
    expected = 0.3 * parts[0] + 0.7 * parts[1] + 0.5 * both(enlarged, labels)
    torch.testing.assert_close(both(logits, labels, (small,)), expected)


def test_where_everything_is_ignored_the_loss_is_finite_and_nothing_is_learned():
    logits, labels = _sample(torch.float32)
    labels[:] = 255
    loss = LossConfig(cross_entropy=1.0, dice=0.0).build()(logits, labels)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss.isfinite()
    assert not gradient.any()


def test_extreme_logits_keep_loss_and_gradient_finite():
    logits = torch.full((1, 3, 2, 2), -1e4)
    logits[:, 1] = 1e4
    logits.requires_grad_()
    loss = LossConfig().build()(logits, torch.zeros(1, 2, 2, dtype=torch.long))
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss.isfinite()
    assert gradient.isfinite().all()


def test_sums_are_those_of_softmax():
    logits, labels = _sample(torch.float32)
    log_truth, log_mean, mass, overlap, counts = softmax_sums(logits, labels, mean=True)
    probabilities = logits.softmax(1)
    valid = labels != 255
    onehot = F.one_hot(torch.where(valid, labels, 0), CLASSES).permute(0, 3, 1, 2) * valid[:, None]
    torch.testing.assert_close(mass, (probabilities * valid[:, None]).sum((2, 3)))
    torch.testing.assert_close(overlap, (probabilities * onehot).sum((2, 3)))
    assert torch.equal(counts, onehot.sum((2, 3)).float())
    torch.testing.assert_close(log_mean, logits.log_softmax(1).mean(1).flatten(1))
    torch.testing.assert_close(log_truth, (logits.log_softmax(1) * onehot).sum(1).flatten(1))
