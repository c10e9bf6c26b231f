"""Medians of interleaved runs, so that a busy machine slows all competitors alike."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def cpu_seconds() -> float:
    """CPU time, user and system, of this process and of those of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def medians(competitors: Mapping[str, Callable[[], object]], *, repeats: int = 5) -> dict[str, float]:
    """Median CPU seconds of this process for each competitor, after one run of each that does not count."""
    return medians_over([None] * repeats, {name: lambda _, run=run: run() for name, run in competitors.items()})


def medians_over(items: Sequence[Any], competitors: Mapping[str, Callable[[Any], object]]) -> dict[str, float]:
    """Median CPU seconds of this process over `items`, each given to every competitor in turn, after one run for warmth."""
    for run in competitors.values():
        run(items[0])
    seconds: dict[str, list[float]] = {name: [] for name in competitors}
    for item in items:
        for name, run in competitors.items():
            start = time.process_time()
            run(item)
            seconds[name].append(time.process_time() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def print_ratios(title: str, seconds: Mapping[str, float], *references: str) -> None:
    """A table: milliseconds, and how many times faster than each of `references`."""
    print(f"\n{title}")
    for name, value in seconds.items():
        ratios = " and ".join(f"{seconds[reference] / value:.1f}" for reference in references if reference != name)
        told = "reference" if name in references else f"{ratios} times faster"
        print(f"  {name:<58}{1000 * value:>10.1f} ms   {told}", flush=True)
