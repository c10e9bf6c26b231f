"""Which songs carry a score: contributions add up to the score, for every engine."""

from __future__ import annotations

import numpy as np
import pytest
from test_collab_serving import SERVED, served

from collab.because import because, is_exact, popularity_of
from collab.blend import BlendModel
from collab.contributions import by_sound, contributions
from collab.explain import Taste
from collab.fallback import Person, Terms, one_answer, recommend
from collab.history import History
from collab.placing import place_of
from collab.rule import Rule, standard_popularity
from collab.serving import ServingModel

INTERCEPT = ("bpr", "bpr-cf", "lightfm", "lightfm-cf")  # what these give to everybody is no sum over plays
LINEAR = [name for name in SERVED if name not in (*INTERCEPT, "popularity")]


def taste_of(serving: ServingModel, user: int) -> Taste:
    tracks, plays = serving.history.of(user)
    return Taste(tracks, plays, np.zeros(len(tracks), np.bool_))


def folded(serving: ServingModel, taste: Taste) -> np.ndarray:
    return serving.model.folded_scores(History.of_rows([(taste.tracks, taste.plays)]))[0]


def users(serving: ServingModel) -> list[int]:
    return [user for user in range(len(serving.users)) if len(serving.history.of(user)[0])]


@pytest.mark.parametrize("name", LINEAR)
def test_the_contributions_add_up_to_the_score(name):
    serving = served(name)
    songs = np.flatnonzero(serving.scorable).astype(np.int32)
    for user in users(serving):
        taste = taste_of(serving, user)
        total = contributions(serving, taste, songs).sum(axis=0)
        np.testing.assert_allclose(total, folded(serving, taste)[songs], atol=2e-4)


@pytest.mark.parametrize("name", INTERCEPT)
def test_without_a_sum_over_plays_they_add_up_to_all_but_what_everybody_gets(name):
    serving = served(name)
    songs = np.flatnonzero(serving.scorable).astype(np.int32)
    rest = []
    for user in users(serving):
        taste = taste_of(serving, user)
        rest.append(folded(serving, taste)[songs] - contributions(serving, taste, songs).sum(axis=0))
    np.testing.assert_allclose(rest, np.broadcast_to(rest[0], np.shape(rest)), atol=1e-5)
    assert not is_exact(serving)


@pytest.mark.parametrize(
    "rule",
    [
        Rule({"als": 0.7, "ease": 0.3}, {"content": 1.0}),
        Rule(
            {"als": 0.5, "content": 0.5}, {"als": 0.2, "content": 0.8}, trust=2.0, tail=0.3, boost=((1, 4.0), (3, 2.0), (9, 1.0))
        ),
        Rule({"features": 1.0}, {"features": 1.0}, trust=5.0),
    ],
)
def test_a_blend_adds_up_whatever_its_rule_less_what_popularity_takes(rule):
    from dataclasses import replace

    hybrid = served("hybrid")
    assert isinstance(hybrid.model, BlendModel)
    serving = replace(hybrid, model=replace(hybrid.model, rule=rule))
    songs = np.flatnonzero(serving.scorable).astype(np.int32)
    for user in users(serving):
        taste = taste_of(serving, user)
        effect = np.array([popularity_of(serving, song).effect for song in songs])
        total = contributions(serving, taste, songs).sum(axis=0) + effect
        np.testing.assert_allclose(total, folded(serving, taste)[songs], atol=2e-4)
        np.testing.assert_allclose(effect, -rule.tail * standard_popularity(serving.model.listeners)[songs], atol=1e-6)


def test_the_song_that_counts_most_is_the_one_whose_loss_costs_most_in_a_linear_model():
    serving = served("ease-cf")
    user = max(users(serving), key=lambda u: len(serving.history.of(u)[0]))
    taste = taste_of(serving, user)
    song = np.array([row for row in np.flatnonzero(serving.scorable) if row not in taste.tracks][:1], np.int32)
    told = contributions(serving, taste, song)[:, 0]
    whole, lost = folded(serving, taste)[song[0]], []
    for left_out in range(len(taste.tracks)):
        kept = np.delete(np.arange(len(taste.tracks)), left_out)
        lost.append(whole - folded(serving, Taste(taste.tracks[kept], taste.plays[kept], taste.liked[kept]))[song[0]])
    np.testing.assert_allclose(told, lost, atol=1e-5)


