"""Song embeddings, the one thing that the content half hands to the collaborative half."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.files import atomic_path, read_json, write_json
from data.ids import IdMap

SCHEMA = 1


@dataclass(frozen=True)
class SongEmbeddings:
    """One vector a song.

    Parameters
    ----------
    tracks : I song ids, row order.
    vectors : float32 (I, d), finite; d is 192 for the encoder's own.
    fingerprint : identifies the encoder that made them; vectors of two encoders never mix.
    sources : content hash of the file that each vector was made from, I of them, or none; a changed file is embedded again.
    """

    tracks: IdMap
    vectors: NDArray[np.float32]
    fingerprint: str
    sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.tracks):
            raise InputError(f"embeddings: vectors {self.vectors.shape} must be ({len(self.tracks)}, d)")
        if self.vectors.dtype != np.float32:
            raise InputError(f"embeddings: vectors must be float32, got {self.vectors.dtype}")
        if self.sources and len(self.sources) != len(self.tracks):
            raise InputError(f"embeddings: {len(self.sources)} sources must be one for each of {len(self.tracks)} songs")
        if not np.isfinite(self.vectors).all():
            raise InputError("embeddings: vectors must be finite", code="bad-vector")

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
    """Write embeddings.parquet (track_id, embedding: 192 float32), embeddings.npy (mappable) and embeddings.json.

    The JSON goes first and comes back last: without it nothing is read, so a killed write never mixes old and new.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "embeddings.json").unlink(missing_ok=True)
    width = embeddings.vectors.shape[1]
    values = pa.array(embeddings.vectors.reshape(-1), type=pa.float32())
    columns = {
        "track_id": list(embeddings.tracks.ids),
        "embedding": pa.FixedSizeListArray.from_arrays(values, width),
    }
    table = pa.table(columns).replace_schema_metadata({"schema": str(SCHEMA), "fingerprint": embeddings.fingerprint})
    with atomic_path(folder / "embeddings.parquet") as path:
        pq.write_table(table, path)
    with atomic_path(folder / "embeddings.npy") as path, path.open("wb") as file:
        np.save(file, embeddings.vectors, allow_pickle=False)
    meta = {"schema": SCHEMA, "fingerprint": embeddings.fingerprint}
    write_json(folder / "embeddings.json", meta | {"tracks": embeddings.tracks.ids, "sources": embeddings.sources})


def read_embeddings(folder: Path, *, mmap: bool = True) -> SongEmbeddings:
    """Read what `write_embeddings` wrote; vectors are memory-mapped unless `mmap` is False.

    Raises
    ------
    InputError : missing, damaged, of another schema, or half written.
    """
    meta = read_json(folder / "embeddings.json", schema=SCHEMA)
    if not {"tracks", "sources", "fingerprint"} <= meta.keys():
        raise InputError(f"{folder / 'embeddings.json'} is incomplete", code="damaged", hint="Embed the songs again")
    try:
        vectors = np.load(folder / "embeddings.npy", mmap_mode="r" if mmap else None, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{folder / 'embeddings.npy'} cannot be read: {error}", code="damaged") from None
    return SongEmbeddings(IdMap(tuple(meta["tracks"]), "track"), vectors, meta["fingerprint"], tuple(meta["sources"]))
