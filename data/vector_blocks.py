"""Our vectors and imported ones as one set: in place of ours, or side by side so that neither drowns the other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.embeddings import Block, SongEmbeddings, unit_rows
from data.errors import InputError
from data.files import fingerprint, read_json, write_json
from data.ids import IdMap

SCHEMA = 1
FEWEST = 2  # songs that have both; the mean of one song is the song itself, and nothing would be left of it


@dataclass(frozen=True)
class Centres:
    """The mean of each half over the songs that had both when they were first joined; kept, so that later songs join unchanged.

    Parameters
    ----------
    ours, theirs : float32 (d,) and (e,).
    made_from : fingerprints of the two halves that these are the means of.
    """

    ours: NDArray[np.float32]
    theirs: NDArray[np.float32]
    made_from: tuple[str, str]

    @property
    def fingerprint(self) -> str:
        """Names the joined set: both halves and where their centres lie. 16 hex digits."""
        return fingerprint("beside", SCHEMA, self.made_from, self.ours.tolist(), self.theirs.tolist())


def centres_of(ours: SongEmbeddings, theirs: SongEmbeddings) -> Centres:
    """Means over the songs that have both.

    Raises
    ------
    InputError : fewer than two songs have both (code "no-content").
    """
    both = [track for track in ours.tracks.ids if track in theirs.tracks]
    if len(both) < FEWEST:
        raise InputError(
            f"{len(both)} songs have both a vector of ours and one of {theirs.imported}; side by side takes {FEWEST} or more",
            code="no-content",
            hint="Run `recsys embed` first, or import without --beside",
        )
    means = [_of(part, both).mean(axis=0, dtype=np.float64).astype(np.float32) for part in (ours, theirs)]
    return Centres(means[0], means[1], (ours.fingerprint, theirs.fingerprint))


def side_by_side(ours: SongEmbeddings, theirs: SongEmbeddings, centres: Centres) -> SongEmbeddings:
    """[ours | theirs] of the songs that have both: each half is centred and brought to length 1, song by song.

    The cosine of two songs is then the mean of what each half says, however wide a half is and whatever its numbers' size.

    Parameters
    ----------
    ours, theirs : d and e columns; only `theirs` is imported.
    centres : of these two sets.

    Returns
    -------
    float32 (songs with both, d + e), in the order of `ours`.

    Raises
    ------
    InputError : the centres are those of other vectors (code "stale").
    """
    if centres.made_from != (ours.fingerprint, theirs.fingerprint):
        raise InputError(
            f"centres of vectors {' and '.join(centres.made_from)} do not fit {ours.fingerprint} and {theirs.fingerprint}",
            code="stale",
            hint="Import the vectors again",
        )
    rows = [row for row, track in enumerate(ours.tracks.ids) if track in theirs.tracks]
    both = [ours.tracks.ids[row] for row in rows]
    halves = [unit_rows(_of(ours, both) - centres.ours), unit_rows(_of(theirs, both) - centres.theirs)]
    blocks = (Block("", ours.fingerprint, len(centres.ours)), *theirs.blocks)
    sources = tuple(ours.sources[row] for row in rows) if ours.sources else ()
    return SongEmbeddings(IdMap(tuple(both), "track"), np.hstack(halves), centres.fingerprint, sources, blocks)


def write_centres(path: Path, centres: Centres) -> None:
    """Write as JSON; float32 numbers come back to the bit."""
    halves = {"ours": centres.ours.tolist(), "theirs": centres.theirs.tolist()}
    write_json(path, {"schema": SCHEMA, "made_from": list(centres.made_from)} | halves)


def read_centres(path: Path) -> Centres:
    """Read what `write_centres` wrote. Raises InputError if it is missing, damaged or of another schema."""
    about: dict[str, Any] = read_json(path, schema=SCHEMA)
    try:
        ours, theirs = (np.asarray(about[name], np.float32) for name in ("ours", "theirs"))
        if ours.ndim != 1 or theirs.ndim != 1:
            raise ValueError("centres must be lists of numbers")
        return Centres(ours, theirs, (about["made_from"][0], about["made_from"][1]))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise InputError(f"{path} is incomplete: {error!r}", code="damaged", hint="Import the vectors again") from None


def _of(part: SongEmbeddings, tracks: list[str]) -> NDArray[np.float32]:
    """Vectors of songs that all have one, float32 (n, d)."""
    return np.asarray(part.vectors[part.tracks.rows(tracks)], dtype=np.float32)
