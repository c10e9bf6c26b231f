"""Lists of so many minutes."""

from __future__ import annotations

import pytest

from data.errors import InputError
from data.tracks import Track
from recsys.steps.lengths import USUAL, check_length, number_for, prefix_for, usual_length


def songs(*seconds: float) -> list[Track]:
    return [Track(f"t{n}", f"/{n}", duration=length) for n, length in enumerate(seconds)]


@pytest.mark.parametrize(
    ("seconds", "minutes", "count"),
    [((60, 60, 60), 2, 2), ((60, 60, 90), 2.5, 2), ((60, 60, 30), 2.5, 3), ((600,), 1, 1), ((60, 60), 60, 2), ((0, 0, 0), 2, 2)],
)
def test_the_prefix_is_the_one_that_comes_closest(seconds, minutes, count):
    assert prefix_for(songs(*seconds), minutes, 60.0) == count


def test_a_usual_length_is_the_mean_of_those_known():
    assert usual_length(songs(100, 0, 200)) == 150
    assert usual_length(songs(0)) == USUAL


@pytest.mark.parametrize("usual", [10.0, 60.0, 300.0])
def test_the_number_of_songs_is_found_whatever_was_guessed(usual):
    tracks = songs(*([60.0] * 50))
    assert len(number_for(lambda count: tracks[:count], 9.0, usual, 2)) == 9


def test_where_there_are_too_few_all_are_taken():
    tracks = songs(60, 60, 60)
    assert number_for(lambda count: tracks[:count], 30.0, 60.0, 2) == tracks


@pytest.mark.parametrize(
    "bad",
    [{"k": 0, "minutes": None}, {"k": None, "minutes": 0.0}, {"k": None, "minutes": float("nan")}, {"k": 3, "minutes": 1.0}],
)
def test_a_length_that_is_none_is_refused(bad):
    with pytest.raises(InputError):
        check_length(**bad)
