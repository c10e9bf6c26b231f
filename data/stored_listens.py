"""The listens of a workspace: kept raw, one Parquet file a source, and joined with the catalogue when they are loaded.

`sources.json` says which files count; a table is written before it is listed, so a killed import changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from data.errors import InputError
from data.files import atomic_path, disk_errors, fingerprint, read_json, write_json
from data.ids import IdMap
from data.importers.parsed import ItemKind, Rejected
from data.importers.recognise import recognise
from data.listens import Listens
from data.listens_join import SourceRows, aggregated, known_rows, single_events
from data.tracks import Track

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = 1
MANIFEST = "sources.json"

_REBUILD = "Import any file of listens, also one imported before: the list of sources is then made again from the tables"


@dataclass(frozen=True)
class StoredSource:
    """One imported source: where it came from, hash of its content, what it is, good rows, and its table's file name."""

    path: str
    content_hash: str
    format: str
    item_kind: ItemKind
    rows: int
    file: str


@dataclass(frozen=True)
class ImportReport:
    """What an import did.

    Parameters
    ----------
    source : what is stored now.
    rows : rows in the source, good and bad; of an unchanged source the stored ones.
    rejected : bad rows by reason.
    unchanged : this content was imported before, nothing was done.
    replaced : an earlier content of the same path was replaced.
    notes : what was found damaged and mended on the way, each a clause for a person.
    """

    source: StoredSource
    rows: int
    rejected: tuple[Rejected, ...] = ()
    unchanged: bool = False
    replaced: bool = False
    notes: tuple[str, ...] = ()


def sources(folder: Path) -> list[StoredSource]:
    """The sources imported so far, ordered by path. Raises InputError if the list of them is damaged or lost (code "damaged")."""
    manifest = folder / MANIFEST
    if not manifest.exists():
        if any(folder.glob("*.parquet")):
            raise InputError(f"{manifest} does not exist beside its tables", code="damaged", hint=_REBUILD)
        return []
    try:
        listed = [StoredSource(**entry) for entry in read_json(manifest, schema=SCHEMA)["sources"]]
    except InputError as error:
        raise InputError(error.message, code=error.code, hint=_REBUILD if error.code == "damaged" else error.hint) from None
    except (KeyError, TypeError):
        listed = None
    if listed is None or not all(map(_is_sound, listed)):
        raise InputError(f"{manifest} is damaged", code="damaged", hint=_REBUILD)
    return listed


def _is_sound(source: StoredSource) -> bool:
    texts = (source.path, source.content_hash, source.format, source.item_kind, source.file)
    return all(isinstance(text, str) for text in texts) and isinstance(source.rows, int) and Path(source.file).name == source.file


def state(folder: Path) -> str:
    """A fingerprint of all stored listens: what was derived at another one is stale. Reads no listens."""
    return fingerprint(sorted([source.content_hash, source.item_kind] for source in sources(folder)))


def import_file(folder: Path, path: Path, *, progress: Callable[[int, int], None] | None = None) -> ImportReport:
    """Read the listens in `path` and store them in `folder`.

    The same content again changes nothing, unless its table is missing or damaged: then it is made again. New content of a path
    imported before replaces what it gave. A damaged or lost list of sources is made again from the tables.

    Raises
    ------
    InputError : as `recognise`; no row is good; the disk is full.
    """
    source = recognise(path)
    content_hash = source.content_hash()
    stored, notes = _stored(folder)
    same = next((old for old in stored if old.content_hash == content_hash), None)
    if same is not None and not _is_whole(folder / same.file):
        notes.append(f"its stored table {same.file} was missing or damaged and was made again")
        stored.remove(same)
        same = None
    others = [old for old in stored if old.path != str(source.path) or old is same]
    replaced = len(others) < len(stored)
    if same is not None and not replaced:
        if notes:
            _list(folder, others)
        return ImportReport(same, same.rows, unchanged=True, notes=tuple(notes))
    if same is None:
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        if not (folder / MANIFEST).exists():
            _list(folder, stored)  # so that tables without a list always mean that it was lost
        parsed = source.parse(progress)
        rows, rejected = parsed.rows, parsed.rejected
        new = StoredSource(
            str(source.path), content_hash, parsed.format, parsed.item_kind, parsed.table.num_rows, f"{content_hash}.parquet"
        )
        _write_table(folder, new, parsed.table)
        others.append(new)
    else:
        new, rows, rejected = same, same.rows, ()
    _list(folder, others)
    for orphan in set(folder.glob("*.parquet")) - {folder / one.file for one in others}:
        orphan.unlink(missing_ok=True)
    return ImportReport(new, rows, rejected, replaced=replaced, notes=tuple(notes))


