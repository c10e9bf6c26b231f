"""The model as it answers: plain arrays and ids; needs numpy and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from collab.content_scaling import ContentScaler, ScalingConfig, fit_scaler
from collab.history import History
from collab.model import FactorModel
from collab.recommendation import SOURCES
from data.embeddings import unit_rows
from data.errors import InputError
from data.ids import IdMap, artist_numbers

if TYPE_CHECKING:
    from data.embeddings import SongEmbeddings
    from data.listens import Listens
    from data.recommender import Recommender


@dataclass(frozen=True)
class ServingModel:
    """Everything that a recommendation is made and explained from.

    Parameters
    ----------
    model : factors of U users and I songs.
    users, tracks : external ids.
    history : what each user had played when the model was trained.
    content : float32 (I, c), scaled content with rows of unit length; zeros where there is none, (I, 0) without any content.
    artists : int32 (I,), one number an artist; a song of unknown artist has a number of its own.
    scaler : raw vectors -> `content` before unit length, or None without content; that of `model.content_map` if there is one, so
        that with both a song that did not exist in training can be placed.
    listens_fingerprint, embeddings_fingerprint : what the model was made from; "" where there was none.
    """

    model: FactorModel
    users: IdMap
    tracks: IdMap
    history: History
    content: NDArray[np.float32]
    artists: NDArray[np.int32]
    scaler: ContentScaler | None
    listens_fingerprint: str
    embeddings_fingerprint: str

    def __post_init__(self) -> None:
        shape = (len(self.model.user_factors), len(self.model.item_factors))
        if shape != (len(self.users), len(self.tracks)) or len(self.history) != shape[0]:
            raise InputError(f"serving model: factors of {shape} do not fit its ids and history", code="damaged")
        if len(self.content) != shape[1] or len(self.artists) != shape[1]:
            raise InputError(f"serving model: content and artists must have {shape[1]} rows", code="damaged")

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Every array by name, as it is stored."""
        arrays: dict[str, NDArray[Any]] = {
            "user_factors": self.model.user_factors,
            "item_factors": self.model.item_factors,
            "scorable": self.model.scorable,
            "history_starts": self.history.starts,
            "history_tracks": self.history.tracks,
            "history_weights": self.history.weights,
            "content": self.content,
            "artists": self.artists,
        }
        if self.scaler is not None:
            arrays |= {"scaler_mean": self.scaler.mean, "scaler_projection": self.scaler.projection}
        if self.model.content_map is not None:
            arrays["map_weights"] = self.model.content_map.weights
        return arrays

    @cached_property
    def version(self) -> str:
        """Names this model, 16 hex digits over its arrays and ids: equal models have equal versions."""
        digest = hashlib.blake2b(digest_size=8)
        for name, array in sorted(self.arrays.items()):
            digest.update(f"{name} {array.shape} {array.dtype.str} ".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        for text in (self.engine, self.listens_fingerprint, self.embeddings_fingerprint, *self.users.ids, *self.tracks.ids):
            digest.update(f"{len(text)}:{text}".encode())
        return digest.hexdigest()

    @property
    def engine(self) -> str:
        """Name of the engine that trained the model."""
        return self.model.name

    @cached_property
    def listeners(self) -> NDArray[np.int64]:
        """Distinct listeners of each song, int64 (I,)."""
        return np.bincount(self.history.tracks, minlength=len(self.tracks)).astype(np.int64)

    @cached_property
    def has_content(self) -> NDArray[np.bool_]:
        """Songs placed by their sound, bool (I,)."""
        return np.asarray(self.content.any(axis=1), dtype=np.bool_)


def serving_model(
    fitted: Recommender,
    listens: Listens,
    content: SongEmbeddings | None,
    artists: Sequence[str],
    *,
    listens_fingerprint: str = "",
) -> ServingModel:
    """Gather what serving needs.

    Parameters
    ----------
    fitted : a trained engine of factors (not "random" and not "item-knn").
    listens, content : as it was trained on; content also serves reasons and likes, so give it to engines that do without, too.
    artists : I names, in the order of `listens.tracks`; "" where unknown.

    Raises
    ------
    InputError : the engine has no factors, or `artists` has the wrong length.
    """
    if not isinstance(fitted, FactorModel):
        raise InputError(
            f"engine {fitted.name!r} cannot be served", code="not-servable", hint=f"Take one of {', '.join(SOURCES)}"
        )
    if len(artists) != len(listens.tracks):
        raise InputError(f"artists: {len(artists)} names for {len(listens.tracks)} songs")
    codes = artist_numbers(artists, listens.tracks)
    history = History.of_listens(listens)
    scaler, units = _content_of(fitted, listens, content)
    return ServingModel(
        fitted,
        listens.users,
        listens.tracks,
        history,
        units,
        codes,
        scaler,
        listens_fingerprint,
        "" if content is None else content.fingerprint,
    )


def _content_of(
    fitted: FactorModel, listens: Listens, content: SongEmbeddings | None
) -> tuple[ContentScaler | None, NDArray[np.float32]]:
    """The scaling that the engine uses, or one of our own, and unit vectors float32 (I, c)."""
    if content is None:
        return None, np.zeros((len(listens.tracks), 0), np.float32)
    vectors, known = content.aligned(listens.tracks)
    if not known.any():
        return None, np.zeros((len(listens.tracks), 0), np.float32)
    if fitted.content_map is not None:
        scaler = fitted.content_map.scaler
    else:
        warm = known & (listens.track_counts() > 0)
        scaler = fit_scaler(vectors, warm if warm.sum() > 1 else known, ScalingConfig(), content.widths)
    units = unit_rows(scaler.transform(vectors))
    units[~known] = 0.0
    return scaler, units
