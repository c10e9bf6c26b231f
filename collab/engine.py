"""All engines behind one function: `fit(name, listens, content)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from collab import baselines, bridge, factors, lightfm_hybrid
from collab.content_scaling import ContentScaler, ScalingConfig, fit_scaler
from collab.model import ContentMap, FactorModel
from data.embeddings import SongEmbeddings
from data.errors import InputError
from data.item_features import ItemFeatures
from data.listens import Listens
from data.recommender import Recommender

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class EngineConfig:
    """Every choice of every engine, each in the record of the module that it belongs to.

    Parameters
    ----------
    scaling : content as the content profile and the bridge see it.
    lightfm_scaling : content as LightFM sees it: fewer columns, because its time grows with them.
    """

    scaling: ScalingConfig = field(default_factory=ScalingConfig)
    lightfm_scaling: ScalingConfig = field(default_factory=lambda: ScalingConfig(components=64))
    item_knn: baselines.ItemKNNConfig = field(default_factory=baselines.ItemKNNConfig)
    lightfm: lightfm_hybrid.LightFMConfig = field(default_factory=lightfm_hybrid.LightFMConfig)
    als: factors.ALSConfig = field(default_factory=factors.ALSConfig)
    bridge: bridge.BridgeConfig = field(default_factory=bridge.BridgeConfig)


@dataclass(frozen=True)
class _Inputs:
    """What an engine is fitted on.

    Parameters
    ----------
    plays : CSR float32 (U, I)
    warm : bool (I,), songs with listens.
    vectors, known : float32 (I, d) and bool (I,), the songs' own vectors and where there is one; None without content.
    widths : columns of each part of the vectors.
    """

    plays: sp.csr_matrix
    warm: NDArray[np.bool_]
    vectors: NDArray[np.float32] | None
    known: NDArray[np.bool_]
    widths: tuple[int, ...]
    config: EngineConfig
    seed: int
    progress: Progress | None

    def scaled(self, config: ScalingConfig) -> tuple[ContentScaler, NDArray[np.float32]]:
        """The scaling fitted on songs with listens, and float32 (I, c) with zeros where no vector is known."""
        if self.vectors is None:
            raise AssertionError("an engine without content asked for content")
        both = self.known & self.warm
        scaler = fit_scaler(self.vectors, both if both.sum() > 1 else self.known, config, self.widths)
        scaled = scaler.transform(self.vectors)
        scaled[~self.known] = 0.0
        return scaler, scaled


@dataclass(frozen=True)
class Engine:
    """One way to recommend.

    Parameters
    ----------
    fit : how it is trained.
    uses_content, uses_listens : what it cannot do without.
    about : one line for tables and help.
    """

    fit: Callable[[_Inputs], Recommender]
    uses_content: bool
    uses_listens: bool
    about: str


def fit(
    name: str,
    listens: Listens,
    content: SongEmbeddings | None = None,
    config: EngineConfig | None = None,
    seed: int = 0,
    *,
    features: ItemFeatures | None = None,
    progress: Progress | None = None,
) -> Recommender:
    """Train the engine `name`; the result scores all songs of `listens.tracks`, those without listens included.

    Parameters
    ----------
    name : one of `ENGINES`.
    content : needed by engines that use content, ignored by the others. Songs that it lacks count as songs without sound.
    features : sparse side features of the songs, used by the engines that can; the others ignore them.
    config : default choices if None.
    seed : same seed, same bytes.
    progress : called with (done, total) by the engines that take their time.

    Raises
    ------
    InputError : unknown engine, no songs, or the engine lacks what it needs (code "no-listens" or "no-content").
    """
    if name not in ENGINES:
        raise InputError(f"engine={name!r} must be one of {', '.join(ENGINES)}", code="unknown-engine")
    engine = ENGINES[name]
    n_tracks = len(listens.tracks)
    if not n_tracks:
        raise InputError(f"engine {name!r}: there are no songs to recommend", code="no-tracks")
    if engine.uses_listens and not len(listens):
        raise InputError(f"engine {name!r} needs listens and there are none", code="no-listens", hint="Import listens first")
    plays = listens.matrix()
    warm = np.bincount(plays.indices, minlength=n_tracks) > 0
    vectors, known = None, np.zeros(n_tracks, np.bool_)
    if engine.uses_content:
        if content is not None:
            vectors, known = content.aligned(listens.tracks)
        if not known.any():
            raise InputError(
                f"engine {name!r} needs embeddings and no song has one",
                code="no-content",
                hint="Train or embed first, or take an engine without content",
            )
    widths = () if content is None else content.widths
    return engine.fit(_Inputs(plays, warm, vectors, known, widths, config or EngineConfig(), seed, progress))


def _random(inputs: _Inputs) -> Recommender:
    return baselines.RandomModel(inputs.plays.shape[1], inputs.seed)


def _popularity(inputs: _Inputs) -> Recommender:
    return baselines.fit_popularity(inputs.plays)


def _item_knn(inputs: _Inputs) -> Recommender:
    return baselines.fit_item_knn(inputs.plays, inputs.config.item_knn)


def _content(inputs: _Inputs) -> Recommender:
    scaler, scaled = inputs.scaled(inputs.config.scaling)
    return baselines.fit_content_profile(inputs.plays, scaler, scaled, inputs.known)


def _lightfm_cf(inputs: _Inputs) -> Recommender:
    features = lightfm_hybrid.feature_rows(inputs.warm, None)
    learned = lightfm_hybrid.fit_lightfm(
        inputs.plays, features, inputs.config.lightfm, seed=inputs.seed, progress=inputs.progress
    )
    users, items = lightfm_hybrid.factors_of(learned, features)
    return FactorModel("lightfm-cf", users, items, inputs.warm, cold_tracks=False)


def _lightfm(inputs: _Inputs) -> Recommender:
    scaler, scaled = inputs.scaled(inputs.config.lightfm_scaling)
    features = lightfm_hybrid.feature_rows(inputs.warm, scaled)
    learned = lightfm_hybrid.fit_lightfm(
        inputs.plays, features, inputs.config.lightfm, seed=inputs.seed, progress=inputs.progress
    )
    users, items = lightfm_hybrid.factors_of(learned, features)
    # Content alone gives a song's vector through its feature columns: a linear map without intercept.
    weights = np.vstack([learned.features[int(inputs.warm.sum()) :], np.zeros((1, items.shape[1]), np.float32)])
    content_map = ContentMap(scaler, weights)
    return FactorModel("lightfm", users, items, inputs.warm | inputs.known, cold_tracks=True, content_map=content_map)


def _als_cf(inputs: _Inputs) -> Recommender:
    users, items = factors.fit_als(inputs.plays, inputs.config.als, seed=inputs.seed, progress=inputs.progress)
    return FactorModel("als-cf", users, items, inputs.warm, cold_tracks=False)


def _als(inputs: _Inputs) -> Recommender:
    users, items = factors.fit_als(inputs.plays, inputs.config.als, seed=inputs.seed, progress=inputs.progress)
    scaler, scaled = inputs.scaled(inputs.config.scaling)
    both = inputs.warm & inputs.known
    if not both.any():
        raise InputError("engine 'als': no song has both listens and an embedding", code="no-content", hint="Take 'als-cf'")
    listeners = np.bincount(inputs.plays.indices, minlength=len(items)).astype(np.int64)
    content_map = ContentMap(scaler, bridge.fit_bridge(scaled[both], items[both], listeners[both], inputs.config.bridge))
    cold = ~inputs.warm & inputs.known
    items[cold] = content_map.apply(scaled[cold])
    return FactorModel("als", users, items, inputs.warm | inputs.known, cold_tracks=True, content_map=content_map)


ENGINES: Mapping[str, Engine] = MappingProxyType(
    {
        "random": Engine(_random, False, False, "chance: the control that every figure is read against"),
        "popularity": Engine(_popularity, False, False, "number of listeners, the same list for everybody"),
        "item-knn": Engine(_item_knn, False, True, "songs played by the same people"),
        "content": Engine(_content, True, False, "songs that sound like what the listener plays"),
        "als-cf": Engine(_als_cf, False, True, "implicit ALS: collaborative factors, songs with listens only"),
        "als": Engine(_als, True, True, "implicit ALS, and content mapped to its factors for songs without listens"),
        "lightfm-cf": Engine(_lightfm_cf, False, True, "LightFM on ids only: songs with listens only"),
        "lightfm": Engine(_lightfm, True, True, "LightFM hybrid: ids and scaled content"),
    }
)
