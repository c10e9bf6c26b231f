"""Write the tables of one source of listens while it is read; see `data.listens_table` for what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data.files import atomic_path, disk_errors
from data.importers.parsed import ITEM_TEXTS, NO_TIME
from data.listens_table import ROWS, SCHEMA, described_items

if TYPE_CHECKING:
    import pyarrow as pa

GROUP_ROWS = 1 << 20  # rows that are written at a time


@dataclass
class Codes:
    """Texts as int32 codes in the order of their first appearance."""

    known: dict[str, int] = field(default_factory=dict)

    def encode(self, texts: Any) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Codes int32 (n,) of n Arrow strings, and the positions int64 (m,) of the first of each that was new, in code order."""
        encoded = texts.dictionary_encode()
        before, known = len(self.known), self.known
        values = encoded.dictionary.to_pylist()
        codes = np.fromiter((known.setdefault(value, len(known)) for value in values), np.int32, len(values))
        places = encoded.indices.to_numpy()
        first = np.empty(len(values), np.int64)
        first[places[::-1]] = np.arange(len(places) - 1, -1, -1)  # of several places of one text the first is written last
        return codes[places], first[codes >= before]


class SourceWriter:
    """Writes the tables of one source, a batch at a time; a sink for an importer (see `data.importers.parsed.Sink`).

    What it holds grows with the distinct items and users of the source, not with its rows.
    """

    def __init__(self, folder: Path, name: str, user: str, about: Mapping[str, str]) -> None:
        import pyarrow as pa

        self._folder, self._name, self._about = folder, name, {**about, "schema": str(SCHEMA)}
        self._items, self._users = Codes(), Codes()
        self._item_chunks: list[pa.Table] = []
        self._rows = np.zeros(1 << 10, np.int64)
        self._listens = np.zeros(1 << 10)
        self._waiting: list[tuple[NDArray[Any], ...]] = []
        self._user = user
        self.rows = 0
        self._open = ExitStack()
        self._writer: Any = None
        self._schema = pa.schema(
            [("user", pa.int32()), ("item", pa.int32()), ("weight", pa.float32()), ("time", pa.int64())], metadata=self._about
        )

    def __enter__(self) -> SourceWriter:
        import pyarrow.parquet as pq

        path = self._open.enter_context(atomic_path(self._folder / f"{self._name}{ROWS}"))
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        try:
            if kind is None:
                self._finish()
        except BaseException as failed:
            self._leave(failed)
            raise
        self._leave(error)

    def _leave(self, error: BaseException | None) -> None:
        """Put the rows in their place, or after an error throw them away."""
        import pyarrow as pa

        if error is not None:
            with suppress(OSError, pa.ArrowException):  # a full disk refuses this, too
                self._writer.close()
        self._open.__exit__(type(error) if error else None, error, None)

    def put(self, users: Any | None, items: Mapping[str, Any], weight: NDArray[np.float32], time: NDArray[np.int64]) -> None:
        """Write n rows."""
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = [items[name] for name in ITEM_TEXTS if name in items]
        joined = texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, "\x1f")
        item, new_items = self._items.encode(joined)
        if len(new_items):
            self._item_chunks.append(described_items(items, new_items))
        if users is None:
            user = np.full(len(weight), self._users.known.setdefault(self._user, len(self._users.known)), np.int32)
        else:
            user, _ = self._users.encode(users)
        self._count(item, weight)
        self._waiting.append((user, item, weight, time))
        self.rows += len(weight)
        if sum(len(one[0]) for one in self._waiting) >= GROUP_ROWS:
            self._write(pa)

    def _count(self, item: NDArray[np.int32], weight: NDArray[np.float32]) -> None:
        size = len(self._items.known)
        if size > len(self._rows):
            more = max(size, 2 * len(self._rows)) - len(self._rows)
            self._rows = np.concatenate([self._rows, np.zeros(more, np.int64)])
            self._listens = np.concatenate([self._listens, np.zeros(more)])
        np.add.at(self._rows, item, 1)
        np.add.at(self._listens, item, weight)

    def _write(self, pa: Any) -> None:
        if not self._waiting:
            return
        user, item, weight, time = (np.concatenate(column) for column in zip(*self._waiting, strict=True))
        self._waiting = []
        columns = [pa.array(user), pa.array(item), pa.array(weight), pa.array(time, mask=time == NO_TIME)]
        with disk_errors(self._folder):
            self._writer.write_table(pa.table(columns, schema=self._schema))

    def _finish(self) -> None:
        import pyarrow as pa

        self._write(pa)
        with disk_errors(self._folder):
            self._writer.close()
        size = len(self._items.known)
        items = pa.concat_tables(self._item_chunks) if self._item_chunks else _no_items()
        items = items.append_column("rows", pa.array(self._rows[:size])).append_column("listens", pa.array(self._listens[:size]))
        _write_table(self._folder / f"{self._name}.items.parquet", items)
        users = pa.table({"user_id": pa.array(list(self._users.known), pa.string())})
        _write_table(self._folder / f"{self._name}.users.parquet", users)


def _no_items() -> pa.Table:
    import pyarrow as pa

    return described_items({name: pa.array([], pa.string()) for name in ITEM_TEXTS}, np.empty(0, np.int64))


def _write_table(path: Path, table: pa.Table) -> None:
    import pyarrow.parquet as pq

    with atomic_path(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
