"""The space of all styles: wide, playable, and without a place for any genre."""

from __future__ import annotations

import numpy as np
import pytest

from data.world.genres import MANNERS
from data.world.patterns import BASS, CHORDS, DRUMS, PROGRESSIONS
from data.world.score import compose
from data.world.space import CHOICES, DIALS, Point, anywhere, size


def test_every_point_is_a_style_that_can_be_played() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        assert compose(anywhere(rng).style, 2.0, rng)


def test_the_space_holds_whatever_any_genre_may_use() -> None:
    for manner in MANNERS.values():
        for role, choices in manner.choices.items():
            assert set(choices) <= set(CHOICES[role])


def test_the_space_holds_the_whole_vocabulary_of_patterns() -> None:
    assert [set(CHOICES[role]) for role in ("drums", "bassline", "chords", "progression")] == [
        set(DRUMS),
        set(BASS),
        set(CHORDS),
        set(PROGRESSIONS),
    ]


def test_at_first_all_choices_are_equally_likely() -> None:
    rng = np.random.default_rng(1)
    drawn = np.array([anywhere(rng).choices for _ in range(4000)])
    counts = np.bincount(drawn[:, list(CHOICES).index("drums")], minlength=len(DRUMS))
    assert counts.min() > 0.7 * 4000 / len(DRUMS)
    assert counts.max() < 1.3 * 4000 / len(DRUMS)


def test_the_same_random_numbers_give_the_same_point() -> None:
    assert anywhere(np.random.default_rng(3)).style == anywhere(np.random.default_rng(3)).style


def test_dials_of_a_style_lie_in_their_range() -> None:
    rng = np.random.default_rng(4)
    for end, tempo in ((0.0, 60.0), (1.0, 185.0)):
        assert Point(np.full(len(DIALS), end), anywhere(rng).choices).style.tempo == pytest.approx(tempo)


def test_the_size_counts_every_combination() -> None:
    assert size()["choices"] == np.prod([len(options) for options in CHOICES.values()], dtype=float)
