"""Worker processes: started afresh, one thread each, gone when their parent is gone."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import multiprocessing.spawn
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h
_preparing = threading.Lock()  # held while what a new process is told is changed
_limits: list[Any] = []  # keeps the limit on BLAS threads alive


def process_pool(
    workers: int, initializer: Callable[..., None] | None = None, initargs: tuple[Any, ...] = ()
) -> ProcessPoolExecutor:
    """A pool of `workers` processes; `initializer(*initargs)` runs in each.

    What they are given must be found in a module other than the caller's main one (see `fresh_processes`).
    """
    return ProcessPoolExecutor(workers, mp_context=fresh_processes(), initializer=start_worker, initargs=(initializer, initargs))


def fresh_processes() -> SpawnContext:
    """Processes that are spawned, not forked: a fork would copy threads in the middle of what they do.

    Unlike Python's own they do not run the caller's main module again, so that a plain script may call a step on its first line.
    """
    return _FreshContext()


class _FreshProcess(SpawnProcess):
    """A spawned process that knows nothing of the main module."""

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802 (multiprocessing's name)
        with _preparing:
            prepare = multiprocessing.spawn.get_preparation_data
            multiprocessing.spawn.get_preparation_data = lambda name: {
                key: value for key, value in prepare(name).items() if not key.startswith("init_main")
            }
            try:
                return SpawnProcess._Popen(process_obj)
            finally:
                multiprocessing.spawn.get_preparation_data = prepare


class _FreshContext(SpawnContext):
    Process = _FreshProcess


def start_worker(initializer: Callable[..., None] | None, initargs: tuple[Any, ...]) -> None:
    """What each worker does first: one thread for itself, and an eye on its parent; then `initializer(*initargs)`."""
    # More threads would fight over the same cores, and sum in another order, so that bytes would differ. The variables hold for
    # libraries that are loaded later, the limit for those that are loaded already.
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    from threadpoolctl import threadpool_limits

    _limits.append(threadpool_limits(1))
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    if initializer is not None:
        initializer(*initargs)


def _leave_with_parent() -> None:
    """End this process when its parent has ended; a killed parent would leave it waiting for work for ever.

    By asking once a second: to wait for the parent's sentinel in a thread was seen to spin and to take half a core.
    """
    parent = multiprocessing.parent_process()
    while parent is not None and os.getppid() == parent.pid:
        time.sleep(1.0)
    os._exit(1)


def keep_freed_memory() -> None:
    """Let the C library keep large blocks that were freed instead of giving them back to the kernel and fetching new ones.

    A training step allocates and frees the same tens of megabytes again and again and gets faster by this on the CPU. Does
    nothing where the C library is not glibc.
    """
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for parameter in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD):
            mallopt(parameter, 1 << 30)
