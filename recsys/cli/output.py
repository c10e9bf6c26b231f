"""What a person sees: tables and JSON on stdout, bars and remarks on stderr."""

from __future__ import annotations

import json
import os
import re
import sys
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from recsys.report import Progress, Report

if TYPE_CHECKING:
    from rich.text import Text

_DEL_AND_C1 = re.compile("[\x7f-\x9f]")
_BIDI_CONTROLS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def printable(text: str) -> str:
    """`text` with every character that could steer a terminal written as an escape; line breaks stay.

    Names come from strangers' files: an ESC in a title could clear the screen, forge a line or retitle the window, and a
    bidirectional override could turn what one reads around.
    """
    if text.isprintable():  # almost always
        return text
    return "".join(c if c == "\n" or not _steers(c) else c.encode("unicode_escape").decode() for c in text)


def _steers(character: str) -> bool:
    return unicodedata.category(character) == "Cc" or unicodedata.bidirectional(character) in _BIDI_CONTROLS


def echo(text: object, *, err: bool = False) -> None:
    """One line on stdout, or with `err` on stderr, `printable`."""
    import typer

    typer.echo(printable(str(text)), err=err)


def print_json(value: Any) -> None:
    """One JSON document on stdout; NaN never (it is not JSON). JSON escapes what steers a terminal, but for DEL and C1."""
    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    sys.stdout.write(_DEL_AND_C1.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str = "", right: Sequence[str] = ()) -> None:
    """A table on stdout; `right` names the columns that are aligned to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=_cell(title) if title else None, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(_cell, row))
    # A pipe is no terminal: there, lines are as long as they need be.
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def _cell(value: object) -> Text:
    """One cell of a table: no markup, nothing that steers the terminal."""
    from rich.text import Text

    text = "" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
    return Text(printable(text).replace("\n", "\\n"))  # (a line break could pass for another row)


class TerminalReport(Report):
    """Bars with the time left on a terminal; one line a task where stderr is a file or a pipe."""

    def __init__(self) -> None:
        from rich.console import Console

        # On a terminal through a descriptor of our own: while an mp3 is decoded, descriptor 2 points elsewhere to keep the
        # decoder's complaints away, and a bar that is redrawn just then would be lost.
        stderr = os.fdopen(os.dup(2), "w") if sys.stderr.isatty() else sys.stderr
        self._console = Console(file=stderr, highlight=False, markup=False)

    @contextmanager
    def task(self, name: str) -> Iterator[Progress]:
        """A bar named `name`."""
        if not self._console.is_terminal:
            with self._plain_task(name) as progress:
                yield progress
            return
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        # Steps may be a minute apart (epochs of a fold): with rich's window of 30 s there would be no time left to show.
        with Bars(*columns, console=self._console, speed_estimate_period=600) as bars:
            bar = bars.add_task(name, total=None)
            yield lambda done, total: bars.update(bar, completed=done, total=total)

    @contextmanager
    def _plain_task(self, name: str) -> Iterator[Progress]:
        start, last = time.monotonic(), [0, 0]

        def progress(done: int, total: int) -> None:
            last[:] = done, total

        yield progress
        done = f"{last[0]}/{last[1]}" if last[1] else "done"  # some engines are fitted at one go
        self.say(f"{name}: {done} in {time.monotonic() - start:.1f} s")

    def say(self, line: str) -> None:
        """A remark on stderr."""
        self._console.print(printable(line), soft_wrap=True)
