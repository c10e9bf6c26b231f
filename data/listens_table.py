"""The tables of one source of listens: rows as codes, and each distinct item and user once.

`<name>.rows.parquet` holds user int32, item int32, weight float32 and time int64 (Unix s, or null) in the order of the source and
is written last: it says what the source is. `<name>.items.parquet` holds the columns of ITEMS, `<name>.users.parquet` user_id; a
code is a row of these. What an earlier program wrote, `<name>.parquet` with texts in each row, is read as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.importers.parsed import ITEM_TEXTS

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = 2
ITEMS = (
    *ITEM_TEXTS,
    "duration",
    "rows",
    "listens",
)  # float32 s (0: unknown), int64 rows that name it, float64 sum of their weights
ROWS = ".rows.parquet"


def described_items(items: Mapping[str, Any], rows: NDArray[np.int64]) -> pa.Table:
    """What is known of the items that stand in `rows`."""
    import pyarrow as pa

    n = len(rows)
    # (large strings: a table of millions of names may hold more than 2 GiB of them)
    columns = {
        name: items[name].take(pa.array(rows)).cast(pa.large_string()) if name in items else pa.array([""] * n, pa.large_string())
        for name in ITEM_TEXTS
    }
    duration = items["duration"].take(pa.array(rows)) if "duration" in items else pa.array(np.zeros(n, np.float32))
    return pa.table({**columns, "duration": duration})


class Batch(NamedTuple):
    """n rows: codes int32, weight float32, time int64 (0 where unknown)."""

    user: NDArray[np.int32]
    item: NDArray[np.int32]
    weight: NDArray[np.float32]
    time: NDArray[np.int64]


class StoredRows(NamedTuple):
    """One source as stored.

    Parameters
    ----------
    users : ids by code.
    items : Arrow table with the columns of ITEMS, a row a code.
    batches : gives the rows, some at a time; given bool (number of users,), only the rows of those.
    """

    users: list[str]
    items: pa.Table
    batches: Callable[[NDArray[np.bool_] | None], Iterator[Batch]]


def read_source(path: Path, hint: str = "") -> StoredRows:
    """The source whose rows lie at `path`.

    Raises
    ------
    InputError : a table is missing or damaged (code "damaged", with `hint`), here or while the batches are read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.name.endswith(ROWS):
        return _read_old(path, hint)
    stem = path.name.removesuffix(ROWS)
    with _damage(path, hint):
        users = pq.read_table(path.with_name(f"{stem}.users.parquet"), columns=["user_id"]).column(0).to_pylist()
        items = pq.read_table(path.with_name(f"{stem}.items.parquet"), columns=list(ITEMS))
        if pq.read_schema(path).names != ["user", "item", "weight", "time"]:
            raise pa.ArrowInvalid("its columns are others")

    def batches(wanted: NDArray[np.bool_] | None) -> Iterator[Batch]:
        with _damage(path, hint), pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                user = file.read_row_group(group, columns=["user"]).column(0).to_numpy()
                if len(user) and (user.max() >= len(users) or user.min() < 0):
                    raise pa.ArrowInvalid("it names users that are not there")
                keep = None if wanted is None else wanted[user]
                if keep is not None and not keep.any():
                    continue
                rest = file.read_row_group(group, columns=["item", "weight", "time"])
                item, weight = (rest.column(at).to_numpy() for at in range(2))
                if len(item) and (item.max() >= items.num_rows or item.min() < 0):
                    raise pa.ArrowInvalid("it names items that are not there")
                batch = Batch(user, item, weight, rest.column(2).fill_null(0).to_numpy())
                yield batch if keep is None else Batch(*(column[keep] for column in batch))

    return StoredRows(users, items, batches)


def _read_old(path: Path, hint: str) -> StoredRows:
    """A table of schema 1: user_id, item_id, weight, time, item_name."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with _damage(path, hint):
        table = pq.read_table(path, columns=["user_id", "item_id", "weight", "time", "item_name"])
    users, items = (table.column(name).combine_chunks().dictionary_encode() for name in ("user_id", "item_id"))
    user, item = (column.indices.to_numpy().astype(np.int32) for column in (users, items))
    weight = table.column("weight").to_numpy()
    first = np.unique(item, return_index=True)[1]
    keys = items.dictionary
    described = described_items(
        {"key": keys, "artist": table.column("item_name").take(first).combine_chunks().fill_null("")}, np.arange(len(keys))
    )
    described = described.append_column("rows", pa.array(np.bincount(item, minlength=len(keys))))
    described = described.append_column("listens", pa.array(np.bincount(item, weight, minlength=len(keys))))
    whole = Batch(user, item, weight, table.column("time").fill_null(0).to_numpy())

    def batches(wanted: NDArray[np.bool_] | None) -> Iterator[Batch]:
        yield whole if wanted is None else Batch(*(column[wanted[user]] for column in whole))

    return StoredRows(users.dictionary.to_pylist(), described, batches)


class _damage:  # noqa: N801  (a context manager)
    """Turns what a missing or damaged Parquet file raises into one clear line."""

    def __init__(self, path: Path, hint: str) -> None:
        self._path, self._hint = path, hint

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        import pyarrow as pa

        if isinstance(error, (pa.ArrowException, OSError)):
            raise InputError(f"{self._path} cannot be read: {error}", code="damaged", hint=self._hint) from None


def is_whole(path: Path) -> bool:
    """Whether the source whose rows lie at `path` can be read; all of it is read, as damage may be anywhere."""
    try:
        for _ in read_source(path).batches(None):
            pass
    except InputError:
        return False
    return True


def described(path: Path) -> tuple[dict[str, str], int] | None:
    """What the rows at `path` say of themselves, and how many they are; None if they are damaged or none of ours."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema, rows = pq.read_schema(path), pq.read_metadata(path).num_rows
        about = {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}
        known = about["schema"] == (str(SCHEMA) if path.name.endswith(ROWS) else "1")
    except (pa.ArrowException, OSError, KeyError, UnicodeDecodeError):
        return None
    return (about, rows) if known and is_whole(path) else None


def files_of(path: Path) -> list[Path]:
    """All files of the source whose rows lie at `path`."""
    stem = path.name.removesuffix(ROWS).removesuffix(".parquet")
    return [path, *(path.with_name(f"{stem}.{part}.parquet") for part in ("items", "users", "matches"))]
