"""Every engine on worlds with a known answer, on odd input, and the traps that ruin a hybrid without an error."""

from __future__ import annotations

import builtins
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from collab import lightfm_hybrid
from collab.content_scaling import ScalingConfig, fit_scaler
from collab.ease import EaseConfig
from collab.engine import ENGINES, EngineConfig, fit
from collab.factors import ALSConfig, BPRConfig
from collab.folding import ConstantFold
from collab.lightfm_hybrid import LightFMConfig
from collab.model import FactorModel
from collab.ranking import top_k
from data.embeddings import SongEmbeddings
from data.errors import InputError
from data.ids import IdMap
from data.item_features import ItemFeatures, unit_length
from data.listens import Listens
from data.recommender import Recommender

LEARNS = [name for name in ENGINES if name not in ("random", "popularity", "bpr", "bpr-cf")]
WITH_CONTENT = [name for name, e in ENGINES.items() if e.uses_content]
LISTENS_ONLY = ["popularity", "item-knn", "als-cf", "bpr-cf", "ease-cf", "lightfm-cf"]
QUICK = EngineConfig(
    lightfm=LightFMConfig(16, 8), als=ALSConfig(16, 3.0), bpr=BPRConfig(16, 0.05, epochs=20), ease=EaseConfig(5.0, 3.0)
)


NO_FOLD = ConstantFold(np.zeros(1, np.float32))


def ids(prefix: str, n: int) -> IdMap:
    return IdMap(tuple(f"{prefix}{i}" for i in range(n)))


def listens_of(cells: list[tuple[int, int, float]], n_users: int, n_tracks: int) -> Listens:
    user, track, weight = zip(*cells, strict=True) if cells else ((), (), ())
    arrays = np.array(user, np.int32), np.array(track, np.int32), np.array(weight, np.float32)
    return Listens(*arrays, None, ids("u", n_users), ids("t", n_tracks))


def embeddings_of(vectors: np.ndarray) -> SongEmbeddings:
    return SongEmbeddings(ids("t", len(vectors)), vectors.astype(np.float32), "test")


def checkerboard(n: int = 20) -> tuple[Listens, SongEmbeddings]:
    """Even users play even songs and odd users odd ones, each all but one; the last two songs nobody plays.

    Even songs sound one way, odd songs another.
    """
    cells = [(u, t, 1.0) for u in range(n) for t in range(n) if u % 2 == t % 2 and u != t]
    rng = np.random.default_rng(0)
    sound = np.where(np.arange(n + 2)[:, None] % 2 == 0, 1.0, -1.0) * np.ones(8) + 0.1 * rng.normal(size=(n + 2, 8))
    return listens_of(cells, n, n + 2), embeddings_of(sound)


def features_of(content: SongEmbeddings | None) -> ItemFeatures | None:
    """A word for each direction of sound."""
    if content is None:
        return None
    words = np.hstack([np.maximum(content.vectors, 0), np.maximum(-content.vectors, 0)])
    return ItemFeatures(content.tracks, unit_length(sp.csr_matrix(words)), "words")


def fitted(name: str, listens: Listens, content: SongEmbeddings | None, **choices: Any) -> Recommender:
    if ENGINES[name].uses_features:
        choices["features"] = features_of(content)
    return fit(name, listens, content, choices.pop("config", QUICK), choices.pop("seed", 0), **choices)


def all_scores(model: Recommender, listens: Listens) -> np.ndarray:
    return model.scores(np.arange(listens.shape[0], dtype=np.int32))


@pytest.mark.parametrize("name", LEARNS)
def test_on_the_checkerboard_the_one_song_left_out_comes_first(name: str) -> None:
    listens, content = checkerboard()
    scores = all_scores(fitted(name, listens, content), listens)
    for user in range(20):
        unheard = [t for t in range(20) if t % 2 != user % 2 or t == user]
        assert max(unheard, key=lambda t: scores[user, t]) == user


