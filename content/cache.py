"""Hyper-images on disk: one memory-mappable array a song, keyed by what was computed (spec) and from what (content hash)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

from content.spec import HyperImageSpec
from data.errors import InputError
from data.files import atomic_path, read_json, write_json

SCHEMA = 1


class HyperImageCache:
    """`<folder>/<spec fingerprint>/<first two digits>/<content hash>.npy`, each uint8 (frames, n_rows), written atomically.

    A song that was moved or renamed keeps its image; another spec never meets the images of this one.
    """

    def __init__(self, folder: Path, spec: HyperImageSpec) -> None:
        self.spec = spec
        self.folder = folder / spec.fingerprint()

    def _path(self, content_hash: str) -> Path:
        return self.folder / content_hash[:2] / f"{content_hash}.npy"

    def has(self, content_hash: str) -> bool:
        """Whether the image of this song is there; an empty file, left by a power failure, is none."""
        path = self._path(content_hash)
        return path.exists() and path.stat().st_size > 0

    def store(self, content_hash: str, image: NDArray[np.uint8]) -> None:
        """Keep one image, uint8 (frames, n_rows)."""
        path = self._path(content_hash)
        path.parent.mkdir(parents=True, exist_ok=True)
        about = self.folder / "spec.json"
        if not about.exists():
            write_json(about, {"schema": SCHEMA, "spec": self.spec.as_dict()})
        with atomic_path(path, durable=False) as temporary, temporary.open("wb") as file:
            np.save(file, image, allow_pickle=False)

    def load(self, content_hash: str) -> NDArray[np.uint8]:
        """One image, uint8 (frames, n_rows), a read-only memory map. Raises InputError if it is missing or damaged."""
        path = self._path(content_hash)
        try:
            image: NDArray[np.uint8] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise InputError(
                f"hyper-image {path} cannot be read: {error}", code="damaged", hint="Delete it and run `recsys embed`"
            ) from None
        if image.dtype != np.uint8 or image.ndim != 2 or image.shape[1] != self.spec.n_rows:
            raise InputError(
                f"hyper-image {path} has the wrong form: {image.dtype} {image.shape}", code="damaged", hint="Delete it"
            )
        return image

    def check(self) -> None:
        """Raise InputError if the folder was written under another schema."""
        about = self.folder / "spec.json"
        if about.exists():
            read_json(about, schema=SCHEMA)


def forget_images(folder: Path, keep: Collection[str], dry_run: bool = False) -> int:
    """Delete the images, of all specs, of sounds that are not among the content hashes `keep`; returns how many.

    Parameters
    ----------
    dry_run : only count.
    """
    unused = [path for path in folder.glob("*/*/*.npy") if path.stem not in keep]
    for path in () if dry_run else unused:
        path.unlink(missing_ok=True)
    return len(unused)


class CachedImages(Sequence[NDArray[np.uint8]]):
    """The images of many songs as a sequence; each is mapped when asked for, so that memory stays flat."""

    def __init__(self, cache: HyperImageCache, content_hashes: Sequence[str]) -> None:
        self.cache = cache
        self.content_hashes = tuple(content_hashes)

    def __len__(self) -> int:
        return len(self.content_hashes)

    @overload
    def __getitem__(self, index: int) -> NDArray[np.uint8]: ...
    @overload
    def __getitem__(self, index: slice) -> CachedImages: ...
    def __getitem__(self, index: int | slice) -> NDArray[np.uint8] | CachedImages:
        if isinstance(index, slice):
            return CachedImages(self.cache, self.content_hashes[index])
        return self.cache.load(self.content_hashes[index])


class Rows(Sequence[NDArray[np.uint8]]):
    """Some of a sequence of images, in a given order; none is mapped before it is asked for."""

    def __init__(self, images: Sequence[NDArray[np.uint8]], rows: Sequence[int] | NDArray[np.integer]) -> None:
        self.images = images
        self.rows = [int(row) for row in rows]

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> NDArray[np.uint8]: ...
    @overload
    def __getitem__(self, index: slice) -> Rows: ...
    def __getitem__(self, index: int | slice) -> NDArray[np.uint8] | Rows:
        if isinstance(index, slice):
            return Rows(self.images, self.rows[index])
        return self.images[self.rows[index]]
