"""The neighbour benchmark: votes, artist filter, normalisations, intervals, protocols."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from benchmarks.nearest import NORMALISATIONS, cosine, euclidean, hits, interval, whitened
from benchmarks.neighbour_protocols import OURS, STATISTICS, Fold, compare, figures
from benchmarks.rivals import Rival, librosa_means, peer
from data.tracks import Track
from recsys.steps.images import Songs

ARTISTS = np.array(["q", "q", "a", "b", "c", "d"])


def vote(labels, k, *, distance=(0.0, 0.1, 1.0, 2.0, 3.0, 4.0)):
    return hits(np.array([distance]), np.array(labels), ARTISTS, [0], k)[0]


def test_the_nearest_song_by_another_artist_votes():
    assert vote(["x", "y", "x", "y", "y", "y"], 1) == 1
    assert vote(["x", "x", "y", "x", "x", "x"], 1) == 0


def test_the_majority_of_five_wins():
    assert vote(["x", "y", "y", "x", "x", "y"], 3) == 1


def test_between_equals_the_nearer_wins():
    assert vote(["x", "", "x", "y", "y", "x"], 4) == 1
    assert vote(["x", "", "y", "x", "x", "y"], 4) == 0


def test_what_is_infinitely_far_is_no_candidate():
    assert vote(["x", "", "y", "x", "y", "y"], 1, distance=(0, 0, np.inf, 1, 2, 3)) == 1
    assert vote(["x", "", "x", "x", "x", "x"], 5, distance=(0, 0, *[np.inf] * 4)) == 0


def test_distances_are_what_they_are_called():
    x = np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_allclose(euclidean(x, np.arange(5))[1, 3], np.linalg.norm(x[1] - x[3]))
    cos = x[1] @ x[3] / np.linalg.norm(x[1]) / np.linalg.norm(x[3])
    np.testing.assert_allclose(cosine(x, np.arange(5))[1, 3], 1 - cos, atol=1e-6)


def test_whitening_makes_training_rows_uncorrelated_with_variance_1():
    x = np.random.default_rng(0).normal(size=(200, 4)) @ np.random.default_rng(1).normal(size=(4, 4)) + 5
    np.testing.assert_allclose(np.cov(whitened(x, np.arange(150))[:150].T, bias=True), np.eye(4), atol=1e-9)


def test_whitening_drops_axes_that_hardly_exist():
    x = np.random.default_rng(0).normal(size=(50, 3))
    assert whitened(np.hstack([x, x]), np.arange(50)).shape == (50, 3)


@pytest.mark.parametrize("name", list(NORMALISATIONS))
def test_a_normalisation_is_fitted_on_training_songs_only(name):
    x = np.random.default_rng(0).normal(size=(30, 4))
    other = x.copy()
    other[25:] *= 100  # neither query nor training row
    before, after = (NORMALISATIONS[name](v, np.arange(20), np.array([20, 21])) for v in (x, other))
    np.testing.assert_allclose(before[:, :25], after[:, :25], atol=1e-6)


def test_the_interval_widens_where_songs_of_an_artist_stand_or_fall_together():
    values = np.repeat([0.0, 1.0] * 10, 10)
    alone, together = np.array([str(n) for n in range(200)]), np.repeat([str(n) for n in range(20)], 10)
    one, other = interval(values, alone), interval(values, together)
    assert one[0] == other[0] == 0.5
    assert other[2] - other[1] > 2 * (one[2] - one[1])


@pytest.fixture
def library():
    """Forty songs by twenty artists in two moods. Fold 0's network hears the mood; fold 1's hears it the other way round."""
    rng = np.random.default_rng(0)
    tracks = [Track(f"t{n}", "", artist=f"a{n // 2}", labels={"mood": "xy"[n // 2 % 2]}) for n in range(40)]
    images = [rng.integers(0, 256, (9, 5), dtype=np.uint8) for _ in tracks]
    mood = np.array([[1.0, 0.0] if track.labels["mood"] == "x" else [0.0, 1.0] for track in tracks]).astype(np.float32)
    rows = np.arange(40)
    folds = [Fold(v, rows[rows // 4 % 2 == f], rows[rows // 4 % 2 != f]) for f, v in enumerate((mood, mood[:, ::-1]))]
    return Songs(tracks, images, 0), folds


def accuracy(found, protocol, k, name):
    return np.mean(found["hits"][protocol, k][name])


def test_neighbours_are_looked_for_in_the_space_of_one_network(library):
    found = compare(*library, "mood", {}, 0)
    for protocol in ("unheard", "all songs"):
        assert accuracy(found, protocol, 5, OURS.format("unit")) == 1
    assert len(found["artists"]) == 40


def test_noise_is_no_better_than_random_neighbours(library):
    found = compare(*library, "mood", {}, 0)
    assert accuracy(found, "all songs", 1, STATISTICS) < 0.75
    assert accuracy(found, "all songs", 1, "chance: random neighbours") == pytest.approx(0.5, abs=0.1)


def test_unheard_candidates_are_held_out_songs_alone(library):
    """A rival that takes trained songs of the other mood for the nearest is wrong only where they may be found."""
    songs, folds = library
    mood = np.array([track.labels["mood"] for track in songs.tracks])
    fold = np.arange(40) // 4 % 2
    distance = np.where((fold[:, None] != fold[None]) & (mood[:, None] != mood[None]), 0.0, 1.0 + (mood[:, None] != mood[None]))
    rival = {"rival": Rival(np.arange(40), None, distance.astype(np.float32), 0.0)}
    found = compare(songs, folds, "mood", rival, 0)
    assert accuracy(found, "unheard", 1, "rival") == 1
    assert accuracy(found, "all songs", 1, "rival") == 0


def test_songs_that_a_rival_cannot_read_are_left_out_for_all(library):
    rival = Rival(np.arange(38), np.zeros((38, 2), np.float32), None, 0.0)
    found = compare(*library, "mood", {"rival": rival}, 0)
    assert found["unreadable"] == 2
    assert {len(v) for table in found["hits"].values() for v in table.values()} == {38}


def test_ours_differs_from_itself_by_nothing(library):
    rows = figures(compare(*library, "mood", {}, 0), OURS.format("unit"))
    own = next(row for row in rows if row["competitor"] == OURS.format("unit"))
    assert (own["ours_minus_it"], own["difference_low"], own["difference_high"]) == (0, 0, 0)


def test_a_peer_that_is_not_there_is_left_out_with_the_reason(tmp_path):
    said = peer("bliss", [Track("a", "nowhere.mp3")], tmp_path, sys.executable)
    assert "bliss is left out" in said
    assert "--peers-python" in said


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*slated for removal:DeprecationWarning")  # librosa.load imports audioread
def test_librosas_means_are_39_values_kept_for_next_time(tmp_path, world):
    (path, other) = sorted(world.rglob("*.mp3"))[:2]
    tracks = [Track("a", str(path), content_hash="1"), Track("b", str(other), content_hash="2")]
    first = librosa_means(tracks, tmp_path)
    assert first.vectors.shape == (2, 39)
    stamps = [file.stat().st_mtime_ns for file in tmp_path.glob("*.npz")]
    np.testing.assert_array_equal(librosa_means(tracks, tmp_path).vectors, first.vectors)
    assert [file.stat().st_mtime_ns for file in tmp_path.glob("*.npz")] == stamps
