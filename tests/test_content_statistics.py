"""Statistics of a hyper-image's rows."""

import numpy as np
import pytest

from content.statistics import image_statistics, statistics_of


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (50, 7), dtype=np.uint8)


def test_they_are_mean_deviation_and_mean_absolute_change_of_each_row(image):
    x = image / 255.0
    expected = [*x.mean(axis=0), *x.std(axis=0), *np.abs(x[1:] - x[:-1]).mean(axis=0)]
    found = image_statistics(image)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_levels_do_not_wrap_around_where_they_fall(image):
    falling = np.array([[255], [0], [255]], np.uint8)
    assert image_statistics(falling)[2] == 1


def test_a_single_frame_does_not_move(image):
    assert (image_statistics(image[:1])[7:] == 0).all()


def test_a_song_has_the_same_statistics_alone_and_among_others(image):
    np.testing.assert_array_equal(statistics_of([image, image[:9]])[1], image_statistics(image[:9]))
