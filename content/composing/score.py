"""Composing the symbolic way: search among scores of the demo world's composer for one that the networks take for what is wished.

What comes out is music by construction: the networks judge it, but no gradient of theirs reaches the sound.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np

from content.composing.familiar import Familiar
from content.composing.hearing import Networks, Said, Wishes, check_wishes, heard_by, image_of, low_pass, play
from content.composing.piece import Piece
from content.decode import resample
from content.hyperimage import hyper_image, to_bytes
from content.spec import HyperImageSpec
from data.errors import InputError
from data.world.render import SAMPLE_RATE
from data.world.space import Point, anywhere, near

METHOD = "score"
NEAR_ENOUGH = 0.8  # strangeness below which a piece need not come nearer to real songs; real ones have about 1
LOW_PASS_HZ = (3000.0, 10000.0)  # the second hearing of a trial: what only the highest bands tell is no music


@dataclass(frozen=True)
class ScoreSearch:
    """How long and how wide to search.

    Parameters
    ----------
    first : scores drawn from the whole space before anything is known; they hang on the seed alone, not on the wish.
    rounds, per_round : the cross-entropy method draws `per_round` scores near the best so far, `rounds` times.
    elite : how many of all scores so far are the best.
    finalists, takes : the best styles in the end are played `takes` times more, with other notes and as long as the piece; the
        mean decides, so that a style does not win by one lucky take.
    listened_s : seconds of each trial before that.
    final_s : of a piece longer than this the finalists play only so much.
    familiarity : nats that strangeness costs (see `content.composing.familiar`): 1 more is as far again as real songs are from
        each other.
    """

    first: int = 96
    rounds: int = 3
    per_round: int = 24
    elite: int = 8
    finalists: int = 3
    takes: int = 3
    listened_s: float = 6.0
    final_s: float = 30.0
    familiarity: float = 8.0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not value > 0:
                raise InputError(f"{name}={value} must be positive")
        if self.elite > self.first:
            raise InputError(f"elite={self.elite} must be at most first={self.first}")

    @property
    def trials(self) -> int:
        """How often something is played and heard."""
        return self.first + self.rounds * self.per_round + self.finalists * self.takes


Strange = Mapping[str, Mapping[str, float]]
Real = Mapping[str, Familiar]  # kind -> its songs


class Trial(NamedTuple):
    """A style with the seed of its notes, and what is thought of it, as it is and through a low-pass."""

    point: Point
    notes: int
    said: tuple[Said, ...]  # as from `heard_by`
    strange: tuple[Strange, ...]  # kind -> value -> as from `Familiar.strangeness`


def opening(
    networks: Networks,
    real: Real,
    *,
    seconds: float,
    seed: int,
    search: ScoreSearch,
    progress: Callable[[int, int], None] | None = None,
) -> list[Trial]:
    """The first `search.first` trials of every search with this seed and length; many wishes can share them."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    trials = []
    for done in range(search.first):
        trials.append(_hear(anywhere(rng), networks, real, min(seconds, search.listened_s), rng))
        if progress is not None:
            progress(done + 1, search.trials)
    return trials


