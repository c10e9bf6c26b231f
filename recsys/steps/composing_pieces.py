"""Compose many pieces in worker processes and keep each as a WAV file, its target and a description; what is there stays."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from content.composing.familiar import Familiar
from content.composing.hearing import Networks, Wishes
from content.composing.piece import Piece
from content.composing.score import Trial
from data.errors import InputError
from data.files import atomic_path, fingerprint, read_json, write_json
from data.processes import process_pool
from recsys.report import Report

SCHEMA = 1
METHODS = ("image", "score")


@dataclass(frozen=True)
class Wanted:
    """One piece to compose: `path` without suffix; `made_from` names all that decides it."""

    path: Path
    made_from: str
    kind: str
    value: str
    seed: int

    @property
    def wav(self) -> Path:
        """The sound."""
        return self.path.with_name(self.path.name + ".wav")

    @property
    def _target(self) -> Path:
        return self.path.with_name(self.path.name + ".npz")

    @property
    def _about(self) -> Path:
        return self.path.with_name(self.path.name + ".json")

    def keep(self, piece: Piece) -> None:
        """Write sound (16-bit WAV), target and description; the description last: without it nothing is read."""
        import soundfile

        self._about.unlink(missing_ok=True)
        with atomic_path(self.wav, durable=False) as temporary:
            soundfile.write(temporary, piece.samples, piece.sample_rate, subtype="PCM_16", format="WAV")
        with atomic_path(self._target, durable=False) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, target=piece.target.astype(np.float16))
        about = {
            "wishes": piece.wishes,
            "method": piece.method,
            "settings": piece.settings,
            "log_probabilities": piece.log_probabilities,
        }
        write_json(self._about, {"schema": SCHEMA, "made_from": self.made_from, **about})

    def about(self) -> dict[str, Any] | None:
        """The description, or None if the piece is missing or was made from something else."""
        try:
            found = read_json(self._about, schema=SCHEMA)
        except InputError:
            return None
        whole = self.wav.exists() and self._target.exists()
        return found if whole and found.get("made_from") == self.made_from else None

    def target(self) -> NDArray[np.float32]:
        """The hyper-image that was aimed at, float32 (frames, n_rows)."""
        with np.load(self._target, allow_pickle=False) as arrays:
            return np.asarray(arrays["target"], np.float32)


@dataclass(frozen=True)
class _Task:
    """Pieces of one seed, which share what a search can share."""

    wanted: tuple[Wanted, ...]
    networks: Mapping[str, Path]
    real: Familiar
    material: Path | None
    method: str
    seconds: float
    seed: int
    options: Mapping[str, Any]
    opened: tuple[Trial, ...] = ()  # of method "score"


def slug(text: str) -> str:
    """A value as part of a file's name; two values never have the same."""
    plain = re.sub(r"[^\w-]+", "_", text)[:60]
    return plain if plain == text else f"{plain}-{fingerprint('value', text)[:6]}"


def compose_all(
    wanted: Sequence[Wanted],
    networks: Mapping[str, Path],
    real: Familiar,
    material: Path | None,
    *,
    method: str,
    seconds: float,
    options: Mapping[str, Any],
    workers: int,
    report: Report,
) -> int:
    """Compose what is missing; returns how many pieces that were.

    Parameters
    ----------
    networks : name -> folder of the encoder.
    real : the songs that these networks learned from.
    material : the folder of what method "image" mixes, made of the same songs.
    options : fields of the method's own settings.
    """
    missing = [piece for piece in wanted if piece.about() is None]
    seeds = sorted({piece.seed for piece in missing})
    opened: tuple[Trial, ...] = ()
    if method == "score" and missing:
        opened = tuple(_open(missing[0].kind, networks, real, options, seconds, workers, report))
    tasks = [
        _Task(tuple(p for p in missing if p.seed == seed), networks, real, material, method, seconds, seed, dict(options), opened)
        for seed in seeds
    ]
    with report.task(f"{len(wanted)} pieces of {seconds:g} s") as progress:
        progress(len(wanted) - len(missing), len(wanted))
        if workers == 1 or len(tasks) < 2:
            for task in tasks:
                for _ in _compose(task):
                    progress(len(wanted) - sum(piece.about() is None for piece in missing), len(wanted))
            return len(missing)
        pool = process_pool(min(workers, len(tasks)))
        try:
            futures = {pool.submit(_compose_list, task) for task in tasks}
            while futures:
                finished, futures = wait(futures, timeout=1.0, return_when=FIRST_EXCEPTION)
                for future in finished:
                    future.result()
                progress(len(wanted) - sum(piece.about() is None for piece in missing), len(wanted))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    return len(missing)


def _compose_list(task: _Task) -> None:
    for _ in _compose(task):
        pass


def _compose(task: _Task) -> Any:
    """Compose and keep the pieces of a task, one after the other; yields after each."""
    import torch

    from content.encoder import Encoder

    torch.set_num_threads(1)
    networks = {task.wanted[0].kind: {name: Encoder.load(folder) for name, folder in task.networks.items()}}
    compose = _by_image(task, networks) if task.material is not None else _by_score(task, networks)
    for wanted in task.wanted:
        wanted.keep(compose({wanted.kind: {wanted.value: 1.0}}))
        yield wanted


def _by_image(task: _Task, networks: Networks) -> Callable[[Wishes], Piece]:
    from content.composing.image import ImageSearch, compose_image
    from content.composing.material import Material

    assert task.material is not None  # the caller's choice
    real, material, search = {task.wanted[0].kind: task.real}, Material.load(task.material), ImageSearch(**task.options)
    return lambda wishes: compose_image(networks, material, real, wishes, seconds=task.seconds, seed=task.seed, search=search)


def _by_score(task: _Task, networks: Networks) -> Callable[[Wishes], Piece]:
    from content.composing.score import ScoreSearch, compose_score

    real, search = {task.wanted[0].kind: task.real}, ScoreSearch(**task.options)
    return lambda wishes: compose_score(
        networks, real, wishes, seconds=task.seconds, seed=task.seed, search=search, opened=task.opened
    )


def _open(
    kind: str,
    networks: Mapping[str, Path],
    real: Familiar,
    options: Mapping[str, Any],
    seconds: float,
    workers: int,
    report: Report,
) -> list[Trial]:
    """What all searches of method "score" begin with, by `workers` processes."""
    shared = (kind, dict(networks), real, dict(options), seconds)
    with report.task("scores from everywhere") as progress:
        if workers == 1:
            return _open_part(*shared, (0, 1))
        parts = 8 * workers
        heard: list[list[Trial]] = []
        with process_pool(workers) as pool:
            futures = [pool.submit(_open_part, *shared, (part, parts)) for part in range(parts)]
            for done, future in enumerate(futures, 1):
                heard.append(future.result())
                progress(done, parts)
    count = sum(map(len, heard))
    return [heard[number % parts][number // parts] for number in range(count)]  # the same order for any number of workers


def _open_part(
    kind: str, folders: dict[str, Path], real: Familiar, options: dict[str, Any], seconds: float, part: tuple[int, int]
) -> list[Trial]:
    import torch

    from content.composing.score import ScoreSearch, opening
    from content.encoder import Encoder

    torch.set_num_threads(1)
    networks = {kind: {name: Encoder.load(folder) for name, folder in folders.items()}}
    return opening(networks, {kind: real}, seconds=seconds, search=ScoreSearch(**options), part=part)
