"""What may be tuned: for each engine its choices with the values worth trying, and how to move among them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from collab.config_values import Value, Values, value_of
from collab.inputs import EngineConfig
from data.errors import InputError


@dataclass(frozen=True)
class Choice:
    """One of some values, in the order in which one leads to the next."""

    values: tuple[Value, ...]

    def draw(self, rng: np.random.Generator) -> Value:
        """Any of them."""
        return self.values[int(rng.integers(len(self.values)))]

    def neighbours(self, value: Value, step: float) -> list[Value]:
        """One or two places up and down: two at step 1, one at less."""
        here, far = self.values.index(value), 2 if step >= 1 else 1
        return [self.values[place] for place in (here - far, here + far) if 0 <= place < len(self.values)]


@dataclass(frozen=True)
class LogRange:
    """A number between `low` and `high`, both > 0; steps are factors. Rounded to two digits, so that values are easy to read."""

    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> float:
        """Uniform in the logarithm."""
        return self._rounded(self.low * (self.high / self.low) ** float(rng.random()))

    def neighbours(self, value: Value, step: float) -> list[Value]:
        """Up and down by `step` fifths of the range."""
        factor = (self.high / self.low) ** (step / 5)
        moved = [self._rounded(float(value or self.low) * f) for f in (1 / factor, factor)]
        return [one for one in dict.fromkeys(moved) if one != value]

    def _rounded(self, value: float) -> float:
        return float(min(max(float(f"{value:.2g}"), self.low), self.high))


Dimension = Choice | LogRange
Space = Mapping[str, Dimension]  # "als.components" -> Choice((16, 32, ...))

_COMPONENTS = Choice((16, 32, 48, 64, 96, 128))
_ALS: Space = {
    "als.components": _COMPONENTS,
    "als.regularization": LogRange(1, 300),
    "als.alpha": LogRange(1, 100),
    "als.iterations": Choice((10, 15)),
}
_BPR: Space = {
    "bpr.components": _COMPONENTS,
    "bpr.learning_rate": LogRange(0.01, 0.2),
    "bpr.regularization": LogRange(0.001, 0.1),
    "bpr.epochs": Choice((50, 100, 200)),
}
_LIGHTFM: Space = {
    "lightfm.components": Choice((16, 32, 64, 128)),
    "lightfm.epochs": Choice((5, 10, 15, 30)),
    "lightfm.learning_rate": LogRange(0.01, 0.2),
    "lightfm.l2": Choice((0.0, 1e-7, 1e-6, 1e-5, 1e-4)),
}
_EASE: Space = {"ease.regularization": LogRange(30, 3000)}
_EASE_CONTENT: Space = {"ease.content_weight": LogRange(1, 300)}
_RIDGE_MAP: Space = {"bridge.regularization": LogRange(0.1, 100)}
_KERNEL_MAP: Space = {"bridge.kernel_regularization": LogRange(0.3, 30)}
_WIDTHS = Choice((16, 32, 64, 128, None))
_LEVELLED = Choice((False, "auto", True))
_SCALING: Space = {"scaling.components": _WIDTHS, "scaling.standardise": _LEVELLED}

SPACES: Mapping[str, Space] = MappingProxyType(
    {
        "item-knn": {"item_knn.neighbours": Choice((20, 50, 100, 200, 400)), "item_knn.shrink": LogRange(1, 100)},
        "als-cf": _ALS,
        "bpr-cf": _BPR,
        "ease-cf": _EASE,
        "lightfm-cf": _LIGHTFM,
        "content": _SCALING,
        "content-ridge": {
            "content_ridge.regularization": LogRange(1, 300),
            "content_ridge.alpha": LogRange(1, 100),
            **_SCALING,
        },
        "als": {**_ALS, **_KERNEL_MAP, **_SCALING},
        "bpr": {**_BPR, **_KERNEL_MAP, **_SCALING},
        "ease": {**_EASE, **_EASE_CONTENT, **_KERNEL_MAP, **_SCALING},
        "lightfm": {**_LIGHTFM, "lightfm_scaling.components": _WIDTHS, "lightfm_scaling.standardise": _LEVELLED},
        "hybrid": {**_ALS, **_EASE, **_EASE_CONTENT, **_RIDGE_MAP, **_KERNEL_MAP, **_SCALING},
    }
)
"""Engine -> what is tuned. The weights of "hybrid" are no part of it: each fit learns them anew."""

_OF_CONTENT = ("scaling.", "lightfm_scaling.", "bridge.", "ease.content_weight")


def space_of(engine: str, width: int | None) -> Space:
    """What of `engine` is worth tuning on content of `width` columns, or without content (None).

    Raises
    ------
    InputError : an engine that has nothing to tune (code "unknown-engine").
    """
    if engine not in SPACES:
        raise InputError(
            f"engine={engine!r} has nothing to tune; it must be one of {', '.join(SPACES)}",
            code="unknown-engine",
        )
    space = dict(SPACES[engine])
    for name, dimension in SPACES[engine].items():
        if width is None and name.startswith(_OF_CONTENT):
            del space[name]
        elif isinstance(dimension, Choice) and name.endswith("scaling.components"):
            # As many components as columns, or more, is the same as all of them. What is the default stays.
            default = value_of(EngineConfig(), name)
            kept = [v for v in dimension.values if v is None or v == default or (isinstance(v, int) and v < (width or 0))]
            space[name] = Choice(tuple(kept))
    return space


def space_as_dict(space: Space) -> dict[str, list[Value] | dict[str, float]]:
    """The space as plain values, ready for JSON: a list of values, or {"low", "high"}."""
    return {
        name: list(dimension.values) if isinstance(dimension, Choice) else {"low": dimension.low, "high": dimension.high}
        for name, dimension in space.items()
    }


def draw(space: Space, around: Values, rng: np.random.Generator) -> dict[str, Value]:
    """Each choice with an even chance drawn anew, and at least one; the others as in `around`."""
    names = list(space)
    anew = rng.random(len(names)) < 0.5
    anew[int(rng.integers(len(names)))] = True
    return {name: space[name].draw(rng) if new else around[name] for name, new in zip(names, anew.tolist(), strict=True)}


def moves(space: Space, around: Values, step: float) -> list[dict[str, Value]]:
    """All configurations that differ from `around` in one choice, by `step`: 1 is coarse, 0.5 half of it."""
    return [{**around, name: value} for name, dimension in space.items() for value in dimension.neighbours(around[name], step)]


def check_space(space: Space) -> None:
    """Raise AssertionError where a default lies outside the space: no search could start there."""
    for name, dimension in space.items():
        value = value_of(EngineConfig(), name)
        inside = (
            value in dimension.values if isinstance(dimension, Choice) else dimension.low <= float(value or 0) <= dimension.high
        )
        if not inside or (isinstance(dimension, LogRange) and not math.log(dimension.high / dimension.low) > 0):
            raise AssertionError(f"{name}: the default {value!r} lies outside of {dimension}")
