"""The listens of a workspace: kept as they came, source by source (see `data.listens_table`).

`sources.json` says which tables count; a table is written before it is listed, so a killed import changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast, get_args

from data.errors import InputError
from data.files import disk_errors, fingerprint, read_json, write_json
from data.importers.parsed import Counted, ItemKind, Sieve
from data.importers.recognise import Source, recognise
from data.listens_table import ROWS, SCHEMA, described, files_of, is_whole
from data.listens_writer import SourceWriter

READ_SCHEMAS = (1, SCHEMA)
READING = 1  # of the importers: what another one has read gets other file names
DEFAULT_USER = "me"
MANIFEST = "sources.json"

_REBUILD = "Import any file of listens, also one imported before: the list of sources is then made again from the tables"


@dataclass(frozen=True)
class StoredSource:
    """One imported source: where it came from, hash of its content, what it is, good rows, and the file name of its rows."""

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
    filtered : sound rows that are no listens of music, by reason.
    unchanged : this content was imported before, nothing was done.
    replaced : an earlier content of the same path was replaced.
    notes : what was found damaged and mended on the way, each a clause for a person.
    """

    source: StoredSource
    rows: int
    rejected: tuple[Counted, ...] = ()
    filtered: tuple[Counted, ...] = ()
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
        content = read_json(manifest)
        if content.get("schema") not in READ_SCHEMAS:
            read_json(manifest, schema=SCHEMA)  # says so
        listed = [StoredSource(**entry) for entry in content["sources"]]
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


def may_be_matched_by_names(folder: Path) -> bool:
    """Whether a source may name songs by artist and title; those of schema 1 have ids alone. Reads no listens."""
    return any(source.file.endswith(ROWS) for source in sources(folder))


def checked_source(path: Path, user: str | None = None) -> Source:
    """What `path` is, if `user` may be said of it.

    Raises
    ------
    InputError : as `recognise`; or its rows name their users already (code "user").
    """
    source = recognise(path)
    if user is not None and not source.personal:
        raise InputError(f"user={user!r}: {path} says itself who listened", code="user", hint="Import it without naming a user")
    return source


def import_file(
    folder: Path, path: Path, *, user: str | None = None, progress: Callable[[int, int], None] | None = None
) -> ImportReport:
    """Read the listens in `path` and store them in `folder`, in memory that does not grow with the number of rows.

    The same content again changes nothing, unless its table is missing or damaged: then it is made again. New content of a path
    imported before replaces what it gave. A damaged or lost list of sources is made again from the tables.

    Parameters
    ----------
    user : who listened, where the source does not say; None: "me".

    Raises
    ------
    InputError : as `checked_source`; no row is good; the disk is full.
    """
    source = checked_source(path, user)
    listener = DEFAULT_USER if user is None else user
    content_hash = source.content_hash(listener)
    stored, notes = _stored(folder)
    if source.passed_over:
        named = ", ".join(source.passed_over[:5]) + (" and others" if len(source.passed_over) > 5 else "")
        notes.append(f"passed over, as no listens in a known format: {named}")
    same = next((old for old in stored if old.content_hash == content_hash), None)
    if same is not None and not is_whole(folder / same.file):
        notes.append(f"its stored table {same.file} was missing or damaged and was made again")
        stored.remove(same)
        same = None
    others = [old for old in stored if old.path != str(source.path) or old is same]
    replaced = len(others) < len(stored)
    if same is not None and not replaced:
        if notes:
            _list(folder, others)
        return ImportReport(same, same.rows, unchanged=True, notes=tuple(notes))
    if same is not None:
        report = ImportReport(same, same.rows, replaced=replaced, notes=tuple(notes))
    else:
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        if not (folder / MANIFEST).exists():
            _list(folder, stored)  # so that tables without a list always mean that it was lost
        new, sieve = _write(folder, source, content_hash, listener, progress)
        others.append(new)
        report = ImportReport(new, sieve.rows, sieve.rejected, sieve.filtered, replaced=replaced, notes=tuple(notes))
    _list(folder, others)
    kept = {file for one in others for file in files_of(folder / one.file)}
    for orphan in set(folder.glob("*.parquet")) - kept:
        orphan.unlink(missing_ok=True)
    return report


def _write(
    folder: Path, source: Source, content_hash: str, user: str, progress: Callable[[int, int], None] | None
) -> tuple[StoredSource, Sieve]:
    """Read a source into tables; these themselves say where they came from."""
    about = {"source": str(source.path), "hash": content_hash, "format": source.format, "item_kind": source.kind}
    name = f"{content_hash}-{READING}"
    with SourceWriter(folder, name, user, about) as writer:
        sieve = source.parse(writer, progress)
    return StoredSource(str(source.path), content_hash, source.format, source.kind, writer.rows, f"{name}{ROWS}"), sieve


def _list(folder: Path, listed: Sequence[StoredSource]) -> None:
    """Say which tables count."""
    ordered = sorted(listed, key=lambda one: one.path)
    write_json(folder / MANIFEST, {"schema": SCHEMA, "sources": [asdict(one) for one in ordered]})


def _stored(folder: Path) -> tuple[list[StoredSource], list[str]]:
    """The sources, from the tables themselves where the list of them is damaged or lost; and what was done about that."""
    try:
        return sources(folder), []
    except InputError as error:
        if error.code != "damaged":
            raise
        notes = [f"{error.message}; the list was made again from the tables"]
    newest: dict[str, StoredSource] = {}
    tables = [table for table in folder.glob("*.parquet") if table.name.endswith(ROWS) or "." not in table.stem]
    for table in sorted(tables, key=lambda table: table.stat().st_mtime_ns):
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
    found = described(path)
    if found is None:
        return None
    about, rows = found
    try:
        kind = cast(ItemKind, about["item_kind"] if about["item_kind"] in get_args(ItemKind) else "track")
        return StoredSource(about["source"], about.get("hash", path.stem), about["format"], kind, rows, path.name)
    except KeyError:
        return None
