"""Cross-fitting: one network for each fold, trained without that fold; each fold in a single-threaded process of its own.

The same networks serve two ends: their predictions on the fold they have not seen make the cross-validation table, and their
embeddings let recommenders be tested on artists whose labels the encoder has never seen.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import queue
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from content.cache import Rows
from content.fold_results import FoldResult, read_fold, write_fold
from data.errors import InputError
from data.processes import keep_freed_memory, process_pool

if TYPE_CHECKING:
    from content.layers import Architecture
    from content.spec import HyperImageSpec
    from content.training_config import TrainingConfig

__all__ = ["FoldResult", "Plan", "crossfit"]
Images = Sequence[NDArray[np.uint8]]


@dataclass(frozen=True)
class Plan:
    """Networks to train, each without one fold.

    Parameters
    ----------
    images : n hyper-images, uint8 (frames, n_rows) each.
    labels : n values, "" where unknown: such a row is never predicted, and trained on only if it has a further label.
    fold_of : int32 (n,), fold of each row.
    folds : the folds wanted.
    folder : where the networks' results are kept; its name must change with everything that decides them.
    with_vectors : embed all rows with each network.
    also : further labels to learn at the same time, by kind, n texts each; the held-out fold is held out for all of them.
    artists : n names, "" where unknown, for a validation set inside the training songs; or none.
    """

    images: Images
    labels: tuple[str, ...]
    fold_of: NDArray[np.int32]
    folds: tuple[int, ...]
    folder: Path
    with_vectors: bool = False
    also: Mapping[str, Sequence[str]] = field(default_factory=dict)
    artists: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Task:
    plan: Plan
    fold: int
    architecture: Architecture
    config: TrainingConfig
    spec: HyperImageSpec
    label: str
    pretrained: bool

    @property
    def path(self) -> Path:
        """Where the result goes, without suffix."""
        return self.plan.folder / f"fold-{self.fold}"


def crossfit(
    plans: Sequence[Plan],
    architecture: Architecture,
    config: TrainingConfig,
    *,
    spec: HyperImageSpec,
    label: str,
    pretrained: bool = False,
    workers: int,
    progress: Callable[[int, int], None] | None = None,
) -> list[list[FoldResult]]:
    """Train one network a fold of each plan; finished ones found in its folder are read, not trained again.

    Parameters
    ----------
    plans : all their folds share the worker processes.
    spec : of the images. label : what kind of label it is; for the record.
    pretrained : each network starts from the shipped encoder, whose architecture it has.
    workers : processes, each of which trains one fold after the other with one thread; 1 works in this process.
    progress : called with (epochs done, epochs in all) over all folds.

    Raises
    ------
    InputError : a fold leaves fewer than two classes to train on.
    """
    tasks = [[_Task(plan, fold, architecture, config, spec, label, pretrained) for fold in plan.folds] for plan in plans]
    everything = [task for of_plan in tasks for task in of_plan]
    missing = [task for task in everything if not _finished(task)]
    total = config.epochs * len(everything)
    before = total - config.epochs * len(missing)

    def on_epochs(epochs: int) -> None:
        if progress is not None:
            progress(before + epochs, total)

    on_epochs(0)
    if workers > 1:
        _run_processes(missing, min(workers, len(missing)), on_epochs)
    else:
        for number, task in enumerate(missing):
            count = itertools.count(number * config.epochs + 1)
            _fit(task, lambda count=count: on_epochs(next(count)))  # type: ignore[misc]
    return [[read_fold(task.path, task.fold) for task in of_plan] for of_plan in tasks]


def _run_processes(tasks: Sequence[_Task], workers: int, on_epochs: Callable[[int], None]) -> None:
    if not tasks:
        return
    epochs: multiprocessing.Queue[int] = multiprocessing.get_context("spawn").Queue()
    count = 0
    pool = process_pool(workers, _start_worker, (epochs,))
    try:
        futures: set[Future[None]] = {pool.submit(_work, task) for task in tasks}
        while futures:
            finished, futures = wait(futures, timeout=0.5, return_when=FIRST_EXCEPTION)
            with contextlib.suppress(queue.Empty):
                while True:
                    count += epochs.get_nowait()
            on_epochs(count)
            for future in finished:
                future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


_epochs: multiprocessing.Queue[int] | None = None


def _start_worker(epochs: multiprocessing.Queue[int]) -> None:
    global _epochs  # noqa: PLW0603  (the one way to hand a queue to a pool's workers)
    _epochs = epochs
    keep_freed_memory()


def _work(task: _Task) -> None:
    _fit(task, lambda: _epochs.put(1) if _epochs is not None else None)


def _fit(task: _Task, on_epoch: Callable[[], object]) -> None:
    """Train one network and write its result; a training that was killed goes on from its last whole epoch."""
    from content.embedding import embed, snippet_log_probabilities
    from content.pretrained import pretrained_encoder
    from content.training import train

    task.plan.folder.mkdir(parents=True, exist_ok=True)
    checkpoint = task.path.with_suffix(".checkpoint")
    plan, held_out = task.plan, task.plan.fold_of == task.fold
    known = np.array([bool(label) for label in plan.labels])
    labelled = np.array([any(texts) for texts in zip(plan.labels, *plan.also.values(), strict=True)])
    inside = np.flatnonzero(labelled & ~held_out).tolist()
    outside = np.flatnonzero(known & held_out).astype(np.int32)
    told = 0

    def tell(_record: object) -> None:
        nonlocal told
        told += 1
        on_epoch()

    start = time.process_time()
    encoder = train(
        Rows(plan.images, inside),
        [plan.labels[row] for row in inside],
        task.config,
        task.architecture,
        spec=task.spec,
        label=task.label,
        also={kind: [texts[row] for row in inside] for kind, texts in plan.also.items()},
        artists=[plan.artists[row] for row in inside] if plan.artists else (),
        start=pretrained_encoder() if task.pretrained else None,
        checkpoint=checkpoint,
        on_epoch=tell,
    )
    for _ in range(task.config.epochs - told):  # done before a kill, or not needed: training stopped early
        on_epoch()
    seconds = time.process_time() - start
    device, threads = task.config.device, task.config.threads
    predictions = [snippet_log_probabilities(encoder, plan.images[int(row)], device=device, threads=threads) for row in outside]
    scores = np.concatenate(predictions) if predictions else np.zeros((0, len(encoder.classes)), np.float32)
    snippets = np.array([len(p) for p in predictions], np.int32)
    vectors = embed(encoder, plan.images, device=device, threads=threads)[0] if plan.with_vectors else None
    write_fold(task.path, FoldResult(task.fold, encoder.classes, outside, snippets, scores, vectors, seconds))
    checkpoint.unlink(missing_ok=True)


def _finished(task: _Task) -> bool:
    """Whether the fold is there, with vectors if they are asked for."""
    try:
        result = read_fold(task.path, task.fold)
    except InputError:
        return False
    return result.vectors is not None or not task.plan.with_vectors
