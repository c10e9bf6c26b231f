"""The stacked image: its rows, its range, its name."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from content.hyperimage import hyper_image, to_bytes
from content.spec import HyperImageSpec
from data.errors import InputError

SPEC = HyperImageSpec()


def test_rows_follow_each_other_without_gaps():
    stops = [rows.stop for rows in SPEC.rows.values()]
    assert [rows.start for rows in SPEC.rows.values()] == [0, *stops[:-1]]
    assert SPEC.n_rows == stops[-1] == 12 + 60 + 128 + 20 + 7 + 6


def test_the_image_is_time_major_and_lies_in_the_unit_interval(music):
    image = hyper_image(music, SPEC)
    assert image.shape == (1 + len(music) // 512, SPEC.n_rows)
    assert image.min() >= 0
    assert image.max() <= 1


def test_every_block_moves(music):
    image = hyper_image(music, SPEC)
    for name, rows in SPEC.rows.items():
        assert image[:, rows].std() > 0.01, name


def test_single_precision_agrees_with_double(music):
    difference = np.abs(hyper_image(music.astype(np.float32), SPEC) - hyper_image(music, SPEC))
    assert difference.max() < 1e-3


def test_loudness_does_not_change_the_image(music):
    np.testing.assert_allclose(hyper_image(0.25 * music, SPEC), hyper_image(music, SPEC), atol=1e-9)


def test_silence_and_a_single_sample_give_finite_images():
    for y in (np.zeros(4000, np.float32), np.ones(1, np.float32)):
        assert np.isfinite(hyper_image(y, SPEC)).all()


def test_bytes_are_rounded():
    np.testing.assert_array_equal(to_bytes(np.array([0.0, 0.5, 1.0])), [0, 128, 255])


def test_the_fingerprint_follows_every_parameter():
    names = {SPEC.fingerprint()}
    for field in dataclasses.fields(SPEC):
        if field.name != "n_chroma":
            names.add(dataclasses.replace(SPEC, **{field.name: getattr(SPEC, field.name) - 1}).fingerprint())
    assert len(names) == len(dataclasses.fields(SPEC))


def test_a_spec_survives_json():
    assert HyperImageSpec.from_dict(SPEC.as_dict()) == SPEC


@pytest.mark.parametrize("change", [{"hop_length": 0}, {"n_chroma": 24}, {"contrast_f_max": 20000.0}])
def test_a_spec_that_cannot_be_is_refused(change):
    with pytest.raises(InputError, match=next(iter(change))):
        HyperImageSpec(**change)


def test_an_unknown_parameter_is_named():
    with pytest.raises(InputError, match="colour"):
        HyperImageSpec.from_dict({"colour": 1})
