"""Song vectors from a file that another program wrote: Parquet, or .npy with the ids in a .csv beside it."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from data.external_parquet import from_parquet
from data.external_vectors import KEYS, ExternalVectors, bad, checked


def read_external_vectors(path: Path) -> ExternalVectors:
    """Read a .parquet file (track_id or path, and one column of lists or one float column a dimension) or a .npy file (n, d).

    The names of a .npy file's rows stand line by line in a .csv beside it, as `recsys export embeddings` writes them, under the
    heading `track_id` or `path` or under none. Numbers may be float16, float32 or float64; they are kept as float32.

    Raises
    ------
    InputError : the file, or the .csv beside it, is missing, empty or unreadable; columns, type or shape are wrong; a name is
        empty or stands twice; a vector is missing, of another length, not finite (also once it is float32), or all zeros.
        Code "vectors-file"; rows are counted from 1.
    """
    if path.suffix.lower() not in (".parquet", ".npy"):
        raise bad(path, "must end in .parquet or .npy")
    if not path.is_file():
        raise bad(path, "is no file" if path.exists() else "does not exist")
    if path.suffix.lower() == ".npy":
        return _from_npy(path)
    return from_parquet(path)


def _from_npy(path: Path) -> ExternalVectors:
    try:
        values = np.load(path, allow_pickle=False)
    except MemoryError:  # also of a header that promises more than the file holds
        raise bad(path, "says it holds more numbers than fit in memory") from None
    except (OSError, ValueError, EOFError) as error:
        why = (
            "it is damaged, pickled or of another format" if isinstance(error, ValueError) else str(error)
        )  # numpy advises to unpickle
        raise bad(path, f"cannot be read as an array of numbers: {why}") from None
    if not isinstance(values, np.ndarray):  # a zip archive under a .npy name
        values.close()
        raise bad(path, "is an archive of arrays, not one array")
    if values.dtype.kind != "f" or values.dtype.itemsize > np.dtype(np.float64).itemsize:
        raise bad(path, f"holds {values.dtype}; vectors must be float16, float32 or float64")
    if values.ndim != len(("n", "d")):
        raise bad(path, f"has shape {values.shape}; vectors must be (songs, dimensions)")
    key, names = _names_beside(path)
    if len(names) != len(values):
        raise bad(
            path,
            f"has {len(values)} rows and {path.with_suffix('.csv').name} names {len(names)} songs",
            "One a line, in the same order, under the heading track_id or path",
        )
    return checked(path, key, names, values)


def _names_beside(path: Path) -> tuple[str, list[str]]:
    """What the lines of the .csv beside `path` are, and the lines."""
    beside = path.with_suffix(".csv")
    try:
        with beside.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if row]
    except FileNotFoundError:
        raise bad(path, f"needs {beside.name} beside it", "It says a track_id a line, in the order of the rows") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise bad(beside, f"cannot be read: {error}") from None
    head = rows[0] if rows else []
    key = next((name for name in KEYS if name in head), None)
    if key is None:
        return KEYS[0], [row[0] for row in rows]
    column = head.index(key)
    short = next((line for line, row in enumerate(rows, start=1) if len(row) <= column), None)
    if short is not None:
        raise bad(beside, f"has no {key} in line {short}")
    return key, [row[column] for row in rows[1:]]
