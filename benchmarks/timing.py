"""Medians of interleaved runs, so that a busy machine slows all competitors alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def medians(competitors: Mapping[str, Callable[[], object]], *, repeats: int = 5) -> dict[str, float]:
    """Median CPU seconds of this process for each competitor, after one run of each that does not count."""
    for run in competitors.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in competitors}
    for _ in range(repeats):
        for name, run in competitors.items():
            start = time.process_time()
            run()
            seconds[name].append(time.process_time() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def print_ratios(title: str, seconds: Mapping[str, float], reference: str) -> None:
    """A table: milliseconds, and how many times faster than `reference`."""
    print(f"\n{title}")
    for name, value in seconds.items():
        ratio = "reference" if name == reference else f"{seconds[reference] / value:.1f} times faster"
        print(f"  {name:<58}{1000 * value:>10.1f} ms   {ratio}")