def compose_score(
    networks: Networks,
    real: Real,
    wishes: Wishes,
    *,
    seconds: float,
    seed: int,
    search: ScoreSearch | None = None,
    opened: Sequence[Trial] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Piece:
    """Search for a score that all networks take for what is wished, and play it.

    What is made as large as can be: the mean over kinds and networks of `sum share(value) log p(value)`, of the sound as it is
    and through a random low-pass, each new score with new notes; less `search.familiarity` times the strangeness of the sound
    among real songs of what is wished.

    Parameters
    ----------
    networks : kind -> name -> network whose primary label is this kind; all read hyper-images of the same spec.
    real : kind -> real songs, best those that the networks learned from; a kind that is missing asks for no familiarity.
    wishes : kind -> value -> share; the shares of a kind sum to 1.
    opened : what `opening` gives for the same networks, seconds, seed and search; made here if empty.
    progress : called with (trials done, trials in all).

    Raises
    ------
    InputError : a kind without network, a value that no network knows, seconds outside 1 to 600.
    """
    search = search or ScoreSearch()
    check_wishes(networks, wishes)
    if not 1.0 <= seconds <= 600.0:
        raise InputError(f"seconds={seconds:g} must be a number from 1 to 600", code="bad-seconds")
    heard = list(opened or opening(networks, real, seconds=seconds, seed=seed, search=search, progress=progress))
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,)))
    done = len(heard)

    def hear(point: Point, most_s: float) -> Trial:
        nonlocal done
        trial = _hear(point, networks, real, min(seconds, most_s), rng)
        done += 1
        if progress is not None:
            progress(done, search.trials)
        return trial

    def best(trials: Sequence[Trial], count: int) -> list[Trial]:
        return sorted(trials, key=lambda trial: -worth(trial, wishes, search))[:count]

    for _ in range(search.rounds):
        elite = [trial.point for trial in best(heard, search.elite)]
        heard += [hear(near(elite, rng), search.listened_s) for _ in range(search.per_round)]
    # (The trial that made a style a finalist counts no more: it was chosen for being good.)
    takes = [[hear(trial.point, search.final_s) for _ in range(search.takes)] for trial in best(heard, search.finalists)]
    winner = max(takes, key=lambda of_style: float(np.mean([worth(take, wishes, search) for take in of_style])))
    return _piece(best(winner, 1)[0], networks, wishes, seconds, seed, search)


def worth(trial: Trial, wishes: Wishes, search: ScoreSearch) -> float:
    """How well a trial does what is wished, in nats: what the networks say, less what is too strange."""
    each = [
        sum(share * of_network[kind][value] for value, share in values.items())
        for said in trial.said
        for of_network in said.values()
        for kind, values in wishes.items()
        if kind in of_network
    ]
    strange = [
        sum(share * max(of_kind[kind][value], NEAR_ENOUGH) for value, share in values.items())
        for of_kind in trial.strange
        for kind, values in wishes.items()
        if kind in of_kind
    ]
    return float(np.mean(each)) - (search.familiarity * float(np.mean(strange)) if strange else 0.0)


def _hear(point: Point, networks: Networks, real: Real, seconds: float, rng: np.random.Generator) -> Trial:
    """Play a style with notes that `rng` draws, and hear it twice."""
    notes = int(rng.integers(2**62))
    cutoff = math.exp(rng.uniform(*np.log(LOW_PASS_HZ)))
    sound, spec = play(point, notes, seconds), _spec(networks)
    images = [image_of(y, spec) for y in (sound, low_pass(sound, cutoff))]
    strange = [{kind: songs.strangeness(image) for kind, songs in real.items()} for image in images[:1]]
    return Trial(point, notes, tuple(heard_by(networks, image) for image in images), tuple(strange))


def _piece(best: Trial, networks: Networks, wishes: Wishes, seconds: float, seed: int, search: ScoreSearch) -> Piece:
    """The chosen trial in its full length."""
    samples, spec = play(best.point, best.notes, seconds), _spec(networks)
    target = hyper_image(resample(samples, SAMPLE_RATE, spec.sample_rate), spec).astype(np.float32)
    style = asdict(best.point.style)
    return Piece(
        samples=samples,
        sample_rate=SAMPLE_RATE,
        target=target,
        wishes=wishes,
        method=METHOD,
        settings={"seed": seed, "seconds": seconds, "search": asdict(search), "style": style, "notes": best.notes},
        log_probabilities=heard_by(networks, to_bytes(target)),
    )


def _spec(networks: Networks) -> HyperImageSpec:
    some = next(iter(next(iter(networks.values())).values()))
    return HyperImageSpec.from_dict(dict(some.spec))
