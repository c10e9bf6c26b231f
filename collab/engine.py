"""All engines behind one function: `fit(name, listens, content)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from collab import single
from collab.hybrid import fit_hybrid
from collab.inputs import EngineConfig, FitInputs, Progress
from data.embeddings import SongEmbeddings
from data.errors import InputError
from data.item_features import ItemFeatures
from data.listens import Listens
from data.recommender import Recommender

__all__ = ["ENGINES", "Engine", "EngineConfig", "fit"]


@dataclass(frozen=True)
class Engine:
    """One way to recommend.

    Parameters
    ----------
    fit : how it is trained.
    uses_content, uses_listens, uses_features : what it is made from; one that uses both embeddings and sparse features makes do
        with either.
    about : one line for tables and help.
    """

    fit: Callable[[FitInputs], Recommender]
    uses_content: bool
    uses_listens: bool
    about: str
    uses_features: bool = False


def fit(
    name: str,
    listens: Listens,
    content: SongEmbeddings | None = None,
    config: EngineConfig | None = None,
    seed: int = 0,
    *,
    features: ItemFeatures | None = None,
    artists: Sequence[str] = (),
    progress: Progress | None = None,
) -> Recommender:
    """Train the engine `name`; the result scores all songs of `listens.tracks`, those without listens included.

    Parameters
    ----------
    name : one of `ENGINES`.
    content : needed by engines that use content, ignored by the others. Songs that it lacks count as songs without sound.
    features : sparse side features of the songs, used by the engines that can; the others ignore them.
    artists : I names in the order of `listens.tracks`, "" where unknown: what is held out together where an engine validates.
    config : default choices if None.
    seed : same seed, same bytes, at one number of BLAS threads: they add up in another order (`threadpool_limits(1)`).
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
    if artists and len(artists) != n_tracks:
        raise InputError(f"artists: {len(artists)} names for {n_tracks} songs")
    vectors, known = None, np.zeros(n_tracks, np.bool_)
    if content is not None and engine.uses_content:
        vectors, known = content.aligned(listens.tracks)
    sparse = features.aligned(listens.tracks)[0] if features is not None and engine.uses_features else None
    if sparse is not None and not sparse.nnz:
        sparse = None
    if engine.uses_content and not known.any() and not (engine.uses_features and sparse is not None):
        raise InputError(
            f"engine {name!r} needs embeddings and no song has one",
            code="no-content",
            hint="Train or embed first, or take an engine without content",
        )
    widths = () if content is None else content.widths
    return engine.fit(
        FitInputs(
            listens, artists, vectors if known.any() else None, known, widths, sparse, config or EngineConfig(), seed, progress
        )
    )


ENGINES: Mapping[str, Engine] = MappingProxyType(
    {
        "random": Engine(single.random, False, False, "chance: the control that every figure is read against"),
        "popularity": Engine(single.popularity, False, False, "number of listeners, the same list for everybody"),
        "item-knn": Engine(single.item_knn, False, True, "songs played by the same people"),
        "als-cf": Engine(single.als_cf, False, True, "implicit ALS: collaborative factors, songs with listens only"),
        "bpr-cf": Engine(single.bpr_cf, False, True, "BPR: factors learned by ranking, songs with listens only"),
        "ease-cf": Engine(single.ease_cf, False, True, "EASE: every song regressed on all others; small catalogues"),
        "lightfm-cf": Engine(single.lightfm_cf, False, True, "LightFM on ids only: songs with listens only"),
        "content": Engine(single.content, True, False, "songs that sound like what the listener plays"),
        "content-ridge": Engine(single.content_ridge, True, True, "what a listener likes in a sound: a regression a listener"),
        "features": Engine(single.features, False, False, "songs with the words or tags of what the listener plays", True),
        "als": Engine(single.als, True, True, "implicit ALS, and content mapped to its factors for songs without listens"),
        "bpr": Engine(single.bpr, True, True, "BPR, and content mapped to its factors for songs without listens"),
        "ease": Engine(single.ease_bridged, True, True, "EASE with content under the plays; small catalogues"),
        "lightfm": Engine(single.lightfm, True, True, "LightFM hybrid: ids and scaled content"),
        "hybrid": Engine(fit_hybrid, True, False, "the best blend of the above by validation; the default", True),
    }
)
