"""Lines of a stream, some hundred thousand bytes at a time, in memory that does not grow with the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from data.importers.parsed import Sieve

CHUNK_BYTES = 1 << 20  # small enough that the garbage collector does not walk over many rows again and again
LONGEST_LINE = 1 << 22  # bytes; no listen is so long, and a file without line ends must not fill the memory
TOO_LONG = f"line is longer than {LONGEST_LINE} bytes"


class Chunk(NamedTuple):
    """Whole lines as they stand in the file, the number of the first, and how many they are."""

    data: bytes
    line: int
    lines: int


def line_chunks(stream: BinaryIO, sieve: Sieve, *, line: int = 1) -> Iterator[Chunk]:
    """The rest of `stream` in chunks; a line that is too long is rejected into `sieve`, and an empty one stands in its place.

    Parameters
    ----------
    line : number of the line at which the stream stands.
    """
    while data := stream.read(CHUNK_BYTES):
        end = b"" if data.endswith(b"\n") else stream.readline(LONGEST_LINE)
        if len(end) == LONGEST_LINE and not end.endswith(b"\n"):
            while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            data, end = data[: data.rfind(b"\n") + 1], b"\n"
            sieve.reject(TOO_LONG, [line + data.count(b"\n")])
        data += end
        lines = data.count(b"\n") + (not data.endswith(b"\n"))
        yield Chunk(data, line, lines)
        line += lines
