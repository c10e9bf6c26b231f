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
from content.composing.guess import Guess, learn_guess
from content.composing.hearing import Networks, Said, Wishes, check_wishes, heard_by, image_of, low_pass, play
from content.composing.piece import Piece
from content.decode import resample
from content.hyperimage import hyper_image, to_bytes
from content.spec import HyperImageSpec
from data.errors import InputError
from data.world.render import SAMPLE_RATE
from data.world.space import Point, anywhere

METHOD = "score"
NEAR_ENOUGH = 0.8  # strangeness below which a piece need not come nearer to real songs; real ones have about 1
SURE = 6.0  # nats between what is wished and what is not, beyond which a network is not asked for more
LOW_PASS_HZ = (3000.0, 10000.0)  # the second hearing of a trial: what only the highest bands tell is no music

Strange = Mapping[str, Mapping[str, float]]
Real = Mapping[str, Familiar]  # kind -> its songs


@dataclass(frozen=True)
class ScoreSearch:
    """How long and how wide to search.

    Parameters
    ----------
    first : styles drawn from the whole space and heard before anything is known; neither wish nor seed has a part in them.
    rounds, per_round : then `per_round` styles, put together of parts that are worth most by all that was heard, are heard, and
        so on for `rounds` rounds.
    temperature : how freely these are drawn, in nats of worth (see `Guess.draw`).
    finalists, takes : the best styles are played `takes` times more, with other notes and as long as the piece; the mean decides,
        so that a style does not win by one lucky take.
    listened_s : seconds of each trial before that.
    final_s : of a piece longer than this the finalists play only so much.
    familiarity : nats that strangeness costs (see `content.composing.familiar`): 1 more is as far again as real songs are from
        each other.
    """

    first: int = 600
    rounds: int = 2
    per_round: int = 16
    temperature: float = 0.1
    finalists: int = 4
    takes: int = 3
    listened_s: float = 6.0
    final_s: float = 30.0
    familiarity: float = 8.0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not value > 0:
                raise InputError(f"{name}={value} must be positive")

    @property
    def trials(self) -> int:
        """How often something is played and heard."""
        return self.first + self.rounds * self.per_round + self.finalists * self.takes


class Trial(NamedTuple):
    """A style with the seed of its notes, and what is thought of it."""

    point: Point
    notes: int
    said: tuple[Said, ...]  # as from `heard_by`, as it is and through a low-pass
    strange: Strange  # kind -> value -> as from `Familiar.strangeness_of_statistics`


def opening(
    networks: Networks,
    real: Real,
    *,
    seconds: float,
    search: ScoreSearch,
    part: tuple[int, int] = (0, 1),
    progress: Callable[[int, int], None] | None = None,
) -> list[Trial]:
    """The first `search.first` trials of every search of this length; all wishes and seeds can share them.

    Parameters
    ----------
    part : (k, n): only every n-th of them from the k-th on, so that n processes can share the work.
    progress : called with (trials done, trials in all of a search).
    """
    trials = []
    for number in range(part[0], search.first, part[1]):
        rng = np.random.default_rng(np.random.SeedSequence(0, spawn_key=(0, number)))
        trials.append(_hear(anywhere(rng), networks, real, min(seconds, search.listened_s), rng))
        if progress is not None:
            progress(len(trials), search.trials)
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

    Parameters
    ----------
    networks : kind -> name -> network whose primary label is this kind; all read hyper-images of the same spec.
    real : kind -> real songs, best those that the networks learned from; a kind that is missing asks for no familiarity.
    wishes : kind -> value -> share; the shares of a kind sum to 1.
    opened : what `opening` gives for the same networks, songs, seconds and search; made here if empty.
    progress : called with (trials done, trials in all).

    Raises
    ------
    InputError : a kind without network, a value that no network knows, seconds outside 1 to 600.
    """
    search = search or ScoreSearch()
    check_wishes(networks, wishes)
    if not 1.0 <= seconds <= 600.0:
        raise InputError(f"seconds={seconds:g} must be a number from 1 to 600", code="bad-seconds")
    first = list(opened or opening(networks, real, seconds=seconds, search=search, progress=progress))
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,)))
    done = len(first)

    def hear(point: Point, most_s: float) -> Trial:
        nonlocal done
        trial = _hear(point, networks, real, min(seconds, most_s), rng)
        done += 1
        if progress is not None:
            progress(done, search.trials)
        return trial

    heard: list[Trial] = []
    for _ in range(search.rounds):
        guess = _guess([*first, *heard], wishes, search)
        heard += [hear(guess.draw(search.temperature, rng), search.listened_s) for _ in range(search.per_round)]
    guess = _guess([*first, *heard], wishes, search)
    # (Half of what counts is what was heard, half what the parts are worth elsewhere: one hearing alone is easily lucky.)
    worths = [worth(trial, wishes, search) for trial in heard] + guess.worth([trial.point for trial in heard])
    best = [heard[place] for place in np.argsort(-worths, kind="stable")[: search.finalists]]
    takes = [[hear(trial.point, search.final_s) for _ in range(search.takes)] for trial in best]
    final = [np.mean([worth(take, wishes, search) for take in of_style]) for of_style in takes]
    winner = takes[int(np.argmax(np.array(final) + guess.worth([trial.point for trial in best])))]
    return _piece(max(winner, key=lambda take: worth(take, wishes, search)), networks, wishes, seconds, seed, search)


def worth(trial: Trial, wishes: Wishes, search: ScoreSearch) -> float:
    """How well a trial does what is wished, in nats.

    The mean over hearings, networks and kinds of the wished log-probability (by share) less that of the likeliest value that is
    not wished, within `SURE`; less what strangeness among real songs of what is wished costs.
    """
    margins, strange = [], []
    for kind, values in wishes.items():
        for of_network in (network for said in trial.said for network in said.values()):
            if kind in of_network:
                wished = sum(share * of_network[kind][value] for value, share in values.items())
                others = [log_p for value, log_p in of_network[kind].items() if value not in values]
                margins.append(float(np.clip(wished - max(others, default=0.0), -SURE, SURE)))
        if kind in trial.strange:
            far = trial.strange[kind]
            strange.append(sum(share * max(far.get(value, 1.0), NEAR_ENOUGH) for value, share in values.items()))
    return float(np.mean(margins)) - (search.familiarity * float(np.mean(strange)) if strange else 0.0)


def _guess(trials: Sequence[Trial], wishes: Wishes, search: ScoreSearch) -> Guess:
    return learn_guess([trial.point for trial in trials], [worth(trial, wishes, search) for trial in trials])


def _hear(point: Point, networks: Networks, real: Real, seconds: float, rng: np.random.Generator) -> Trial:
    """Play a style with notes that `rng` draws, and hear it twice."""
    notes = int(rng.integers(2**62))
    cutoff = math.exp(rng.uniform(*np.log(LOW_PASS_HZ)))
    sound, spec = play(point, notes, seconds), _spec(networks)
    images = [image_of(y, spec) for y in (sound, low_pass(sound, cutoff))]
    strange = {kind: songs.strangeness_of_statistics(images[0]) for kind, songs in real.items()}
    return Trial(point, notes, tuple(heard_by(networks, image) for image in images), strange)


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
