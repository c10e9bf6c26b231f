"""Rows of JSON, a line each or in one array, a piece at a time; what is no row is counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.importers.lines import Chunk
from data.importers.parsed import Sieve

PIECE_BYTES = 1 << 20
LONGEST_ROW = 1 << 24  # bytes of an array's element; damage is sought within so much
NO_OBJECT = "no JSON object"
BROKEN = "broken JSON"
_BOM = b"\xef\xbb\xbf"
_BETWEEN = re.compile(rb"\}\s*,\s*(?=\{)")  # the end of one object of an array and the start of the next, or a text that looks so
_MARKS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)  # texts, and what gives an array its shape
_TRIES = 32  # places to cut at that are tried before more is read
_JOINED = 8  # pieces that may belong to one row, because its texts look like the end of one


class Objects(NamedTuple):
    """n JSON objects, and int64 (n,): the line, or in an array the row, each stands in, from 1."""

    lines: NDArray[np.int64]
    rows: list[dict[str, Any]]


def objects_of(chunk: Chunk, sieve: Sieve) -> Objects:
    """The objects of a file with one in each line; empty lines are none, other lines are rejected into `sieve`."""
    return _objects(*_parsed_lines(chunk), sieve)


def _parsed_lines(chunk: Chunk) -> tuple[NDArray[np.int64], list[Any]]:
    """What stands in each line that is not empty; None where that is no JSON."""
    import orjson

    data = chunk.data.removeprefix(_BOM) if chunk.line == 1 else chunk.data
    numbers = np.arange(chunk.line, chunk.line + chunk.lines, dtype=np.int64)
    try:  # all at once is faster than line by line
        values = orjson.loads(b"[" + data.strip(b"\n").replace(b"\n", b",") + b"]")
        if len(values) == len(numbers):
            return numbers, values
    except orjson.JSONDecodeError:
        pass
    values, kept = [], []
    for number, line in zip(numbers.tolist(), data.split(b"\n"), strict=False):
        if line.strip():
            kept.append(number)
            values.append(_parsed(line))
    return np.array(kept, np.int64), values


def _parsed(text: bytes) -> Any:
    import orjson

    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _objects(lines: NDArray[np.int64], values: list[Any], sieve: Sieve) -> Objects:
    """The objects among values; the others are rejected."""
    good = np.fromiter((type(value) is dict for value in values), bool, len(values))
    if not good.all():
        sieve.reject(NO_OBJECT, lines[~good])
        values = [value for value in values if type(value) is dict]
    return Objects(lines[good], values)


def read_json_array(stream: BinaryIO, sieve: Sieve) -> Iterator[Objects]:
    """Objects of a file that is one array of them, read a piece at a time.

    Other elements are rejected into `sieve`. Of a damaged file everything is read that is sound; each stretch that is not counts
    as one bad row at least, also where the array does not end.
    """
    row = 1
    for values in _elements(stream):
        if values:
            yield _objects(np.arange(row, row + len(values), dtype=np.int64), values, sieve)
            row += len(values)


def _elements(stream: BinaryIO) -> Iterator[list[Any]]:
    """The elements of an array in pieces; None is an element that is no JSON, or null."""
    buffer = stream.read(PIECE_BYTES).removeprefix(_BOM).lstrip()
    begun = not buffer.startswith(b"[")
    buffer = buffer.removeprefix(b"[")
    if begun:  # (recognising it saw to that; a file may have changed since)
        buffer = b"!" + buffer
    while data := stream.read(PIECE_BYTES):
        buffer += data
        found = _prefix(buffer)
        if found is not None:
            values, at = found
            yield values
            buffer = buffer[at:]
        elif len(buffer) > LONGEST_ROW:
            values, buffer = _salvaged(buffer)
            yield values
    yield _ending(buffer)


def _prefix(buffer: bytes) -> tuple[list[Any], int] | None:
    """The elements of the longest sound prefix that ends between two, and where the next begins.

    Only a cut between two elements of the array itself parses: one in a text leaves its quotation mark open, one deeper inside
    an element leaves that open.
    """
    import orjson

    at = len(buffer)
    for _ in range(_TRIES):
        at = buffer.rfind(b"}", 0, at)
        if at < 0:
            return None
        cut = _BETWEEN.match(buffer, at)
        if cut is None:
            continue
        try:
            return orjson.loads(b"[" + buffer[: at + 1] + b"]"), cut.end()
        except orjson.JSONDecodeError:
            continue
    return None


def _ending(buffer: bytes) -> list[Any]:
    """The elements of the rest of the array."""
    import orjson

    rest = buffer.rstrip()
    try:
        values: list[Any] = orjson.loads(b"[" + rest)
        return values
    except orjson.JSONDecodeError:
        pass
    values, tail = _salvaged(rest)
    last = tail.strip()
    element = last.removesuffix(b"]").rstrip(b", \t\r\n")
    parsed = _parsed(b"[" + element + b"]")
    values += _apart(element) if parsed is None else parsed
    if parsed is not None and not last.endswith(b"]"):
        values.append(None)  # what should have ended the array
    return values


def _apart(stretch: bytes) -> list[Any]:
    """The elements of a stretch that does not parse as a whole, each alone; one None where its brackets do not match."""
    cuts, depth = [-1], 0
    for match in _MARKS.finditer(stretch):
        mark = match.group()
        depth += (mark in b"[{") - (mark in b"]}")
        if depth < 0:
            return [None]
        if mark == b"," and depth == 0:
            cuts.append(match.start())
    if depth or b'"' in _MARKS.sub(b"", stretch):  # (what is left of a quotation mark is one that is open)
        return [None]
    return [_parsed(stretch[start + 1 : end]) for start, end in pairwise([*cuts, len(stretch)])]


def _salvaged(buffer: bytes) -> tuple[list[Any], bytes]:
    """What is sound in a damaged stretch, each piece that is not as one None; and the piece that may go on behind it."""
    ends = [(match.start() + 1, match.end()) for match in _BETWEEN.finditer(buffer)]
    values: list[Any] = []
    start, first = 0, 0
    while first < len(ends):
        for last in range(first, min(first + _JOINED, len(ends))):
            value = _parsed(b"[" + buffer[start : ends[last][0]] + b"]")
            if value is not None:
                values += value
                break
        else:
            values += _apart(buffer[start : ends[first][0]])
            last = first
        start, first = ends[last][1], last + 1
    tail = buffer[start:]
    if len(tail) > LONGEST_ROW:  # no row is so long
        values.append(None)
        tail = b""
    return values, tail
