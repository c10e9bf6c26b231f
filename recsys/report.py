"""How a step tells what it does while it runs; silent unless the command line (or a caller) listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int, int], None]  # (done, total)


class Report:
    """Receives progress and remarks of a step. This one is silent: the Python API's default."""

    @contextmanager
    def task(self, name: str) -> Iterator[Progress]:
        """A piece of work with a progress bar; call what is yielded with (done, total)."""
        yield lambda _done, _total: None

    def say(self, line: str) -> None:
        """One remark for a person."""


SILENT = Report()
