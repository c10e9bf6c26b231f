"""How stale a model may become, and how evenly new songs are shown: the protocols, on tiny sets in the original format."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from published_sets import write_lastfm2k

from benchmarks import norm_shrinkage, staleness
from benchmarks.staleness import Asker, accuracy, rows_of, today, yesterday
from data.published.lastfm2k import LastFm, read_lastfm


@pytest.fixture(scope="module")
def lastfm(tmp_path_factory: pytest.TempPathFactory) -> LastFm:
    return read_lastfm(write_lastfm2k(tmp_path_factory.mktemp("lastfm2k"), users=60))


def test_what_is_held_out_stands_in_no_training(lastfm: LastFm) -> None:
    day = today(lastfm, 0)
    assert day.test.nnz
    assert not day.test.multiply(day.known).nnz
    for kind in ("plays", "listeners"):
        for share in staleness.SHARES:
            learned = lastfm.plays.where(yesterday(lastfm.plays, day, share, kind)).matrix()
            assert not day.test.multiply(learned).nnz


@pytest.mark.parametrize("kind", ["plays", "listeners"])
def test_the_smaller_share_is_part_of_the_larger_and_all_is_today(lastfm: LastFm, kind: str) -> None:
    day = today(lastfm, 0)
    shares = [yesterday(lastfm.plays, day, share, kind) for share in staleness.SHARES]
    np.testing.assert_array_equal(shares[0], day.today)
    assert all((larger | smaller).sum() == larger.sum() > smaller.sum() for larger, smaller in pairwise(shares))


def test_a_share_of_the_plays_leaves_nobody_without_any(lastfm: LastFm) -> None:
    day = today(lastfm, 0)
    listener = lastfm.plays.user
    left = np.bincount(listener[yesterday(lastfm.plays, day, 0.25, "plays")], minlength=60)
    had = np.bincount(listener[day.today], minlength=60)
    assert (left[had > 0] >= 1).all()
    assert np.abs(left - 0.25 * had).max() <= 1


def test_a_share_of_the_listeners_takes_them_whole(lastfm: LastFm) -> None:
    day = today(lastfm, 0)
    learned = yesterday(lastfm.plays, day, 0.5, "listeners")
    left, had = (np.bincount(lastfm.plays.user[rows], minlength=60) for rows in (learned, day.today))
    assert set(left - had) <= {0, *-had}
    assert (left > 0).sum() == 30


def test_a_model_that_knows_the_test_scores_1_and_one_that_inverts_it_0(lastfm: LastFm) -> None:
    day = today(lastfm, 0)
    users = np.flatnonzero(np.diff(day.test.indptr)).astype(np.int32)
    assert np.nanmin(accuracy(lambda rows: day.test[rows].toarray(), day, users, 0)) == 1.0
    assert np.nanmax(accuracy(lambda rows: -day.test[rows].toarray(), day, users, 0)) < 0.5


def test_tags_of_the_listeners_of_hidden_plays_are_removed(lastfm: LastFm) -> None:
    plays = lastfm.plays
    hidden = plays.user < 4
    pairs = set(zip(plays.user[hidden].tolist(), plays.track[hidden].tolist(), strict=True))
    typed = zip(lastfm.tagger.tolist(), lastfm.tagged.tolist(), strict=True)
    left = sum(pair not in pairs for pair in typed)
    assert 0 < left < len(lastfm.tag)
    assert lastfm.tag_counts(~lastfm.typed_of(hidden)).sum() == left


def test_a_new_listener_has_no_vector_until_folded_in(lastfm: LastFm) -> None:
    day = today(lastfm, 0)
    rows = rows_of("als-cf", Asker(lastfm, day, 0), (1.0, 0.5))
    assert [(kind, share) for _, kind, share, *_ in rows] == [("plays", 1.0), ("plays", 0.5), ("listeners", 0.5)]
    new = rows[-1]
    assert 0 < new[3] < rows[0][3]
    stale, folded = (float(cell.split()[0]) for cell in new[4:6])
    assert folded > stale + 0.1


def test_the_programs_print_their_tables(lastfm: LastFm, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    folder = str(write_lastfm2k(tmp_path, users=60))
    monkeypatch.setattr(sys, "argv", ["staleness", folder, "--engine", "ease-cf"])
    staleness.main()
    assert capsys.readouterr().out.count("| ease-cf |") == 9
    monkeypatch.setattr(sys, "argv", ["norm_shrinkage", folder, "--alpha", "0", "--alpha", "1", "--validation"])
    norm_shrinkage.main()
    printed = capsys.readouterr().out
    assert printed.count("| validation |") == 2
    assert "| cold |" not in printed


def test_validation_holds_out_artists_of_the_training_alone(lastfm: LastFm) -> None:
    splits, content = norm_shrinkage.of_lastfm(lastfm)
    tests, validations = splits[: norm_shrinkage.SEEDS], splits[norm_shrinkage.SEEDS :]
    for test, validation in zip(tests, validations, strict=True):
        assert not (validation.candidates & test.candidates).any()
        assert not validation.test.matrix().multiply(test.test.matrix()).nnz
        assert content(validation) is content(validation)
