"""The shipped encoder: what it is, and that it says what it said when it was made."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from content.embedding import embed
from content.hyperimage import hyper_image, to_bytes
from content.pretrained import TAG, pretrained_encoder
from content.spec import HyperImageSpec

GOLDEN_FINGERPRINT = "910035aa9a05ea88"
GOLDEN_VECTOR = [0.3726, 0.7929, 0.0775, -0.3749, 0.2707, -0.203, -0.8167, -0.0792]  # the first values for ten composed seconds
GOLDEN_TAGS = {"electronic": 0.2259, "instrumental": 0.1057, "rock": 0.1057}


@pytest.fixture(scope="module")
def image(music: np.ndarray) -> np.ndarray:
    """Ten composed seconds as a hyper-image."""
    return to_bytes(hyper_image(music.astype(np.float32), HyperImageSpec()))


def test_golden_vector_of_a_composed_clip(image: np.ndarray) -> None:
    # Up to the last bits: processors sum in another order.
    encoder = pretrained_encoder()
    vectors, log_probabilities = embed(encoder, [image], device="cpu", threads=1)
    assert encoder.fingerprint == GOLDEN_FINGERPRINT
    np.testing.assert_allclose(vectors[0, : len(GOLDEN_VECTOR)], GOLDEN_VECTOR, atol=2e-3)
    told = {tag: float(np.exp(log_probabilities[0, encoder.classes.index(tag)])) for tag in GOLDEN_TAGS}
    assert told == pytest.approx(GOLDEN_TAGS, abs=2e-3)


def test_same_input_gives_the_same_bytes_whatever_stands_around_it(image: np.ndarray) -> None:
    encoder = pretrained_encoder()
    alone, _ = embed(encoder, [image], device="cpu", threads=1)
    among, _ = embed(encoder, [image[: len(image) // 2], image, image[::-1].copy()], device="cpu", threads=1)
    assert alone[0].tobytes() == among[1].tobytes()


def test_embedding_has_192_numbers_and_the_head_fifty_tags() -> None:
    encoder = pretrained_encoder()
    assert encoder.architecture.embedding_size == 192
    assert [head.label for head in encoder.heads] == [TAG]
    assert encoder.heads[0].multi_valued
    assert len(encoder.classes) == 50
    assert list(encoder.classes) == sorted(encoder.classes)


def test_weights_fit_into_fifteen_megabytes() -> None:
    weights = files("content.pretrained") / "model.safetensors"
    assert len(weights.read_bytes()) <= 15e6


def test_model_card_names_this_encoder_its_teacher_and_the_licence() -> None:
    card = (files("content.pretrained") / "MODEL_CARD.md").read_text(encoding="utf-8")
    for fact in (pretrained_encoder().fingerprint, "musicnn", "ISC"):
        assert fact in card
