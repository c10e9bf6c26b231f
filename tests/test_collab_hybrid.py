"""The default engine: what it picks, and that it picks on training listens alone."""

from __future__ import annotations

import numpy as np
import pytest
from test_collab_engine import checkerboard, embeddings_of, features_of, listens_of, ndcg, world

from collab import choosing, parts
from collab.blend import BlendModel
from collab.engine import fit
from collab.rule import Rule
from collab.validation import hold_out
from collab.weighing import Pool, WeighingConfig, pool_of
from data.embeddings import SongEmbeddings
from data.errors import InputError


def fitted(*args: object, **choices: object) -> BlendModel:
    model = fit("hybrid", *args, **choices)  # type: ignore[arg-type]
    assert isinstance(model, BlendModel)
    return model


def test_where_nobody_plays_two_songs_content_alone_is_trusted_and_the_reason_given() -> None:
    _, content = checkerboard()
    listens = listens_of([(u, (7 * u) % 20, 1.0) for u in range(20)], 20, 22)
    model = fitted(listens, content, features=features_of(content))
    assert {part.name for part in model.parts} == {"content", "features"}
    assert "collaborative evidence is worth nothing" in model.choice["why"]


def test_too_few_listeners_to_validate_on_are_said_to_be() -> None:
    model = fitted(*checkerboard())
    assert not model.choice["validated"]
    assert "fewer than 30 listeners to validate on" in model.choice["why"]


@pytest.fixture(scope="module")
def measured() -> dict[str, tuple[float, float]]:
    """Engine -> (warm, cold) nDCG@10 of held-out songs, defaults."""
    train, test, cold, content = world()
    models = {name: fit(name, train, content) for name in ("hybrid", "content", "content-ridge", "als-cf", "ease-cf", "item-knn")}
    order = np.random.default_rng(9).permutation(len(cold))
    shuffled = SongEmbeddings(content.tracks, content.vectors[order], "shuffled")
    models["shuffled"] = fit("hybrid", train, shuffled)
    models["random"] = fit("random", train)
    return {name: (ndcg(model, train, test, ~cold), ndcg(model, train, test, cold)) for name, model in models.items()}


@pytest.mark.parametrize("side", [0, 1])
def test_the_hybrid_is_as_good_as_the_best_of_its_sources(measured: dict[str, tuple[float, float]], side: int) -> None:
    best = max(measured[name][side] for name in ("content", "content-ridge", "als-cf", "ease-cf", "item-knn"))
    assert measured["hybrid"][side] > 0.97 * best


def test_shuffled_content_gains_nothing_on_new_songs(measured: dict[str, tuple[float, float]]) -> None:
    assert measured["shuffled"][1] < measured["random"][1] + 0.06


def test_shuffled_content_costs_little_on_songs_with_listens(measured: dict[str, tuple[float, float]]) -> None:
    assert measured["shuffled"][0] > 0.9 * measured["als-cf"][0]


def test_the_choice_tells_what_was_tried() -> None:
    train, _, _, content = world()
    choice = fitted(train, content).choice
    assert choice["validated"]
    assert set(choice["alone"]["all songs"]) >= {"als", "ease", "content", "content-ridge"}
    assert {"als/ridge", "als/kernel", "ease/own", "ease/kernel"} <= set(choice["alone"]["new songs"])
    assert choice["blend"]["all songs"] >= 0.98 * max(choice["alone"]["all songs"].values())


def test_a_catalogue_too_large_for_ease_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "affordable", lambda *_: False)
    train, _, _, content = world()
    assert "ease" not in {part.name for part in fitted(train, content).parts}


def test_features_alone_are_enough() -> None:
    listens, content = checkerboard()
    scores = fitted(listens, None, features=features_of(content)).scores(np.arange(20, dtype=np.int32))
    assert (scores[0::2, 20] > scores[0::2, 21]).all()


def test_neither_embeddings_nor_features_is_an_error() -> None:
    with pytest.raises(InputError, match="no song has one") as raised:
        fit("hybrid", checkerboard()[0])
    assert raised.value.code == "no-content"


def test_content_that_no_listened_song_has_still_places_songs() -> None:
    train, _, cold, content = world()
    vectors = content.vectors[cold]
    only = SongEmbeddings(type(content.tracks)(tuple(np.array(content.tracks.ids)[cold]), "track"), vectors, "cold only")
    assert np.isfinite(fitted(train, only).scores(np.arange(5, dtype=np.int32))).all()


# --- What is held out ---


def artists() -> list[str]:
    return [f"artist {song // 3}" for song in range(300)]


def test_artists_are_hidden_whole() -> None:
    train, _, _, _ = world()
    held = hold_out(train, artists(), np.ones(300, np.bool_), WeighingConfig(), 0)
    by_artist = held.new_songs.reshape(100, 3)
    assert (by_artist.all(axis=1) == by_artist.any(axis=1)).all()
    assert not held.new_songs[held.train.track].any()


def test_what_is_held_out_was_in_the_listens_and_is_not_in_what_remains() -> None:
    train, _, _, _ = world()
    held = hold_out(train, artists(), np.ones(300, np.bool_), WeighingConfig(), 0)
    plays, left = train.matrix()[held.users].toarray() > 0, held.train.matrix()[held.users].toarray() > 0
    hidden = held.new | held.other
    assert hidden.any()
    assert (plays[hidden]).all()
    assert not (left & hidden).any()
    np.testing.assert_array_equal(left | hidden, plays)


def test_songs_that_nothing_can_place_are_never_among_the_new_ones() -> None:
    train, _, _, _ = world()
    placeable = np.arange(300) % 2 == 0
    assert not hold_out(train, (), placeable, WeighingConfig(), 0).new_songs[~placeable].any()


def test_what_a_listener_plays_of_one_artist_is_hidden_together() -> None:
    train, _, _, _ = world()
    held = hold_out(train, artists(), np.ones(300, np.bool_), WeighingConfig(), 0)
    hidden, left = held.other.reshape(-1, 100, 3).any(axis=2), held.seen.reshape(-1, 100, 3).any(axis=2)
    assert not (hidden & left).any()


def test_embeddings_of_one_column_are_enough() -> None:
    listens, content = checkerboard()
    assert np.isfinite(fitted(listens, embeddings_of(content.vectors[:, :1])).scores(np.arange(3, dtype=np.int32))).all()


# --- Popularity held against songs ---


def pool_where(popular_are_played: bool) -> Pool:
    """200 listeners, one part that knows nothing, and one held-out song each: the most or the least popular of 30."""
    listeners = np.arange(1, 31)
    held_out = np.zeros((200, 30), np.bool_)
    held_out[:, -1 if popular_are_played else 0] = True
    scores = np.random.default_rng(0).normal(size=(200, 30)).astype(np.float32)
    return pool_of({"als": scores}, np.ones((200, 30), np.bool_), held_out, listeners, 30, np.zeros(30, np.bool_))


def test_popularity_is_not_held_against_songs_where_listeners_play_what_is_popular() -> None:
    assert choosing._for_the_tail(pool_where(popular_are_played=True), Rule({"als": 1.0}, {})).tail == 0.0


def test_popularity_is_held_against_songs_where_that_costs_nothing() -> None:
    rule = choosing._for_the_tail(pool_where(popular_are_played=False), Rule({"als": 1.0}, {}))
    assert rule.tail == max(choosing.TAILS)
