"""A piece before it sounds: which grain each part of the band plays when, how loud, with which timbre; all of it differentiable.

Three parts, bass, noise and tones, each with grains of its own songs: no song lends more than one part, so none is copied.
Grains of two seconds overlap by half and fade into each other, hence a piece can be as long as one likes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from content.composing.atoms import parts_of
from content.composing.material import Material

GRAIN_FRAMES = 88  # two seconds
STEP = GRAIN_FRAMES // 2
CANDIDATES = 80  # grains that a part chooses from
MOST_LEVEL = 0.7  # a part is at most twice as loud, or half, as in its song
TIMBRE_RADIUS = 0.6  # how far timbre may go on average, in standard deviations between real songs


class Choices(NamedTuple):
    """What is optimised.

    Parameters
    ----------
    grain : (parts, 1, candidates), how much a grain is liked in the whole piece.
    place : (parts, places, candidates), and how much more at one place.
    level : (parts,), natural logarithm of the gain.
    timbre : (directions,), of `Material.timbre`.
    """

    grain: Tensor
    place: Tensor
    level: Tensor
    timbre: Tensor


@dataclass(frozen=True, eq=False)
class Sketch:
    """Grains to choose from.

    Parameters
    ----------
    grains : float32 (parts, candidates, GRAIN_FRAMES, K), activations; of each grain only its part's atoms.
    songs : int64 (parts, candidates), the row of the song that each is of.
    atoms : float32 (bins, K).
    timbre : float32 (directions, K).
    start : float32 (frames, K) or None, a song that stays in the piece.
    kept : in [0, 1], how much of it stays.
    """

    grains: Tensor
    songs: Tensor
    atoms: Tensor
    timbre: Tensor
    start: Tensor | None = None
    kept: float = 0.0

    def shares(self, choices: Choices, temperature: float) -> Tensor:
        """(parts, places, candidates), of sum 1 over the candidates; a low temperature leaves one of them."""
        return functional.softmax((choices.grain + choices.place) / temperature, 2)

    def magnitude(self, choices: Choices, temperature: float, first: int, frames: int) -> Tensor:
        """Magnitude spectra (frames, bins) of a stretch that begins `first` places after the piece does."""
        count = places(frames)
        shares = self.shares(choices, temperature)[:, first : first + count]  # (parts, count, candidates)
        played = shares @ self.grains.flatten(2)  # (parts, count, GRAIN_FRAMES * K)
        loud = (played * choices.level.clamp(-MOST_LEVEL, MOST_LEVEL).exp()[:, None, None]).sum(0)
        active = _laid(loud.reshape(count, GRAIN_FRAMES, -1))[STEP : STEP + frames]  # (frames, K)
        active = active * (choices.timbre @ self.timbre).exp()
        if self.start is not None:
            at = (first * STEP + torch.arange(frames)) % len(self.start)
            active = (1.0 - self.kept) * active + self.kept * self.start[at]
        return active @ self.atoms.T

    def alone(self, chosen: Tensor, frames: int) -> Tensor:
        """Magnitude spectra (frames, bins) of one grain a part, again and again; `chosen` int64 (parts,)."""
        grain = self.grains[torch.arange(len(chosen)), chosen].sum(0)  # (GRAIN_FRAMES, K)
        return grain[torch.arange(frames) % GRAIN_FRAMES] @ self.atoms.T


def places(frames: int) -> int:
    """How many grains, each `STEP` frames after the other, cover so many frames."""
    return frames // STEP + 2


def sketch(material: Material, generator: torch.Generator, *, start: Tensor | None, kept: float) -> Sketch:
    """Draw grains at random: neither labels nor networks have a say in which songs a part may choose from."""
    atoms = torch.from_numpy(material.atoms)
    parts = parts_of(atoms, material.spec.sample_rate)
    songs, frames = material.active.shape[:2]
    order = torch.randperm(songs, generator=generator)
    while len(order) < len(parts):  # so few songs that they must lend two parts
        order = torch.cat([order, order])
    count = min(CANDIDATES, len(order) // len(parts))
    chosen = order[: count * len(parts)].reshape(count, len(parts)).T  # (parts, candidates)
    first = torch.randint(0, frames - GRAIN_FRAMES + 1, chosen.shape, generator=generator)
    grains = torch.zeros(*chosen.shape, GRAIN_FRAMES, atoms.shape[1])
    for part, of_part in enumerate(parts):
        for number in range(count):
            song, at = int(chosen[part, number]), int(first[part, number])
            grains[part, number] = torch.from_numpy(material.active[song, at : at + GRAIN_FRAMES]).float() * of_part
    return Sketch(grains, chosen, atoms, torch.from_numpy(material.timbre), start, kept)


def _laid(grains: Tensor) -> Tensor:
    """Grains (places, GRAIN_FRAMES, K) laid over each other, `STEP` apart, faded in and out so that they sum to one."""
    count, length, atoms = grains.shape
    faded = grains * torch.hann_window(length)[:, None]
    total = (count - 1) * STEP + length
    columns = faded.permute(2, 1, 0).reshape(1, atoms * length, count)
    return functional.fold(columns, (1, total), (1, length), stride=(1, STEP))[0, :, 0].T
