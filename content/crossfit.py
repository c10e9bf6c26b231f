"""Cross-fitting: one network for each fold, trained without that fold; each fold in a single-threaded process of its own.

The same networks serve two ends: their predictions on the fold they have not seen make the cross-validation table, and their
embeddings let recommenders be tested on artists whose labels the encoder has never seen.
"""

from __future__ import annotations

import multiprocessing
import queue
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from content.cache import Rows
from data.errors import InputError
from data.files import atomic_path, read_json, write_json

if TYPE_CHECKING:
    from content.notation import Architecture
    from content.spec import HyperImageSpec
    from content.training import TrainingConfig

SCHEMA = 1
Images = Sequence[NDArray[np.uint8]]


@dataclass(frozen=True)
class FoldResult:
    """What the network that was trained without one fold says.

    Parameters
    ----------
    fold : its number.
    classes : label values, in the order of the columns of `log_probabilities`.
    rows : int32 (m,), the held-out rows of the images.
    snippets : int32 (m,), number of snippets of each held-out row.
    log_probabilities : float32 (sum of snippets, classes).
    vectors : float32 (n, d), embeddings of all rows, held out or not, in this network's space; or None.
    seconds : CPU seconds of training.
    """

    fold: int
    classes: tuple[str, ...]
    rows: NDArray[np.int32]
    snippets: NDArray[np.int32]
    log_probabilities: NDArray[np.float32]
    vectors: NDArray[np.float32] | None
    seconds: float


@dataclass(frozen=True)
class _Task:
    images: Images
    labels: tuple[str, ...]
    fold_of: NDArray[np.int32]
    fold: int
    architecture: Architecture
    config: TrainingConfig
    spec: HyperImageSpec
    label: str
    with_vectors: bool
    folder: Path


def crossfit(
    images: Images,
    labels: Sequence[str],
    fold_of: NDArray[np.int32],
    architecture: Architecture,
    config: TrainingConfig,
    *,
    spec: HyperImageSpec,
    label: str,
    folder: Path,
    folds: Sequence[int],
    workers: int,
    with_vectors: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> list[FoldResult]:
    """Train and keep one network a fold; finished folds found in `folder` are read, not trained again.

    Parameters
    ----------
    images : n hyper-images, uint8 (frames, n_rows) each.
    labels : n values, "" where unknown: such a row is never trained on.
    fold_of : int32 (n,), fold of each row.
    folder : where the folds are kept; its name must change with everything that decides the result.
    folds : the folds wanted.
    workers : processes; each fold runs in one of them with one thread.
    with_vectors : embed all rows with each network.
    progress : called with (epochs done, epochs in all) over all folds.

    Raises
    ------
    InputError : a fold leaves fewer than two classes to train on.
    """
    tasks = [
        _Task(images, tuple(labels), fold_of, fold, architecture, config, spec, label, with_vectors, folder / f"fold-{fold}")
        for fold in folds
    ]
    missing = [task for task in tasks if not _finished(task)]
    total = config.epochs * len(tasks)
    done = config.epochs * (len(tasks) - len(missing))
    if progress is not None:
        progress(done, total)
    if workers <= 1 or len(missing) == 1:
        for task in missing:
            start = done

            def on_epoch(start: int = start) -> None:
                nonlocal done
                done += 1
                if progress is not None:
                    progress(done, total)

            _fit(task, on_epoch)
            done = start + config.epochs
    elif missing:
        _run_processes(missing, min(workers, len(missing)), lambda epochs: progress and progress(done + epochs, total))
    return [_read(task) for task in tasks]


def _run_processes(tasks: Sequence[_Task], workers: int, on_epochs: Callable[[int], object]) -> None:
    context = multiprocessing.get_context("spawn")
    epochs: multiprocessing.Queue[int] = context.Queue()
    count = 0
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker, initargs=(epochs,)) as pool:
        futures: set[Future[None]] = {pool.submit(_work, task) for task in tasks}
        try:
            while futures:
                finished, futures = wait(futures, timeout=0.5, return_when=FIRST_EXCEPTION)
                while True:
                    try:
                        count += epochs.get_nowait()
                    except queue.Empty:
                        break
                on_epochs(count)
                for future in finished:
                    future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


