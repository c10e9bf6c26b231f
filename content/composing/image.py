"""Composing the paper's way (section 7): fix a label, go back through trained networks to a hyper-image, and on to a sound.

Plain ascent finds images that networks are sure of and that no sound has. So here nothing but a `Sketch` can be changed, a
mixture of what real songs consist of; all six blocks come from its one magnitude spectrum; several networks that differ must
agree; and they see it through another equaliser and from another moment in every step: only what is robust is worth something.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from content.composing.atoms import activations
from content.composing.familiar import Familiar
from content.composing.hearing import Networks, Wishes, check_wishes, heard_by
from content.composing.material import ACTIVATION_ROUNDS, Material, magnitude_of
from content.composing.phase import levelled, sound_of
from content.composing.piece import Piece
from content.composing.sketch import STEP, TIMBRE_RADIUS, Choices, Sketch, places, sketch
from content.composing.strange import strangeness
from content.composing.wishing import pleased
from content.hyperimage import hyper_image, to_bytes
from content.hyperimage_torch import images_of_power
from data.errors import InputError

METHOD = "image"
LONGEST_S = 600.0
STRETCH_S = 10.0  # of a longer piece a random stretch of this length is looked at in each step
DISLIKE = 20.0  # nats: what is worse is as bad
UNLIKE = 0.3  # deviation of what is liked from place to place at first
FAINT = 1e-6  # magnitude below that of any music, so that logarithms exist


@dataclass(frozen=True)
class ImageSearch:
    """How to optimise.

    Parameters
    ----------
    steps : of a piece of up to ten seconds; a longer one has proportionally more.
    rate : of Adam for levels and timbre; three times as much for the choice of grains.
    rounds : how often each grain is heard alone, each time with other companions, before the first step.
    trust : how much that hearing counts at the start.
    enough : log-odds from which a network is satisfied.
    warm, cold : temperature of the choice of grains at the first and at the last step.
    familiarity : nats that strangeness costs (see `content.composing.familiar`): 1 more is as far again as real songs are from
        each other.
    tilt_db, ripple_db : deviation of the random equaliser, from the lowest to the highest frequency and of its waves.
    """

    steps: int = 150
    rate: float = 0.1
    rounds: int = 2
    trust: float = 0.5
    enough: float = 3.0
    warm: float = 1.0
    cold: float = 0.3
    familiarity: float = 8.0
    tilt_db: float = 2.0
    ripple_db: float = 1.5

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not value > 0:
                raise InputError(f"{name}={value} must be positive")


def compose_image(
    networks: Networks,
    material: Material,
    real: Mapping[str, Familiar],
    wishes: Wishes,
    *,
    seconds: float,
    seed: int,
    search: ImageSearch | None = None,
    start: np.ndarray[Any, np.dtype[np.float32]] | None = None,
    style: float = 0.5,
    progress: Callable[[int, int], None] | None = None,
) -> Piece:
    """Compose a piece that the networks take for what is wished.

    Parameters
    ----------
    networks : kind -> name -> network whose primary label is this kind; all read images of `material.spec`.
    material : what the piece is made of.
    real : kind -> real songs, best those that the networks learned from; a kind that is missing asks for no familiarity.
    wishes : kind -> value -> share; the shares of a kind sum to 1.
    start : float32 (n,), a song to start from, mono at the material's sample rate; None starts from noise.
    style : in [0, 1], how much of that song stays; 1 is the song itself.
    progress : called with (steps done, steps in all).

    Raises
    ------
    InputError : a kind without network, a value that no network knows, or seconds outside (0, 600], or style outside [0, 1].
    """
    search = search or ImageSearch()
    spec = material.spec
    check_wishes(networks, wishes)
    if not 0.5 <= seconds <= LONGEST_S:
        raise InputError(f"seconds={seconds:g} must be a number from 0.5 to {LONGEST_S:g}", code="bad-seconds")
    if not 0.0 <= style <= 1.0:
        raise InputError(f"style={style:g} must be a number from 0 (nothing of the song) to 1 (all of it)", code="bad-style")
    n = round(seconds * spec.sample_rate)
    frames = 1 + n // spec.hop_length
    generator = torch.Generator().manual_seed(seed)
    song = None if start is None else _taken_apart(start[:n], material)
    draft = sketch(material, generator, start=song, kept=style if start is not None else 0.0)
    scene = _Scene(networks, real, wishes, material, draft, search, frames, generator)
    begin = _first(scene, progress)
    choices = _climb(scene, begin, progress)
    with torch.no_grad():
        magnitude = draft.magnitude(choices, search.cold, 0, frames)
        drawn = draft.magnitude(begin._replace(grain=0 * begin.grain), search.cold, 0, frames)
        target, before = (images_of_power(x.square()[None], spec)[0].numpy() for x in (magnitude, drawn))
    samples = levelled(sound_of(magnitude, n, spec, seed=seed), spec.sample_rate)
    shares = draft.shares(choices, search.cold)
    used = sorted({int(song) for part in range(len(shares)) for song in draft.songs[part][shares[part].argmax(1)]})
    return Piece(
        samples=samples,
        sample_rate=spec.sample_rate,
        target=target.astype(np.float32),
        before=before.astype(np.float32),
        wishes={kind: dict(values) for kind, values in wishes.items()},
        method=METHOD,
        settings=asdict(search)
        | {
            "seed": seed,
            "seconds": seconds,
            "style": style if start is not None else None,
            "material": material.made_from,
            "grains_of": [material.names[row] for row in used],
        },
        log_probabilities=heard_by(networks, to_bytes(hyper_image(samples, spec))),
    )


class _Scene(NamedTuple):
    """All that a search looks at and that stays as it is, but for the generator."""

    networks: Networks
    real: Mapping[str, Familiar]
    wishes: Wishes
    material: Material
    draft: Sketch
    search: ImageSearch
    frames: int
    generator: torch.Generator

    @property
    def stretch(self) -> int:
        """Frames looked at in each step."""
        return min(self.frames, 1 + round(STRETCH_S * self.material.spec.frames_per_second))

    @property
    def heard_first(self) -> int:
        """How many times grains are heard alone."""
        return self.search.rounds * self.draft.grains.shape[1]

    @property
    def steps(self) -> int:
        """Of the climb."""
        return math.ceil(self.search.steps * self.frames / self.stretch)

    def pleased(self, magnitude: Tensor, at: float = 0.5) -> Tensor:
        """What the networks say of magnitude spectra (frames, bins); a scalar."""
        image = images_of_power((magnitude + FAINT).square()[None], self.material.spec)
        said = pleased(self.networks, self.wishes, image, enough=self.search.enough, at=at)[0]
        return said - self.search.familiarity * strangeness(self.real, self.wishes, image, at=at)


def _first(scene: _Scene, progress: Callable[[int, int], None] | None) -> Choices:
    """Where the climb begins: grains that please when heard alone, with random companions, are liked more.

    What is heard alone is a loop, which no song is; it only says where to begin.
    """
    draft, search, generator = scene.draft, scene.search, scene.generator
    parts, candidates = draft.grains.shape[:2]
    worth = torch.zeros(parts, candidates)
    for number in range(scene.heard_first):
        if number % candidates == 0:
            order = torch.stack([torch.randperm(candidates, generator=generator) for _ in range(parts)])
        chosen = order[:, number % candidates]
        with torch.no_grad():
            said = scene.pleased(draft.alone(chosen, scene.stretch))
        worth[torch.arange(parts), chosen] += said.clamp(-DISLIKE, DISLIKE) / search.rounds
        if progress is not None:
            progress(number + 1, scene.heard_first + scene.steps)
    return Choices(
        grain=search.trust * (worth - worth.amax(1, keepdim=True))[:, None],
        place=UNLIKE * torch.randn(parts, places(scene.frames), candidates, generator=generator),
        level=torch.zeros(parts),
        timbre=torch.zeros(len(draft.timbre)),
    )


def _climb(scene: _Scene, begin: Choices, progress: Callable[[int, int], None] | None) -> Choices:
    """Ascend from `begin` (Adam: Kingma, Ba, ICLR 2015), each step with a stretch, an equaliser and a moment of its own."""
    search, generator = scene.search, scene.generator
    choices = Choices(*(x.clone().requires_grad_() for x in begin))
    groups = [
        {"params": [choices.grain, choices.place], "lr": 3 * search.rate},
        {"params": [choices.level, choices.timbre], "lr": search.rate},
    ]
    optimizer = torch.optim.Adam(groups)
    last_place = (scene.frames - scene.stretch) // STEP
    for step in range(scene.steps):
        temperature = search.warm * (search.cold / search.warm) ** (step / max(1, scene.steps - 1))
        first = int(torch.randint(0, last_place + 1, (), generator=generator))
        magnitude = scene.draft.magnitude(choices, temperature, first, scene.stretch)
        magnitude = magnitude * _equaliser(magnitude.shape[1], search, generator)
        turn = int(torch.randint(0, scene.stretch, (), generator=generator))  # where it begins must not matter
        said = scene.pleased(magnitude.roll(turn, 0), float(torch.rand((), generator=generator)))
        for x, slope in zip(choices, torch.autograd.grad(-said, list(choices), allow_unused=True), strict=True):
            x.grad = slope
        optimizer.step()
        with torch.no_grad():
            far = choices.timbre.square().mean().sqrt() if len(choices.timbre) else torch.zeros(())
            if far > TIMBRE_RADIUS:
                choices.timbre.mul_(TIMBRE_RADIUS / far)
        if progress is not None:
            progress(scene.heard_first + step + 1, scene.heard_first + scene.steps)
    return Choices(*(x.detach() for x in choices))


def _equaliser(bins: int, search: ImageSearch, generator: torch.Generator) -> Tensor:
    """A random gain of each bin, (bins,): a tilt and a wave over the frequencies."""
    tilt, ripple, waves = (*torch.randn(2, generator=generator).tolist(), 1 + 3 * float(torch.rand((), generator=generator)))
    at = torch.linspace(0.0, 1.0, bins)
    decibels = search.tilt_db * tilt * (2 * at - 1) + search.ripple_db * ripple * torch.cos(2 * math.pi * waves * at)
    gain: Tensor = 10 ** (decibels / 20)
    return gain


def _taken_apart(y: np.ndarray[Any, np.dtype[np.float32]], material: Material) -> Tensor:
    """A song's activations, float32 (frames, K)."""
    return activations(magnitude_of(y, material.spec), torch.from_numpy(material.atoms), rounds=ACTIVATION_ROUNDS)