@pytest.mark.parametrize("name", WITH_CONTENT)
def test_on_the_checkerboard_a_new_song_goes_to_those_who_play_its_sound(name: str) -> None:
    listens, content = checkerboard()
    scores = all_scores(fitted(name, listens, content), listens)
    even, odd = scores[:, 20], scores[:, 21]
    assert (even[0::2] > odd[0::2]).all()
    assert (odd[1::2] > even[1::2]).all()


@pytest.mark.parametrize("name", LISTENS_ONLY)
def test_engines_of_listens_alone_give_all_new_songs_one_score_below_every_other(name: str) -> None:
    listens, content = checkerboard()
    model = fitted(name, listens, content)
    scores = all_scores(model, listens)
    assert not model.cold_tracks
    assert (scores[:, 20] == scores[:, 21]).all()
    assert (scores[:, 20] < scores[:, :20].min(axis=1)).all()


@pytest.mark.parametrize("name", WITH_CONTENT)
def test_engines_with_content_say_that_they_rank_new_songs(name: str) -> None:
    assert fitted(name, *checkerboard()).cold_tracks


@pytest.mark.parametrize("name", WITH_CONTENT)
def test_a_new_song_without_embedding_is_ranked_below_all_others(name: str) -> None:
    listens, content = checkerboard()
    lacking = SongEmbeddings(IdMap(content.tracks.ids[:-1]), content.vectors[:-1], "test")
    scores = all_scores(fitted(name, listens, lacking), listens)
    assert (scores[:, 21] < scores[:, :21].min(axis=1)).all()


@pytest.mark.parametrize("name", ["als", "lightfm"])
def test_a_played_song_without_embedding_is_ranked_by_its_listens(name: str) -> None:
    listens, content = checkerboard()
    lacking = SongEmbeddings(IdMap(content.tracks.ids[1:]), content.vectors[1:], "test")
    scores = all_scores(fitted(name, listens, lacking), listens)
    assert scores[0, 0] > scores[0, 1:20:2].max()  # user 0 hears even songs, song 0 is left out


def test_popularity_ranks_by_listeners_and_not_by_plays() -> None:
    listens = listens_of([(0, 0, 999.0), (0, 1, 1.0), (1, 1, 1.0)], 2, 3)
    assert np.argsort(-all_scores(fit("popularity", listens), listens)[0]).tolist() == [1, 0, 2]


def test_random_scores_do_not_depend_on_the_block() -> None:
    model = fit("random", checkerboard()[0], seed=3)
    np.testing.assert_array_equal(model.scores(np.array([4, 7], np.int32))[1], model.scores(np.array([7], np.int32))[0])


def test_scores_do_not_depend_on_who_else_is_asked_for() -> None:
    rng = np.random.default_rng(0)
    factors = (rng.normal(size=(n, 33)).astype(np.float32) for n in (150, 1001))
    model = FactorModel("test", *factors, np.ones(1001, np.bool_), False, NO_FOLD)
    whole = model.scores(np.arange(150, dtype=np.int32))
    for users in (np.array([7]), np.arange(40, 90), rng.permutation(150), np.array([3, 3, 35, 67])):
        assert model.scores(users.astype(np.int32)).tobytes() == whole[users].tobytes()


def test_no_users_have_no_scores() -> None:
    assert fit("popularity", checkerboard()[0]).scores(np.empty(0, np.int32)).shape == (0, 22)


@pytest.mark.parametrize("name", ENGINES)
def test_the_same_seed_gives_the_same_bytes(name: str) -> None:
    listens, content = checkerboard()
    one, two = (all_scores(fitted(name, listens, content, seed=5), listens) for _ in range(2))
    assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize("name", ["random", "als", "lightfm"])
def test_another_seed_gives_other_scores(name: str) -> None:
    listens, content = checkerboard()
    one, two = (all_scores(fitted(name, listens, content, seed=s), listens) for s in (5, 6))
    assert not np.array_equal(one, two)


