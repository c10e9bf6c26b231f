"""Tables of listens with a header, as text or Parquet: user, track and, if known, plays and time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.importers.delimited import header_of, read_rows
from data.importers.parsed import BAD_TIME, NO_TIME, Numbers, ParsedListens, Sieve
from data.importers.values import numbers, times, unix_seconds

DELIMITERS = (",", "\t", ";", "|")
# Column names by role, the preferred first; case, blanks and a RecBole type (":token") do not count.
NAMES = {
    "user": ("user_id", "userid", "user", "username"),
    "track": ("track_id", "trackid", "item_id", "itemid", "song_id", "songid", "track", "item", "song"),
    "weight": ("plays", "weight", "count", "playcount", "play_count", "listens", "rating"),
    "time": ("time", "timestamp", "datetime", "listened_at", "date"),
}
_BATCH = 1 << 17


def columns_of(header: Sequence[str]) -> dict[str, int]:
    """Role -> column number of what a header names; {} if it does not name a user and a track."""
    names = [name.split(":")[0].strip().lower().replace(" ", "_").replace("-", "_") for name in header]
    found = {role: next((names.index(alias) for alias in aliases if alias in names), -1) for role, aliases in NAMES.items()}
    if found["user"] < 0 or found["track"] < 0:
        return {}
    return {role: column for role, column in found.items() if column >= 0}


def delimiter_of(first_line: bytes) -> str:
    """The delimiter with which the line names a user and a track; "" if there is none."""
    return next((mark for mark in DELIMITERS if columns_of(header_of(first_line, mark))), "")


def read_text(path: Path, progress: Callable[[int, int], None] | None = None) -> ParsedListens:
    """Read a text table. Bad rows are counted by reason.

    Raises
    ------
    InputError : the header names no user or track; no row is good.
    """
    with path.open("rb") as file:
        first_line = file.readline()
    delimiter = delimiter_of(first_line)
    columns = columns_of(header_of(first_line, delimiter)) if delimiter else {}
    if not columns:
        raise InputError(f"{path}: its first line names no user and track column", code="unknown-format")
    roles = list(columns)
    sieve = Sieve()
    chunks = read_rows(path, delimiter=delimiter, columns=list(columns.values()), quoted=True, sieve=sieve, progress=progress)
    for rows in chunks:
        cells = dict(zip(roles, rows.columns, strict=True))
        weight = numbers(cells["weight"]) if "weight" in cells else None
        time = times(cells["time"]) if "time" in cells else None
        sieve.add(rows.lines, cells["user"], cells["track"], weight=weight, time=time)
    return sieve.finish(path, "tsv" if delimiter == "\t" else "csv", "track")


def parquet_columns(path: Path) -> dict[str, int]:
    """As `columns_of`, of a Parquet file. Raises InputError (code "damaged") if it cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return columns_of(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is no readable Parquet file: {error}", code="damaged") from None


def read_parquet(path: Path, progress: Callable[[int, int], None] | None = None) -> ParsedListens:
    """Read a Parquet table; ids may be texts or whole numbers, times numbers, timestamps or texts.

    Line numbers count rows from 1.

    Raises
    ------
    InputError : it names no user or track, is damaged, has columns of a type that makes no sense; no row is good.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = parquet_columns(path)
    sieve = Sieve()
    done = 0
    try:
        with pq.ParquetFile(path) as file:
            total = file.metadata.num_rows
            for batch in file.iter_batches(_BATCH):
                cells = {role: batch.column(column) for role, column in columns.items()}
                lines = np.arange(done + 1, done + len(batch) + 1, dtype=np.int64)
                weight = _weights(cells["weight"]) if "weight" in cells else None
                time = _times(cells["time"]) if "time" in cells else None
                sieve.add(lines, _texts(cells["user"]), _texts(cells["track"]), weight=weight, time=time)
                done += len(batch)
                if progress is not None:
                    progress(done, total)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} cannot be read as a table of listens: {error}", code="damaged") from None
    return sieve.finish(path, "parquet", "track")


def _texts(column: Any) -> list[str]:
    """An Arrow column as texts without surrounding blanks; null is ""."""
    import pyarrow as pa

    if pa.types.is_floating(column.type):  # pandas makes floats of whole numbers beside a missing one
        column = column.cast(pa.int64())
    return [(text or "").strip() for text in column.cast(pa.string()).to_pylist()]


def _weights(column: Any) -> Numbers:
    import pyarrow as pa

    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return numbers(_texts(column))
    bad = np.asarray(column.is_null(), dtype=bool)
    return Numbers(np.where(bad, np.nan, column.cast(pa.float64()).to_numpy(zero_copy_only=False)), bad)


def _times(column: Any) -> NDArray[np.int64]:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return times(_texts(column))
    null = np.asarray(column.is_null(), dtype=bool)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        seconds = column.cast(pa.timestamp("s", tz=getattr(kind, "tz", None)), safe=False).cast(pa.int64()).fill_null(0)
        value = np.asarray(seconds)
        out = np.where(value <= 0, BAD_TIME, value)
    else:
        out = unix_seconds(column.cast(pa.float64()).fill_null(0).to_numpy(zero_copy_only=False))
    out[null] = NO_TIME
    return out
