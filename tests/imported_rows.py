"""What an importer reads, as plain rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data.importers.parsed import NO_TIME, Counted, Sieve
from data.importers.recognise import recognise


@dataclass
class Collected:
    """A sink that keeps every row: user, items, weight, time."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def put(self, users, items, weight, time):
        columns = {name: column.to_pylist() for name, column in items.items()}
        who = [None] * len(weight) if users is None else users.to_pylist()
        for at in range(len(weight)):
            when = int(time[at])
            row = {name: column[at] for name, column in columns.items()}
            row |= {"user": who[at], "weight": float(weight[at]), "time": None if when == NO_TIME else when}
            self.rows.append(row)


@dataclass
class Parsed:
    """Rows, and the counts of the sieve."""

    rows: list[dict[str, Any]]
    sieve: Sieve
    format: str
    kind: str
    personal: bool

    def columns(self, *names: str) -> list[tuple[Any, ...]]:
        return [tuple(row.get(name) for name in names) for row in self.rows]

    @property
    def rejected(self) -> dict[str, tuple[int, int]]:
        return counts(self.sieve.rejected)

    @property
    def filtered(self) -> dict[str, tuple[int, int]]:
        return counts(self.sieve.filtered)


def counts(counted: tuple[Counted, ...]) -> dict[str, tuple[int, int]]:
    return {one.reason: (one.rows, one.first_line) for one in counted}


def parse(path: Path, content: str | bytes | None = None, progress=None) -> Parsed:
    """Write `content` to `path`, if any, and read it."""
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    source = recognise(path)
    sink = Collected()
    sieve = source.parse(sink, progress)
    assert sieve.good == len(sink.rows)
    return Parsed(sink.rows, sieve, source.format, source.kind, source.personal)
