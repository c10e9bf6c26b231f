"""What each epoch came to, as it happens: metrics.jsonl, and TensorBoard where it is wanted."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.errors import InputError
from data.files import disk_errors, write_text

if TYPE_CHECKING:
    from content.checkpoint import EpochRecord

log = logging.getLogger(__name__)
WriteEpoch = Callable[["EpochRecord", float, int], None]  # (record, seconds, snippets)


def check_tensorboard() -> None:
    """Raise InputError if TensorBoard is not installed."""
    if importlib.util.find_spec("tensorboard") is None:
        raise InputError(
            "TensorBoard is not installed", code="missing-package", hint="Install it with `pip install 'recsys[tensorboard]'`"
        )


@contextlib.contextmanager
def metrics_log(path: Path | None, tensorboard: Path | None, run: str, history: Sequence[EpochRecord]) -> Iterator[WriteEpoch]:
    """Yield what is to be called after each epoch, before its checkpoint is written.

    Parameters
    ----------
    path : of one JSON object a line and epoch: run, epoch, loss, accuracy, learning_rate, validation_loss, validation_accuracy,
        seconds, snippets_per_second; or None. Lines of other runs and of epochs after `history` are taken out.
    tensorboard : folder for event files, or None.
    run : names the run.
    history : what is finished.
    """
    with _event_writer(tensorboard, len(history)) as writer:  # first: if it fails, the last run's lines are still there
        if path is not None:
            kept = _lines(path, run, len(history))
            missing = [_line(run, record, None, None) for record in history if record.epoch not in kept]
            for line in missing:  # the file was lost, the checkpoint was not: times are not known any more
                kept[line["epoch"]] = line
            with disk_errors(path):
                write_text(path, "".join(json.dumps(kept[epoch]) + "\n" for epoch in sorted(kept)))

        def write(record: EpochRecord, seconds: float, snippets: int) -> None:
            line = _line(run, record, seconds, snippets)
            if path is not None:
                _append(path, line)
            if writer is not None:
                for name, value in line.items():
                    if isinstance(value, float) and name != "seconds":
                        writer.add_scalar(name.replace("validation_", "validation/"), value, record.epoch)
                writer.flush()

        yield write


def _line(run: str, record: EpochRecord, seconds: float | None, snippets: int | None) -> dict[str, Any]:
    return {
        "run": run,
        "epoch": record.epoch,
        "loss": record.loss,
        "accuracy": record.accuracy,
        "learning_rate": record.learning_rate,
        "validation_loss": record.validation_loss,
        "validation_accuracy": record.validation_accuracy,
        "seconds": None if seconds is None else round(seconds, 3),
        "snippets_per_second": None if seconds is None or snippets is None else round(snippets / max(seconds, 1e-9), 2),
    }


def _lines(path: Path, run: str, epochs: int) -> dict[int, dict[str, Any]]:
    """Epoch -> line, of the first `epochs` epochs of `run`; a torn line is none."""
    found = {}
    if path.exists():
        for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                line = json.loads(text)
                if line["run"] == run and 1 <= line["epoch"] <= epochs:
                    found[int(line["epoch"])] = line
    return found


def _append(path: Path, line: dict[str, Any]) -> None:
    """One line more, on disk when this returns."""
    with disk_errors(path), path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, allow_nan=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def _event_writer(folder: Path | None, epochs: int) -> Iterator[Any]:
    """A TensorBoard writer that hides what an earlier part of the run wrote after `epochs`; None without folder."""
    if folder is None:
        yield None
        return
    check_tensorboard()
    from torch.utils.tensorboard import SummaryWriter

    with disk_errors(folder):
        writer = SummaryWriter(str(folder), purge_step=epochs + 1)
    try:
        yield writer
    finally:
        writer.close()