def test_by_sound_the_contributions_add_up_to_the_cosine_with_the_profile():
    serving = served("als")
    taste = taste_of(serving, users(serving)[0])
    songs = np.arange(18, dtype=np.int32)
    profile = np.log1p(taste.plays) @ serving.content[taste.tracks]
    np.testing.assert_allclose(
        by_sound(serving, taste, songs).sum(axis=0), serving.content @ profile / np.linalg.norm(profile), atol=1e-5
    )


@pytest.mark.parametrize("name", SERVED)
def test_shares_are_of_played_songs_fall_and_come_to_no_more_than_one(name):
    serving = served(name)
    user = users(serving)[0]
    played = {serving.tracks.ids[row] for row in serving.history.of(user)[0]}
    items = one_answer(serving, Person(serving.users.ids[user]), Terms(k=5, because=3))
    for item in items:
        shares = [song.share for song in item.because]
        assert len(shares) <= 3
        assert shares == sorted(shares, reverse=True)
        assert all(0 < share <= 1 for share in shares)
        assert sum(shares) <= 1 + 1e-6
        assert {song.track_id for song in item.because} <= played
    assert any(item.because for item in items) or name == "popularity"


def test_of_nobody_known_no_song_speaks_for_another():
    serving = served("als")
    assert all(item.because == () for item in one_answer(serving, Person(None), Terms(k=3, because=3)))
    assert because(serving, taste_of(serving, 0), np.empty(0, np.int32), []) == []


def test_explanations_change_no_list():
    serving = served("hybrid")
    asked, plain = (one_answer(serving, Person("u1"), Terms(k=6, because=n)) for n in (5, 0))
    assert [(i.track_id, i.score) for i in asked] == [(i.track_id, i.score) for i in plain]
    assert all(item.because == () for item in plain)


def test_popularity_counts_listeners_and_their_share():
    serving = served("als")
    told = popularity_of(serving, 3)
    assert told.listeners == serving.listeners[3]
    assert told.share == pytest.approx(serving.listeners[3] / serving.history.n_active)
    assert told.effect == 0


@pytest.mark.parametrize("explore", [0.0, 0.7])
@pytest.mark.parametrize("name", ["hybrid", "als-cf", "content", "popularity"])
@pytest.mark.parametrize("user", ["u0", "u5", "nobody"])
def test_a_songs_place_is_the_one_that_a_full_list_gives_it(name, user, explore):
    serving = served(name)
    items = recommend(serving, user, k=18, explore=explore)
    for item in items:
        if item.source in ("catalogue-diverse", "popular"):
            continue
        place = place_of(serving, Person(user), serving.tracks.row(item.track_id), Terms(explore=explore))
        assert (place.song.rank, place.song.score, place.song.source) == (item.rank, item.score, item.source)
        assert place.of == len(items)
        assert not place.heard


def test_a_song_that_was_played_has_a_place_too_and_says_so():
    serving = served("hybrid")
    row = int(serving.history.of(0)[0][0])
    place = place_of(serving, Person("u0"), row, Terms())
    assert place.heard
    assert place.song.rank >= 1


def test_a_liked_song_says_that_it_is_liked():
    serving = served("hybrid")
    place = place_of(serving, Person(None, ["t3"]), 3, Terms())
    assert (place.liked, place.heard) == (True, False)


def test_of_nobody_known_a_popular_song_has_a_place_and_a_new_one_none():
    serving = served("als")
    popular = int(serving.listeners.argmax())
    assert place_of(serving, Person(None), popular, Terms()).song.source == "popular"
    new = place_of(serving, Person(None), 17, Terms()).song
    assert (new.rank, new.source) == (0, "catalogue-diverse")
