"""Splits as files: rows beside ids and counts."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError
from data.files import atomic_path, read_json, write_json
from data.ids import IdMap
from data.listens import Listens
from data.splits.split import Split

SCHEMA = 2  # 2: `given`


def write_split(path: Path, split: Split) -> None:
    """Save as `path`.npz (rows) and `path`.json (ids, counts), readable by `read_split` and by anyone.

    The endings are appended: "cold-0.2" becomes "cold-0.2.npz". The JSON goes first and comes back last, so a killed write never
    mixes old and new.
    """
    rows_path, meta_path = _split_files(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    meta_path.unlink(missing_ok=True)
    arrays: dict[str, NDArray[np.generic]] = {"cold_tracks": split.cold_tracks, "candidates": split.candidates}
    parts = {"train": split.train, "test": split.test} | ({} if split.given is None else {"given": split.given})
    for name, part in parts.items():
        arrays |= {f"{name}_user": part.user, f"{name}_track": part.track, f"{name}_weight": part.weight}
        if part.time is not None:
            arrays[f"{name}_time"] = part.time
    with atomic_path(rows_path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    meta = {
        "schema": SCHEMA,
        "name": split.name,
        "fold": split.fold,
        "seed": split.seed,
        "counts": split.counts,
        "given": split.given is not None,
    }
    write_json(meta_path, meta | {"users": split.train.users.ids, "tracks": split.train.tracks.ids})


def read_split(path: Path) -> Split:
    """Read what `write_split` wrote. Raises InputError if it is missing or damaged."""
    rows_path, meta_path = _split_files(path)
    meta = read_json(meta_path, schema=SCHEMA)
    try:
        users, tracks = IdMap(tuple(meta["users"]), "user"), IdMap(tuple(meta["tracks"]), "track")
        with rows_path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:  # np.load leaks a damaged file
            train, test = (_part(arrays, name, users, tracks) for name in ("train", "test"))
            given = _part(arrays, "given", users, tracks) if meta["given"] else None
            return Split(
                meta["name"],
                train,
                test,
                arrays["cold_tracks"],
                arrays["candidates"],
                meta["fold"],
                meta["seed"],
                meta["counts"],
                given,
            )
    except (OSError, EOFError, KeyError, ValueError, IndexError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"split {path} cannot be read: {error}", code="damaged") from None


def _part(arrays: Any, name: str, users: IdMap, tracks: IdMap) -> Listens:
    """The listens that were saved as `name`; KeyError if they are missing."""
    user, track, weight = (arrays[f"{name}_{column}"] for column in ("user", "track", "weight"))
    return Listens(user, track, weight, arrays.get(f"{name}_time"), users, tracks)


def _split_files(path: Path) -> tuple[Path, Path]:
    """The file of rows and the file of ids and counts."""
    return path.with_name(path.name + ".npz"), path.with_name(path.name + ".json")
