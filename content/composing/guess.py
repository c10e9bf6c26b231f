"""What a style is worth before it is played: each dial and each choice by its own effect, learned from what was heard.

Networks may be sure of one odd mixture for no reason; what they credit a pattern or an instrument with in hundreds of mixtures is
what they know of music. So a style is put together of parts that are each worth something in any company.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.world.space import CHOICES, DIALS, Point

RIDGE = 30.0
GRID = np.linspace(0.0, 1.0, 21)  # places of a dial that are weighed against each other


@dataclass(frozen=True, eq=False)
class Guess:
    """Effects in nats of worth: of a dial `slope * x + bend * 2 (x - 1/2)^2`, of a choice one number each."""

    slope: NDArray[np.float64]
    bend: NDArray[np.float64]
    choices: tuple[NDArray[np.float64], ...]
    level: float

    def worth(self, points: Sequence[Point]) -> NDArray[np.float64]:
        """What each style should be worth, float64 (n,)."""
        dials = np.array([point.dials for point in points])
        worth = self.level + dials @ self.slope + 2.0 * (dials - 0.5) ** 2 @ self.bend
        for role, effect in enumerate(self.choices):
            worth += effect[[int(point.choices[role]) for point in points]]
        result: NDArray[np.float64] = worth
        return result

    def draw(self, temperature: float, rng: np.random.Generator) -> Point:
        """A style whose every part is drawn in proportion to exp(effect / temperature)."""
        dials = np.empty(len(DIALS))
        for place in range(len(DIALS)):
            effect = self.slope[place] * GRID + self.bend[place] * 2.0 * (GRID - 0.5) ** 2
            drawn = GRID[rng.choice(len(GRID), p=_shares(effect, temperature))]
            dials[place] = np.clip(drawn + rng.uniform(-0.5, 0.5) * (GRID[1] - GRID[0]), 0.0, 1.0)
        taken = [rng.choice(len(effect), p=_shares(effect, temperature)) for effect in self.choices]
        return Point(dials, np.array(taken, np.int64))


def learn_guess(points: Sequence[Point], worth: Sequence[float]) -> Guess:
    """Fit the effects by ridge regression to what styles were found to be worth."""
    dials = np.array([point.dials for point in points])
    sizes = [len(options) for options in CHOICES.values()]
    taken = np.array([point.choices for point in points])
    table = np.concatenate(
        [dials, 2.0 * (dials - 0.5) ** 2, *(np.eye(size)[taken[:, role]] for role, size in enumerate(sizes))], axis=1
    )
    mean, target = table.mean(axis=0), np.array(worth, np.float64)
    x = table - mean
    effects = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ (target - target.mean()))
    ends = np.cumsum([len(DIALS), len(DIALS), *sizes])
    slope, bend, *choices = np.split(effects, ends[:-1])
    return Guess(slope, bend, tuple(choices), float(target.mean() - mean @ effects))


def _shares(effect: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    odds = np.exp((effect - effect.max()) / temperature)
    result: NDArray[np.float64] = odds / odds.sum()
    return result
