"""Cross-fitting: what each fold's network has seen, what is kept, and snippets as images of their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from content.cache import Rows
from content.crossfit import Plan, crossfit
from content.notation import architecture
from content.snippets import Snippets
from content.spec import HyperImageSpec
from content.training_config import TrainingConfig

SPEC = HyperImageSpec()
SMALL = architecture("IC(9,15,4)PF(8)O")
CONFIG = TrainingConfig(epochs=2, snippets_per_song=1, batch_size=4, learning_rate=0.001, device="cpu", threads=1)


@pytest.fixture
def songs():
    """Twelve songs of noise; one has no label."""
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (rng.integers(220, 500), SPEC.n_rows), dtype=np.uint8) for _ in range(12)]
    return images, [*("ab" * 5), "a", ""], np.arange(12, dtype=np.int32) % 3


def fit(songs, folder, **options):
    images, labels, folds = songs
    more = {name: options.pop(name) for name in ("also", "artists") if name in options}
    plan = Plan(images, tuple(labels), folds, tuple(options.pop("folds", range(3))), folder, with_vectors=True, **more)
    (results,) = crossfit([plan], SMALL, options.pop("config", CONFIG), spec=SPEC, label="toy", **({"workers": 1} | options))
    return results


def test_each_labelled_song_is_held_out_once_and_an_unlabelled_one_never(songs, tmp_path):
    results = fit(songs, tmp_path)
    assert sorted(int(row) for result in results for row in result.rows) == list(range(11))
    for result in results:
        assert (songs[2][result.rows] == result.fold).all()


def test_every_network_embeds_all_songs(songs, tmp_path):
    assert [result.vectors.shape for result in fit(songs, tmp_path)] == [(12, 8)] * 3


def test_predictions_are_one_row_a_snippet(songs, tmp_path):
    for result in fit(songs, tmp_path):
        assert result.snippets.sum() == len(result.log_probabilities)
        np.testing.assert_allclose(np.exp(result.log_probabilities).sum(axis=1), 1, atol=1e-5)


def test_two_processes_give_the_same_bytes_as_one(songs, tmp_path):
    alone, together = fit(songs, tmp_path / "1"), fit(songs, tmp_path / "2", workers=2)
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_array_equal(a.vectors, b.vectors)
        np.testing.assert_array_equal(a.log_probabilities, b.log_probabilities)


def test_finished_folds_are_read_and_missing_ones_made(songs, tmp_path):
    seen = []
    fit(songs, tmp_path, folds=[0, 1])
    stamp = (tmp_path / "fold-0.npz").stat().st_mtime_ns
    fit(songs, tmp_path, progress=lambda done, total: seen.append((done, total)))
    assert (tmp_path / "fold-0.npz").stat().st_mtime_ns == stamp
    assert seen[0] == (4, 6)
    assert seen[-1] == (6, 6)


def test_a_fold_does_not_depend_on_the_labels_it_holds_out(songs, tmp_path):
    images, labels, folds = songs
    changed = [
        ("b" if label == "a" else "a") if fold == 0 and label else label for label, fold in zip(labels, folds, strict=True)
    ]
    one = fit(songs, tmp_path / "1", folds=[0])[0]
    again = fit((images, changed, folds), tmp_path / "2", folds=[0])[0]
    np.testing.assert_array_equal(one.vectors, again.vectors)


def test_a_damaged_fold_is_made_again(songs, tmp_path):
    before = fit(songs, tmp_path, folds=[0])[0]
    (tmp_path / "fold-0.npz").write_bytes(b"rubbish")
    np.testing.assert_array_equal(fit(songs, tmp_path, folds=[0])[0].vectors, before.vectors)


def test_a_fold_is_held_out_for_further_labels_too(songs, tmp_path):
    folds = songs[2]
    tags = ["x; y", "y", "x", "x; z"] * 3
    changed = ["z" if fold == 0 else text for text, fold in zip(tags, folds, strict=True)]
    config = replace(CONFIG, least_songs=1)
    one, again = (
        fit(songs, tmp_path / str(number), folds=[0], also={"tags": texts}, config=config)[0]
        for number, texts in enumerate((tags, changed))
    )
    np.testing.assert_array_equal(one.vectors, again.vectors)
    assert one.log_probabilities.shape[1] == 2  # of the primary label alone
    other = fit(songs, tmp_path / "without", folds=[0])[0]
    assert not np.array_equal(one.vectors, other.vectors)


def test_a_song_with_only_a_further_label_is_learned_from_and_not_predicted(songs, tmp_path):
    """The last song, without the label, is in fold 2: networks of the other folds learn from it."""
    tags = [""] * 11 + ["x; y"]
    config = replace(CONFIG, least_songs=1)
    results = fit(songs, tmp_path / "1", folds=[0, 1], also={"tags": tags}, config=config)
    assert all(11 not in result.rows for result in results)
    without = fit(songs, tmp_path / "2", folds=[0])[0]
    assert not np.array_equal(results[0].vectors, without.vectors)


@pytest.mark.parametrize("workers", [1, 2])
def test_training_that_stops_early_counts_as_done(songs, tmp_path, workers):
    seen: list[tuple[int, int]] = []
    config = replace(CONFIG, epochs=9, learning_rate=0.02, validation_share=0.4, patience=1)
    artists = tuple(f"artist {song}" for song in range(12))
    fit(songs, tmp_path, config=config, artists=artists, workers=workers, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (27, 27)


def test_snippets_cover_each_song_once():
    images = [np.full((n, 3), value, np.uint8) for value, n in ((1, 10), (2, 4), (3, 12))]
    snippets = Snippets(images, 5, [10, 4, 12])
    assert snippets.song.tolist() == [0, 0, 1, 2, 2]
    assert [len(snippets[i]) for i in range(5)] == [5, 5, 4, 5, 5]
    assert [int(snippets[i][0, 0]) for i in range(5)] == [1, 1, 2, 3, 3]


def test_rows_choose_and_order_images():
    images = [np.full((1, 1), value, np.uint8) for value in range(5)]
    assert [int(image[0, 0]) for image in Rows(images, [4, 0, 2])] == [4, 0, 2]
