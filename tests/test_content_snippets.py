"""Snippets cut from hyper-images, and the statistics of their rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.snippets import cover, cut, cut_batch, draw, image_lengths, mean_and_deviation, row_statistics, snippet_frames
from data.errors import InputError


def image(frames: int, rows: int = 3) -> np.ndarray:
    """Frame t holds the level t in each row."""
    return np.repeat(np.arange(frames, dtype=np.uint8)[:, None], rows, axis=1)


def test_five_seconds_are_215_frames():
    assert snippet_frames(5.0, 22050 / 512) == 215


def test_a_snippet_shorter_than_a_frame_is_refused():
    with pytest.raises(InputError, match=r"snippet_seconds=0\.01 is shorter than one frame"):
        snippet_frames(0.01, 43.0)


def test_a_short_song_is_repeated_from_its_beginning():
    assert cut(image(3), 0, 7)[:, 0].tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_a_batch_holds_the_asked_snippets():
    batch = cut_batch([image(9), image(5)], np.array([1, 0]), np.array([2, 4]), 3)
    assert batch[:, :, 0].tolist() == [[2, 3, 4], [4, 5, 6]]


def test_each_song_is_drawn_as_often_as_asked():
    songs, _ = draw(np.array([50, 60, 70]), 20, 4, seed=0, epoch=1)
    assert np.bincount(songs).tolist() == [4, 4, 4]


@given(st.lists(st.integers(1, 300), min_size=1, max_size=8), st.integers(1, 100), st.integers(0, 9), st.integers(1, 9))
def test_drawn_snippets_lie_inside_their_songs(lengths, n_frames, seed, epoch):
    lengths = np.array(lengths)
    songs, starts = draw(lengths, n_frames, 3, seed=seed, epoch=epoch)
    assert (starts >= 0).all()
    assert (starts <= np.maximum(lengths[songs] - n_frames, 0)).all()


def test_an_epoch_follows_from_seed_and_number_alone():
    lengths = np.full(30, 500)
    first, again = (draw(lengths, 20, 2, seed=7, epoch=3) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, draw(lengths, 20, 2, seed=7, epoch=4))
    assert not np.array_equal(first, draw(lengths, 20, 2, seed=8, epoch=3))


@pytest.mark.parametrize(("frames", "starts"), [(10, [0]), (12, [1]), (20, [0, 10]), (26, [0, 16]), (39, [0, 14, 29]), (4, [0])])
def test_a_song_is_covered_evenly_and_without_overlap(frames, starts):
    snippets = cover(image(frames), 10)
    assert snippets.shape == (len(starts), 10, 3)
    assert snippets[:, 0, 0].tolist() == starts


def test_row_statistics_are_those_of_all_frames_together():
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (frames, 4), dtype=np.uint8) for frames in (5, 90, 31)]
    mean, deviation = mean_and_deviation(*row_statistics(images))
    together = np.concatenate(images) / 255
    np.testing.assert_allclose(mean, together.mean(0), rtol=1e-6)
    np.testing.assert_allclose(deviation, together.std(0), rtol=1e-6)


def test_a_row_that_never_moves_has_a_deviation_of_one_level():
    _, deviation = mean_and_deviation(*row_statistics([np.full((20, 2), 90, np.uint8)]))
    np.testing.assert_allclose(deviation, 1 / 255)


def test_row_statistics_of_a_large_library_read_a_sample():
    _, _, frames = row_statistics([image(10)] * 100, most=7)
    assert frames == 70


@pytest.mark.parametrize("bad", [np.zeros((5, 3), np.float32), np.zeros((5, 4), np.uint8), np.zeros((0, 3), np.uint8)])
def test_an_image_of_another_form_is_refused(bad):
    with pytest.raises(InputError, match="image of song 1 is"):
        image_lengths([image(5), bad], 3)
