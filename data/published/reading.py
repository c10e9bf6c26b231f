"""Strict readers of the sets' text files: every complaint names file and line. Lines are bytes, so no encoding can hurt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError

CODE = "benchmark-file"
LONGEST = 18  # digits of a number, so that it fits into 64 bits


def bad(path: Path, rule: str, *, line: int | None = None, hint: str = "") -> InputError:
    """The error for a file, or for one line of it, counted from 1."""
    return InputError(f"{path}{'' if line is None else f', line {line}'} {rule}", code=CODE, hint=hint)


def read_lines(path: Path) -> list[bytes]:
    """The lines of a file, without line ends (LF or CRLF).

    Raises
    ------
    InputError : the file is missing, no file, unreadable, or empty.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        raise bad(path, "does not exist", hint="Give --data the folder that holds the set's original files") from None
    except OSError as error:
        raise bad(path, f"cannot be read: {error.strerror}") from None
    if not lines[-1]:
        lines.pop()
    if not lines:
        raise bad(path, "is empty")
    return [line.removesuffix(b"\r") for line in lines]


def integers(path: Path, line: int, cells: Sequence[bytes]) -> list[int]:
    """The cells of a line as integers of at most 18 digits."""
    for cell in cells:
        if not cell.strip().removeprefix(b"-").isdigit() or len(cell) > LONGEST:
            raise bad(path, f"has {shown(cell)} where an integer is due", line=line)
    return [int(cell) for cell in cells]


def shown(cell: bytes) -> str:
    """A cell for a message: short, and printable whatever its encoding."""
    return ascii(cell[:40].decode("latin-1"))


def integer_table(path: Path, columns: Sequence[str]) -> NDArray[np.int64]:
    """The first columns of a tab separated table with a header line, int64 (n, len(columns)); row r stands in line r + 2.

    Raises
    ------
    InputError : as of `read_lines`; other columns; no row; a line with more or fewer cells than the header; a cell that is no
        integer, or that is negative.
    """
    lines = read_lines(path)
    header = [name.strip() for name in lines[0].split(b"\t")]
    wanted = [name.encode() for name in columns]
    if header[: len(wanted)] != wanted:
        raise bad(path, f"must begin with the columns {', '.join(columns)} (tab separated)", line=1)
    rows = []
    for line, text in enumerate(lines[1:], start=2):
        cells = text.split(b"\t")
        if len(cells) != len(header):
            raise bad(path, f"has {len(cells)} cells, the header {len(header)}", line=line)
        rows.append(integers(path, line, cells[: len(wanted)]))
    if not rows:
        raise bad(path, "has no rows below its header")
    table = np.array(rows, np.int64)
    if (table < 0).any():
        raise bad(path, "has a negative number", line=int(np.flatnonzero((table < 0).any(axis=1))[0]) + 2)
    return table
