"""The composed world as a plan: knobs, catalogue and listeners, without a sound."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from data.errors import InputError
from data.world.catalogue import PROPERTIES, catalogue, properties
from data.world.listeners import ARTIST_ZIPF, YEAR, YEAR_START, listens, popularity
from data.world.spec import GENRES, WorldSpec

SPEC = WorldSpec()


@pytest.fixture(scope="module")
def songs():
    return catalogue(SPEC)


@pytest.fixture(scope="module")
def plays(songs):
    return listens(SPEC, songs)


@pytest.mark.parametrize(
    ("knobs", "word"),
    [
        ({"songs": 8}, "songs=8"),
        ({"songs": 20.5}, "songs=20.5"),
        ({"listeners": 0}, "listeners=0"),
        ({"seconds": 0.5}, "seconds=0.5"),
        ({"seconds": float("nan")}, "seconds=nan"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": True}, "seed=True"),
        ({"songs_per_artist": 0}, "songs_per_artist=0"),
    ],
)
def test_a_bad_knob_is_named_with_its_value(knobs, word):
    with pytest.raises(InputError, match=word):
        WorldSpec(**knobs)


def test_whole_and_decimal_seconds_are_the_same_world():
    assert WorldSpec(seconds=10).fingerprint() == WorldSpec(seconds=10.0).fingerprint()


def test_every_knob_changes_the_fingerprint():
    others = [
        WorldSpec(songs=541),
        WorldSpec(listeners=601),
        WorldSpec(seconds=9),
        WorldSpec(seed=1),
        WorldSpec(songs_per_artist=5),
    ]
    assert len({spec.fingerprint() for spec in [SPEC, *others]}) == 6


def test_the_default_has_sixty_songs_of_each_genre(songs):
    assert Counter(song.genre for song in songs) == dict.fromkeys(GENRES, 60)


@pytest.mark.parametrize("count", [9, 20, 100])
def test_any_number_of_songs_spreads_evenly_over_the_genres(count):
    sizes = Counter(song.genre for song in catalogue(WorldSpec(songs=count)))
    assert sum(sizes.values()) == count
    assert max(sizes.values()) - min(sizes.values()) <= 1
    assert set(sizes) == set(GENRES)


def test_every_artist_has_two_songs_or_more_and_six_on_average(songs):
    sizes = Counter(song.artist for song in songs)
    assert min(sizes.values()) >= 2
    assert np.mean(list(sizes.values())) == 6.0


def test_one_song_an_artist_is_possible():
    songs = catalogue(WorldSpec(songs=18, songs_per_artist=1))
    assert len({song.artist for song in songs}) == 18


def test_an_artist_keeps_to_one_genre(songs):
    assert len({(song.artist, song.genre) for song in songs}) == len({song.artist for song in songs})


def test_ids_and_paths_are_unique(songs):
    assert len({song.track_id for song in songs}) == len({song.path for song in songs}) == len(songs)


def test_the_same_seed_plans_the_same_songs(songs):
    assert catalogue(SPEC) == songs


def test_another_seed_plans_other_songs(songs):
    assert [s.style for s in catalogue(WorldSpec(seed=1))] != [s.style for s in songs]


def test_more_listeners_change_no_song(songs):
    assert catalogue(WorldSpec(listeners=5)) == songs


def test_each_mood_holds_a_tenth_of_the_songs_or_more(songs):
    counts = Counter(song.mood for song in songs)
    assert set(counts) == {"Q1", "Q2", "Q3", "Q4"}
    assert min(counts.values()) >= 54


def test_moods_cut_across_genres(songs):
    assert all(len({song.mood for song in songs if song.genre == genre}) >= 3 for genre in GENRES)


def test_mood_is_the_quadrant_of_arousal_and_valence(songs):
    quadrant = {(True, True): "Q1", (True, False): "Q2", (False, False): "Q3", (False, True): "Q4"}
    assert all(song.mood == quadrant[song.style.arousal > 0, song.style.valence > 0] for song in songs)


def test_songs_of_an_artist_are_nearer_to_each_other_than_to_others_of_the_genre(songs):
    table = properties(songs)[:, [PROPERTIES.index(name) for name in ("tempo", "energy", "brightness")]]
    table = table / table.std(axis=0)
    inside, outside = [], []
    for genre in GENRES:
        rows = [song.index for song in songs if song.genre == genre]
        for row in rows:
            for other in rows:
                if other != row:
                    same = songs[row].artist == songs[other].artist
                    (inside if same else outside).append(np.linalg.norm(table[row] - table[other]))
    assert np.mean(inside) < 0.95 * np.mean(outside)


def test_genre_shares_of_a_song_add_up_to_one(songs):
    shares = properties(songs)[:, -len(GENRES) :]
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, atol=1e-6)


def test_some_songs_mix_in_another_genre_but_most_do_not(songs):
    mixed = np.mean([song.guest != "" for song in songs])
    assert 0.15 < mixed < 0.5
    assert all(song.guest != song.genre for song in songs)


def test_thousands_of_songs_can_be_planned_without_sound():
    spec = WorldSpec(songs=3000, listeners=50)
    songs = catalogue(spec)
    assert len({song.path for song in songs}) == 3000
    assert listens(spec, songs).shape == (50, 3000)


def test_listens_know_every_song_of_the_catalogue(songs, plays):
    assert plays.tracks.ids == tuple(song.track_id for song in songs)
    assert len(plays.users) == SPEC.listeners


def test_nobody_plays_a_song_in_two_rows(plays):
    assert len(np.unique(plays.user.astype(np.int64) * len(plays.tracks) + plays.track)) == len(plays)


def test_the_same_seed_gives_the_same_listens(songs, plays):
    again = listens(SPEC, songs)
    for name in ("user", "track", "weight", "time"):
        np.testing.assert_array_equal(getattr(again, name), getattr(plays, name))


def test_listeners_play_25_to_60_songs_on_average(plays):
    assert 25 <= len(plays) / SPEC.listeners <= 60


def test_activity_is_heavy_tailed(plays):
    counts = np.bincount(plays.user, minlength=SPEC.listeners)
    assert counts.min() >= 5
    assert np.percentile(counts, 95) > 2.2 * np.median(counts)


def test_popularity_is_heavy_tailed(plays):
    counts = np.sort(plays.track_counts())[::-1]
    assert counts[:54].sum() > 0.2 * counts.sum()
    assert counts[0] > 4 * np.median(counts)


def test_popularity_follows_zipf_over_artists(songs):
    fame = popularity(SPEC, songs)
    best: dict[str, float] = {}
    for song, value in zip(songs, fame, strict=True):
        best[song.artist] = max(best.get(song.artist, 0.0), value)
    np.testing.assert_allclose(sorted(best.values(), reverse=True), np.arange(1, len(best) + 1) ** -ARTIST_ZIPF)


def test_times_lie_in_one_year_and_rise_for_each_listener(plays):
    assert plays.time.min() >= YEAR_START
    assert plays.time.max() < YEAR_START + YEAR
    assert (np.diff(plays.time)[np.diff(plays.user) == 0] >= 0).all()


def test_plays_are_whole_and_mostly_few_with_some_many(plays):
    assert (plays.weight == np.round(plays.weight)).all()
    assert plays.weight.min() >= 1
    assert np.median(plays.weight) < 15
    assert plays.weight.max() > 100


def test_as_few_as_nine_songs_have_listeners():
    few = listens(WorldSpec(songs=9, listeners=3))
    assert (np.bincount(few.user) == 5).all()


def _ndcg(scores, truth, k=10):
    """Mean nDCG@k over users with at least one relevant song; (users, songs) both."""
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    hits = np.take_along_axis(truth, np.argsort(-scores, axis=1)[:, :k], axis=1)
    relevant = truth.sum(axis=1).astype(int)
    ideal = np.array([discount[: min(k, n)].sum() for n in relevant])
    return float(np.mean((hits * discount).sum(axis=1)[relevant > 0] / ideal[relevant > 0]))


@pytest.fixture(scope="module")
def cold(songs, plays):
    """Listeners' scores for songs of artists held out, from the true properties alone (ridge), and the truth."""
    rng = np.random.default_rng(0)
    names = sorted({song.artist for song in songs})
    held_out = set(rng.choice(names, size=len(names) // 5, replace=False).tolist())
    is_cold = np.array([song.artist in held_out for song in songs])
    table = properties(songs).astype(np.float64)
    table = (table - table.mean(axis=0)) / table.std(axis=0)
    played = (plays.matrix().toarray() > 0).astype(np.float64)
    warm = table[~is_cold]
    taste = played[:, ~is_cold] @ warm @ np.linalg.inv(warm.T @ warm + 30.0 * np.eye(warm.shape[1]))
    return taste, table[is_cold], played[:, is_cold], rng


def test_properties_predict_songs_of_unheard_artists(cold):
    taste, table, truth, rng = cold
    assert _ndcg(taste @ table.T, truth) > 2.5 * _ndcg(rng.random(truth.shape), truth)


def test_shuffled_properties_predict_nothing(cold):
    taste, table, truth, rng = cold
    assert _ndcg(taste @ rng.permutation(table).T, truth) < 1.4 * _ndcg(rng.random(truth.shape), truth)


def test_similar_listeners_tell_more_than_popularity(plays):
    rng = np.random.default_rng(0)
    played = (plays.matrix().toarray() > 0).astype(np.float64)
    hidden = (rng.random(played.shape) < 0.2) * played
    seen = played - hidden
    unit = seen / np.sqrt(seen.sum(axis=0) + 1.0)
    similar = unit.T @ unit
    np.fill_diagonal(similar, 0.0)
    popular = np.tile(seen.sum(axis=0), (len(seen), 1))
    assert _ndcg(seen @ similar - 1e9 * seen, hidden) > 1.3 * _ndcg(popular - 1e9 * seen, hidden)
