"""What an importer hands over: good rows in batches, the others counted by reason; no row is in neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

# "track": a song, by its id, its MusicBrainz recording id or its names; "lastfm-artist": all songs of an artist, by Last.fm's
# number or the name; "artist": the same, by MusicBrainz artist id or the name.
ItemKind = Literal["track", "lastfm-artist", "artist"]
ITEM_TEXTS = ("key", "recording_mbid", "artist_mbid", "artist", "title", "album")  # what an item may be known by
NO_TIME = np.iinfo(np.int64).min  # the row does not say when
BAD_TIME = NO_TIME + 1  # it says something that is no time


@dataclass(frozen=True)
class Counted:
    """Rows left out for one reason: how many, and where the first stands.

    Parameters
    ----------
    first_line : line number from 1; in Parquet files and JSON arrays the number of the row, from 1.
    file : which file of a folder or archive; "" where the source is one file.
    """

    reason: str
    rows: int
    first_line: int
    file: str = ""


class Numbers(NamedTuple):
    """float64 (n,) values, and bool (n,): True where the source has no number."""

    value: NDArray[np.float64]
    bad: NDArray[np.bool_]


class Sink(Protocol):
    """Takes good rows."""

    def put(self, users: Any | None, items: Mapping[str, Any], weight: NDArray[np.float32], time: NDArray[np.int64]) -> None:
        """n good rows.

        Parameters
        ----------
        users : Arrow strings (n,), none of them empty; None where the source does not say who listened.
        items : Arrow strings (n,) by name, some of ITEM_TEXTS, "" where unknown; "duration", if there, is float32 seconds (n,),
            0 where unknown.
        weight : finite and > 0.
        time : Unix s, NO_TIME where unknown.
        """


@dataclass
class Sieve:
    """Hands the good rows of a source on to a sink, and counts those that are bad or filtered out."""

    sink: Sink
    kind: ItemKind = "track"
    file: str = ""  # which file of the source is being read
    good: int = 0
    bad: dict[str, Counted] = field(default_factory=dict)
    passed_over: dict[str, Counted] = field(default_factory=dict)

    @property
    def rejected(self) -> tuple[Counted, ...]:
        """Bad rows by reason, in the order in which the reasons came up."""
        return tuple(self.bad.values())

    @property
    def filtered(self) -> tuple[Counted, ...]:
        """Sound rows that are no listens of music (too short, a podcast, private) by reason, in the same order."""
        return tuple(self.passed_over.values())

    @property
    def rows(self) -> int:
        """All rows met so far; empty lines and headers are none."""
        return self.good + sum(one.rows for one in (*self.rejected, *self.filtered))

    def reject(self, reason: str, lines: Sequence[int] | NDArray[np.int64]) -> None:
        """Count the rows in `lines`, ascending, as refused for `reason`."""
        self._count(self.bad, reason, lines)

    def filter(self, reason: str, lines: Sequence[int] | NDArray[np.int64]) -> None:
        """Count the rows in `lines`, ascending, as sound but no listens for `reason`."""
        self._count(self.passed_over, reason, lines)

    def _count(self, counts: dict[str, Counted], reason: str, lines: Sequence[int] | NDArray[np.int64]) -> None:
        if not len(lines):
            return
        old = counts.get(reason, Counted(reason, 0, int(lines[0]), self.file))
        first = min(old.first_line, int(lines[0])) if old.file == self.file else old.first_line
        counts[reason] = Counted(reason, old.rows + len(lines), first, old.file)

    def add(
        self,
        lines: NDArray[np.int64],
        *,
        users: Any | None,
        items: Mapping[str, Any],
        weight: Numbers | None = None,
        time: NDArray[np.int64] | None = None,
    ) -> None:
        """Sieve n rows.

        Parameters
        ----------
        lines : int64 (n,), line numbers.
        users : Arrow strings or n texts, "" is refused; None where the source does not say.
        items : Arrow strings or n texts by name, see `Sink.put`.
        weight : n values, finite and > 0 as float32; None: each row is one play.
        time : int64 (n,), Unix seconds or NO_TIME or BAD_TIME (the row is refused); None where the source has no times.
        """
        n = len(lines)
        value = np.ones(n) if weight is None else weight.value
        with np.errstate(over="ignore", invalid="ignore"):
            strength = value.astype(np.float32)  # what is stored must itself be finite and > 0
        columns = {name: texts(column) for name, column in items.items() if name != "duration"}
        user = None if users is None else texts(users)
        nameless, missing = self._nameless(columns)
        checks: list[tuple[str, NDArray[np.bool_]]] = [
            ("empty user", np.zeros(n, bool) if user is None else is_empty(user)),
            (nameless, missing),
            ("weight is no number", np.zeros(n, bool) if weight is None else weight.bad),
            ("weight is not finite", ~np.isfinite(strength)),
            ("weight is not positive", ~(strength > 0)),
            ("time cannot be read", np.zeros(n, bool) if time is None else time == BAD_TIME),
        ]
        good = np.ones(n, dtype=bool)
        for reason, bad in checks:
            self.reject(reason, lines[good & bad])
            good &= ~bad
        when = np.full(n, NO_TIME) if time is None else time
        if "duration" in items:
            columns["duration"] = _durations(items["duration"])
        if not good.all():
            columns = {name: column.filter(good) for name, column in columns.items()}
            user = None if user is None else user.filter(good)
            strength, when = strength[good], when[good]
        self.good += len(strength)
        if len(strength):
            self.sink.put(user, columns, strength, when)

    def _nameless(self, columns: Mapping[str, Any]) -> tuple[str, NDArray[np.bool_]]:
        """Rows that name no song or artist, bool (n,), and what to call that."""
        empty = {name: is_empty(column) for name, column in columns.items()}
        n = len(next(iter(empty.values())))
        absent = np.ones(n, bool)
        if self.kind != "track":
            return "empty artist", empty.get("key", absent) & empty.get("artist_mbid", absent) & empty.get("artist", absent)
        missing = empty.get("key", absent) & empty.get("recording_mbid", absent)
        return (
            "empty artist or title" if "title" in columns else "empty track",
            missing & (empty.get("artist", absent) | empty.get("title", absent)),
        )


def texts(column: Any) -> Any:
    """Texts as an Arrow string array without surrounding blanks; null is ""."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    elif not isinstance(column, pa.Array):
        column = pa.array(column, pa.string())
    return pc.utf8_trim_whitespace(column.fill_null("") if column.null_count else column)


def is_empty(column: Any) -> NDArray[np.bool_]:
    """Which texts are "", bool (n,)."""
    import pyarrow.compute as pc

    return np.asarray(pc.equal(pc.binary_length(column), 0), dtype=bool)


def _durations(seconds: Any) -> Any:
    """Seconds as Arrow float32; what is no length is 0."""
    import pyarrow as pa

    value = np.asarray(seconds, np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        return pa.array(np.where((value > 0) & (value < 1e6), value, 0).astype(np.float32))
