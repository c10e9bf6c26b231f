"""The ladder of what is known of a listener, the artist cap, and the reasons."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest
import scipy.sparse as sp

from collab.diversity import in_laps, spread
from collab.engine import EngineConfig, fit
from collab.explain import Taste
from collab.factors import ALSConfig, BPRConfig
from collab.fallback import Person, Plays, Terms, answers, recommend
from collab.history import History
from collab.lightfm_hybrid import LightFMConfig
from collab.occurrence import occurrence
from collab.recommendation import SOURCES
from collab.serving import ServingModel, serving_model
from data.embeddings import SongEmbeddings
from data.errors import InputError
from data.ids import IdMap
from data.item_features import ItemFeatures, unit_length
from data.listens import Listens

QUICK = EngineConfig(lightfm=LightFMConfig(16, 8), als=ALSConfig(16, 3.0), bpr=BPRConfig(learning_rate=0.05))
N = 24
TRACKS = IdMap(tuple(f"t{i}" for i in range(N)), "track")
CLOSED = [name for name in SOURCES if name not in ("bpr", "bpr-cf", "lightfm", "lightfm-cf")]
NEW = {"t20", "t21", "t22", "t23"}


def checkerboard(*, with_listens: bool = True) -> Listens:
    """Users u0..u9 play songs of their parity among t0..t19, three times each, all but two; u10 plays nothing, u11 all twenty."""
    cells = [(u, t) for u in range(10) for t in range(20) if u % 2 == t % 2 and t not in (u, u + 10)]
    cells += [(11, t) for t in range(N) if t < 20]
    user, track = (np.array(column, np.int32) for column in zip(*cells, strict=True))
    if not with_listens:
        user, track = user[:0], track[:0]
    users = IdMap(tuple(f"u{i}" for i in range(12)), "user")
    return Listens(user, track, np.full(len(user), 3, np.float32), None, users, TRACKS)


def sounds() -> SongEmbeddings:
    """Even songs sound one way, odd songs another."""
    noise = 0.1 * np.random.default_rng(0).normal(size=(N, 8))
    return SongEmbeddings(TRACKS, (np.where(np.arange(N)[:, None] % 2, -1.0, 1.0) + noise).astype(np.float32), "test")


def served(engine: str = "als", *, listens: Listens | None = None, content: SongEmbeddings | None = None) -> ServingModel:
    listens = checkerboard() if listens is None else listens
    content = sounds() if content is None else content
    artists = [f"artist {i // 4}" for i in range(N)]
    return serving_model(fit(engine, listens, content, QUICK, features=colours()), listens, content, artists)


def colours() -> ItemFeatures:
    """A word for the even songs, one for the odd."""
    matrix = sp.csr_matrix((np.ones(N, np.float32), (np.arange(N), np.arange(N) % 2)), shape=(N, 2), dtype=np.float32)
    return ItemFeatures(TRACKS, matrix, "colours")


def parity(items: list) -> set[int]:
    return {int(item.track_id[1:]) % 2 for item in items}


@pytest.mark.parametrize("engine", ["als", "lightfm"])
def test_a_known_user_gets_songs_with_listens_from_the_hybrid_and_new_ones_by_content(engine: str) -> None:
    for item in recommend(served(engine), "u2", k=4):
        assert item.source == ("hybrid-content" if item.track_id in NEW else "hybrid")
        assert item.cold == (item.track_id in NEW)


@pytest.mark.parametrize("engine", ["als", "lightfm", "content"])
def test_a_known_user_gets_unheard_songs_of_their_taste(engine: str) -> None:
    items = recommend(served(engine), "u2", k=4)
    assert {item.track_id for item in items} == {"t2", "t12", "t20", "t22"}


@pytest.mark.parametrize(
    ("engine", "source"),
    [("als-cf", "collaborative"), ("lightfm-cf", "collaborative"), ("content", "content"), ("popularity", "popular")],
)
def test_other_engines_give_their_own_source(engine: str, source: str) -> None:
    assert recommend(served(engine), "u2", k=2)[0].source == source


def test_an_engine_of_listens_alone_leaves_new_songs_to_the_step_below() -> None:
    by_source = {item.track_id: item.source for item in recommend(served("als-cf"), "u2", k=N)}
    assert {by_source[t] for t in NEW} == {"content-likes"}


def test_likes_of_an_unknown_person_give_songs_that_sound_alike() -> None:
    items = recommend(served("als-cf", content=sounds()), "stranger", ["t21"], k=5)  # nobody plays t21
    assert {item.source for item in items} == {"content-likes"}
    assert parity(items) == {1}


@pytest.mark.parametrize("engine", ["hybrid", "als", "ease", "bpr", "lightfm"])
def test_likes_of_an_unknown_person_are_folded_into_the_hybrid(engine: str) -> None:
    items = recommend(served(engine), "stranger", ["t1", "t3"], k=5)
    assert {item.source for item in items} <= {"hybrid-likes", "hybrid-content"}
    for item in items:
        assert item.cold == (item.source == "hybrid-content")
    assert parity(items) == {1}


@pytest.mark.parametrize(
    ("engine", "source"),
    [("als-cf", "collaborative"), ("ease-cf", "collaborative"), ("content", "content-likes"), ("content-ridge", "content-likes")],
)
def test_likes_folded_into_other_engines_give_their_own_source(engine: str, source: str) -> None:
    items = recommend(served(engine), "stranger", ["t1", "t3"], k=5)
    assert {item.source for item in items} == {source}
    assert parity(items) == {1}


def test_an_engine_without_taste_leaves_likes_to_their_sound() -> None:
    assert {item.source for item in recommend(served("popularity"), None, ["t1"], k=5)} == {"content-likes"}


def test_a_like_counts_as_much_as_the_song_played_most() -> None:
    taste = Taste(np.arange(3, dtype=np.int32), np.array([2, 7, 0], np.float32), np.array([False, False, True]))
    assert taste.weights(1.5).tolist() == [2, 7, 7]


def test_where_nothing_was_played_a_like_counts_as_an_average_play() -> None:
    taste = Taste(np.arange(2, dtype=np.int32), np.zeros(2, np.float32), np.ones(2, np.bool_))
    assert taste.weights(1.5).tolist() == [1.5, 1.5]


@pytest.mark.parametrize("engine", CLOSED)
def test_a_known_listener_folded_in_with_the_training_plays_gets_the_same_scores(engine: str) -> None:
    serving = served(engine)
    users = np.arange(12, dtype=np.int32)
    scores, folded = serving.model.scores(users), serving.model.folded_scores(serving.history)
    np.testing.assert_allclose(folded, scores, rtol=1e-3, atol=1e-3 * float(np.abs(scores).max()))


@pytest.mark.parametrize("engine", [name for name in SOURCES if name != "popularity"])
def test_on_the_checkerboard_a_new_listener_gets_songs_of_their_colour(engine: str) -> None:
    model = served(engine).model
    for colour in (0, 1):
        plays = History.of_rows([(np.arange(colour, 12, 2, dtype=np.int32), np.full(6, 3, np.float32))])
        scores = model.folded_scores(plays)[0, 12:20]
        assert scores[colour::2].min() > scores[1 - colour :: 2].max()


@pytest.mark.parametrize("engine", ["hybrid", "als", "ease", "als-cf"])
def test_plays_since_training_change_the_list_of_a_known_listener(engine: str) -> None:
    """u2 plays even songs; today nothing but odd ones."""
    serving = served(engine)
    odd = np.arange(1, 18, 2, dtype=np.int32)
    today = recommend(serving, "u2", k=N, heard_extra=Plays(odd, np.full(len(odd), 50, np.float32)))
    before = recommend(serving, "u2", k=N)
    assert not {TRACKS.ids[t] for t in odd} & {item.track_id for item in today}
    assert rank_of("t19", today) < rank_of("t2", today)
    assert rank_of("t19", before) > rank_of("t2", before)
    assert today[0].source in ("hybrid", "hybrid-content", "collaborative")


def rank_of(track: str, items: list) -> int:
    return next(item.rank for item in items if item.track_id == track)


@pytest.mark.parametrize("engine", ["hybrid", "als-cf", "popularity"])
def test_many_are_answered_as_each_alone(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    serving = served(engine)
    plays = Plays(np.array([0, 4], np.int32), np.array([5, 1], np.float32))
    people = [Person(f"u{i}") for i in range(12)] + [
        Person("new", (), plays),
        Person(None, ("t1",)),
        Person(),
        Person("u3", ("t2",)),
    ]
    alone = [recommend(serving, p.user, p.likes, k=5, heard_extra=p.newer) for p in people]
    for size in (1, 4, 100):
        monkeypatch.setattr("collab.fallback.users_at_a_time", lambda _songs, size=size: size)
        together = list(answers(serving, people, Terms(5)))
        assert [[i.track_id for i in items] for items in together] == [[i.track_id for i in items] for items in alone]
        assert [[i.source for i in items] for items in together] == [[i.source for i in items] for items in alone]


def test_of_many_who_heard_everything_gets_an_empty_list() -> None:
    extra = Plays(np.arange(N, dtype=np.int32), np.ones(N, np.float32))
    assert [len(items) for items in answers(served(), [Person("u1"), Person("u2", (), extra)], Terms(3))] == [3, 0]


def test_listens_of_a_new_person_are_folded_in() -> None:
    plays = Plays(np.array([0, 4], np.int32), np.array([5, 1], np.float32))
    items = recommend(served(), "stranger", k=5, heard_extra=plays)
    assert {item.source for item in items} <= {"hybrid-likes", "hybrid-content"}
    assert parity(items) == {0}
    assert not {"t0", "t4"} & {item.track_id for item in items}


def test_a_user_without_listens_gets_what_is_popular() -> None:
    assert {item.source for item in recommend(served(), "u10")} == {"popular"}


@pytest.mark.parametrize("user", [None, "stranger"])
def test_of_nobody_known_the_popular_songs_are_given(user: str | None) -> None:
    assert {item.source for item in recommend(served(), user)} == {"popular"}


def test_popular_songs_come_most_played_first_within_a_lap() -> None:
    scores = [item.score for item in recommend(served(), None, k=10)]
    assert scores == sorted(scores, reverse=True)


def test_popular_songs_are_at_most_two_an_artist_while_others_are_left() -> None:
    serving = served()
    items = recommend(serving, None, k=10)  # five artists have listeners
    assert set(Counter(serving.artists[TRACKS.row(i.track_id)] for i in items).values()) == {2}


def test_a_popular_list_longer_than_two_an_artist_is_filled_up() -> None:
    assert len(recommend(served(), None, k=15)) == 15


def test_popular_songs_are_spread_over_sounds() -> None:
    """Even songs have one listener more than odd ones: by popularity alone, the list would be even."""
    cells = [(u, t) for u in range(10) for t in range(20) if t % 2 == 0 or u]
    user, track = (np.array(column, np.int32) for column in zip(*cells, strict=True))
    listens = Listens(user, track, np.ones(len(user), np.float32), None, IdMap(tuple(f"u{i}" for i in range(10)), "user"), TRACKS)
    serving = serving_model(fit("popularity", listens), listens, sounds(), [""] * N)
    items = recommend(serving, k=4)
    assert {item.source for item in items} == {"popular"}
    assert parity(items) == {0, 1}
    unheard = serving_model(fit("popularity", listens), listens, None, [""] * N)
    assert parity(recommend(unheard, k=4)) == {0}


def test_without_listens_the_list_is_spread_over_the_catalogue() -> None:
    items = recommend(served("content", listens=checkerboard(with_listens=False)), "u1", k=6)
    assert {item.source for item in items} == {"catalogue-diverse"}
    assert parity(items[:2]) == {0, 1}


def test_without_listens_every_artist_has_a_song_before_one_has_two() -> None:
    serving = served("content", listens=checkerboard(with_listens=False))
    items = recommend(serving, k=6)
    assert len({int(serving.artists[TRACKS.row(i.track_id)]) for i in items}) == 6


def test_without_listens_and_without_sounds_songs_are_still_given() -> None:
    listens = checkerboard(with_listens=False)
    serving = serving_model(fit("popularity", listens), listens, None, ["" for _ in range(N)])
    assert [item.source for item in recommend(serving, k=3)] == ["catalogue-diverse"] * 3


@pytest.mark.parametrize("engine", ["als", "lightfm", "als-cf", "content", "popularity"])
@pytest.mark.parametrize("user", [f"u{i}" for i in range(10)])
def test_heard_songs_are_never_returned(engine: str, user: str) -> None:
    serving = served(engine)
    heard = {TRACKS.ids[t] for t in serving.history.of(serving.users.row(user))[0]}
    items = recommend(serving, user, k=N)
    assert not heard & {item.track_id for item in items}
    assert len(items) == N - len(heard)


def test_ranks_count_from_one_and_no_song_stands_twice() -> None:
    items = recommend(served("als-cf"), "u2", k=N)
    assert [item.rank for item in items] == list(range(1, len(items) + 1))
    assert len({item.track_id for item in items}) == len(items)


def test_heard_songs_are_returned_on_request() -> None:
    assert len(recommend(served(), "u2", k=N, exclude_heard=False)) == N


def test_a_listener_who_heard_everything_is_told_so() -> None:
    extra = Plays(np.arange(N, dtype=np.int32), np.ones(N, np.float32))
    with pytest.raises(InputError, match="user 'u11' has heard all 24 songs") as raised:
        recommend(served(), "u11", heard_extra=extra)
    assert raised.value.code == "all-heard"


def test_a_listener_of_all_played_songs_gets_the_new_ones() -> None:
    assert {item.track_id for item in recommend(served(), "u11", k=N)} == NEW


def test_an_unknown_like_is_named() -> None:
    with pytest.raises(InputError, match="'t99'") as raised:
        recommend(served(), None, ["t1", "t99"])
    assert raised.value.code == "unknown-id"


def test_likes_are_never_returned() -> None:
    assert not {"t1", "t2"} & {item.track_id for item in recommend(served(), "u0", ["t1", "t2"], k=N)}


def test_likes_move_the_list_of_a_known_user() -> None:
    serving = served()
    plain, moved = (recommend(serving, "u2", likes, k=N) for likes in ([], ["t1", "t3", "t5"]))
    scores = [{i.track_id: i.score for i in items} for items in (plain, moved)]
    for odd, even in (("t7", "t2"), ("t21", "t12")):
        assert scores[1][odd] - scores[1][even] > scores[0][odd] - scores[0][even]


@pytest.mark.parametrize("user", ["u2", "stranger"])
def test_an_artist_cap_holds_over_all_steps(user: str) -> None:
    serving = served("als-cf")
    items = recommend(serving, user, k=N, artist_cap=1)
    assert len(items) == len({int(serving.artists[TRACKS.row(i.track_id)]) for i in items}) == 6


def test_the_same_question_has_the_same_answer() -> None:
    assert recommend(served(), None, k=7, seed=3) == recommend(served(), None, k=7, seed=3)


@pytest.mark.parametrize("explore", [-0.1, 1.5, float("nan")])
def test_exploring_beyond_its_bounds_is_refused(explore: float) -> None:
    with pytest.raises(InputError, match=r"explore=.* must lie in \[0, 1\]"):
        recommend(served(), "u1", explore=explore)


@pytest.mark.parametrize("bad", [{"k": 0}, {"artist_cap": 0}])
def test_a_length_or_cap_of_zero_is_refused(bad: dict) -> None:
    with pytest.raises(InputError, match="must be 1 or more"):
        recommend(served(), "u1", **bad)


# --- reasons ---


def named(track_id: str) -> str:
    return f"Artist - Song {track_id[1:]}"


def test_a_reason_names_a_song_that_was_really_played_and_how_often() -> None:
    serving = served()
    heard = {named(TRACKS.ids[t]) for t in serving.history.of(2)[0]}
    for item in recommend(serving, "u2", k=4, name_of=named):
        link = next(part for part in item.reason.split("; ") if part.startswith("sounds like "))
        name, plays = link.removeprefix("sounds like ").split(", which you ")
        assert name in heard
        assert plays == "played 3 times"


def test_the_song_named_is_the_nearest_in_sound() -> None:
    serving = served()
    item = recommend(serving, "u2", k=1, name_of=named)[0]
    played = serving.history.of(2)[0]
    nearest = played[np.argmax(serving.content[played] @ serving.content[TRACKS.row(item.track_id)])]
    assert f"Song {nearest}," in item.reason


def test_the_reason_for_a_new_song_says_that_it_is_new() -> None:
    cold = [item for item in recommend(served(), "u2", k=4) if item.cold]
    assert cold
    assert all(item.reason.startswith("new here: no listener yet; sounds like ") for item in cold)


def test_the_reason_for_a_liked_song_names_the_like() -> None:
    assert "t1, which you like" in recommend(served(), None, ["t1"], k=1)[0].reason


def test_the_reason_for_a_popular_song_is_its_share_of_listeners() -> None:
    serving = served()
    item = recommend(serving, None, k=1)[0]
    listeners = serving.listeners[TRACKS.row(item.track_id)]
    assert item.reason == f"played by {100 * listeners / 11:.0f} % of listeners"


def test_without_sounds_the_reason_is_the_company_that_a_song_keeps() -> None:
    listens = checkerboard()
    serving = serving_model(fit("als-cf", listens, None, QUICK), listens, None, ["" for _ in range(N)])
    assert recommend(serving, "u2", k=1)[0].reason.startswith("liked by people who play t")


def test_a_song_found_by_its_sound_is_explained_by_its_sound() -> None:
    for item in recommend(served("als-cf"), "stranger", ["t1"], k=N):
        if item.source == "content-likes":
            assert "liked by people" not in item.reason


def test_a_reason_from_company_uses_the_collaborative_part_of_a_blend() -> None:
    """Songs that all sound the same, so that only their listeners tell them apart."""
    serving = served("hybrid")
    silent = dataclasses.replace(serving, content=np.zeros_like(serving.content))
    assert serving.company.shape[1] == 16  # of als
    reason = recommend(silent, "u2", k=1, name_of=named)[0].reason
    assert reason.startswith("liked by people who play Artist - Song ")
    assert int(reason.split("Song ")[1].split(",")[0]) % 2 == 0


def test_a_reason_from_words_names_the_song_that_shares_most_of_them() -> None:
    listens = checkerboard()
    columns = np.stack([np.arange(N) % 2, 2 + np.arange(N) // 2], axis=1)  # a word of the colour, one of each pair
    matrix = sp.csr_matrix((np.ones(2 * N), (np.repeat(np.arange(N), 2), columns.ravel())), shape=(N, 2 + N // 2))
    fitted = fit("features", listens, None, QUICK, features=ItemFeatures(TRACKS, unit_length(matrix), "words"))
    serving = serving_model(fitted, listens, None, ["" for _ in range(N)])
    item = recommend(serving, "u2", k=1, name_of=named)[0]
    assert item.source == "content"
    assert item.reason.startswith("described like Artist - Song ")
    assert int(item.reason.split("Song ")[1].split(",")[0]) % 2 == 0


def test_a_song_played_once_is_said_to_be_played_once() -> None:
    plays = Plays(np.array([4], np.int32), np.array([1], np.float32))
    assert "t4, which you played once" in recommend(served(), None, k=1, heard_extra=plays)[0].reason


# --- diversity ---


def test_equal_values_are_counted_in_list_order() -> None:
    assert occurrence(np.array([3, 1, 3, 3, 1], np.int32)).tolist() == [0, 0, 1, 2, 1]


def test_laps_take_each_artists_first_songs_first() -> None:
    assert in_laps(np.array([3, 3, 3, 1, 1], np.int32), 2).tolist() == [0, 1, 3, 4, 2]


def test_spread_takes_the_song_farthest_from_those_chosen() -> None:
    content = np.array([[1, 0], [0.8, 0.6], [0.6, 0.8], [0, 1]], np.float32)
    everyone = {"allowed": np.ones(4, np.bool_), "room": np.ones(4, np.int64), "ties": np.arange(4)}
    tracks, unlike = spread(content, np.arange(4, dtype=np.int32), count=3, **everyone)
    assert tracks.tolist() == [1, 3, 0]  # 1 and 2 are equally central; 3 is farthest from 1; 0 is less like its nearest than 2 is
    np.testing.assert_allclose(unlike, [1.0, 0.4, 0.2], atol=1e-6)


def both_wooden(a: str, b: str) -> tuple[str, ...]:
    """All songs share four tags."""
    return ("wooden", "slow", "sad", "old") if a != b else ()


def test_a_reason_from_sound_names_the_three_strongest_tags_that_both_songs_share() -> None:
    cold = [item for item in recommend(served(), "u2", k=4, shared_tags=both_wooden) if item.source == "hybrid-content"]
    assert cold
    for item in cold:
        assert item.reason.endswith(": both wooden, slow, sad")
        assert item.tags == ("wooden", "slow", "sad")


def test_tags_are_asked_for_the_songs_that_the_reason_is_about() -> None:
    asked: list[tuple[str, str]] = []

    def shared(a: str, b: str) -> tuple[str, ...]:
        asked.append((a, b))
        return ()

    (item,) = recommend(served(), None, ["t1"], k=1, shared_tags=shared)
    assert asked == [(item.track_id, "t1")]
    assert (item.tags, "both" in item.reason) == ((), False)


def test_a_reason_that_is_not_about_sound_names_no_tags() -> None:
    popular = recommend(served(), None, k=3, shared_tags=both_wooden)
    company = recommend(served("als-cf"), "u2", k=3, shared_tags=both_wooden)
    for item in popular + company:
        assert item.tags == ()
        assert "both" not in item.reason


def test_tags_change_no_ranking() -> None:
    plain, tagged = recommend(served(), "u2", k=10), recommend(served(), "u2", k=10, shared_tags=both_wooden)
    assert [(item.track_id, item.score) for item in plain] == [(item.track_id, item.score) for item in tagged]
