"""What an importer hands over: good rows as a table, bad rows counted by reason; no row is in neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

ItemKind = Literal["track", "lastfm-artist"]
NO_TIME = np.iinfo(np.int64).min  # the row does not say when
BAD_TIME = NO_TIME + 1  # it says something that is no time


@dataclass(frozen=True)
class Rejected:
    """Rows refused for one reason: how many, and the line number (from 1; rows of a Parquet file from 1) of the first."""

    reason: str
    rows: int
    first_line: int


@dataclass(frozen=True)
class ParsedListens:
    """The listens of one source.

    Parameters
    ----------
    table : columns user_id string, item_id string, weight float32 (> 0, finite), time int64 (Unix s, or null),
        item_name string (or null; the artist's name where items are artists).
    format : short name, e.g. "csv", "hetrec".
    item_kind : "track": ids are track ids; "lastfm-artist": Last.fm's numbers of artists.
    rejected : refused rows by reason.
    """

    table: pa.Table
    format: str
    item_kind: ItemKind
    rejected: tuple[Rejected, ...]

    @property
    def rows(self) -> int:
        """Rows in the source, good and bad; empty lines and the header are none."""
        return int(self.table.num_rows) + sum(reason.rows for reason in self.rejected)


class Numbers(NamedTuple):
    """float64 (n,) values, and bool (n,): True where the source has no number."""

    value: NDArray[np.float64]
    bad: NDArray[np.bool_]


@dataclass
class Sieve:
    """Collects the good rows of a source in chunks and counts the bad ones."""

    chunks: list[Any] = field(default_factory=list)  # pyarrow tables
    counts: dict[str, tuple[int, int]] = field(default_factory=dict)  # reason -> rows, first line

    def reject(self, reason: str, lines: Sequence[int] | NDArray[np.int64]) -> None:
        """Count the rows in `lines`, ascending, as refused for `reason`."""
        if len(lines):
            rows, first = self.counts.get(reason, (0, int(lines[0])))
            self.counts[reason] = (rows + len(lines), min(first, int(lines[0])))

    def add(
        self,
        lines: NDArray[np.int64],
        users: Sequence[str],
        items: Sequence[str],
        *,
        weight: Numbers | None,
        time: NDArray[np.int64] | None,
    ) -> None:
        """Sieve one chunk of n rows.

        Parameters
        ----------
        lines : int64 (n,), line numbers.
        users, items : n ids; "" is refused.
        weight : n values, finite and > 0 as float32; None: each row is one play.
        time : int64 (n,), Unix seconds or NO_TIME or BAD_TIME (the row is refused); None where the source has no times.
        """
        import pyarrow as pa

        n = len(lines)
        value = np.ones(n) if weight is None else weight.value
        with np.errstate(over="ignore", invalid="ignore"):
            strength = value.astype(np.float32)  # what is stored must itself be finite and > 0
        checks: list[tuple[str, NDArray[np.bool_]]] = [
            ("empty user", ~np.fromiter(map(bool, users), bool, n)),
            ("empty track", ~np.fromiter(map(bool, items), bool, n)),
            ("weight is no number", np.zeros(n, bool) if weight is None else weight.bad),
            ("weight is not finite", ~np.isfinite(strength)),
            ("weight is not positive", ~(strength > 0)),
            ("time cannot be read", np.zeros(n, bool) if time is None else time == BAD_TIME),
        ]
        good = np.ones(n, dtype=bool)
        for reason, bad in checks:
            self.reject(reason, lines[good & bad])
            good &= ~bad
        columns = {
            "user_id": pa.array(users, pa.string()),
            "item_id": pa.array(items, pa.string()),
            "weight": pa.array(strength, pa.float32()),
            "time": pa.nulls(n, pa.int64()) if time is None else pa.array(time, pa.int64(), mask=time == NO_TIME),
            "item_name": pa.nulls(n, pa.string()),
        }
        table = pa.table(columns)
        self.chunks.append(table if good.all() else table.filter(pa.array(good)))

    def finish(self, path: Path, format_: str, item_kind: ItemKind) -> ParsedListens:
        """All good rows.

        Raises
        ------
        InputError : there is no row (code "no-rows"), or none of them is good (code "no-good-rows").
        """
        import pyarrow as pa

        rejected = tuple(Rejected(reason, *count) for reason, count in sorted(self.counts.items(), key=lambda item: item[1][1]))
        good = sum(chunk.num_rows for chunk in self.chunks)
        if not good and not rejected:
            raise InputError(f"{path} has a header but no rows", code="no-rows")
        if not good:
            reasons = "; ".join(f"{bad.reason}: {bad.rows}, first in line {bad.first_line}" for bad in rejected)
            raise InputError(f"{path}: none of its rows is a listen ({reasons})", code="no-good-rows")
        return ParsedListens(pa.concat_tables(self.chunks), format_, item_kind, rejected)
