"""How many processes and threads a step takes on this machine."""

from __future__ import annotations

import os


def workers_or_all(workers: int) -> int:
    """`workers`, or one for each core that this process may use if it is 0."""
    if workers > 0:
        return workers
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def threads_or_all(workers: int) -> int:
    """Threads to compute with: as `workers_or_all`, shared among the processes that torchrun has started on this machine."""
    beside = int(os.environ.get("LOCAL_WORLD_SIZE", "1")) if "TORCHELASTIC_RUN_ID" in os.environ else 1
    return max(1, workers_or_all(workers) // beside)


def patient_threads() -> None:
    """Let OpenMP threads sleep while they wait; call before torch is imported.

    By default they spin: on cores that other programs use as well, two threads then are several times slower than one.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
