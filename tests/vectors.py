"""Files of song vectors as other programs write them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def catalogue_ids(world: Path) -> list[str]:
    """Track ids of the composed world, sorted."""
    with (world / "tracks.csv").open(encoding="utf-8", newline="") as file:
        return sorted(row["track_id"] for row in csv.DictReader(file))


def random_vectors(n: int, d: int, seed: int = 0) -> np.ndarray:
    """float32 (n, d)."""
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def write_vectors(path: Path, ids: list[str], vectors: np.ndarray, *, key: str = "track_id") -> Path:
    """A Parquet file of lists, or a .npy file with its .csv."""
    if path.suffix == ".npy":
        np.save(path, vectors)
        path.with_suffix(".csv").write_text("\n".join([key, *ids]) + "\n", encoding="utf-8")
    else:
        pq.write_table(pa.table({key: ids, "vector": list(vectors)}), path)
    return path
