"""Tags that an encoder predicts of songs (docs/tags.md): which of them say something, and their place in the catalogue.

They lie in tables of their own. No label of the user's is ever read from there or written to it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from data.catalogue import Catalogue
from data.errors import InputError
from data.ids import IdMap

# A tag stands out in a song from this probability, and from so many times its mean over the library; chosen by measurement.
PROBABLE = 0.1
LIFT = 2.0

_BLOB = np.dtype("<f4")


def standing_out(probabilities: NDArray[np.float32], mean: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much each tag stands out in a song, float32 of the shape of `probabilities`; 0 for a tag that does not.

    A tag stands out that is probable (p >= `PROBABLE`) and unusual here (p >= `LIFT` times its mean m over the library). Its
    weight is p ln(p / m), what it adds to the divergence (Kullback and Leibler's) of the song from the library. To be probable is
    not enough: among a thousand jazz songs, "jazz" tells nothing of one of them. To be unusual is not enough either: twenty times
    one in a thousand is still improbable.

    Parameters
    ----------
    probabilities : float32 (..., T), in [0, 1].
    mean : float32 (T,), of the library's songs.
    """
    floor = np.maximum(mean, np.float32(1e-9))
    lift = probabilities / floor
    weight = probabilities * np.log(np.maximum(lift, 1e-9))
    return np.where((probabilities >= PROBABLE) & (lift >= LIFT), weight, 0.0).astype(np.float32)


@dataclass(frozen=True)
class PredictedTags:
    """What an encoder hears in the songs of a library.

    Parameters
    ----------
    names : T tags.
    tracks : I song ids; songs of which nothing is predicted are not among them.
    probabilities : float32 (I, T), in [0, 1]; each tag has one of its own, a song may have several or none.
    encoder : fingerprint of what predicted them.
    """

    names: tuple[str, ...]
    tracks: IdMap
    probabilities: NDArray[np.float32]
    encoder: str

    def __post_init__(self) -> None:
        shape = (len(self.tracks), len(self.names))
        if self.probabilities.shape != shape or self.probabilities.dtype != np.float32:
            raise InputError(f"predicted tags: {self.probabilities.dtype} {self.probabilities.shape} must be float32 {shape}")
        if not ((self.probabilities >= 0) & (self.probabilities <= 1)).all():  # (NaN compares False)
            raise InputError("predicted tags: probabilities must lie in [0, 1]", code="damaged")

    @cached_property
    def mean(self) -> NDArray[np.float32]:
        """Mean probability of each tag over the library, float32 (T,)."""
        return np.asarray(self.probabilities.mean(axis=0, dtype=np.float64), dtype=np.float32)

    @cached_property
    def weights(self) -> NDArray[np.float32]:
        """How much each tag stands out in each song, float32 (I, T); see `standing_out`."""
        return standing_out(self.probabilities, self.mean)

    def of(self, track: str) -> tuple[str, ...]:
        """The tags that stand out in one song, the strongest first; () also for a song without predicted tags."""
        return self._best(self._weights_of(track))

    def shared(self, a: str, b: str) -> tuple[str, ...]:
        """The tags that stand out in both songs, ordered by the weaker of the two weights."""
        return self._best(np.minimum(self._weights_of(a), self._weights_of(b)))

    def _weights_of(self, track: str) -> NDArray[np.float32]:
        # Of this song alone: an answer looks at a few songs and not at the whole table.
        if track not in self.tracks:
            return np.zeros(len(self.names), np.float32)
        return standing_out(self.probabilities[self.tracks.row(track)], self.mean)

    def _best(self, weights: NDArray[np.float32]) -> tuple[str, ...]:
        order = np.argsort(-weights, kind="stable")
        return tuple(self.names[tag] for tag in order.tolist() if weights[tag] > 0)


def colours_of_tags(tags: PredictedTags, tracks: Sequence[str], most: int = 9) -> list[str]:
    """One tag for each of `tracks`, of at most `most` different ones; "" for a song in which none of them stands out.

    First each song has its strongest tag, and the commonest of those are kept; then each song has its strongest among these.
    """
    rows = tags.tracks.rows(tracks)
    weights = np.where((rows >= 0)[:, None], tags.weights[rows], 0.0)  # (row -1 reads the last song and is masked)
    strongest = np.bincount(weights.argmax(axis=1)[weights.any(axis=1)], minlength=len(tags.names))
    kept = np.argsort(-strongest, kind="stable")[:most]
    kept = kept[strongest[kept] > 0]
    if not len(kept):
        return [""] * len(tracks)
    among = weights[:, kept]
    return [
        tags.names[kept[best]] if row[best] > 0 else "" for row, best in zip(among, among.argmax(axis=1).tolist(), strict=True)
    ]


def store_predicted_tags(
    catalogue: Catalogue, encoder: str, names: Sequence[str], probabilities: Mapping[str, NDArray[np.float32]]
) -> None:
    """Write what was predicted of some sounds, in one transaction; what another encoder predicted goes, for the two never mix.

    Parameters
    ----------
    encoder : its fingerprint. names : T tags.
    probabilities : content hash -> float32 (T,).
    """
    rows = [(content_hash, encoder, row.astype(_BLOB).tobytes()) for content_hash, row in probabilities.items()]
    with catalogue.transaction() as db:
        db.execute("DELETE FROM tag_encoders WHERE fingerprint <> ?", [encoder])
        db.execute("INSERT OR IGNORE INTO tag_encoders VALUES (?, ?)", [encoder, json.dumps(list(names))])
        db.executemany("INSERT OR REPLACE INTO predicted_tags VALUES (?, ?, ?)", rows)


def tagged_sounds(catalogue: Catalogue, encoder: str, tags: int) -> set[str]:
    """Content hashes of the sounds of which this encoder has predicted its `tags` tags."""
    if not catalogue.has_tags():
        return set()
    query = "SELECT content_hash FROM predicted_tags WHERE encoder = ? AND length(probabilities) = CAST(? AS INTEGER)"
    return {row[0] for row in catalogue.query(query, [encoder, str(_BLOB.itemsize * tags)])}


def read_predicted_tags(catalogue: Catalogue) -> PredictedTags | None:
    """What is predicted of the catalogue's songs, ordered by track_id; None if nothing is.

    Raises
    ------
    InputError : what is stored is damaged.
    """
    encoders = catalogue.query("SELECT fingerprint, names FROM tag_encoders") if catalogue.has_tags() else []
    if not encoders:
        return None
    encoder, names = encoders[0][0], tuple(json.loads(encoders[0][1]))
    query = (
        "SELECT track_id, probabilities FROM tracks JOIN predicted_tags USING (content_hash) WHERE encoder = ? ORDER BY track_id"
    )
    rows = catalogue.query(query, [encoder])
    if not rows:
        return None
    if any(len(row[1]) != _BLOB.itemsize * len(names) for row in rows):
        raise InputError(
            f"{catalogue.path}: predicted tags of another length than {len(names)}", code="damaged", hint="Run `recsys embed`"
        )
    table = np.frombuffer(b"".join(row[1] for row in rows), _BLOB).reshape(len(rows), len(names)).astype(np.float32)
    return PredictedTags(names, IdMap(tuple(row[0] for row in rows), "track"), table, encoder)
