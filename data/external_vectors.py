"""Song vectors that another program made: what must be true of them, and the one line for each way in which it is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError

KEYS = ("track_id", "path")  # columns that can name a song, the better one first


@dataclass(frozen=True)
class ExternalVectors:
    """One vector a song, as their maker names the songs.

    Parameters
    ----------
    key : "track_id" or "path": what `names` are.
    names : n distinct names.
    vectors : float32 (n, d), finite, no row of zeros, d at least 1.
    """

    key: str
    names: tuple[str, ...]
    vectors: NDArray[np.float32]


def bad(path: Path, what: str, hint: str = "") -> InputError:
    """What is wrong with the file, as an error."""
    return InputError(f"{path} {what}", code="vectors-file", hint=hint)


def checked(path: Path, key: str, names: Sequence[str], values: NDArray[Any]) -> ExternalVectors:
    """Names and vectors that fulfil what `ExternalVectors` says, or InputError. `values` is (n, d), any float type."""
    if not values.size:
        raise bad(path, f"holds no vectors: its shape is {values.shape}")
    first: dict[str, int] = {}
    for row, name in enumerate(names, start=1):
        if not name:
            raise bad(path, f"has an empty {key} in row {row}")
        if name in first:
            raise bad(path, f"names {key} {name!r} twice, in rows {first[name]} and {row}", "A song has one vector")
        first[name] = row
    with np.errstate(over="ignore", under="ignore"):
        vectors = np.ascontiguousarray(values, dtype=np.float32)
    for wrong, what in (
        (~np.isfinite(values).all(axis=1), "holds a number that is not finite"),
        (~np.isfinite(vectors).all(axis=1), "holds a number that float32 cannot hold"),
        (~vectors.any(axis=1), "is all zeros, which says nothing of the song"),
    ):
        if wrong.any():
            row = int(wrong.argmax())
            more = f" ({int(wrong.sum())} rows are so)" if wrong.sum() > 1 else ""
            raise bad(path, f"row {row + 1} ({key} {names[row]!r}) {what}{more}", "Mend or leave out the row")
    if len(vectors) > 1 and (vectors == vectors[0]).all():
        raise bad(path, f"holds {len(vectors)} times the same vector, which tells no song from another")
    return ExternalVectors(key, tuple(names), vectors)