ODD: dict[str, Callable[[], Listens]] = {
    "one user, one song": lambda: listens_of([(0, 0, 1.0)], 1, 1),
    "one user": lambda: listens_of([(0, t, 1.0) for t in range(4)], 1, 6),
    "one song": lambda: listens_of([(u, 0, 1.0) for u in range(5)], 5, 1),
    "all songs heard": lambda: listens_of([(u, t, 1.0) for u in range(4) for t in range(5)], 4, 5),
    "a user without listens": lambda: listens_of([(0, 0, 2.0), (1, 1, 1.0)], 3, 4),
    "repeated pairs": lambda: listens_of([(0, 0, 1.0), (0, 0, 2.0), (1, 1, 1.0), (1, 0, 1.0)], 2, 3),
    "extreme weights": lambda: listens_of([(0, 0, 3e38), (0, 1, 1e-38), (1, 1, 1.0), (1, 2, 5e30)], 2, 4),
}


@pytest.mark.parametrize("case", ODD)
@pytest.mark.parametrize("name", ENGINES)
def test_odd_input_gives_finite_scores_of_the_right_shape(name: str, case: str) -> None:
    listens = ODD[case]()
    content = embeddings_of(np.random.default_rng(0).normal(size=(listens.shape[1], 6)))
    scores = all_scores(fitted(name, listens, content), listens)
    assert scores.shape == listens.shape
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()


def test_repeated_pairs_count_as_their_sum() -> None:
    content = embeddings_of(np.random.default_rng(0).normal(size=(3, 6)))
    apart, summed = listens_of([(0, 0, 1.0), (0, 0, 2.0), (0, 1, 1.0)], 1, 3), listens_of([(0, 0, 3.0), (0, 1, 1.0)], 1, 3)
    for name in ("content", "als-cf", "item-knn"):
        np.testing.assert_array_equal(
            all_scores(fitted(name, apart, content), apart), all_scores(fitted(name, summed, content), summed)
        )


@pytest.mark.parametrize("name", ["als", "als-cf", "content", "item-knn"])
def test_a_user_without_listens_ranks_all_played_songs_equally(name: str) -> None:
    listens, content = checkerboard()
    more = Listens(listens.user, listens.track, listens.weight, None, ids("u", 21), listens.tracks)
    assert not np.ptp(fitted(name, more, content).scores(np.array([20], np.int32))[0, :20])


def test_lightfm_ranks_for_a_user_without_listens_by_the_songs_bias_alone() -> None:
    listens, content = checkerboard()
    more = Listens(listens.user, listens.track, listens.weight, None, ids("u", 22), listens.tracks)
    one, two = fitted("lightfm", more, content).scores(np.array([20, 21], np.int32))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("name", [n for n, e in ENGINES.items() if e.uses_listens])
def test_no_listens_at_all_is_a_clear_error(name: str) -> None:
    _, content = checkerboard()
    with pytest.raises(InputError, match="needs listens") as raised:
        fit(name, listens_of([], 3, 22), content)
    assert raised.value.code == "no-listens"


@pytest.mark.parametrize("name", WITH_CONTENT)
def test_no_embeddings_are_a_clear_error(name: str) -> None:
    with pytest.raises(InputError, match="needs embeddings") as raised:
        fit(name, checkerboard()[0], None)
    assert raised.value.code == "no-content"


def test_an_unknown_engine_is_named_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="engine='svd' must be one of random, popularity"):
        fit("svd", checkerboard()[0])


def test_no_songs_are_a_clear_error() -> None:
    with pytest.raises(InputError, match="no songs"):
        fit("random", listens_of([], 2, 0))


def test_without_lightfm_the_error_names_the_c_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "lightfm":
            raise ImportError("No module named 'lightfm'")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match="C compiler") as raised:
        fitted("lightfm", *checkerboard())
    assert raised.value.code == "no-lightfm"


@pytest.mark.parametrize("name", ["als", "lightfm"])
def test_progress_runs_to_its_total(name: str) -> None:
    calls: list[tuple[int, int]] = []
    fitted(name, *checkerboard(), progress=lambda done, total: calls.append((done, total)))
    total = calls[0][1]
    assert calls == [(i, total) for i in range(1, total + 1)]


