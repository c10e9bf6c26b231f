"""Two halves of the labelled songs, parted by artist: networks to compose against learn from one, the judge from the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from content.cache import CachedImages, Rows
from content.spec import HyperImageSpec
from data.errors import InputError
from data.files import read_json, write_json
from data.processes import keep_freed_memory, process_pool
from data.splits import group_folds
from data.tracks import Track
from recsys.report import Report
from recsys.steps.images import Songs
from recsys.steps.starting import PRETRAINED, SCRATCH, recipe_for
from recsys.steps.training import training_fingerprint

SCHEMA = 1
MOST_SONGS = 2000  # of each half; more are drawn at random, so that minutes stay minutes
LEAST_SONGS = 3  # of each value in each half
# Networks to compose against: unlike each other, so that only what all of them hear is worth something.
NETWORKS = (
    ("best-0", SCRATCH, "best", 0),
    ("best-1", SCRATCH, "best", 1),
    ("paper", SCRATCH, "paper", 0),
    ("shipped", PRETRAINED, None, 0),
)


@dataclass(frozen=True)
class Half:
    """Songs of one half: rows of the songs with an image, and their values of the label."""

    tracks: tuple[Track, ...]
    rows: tuple[int, ...]
    values: tuple[str, ...]


@dataclass(frozen=True)
class _Training:
    """One network to train."""

    folder: Path
    made_from: str
    start: str
    architecture: str | None
    seed: int
    epochs: int | None
    images: CachedImages
    half: Half
    label: str


def halves(songs: Songs, label: str, seed: int) -> tuple[Half, Half]:
    """The songs that carry `label`, parted by artist: those of the networks, those of the judge.

    Raises
    ------
    InputError : fewer than two artists, or a value with fewer than three songs in one of the halves.
    """
    rows = [row for row, track in enumerate(songs.tracks) if track.labels.get(label)]
    values = [songs.tracks[row].labels[label] for row in rows]
    artists = [songs.tracks[row].artist or f"\0{songs.tracks[row].track_id}" for row in rows]
    part = group_folds(artists, values, 2, seed)
    both = tuple(_half(songs, rows, values, np.flatnonzero(part == number), seed) for number in (0, 1))
    for half, whose in zip(both, ("the networks", "the judge"), strict=True):
        counts = {value: half.values.count(value) for value in set(values)}
        few = min(sorted(counts), key=lambda value: counts[value])
        if counts[few] < LEAST_SONGS:
            raise InputError(
                f"{label} {few!r} has {counts[few]} songs in the half of {whose}; each value needs {LEAST_SONGS} in each half",
                code="too-few-songs",
                hint="Label more songs by more artists, or choose another label",
            )
    return both[0], both[1]


def _half(songs: Songs, rows: Sequence[int], values: Sequence[str], inside: NDArray[np.intp], seed: int) -> Half:
    if len(inside) > MOST_SONGS:
        inside = np.sort(np.random.default_rng(seed).choice(inside, MOST_SONGS, replace=False))
    chosen = inside.tolist()
    return Half(tuple(songs.tracks[rows[i]] for i in chosen), tuple(rows[i] for i in chosen), tuple(values[i] for i in chosen))


def networks_of(
    folder: Path, songs: Songs, half: Half, label: str, *, epochs: int | None, workers: int, report: Report
) -> dict[str, Path]:
    """Train the networks on one half, or find them: name -> folder of the encoder.

    Parameters
    ----------
    folder : where they are kept; each in a folder named after all that decided it.
    epochs : of each; None leaves them to its preset.
    workers : processes, one thread each.
    """
    jobs = {}
    for name, start, architecture, seed in NETWORKS:
        recipe = recipe_for(start, architecture, {}, epochs=epochs, device="cpu", seed=seed, threads=1)
        pairs = [(track.content_hash, value) for track, value in zip(half.tracks, half.values, strict=True)]
        made_from = training_fingerprint(label, recipe.network, recipe.config, recipe.spec, pairs, start=recipe.started)
        jobs[name] = _Training(folder / made_from, made_from, start, architecture, seed, epochs, songs.images, half, label)
    missing = [job for job in jobs.values() if not _there(job)]
    with report.task(f"networks on {len(half.rows)} songs") as progress:
        progress(len(jobs) - len(missing), len(jobs))
        if workers == 1 or len(missing) < 2:
            for done, job in enumerate(missing, len(jobs) - len(missing) + 1):
                _train(job)
                progress(done, len(jobs))
        else:
            with process_pool(min(workers, len(missing)), keep_freed_memory) as pool:
                for done, _ in enumerate(pool.map(_train, missing), len(jobs) - len(missing) + 1):
                    progress(done, len(jobs))
    return {name: job.folder for name, job in jobs.items()}


def _there(job: _Training) -> bool:
    from content.encoder import Encoder

    try:
        if read_json(job.folder / "made-from.json", schema=SCHEMA)["made_from"] == job.made_from:
            Encoder.load(job.folder)
            return True
    except InputError:
        pass
    return False


def _train(job: _Training) -> None:
    from content.training import train

    recipe = recipe_for(
        SCRATCH if job.start == SCRATCH else PRETRAINED,
        job.architecture,
        {},
        epochs=job.epochs,
        device="cpu",
        seed=job.seed,
        threads=1,
    )
    encoder = train(
        Rows(job.images, job.half.rows),
        job.half.values,
        recipe.config,
        recipe.network,
        spec=recipe.spec,
        label=job.label,
        artists=[track.artist for track in job.half.tracks],
        start=recipe.start,
    )
    encoder.save(job.folder)
    write_json(job.folder / "made-from.json", {"schema": SCHEMA, "made_from": job.made_from})


def spec_of_all() -> HyperImageSpec:
    """Of the images that all networks hear."""
    return HyperImageSpec()
