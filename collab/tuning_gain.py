"""How much better than the defaults a configuration ranks held-out listens, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collab.tuning_tasks import Task

SIDES = ("warm", "cold")
_LEAST = 1e-3  # a side on which the defaults reach less is measured by this: relative to nothing, any gain is endless


@dataclass(frozen=True)
class Figures:
    """What one fit reached on one task.

    Parameters
    ----------
    warm : float64 (U,), nDCG of each listener, NaN where nothing of the listener's was hidden.
    cold : the same among new songs; None where none are hidden, or the engine cannot rank them.
    seconds : CPU time of the fit.
    """

    warm: NDArray[np.float64]
    cold: NDArray[np.float64] | None
    seconds: float


class Gain(NamedTuple):
    """Relative gain over the defaults: 0.02 is 2 per cent; and the standard error of it."""

    value: float
    error: float


def gain_over(own: Sequence[Figures], reference: Sequence[Figures], tasks: Sequence[Task]) -> Gain:
    """Mean over groups, and in each over its sides, of the mean difference over listeners relative to the reference's mean.

    So neither side drowns the other, nor one set of listens another. The error is of the paired differences, with a listener as
    the unit: what one listener has on both sides and in several tasks is added up first.

    Parameters
    ----------
    own, reference : figures of the first tasks, in the order of `tasks`.
    """
    gains = []
    for group in dict.fromkeys(task.group for task in tasks[: len(own)]):
        rows = [row for row, task in enumerate(tasks[: len(own)]) if task.group == group]
        gains.append(_of_group([own[row] for row in rows], [reference[row] for row in rows]))
    value = float(np.mean([gain.value for gain in gains]))
    return Gain(value, float(np.sqrt(np.sum([gain.error**2 for gain in gains]))) / len(gains))


def mean_figures(figures: Sequence[Figures], tasks: Sequence[Task]) -> dict[str, float]:
    """Mean nDCG of each side: "warm" and "cold", with the group's name before it where it has one."""
    out = {}
    for group in dict.fromkeys(task.group for task in tasks[: len(figures)]):
        for side in SIDES:
            parts = [getattr(f, side) for f, task in zip(figures, tasks, strict=False) if task.group == group]
            parts = [part for part in parts if part is not None]
            if parts:
                out[f"{group} {side}".strip()] = float(np.nanmean(_mean_of(parts)))
    return out


def _of_group(own: Sequence[Figures], reference: Sequence[Figures]) -> Gain:
    shares = []
    for side in SIDES:
        base = [getattr(f, side) for f in reference]
        # An engine that ranks new songs by the defaults and no more by these choices finds none of them.
        ours = [
            getattr(f, side) if getattr(f, side) is not None else 0 * b for f, b in zip(own, base, strict=True) if b is not None
        ]
        base = [b for b in base if b is not None]
        if base:
            before = _mean_of(base)
            difference = (_mean_of(ours) - before) / max(float(np.nanmean(before)), _LEAST)
            shares.append(difference / np.isfinite(difference).sum())
    stack = np.array(shares)
    asked = np.isfinite(stack).any(axis=0)
    of_listener = np.nansum(stack[:, asked], axis=0) / len(shares)  # they add up to the gain
    n = len(of_listener)
    error = float(np.sqrt(n) * of_listener.std(ddof=1)) if n > 1 else float("inf")
    return Gain(float(of_listener.sum()), error)


def _mean_of(parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Mean over tasks for each listener, float64 (U,); NaN where no task asks about the listener."""
    stack = np.array(parts)
    count = np.isfinite(stack).sum(axis=0)
    out = np.full(stack.shape[1], np.nan)
    np.divide(np.nansum(stack, axis=0), count, out=out, where=count > 0)
    return out
