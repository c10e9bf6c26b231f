"""Peak memory of scan and extraction for small and for large libraries, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import re
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np

SIZES = (500, 5000)
SECONDS = 0.6


def run(scratch: Path, *, sizes: tuple[int, ...] = SIZES) -> None:
    """Peaks after the scan and after the extraction, of the parent and of the largest of two workers."""
    if not Path("/proc/self/status").exists():
        print("\npeak memory: only measured where /proc/self/status tells it")
        return
    print(f"\npeak memory of scan and extraction with two workers, songs of {SECONDS} s")
    for size in sizes:
        command = [sys.executable, "-m", "benchmarks.memory", str(scratch / str(size)), str(size)]
        print("  " + subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip(), flush=True)


def _measure(folder: Path, size: int) -> None:
    from content.spec import HyperImageSpec
    from recsys.report import SILENT
    from recsys.steps import images
    from recsys.steps.library import scan
    from recsys.workspace import open_workspace

    _write_songs(folder / "music", size)
    before = _peak_mb("self")
    scan(folder / "workspace", [folder / "music"])
    scanned = _peak_mb("self")
    worker = 0.0
    plain = images.extract

    def watched(jobs, cache, *, workers, on_done):  # type: ignore[no-untyped-def]
        def watch(job, failure):  # type: ignore[no-untyped-def]
            nonlocal worker
            worker = max(worker, *(_peak_mb(str(child.pid)) for child in multiprocessing.active_children()), 0.0)
            on_done(job, failure)

        plain(jobs, cache, workers=workers, on_done=watch)

    images.extract = watched
    workspace = open_workspace(folder / "workspace")
    with workspace.writing(), workspace.catalogue() as catalogue:
        images.songs_with_images(workspace, catalogue, HyperImageSpec(), workers=2, report=SILENT)
    told = f"{size:>6,} songs: {before:.0f} MB at the start, {scanned:.0f} after the scan"
    print(f"{told}, {_peak_mb('self'):.0f} after the extraction; a worker {worker:.0f}")


def _write_songs(folder: Path, size: int) -> None:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for i in range(size):
        with wave.open(str(folder / f"{i}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(22050)
            file.writeframes(rng.integers(-9000, 9000, round(SECONDS * 22050)).astype("<i2").tobytes())


def _peak_mb(process: str) -> float:
    """Largest resident size so far, MB; 0 if the process has ended."""
    try:
        found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    _measure(Path(sys.argv[1]), int(sys.argv[2]))
