"""Hyper-images of many songs in worker processes; whatever one file does, it costs that file only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from content.cache import HyperImageCache
from content.decode import decode
from content.hyperimage import hyper_image, to_bytes
from data.errors import InputError
from data.processes import process_pool

QUEUE_PER_WORKER = 4  # bounded: memory does not grow with the library
CHUNK = 4  # songs handed to a worker at once


@dataclass(frozen=True)
class Job:
    """One song to extract: its file, its length in seconds as catalogued, and the hash of its bytes."""

    path: str
    duration: float
    content_hash: str


@dataclass(frozen=True)
class Failure:
    """A song that has no hyper-image, and why."""

    path: str
    code: str
    reason: str
    hint: str


def extract_one(job: Job, cache: HyperImageCache) -> Failure | None:
    """Decode one song, compute its hyper-image and store it; what the file gets wrong comes back as a Failure."""
    try:
        y = decode(Path(job.path), job.duration, cache.spec)
    except InputError as error:
        return Failure(job.path, error.code, error.message, error.hint)
    cache.store(job.content_hash, to_bytes(hyper_image(y, cache.spec)))
    return None


def extract(jobs: Sequence[Job], cache: HyperImageCache, *, workers: int, on_done: Callable[[Job, Failure | None], None]) -> None:
    """Extract all songs that the cache lacks; `on_done` is called in this process for each of `jobs`, in order of completion.

    Parameters
    ----------
    workers : processes, one thread each; 1 works in this process.
    """
    cache.check()
    missing: list[Job] = []
    for job in jobs:
        if cache.has(job.content_hash):
            on_done(job, None)
        else:
            missing.append(job)
    from threadpoolctl import threadpool_limits

    if workers <= 1 or len(missing) <= 2 * CHUNK:
        with threadpool_limits(1):  # as in the workers, so that the bytes are the same
            for job in missing:
                on_done(job, extract_one(job, cache))
        return
    chunks = [missing[i : i + CHUNK] for i in range(0, len(missing), CHUNK)]
    for chunk in _run_pool(chunks, cache, workers, on_done):
        # A worker died while these were with it: one at a time, so that only the culprit is blamed.
        for job in chunk:
            if _run_pool([[job]], cache, 1, on_done):
                on_done(job, Failure(job.path, "decoder-crash", f"{job.path} crashes the decoder", "Encode the file again"))


def _run_pool(
    chunks: Sequence[list[Job]], cache: HyperImageCache, workers: int, on_done: Callable[[Job, Failure | None], None]
) -> list[list[Job]]:
    """Run chunks in a pool; returns those that were unfinished when a worker died."""
    waiting = list(reversed(chunks))
    running: dict[Future[list[Failure | None]], list[Job]] = {}
    lost: list[list[Job]] = []
    pool = process_pool(workers)
    try:
        while waiting or running:
            try:
                while waiting and len(running) < QUEUE_PER_WORKER * workers:
                    running[pool.submit(_extract_chunk, waiting[-1], cache)] = waiting[-1]
                    waiting.pop()
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    for job, failure in zip(running[future], future.result(), strict=True):
                        on_done(job, failure)
                    del running[future]
            except BrokenProcessPool:
                lost.extend(running.values())
                running.clear()
                pool.shutdown(wait=True, cancel_futures=True)
                if len(chunks) == 1:
                    break
                pool = process_pool(workers)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return lost


def _extract_chunk(jobs: list[Job], cache: HyperImageCache) -> list[Failure | None]:
    return [extract_one(job, cache) for job in jobs]