# --- A small world whose listeners follow sound in part: what the bridge must gain, and what it must not ---


def world(seed: int = 0, n_users: int = 300, n_tracks: int = 300) -> tuple[Listens, list[np.ndarray], np.ndarray, SongEmbeddings]:
    """Train listens, hidden songs of each user among the warm and among the cold, cold bool (I,), embeddings.

    A song's latent vector is 60 % sound, 40 % its own; embeddings are off centre and rectified, as a network's are.
    """
    rng = np.random.default_rng(seed)
    sound = rng.normal(size=(n_tracks, 12))
    vectors = np.maximum(sound @ rng.normal(size=(12, 48)) / 3.5 + 0.6, 0) * np.exp(0.7 * rng.normal(size=48))
    latent = np.sqrt(0.6 / 12) * sound @ rng.normal(size=(12, 8)) + np.sqrt(0.4) * rng.normal(size=(n_tracks, 8))
    popularity = -0.8 * np.log1p(rng.permutation(n_tracks) / 6)
    noisy = rng.normal(size=(n_users, 8)) @ latent.T + popularity + rng.gumbel(size=(n_users, n_tracks))
    played = np.argsort(-noisy, axis=1)[:, :25]
    cold = rng.random(n_tracks) < 0.15
    hide = rng.random(played.shape) < 0.2
    cells = [
        (u, t, float(rng.geometric(0.2)))
        for u in range(n_users)
        for t, h in zip(played[u], hide[u], strict=True)
        if not (h or cold[t])
    ]
    train = listens_of(cells, n_users, n_tracks)
    unplayed = train.track_counts() == 0
    test = [played[u][hide[u] | cold[played[u]]] for u in range(n_users)]
    return train, test, unplayed, embeddings_of(vectors)


def ndcg(model: Any, train: Listens, test: list[np.ndarray], candidates: np.ndarray, k: int = 10) -> float:
    """Mean nDCG@k over users with a hidden song among the candidates."""
    from collab.history import History

    users = np.arange(train.shape[0], dtype=np.int32)
    ranking = top_k(model.scores, users, k, seen=History.of_listens(train), candidates=candidates)
    discount = 1 / np.log2(np.arange(2, k + 2))
    values = []
    for user in users:
        wanted = test[user][candidates[test[user]]]
        if len(wanted):
            hits = np.isin(ranking.of(user)[0], wanted)
            values.append(float(discount[: len(hits)][hits].sum() / discount[: min(k, len(wanted))].sum()))
    return float(np.mean(values))


@pytest.fixture(scope="module")
def measured() -> dict[str, tuple[float, float]]:
    """Engine -> (warm, cold) nDCG@10, defaults."""
    train, test, cold, content = world()
    shuffled = SongEmbeddings(content.tracks, content.vectors[np.random.default_rng(9).permutation(len(cold))], "shuffled")
    rows = {}
    for name in ("random", "popularity", "content", "als-cf", "als", "lightfm-cf", "lightfm"):
        model = fit(name, train, content)
        rows[name] = ndcg(model, train, test, ~cold), ndcg(model, train, test, cold)
    for name in ("content", "als", "lightfm"):
        model = fit(name, train, shuffled)
        rows[f"{name}, shuffled"] = ndcg(model, train, test, ~cold), ndcg(model, train, test, cold)
    return rows


@pytest.mark.parametrize(("hybrid", "alone"), [("als", "als-cf"), ("lightfm", "lightfm-cf")])
def test_a_hybrid_is_as_good_as_its_listens_alone_on_songs_with_listens(
    measured: dict[str, tuple[float, float]], hybrid: str, alone: str
) -> None:
    assert measured[hybrid][0] >= 0.9 * measured[alone][0]


@pytest.mark.parametrize("hybrid", ["als", "lightfm"])
def test_a_hybrid_is_as_good_as_content_alone_on_new_songs(measured: dict[str, tuple[float, float]], hybrid: str) -> None:
    assert measured[hybrid][1] >= 0.95 * measured["content"][1]


