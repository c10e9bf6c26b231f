"""The symbolic way of composing, with an ear that is known instead of a network."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from content.composing import score
from content.composing.hearing import check_wishes, low_pass, play
from content.composing.score import ScoreSearch, Trial, compose_score, opening, worth
from content.spec import HyperImageSpec
from data.errors import InputError
from data.world.space import anywhere

SMALL = ScoreSearch(first=12, rounds=1, per_round=4, finalists=2, takes=1, listened_s=1.0)
WISH = {"tone": {"bright": 1.0}}


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """A "network" that says how bright a sound is: the centre of its mel rows."""
    ear = SimpleNamespace(spec=HyperImageSpec().as_dict(), classes=("bright", "dark"))

    def heard_by(_: object, image: np.ndarray[Any, Any]) -> dict[str, dict[str, dict[str, float]]]:
        mel = image[:, HyperImageSpec().rows["mel"]].astype(float).mean(axis=0)
        bright = float((mel * np.arange(len(mel))).sum() / mel.sum() / len(mel))
        return {"ear": {"tone": {"bright": np.log(bright), "dark": np.log1p(-bright)}}}

    monkeypatch.setattr(score, "heard_by", heard_by)
    return {"tone": {"ear": ear}}


def test_the_piece_does_better_than_the_mean_of_what_was_tried_first(networks: dict[str, dict[str, Any]]) -> None:
    first = opening(networks, {}, seconds=1.0, search=SMALL)
    piece = compose_score(networks, {}, WISH, seconds=1.0, seed=0, search=SMALL)
    reached = piece.log_probabilities["ear"]["tone"]["bright"]
    assert reached > np.mean([trial.said[0]["ear"]["tone"]["bright"] for trial in first])


def test_opposite_wishes_give_opposite_pieces(networks: dict[str, dict[str, Any]]) -> None:
    bright, dark = (
        compose_score(networks, {}, {"tone": {wish: 1.0}}, seconds=1.0, seed=0, search=SMALL) for wish in ("bright", "dark")
    )
    assert bright.log_probabilities["ear"]["tone"]["bright"] > dark.log_probabilities["ear"]["tone"]["bright"] + 0.1


def test_the_same_seed_gives_the_same_bytes(networks: dict[str, dict[str, Any]]) -> None:
    one, other = (compose_score(networks, {}, WISH, seconds=1.0, seed=4, search=SMALL) for _ in range(2))
    assert one.samples.tobytes() == other.samples.tobytes()


def test_an_opening_that_is_shared_changes_nothing(networks: dict[str, dict[str, Any]]) -> None:
    opened = opening(networks, {}, seconds=1.0, search=SMALL)
    alone = compose_score(networks, {}, WISH, seconds=1.0, seed=4, search=SMALL)
    shared = compose_score(networks, {}, WISH, seconds=1.0, seed=4, search=SMALL, opened=opened)
    assert alone.samples.tobytes() == shared.samples.tobytes()


def test_a_stranger_piece_is_worth_less() -> None:
    said = ({"ear": {"tone": {"bright": -1.0, "dark": -0.5}}},)
    worths = [
        worth(Trial(anywhere(np.random.default_rng(0)), 0, said, {"tone": {"bright": strange}}), WISH, SMALL)
        for strange in (0.3, 0.8, 1.5)
    ]
    assert worths == pytest.approx([-0.5 - SMALL.familiarity * strange for strange in (0.8, 0.8, 1.5)])


def test_an_opening_in_parts_is_the_whole(networks: dict[str, dict[str, Any]]) -> None:
    whole = opening(networks, {}, seconds=1.0, search=SMALL)
    parts = [opening(networks, {}, seconds=1.0, search=SMALL, part=(part, 2)) for part in range(2)]
    assert [trial.notes for trial in whole[::2]] == [trial.notes for trial in parts[0]]
    assert [trial.said for trial in whole[1::2]] == [trial.said for trial in parts[1]]


def test_a_network_that_is_sure_enough_is_not_asked_for_more() -> None:
    worths = [
        worth(
            Trial(anywhere(np.random.default_rng(0)), 0, ({"ear": {"tone": {"bright": -1e-6, "dark": dark}}},), {}), WISH, SMALL
        )
        for dark in (-3.0, -7.0, -20.0)
    ]
    assert worths == pytest.approx([3.0, 6.0, 6.0], abs=1e-4)


def test_progress_counts_every_trial(networks: dict[str, dict[str, Any]]) -> None:
    told: list[tuple[int, int]] = []
    compose_score(networks, {}, WISH, seconds=1.0, seed=0, search=SMALL, progress=lambda *at: told.append(at))
    assert told == [(done, SMALL.trials) for done in range(1, SMALL.trials + 1)]


def test_a_piece_is_as_long_as_asked_and_never_clips(networks: dict[str, dict[str, Any]]) -> None:
    piece = compose_score(networks, {}, WISH, seconds=1.5, seed=1, search=SMALL)
    assert len(piece.samples) == 1.5 * piece.sample_rate
    assert 0.05 < np.abs(piece.samples).max() < 1.0


@pytest.mark.parametrize("seconds", [0.0, -1.0, 601.0, float("nan")])
def test_a_length_that_cannot_be_played_is_refused(networks: dict[str, dict[str, Any]], seconds: float) -> None:
    with pytest.raises(InputError, match="seconds"):
        compose_score(networks, {}, WISH, seconds=seconds, seed=0, search=SMALL)


@pytest.mark.parametrize(
    ("wishes", "what"),
    [({"mood": {"calm": 1.0}}, "no network for label 'mood'"), ({"tone": {"loud": 1.0}}, "none that the network knows")],
)
def test_a_wish_that_no_network_knows_is_refused(
    networks: dict[str, dict[str, Any]], wishes: dict[str, dict[str, float]], what: str
) -> None:
    with pytest.raises(InputError, match=what):
        check_wishes(networks, wishes)


@pytest.mark.parametrize("broken", [lambda: ScoreSearch(first=0), lambda: ScoreSearch(temperature=-1.0)])
def test_a_search_that_cannot_be_made_is_refused(broken: Callable[[], ScoreSearch]) -> None:
    with pytest.raises(InputError):
        broken()


def test_a_low_pass_takes_the_highest_bands_away() -> None:
    sound = play(anywhere(np.random.default_rng(0)), 0, 1.0)
    power = [np.abs(np.fft.rfft(y)[8000:]).mean() for y in (low_pass(sound, 3000.0), sound)]
    assert power[0] < 0.1 * power[1]
