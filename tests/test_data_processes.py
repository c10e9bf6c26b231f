"""Worker processes are single-threaded, cost nothing while idle, and do not outlive their parent."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from conftest import ROOT
from worker_processes import assert_ends_with_its_parent

from data.processes import keep_freed_memory, process_pool


def _threads_of_blas():
    import numpy  # noqa: F401
    from threadpoolctl import threadpool_info

    return {library["num_threads"] for library in threadpool_info()}


def _cpu_seconds_while_idle():
    start = time.process_time()
    time.sleep(1.0)
    return time.process_time() - start


def test_a_worker_has_one_blas_thread_and_idles_for_free(monkeypatch):
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(variable, raising=False)
    with process_pool(1) as pool:
        assert pool.submit(_threads_of_blas).result() == {1}
        assert pool.submit(_cpu_seconds_while_idle).result() < 0.3


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="looks at /proc")  # noqa: PTH112
def test_workers_end_when_their_parent_is_killed():
    code = (
        "import os, time\n"
        "from data.processes import process_pool\n"
        "if __name__ == '__main__':\n"
        "    pool = process_pool(1)\n"
        "    print(pool.submit(os.getpid).result(), flush=True)\n"
        "    time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert_ends_with_its_parent(parent)


def test_keeping_freed_memory_is_harmless():
    keep_freed_memory()
    assert len(bytearray(1 << 24)) == 1 << 24
