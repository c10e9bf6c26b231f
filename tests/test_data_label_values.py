"""Labels of several values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.label_values import joined_values, multiple_values
from data.tags import clean


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Circular; Greasy; Messy", ("Circular", "Greasy", "Messy")),
        ("Nervous/Jittery", ("Nervous/Jittery",)),
        ("b;a", ("b", "a")),
        (" a ; a;; a  b ;\n", ("a", "a b")),
        ("", ()),
        (" ; ", ()),
    ],
)
def test_values_are_cleaned_and_come_once_in_their_order(text: str, values: tuple[str, ...]) -> None:
    assert multiple_values(text) == values


@given(st.lists(st.text()))
def test_what_is_joined_is_split_into_the_same_values(values: list[str]) -> None:
    expected = (clean(value.replace(";", ",")) for value in values)
    assert multiple_values(joined_values(values)) == tuple(dict.fromkeys(value for value in expected if value))
