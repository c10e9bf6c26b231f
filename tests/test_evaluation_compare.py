"""The comparison: shape of its JSON, honesty of its splits, pooling, counts."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from data.errors import InputError
from data.ids import IdMap
from data.listens import Listens
from data.splits import Split, cold_split, group_folds, warm_split
from evaluation.compare import compare
from evaluation.guards import train_view
from evaluation.measure import Key, measure

ROW = {"model", "split", "slice", "metric", "k", "value", "low", "high", "n_users", "n_candidates"}


@dataclass
class Fixed:
    """A recommender with a table of scores."""

    name: str
    table: np.ndarray
    cold_tracks: bool = True

    def scores(self, users):
        return self.table[users].astype(np.float32)


def listens_of(users, tracks, n_users, n_tracks):
    ids = (IdMap(tuple(f"u{u}" for u in range(n_users)), "user"), IdMap(tuple(f"t{t}" for t in range(n_tracks)), "track"))
    rows = (np.asarray(users, np.int32), np.asarray(tracks, np.int32))
    return Listens(*rows, np.ones(len(rows[0]), np.float32), None, *ids)


@pytest.fixture(scope="module")
def world():
    rng = np.random.default_rng(0)
    popularity = 1 / np.arange(1, 61)
    users = np.repeat(np.arange(80), 12)
    tracks = np.concatenate([rng.choice(60, 12, replace=False, p=popularity / popularity.sum()) for _ in range(80)])
    return listens_of(users, tracks, 80, 60), [f"artist {t // 2}" for t in range(60)]


@pytest.fixture(scope="module")
def splits(world):
    listens, artists = world
    fold = group_folds(artists, ["x"] * 60, 3, 0)
    return [warm_split(listens, artists), *(cold_split(listens, fold, f) for f in range(3))]


def popularity(split, seed):
    return Fixed("popularity", np.tile(split.train.track_counts(), (80, 1)), cold_tracks=False)


def at_random(split, seed):
    return Fixed("random", np.random.default_rng(seed).random((80, 60)))


ENGINES = {"random": at_random, "popularity": popularity}


@pytest.fixture(scope="module")
def comparison(splits):
    return compare(splits, ENGINES, k=(5, 10), seeds=(0, 1), bootstrap=200)


def test_rows_have_exactly_the_stable_members(comparison):
    assert all(set(row) == ROW for row in comparison.as_dict()["rows"])


def test_the_result_is_plain_json(comparison):
    assert json.loads(json.dumps(comparison.as_dict(), allow_nan=False)) == comparison.as_dict()


def test_warm_has_popularity_slices_and_cold_has_none(comparison):
    slices = {
        split: {row["slice"] for row in comparison.rows if row["split"] == split and "history" not in row["slice"]}
        for split in ("warm", "cold")
    }
    assert slices == {"warm": {"all", "head", "middle", "tail"}, "cold": {"all"}}


def test_every_model_has_every_figure_of_a_split(comparison):
    figures = [{(r["split"], r["slice"], r["metric"], r["k"]) for r in comparison.rows if r["model"] == m} for m in ENGINES]
    assert figures[0] == figures[1]


def test_each_value_lies_in_its_interval(comparison):
    known = [row for row in comparison.rows if row["value"] is not None]
    assert all(row["low"] - 1e-9 <= row["value"] <= row["high"] + 1e-9 for row in known)


def test_counts_hold_what_the_split_filtered_and_who_was_measured(comparison, splits):
    assert set(comparison.counts) == {"warm", "cold 1 of 3", "cold 2 of 3", "cold 3 of 3"}
    warm = comparison.counts["warm"]
    assert splits[0].counts.items() <= warm.items()
    assert warm["users evaluated"] + warm["users without a test listen (not evaluated)"] == warm["users"] == 80
    assert warm["test pairs, all"] == warm["test pairs, head"] + warm["test pairs, middle"] + warm["test pairs, tail"]


def test_differences_are_paired_to_the_reference(comparison):
    value = {(r["model"], r["split"], r["slice"], r["metric"], r["k"]): r["value"] for r in comparison.rows}
    assert {d["model"] for d in comparison.differences} == {"random"}
    for d in comparison.differences:
        figure = (d["split"], d["slice"], d["metric"], d["k"])
        assert d["reference"] == "popularity"
        assert d["value"] == pytest.approx(value["random", *figure] - value["popularity", *figure])


def test_a_second_run_gives_the_same_figures(comparison, splits):
    again = compare(splits, ENGINES, k=(5, 10), seeds=(0, 1), bootstrap=200)
    assert again.rows == comparison.rows
    assert again.differences == comparison.differences


def test_threads_do_not_change_the_figures(splits):
    engines = {"popularity": popularity, "random": at_random}
    alone, together = (compare(splits, engines, bootstrap=50, workers=workers) for workers in (1, 3))
    assert alone.rows == together.rows


def test_the_order_of_engines_does_not_change_a_models_figures(comparison, splits):
    turned = compare(splits, dict(reversed(ENGINES.items())), k=(5, 10), seeds=(0, 1), bootstrap=200)
    for model in ENGINES:
        first, second = ([(r["metric"], r["k"], r["value"]) for r in c.rows if r["model"] == model] for c in (comparison, turned))
        assert first == second


def test_popularity_cannot_rank_songs_without_listens(comparison):
    (auc,) = [r for r in comparison.rows if (r["model"], r["split"], r["metric"]) == ("popularity", "cold", "auc")]
    assert auc["value"] == pytest.approx(0.5)


def test_progress_counts_every_fit(splits):
    seen = []
    compare(splits, ENGINES, seeds=(0, 1), bootstrap=10, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(n, 16) for n in range(1, 17)]


def seen_listens(value, seen=None):
    """Every Listens that can be reached from `value` by members, containers and the arrays below its arrays."""
    seen = {} if seen is None else seen
    if id(value) in seen:
        return
    seen[id(value)] = value
    if isinstance(value, Listens):
        yield value
    if isinstance(value, np.ndarray):
        assert value.base is None  # no window into a larger array with the answers
    inner = [*vars(value).values()] if hasattr(value, "__dict__") else list(value) if isinstance(value, list | tuple) else []
    inner += [*value.values()] if isinstance(value, dict) else []
    for each in inner:
        yield from seen_listens(each, seen)


def of_what_it_reaches(split, seed):
    """A cheat that takes all listens which it can reach for the answers, but for those that it has been taught."""
    table = np.zeros((80, 60))
    for listens in seen_listens(split):
        table[listens.user, listens.track] = 1
    table[split.train.user, split.train.track] = 0
    return Fixed("cheat", table)


def of_candidates_and_counts(split, seed):
    """A cheat that hopes that candidates, cold songs or counts tell which songs are asked."""
    told = split.candidates.astype(float) - split.cold_tracks + sum(split.counts.values())
    return Fixed("cheat", np.tile(told, (80, 1)))


CHEATS = {"reach": of_what_it_reaches, "candidates": of_candidates_and_counts}


@pytest.mark.parametrize("cheat", CHEATS.values(), ids=CHEATS)
def test_an_engine_that_looks_for_the_test_finds_nothing(splits, cheat):
    rows = compare(splits, {"cheat": cheat}, bootstrap=10).rows
    assert {r["value"] for r in rows if r["metric"] == "auc" and r["slice"] == "all"} == {0.5}


@pytest.mark.parametrize("number", [0, 1], ids=["warm", "cold"])
def test_the_planted_cheat_finds_everything_where_it_is_handed_the_answers(splits, number):
    def told(view, seed):
        return of_what_it_reaches(splits[number], seed)

    rows = compare([splits[number]], {"told": told}, bootstrap=10).rows
    assert {r["value"] for r in rows if r["metric"] == "auc" and r["slice"] == "all"} == {1.0}


def test_the_train_view_keeps_train_and_hides_test(splits):
    view = train_view(splits[0])
    assert len(view.test) == 0
    assert (view.counts, view.given) == ({}, None)
    np.testing.assert_array_equal(view.train.track, splits[0].train.track)
    assert len(splits[0].test) > 0


def test_an_engine_that_writes_to_its_view_does_not_change_the_measurement(splits):
    def vandal(split, seed):
        split.train.track[:] = 0
        split.candidates[:] = False
        return at_random(split, seed)

    plain = compare(splits, {"random": at_random}, bootstrap=10)
    assert compare(splits, {"random": vandal}, bootstrap=10).rows == plain.rows


def test_perfect_scores_reach_one_and_inverted_ones_zero(splits):
    split = splits[0]
    table = np.zeros((80, 60))
    table[split.test.user, split.test.track] = 1
    for sign, expected in ((1, 1.0), (-1, 0.0)):
        values = measure(Fixed("x", sign * table), split, k=(10,), slices=("all",), seed=0).per_user[Key("all", "auc", None)]
        assert np.nanmean(values) == expected


def test_a_checkerboard_is_completed_by_its_neighbours():
    users, tracks = np.nonzero(np.add.outer(np.arange(10), np.arange(12)) % 2 == 0)
    held = tracks == (users % 2) + 2 * (users // 2)  # one song of each user
    whole = listens_of(users, tracks, 10, 12)
    train, test = whole.where(~held), whole.where(held)
    everyone = np.ones(12, np.bool_)
    split = Split("warm", train, test, ~everyone, everyone)

    def neighbours(view, seed):
        matrix = view.train.matrix()
        return Fixed("neighbours", (matrix @ matrix.T @ matrix).toarray())

    rows = compare([split], {"neighbours": neighbours}, k=(1,), bootstrap=10).rows
    assert {r["value"] for r in rows if r["metric"] in ("ndcg", "recall", "auc") and r["slice"] == "all"} == {1.0}


def test_a_random_model_finds_k_of_n():
    rng = np.random.default_rng(0)
    users, tracks = np.nonzero(rng.random((2000, 50)) < 0.2)
    listens = listens_of(users, tracks, 2000, 50)
    split = warm_split(listens, [""] * 50)
    values = measure(Fixed("random", rng.random((2000, 50))), split, k=(10,), slices=("all",), seed=0)
    candidates = 50 - len(split.train) / 2000
    assert np.nanmean(values.per_user[Key("all", "recall", 10)]) == pytest.approx(10 / candidates, abs=0.015)


def test_a_users_values_are_averaged_over_folds_before_users_are_pooled(splits):
    folds = splits[1:]
    rows = compare(folds, {"popularity": popularity}, k=(10,), bootstrap=10).rows
    (pooled,) = [row for row in rows if row["metric"] == "ndcg"]
    each = [measure(popularity(f, 0), f, k=(10,), slices=("all",), seed=0).per_user[Key("all", "ndcg", 10)] for f in folds]
    per_user = [np.nanmean(values) for values in np.array(each).T if np.isfinite(values).any()]
    assert pooled["value"] == pytest.approx(np.mean(per_user))
    assert pooled["n_users"] == len(per_user)


def test_blocks_of_users_do_not_change_the_figures(splits, monkeypatch):
    whole = measure(at_random(splits[0], 0), splits[0], k=(10,), slices=("all",), seed=0)
    monkeypatch.setattr("evaluation.measure._BLOCK_CELLS", 7 * 60)
    blocks = measure(at_random(splits[0], 0), splits[0], k=(10,), slices=("all",), seed=0)
    for key, values in whole.per_user.items():
        np.testing.assert_array_equal(values, blocks.per_user[key])
    assert whole.overall == blocks.overall


def test_a_split_without_test_listens_gives_empty_figures_not_an_error(world):
    listens, _ = world
    everyone = np.ones(60, np.bool_)
    split = Split("warm", listens, listens.where(np.zeros(len(listens), np.bool_)), listens.track_counts() == 0, everyone)
    result = compare([split], ENGINES, bootstrap=10)
    ndcg = [row for row in result.rows if row["metric"] == "ndcg"]
    assert ndcg
    assert all((row["value"], row["low"], row["n_users"]) == (None, None, 0) for row in ndcg)
    assert result.counts["warm"]["users evaluated"] == 0
    json.dumps(result.as_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("table", "message"),
    [(np.zeros((80, 3)), r"scores \(\d+, 3\) must be"), (np.full((80, 60), np.nan), "scores must not be NaN")],
)
def test_scores_of_a_wrong_shape_or_nan_name_the_model(splits, table, message):
    with pytest.raises(ValueError, match=f"broken: {message}"):
        compare(splits[:1], {"broken": lambda split, seed: Fixed("broken", table)}, bootstrap=10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"k": (0,)}, "k=0"), ({"reference": "nobody"}, "'nobody'"), ({"slices": ("body",)}, "'body'"), ({"seeds": ()}, "one seed")],
)
def test_arguments_out_of_range_are_refused(splits, arguments, message):
    with pytest.raises(InputError, match=message):
        compare(splits, ENGINES, **arguments)


def test_splits_over_different_users_are_refused(splits):
    other = warm_split(listens_of([0, 0, 1, 1], [0, 1, 0, 1], 2, 60), [""] * 60)
    with pytest.raises(InputError, match="share their users"):
        compare([splits[0], other], ENGINES)
