"""The model as it answers: plain arrays and ids; needs numpy and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from collab.blend import BlendModel
from collab.confidence import mean_log
from collab.content_scaling import ContentScaler, ScalingConfig, fit_scaler
from collab.history import History
from collab.model import FactorModel
from collab.model_records import MODELS, AnyModel, to_values
from collab.postings import PostingsModel
from collab.recommendation import SOURCES
from data.embeddings import unit_rows
from data.errors import InputError
from data.ids import IdMap, artist_numbers

if TYPE_CHECKING:
    from data.embeddings import SongEmbeddings
    from data.listens import Listens
    from data.recommender import Recommender

# Engines that learn from nobody's company.
NO_COMPANY = ("popularity", "content", "content-ridge", "features")


@dataclass(frozen=True)
class ServingModel:
    """Everything that a recommendation is made and explained from.

    Parameters
    ----------
    model : a fitted engine over U users and I songs: of factors, of features, or a blend.
    users, tracks : external ids.
    history : what each user had played when the model was trained.
    content : float32 (I, c), scaled content with rows of unit length; zeros where there is none, (I, 0) without any content.
    artists : int32 (I,), one number an artist; a song of unknown artist has a number of its own.
    scaler : raw vectors -> `content` before unit length, or None without content: places a song that did not exist in training.
    listens_fingerprint, embeddings_fingerprint : what the model was made from; "" where there was none.
    """

    model: AnyModel
    users: IdMap
    tracks: IdMap
    history: History
    content: NDArray[np.float32]
    artists: NDArray[np.int32]
    scaler: ContentScaler | None
    listens_fingerprint: str
    embeddings_fingerprint: str

    def __post_init__(self) -> None:
        shape = self.model.shape
        if shape != (len(self.users), len(self.tracks)) or len(self.history) != shape[0]:
            raise InputError(f"serving model: an engine of {shape} does not fit its ids and history", code="damaged")
        if len(self.content) != shape[1] or len(self.artists) != shape[1]:
            raise InputError(f"serving model: content and artists must have {shape[1]} rows", code="damaged")

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Every array by name, as it is stored."""
        return self._own_arrays | self.model_values[1]

    @property
    def _own_arrays(self) -> dict[str, NDArray[Any]]:
        arrays: dict[str, NDArray[Any]] = {
            "history_starts": self.history.starts,
            "history_tracks": self.history.tracks,
            "history_weights": self.history.weights,
            "content": self.content,
            "artists": self.artists,
        }
        if self.scaler is not None:
            arrays |= {"scaler_mean": self.scaler.mean, "scaler_projection": self.scaler.projection}
        return arrays

    @cached_property
    def model_values(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """The model as JSON-able values, and its arrays apart from those above, see `collab.model_records`."""
        return to_values(self.model, self._own_arrays)

    @cached_property
    def version(self) -> str:
        """Names this model, 16 hex digits over its arrays, values and ids: equal models have equal versions."""
        digest = hashlib.blake2b(digest_size=8)
        for name, array in sorted(self.arrays.items()):
            digest.update(f"{name} {array.shape} {array.dtype.str} ".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        values = json.dumps(self.model_values[0], sort_keys=True)
        for text in (values, self.listens_fingerprint, self.embeddings_fingerprint, *self.users.ids, *self.tracks.ids):
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
    def scorable(self) -> NDArray[np.bool_]:
        """Songs that the model can score, bool (I,)."""
        return self.model.scorable

    @cached_property
    def average_play(self) -> float:
        """The weight that counts as an average play: its confidence is 1."""
        return float(np.expm1(mean_log(self.history.weights)))

    @cached_property
    def has_content(self) -> NDArray[np.bool_]:
        """Songs placed by their sound, bool (I,)."""
        return np.asarray(self.content.any(axis=1), dtype=np.bool_)

    @property
    def parts(self) -> tuple[FactorModel | PostingsModel, ...]:
        """The engines of a blend, or the one that there is."""
        return self.model.parts if isinstance(self.model, BlendModel) else (self.model,)

    @cached_property
    def company(self) -> NDArray[np.float32]:
        """Vectors in which songs played by the same people lie near each other, float32 (I, f); (I, 0) where nothing was learned
        from company.
        """
        learned = {part.name: part.item_factors for part in self.parts if isinstance(part, FactorModel)}
        names = [name for name in learned if name not in NO_COMPANY]
        if not names:
            return np.zeros((len(self.tracks), 0), np.float32)
        return learned["als" if "als" in names else names[0]]

    @property
    def words(self) -> History | None:
        """The sparse features of songs that the model uses, or None."""
        return next((part.words for part in self.parts if isinstance(part, PostingsModel)), None)


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
    if not isinstance(fitted, MODELS):
        raise InputError(
            f"engine {fitted.name!r} cannot be served", code="not-servable", hint=f"Take one of {', '.join(SOURCES)}"
        )
    if len(artists) != len(listens.tracks):
        raise InputError(f"artists: {len(artists)} names for {len(listens.tracks)} songs")
    codes = artist_numbers(artists, listens.tracks)
    history = History.of_listens(listens)
    scaler, units = _content_of(fitted, listens, content)
    return ServingModel(
        _sharing(fitted, history),
        listens.users,
        listens.tracks,
        history,
        units,
        codes,
        scaler,
        listens_fingerprint,
        "" if content is None else content.fingerprint,
    )


def _sharing(model: AnyModel, history: History) -> AnyModel:
    """The same model with the history that serving keeps in place of an equal one of its own."""
    if isinstance(model, BlendModel):
        parts = (_sharing(part, history) for part in model.parts)
        return replace(model, parts=tuple(part for part in parts if not isinstance(part, BlendModel)))
    return replace(model, history=history) if isinstance(model, PostingsModel) else model


def _content_of(
    fitted: AnyModel, listens: Listens, content: SongEmbeddings | None
) -> tuple[ContentScaler | None, NDArray[np.float32]]:
    """The scaling that the engine uses, or one of our own, and unit vectors float32 (I, c)."""
    if content is None:
        return None, np.zeros((len(listens.tracks), 0), np.float32)
    vectors, known = content.aligned(listens.tracks)
    if not known.any():
        return None, np.zeros((len(listens.tracks), 0), np.float32)
    content_map = None if isinstance(fitted, PostingsModel) else fitted.content_map
    if content_map is not None:
        scaler = content_map.scaler
    else:
        warm = known & (listens.track_counts() > 0)
        scaler = fit_scaler(vectors, warm if warm.sum() > 1 else known, ScalingConfig(), content.widths)
    units = unit_rows(scaler.transform(vectors))
    units[~known] = 0.0
    return scaler, units