_epochs: multiprocessing.Queue[int] | None = None


def _start_worker(epochs: multiprocessing.Queue[int]) -> None:
    from threadpoolctl import threadpool_limits

    global _epochs  # noqa: PLW0603  (the one way to hand a queue to a pool's workers)
    _epochs = epochs
    threadpool_limits(1)


def _work(task: _Task) -> None:
    _fit(task, lambda: _epochs.put(1) if _epochs is not None else None)


def _fit(task: _Task, on_epoch: Callable[[], object]) -> None:
    """Train one network and write its result; a training that was killed goes on from its last whole epoch."""
    from content.embedding import embed, snippet_log_probabilities
    from content.training import train

    task.folder.parent.mkdir(parents=True, exist_ok=True)
    checkpoint = task.folder.with_suffix(".checkpoint")
    known = np.array([bool(label) for label in task.labels])
    inside = np.flatnonzero(known & (task.fold_of != task.fold))
    outside = np.flatnonzero(known & (task.fold_of == task.fold)).astype(np.int32)
    start = time.process_time()
    encoder = train(
        Rows(task.images, inside),
        [task.labels[row] for row in inside],
        task.config,
        task.architecture,
        spec=task.spec,
        label=task.label,
        checkpoint=checkpoint,
        on_epoch=lambda _record: on_epoch(),
    )
    seconds = time.process_time() - start
    predictions = [snippet_log_probabilities(encoder, task.images[int(row)]) for row in outside]
    arrays = {
        "rows": outside,
        "snippets": np.array([len(p) for p in predictions], np.int32),
        "log_probabilities": np.concatenate(predictions) if predictions else np.zeros((0, len(encoder.classes)), np.float32),
    }
    if task.with_vectors:
        arrays["vectors"] = embed(encoder, task.images)[0]
    with atomic_path(task.folder.with_suffix(".npz")) as path, path.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    write_json(task.folder.with_suffix(".json"), {"schema": SCHEMA, "classes": encoder.classes, "seconds": seconds})
    checkpoint.unlink(missing_ok=True)


def _finished(task: _Task) -> bool:
    """Whether the fold is there, with vectors if they are asked for."""
    try:
        result = _read(task)
    except InputError:
        return False
    return result.vectors is not None or not task.with_vectors


def _read(task: _Task) -> FoldResult:
    meta = read_json(task.folder.with_suffix(".json"), schema=SCHEMA)
    try:
        with np.load(task.folder.with_suffix(".npz"), allow_pickle=False) as arrays:
            return FoldResult(
                task.fold,
                tuple(meta["classes"]),
                arrays["rows"],
                arrays["snippets"],
                arrays["log_probabilities"],
                arrays.get("vectors"),
                meta["seconds"],
            )
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"{task.folder.with_suffix('.npz')} cannot be read: {error}", code="damaged") from None


class Snippets(Sequence[NDArray[np.uint8]]):
    """All whole snippets of some songs as images of their own: what a split by snippet divides.

    Parameters
    ----------
    images : the songs.
    frames : length of a snippet; songs shorter than that are one snippet.
    lengths : frames of each song.
    """

    def __init__(self, images: Images, frames: int, lengths: Sequence[int]) -> None:
        self.images, self.frames = images, frames
        self.song = np.repeat(np.arange(len(lengths)), [max(1, n // frames) for n in lengths])
        first = np.r_[0, np.flatnonzero(np.diff(self.song)) + 1]
        self.start = (np.arange(len(self.song)) - np.repeat(first, np.diff(np.r_[first, len(self.song)]))) * frames

    def __len__(self) -> int:
        return len(self.song)

    def __getitem__(self, index: Any) -> Any:
        start = int(self.start[index])
        return self.images[int(self.song[index])][start : start + self.frames]
