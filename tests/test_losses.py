"""The losses are their definitions, gradients too."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from faceparse.config import check
from faceparse.errors import UsageError
from faceparse.losses import LossConfig, softmax_sums
from faceparse.recipes import RECIPES
from faceparse.train import loss_for
from tiny_networks import NUM_AUXILIARY, TINY

CLASSES = 5
NOTHING = {"cross_entropy": 0.0, "dice": 0.0}
WEIGHTS = (1.0, 2.0, 0.5, 3.0, 1.0)


def _sample(case: str = "two images", dtype=torch.float32):
    """Logits and labels; the last class is absent from them."""
    generator = torch.Generator().manual_seed(4)
    logits = torch.randn(2, CLASSES, 6, 7, generator=generator, dtype=torch.float64) * 2
    labels = torch.randint(0, CLASSES - 1, (2, 6, 7), generator=generator)
    labels[0, :2] = 255
    if case == "one class an image":
        labels[0], labels[1] = 3, 1
    if case == "an image all ignored":
        labels[0] = 255
    if case == "nearly right":
        logits += 9 * F.one_hot(torch.where(labels == 255, 0, labels), CLASSES).permute(0, 3, 1, 2)
    if case == "all classes equal":
        logits = torch.zeros_like(logits)
    return logits.to(dtype).requires_grad_(), labels


# --- the definitions, as they read ------------------------------------------------------------------------------------


def _known(logits, labels):
    """Log-probabilities `p classes` and labels `p` of the pixels that are not ignored."""
    rows = logits.log_softmax(1).permute(0, 2, 3, 1)
    return rows[labels != 255], labels[labels != 255]


def _naive_cross_entropy(logits, labels, weights=(), smoothing=0.0):
    rows, truth = _known(logits, labels)
    weight = torch.tensor(weights or [1.0] * CLASSES, dtype=logits.dtype)[truth]
    target = (1 - smoothing) * F.one_hot(truth, CLASSES) + smoothing / CLASSES
    return -(weight[:, None] * target * rows).sum() / weight.sum()


def _naive_focal(logits, labels, gamma=2.0, alpha=0.25):
    rows, truth = _known(logits, labels)
    log_truth = rows[torch.arange(len(truth)), truth]
    return (-alpha * (1 - log_truth.exp()) ** gamma * log_truth).mean()


def _naive_dice(logits, labels):
    scores = []
    for image, truth in zip(logits, labels, strict=True):
        valid = truth != 255
        probabilities = image.softmax(0)[:, valid]
        terms = [image.new_zeros(())]
        for k in truth[valid].unique():
            y = (truth[valid] == k).to(logits.dtype)
            terms.append(2 * (probabilities[k] * y).sum() / (probabilities[k].sum() + y.sum()))
        scores.append(torch.stack(terms).sum() / max(len(terms) - 1, 1))
    return 1 - torch.stack(scores).mean()


def _naive_lovasz(logits, labels):
    """Berman et al., eq. 9: each pixel's error times what it adds to the Jaccard loss of the set of larger errors."""
    rows, truth = _known(logits, labels)
    losses = [logits.new_zeros(())]
    for k in truth.unique():
        own = truth == k
        errors = (own.to(logits.dtype) - rows[:, k].exp()).abs()
        wrong, before = torch.zeros_like(own), 0.0
        terms = []
        for i in errors.argsort(descending=True, stable=True):
            wrong[i] = True
            after = (wrong.sum() / (own | wrong).sum()).item()
            terms.append(errors[i] * (after - before))
            before = after
        losses.append(torch.stack(terms).sum())
    return torch.stack(losses).sum() / max(len(losses) - 1, 1)


def _naive_lovasz_per_image(logits, labels):
    return sum(_naive_lovasz(logits[i : i + 1], labels[i : i + 1]) for i in range(len(labels))) / len(labels)


