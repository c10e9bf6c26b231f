"""The worth of a style before it is played, against a law that is known."""

from __future__ import annotations

import numpy as np
import pytest

from content.composing.guess import learn_guess
from data.world.space import CHOICES, DIALS, Point, anywhere

DRUMS, TEMPO = list(CHOICES).index("drums"), list(DIALS).index("tempo")


def law(point: Point) -> float:
    """Fast pieces are worth more, and one drum pattern much more."""
    return 3.0 * point.dials[TEMPO] + 4.0 * (point.choices[DRUMS] == 5)


@pytest.fixture(scope="module")
def guess():
    rng = np.random.default_rng(0)
    points = [anywhere(rng) for _ in range(600)]
    return learn_guess(points, [law(point) + rng.normal(0, 0.5) for point in points])


def test_a_guess_follows_the_law_for_styles_that_were_never_heard(guess):
    rng = np.random.default_rng(1)
    points = [anywhere(rng) for _ in range(200)]
    assert np.corrcoef(guess.worth(points), [law(point) for point in points])[0, 1] > 0.9


def test_what_is_drawn_is_put_together_of_what_is_worth_most(guess):
    rng = np.random.default_rng(2)
    drawn = [guess.draw(0.1, rng) for _ in range(30)]
    assert all(point.choices[DRUMS] == 5 for point in drawn)
    assert min(point.dials[TEMPO] for point in drawn) > 0.6


def test_a_hot_draw_is_freer_than_a_cold_one(guess):
    rng = np.random.default_rng(3)
    patterns = [{int(guess.draw(heat, rng).choices[DRUMS]) for _ in range(60)} for heat in (0.1, 50.0)]
    assert len(patterns[0]) == 1
    assert len(patterns[1]) > 10


def test_what_is_drawn_lies_in_the_space(guess):
    rng = np.random.default_rng(4)
    for heat in (0.01, 1.0, 100.0):
        point = guess.draw(heat, rng)
        assert ((point.dials >= 0) & (point.dials <= 1)).all()
        assert (point.choices < [len(options) for options in CHOICES.values()]).all()
