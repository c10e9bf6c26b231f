"""Scan and extraction from nothing against librosa.load and librosa's defaults; and two worker processes against one."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.clips import clips, spread
from benchmarks.timing import cpu_seconds, medians_over, print_ratios
from content.cache import HyperImageCache
from content.extraction import Failure, Job, extract
from content.spec import HyperImageSpec
from data.processes import process_pool
from recsys.report import SILENT
from recsys.steps.images import songs_with_images
from recsys.steps.library import scan
from recsys.workspace import open_workspace


def run(scratch: Path, *, wanted: int = 40) -> None:
    """Both tables."""
    import librosa

    from benchmarks.librosa_blocks import librosa_defaults

    songs = clips(scratch, wanted)
    music = scratch / "music"
    music.mkdir()
    for song in songs:
        (music / song.name).symlink_to(song)
    by_librosa = medians_over(spread(songs, 12), {"librosa": lambda path: librosa_defaults(librosa.load(path, sr=22050)[0])})
    _from_nothing(scratch / "once", music, most=1)  # (as for librosa: imports and tables do not count)
    scanned, extracted = _from_nothing(scratch / "workspace", music)
    seconds = {
        "librosa.load and librosa's defaults, median": by_librosa["librosa"],
        "scan and extraction from nothing, mean": (scanned + extracted) / len(songs),
        "  of it the scan": scanned / len(songs),
    }
    print_ratios(f"{len(songs)} songs of 30 s into an empty workspace, per song", seconds, next(iter(seconds)))
    processes(scratch, songs)


def _from_nothing(root: Path, music: Path, *, most: int | None = None) -> tuple[float, float]:
    """CPU seconds of the scan and of the extraction in this process, of `most` of the songs or of all."""
    if most is not None:
        few = root.with_name(f"{root.name}-music")
        few.mkdir()
        for song in sorted(music.iterdir())[:most]:
            (few / song.name).symlink_to(song.resolve())
        music = few
    start = cpu_seconds()
    scan(root, [music])
    between = cpu_seconds()
    workspace = open_workspace(root)
    with workspace.writing(), workspace.catalogue() as catalogue:
        songs_with_images(workspace, catalogue, HyperImageSpec(), workers=1, report=SILENT)
    return between - start, cpu_seconds() - between


def processes(scratch: Path, songs: Sequence[Path], *, wanted: int = 400) -> None:
    """Extraction with one and with two worker processes, by CPU time with their start, and by wall time beside a control."""
    jobs = [Job(str(songs[i % len(songs)]), 30.0, f"{i:04x}") for i in range(wanted)]
    cpu: dict[int, float] = {}
    rate: dict[int, float] = {}
    control: dict[int, float] = {}
    for workers in (1, 2):
        cache = HyperImageCache(scratch / f"images-{workers}", HyperImageSpec())
        start = cpu_seconds()
        rate[workers] = _songs_a_second(jobs, cache, workers)
        cpu[workers] = (cpu_seconds() - start) / len(jobs)
        control[workers] = _loops_a_second(workers)
    print(f"\nworker processes, {wanted} songs of 30 s, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"  CPU time a song, with what starting workers takes: one {1000 * cpu[1]:.1f} ms, two {1000 * cpu[2]:.1f} ms;")
    print(f"    so two do {2 * cpu[1] / cpu[2]:.2f} times the work of one where two cores are free")
    print(f"  songs a second of wall time, once at work: one {rate[1]:.1f}, two {rate[2]:.1f}, {rate[2] / rate[1]:.2f} times;")
    print(f"    a loop of additions, on the same machine at that time: {control[2] / control[1]:.2f} times", flush=True)


def _songs_a_second(jobs: Sequence[Job], cache: HyperImageCache, workers: int) -> float:
    moments: list[float] = []

    def on_done(job: Job, failure: Failure | None) -> None:
        if failure is not None:
            raise RuntimeError(failure.reason)
        moments.append(time.perf_counter())

    extract(jobs, cache, workers=workers, on_done=on_done)
    first = 8 * workers
    return (len(moments) - first) / (moments[-1] - moments[first - 1])


def _loops_a_second(workers: int, tasks: int = 24) -> float:
    with process_pool(workers) as pool:
        list(pool.map(_loop, range(workers)))  # both have started
        start = time.perf_counter()
        list(pool.map(_loop, range(tasks)))
        return tasks / (time.perf_counter() - start)


def _loop(_: int) -> int:
    return sum(range(5_000_000))
