"""Records of a large CSV file, one after the other: cells may hold line breaks, and a broken record costs no good one."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator


def read_records(lines: Iterable[str], width: int, first_line: int = 1) -> Iterator[tuple[int, list[str] | None]]:
    """Records and the numbers of the lines that they begin on; None for a record in place of one that is broken.

    A record is broken if its quotation marks do not match or it has not `width` cells. Then its first line alone is given up and
    reading goes on at the next one: a quotation mark that is never closed swallows no good row. (csv's limit of 128 KiB a cell
    bounds how far its end is looked for.)

    Parameters
    ----------
    lines : with their line ends, as a file opened with newline="" gives them.
    first_line : number of the first of these lines.
    """
    numbered = enumerate(lines, first_line)
    again: deque[tuple[int, str]] = deque()
    taken: list[tuple[int, str]] = []  # lines of the record that is being read

    def feed() -> Iterator[str]:
        while (item := again.popleft() if again else next(numbered, None)) is not None:
            taken.append(item)
            yield item[1]

    reader = csv.reader(feed(), strict=True)
    while True:
        taken.clear()
        cells: list[str] | None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            cells = None
        if cells == []:  # an empty line
            continue
        line = taken[0][0]
        if cells is not None and len(cells) == width:
            yield line, cells
            continue
        again.extendleft(reversed(taken[1:]))
        reader = csv.reader(feed(), strict=True)
        yield line, None
