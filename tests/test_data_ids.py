"""IdMap: external ids at the border, rows inside."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InputError
from data.ids import IdMap

ids = st.lists(st.text(min_size=1), unique=True)


@settings(deadline=None, max_examples=30)
@given(ids)
def test_row_of_is_the_inverse_of_ids(external):
    ids = IdMap(tuple(external))
    assert [ids.row(e) for e in external] == list(range(len(ids)))
    np.testing.assert_array_equal(ids.rows(external), np.arange(len(ids)))


def test_rows_are_int32_and_minus_one_where_unknown():
    rows = IdMap(("a", "b")).rows(["b", "?", "a"])
    assert rows.dtype == np.int32
    assert rows.tolist() == [1, -1, 0]


def test_of_sorts_and_takes_each_id_once_as_a_string():
    assert IdMap.of([3, "1", 2, 3]).ids == ("1", "2", "3")


def test_an_id_that_stands_twice_is_named():
    with pytest.raises(InputError, match="track 'b' stands twice") as caught:
        IdMap(("a", "b", "b"), "track")
    assert caught.value.code == "duplicate-id"


def test_an_empty_id_is_refused():
    with pytest.raises(InputError, match="empty user stands in row 1"):
        IdMap(("a", ""), "user")


def test_an_unknown_id_is_named():
    with pytest.raises(InputError, match="unknown user 'z'") as caught:
        IdMap(("a",), "user").row("z")
    assert caught.value.code == "unknown-id"


def test_membership_and_length():
    ids = IdMap(("a", "b"))
    assert "a" in ids
    assert "c" not in ids
    assert len(ids) == 2
    assert len(IdMap(())) == 0


def test_equality_is_that_of_the_ids():
    assert IdMap(("a", "b"), "user") == IdMap(("a", "b"), "track") != IdMap(("b", "a"))


def test_an_id_map_travels_between_processes():
    ids = IdMap(("a", "b"))
    assert pickle.loads(pickle.dumps(ids)) == ids
