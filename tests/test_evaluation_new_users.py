"""Listeners who came after training: folded in, or the model is left out, and that is said."""

import numpy as np
import pytest

from data.ids import IdMap
from data.listens import Listens
from data.splits import Split, cold_user_split, warm_split
from evaluation.compare import compare
from evaluation.measure import Key, measure

N_USERS, N_TRACKS = 40, 24


class Known:
    """Scores of the users that it was fitted with; asked for others it would answer nonsense."""

    cold_tracks = False

    def __init__(self, split, name="known"):
        self.plays, self.name = split.train.matrix(), name

    def scores(self, users):
        return (self.plays[users] @ self.plays.T @ self.plays).toarray().astype(np.float32)


class Neighbours(Known):
    """Folds in; keeps what it was told for the tests to see."""

    def __init__(self, split):
        super().__init__(split, "neighbours")
        self.told = []

    def fold_in(self, plays):
        self.told.append(plays)
        return (plays @ self.plays.T @ self.plays).toarray().astype(np.float32)


@pytest.fixture(scope="module")
def listens():
    """Two tastes on a checkerboard: users of one parity play the songs of that parity, most of them."""
    rng = np.random.default_rng(0)
    fits = np.add.outer(np.arange(N_USERS), np.arange(N_TRACKS)) % 2 == 0
    users, tracks = np.nonzero(fits & (rng.random(fits.shape) < 0.9))
    ids = IdMap(tuple(f"u{u}" for u in range(N_USERS))), IdMap(tuple(f"t{t}" for t in range(N_TRACKS)))
    return Listens(users.astype(np.int32), tracks.astype(np.int32), np.ones(len(users), np.float32), None, *ids)


@pytest.fixture(scope="module")
def split(listens):
    return cold_user_split(listens, [""] * N_TRACKS, given=3)


def popularity(view, seed):
    class Popularity(Known):
        def scores(self, users):
            return np.tile(view.train.track_counts(), (len(users), 1)).astype(np.float32)

    return Popularity(view, "popularity")


ENGINES = {
    "popularity": popularity,
    "known": lambda view, seed: Known(view),
    "neighbours": lambda view, seed: Neighbours(view),
}


@pytest.fixture(scope="module")
def comparison(listens, split):
    return compare([warm_split(listens, [""] * N_TRACKS), split], ENGINES, bootstrap=50, reference=("known", "popularity"))


def test_a_model_that_cannot_fold_in_is_left_out_with_a_note(comparison):
    models = {row["model"] for row in comparison.rows if row["split"] == "cold-user"}
    assert models == {"popularity", "neighbours"}
    note = "Left out of split cold-user: cannot answer listeners who came after training: known."
    assert note in comparison.notes


def test_it_stays_in_the_other_splits(comparison):
    assert "known" in {row["model"] for row in comparison.rows if row["split"] == "warm"}


def test_the_record_says_what_each_model_answers(comparison):
    assert {model: about["new_users"] for model, about in comparison.models.items()} == {
        "popularity": True,
        "known": False,
        "neighbours": True,
    }


def test_the_first_reference_that_answers_is_taken(comparison):
    references = {(row["split"], row["reference"]) for row in comparison.differences}
    assert references == {("warm", "known"), ("cold-user", "popularity")}


def test_where_nobody_answers_there_is_a_note_and_no_row(split):
    comparison = compare([split], {"known": ENGINES["known"]}, bootstrap=10)
    assert not comparison.rows
    assert comparison.notes[0].endswith("known.")


def test_every_fit_counts_as_progress_though_some_are_not_made(listens, split):
    seen = []
    splits = [warm_split(listens, [""] * N_TRACKS), split]
    compare(splits, ENGINES, bootstrap=10, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (6, 6)


def test_the_checkerboard_is_completed_for_new_listeners(split):
    measured = measure(Neighbours(split), split, k=(9,), slices=("all",), seed=0)
    assert np.nanmean(measured.per_user[Key("all", "recall", 9)]) == 1.0


def test_what_is_folded_in_is_exactly_what_was_given(split):
    engine = Neighbours(split)
    measure(engine, split, k=(5,), slices=("all",), seed=0)
    users = np.unique(split.test.user)
    assert (engine.told[0] != split.given.matrix()[users]).nnz == 0


def test_a_given_song_is_never_a_candidate(split):
    class Parrot(Neighbours):
        def fold_in(self, plays):
            return plays.toarray()

    parrot = measure(Parrot(split), split, k=(5,), slices=("all",), seed=0).per_user
    assert np.nanmean(parrot[Key("all", "auc", None)]) == 0.5  # repeats only what it was told: worth nothing


def test_an_engine_is_not_told_while_it_is_fitted(split):
    seen = []

    def curious(view, seed):
        seen.append((view.given, len(view.test), set(view.train.user) & set(split.test.user)))
        return Neighbours(view)

    compare([split], {"curious": curious}, bootstrap=10)
    assert seen == [(None, 0, set())]


def test_measuring_a_model_that_cannot_answer_is_an_error(split):
    with pytest.raises(ValueError, match="known: cannot answer the new listeners"):
        measure(Known(split), split, k=(5,), slices=("all",), seed=0)


def test_known_users_who_give_more_are_folded_in_with_both(listens):
    warm = warm_split(listens, [""] * N_TRACKS)
    late = np.arange(len(warm.train)) % 3 == 0
    train, given = warm.train.where(~late), warm.train.where(late)
    both = Split("mixed", train, warm.test, train.track_counts() == 0, np.ones(N_TRACKS, np.bool_), given=given)
    engine = Neighbours(both)
    measure(engine, both, k=(5,), slices=("all",), seed=0)
    assert (engine.told[0] != warm.train.matrix()[np.unique(warm.test.user)]).nnz == 0
