"""What the network of one fold says of the songs it has not seen, in memory and on disk."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.files import atomic_path, read_json, write_json

SCHEMA = 1


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


def write_fold(path: Path, result: FoldResult) -> None:
    """Write `path`.npz, then `path`.json: without the JSON nothing is read."""
    arrays = {"rows": result.rows, "snippets": result.snippets, "log_probabilities": result.log_probabilities}
    if result.vectors is not None:
        arrays["vectors"] = result.vectors
    with atomic_path(path.with_suffix(".npz")) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    write_json(path.with_suffix(".json"), {"schema": SCHEMA, "classes": result.classes, "seconds": result.seconds})


def read_fold(path: Path, fold: int) -> FoldResult:
    """Read what `write_fold` wrote. Raises InputError if it is missing or damaged."""
    meta = read_json(path.with_suffix(".json"), schema=SCHEMA)
    try:
        with np.load(path.with_suffix(".npz"), allow_pickle=False) as arrays:
            return FoldResult(
                fold,
                tuple(meta["classes"]),
                arrays["rows"],
                arrays["snippets"],
                arrays["log_probabilities"],
                arrays.get("vectors"),
                meta["seconds"],
            )
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path.with_suffix('.npz')} cannot be read: {error}", code="damaged") from None
