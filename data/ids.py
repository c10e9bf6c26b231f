"""External string ids at the border, int32 rows inside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError


@dataclass(frozen=True)
class IdMap:
    """An ordered set of external ids; row r is `ids[r]`.

    Parameters
    ----------
    ids : unique non-empty strings.

    Raises
    ------
    InputError : an id stands twice or is empty.
    """

    ids: tuple[str, ...]
    name: str = field(default="id", compare=False)

    def __post_init__(self) -> None:
        if len(self._rows) != len(self.ids):
            seen: set[str] = set()
            twice = next(i for i in self.ids if i in seen or seen.add(i))  # type: ignore[func-returns-value]
            raise InputError(f"{self.name} {twice!r} stands twice; ids must be unique", code="duplicate-id")
        if "" in self._rows:
            raise InputError(f"an empty {self.name} stands in row {self._rows['']}", code="empty-id")

    @classmethod
    def of(cls, ids: Iterable[object], name: str = "id") -> IdMap:
        """The distinct ids in sorted order, as strings."""
        return cls(tuple(sorted({str(i) for i in ids})), name)

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {external: row for row, external in enumerate(self.ids)}

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, external: object) -> bool:
        return external in self._rows

    def row(self, external: str) -> int:
        """The row of one id. Raises InputError if it is unknown."""
        try:
            return self._rows[external]
        except KeyError:
            raise InputError(f"unknown {self.name} {external!r}", code="unknown-id") from None

    def rows(self, externals: Sequence[str]) -> NDArray[np.int32]:
        """Rows of many ids, int32 (n,); -1 where an id is unknown."""
        get = self._rows.get
        return np.fromiter((get(e, -1) for e in externals), dtype=np.int32, count=len(externals))


def artist_numbers(artists: Sequence[str], tracks: IdMap) -> NDArray[np.int32]:
    """One number an artist, int32 (I,); a song of unknown artist ("") has a number of its own."""
    names = [name or f"\0{track}" for name, track in zip(artists, tracks.ids, strict=True)]
    return np.unique(np.asarray(names, dtype=str), return_inverse=True)[1].astype(np.int32)
