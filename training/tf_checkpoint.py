"""Arrays of a TensorFlow V2 checkpoint, read without TensorFlow.

The index is one LevelDB table (blocks of prefix-compressed keys, then a footer of 48 bytes) whose values are protocol buffers of
type BundleEntryProto; the data file holds the arrays as they lie in memory.
(tensorflow/core/util/tensor_bundle and tensorflow/core/protobuf/tensor_bundle.proto; leveldb/doc/table_format.md.)
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_FLOAT = 1  # DT_FLOAT of tensorflow/core/framework/types.proto
_MAGIC = bytes.fromhex("57fb808b247547db")  # the footer of a LevelDB table ends with it


def read_checkpoint(folder: Path) -> dict[str, NDArray[np.float32]]:
    """All float32 arrays by name.

    Parameters
    ----------
    folder : holds the files ".index" and ".data-00000-of-00001" (musicnn's have no name before the dot).

    Raises
    ------
    ValueError : not a table, a compressed one, or a checkpoint of several shards.
    """
    table = (folder / ".index").read_bytes()
    data = np.memmap(folder / ".data-00000-of-00001", np.uint8, "r")
    if table[-8:] != _MAGIC:
        raise ValueError(f"{folder / '.index'} is no LevelDB table")
    _, at = _handle(table, len(table) - 48)  # the metaindex is empty
    index, _ = _handle(table, at)
    arrays = {}
    for _, handle in _entries(table, *index):
        block, _ = _handle(handle, 0)
        for key, value in _entries(table, *block):
            if not key:  # the header of the bundle
                continue
            entry = dict(_fields(value))
            if entry.get(3, 0) != 0:
                raise ValueError(f"{folder}: a checkpoint of several shards")
            if entry[1] != _FLOAT:
                continue
            shape = [dict(_fields(_bytes(size))).get(1, 0) for number, size in _fields(_bytes(entry.get(2, b""))) if number == 2]
            first, size = _whole(entry.get(4, 0)), _whole(entry[5])
            arrays[key.decode()] = np.array(data[first : first + size]).view(np.float32).reshape([_whole(n) for n in shape])
    return arrays


def _handle(data: bytes, at: int) -> tuple[tuple[int, int], int]:
    """Offset and size of a block, and where they end."""
    offset, at = _varint(data, at)
    size, at = _varint(data, at)
    return (offset, size), at


def _entries(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a block; each key repeats so many bytes of the one before it."""
    if table[offset + size] != 0:
        raise ValueError("a compressed table is not read")
    restarts = int.from_bytes(table[offset + size - 4 : offset + size], "little")
    at, end, key = offset, offset + size - 4 * (restarts + 1), b""
    while at < end:
        shared, at = _varint(table, at)
        own, at = _varint(table, at)
        length, at = _varint(table, at)
        key = key[:shared] + table[at : at + own]
        yield key, table[at + own : at + own + length]
        at += own + length


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers and values of a protocol buffer: varints and fixed ones as numbers, the rest as bytes."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == 0:
            value: int | bytes
            value, at = _varint(message, at)
        elif kind == 2:
            size, at = _varint(message, at)
            value, at = message[at : at + size], at + size
        else:
            size = {1: 8, 5: 4}[kind]
            value, at = int.from_bytes(message[at : at + size], "little"), at + size
        yield tag >> 3, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _whole(value: int | bytes) -> int:
    assert isinstance(value, int)
    return value


def _bytes(value: int | bytes) -> bytes:
    assert isinstance(value, bytes)
    return value
