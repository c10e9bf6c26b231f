"""Tables of listens with a header, as text or Parquet: user, song and, if known, plays and time.

A song is given by its track id, its MusicBrainz recording id, or artist and title.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.importers.delimited import header_of, read_rows
from data.importers.parsed import BAD_TIME, NO_TIME, Numbers, Sieve
from data.importers.values import numbers, times, unix_seconds

DELIMITERS = (",", "\t", ";", "|")
# Column names by role, the preferred first; case, blanks and a RecBole type (":token") do not count.
NAMES = {
    "user": ("user_id", "userid", "user", "username", "user_name"),
    "key": ("track_id", "trackid", "item_id", "itemid", "song_id", "songid"),
    "weight": ("plays", "weight", "count", "playcount", "play_count", "listens", "rating"),
    "time": ("time", "timestamp", "datetime", "listened_at", "date"),
    "recording_mbid": ("recording_mbid", "track_mbid", "musicbrainz_recording_id", "musicbrainz_track_id", "mbid"),
    "artist_mbid": ("artist_mbid", "musicbrainz_artist_id"),
    "artist": ("artist", "artist_name", "artistname"),
    "title": ("title", "track_name", "trackname", "song_name", "song_title"),
    "album": ("album", "album_name", "release", "release_name"),
    "duration": ("duration", "duration_s"),
}
AMBIGUOUS = ("track", "item", "song")  # beside an artist a title, otherwise an id
_BATCH = 1 << 17


def columns_of(header: Sequence[str]) -> dict[str, int]:
    """Role -> column number of what a header names; {} if it does not name a user and a song."""
    names = [name.split(":")[0].strip().lower().replace(" ", "_").replace("-", "_") for name in header]

    def first(aliases: Sequence[str]) -> int:
        return next((names.index(alias) for alias in aliases if alias in names), -1)

    found = {role: first(aliases) for role, aliases in NAMES.items()}
    role = "key" if found["artist"] < 0 else "title"
    if found[role] < 0:
        found[role] = first(AMBIGUOUS)
    named = found["key"] >= 0 or found["recording_mbid"] >= 0 or min(found["artist"], found["title"]) >= 0
    if found["user"] < 0 or not named:
        return {}
    return {role: column for role, column in found.items() if column >= 0}


def delimiter_of(first_line: bytes) -> str:
    """The delimiter with which the line names a user and a song; "" if there is none."""
    return next((mark for mark in DELIMITERS if columns_of(header_of(first_line, mark))), "")


def is_table(head: bytes) -> bool:
    """Whether a file begins with a header that names a user and a song."""
    first_line = head.split(b"\n", 1)[0]
    return b"\0" not in first_line and bool(delimiter_of(first_line))


def read_text(stream: BinaryIO, sieve: Sieve, *, head: bytes) -> None:
    """Read a text table that begins with `head`. Bad rows are counted by reason."""
    first_line = head.split(b"\n", 1)[0]
    delimiter = delimiter_of(first_line)
    columns = columns_of(header_of(first_line, delimiter))
    for rows in read_rows(stream, delimiter=delimiter, columns=list(columns.values()), quoted=True, sieve=sieve):
        cells = dict(zip(columns, rows.columns, strict=True))
        _add(sieve, rows.lines, cells, texts=lambda column: column, weights=_text_weights, moments=_text_times)


def _text_weights(column: Any) -> Numbers:
    return numbers(_trimmed(column))


def _text_times(column: Any) -> NDArray[np.int64]:
    return times(_trimmed(column))


def _trimmed(column: Any) -> Any:
    import pyarrow.compute as pc

    return pc.utf8_trim_whitespace(column)


def _add(
    sieve: Sieve,
    lines: NDArray[np.int64],
    cells: Mapping[str, Any],
    *,
    texts: Callable[[Any], Any],
    weights: Callable[[Any], Numbers],
    moments: Callable[[Any], NDArray[np.int64]],
) -> None:
    """Sieve n rows whose columns, by role, are read by the given functions."""
    items = {role: texts(column) for role, column in cells.items() if role not in ("user", "weight", "time", "duration")}
    if "duration" in cells:
        items["duration"] = weights(cells["duration"]).value
    weight = weights(cells["weight"]) if "weight" in cells else None
    time = moments(cells["time"]) if "time" in cells else None
    sieve.add(lines, users=texts(cells["user"]), items=items, weight=weight, time=time)


def parquet_columns(path: Path) -> dict[str, int]:
    """As `columns_of`, of a Parquet file. Raises InputError (code "damaged") if it cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return columns_of(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} is no readable Parquet file: {error}", code="damaged") from None


def read_parquet(path: Path, sieve: Sieve, progress: Callable[[int, int], None]) -> None:
    """Read a Parquet table; ids may be texts or whole numbers, times numbers, timestamps or texts.

    Line numbers count rows from 1.

    Raises
    ------
    InputError : it is damaged, or has columns of a type that makes no sense.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = parquet_columns(path)
    done = 0
    try:
        with pq.ParquetFile(path) as file:
            total = file.metadata.num_rows
            names = [file.schema_arrow.names[column] for column in columns.values()]
            for batch in file.iter_batches(_BATCH, columns=names):
                cells = {role: batch.column(name) for role, name in zip(columns, names, strict=True)}
                lines = np.arange(done + 1, done + len(batch) + 1, dtype=np.int64)
                _add(sieve, lines, cells, texts=_texts, weights=_weights, moments=_times)
                done += len(batch)
                progress(done, total)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} cannot be read as a table of listens: {error}", code="damaged") from None


def _texts(column: Any) -> Any:
    """An Arrow column of texts or numbers as texts."""
    import pyarrow as pa

    if pa.types.is_floating(column.type):  # pandas makes floats of whole numbers beside a missing one
        column = column.cast(pa.int64())
    return column.cast(pa.string())


def _weights(column: Any) -> Numbers:
    import pyarrow as pa

    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return numbers(_trimmed(_texts(column).fill_null("")))
    bad = np.asarray(column.is_null(), dtype=bool)
    return Numbers(np.where(bad, np.nan, column.cast(pa.float64()).to_numpy(zero_copy_only=False)), bad)


def _times(column: Any) -> NDArray[np.int64]:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return times(_trimmed(_texts(column).fill_null("")))
    null = np.asarray(column.is_null(), dtype=bool)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        seconds = column.cast(pa.timestamp("s", tz=getattr(kind, "tz", None)), safe=False).cast(pa.int64()).fill_null(0)
        value = np.asarray(seconds)
        out = np.where(value <= 0, BAD_TIME, value)
    else:
        out = unix_seconds(column.cast(pa.float64()).fill_null(0).to_numpy(zero_copy_only=False))
    out[null] = NO_TIME
    return out
