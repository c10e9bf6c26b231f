"""The citeulike sets in CVAE's form: what is read, and what is refused with file and line."""

from __future__ import annotations

import numpy as np
import pytest
from published_sets import write_citeulike

from data.errors import InputError
from data.published.citeulike import read, read_lists, read_split, read_words


@pytest.fixture
def folder(tmp_path):
    return write_citeulike(tmp_path / "set")


def put(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


def test_a_line_is_a_count_and_that_many_ids(tmp_path):
    user, item, n_users = read_lists(put(tmp_path, "lists", "2 4 1\n0 \n1 0\n"), 5)
    assert (user.tolist(), item.tolist(), n_users) == ([0, 0, 2], [4, 1, 0], 3)


def test_words_are_counts_and_an_article_without_words_has_an_empty_row(tmp_path):
    words = read_words(put(tmp_path, "mult.dat", "2 7:3 2:1\n0\n1 7:2"))
    assert words.toarray().tolist() == [[1, 3], [0, 0], [0, 2]]


def test_every_article_is_a_candidate_and_those_without_train_pairs_are_counted(folder):
    split = read_split(folder, "P=1", 40)
    assert split.candidates.all()
    trained = np.zeros(40, bool)
    trained[split.train.track] = True
    assert np.array_equal(split.cold_tracks, ~trained)
    assert split.counts["articles without any train pair"] == int((~trained).sum())
    assert split.counts["test pairs of articles without any train pair"] == int((~trained)[split.test.track].sum())


def test_both_protocols_share_one_reading_of_the_words(folder):
    first, second = read(folder, ("P=1", "P=10"), (0,))
    assert [trial.splits[0].name for trial in (first, second)] == ["P=1", "P=10"]
    assert first.words is second.words
    assert first.words() is second.words()


def test_only_the_files_of_the_protocol_asked_for_are_needed(folder):
    for path in folder.glob("cvae_split/cf-*-1-users.dat"):
        path.unlink()
    assert len(read(folder, ("P=10",), (0,))) == 1


def test_splits_may_lie_beside_the_words(folder):
    for path in (folder / "cvae_split").iterdir():
        path.rename(folder / path.name)
    (folder / "cvae_split").rmdir()
    assert len(read(folder, ("P=1",), (0,))) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1 3\n3 1 2\n", "line 2 says 3 and lists 2"),
        ("1 5\n", "line 1 names item 5; ids must lie in"),
        ("1 -1\n", "line 1 names item -1; ids must lie in"),
        ("0\n\n0\n", "line 2 is empty"),
        ("2 4 4\n", "line 1 names an item twice"),
        ("1 x\n", "line 1 has 'x' where an integer is due"),
        ("1 1_0\n", "line 1 has '1_0' where an integer is due"),
        ("1 " + "9" * 5000 + "\n", "where an integer is due"),
        ("", "is empty"),
    ],
)
def test_a_broken_list_is_refused_with_file_and_line(tmp_path, text, says):
    path = put(tmp_path, "cf-train-1-users.dat", text)
    with pytest.raises(InputError) as caught:
        read_lists(path, 5)
    assert str(path) in str(caught.value)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1 4:1\n2 4:1\n", "line 2 says 2 and lists 1"),
        ("1 4\n", "line 1 has '4' where word:count is due"),
        ("1 4:0\n", "line 1 has '4:0' where word:count is due"),
        ("1 -4:1\n", "line 1 has '-4:1' where word:count is due"),
        ("1 4:1\n\n", "line 2 is empty"),
    ],
)
def test_broken_words_are_refused_with_file_and_line(tmp_path, text, says):
    path = put(tmp_path, "mult.dat", text)
    with pytest.raises(InputError) as caught:
        read_words(path)
    assert f"{path}, {says}" in str(caught.value)


def test_a_missing_file_is_named(folder):
    (folder / "cvae_split" / "cf-test-10-users.dat").unlink()
    with pytest.raises(InputError, match=r"cf-test-10-users\.dat does not exist\. Give --data the folder"):
        read(folder, ("P=10",), (0,))


def test_files_of_different_numbers_of_users_are_refused(folder):
    path = folder / "cvae_split" / "cf-test-1-users.dat"
    path.write_text(path.read_text() + "0\n")
    with pytest.raises(InputError, match=r"has 25 lines, cf-train-1-users\.dat 24"):
        read(folder, ("P=1",), (0,))


def test_an_article_in_train_and_test_of_a_user_is_refused_with_its_line(folder):
    put(folder, "cvae_split/cf-train-1-users.dat", "1 2\n" * 24)
    put(folder, "cvae_split/cf-test-1-users.dat", "1 3\n" * 20 + "1 2\n" + "1 3\n" * 3)
    with pytest.raises(InputError, match=r"cf-test-1-users\.dat, line 21 names item 2"):
        read(folder, ("P=1",), (0,))
