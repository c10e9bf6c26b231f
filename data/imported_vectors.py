"""Imported vectors as the workspace keeps them: one Parquet file, whole or absent, of the vectors and of how they are used."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.external_vectors import KEYS, ExternalVectors
from data.files import atomic_path, fingerprint
from data.tracks import Track

SCHEMA = 1
_HINT = "Import the file again, or go back with `recsys import-embeddings --remove`"


@dataclass(frozen=True)
class ImportedVectors:
    """Vectors of a maker that we do not know.

    Parameters
    ----------
    name : what the user calls their maker, e.g. "clap".
    beside : whether they stand beside our own vectors, or in their place.
    external : all rows of the file, also those of songs that are not in the catalogue yet.
    hashes : content hash of each song's file when it was imported, n of them; "" for a song that was not in the catalogue.
    fingerprint : identifies the maker, as far as it can be told from its vectors.
    """

    name: str
    beside: bool
    external: ExternalVectors
    hashes: tuple[str, ...]
    fingerprint: str

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.name.isprintable():
            raise InputError(
                f"name={self.name!r} must be printable text that says who made the vectors", hint="Give one with --name"
            )
        if len(self.hashes) != len(self.external.names) or len(self.hashes) != len(self.external.vectors):
            raise InputError("imported vectors: names, hashes and vectors must be of one length", code="damaged", hint=_HINT)


def rows_of(external: ExternalVectors, tracks: Sequence[Track], roots: Sequence[str]) -> NDArray[np.int64]:
    """The row of each song's vector, int64 (len(tracks),); -1 for a song without one.

    A path may be absolute, or relative to one of `roots`, the scanned folders.

    Raises
    ------
    InputError : two rows name one song.
    """
    song_of = {track.track_id: at for at, track in enumerate(tracks)}
    if external.key == "path":
        song_of |= {track.path: at for at, track in enumerate(tracks)}
    rows = np.full(len(tracks), -1, np.int64)
    for row, name in enumerate(external.names):
        at = song_of.get(name)
        if at is None and external.key == "path":
            at = next((song_of[path] for path in _paths(name, roots) if path in song_of), None)
        if at is None:
            continue
        if rows[at] >= 0:
            both = f"{external.names[rows[at]]!r} and {name!r}"
            raise InputError(
                f"paths {both} name one song, {tracks[at].track_id!r}", code="vectors-file", hint="Keep one row a song"
            )
        rows[at] = row
    return rows


def _paths(name: str, roots: Sequence[str]) -> list[str]:
    """Where the file may lie that the path names."""
    places = [os.path.normpath(os.path.join(root, name)) for root in ("", *roots)]  # noqa: PTH118  (an absolute name stays)
    return [*places, os.path.realpath(name)] if os.path.isabs(name) else places  # noqa: PTH117


def maker_fingerprint(name: str, external: ExternalVectors, before: ImportedVectors | None, used: NDArray[np.int64]) -> str:
    """Which maker the vectors are of: of the same name and with the same vectors as before for all songs in use, the same one.

    So a file that only adds songs does not make a model stale. Otherwise the vectors themselves say it: 16 hex digits over them.

    Parameters
    ----------
    before : the import that this one replaces, if any.
    used : rows of `before` that are vectors of songs in the catalogue.
    """
    if before is not None and before.name == name and len(used) and _extends(external, before.external, used):
        return before.fingerprint
    digest = hashlib.blake2b(digest_size=16)
    digest.update(external.vectors.data)
    return fingerprint("imported", SCHEMA, name, external.names, external.vectors.shape, digest.hexdigest())


def _extends(new: ExternalVectors, old: ExternalVectors, used: NDArray[np.int64]) -> bool:
    if new.key != old.key or new.vectors.shape[1] != old.vectors.shape[1]:
        return False
    row_of = {name: row for row, name in enumerate(new.names)}
    rows = [row_of.get(old.names[row], -1) for row in used.tolist()]
    return -1 not in rows and new.vectors[rows].tobytes() == old.vectors[used].tobytes()


def write_imported(path: Path, imported: ImportedVectors) -> None:
    """Write all of it as one Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    external = imported.external
    values = pa.array(external.vectors.reshape(-1), type=pa.float32())
    columns = {
        external.key: list(external.names),
        "content_hash": list(imported.hashes),
        "vector": pa.FixedSizeListArray.from_arrays(values, external.vectors.shape[1]),
    }
    about = {
        "schema": str(SCHEMA),
        "name": imported.name,
        "use": "beside" if imported.beside else "in place",
        "fingerprint": imported.fingerprint,
    }
    with atomic_path(path) as temporary:
        pq.write_table(pa.table(columns).replace_schema_metadata(about), temporary)


def read_imported(path: Path) -> ImportedVectors:
    """Read what `write_imported` wrote.

    Raises
    ------
    InputError : missing, damaged, or of another schema.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            table = file.read()
        about = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
        if about.get("schema") != str(SCHEMA):
            raise InputError(
                f"{path} has schema {about.get('schema')!r}, this program reads schema {SCHEMA}", code="schema", hint=_HINT
            )
        key = next(name for name in KEYS if name in table.column_names)
        vector = table.column("vector").combine_chunks()
        vectors = vector.flatten().to_numpy().reshape(len(vector), vector.type.list_size)
        names, hashes = table.column(key).to_pylist(), table.column("content_hash").to_pylist()
        external = ExternalVectors(key, tuple(names), np.ascontiguousarray(vectors, np.float32))
        return ImportedVectors(about["name"], about["use"] == "beside", external, tuple(hashes), about["fingerprint"])
    except (OSError, pa.ArrowException, KeyError, StopIteration, AttributeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error!r}", code="damaged", hint=_HINT) from None
