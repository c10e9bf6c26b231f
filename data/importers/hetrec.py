"""The Last.fm set of HetRec 2011: user_artists.dat (userID, artistID, weight), with the artists' names in artists.dat beside it.

Tab separated, one with CRLF and one with LF line ends; quotation marks in artists' names are part of the names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

from data.importers.delimited import header_of, read_rows
from data.importers.lines import line_chunks
from data.importers.members import Member
from data.importers.parsed import Sieve
from data.importers.values import numbers

PLAYS = "user_artists.dat"
ARTISTS = "artists.dat"
HEADER = ["userID", "artistID", "weight"]


def is_plays(head: bytes) -> bool:
    """Whether a file that begins so holds plays of artists."""
    return header_of(head.split(b"\n", 1)[0], "\t") == HEADER


def artists_file(plays: Path) -> Path | None:
    """The table of artists beside the plays; None if there is none."""
    path = plays.with_name(ARTISTS)
    return path if path.is_file() else None


def read_hetrec(stream: BinaryIO, sieve: Sieve, *, artists: Member | None) -> None:
    """Read plays of artists; an item's key is Last.fm's number of the artist, its name is taken from artists.dat."""
    import pyarrow as pa

    known = _names(artists)
    for rows in read_rows(stream, delimiter="\t", columns=(0, 1, 2), quoted=False, sieve=sieve):
        users, numbered, weights = rows.columns
        items: dict[str, Any] = {"key": numbered}
        if known:
            items["artist"] = pa.array([known.get(number.strip(), "") for number in numbered.to_pylist()], pa.string())
        sieve.add(rows.lines, users=users, items=items, weight=numbers(weights))


def _names(artists: Member | None) -> dict[str, str]:
    """Artist number -> name; lines that are no artist are passed over, as a name is only a help."""
    if artists is None:
        return {}
    names: dict[str, str] = {}
    unused = Sieve(_Nowhere())
    with artists.open() as stream:
        for chunk in line_chunks(stream, unused):
            for line in chunk.data.decode("utf-8", "replace").split("\n"):
                cells = line.rstrip("\r").split("\t")
                if len(cells) > 1 and cells[0] and cells[1].strip():
                    names[cells[0].strip()] = cells[1].strip()
    return names


class _Nowhere:
    """A sink for lines that are no listens."""

    def put(self, users: Any, items: Any, weight: Any, time: Any) -> None:
        return None
