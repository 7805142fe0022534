"""What is averaged over views of a photo, and that a mirrored photo gives the mirrored map."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from faceparse.classes import MIRROR, NUM_CLASSES
from faceparse.errors import UsageError
from faceparse.infer.parser import Parser
from faceparse.infer.torch import torch_predictor, torch_probabilities
from faceparse.models import CompactConfig
from faceparse.tta import Views, averaged, parse_views

FLIP = Views(flip=True)


class Lopsided:
    """A network that treats the two sides of a photo differently, as networks do."""

    def labels(self, images: np.ndarray) -> np.ndarray:
        return self.probabilities(images).argmax(axis=1).astype(np.uint8)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        width = images.shape[2]
        weights = np.random.default_rng(3).normal(size=(NUM_CLASSES, 3)) / 50
        slope = np.linspace(-1, 1, NUM_CLASSES)[:, None, None] * np.linspace(0, 1, width)
        logits = np.einsum("kc,nhwc->nkhw", weights, images.astype(float)) + slope
        exponentials = np.exp(logits)
        return (exponentials / exponentials.sum(1, keepdims=True)).astype(np.float32)


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.sampled_from([2, 4, 10]))
@settings(max_examples=25, deadline=None)
def test_with_flip_a_mirrored_photo_gives_the_mirrored_map_with_left_and_right_exchanged(seed, height, width):
    photo = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    parser = Parser(Lopsided(), FLIP)
    one, other = parser(photo), parser(np.ascontiguousarray(photo[:, ::-1]))
    np.testing.assert_array_equal(other.labels, MIRROR[one.labels][:, ::-1])
    np.testing.assert_array_equal(other.probabilities, one.probabilities[MIRROR][:, :, ::-1])


def test_without_flip_it_does_not():
    photo = np.random.default_rng(0).integers(0, 256, (8, 10, 3), dtype=np.uint8)
    parser = Parser(Lopsided())
    one, other = parser(photo), parser(np.ascontiguousarray(photo[:, ::-1]))
    assert (other.labels != MIRROR[one.labels][:, ::-1]).any()


def test_scales_and_flips_are_averaged_with_equal_weight():
    photo = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    plain = Lopsided().probabilities
    seen_at = lambda image, scale: plain(image[None])[0] * np.float32(scale)  # noqa: E731
    mirrored = plain(np.ascontiguousarray(photo[:, ::-1])[None])[0][MIRROR, :, ::-1]
    expected = (plain(photo[None])[0] + mirrored) * (0.5 + 1 + 1.5) / 6
    mean = averaged(seen_at, Views(flip=True, scales=(0.5, 1.0, 1.5)))(photo)
    np.testing.assert_allclose(mean, expected, rtol=1e-5)


@pytest.mark.parametrize("working_size", [None, 64])
def test_a_scale_changes_the_size_at_which_a_network_works(working_size):
    config = CompactConfig(
        widths=(8, 8, 8, 8), depths=(0, 0, 0, 0), group_widths=(4, 0, 0, 0), num_attention=1, decoder_width=8
    )
    network = config.build(working_size=working_size).eval()
    shapes = []
    network.body.register_forward_pre_hook(lambda _, inputs: shapes.append(tuple(inputs[0].shape[2:])))
    photo = np.zeros((64, 64, 3), np.uint8)
    seen_at = torch_probabilities(network, torch.device("cpu"))
    maps = [seen_at(photo, scale) for scale in (0.5, 1.0, 1.5)]
    assert shapes == [(32, 32), (64, 64), (96, 96)]
    assert all(seen.shape == (NUM_CLASSES, 64, 64) for seen in maps)
    np.testing.assert_array_equal(maps[1].argmax(0), torch_predictor(network, torch.device("cpu"))(photo))


def test_what_the_command_line_names_is_what_is_seen():
    assert parse_views("") == Views()
    assert parse_views("flip") == FLIP
    assert parse_views("flip, 0.75,1,1.25") == Views(flip=True, scales=(0.75, 1.0, 1.25))


@pytest.mark.parametrize("text", ["flop", "0", "flip,9", "1,1.0", "flip,flip", "nan"])
def test_other_words_are_refused_and_named(text):
    with pytest.raises(UsageError, match="--tta"):
        parse_views(text)


def test_an_onnx_file_is_not_asked_for_other_scales():
    with pytest.raises(UsageError, match="one size"):
        Parser(Lopsided(), Views(scales=(0.75, 1.0)))
