"""Hyper-images of many songs in worker processes; whatever one file does, it costs that file only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from content.cache import HyperImageCache
from content.decode import decode
from content.hyperimage import hyper_image, to_bytes
from data.errors import InputError
from data.guarded import TIME_LIMIT_S, Lost, guard_of, guarded

SONGS_WORTH_A_WORKER = 8  # to start a process takes the time of about ten songs


@dataclass(frozen=True)
class Job:
    """One song to extract: its file, its length in seconds as catalogued, and the hash of its bytes."""

    path: str
    duration: float
    content_hash: str

    def __str__(self) -> str:
        return self.path


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
    except MemoryError:
        return Failure(job.path, "memory", f"{job.path} needs more memory than there is", "Encode it again, or split it")
    cache.store(job.content_hash, to_bytes(hyper_image(y, cache.spec)))
    return None


def extract(
    jobs: Sequence[Job],
    cache: HyperImageCache,
    *,
    workers: int,
    on_done: Callable[[Job, Failure | None], None],
    time_limit: float | None = TIME_LIMIT_S,
) -> None:
    """Extract all songs that the cache lacks; `on_done` is called in this process for each of `jobs`, in order of completion.

    Parameters
    ----------
    workers : processes, one thread each.
    time_limit : seconds a song may take before it is given up; None works in this process, where a song that hangs or crashes
        hangs or crashes the caller.
    """
    cache.check()
    missing: list[Job] = []
    for job in jobs:
        if cache.has(job.content_hash):
            on_done(job, None)
        else:
            missing.append(job)
    if time_limit is None:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):  # as in the workers, so that the bytes are the same
            for job in missing:
                on_done(job, extract_one(job, cache))
    elif missing:
        guard = guard_of(workers, time_limit).of_size(len(missing), SONGS_WORTH_A_WORKER)
        with closing(guarded(extract_one, [(job, cache) for job in missing], guard, in_order=False)) as answers:
            for number, answer in answers:
                job = missing[number]
                on_done(job, Failure(job.path, *answer) if isinstance(answer, Lost) else answer)
