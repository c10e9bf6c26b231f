"""The Last.fm set of HetRec 2011: user_artists.dat (userID, artistID, weight), with the artists' names in artists.dat beside it.

Tab separated, one with CRLF and one with LF line ends; quotation marks in artists' names are part of the names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from data.importers.delimited import header_of, read_rows
from data.importers.parsed import ParsedListens, Sieve
from data.importers.values import numbers

PLAYS = "user_artists.dat"
ARTISTS = "artists.dat"
HEADER = ["userID", "artistID", "weight"]


def is_plays(first_line: bytes) -> bool:
    """Whether a file with this first line holds plays of artists."""
    return header_of(first_line, "\t") == HEADER


def artists_file(plays: Path) -> Path | None:
    """The table of artists beside the plays; None if there is none."""
    path = plays.with_name(ARTISTS)
    return path if path.is_file() else None


def read_hetrec(path: Path, progress: Callable[[int, int], None] | None = None) -> ParsedListens:
    """Read plays of artists; item_id is Last.fm's number of the artist, item_name its name where artists.dat knows it.

    Raises
    ------
    InputError : no row is good.
    """
    import pyarrow as pa

    sieve = Sieve()
    for rows in read_rows(path, delimiter="\t", columns=(0, 1, 2), quoted=False, sieve=sieve, progress=progress):
        users, artists, weights = rows.columns
        sieve.add(rows.lines, users, artists, weight=numbers(weights), time=None)
    parsed = sieve.finish(path, "hetrec", "lastfm-artist")
    names = _names(artists_file(path))
    column = pa.array([names.get(item) for item in parsed.table.column("item_id").to_pylist()], pa.string())
    position = parsed.table.schema.get_field_index("item_name")
    return replace(parsed, table=parsed.table.set_column(position, "item_name", column))


def _names(path: Path | None) -> dict[str, str]:
    """Artist number -> name; lines that are no artist are passed over, as a name is only a help."""
    if path is None:
        return {}
    names: dict[str, str] = {}
    for line in path.read_bytes().decode("utf-8", "replace").split("\n")[1:]:
        cells = line.rstrip("\r").split("\t")
        if len(cells) > 1 and cells[0] and cells[1].strip():
            names[cells[0].strip()] = cells[1].strip()
    return names