def _naive_ohem(logits, labels, weights=(), threshold=0.7, min_kept=100_000):
    """MMSegmentation's choice of pixels: sorted, and with its off-by-one."""
    rows, truth = _known(logits, labels)
    probabilities = rows[torch.arange(len(truth)), truth].exp().detach()
    limit = max(probabilities.sort().values[min(min_kept * len(labels), len(truth) - 1)].item(), threshold)
    chosen = torch.full_like(labels, 255)
    chosen[labels != 255] = torch.where(probabilities < limit, truth, 255)
    return _naive_cross_entropy(logits, chosen, weights)


DEFINITIONS = {
    "cross-entropy": ({"cross_entropy": 1.0}, _naive_cross_entropy),
    "weighted": (
        {"cross_entropy": 1.0, "class_weights": WEIGHTS},
        lambda *a: _naive_cross_entropy(*a, weights=WEIGHTS),
    ),
    "smoothed": (
        {"cross_entropy": 1.0, "label_smoothing": 0.1},
        lambda *a: _naive_cross_entropy(*a, smoothing=0.1),
    ),
    "weighted and smoothed": (
        {"cross_entropy": 1.0, "class_weights": WEIGHTS, "label_smoothing": 0.2},
        lambda *a: _naive_cross_entropy(*a, weights=WEIGHTS, smoothing=0.2),
    ),
    "focal": ({"focal": 1.0}, _naive_focal),
    "focal, the winner's": (
        {"focal": 1.0, "focal_gamma": 3.0, "focal_alpha": 0.5},
        lambda *a: _naive_focal(*a, gamma=3.0, alpha=0.5),
    ),
    "focal, gamma 1/2": ({"focal": 1.0, "focal_gamma": 0.5}, lambda *a: _naive_focal(*a, gamma=0.5)),
    "dice": ({"dice": 1.0}, _naive_dice),
    "lovasz": ({"lovasz": 1.0}, _naive_lovasz),
    "lovasz per image": ({"lovasz": 1.0, "lovasz_per_image": True}, _naive_lovasz_per_image),
    "ohem by threshold": (
        {"ohem": 1.0, "ohem_min_kept": 3, "ohem_threshold": 0.6},
        lambda *a: _naive_ohem(*a, threshold=0.6, min_kept=3),
    ),
    "ohem by count": (
        {"ohem": 1.0, "ohem_min_kept": 14, "ohem_threshold": 0.01, "class_weights": WEIGHTS},
        lambda *a: _naive_ohem(*a, weights=WEIGHTS, threshold=0.01, min_kept=14),
    ),
    "ohem of few pixels": ({"ohem": 1.0}, _naive_ohem),
}


def _both(fields, naive, logits, labels):
    """Value and gradient: ours, and the definition's in float64."""
    ours = LossConfig(**(NOTHING | fields)).build()(logits, labels)
    (gradient,) = torch.autograd.grad(ours, logits)
    wide = logits.detach().double().requires_grad_()
    theirs = naive(wide, labels)
    (expected,) = torch.autograd.grad(theirs, wide)
    return ours, gradient, theirs, expected


