"""Hyper-images of the catalogue's songs, computed where they are missing; what fails goes to the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from content import extraction
from content.cache import CachedImages, HyperImageCache
from content.extraction import Job, extract
from content.spec import HyperImageSpec
from data.catalogue import Catalogue, Failure
from data.guarded import TIME_LIMIT_S
from data.scan_report import told
from data.tracks import Track
from recsys.report import Report
from recsys.steps.machine import workers_or_all
from recsys.workspace import Workspace

STAGE = "extract"


class Songs(NamedTuple):
    """Songs whose sound is known, with their images in the same order, how many failed just now, and why: code -> number."""

    tracks: list[Track]
    images: CachedImages
    failed: int
    reasons: Mapping[str, int] = {}


def songs_with_images(
    workspace: Workspace,
    catalogue: Catalogue,
    spec: HyperImageSpec,
    *,
    workers: int,
    report: Report,
    time_limit: float = TIME_LIMIT_S,
) -> Songs:
    """Extract what is missing and return all songs that have a hyper-image, ordered by id.

    A file that failed before is not tried again until it changes, which `recsys scan` notices, or until `recsys failed --retry`.

    Parameters
    ----------
    time_limit : seconds a song may take before it is given up.
    """
    cache = HyperImageCache(workspace.images, spec)
    refused = {failure.path for failure in catalogue.failures() if not failure.kept}
    tracks = [track for track in catalogue.tracks() if track.path not in refused]
    jobs = [Job(track.path, track.duration, track.content_hash) for track in tracks]
    states = catalogue.file_states()
    failed: dict[str, str] = {}  # path -> code
    with report.task("hyper-images") as progress:
        done = 0

        def on_done(job: Job, failure: extraction.Failure | None) -> None:
            nonlocal done
            done += 1
            progress(done, len(jobs))
            if failure is not None:
                failed[job.path] = failure.code
                state = states[job.path]  # so that the file is tried again when it has changed, and not before
                why = (failure.code, failure.reason, failure.hint)
                catalogue.record_failure(Failure(job.path, STAGE, *why, state.size, state.mtime_ns))

        extract(jobs, cache, workers=workers_or_all(workers), on_done=on_done, time_limit=time_limit)
    reasons = dict(Counter(failed.values()).most_common())
    if failed:
        report.say(f"{len(failed)} songs could not be analysed: {told(reasons)}. `recsys failed` lists them")
    heard = [track for track in tracks if track.path not in failed]
    return Songs(heard, CachedImages(cache, [track.content_hash for track in heard]), len(failed), reasons)
