"""All styles that the composer of the demo world can play, as a space to search: no genre has a place of its own in it.

Whatever any genre may use, every draw may use, and at first with the same probability; nothing here knows which belongs to which.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.world.genres import MANNERS, Choice
from data.world.patterns import BASS, CHORDS, DRUMS, PROGRESSIONS
from data.world.style import Style

DIALS: dict[str, tuple[float, float]] = {
    "tempo": (math.log2(60.0), math.log2(185.0)),
    **dict.fromkeys(("swing", "energy", "density", "brightness", "register", "room"), (0.02, 0.98)),
    "width": (0.0, 1.0),
    "drive": (0.0, 1.0),
    "level": (-14.0, -3.0),
}
"""Lower and upper end of each continuous choice; tempo as log2 of beats a minute, level in dB."""


def _programs(role: str) -> tuple[Choice, ...]:
    """Every program that any genre gives to a role, in order of its number."""
    return tuple(sorted({int(program) for manner in MANNERS.values() for program in manner.choices[role]}))


CHOICES: dict[str, tuple[Choice, ...]] = {
    "major": (0, 1),
    "metre": (3, 4),
    "tonic": tuple(range(12)),
    "drums": tuple(DRUMS),
    "bassline": tuple(BASS),
    "chords": tuple(CHORDS),
    "progression": tuple(PROGRESSIONS),
    **{role: _programs(role) for role in ("kit", "bass", "comp", "lead", "pad")},
}
"""What each other choice can be."""


@dataclass(frozen=True)
class Point:
    """One style as a point of the space: dials float64 (10,) in [0, 1], choices int64 (12,), a place in each of `CHOICES`."""

    dials: NDArray[np.float64]
    choices: NDArray[np.int64]

    @property
    def style(self) -> Style:
        """The style that is meant."""
        ends = np.array(list(DIALS.values()))
        dials = dict(zip(DIALS, (ends[:, 0] + self.dials * (ends[:, 1] - ends[:, 0])).tolist(), strict=True))
        taken = {role: CHOICES[role][place] for role, place in zip(CHOICES, self.choices.tolist(), strict=True)}
        names = {role: str(taken[role]) for role in ("drums", "bassline", "chords", "progression")}
        numbers = {role: int(taken[role]) for role in ("metre", "tonic", "kit", "bass", "comp", "lead", "pad")}
        tempo = 2.0 ** dials.pop("tempo")
        return Style(tempo=tempo, major=bool(taken["major"]), **dials, **names, **numbers)  # type: ignore[arg-type]


def anywhere(rng: np.random.Generator) -> Point:
    """A point of the whole space, all of it equally likely."""
    sizes = [len(options) for options in CHOICES.values()]
    return Point(rng.random(len(DIALS)), rng.integers(0, sizes))


def size() -> dict[str, float]:
    """How wide the space is: number of dials, and of ways to make all other choices."""
    return {"dials": len(DIALS), "choices": float(math.prod(len(options) for options in CHOICES.values()))}