def _list(folder: Path, listed: Sequence[StoredSource]) -> None:
    """Say which tables count."""
    ordered = sorted(listed, key=lambda one: one.path)
    write_json(folder / MANIFEST, {"schema": SCHEMA, "sources": [asdict(one) for one in ordered]})


def _write_table(folder: Path, source: StoredSource, table: pa.Table) -> None:
    """Write the rows; the file itself says where they came from."""
    import pyarrow.parquet as pq

    about = {"schema": str(SCHEMA), "source": source.path, "format": source.format, "item_kind": source.item_kind}
    with atomic_path(folder / source.file) as temporary:
        pq.write_table(table.replace_schema_metadata(about), temporary, compression="zstd")


def _stored(folder: Path) -> tuple[list[StoredSource], list[str]]:
    """The sources, from the tables themselves where the list of them is damaged or lost; and what was done about that."""
    try:
        return sources(folder), []
    except InputError as error:
        if error.code != "damaged":
            raise
        notes = [f"{error.message}; the list was made again from the tables"]
    newest: dict[str, StoredSource] = {}
    for table in sorted(folder.glob("*.parquet"), key=lambda table: table.stat().st_mtime_ns):
        found = _described(table)
        if found is None:
            aside = table.with_name(f"{table.name}.damaged")
            with disk_errors(aside):
                table.replace(aside)
            notes.append(f"{table.name} cannot be read and was set aside as {aside.name}; import its listens again")
        else:
            newest[found.path] = found  # an older content of the same path was replaced by this one
    notes.append(f"{len(newest)} sources of listens found: {', '.join(sorted(newest)) or 'none'}")
    return list(newest.values()), notes


def _described(path: Path) -> StoredSource | None:
    """What a table says of itself; None if it is damaged or none of ours."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema, rows = pq.read_schema(path), pq.read_metadata(path).num_rows
        about = {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}
        if about["schema"] != str(SCHEMA) or not _is_whole(path):
            return None
        kind: ItemKind = "lastfm-artist" if about["item_kind"] == "lastfm-artist" else "track"
        return StoredSource(about["source"], path.stem, about["format"], kind, rows, path.name)
    except (pa.ArrowException, OSError, KeyError, UnicodeDecodeError):
        return None


def _is_whole(path: Path) -> bool:
    """Whether `load` can read a table; all of it is read, as damage may be anywhere."""
    try:
        _read_table(path, "")
    except InputError:
        return False
    return True


def _read_table(path: Path, hint: str) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path, columns=["user_id", "item_id", "weight", "time", "item_name"])
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} cannot be read: {error}", code="damaged", hint=hint) from None


def load(folder: Path, tracks: Sequence[Track], *, events: bool = False) -> tuple[Listens, dict[str, int]]:
    """Join all sources with the catalogue.

    Plays of a (user, track) pair are added, its time is the latest; an event (user, track, time) that stands in several rows
    counts once. Rows that name unknown songs stay on disk and count as soon as the songs are catalogued. A play count of an
    artist goes to each song of the artist.

    Parameters
    ----------
    tracks : the catalogue.
    events : one row an event instead, where it matters when a pair was first heard; users and tracks are the same.

    Returns
    -------
    listens : one row a (user, track) pair, ordered; `tracks` are all of the catalogue, sorted by id; `users` those with a known
        song, sorted. `time` is None if no source has times; else 0 for pairs of unknown time.
    counts : what was read, left out and kept, in words, in this order.

    Raises
    ------
    InputError : a stored table is missing or damaged.
    """
    catalogue = sorted(tracks, key=lambda track: track.track_id)
    ids = IdMap(tuple(track.track_id for track in catalogue), "track")
    parts: list[SourceRows] = []
    counts = {"rows stored": 0, "rows of unknown songs (kept for later)": 0}
    for source in sources(folder):
        hint = f"Import {source.path} again; if it is lost, delete {folder} and import what is left"
        rows, unknown = known_rows(_read_table(folder / source.file, hint), source.item_kind, catalogue, ids)
        counts["rows stored"] += source.rows
        counts["rows of unknown songs (kept for later)"] += unknown
        parts.append(rows)
    users = IdMap.of((user for part in parts for user in part.users), "user")
    user = np.concatenate([users.rows(part.users).astype(np.int64)[part.user] for part in parts] or [np.empty(0, np.int64)])
    track = np.concatenate([part.track for part in parts] or [np.empty(0, np.int64)])
    weight = np.concatenate([part.weight for part in parts] or [np.empty(0)])
    time = np.concatenate([part.time for part in parts] or [np.empty(0, np.int64)])
    listens, repeated = (single_events if events else aggregated)(user, track, weight, time, users=users, tracks=ids)
    counts["repeated events counted once"] = repeated
    counts |= {"events" if events else "user-song pairs": len(listens), "users": len(users), "songs": len(ids)}
    counts["songs without listens"] = int((listens.track_counts() == 0).sum())
    return listens, counts
