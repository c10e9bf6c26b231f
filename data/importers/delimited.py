"""Read text tables fast and without losing a line: one physical line is one row, and a line that is none is counted."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.importers.lines import Chunk, line_chunks
from data.importers.parsed import Sieve

_BOM = b"\xef\xbb\xbf"


class Rows(NamedTuple):
    """n rows of a table: their line numbers, int64 (n,), and the columns asked for, each n Arrow strings."""

    lines: NDArray[np.int64]
    columns: tuple[Any, ...]


def header_of(line: bytes, delimiter: str) -> list[str]:
    """Column names of a first line."""
    text = line.decode("utf-8-sig", "replace").rstrip("\r\n")
    return [name.strip() for name in (split(text, delimiter) or text.split(delimiter))]


def read_rows(
    stream: BinaryIO, *, delimiter: str, columns: Sequence[int], quoted: bool, sieve: Sieve, width: int = 0
) -> Iterator[Rows]:
    """Rows of a table, some hundred thousand bytes at a time; what is no row of the table is rejected into `sieve`.

    Parameters
    ----------
    columns : which columns to return, by number.
    quoted : whether fields may stand in double quotes; a quoted field cannot run over the end of a line.
    width : number of columns of a table without a header; 0: the first line is a header.
    """
    line = 1
    if not width:
        width = len(header_of(stream.readline(), delimiter))
        line = 2
    for chunk in line_chunks(stream, sieve, line=line):
        data = chunk.data.removeprefix(_BOM) if chunk.line == 1 else chunk.data
        whole = Chunk(data, chunk.line, chunk.lines)
        fast = None if quoted and b'"' in data else _fast_columns(whole, width, delimiter, columns)
        if fast is None:
            yield _careful_rows(whole, width, delimiter, columns=columns, quoted=quoted, sieve=sieve)
        else:
            yield Rows(np.arange(chunk.line, chunk.line + len(fast[0]), dtype=np.int64), fast)


def _fast_columns(chunk: Chunk, width: int, delimiter: str, columns: Sequence[int]) -> tuple[Any, ...] | None:
    """The columns where every line is a row of the table; None where one is not, and each must be looked at."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    if chunk.data.count(b"\r") != chunk.data.count(b"\r\n"):
        return None
    names = [str(number) for number in range(width)]
    wanted = [names[column] for column in columns]
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(chunk.data),
            read_options=arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=len(chunk.data) + 1),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, quote_char=False, double_quote=False),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), include_columns=wanted, strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != chunk.lines:  # there are empty lines
        return None
    return tuple(table.column(name).combine_chunks() for name in wanted)


def _careful_rows(chunk: Chunk, width: int, delimiter: str, *, columns: Sequence[int], quoted: bool, sieve: Sieve) -> Rows:
    import pyarrow as pa

    texts, numbers = _decoded(chunk, sieve)
    rows = [text.split(delimiter) for text in texts]
    unclosed: list[int] = []
    if quoted:
        for at, text in enumerate(texts):
            if '"' in text:
                parts = split(text, delimiter)
                if parts is not None:
                    rows[at] = parts
                elif delimiter != "\t":  # in tables with tabs a quotation mark is mostly just a quotation mark
                    unclosed.append(at)
    good = np.fromiter(map(len, rows), np.int64, len(rows)) == width
    good[unclosed] = False
    sieve.reject("quotation marks do not match", numbers[unclosed])
    wrong = ~good
    wrong[unclosed] = False
    sieve.reject("wrong number of columns", numbers[wrong])
    if not good.all():
        rows = [row for row, is_good in zip(rows, good, strict=True) if is_good]
        numbers = numbers[good]
    return Rows(numbers, tuple(pa.array([row[column] for row in rows], pa.string()) for column in columns))


def _decoded(chunk: Chunk, sieve: Sieve) -> tuple[list[str], NDArray[np.int64]]:
    """The lines that are neither empty nor bad UTF-8, and their numbers."""
    numbers = np.arange(chunk.line, chunk.line + chunk.lines, dtype=np.int64)
    try:
        texts = chunk.data.decode("utf-8").replace("\r\n", "\n").split("\n")
        if len(texts) > len(numbers):  # the last line ended with a line end
            texts.pop()
        else:
            texts[-1] = texts[-1].rstrip("\r")  # a file may end in the middle of its last line end
    except UnicodeDecodeError:
        texts, broken = [], []
        for number, one in zip(numbers, chunk.data.split(b"\n"), strict=False):
            try:
                texts.append(one.decode("utf-8").rstrip("\r\n"))
            except UnicodeDecodeError:
                texts.append("")
                broken.append(int(number))
        sieve.reject("not UTF-8", broken)
    if "" in texts:
        numbers = numbers[np.fromiter(map(bool, texts), bool, len(texts))]
        texts = [text for text in texts if text]
    return texts, numbers


def split(text: str, delimiter: str) -> list[str] | None:
    """One line by the rules of CSV; None where its quotation marks do not match.

    An odd number of them never matches: such a line may be the end of a quoted field that began on the line before.
    """
    if text.count('"') % 2:
        return None
    try:
        rows = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None
