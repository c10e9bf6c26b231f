"""Read text tables fast and without losing a line: one physical line is one row, and a line that is none is counted."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.importers.parsed import Sieve

CHUNK_BYTES = 1 << 20  # small enough that the garbage collector does not walk over many rows again and again


class Rows(NamedTuple):
    """n rows of a table: their line numbers, int64 (n,), and the columns asked for, each n texts without surrounding blanks."""

    lines: NDArray[np.int64]
    columns: tuple[list[str], ...]


def header_of(line: bytes, delimiter: str) -> list[str]:
    """Column names of a first line."""
    text = line.decode("utf-8-sig", "replace").rstrip("\r\n")
    return [name.strip() for name in (_split(text, delimiter) or text.split(delimiter))]


def read_rows(
    path: Path,
    *,
    delimiter: str,
    columns: Sequence[int],
    quoted: bool,
    sieve: Sieve,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Rows]:
    """Rows after the header line, some megabytes at a time; what is no row of the table is rejected into `sieve`.

    Parameters
    ----------
    columns : which columns to return, by number.
    quoted : whether fields may stand in double quotes; a quoted field cannot run over the end of a line.
    progress : called with (bytes read, bytes in all).
    """
    total = path.stat().st_size
    with path.open("rb") as file:
        width = len(header_of(file.readline(), delimiter))
        line = 2
        while raw := file.readlines(CHUNK_BYTES):
            yield _rows(raw, line, width, delimiter, columns=columns, quoted=quoted, sieve=sieve)
            line += len(raw)
            if progress is not None:
                progress(file.tell(), total)


def _rows(raw: list[bytes], line: int, width: int, delimiter: str, *, columns: Sequence[int], quoted: bool, sieve: Sieve) -> Rows:
    texts, numbers = _decoded(raw, line, sieve)
    rows = [text.split(delimiter) for text in texts]
    unclosed: list[int] = []
    if quoted:
        for at, text in enumerate(texts):
            if '"' in text:
                parts = _split(text, delimiter)
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
    return Rows(numbers, tuple([row[column].strip() for row in rows] for column in columns))


def _decoded(raw: list[bytes], line: int, sieve: Sieve) -> tuple[list[str], NDArray[np.int64]]:
    """The lines that are neither empty nor bad UTF-8, and their numbers."""
    numbers = np.arange(line, line + len(raw), dtype=np.int64)
    try:
        texts = b"".join(raw).decode("utf-8").replace("\r\n", "\n").split("\n")
        if len(texts) > len(raw):  # the last line ended with a line end
            texts.pop()
        else:
            texts[-1] = texts[-1].rstrip("\r")  # a file may end in the middle of its last line end
    except UnicodeDecodeError:
        texts, broken = [], []
        for number, one in zip(numbers, raw, strict=True):
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


def _split(text: str, delimiter: str) -> list[str] | None:
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