@pytest.mark.parametrize("name", ["content", "als", "lightfm"])
def test_content_ranks_new_songs_far_above_chance(measured: dict[str, tuple[float, float]], name: str) -> None:
    assert measured[name][1] > 1.5 * measured["random"][1]


@pytest.mark.parametrize("name", ["content", "als", "lightfm"])
def test_shuffled_content_gains_nothing_on_new_songs(measured: dict[str, tuple[float, float]], name: str) -> None:
    assert abs(measured[f"{name}, shuffled"][1] - measured["random"][1]) < 0.06
    assert measured[f"{name}, shuffled"][1] < 0.75 * measured[name][1]


@pytest.mark.parametrize("name", ["als-cf", "lightfm-cf"])
def test_listens_alone_beat_popularity_on_songs_with_listens(measured: dict[str, tuple[float, float]], name: str) -> None:
    assert measured[name][0] > 1.2 * measured["popularity"][0]


def test_a_new_songs_own_random_vector_would_cost_quality() -> None:
    train, test, cold, content = world()
    scaler = fit_scaler(content.vectors, ~cold, ScalingConfig(components=64))
    scaled = scaler.transform(content.vectors)
    every = lightfm_hybrid.feature_rows(np.ones(len(cold), np.bool_), scaled)
    learned = lightfm_hybrid.fit_lightfm(train.matrix(), every, LightFMConfig(epochs=8))
    own = np.flatnonzero(cold)
    without = every.tolil()
    without[own, own] = 0.0
    models = []
    for features in (every, without.tocsr()):
        users, items = lightfm_hybrid.factors_of(learned, features)
        models.append(FactorModel("trap", users, items, np.ones(len(cold), np.bool_), True, NO_FOLD))
    trapped, right = (ndcg(model, train, test, cold) for model in models)
    assert trapped < 0.9 * right


def test_a_new_song_has_no_identity_column() -> None:
    _, _, cold, content = world()
    features = lightfm_hybrid.feature_rows(~cold, content.vectors)
    assert features.shape == (300, int((~cold).sum()) + 48)
    np.testing.assert_array_equal(np.asarray(features[:, : int((~cold).sum())].sum(axis=1)).ravel(), ~cold)


def test_a_new_songs_lightfm_factors_are_its_content_mapped() -> None:
    train, _, cold, content = world()
    model = fitted("lightfm", train, content)
    assert isinstance(model, FactorModel)
    assert model.content_map is not None
    mapped = model.content_map.apply(model.content_map.scaler.transform(content.vectors))
    np.testing.assert_allclose(model.item_factors[cold], mapped[cold], atol=1e-5)


def test_rows_without_unit_length_ruin_lightfm(measured: dict[str, tuple[float, float]]) -> None:
    train, test, cold, content = world()
    raw = EngineConfig(lightfm_scaling=ScalingConfig(standardise=True, unit=False), lightfm=LightFMConfig(epochs=6))
    assert ndcg(fit("lightfm", train, content, raw), train, test, ~cold) < 0.7 * measured["lightfm"][0]


def test_two_threads_may_be_the_first_to_import_als_and_bpr() -> None:
    program = (
        "import threading, numpy as np, scipy.sparse as sp\n"
        "from collab.factors import ALSConfig, BPRConfig, fit_als, fit_bpr\n"
        "plays = sp.csr_matrix(np.eye(6, dtype=np.float32))\n"
        "go, done = threading.Barrier(2), []\n"
        "def run(fit, config):\n"
        "    go.wait(); fit(plays, config); done.append(fit)\n"
        "threads = [threading.Thread(target=run, args=a) for a in ((fit_als, ALSConfig(2)), (fit_bpr, BPRConfig(2, epochs=1)))]\n"
        "[t.start() for t in threads]; [t.join(60) for t in threads]\n"
        "assert len(done) == 2\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
