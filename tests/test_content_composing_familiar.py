"""How strange a sound is among real songs."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from content.composing.familiar import familiar
from content.spec import HyperImageSpec

SPEC = HyperImageSpec()


def _song(level: float, seed: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(255 * level, 20.0, (130, SPEC.n_rows))
    return np.clip(noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def songs():
    return familiar([_song(0.3, i) for i in range(7)] + [_song(0.7, i) for i in range(7)], ["low"] * 7 + ["high"] * 7, SPEC)


def test_a_song_is_more_familiar_among_its_own_kind(songs):
    strange = songs.strangeness(_song(0.3, 99))
    assert strange["low"] < 0.7 * strange["high"]


def test_another_song_of_the_kind_is_about_as_far_as_they_are_from_each_other(songs):
    assert songs.strangeness(_song(0.7, 99))["high"] == pytest.approx(1.0, abs=0.25)


def test_the_song_itself_is_more_familiar_than_any_other(songs):
    assert songs.strangeness(_song(0.7, 3))["high"] < songs.strangeness(_song(0.7, 99))["high"]


def test_every_value_has_a_strangeness(songs):
    assert set(songs.strangeness(_song(0.5, 1))) == {"low", "high"}
