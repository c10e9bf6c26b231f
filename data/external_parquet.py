"""Song vectors from a Parquet file: the column that names the songs, and the vectors as lists or as one column a dimension."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from data.external_vectors import KEYS, ExternalVectors, bad, checked

if TYPE_CHECKING:
    import pyarrow as pa

_FLOATS = "vectors must be float16, float32 or float64"


def from_parquet(path: Path) -> ExternalVectors:
    """Read the file; see `read_external_vectors`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            table = file.read()
    except (OSError, pa.ArrowException) as error:
        raise bad(path, f"cannot be read as Parquet: {str(error).splitlines()[0]}") from None
    names = table.column_names
    key = next((name for name in KEYS if name in names), None)
    if key is None:
        raise bad(path, f"has no column track_id or path; its columns: {', '.join(names) or 'none'}")
    if not table.num_rows:
        raise bad(path, "holds no rows")
    ids = _ids(path, key, table.column(key))
    columns = [(name, _plain(table.column(i))) for i, name in enumerate(names) if name not in KEYS]
    lists = [(name, column) for name, column in columns if _is_list(column.type)]
    if len(lists) > 1:
        raise bad(path, f"has {len(lists)} columns of lists ({', '.join(name for name, _ in lists)}); keep the one to import")
    values = _of_lists(path, key, ids, *lists[0]) if lists else _of_columns(path, key, ids, columns)
    return checked(path, key, ids, values)


def _ids(path: Path, key: str, column: pa.ChunkedArray) -> list[str]:
    """The names as text; whole numbers are taken as they are written."""
    import pyarrow as pa

    plain = _plain(column)
    kind = plain.type.value_type if pa.types.is_dictionary(plain.type) else plain.type
    if not (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_integer(kind)
    ):
        raise bad(path, f"column {key} holds {kind}; it must hold text")
    return ["" if value is None else str(value) for value in plain.to_pylist()]


def _plain(column: pa.ChunkedArray) -> pa.Array:
    """One array; of a tensor or another extension type what it is stored as."""
    import pyarrow as pa

    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks)
    return array.storage if isinstance(array, pa.ExtensionArray) else array


def _is_list(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _of_lists(path: Path, key: str, ids: list[str], name: str, column: pa.Array) -> NDArray[Any]:
    """Vectors (n, d) of a column of lists."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_floating(column.type.value_type):
        raise bad(path, f"column {name!r} holds lists of {column.type.value_type}; {_FLOATS}")
    if column.null_count:
        row = column.is_null().to_pylist().index(True)
        raise bad(path, f"row {row + 1} ({key} {ids[row]!r}) has no vector", "Mend or leave out the row")
    lengths = pc.list_value_length(column).to_numpy(zero_copy_only=False)
    width = int(lengths[0])
    if (lengths != width).any():
        row = int((lengths != width).argmax())
        raise bad(path, f"row {row + 1} ({key} {ids[row]!r}) has {lengths[row]} numbers and row 1 has {width}")
    flat = column.flatten()
    _no_null(path, key, ids, flat, max(width, 1))
    return np.asarray(flat.to_numpy(zero_copy_only=False)).reshape(len(ids), width)


def _of_columns(path: Path, key: str, ids: list[str], columns: list[tuple[str, pa.Array]]) -> NDArray[Any]:
    """Vectors (n, d) of d columns of floats, in the file's order; columns of text are let be, as they can be no dimension."""
    import pyarrow as pa

    floats = [(name, column) for name, column in columns if pa.types.is_floating(column.type)]
    for name, column in columns:
        if pa.types.is_integer(column.type) or pa.types.is_decimal(column.type):
            raise bad(path, f"column {name!r} holds {column.type}; {_FLOATS}", "Leave out what is no dimension")
    if not floats:
        raise bad(path, f"has no column of vectors beside {key}; {_FLOATS}, a list a song or a column a dimension")
    for _name, column in floats:
        _no_null(path, key, ids, column, 1)
    return np.stack([column.to_numpy(zero_copy_only=False) for _name, column in floats], axis=1)


def _no_null(path: Path, key: str, ids: list[str], flat: pa.Array, width: int) -> None:
    if flat.null_count:
        row = flat.is_null().to_pylist().index(True) // width
        raise bad(path, f"row {row + 1} ({key} {ids[row]!r}) lacks a number", "Mend or leave out the row")
