"""How much better than the defaults a configuration ranks held-out listens, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collab.tuning_tasks import Task

SIDES = ("warm", "cold")
LEAST = 1e-3  # a side on which the defaults reach less is measured by this: relative to nothing, any gain is endless


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
    """Geometric mean, over groups and in each over its sides, of a side's mean nDCG relative to the reference's; less 1.

    So neither side drowns the other, nor one set of listens another; and half as good on one side is not made up for by half as
    good again on the other.

    The error is the greater of two: that of the paired differences with a listener as the unit, what one listener has on both
    sides and in several tasks added up first; and that of the gains of a group's tasks. The second counts that other artists
    might have been hidden: where artists are few it is several times the first.

    Parameters
    ----------
    own, reference : figures of the first tasks, in the order of `tasks`.
    """
    gains = []
    for group in dict.fromkeys(task.group for task in tasks[: len(own)]):
        rows = [row for row, task in enumerate(tasks[: len(own)]) if task.group == group]
        gains.append(_of_group([own[row] for row in rows], [reference[row] for row in rows]))
    ratio = math.exp(float(np.mean([math.log1p(gain.value) for gain in gains])))
    errors = [gain.error / (1 + gain.value) for gain in gains]  # of the logarithms
    return Gain(ratio - 1, ratio * math.hypot(*errors) / len(gains))


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
    """Of the tasks of one group."""
    gain = _of_listeners(own, reference)
    if len(own) < 2:
        return gain
    alone = [_of_listeners([one], [base]).value for one, base in zip(own, reference, strict=True)]
    return Gain(gain.value, max(gain.error, float(np.std(alone, ddof=1)) / math.sqrt(len(alone))))


def _of_listeners(own: Sequence[Figures], reference: Sequence[Figures]) -> Gain:
    """With the error that counts other listeners only."""
    logs, shares = [], []
    for side in SIDES:
        pairs = [(getattr(f, side), getattr(base, side)) for f, base in zip(own, reference, strict=True)]
        # An engine that ranks new songs by the defaults and no more by these choices finds none of them.
        pairs = [(0 * base if figure is None else figure, base) for figure, base in pairs if base is not None]
        if not pairs:
            continue
        now, before = (_mean_of([pair[part] for pair in pairs]) for part in (0, 1))
        level, base_level = (max(float(np.nanmean(each)), LEAST) for each in (now, before))
        logs.append(math.log(level / base_level))
        shares.append(
            (now / level - before / base_level) / np.isfinite(before).sum()
        )  # their sum's error is that of the logarithm
    stack = np.array(shares)
    of_listener = np.nansum(stack[:, np.isfinite(stack).any(axis=0)], axis=0) / len(logs)
    n, ratio = len(of_listener), math.exp(float(np.mean(logs)))
    error = ratio * math.sqrt(n) * float(of_listener.std(ddof=1)) if n > 1 else math.inf
    return Gain(ratio - 1, error)


def _mean_of(parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Mean over tasks for each listener, float64 (U,); NaN where no task asks about the listener."""
    stack = np.array(parts)
    count = np.isfinite(stack).sum(axis=0)
    out = np.full(stack.shape[1], np.nan)
    np.divide(np.nansum(stack, axis=0), count, out=out, where=count > 0)
    return out