@pytest.mark.parametrize("case", ["two images", "one class an image", "an image all ignored", "nearly right"])
@pytest.mark.parametrize(("fields", "naive"), DEFINITIONS.values(), ids=DEFINITIONS)
def test_a_loss_is_its_definition_in_float64_and_its_gradient_too(fields, naive, case):
    ours, gradient, theirs, expected = _both(fields, naive, *_sample(case))
    torch.testing.assert_close(ours, theirs.float(), rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(gradient, expected.float(), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(("fields", "naive"), DEFINITIONS.values(), ids=DEFINITIONS)
def test_bfloat16_logits_get_the_loss_in_float32_and_a_gradient_in_bfloat16(fields, naive):
    ours, gradient, theirs, expected = _both(fields, naive, *_sample(dtype=torch.bfloat16))
    assert (ours.dtype, gradient.dtype) == (torch.float32, torch.bfloat16)
    torch.testing.assert_close(ours, theirs.float(), rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(gradient, expected.bfloat16(), rtol=1e-2, atol=1e-6)


@pytest.mark.parametrize("fields", [fields for fields, _ in DEFINITIONS.values()], ids=DEFINITIONS)
def test_where_everything_is_ignored_the_loss_is_finite_and_nothing_is_learned(fields):
    logits, labels = _sample()
    loss = LossConfig(**(NOTHING | fields)).build()(logits, torch.full_like(labels, 255))
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss.isfinite()
    assert not gradient.any()


@pytest.mark.parametrize("fields", [fields for fields, _ in DEFINITIONS.values()], ids=DEFINITIONS)
@pytest.mark.parametrize("right", [True, False])
def test_extreme_logits_keep_loss_and_gradient_finite(fields, right):
    logits = torch.full((1, CLASSES, 2, 2), -1e4)
    logits[:, 1] = 1e4
    logits.requires_grad_()
    loss = LossConfig(**(NOTHING | fields)).build()(logits, torch.full((1, 2, 2), int(right)))
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss.isfinite()
    assert gradient.isfinite().all()


@pytest.mark.parametrize("fields", [fields for fields, _ in DEFINITIONS.values()], ids=DEFINITIONS)
def test_labels_of_one_byte_give_the_same_loss(fields):
    logits, labels = _sample()
    loss = LossConfig(**(NOTHING | fields)).build()
    assert torch.equal(loss(logits, labels), loss(logits, labels.byte()))


def test_lovasz_of_a_perfect_answer_is_nothing_and_of_a_wrong_one_is_the_jaccard_loss():
    labels = torch.tensor([[[0, 0, 1, 2]]])
    answer = torch.tensor([[[0, 1, 1, 2]]])
    loss = LossConfig(**NOTHING, lovasz=1.0).build()
    sure = {name: 200.0 * F.one_hot(x, 3).permute(0, 3, 1, 2) for name, x in (("right", labels), ("wrong", answer))}
    assert loss(sure["right"], labels) == 0
    torch.testing.assert_close(loss(sure["wrong"], labels), torch.tensor(1 - (1 / 2 + 1 / 2 + 1) / 3))


def test_lovasz_with_equal_probabilities_has_the_definitions_value():
    """The gradient is then one of several subgradients; the value is the same in any order."""
    ours, gradient, theirs, _ = _both(*DEFINITIONS["lovasz"], *_sample("all classes equal"))
    torch.testing.assert_close(ours, theirs.float())
    assert gradient.isfinite().all()


def test_lovasz_of_a_logit_that_is_not_a_number_is_not_a_number():
    logits, labels = _sample()
    logits.data[1, 2, 3, 3] = torch.nan
    assert LossConfig(**NOTHING, lovasz=1.0).build()(logits, labels).isnan()


def test_a_batch_is_one_image_to_lovasz_unless_asked_otherwise():
    logits, labels = _sample()
    joined = [x.movedim(0, -1).flatten(-2)[None] for x in (logits, labels)]
    batch, images = (LossConfig(**NOTHING, lovasz=1.0, lovasz_per_image=x).build() for x in (False, True))
    torch.testing.assert_close(batch(logits, labels), images(*joined))
    assert not torch.isclose(batch(logits, labels), images(logits, labels))


def test_losses_add_up_with_their_weights_and_auxiliary_heads():
    logits, labels = _sample()
    weights = {"cross_entropy": 0.3, "dice": 0.7, "focal": 2.0, "lovasz": 0.5, "ohem": 1.5}
    single = [LossConfig(**(NOTHING | {name: 1.0})).build() for name in weights]
    every = LossConfig(**weights, auxiliary=0.25).build()

    def summed(x):
        return sum(weight * loss(x, labels) for weight, loss in zip(weights.values(), single, strict=True))

    small = logits[..., ::2, ::2]
    enlarged = F.interpolate(small, labels.shape[-2:], mode="bilinear", align_corners=False)
    expected = summed(logits) + 0.25 * (summed(enlarged) + summed(-logits))
    ours = every(logits, labels, (small, -logits))
    torch.testing.assert_close(ours, expected)
    gradients = [torch.autograd.grad(x, logits, retain_graph=True)[0] for x in (ours, expected)]
    torch.testing.assert_close(*gradients)


def test_earlier_predictions_of_the_head_itself_count_once_and_auxiliary_heads_at_their_weight():
    logits, labels = _sample()
    one, loss = LossConfig().build(), LossConfig(auxiliary=0.25).build(num_earlier=2)
    expected = one(logits, labels) + one(2 * logits, labels) + one(-logits, labels) + 0.25 * one(logits / 2, labels)
    torch.testing.assert_close(loss(logits, labels, (2 * logits, -logits, logits / 2)), expected)


@pytest.mark.parametrize("name", TINY)
def test_a_network_trains_its_heads_at_mmsegmentations_weights(name):
    """K-Net's base and stages each at 1 and the other head at .4, BiSeNetV2's four at 1, all others at .4."""
    recipe = {"knet_resnet": "knet_r50", "knet_swin": "knet_swin_t", "bisenetv2": "bisenetv2"}.get(name, "psanet_r50")
    loss = loss_for(RECIPES[recipe]().loss, TINY[name].build())
    one, (logits, labels) = LossConfig(dice=0.0).build(), _sample()
    weights = {"bisenetv2": (1, 1, 1, 1), "knet_resnet": (1, 1, 0.4), "knet_swin": (1, 1, 0.4)}.get(
        name, (0.4,) * NUM_AUXILIARY[name]
    )
    assert len(weights) == NUM_AUXILIARY[name]
    auxiliary = tuple(logits * (place + 2) for place in range(len(weights)))
    expected = one(logits, labels) + sum(w * one(x, labels) for w, x in zip(weights, auxiliary, strict=True))
    torch.testing.assert_close(loss(logits, labels, auxiliary), expected)


def test_a_gradient_can_be_taken_twice():
    logits, labels = _sample()
    loss = LossConfig(lovasz=1.0).build()(logits, labels)
    first, second = (torch.autograd.grad(loss, logits, retain_graph=True)[0] for _ in range(2))
    assert torch.equal(first, second)


def test_sums_are_those_of_softmax():
    logits, labels = _sample()
    sums = softmax_sums(logits, labels, mean=True)
    probabilities = logits.softmax(1)
    valid = labels != 255
    onehot = F.one_hot(torch.where(valid, labels, 0), CLASSES).permute(0, 3, 1, 2) * valid[:, None]
    torch.testing.assert_close(sums.mass, (probabilities * valid[:, None]).sum((2, 3)))
    torch.testing.assert_close(sums.overlap, (probabilities * onehot).sum((2, 3)))
    assert torch.equal(sums.counts, onehot.sum((2, 3)).float())
    torch.testing.assert_close(sums.log_mean, logits.log_softmax(1).mean(1).flatten(1))
    torch.testing.assert_close(sums.log_truth, (logits.log_softmax(1) * onehot).sum(1).flatten(1))


def test_values_that_make_no_loss_are_refused_all_at_once():
    smoke = RECIPES["smoke"]()
    bad = LossConfig(
        cross_entropy=-1.0,
        focal_gamma=float("nan"),
        auxiliary=float("inf"),
        label_smoothing=1.0,
        ohem_threshold=70.0,
        ohem_min_kept=0,
        class_weights=(1.0, -2.0),
    )
    with pytest.raises(UsageError) as told:
        check(replace(smoke, loss=bad, average_decay=1.0))
    fields = ("cross_entropy", "focal_gamma", "auxiliary", "label_smoothing", "ohem_threshold", "ohem_min_kept")
    assert all(f"loss.{name} is " in str(told.value) for name in fields)
    assert "average_decay is 1.0" in str(told.value)
    assert "loss.class_weights has 2 values, where 19 or none are needed" in str(told.value)
    assert "loss.class_weights must be numbers from 0" in str(told.value)


def test_a_loss_of_nothing_is_refused():
    with pytest.raises(UsageError, match="give one of them a weight"):
        check(replace(RECIPES["smoke"](), loss=LossConfig(**NOTHING, auxiliary=1.0)))
