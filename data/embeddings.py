"""Song embeddings, the one thing that the content half hands to the collaborative half."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.files import atomic_path, fingerprint, read_json, write_json
from data.ids import IdMap

SCHEMA = 2
META = "embeddings.json"

_HINT = "Embed the songs again"


def unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each row brought to length 1, float32 (n, d); a row of zeros stays."""
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))[:, None]
    rows: NDArray[np.float32] = np.divide(vectors, lengths, out=np.zeros(vectors.shape), where=lengths > 0).astype(np.float32)
    return rows


class Block(NamedTuple):
    """Columns of embeddings that came from one place: an imported name, or "" for our own encoder; which one; how many."""

    name: str
    fingerprint: str
    width: int


@dataclass(frozen=True)
class SongEmbeddings:
    """One vector a song.

    Parameters
    ----------
    tracks : I song ids, row order.
    vectors : float32 (I, d), finite; d is 192 for the encoder's own.
    fingerprint : identifies the encoder that made them; vectors of two encoders never mix.
    sources : content hash of the file that each vector was made from, I of them, or none; a changed file is embedded again.
    blocks : the parts that the columns are of, from left to right, where some are imported; () for our encoder's alone.
    """

    tracks: IdMap
    vectors: NDArray[np.float32]
    fingerprint: str
    sources: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.tracks):
            raise InputError(f"embeddings: vectors {self.vectors.shape} must be ({len(self.tracks)}, d)")
        if self.vectors.dtype != np.float32:
            raise InputError(f"embeddings: vectors must be float32, got {self.vectors.dtype}")
        if self.sources and len(self.sources) != len(self.tracks):
            raise InputError(f"embeddings: {len(self.sources)} sources must be one for each of {len(self.tracks)} songs")
        if sum(self.widths) != self.vectors.shape[1]:
            raise InputError(f"embeddings: parts of {self.widths} columns must add up to {self.vectors.shape[1]}")
        if not isinstance(self.vectors, np.memmap):  # a mapped file was checked when it was written; reading it all takes long
            _check_finite(self.vectors)

    @property
    def imported(self) -> str:
        """The name of the imported vectors among them, or ""."""
        return next((block.name for block in self.blocks if block.name), "")

    @property
    def widths(self) -> tuple[int, ...]:
        """Columns of each part, from left to right; they add up to d."""
        return tuple(block.width for block in self.blocks) or (self.vectors.shape[1],)

    def aligned(self, tracks: IdMap) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Vectors in the row order of `tracks`: float32 (len(tracks), d), and bool (len(tracks),) where one is known.

        Songs without a vector get zeros.
        """
        rows = self.tracks.rows(tracks.ids)
        known = rows >= 0
        out = np.zeros((len(tracks), self.vectors.shape[1]), np.float32)
        out[known] = self.vectors[rows[known]]
        return out, known


def write_embeddings(folder: Path, embeddings: SongEmbeddings) -> None:
    """Write embeddings.parquet (track_id, embedding: 192 float32), embeddings-<version>.npy (mappable) and embeddings.json.

    The JSON goes last and names the array, whose version tells its content: a killed write leaves the old vectors readable, and
    a reader never meets old ids with new vectors. Older arrays are removed after that; who has one mapped keeps it.

    Raises
    ------
    InputError : a vector is not finite (code "bad-vector"); the disk is full.
    """
    _check_finite(embeddings.vectors)
    array = f"embeddings-{_version(embeddings)}.npy"
    with atomic_path(folder / array) as path, path.open("wb") as file:
        np.save(file, embeddings.vectors, allow_pickle=False)
    write_parquet(folder / "embeddings.parquet", embeddings)
    meta: dict[str, Any] = {"schema": SCHEMA, "fingerprint": embeddings.fingerprint, "array": array}
    if embeddings.blocks:
        meta["blocks"] = [block._asdict() for block in embeddings.blocks]
    write_json(folder / META, meta | {"tracks": embeddings.tracks.ids, "sources": embeddings.sources})
    for old in folder.glob("embeddings-*.npy"):
        if old.name != array:
            old.unlink(missing_ok=True)


def write_parquet(path: Path, embeddings: SongEmbeddings) -> None:
    """Write the vectors as a Parquet file of track_id and embedding (d float32), atomically; its metadata names the encoder."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    values = pa.array(embeddings.vectors.reshape(-1), type=pa.float32())
    columns = {
        "track_id": list(embeddings.tracks.ids),
        "embedding": pa.FixedSizeListArray.from_arrays(values, embeddings.vectors.shape[1]),
    }
    table = pa.table(columns).replace_schema_metadata({"schema": str(SCHEMA), "fingerprint": embeddings.fingerprint})
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary)


def read_embeddings(folder: Path, *, mmap: bool = True) -> SongEmbeddings:
    """Read what `write_embeddings` wrote, beside a writer too; vectors are memory-mapped unless `mmap` is False.

    Raises
    ------
    InputError : missing, damaged or of another schema.
    """
    meta = _read_meta(folder)
    try:
        return _read_array(folder, meta, mmap)
    except FileNotFoundError:
        again = _read_meta(folder)  # a writer may have replaced both since the JSON was read
    try:
        return _read_array(folder, again, mmap)
    except FileNotFoundError:
        raise InputError(f"{folder / again['array']} does not exist", code="damaged", hint=_HINT) from None


def read_fingerprint(folder: Path) -> str:
    """Which encoder made the vectors in `folder`, without reading them. Raises InputError as `read_embeddings`."""
    return str(_read_meta(folder)["fingerprint"])


def _read_meta(folder: Path) -> dict[str, Any]:
    meta = read_json(folder / META, schema=SCHEMA)
    lists = all(
        isinstance(meta.get(name), list) and all(isinstance(one, str) for one in meta[name]) for name in ("tracks", "sources")
    )
    texts = all(isinstance(meta.get(name), str) for name in ("fingerprint", "array"))
    if not (lists and texts and isinstance(meta.get("blocks", []), list) and Path(meta["array"]).name == meta["array"]):
        raise InputError(f"{folder / META} is incomplete", code="damaged", hint=_HINT)
    return meta


def _read_array(folder: Path, meta: dict[str, Any], mmap: bool) -> SongEmbeddings:
    """Raises FileNotFoundError if the array that `meta` names is not there."""
    path = folder / meta["array"]
    try:
        vectors = np.load(path, mmap_mode="r" if mmap else None, allow_pickle=False)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path} cannot be read: {error}", code="damaged", hint=_HINT) from None
    try:
        blocks = tuple(
            Block(str(block["name"]), str(block["fingerprint"]), int(block["width"])) for block in meta.get("blocks", [])
        )
    except (TypeError, KeyError, ValueError):
        raise InputError(f"{folder / META} is incomplete", code="damaged", hint=_HINT) from None
    return SongEmbeddings(IdMap(tuple(meta["tracks"]), "track"), vectors, meta["fingerprint"], tuple(meta["sources"]), blocks)


def _version(embeddings: SongEmbeddings) -> str:
    """Names ids, sources, encoder and vectors: 16 hex digits."""
    about = fingerprint(embeddings.tracks.ids, embeddings.sources, embeddings.fingerprint, embeddings.vectors.shape)
    digest = hashlib.blake2b(about.encode(), digest_size=8)
    digest.update(np.ascontiguousarray(embeddings.vectors).data)
    return digest.hexdigest()


def _check_finite(vectors: NDArray[np.float32]) -> None:
    if not np.isfinite(vectors).all():
        raise InputError("embeddings: vectors must be finite", code="bad-vector")
