"""How the items of all listens were matched with the catalogue, and what was not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.listens_table import StoredRows, read_source
from data.matched import Library, matches_of
from data.matching import BY_SIMILAR_NAMES, NOT, WAYS, Matches
from data.names import artist_words, song_words
from data.stored_listens import sources
from data.tracks import Track


def match_report(folder: Path, tracks: Sequence[Track], *, k: int) -> dict[str, Any]:
    """Counts by way, and the k with most listens of what is not in the catalogue and of what was matched by similar names.

    Reads no rows, only items; a repeated event counts each time here.

    Returns
    -------
    "matching": way (see `data.matching.WAYS`; "" is none) -> {"items", "rows", "listens"}, only those that occur;
    "unmatched": [{"artist", "title", "album", "id", "listens", "rows"}], "similar": [{"name", "artist", "title", "listens",
    "track_id", "matched_name"}].

    Raises
    ------
    InputError : a stored table is missing or damaged.
    """
    library = Library(list(tracks))
    totals = {name: np.zeros(len(WAYS)) for name in ("items", "rows", "listens")}
    lost: dict[tuple[str, str], dict[str, Any]] = {}
    similar: list[dict[str, Any]] = []
    for source in sources(folder):
        stored = read_source(folder / source.file)
        matches = matches_of(folder / source.file, source.item_kind, stored.items, library)
        for name, values in (
            ("items", np.ones(len(matches.way))),
            *((c, stored.items.column(c).to_numpy()) for c in ("rows", "listens")),
        ):
            totals[name] += np.bincount(matches.way, values, minlength=len(WAYS))
        if k:
            _add_lost(lost, stored, np.flatnonzero(matches.way == NOT), k)
            similar += _similar(stored, matches, library, k)
    order = [*range(1, len(WAYS)), NOT]
    return {
        "matching": {
            WAYS[way]: {name: _number(values[way]) for name, values in totals.items()} for way in order if totals["items"][way]
        },
        "unmatched": _most(list(lost.values()), k),
        "similar": _most(similar, k),
    }


def _number(value: float) -> int | float:
    return int(value) if float(value).is_integer() else float(value)


def _most(items: list[dict[str, Any]], k: int) -> list[dict[str, Any]]:
    return sorted(items, key=lambda item: (-item["listens"], item.get("artist", ""), item.get("title", ""), str(item.get("id"))))[
        :k
    ]


def _add_lost(lost: dict[tuple[str, str], dict[str, Any]], stored: StoredRows, rows: NDArray[np.int64], k: int) -> None:
    """Add the items in `rows` to those that were not matched, spellings of one song together."""
    for item in stored.items.take(_heaviest(stored, rows, 20 * k)).to_pylist():
        names = (artist_words(item["artist"]), song_words(item["title"])) if item["artist"] or item["title"] else ("", "")
        one = lost.setdefault(
            names if any(names) else ("", f"\0{_identifier(item)}"),
            {name: item[name] for name in ("artist", "title", "album")} | {"id": _identifier(item), "listens": 0, "rows": 0},
        )
        one["listens"] = _number(one["listens"] + item["listens"])
        one["rows"] += item["rows"]


def _heaviest(stored: StoredRows, rows: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Those of `rows` with most listens: of a million unknown songs only the head is looked at."""
    listens = stored.items.column("listens").to_numpy()[rows]
    return rows[np.argsort(-listens, kind="stable")[:most]]


def _identifier(item: dict[str, Any]) -> str:
    return str(item["key"] or item["recording_mbid"] or item["artist_mbid"])


def _similar(stored: StoredRows, matches: Matches, library: Library, k: int) -> list[dict[str, Any]]:
    """The items that were matched by similar names, and to what."""
    track_of = dict(zip(matches.item.tolist(), matches.track.tolist(), strict=True))
    rows = _heaviest(stored, np.flatnonzero(matches.way == BY_SIMILAR_NAMES), k)
    found = []
    for row, item in zip(rows.tolist(), stored.items.take(rows).to_pylist(), strict=True):
        track = library.tracks[track_of[row]]
        about = {"name": f"{item['artist']} - {item['title']}", "artist": item["artist"], "title": item["title"]}
        found.append({**about, "listens": _number(item["listens"]), "track_id": track.track_id, "matched_name": track.name})
    return found
