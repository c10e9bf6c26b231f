"""Engines of one kind: each function fits one from `FitInputs`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from collab import baselines, bridge, ease, factors, lightfm_hybrid
from collab.confidence import mean_log
from collab.content_map import AnyContentMap, ContentMap, toward_norm
from collab.content_scaling import ContentScaler
from collab.folding import EaseFold, fit_regression
from collab.history import History
from collab.inputs import FitInputs
from collab.model import FactorModel
from collab.postings import PostingsModel, fit_postings
from data.errors import InputError

if TYPE_CHECKING:
    import scipy.sparse as sp

FOLD_REGULARIZATION = 10.0  # of LightFM's listeners on the mean of what they play


def random(inputs: FitInputs) -> baselines.RandomModel:
    """Chance."""
    return baselines.RandomModel(len(inputs.known), inputs.seed)


def popularity(inputs: FitInputs) -> FactorModel:
    """Number of listeners."""
    return baselines.fit_popularity(inputs.plays)


def item_knn(inputs: FitInputs) -> baselines.ItemKNNModel:
    """Songs played by the same people."""
    return baselines.fit_item_knn(inputs.plays, inputs.config.item_knn)


def content(inputs: FitInputs) -> FactorModel:
    """Cosine with the mean of what the listener plays."""
    scaler, scaled = inputs.content
    return baselines.fit_content_profile(inputs.plays, scaler, scaled, inputs.known)


def content_ridge(inputs: FitInputs) -> FactorModel:
    """A ridge regression a listener on content."""
    scaler, scaled = inputs.content
    return baselines.fit_content_ridge(inputs.plays, scaler, scaled, inputs.known, inputs.config.content_ridge)


def features(inputs: FitInputs) -> PostingsModel:
    """Cosine of sparse features with the mean of what the listener plays."""
    if inputs.features is None:
        raise InputError("engine 'features' needs sparse features of the songs and there are none", code="no-features")
    return fit_postings("features", inputs.plays, inputs.features)


def als_cf(inputs: FitInputs) -> FactorModel:
    """Implicit ALS."""
    users, items, fold = factors.fit_als(inputs.plays, inputs.config.als, seed=inputs.seed, progress=inputs.progress)
    return FactorModel("als-cf", users, items, inputs.warm, False, fold)


def als(inputs: FitInputs) -> FactorModel:
    """Implicit ALS, and content mapped to its factors."""
    inputs.needs_both("als")
    return bridged("als", als_cf(inputs), inputs, map_of(inputs))


def bpr_cf(inputs: FitInputs) -> FactorModel:
    """BPR."""
    users, items, fold = factors.fit_bpr(inputs.plays, inputs.config.bpr, seed=inputs.seed, progress=inputs.progress)
    return FactorModel("bpr-cf", users, items, inputs.warm, False, fold)


def bpr(inputs: FitInputs) -> FactorModel:
    """BPR, and content mapped to its factors."""
    inputs.needs_both("bpr")
    return bridged("bpr", bpr_cf(inputs), inputs, map_of(inputs))


def ease_cf(inputs: FitInputs) -> FactorModel:
    """EASE on plays alone."""
    return ease.fit_ease("ease-cf", inputs.plays, None, inputs.config.ease)


def ease_own(inputs: FitInputs) -> FactorModel:
    """EASE with content under the plays; songs without listens stand where their content puts them in it."""
    scaler, scaled = inputs.content
    return ease.fit_ease("ease", inputs.plays, scaled, inputs.config.ease, scaler)


def ease_bridged(inputs: FitInputs) -> FactorModel:
    """EASE with content under the plays; songs without listens take after the songs that sound like them."""
    inputs.needs_both("ease")
    return bridged("ease", ease_own(inputs), inputs, map_of(inputs))


def lightfm_cf(inputs: FitInputs) -> FactorModel:
    """LightFM on ids only."""
    rows = lightfm_hybrid.feature_rows(inputs.warm, None)
    return _lightfm("lightfm-cf", inputs, rows, inputs.warm)


def lightfm(inputs: FitInputs) -> FactorModel:
    """LightFM on ids and scaled content."""
    scaler, scaled = inputs.scaled(inputs.config.lightfm_scaling)
    rows = lightfm_hybrid.feature_rows(inputs.warm, scaled)
    return _lightfm("lightfm", inputs, rows, inputs.warm | inputs.known, scaler)


def _lightfm(
    name: str, inputs: FitInputs, rows: sp.csr_matrix, scorable: NDArray[np.bool_], scaler: ContentScaler | None = None
) -> FactorModel:
    learned = lightfm_hybrid.fit_lightfm(inputs.plays, rows, inputs.config.lightfm, seed=inputs.seed, progress=inputs.progress)
    users, items = lightfm_hybrid.factors_of(learned, rows)
    fold = fit_regression(users, History.of_matrix(inputs.plays), items, mean_log(inputs.plays.data), FOLD_REGULARIZATION)
    content_map = None
    if scaler is not None:
        # Content alone gives a song's vector through its feature columns: a linear map without intercept.
        weights = np.vstack([learned.features[int(inputs.warm.sum()) :], np.zeros((1, items.shape[1]), np.float32)])
        content_map = ContentMap(scaler, weights)
    return FactorModel(name, users, items, scorable, scaler is not None, fold, content_map)


def map_of(inputs: FitInputs) -> Callable[[NDArray[np.float32]], AnyContentMap]:
    """The bridge that the configuration asks for."""
    return kernel_bridge(inputs).map_to if inputs.config.bridge.kind == "kernel" else ridge_map(inputs)


def ridge_map(inputs: FitInputs) -> Callable[[NDArray[np.float32]], ContentMap]:
    """The linear bridge to factors (I, f), learned on songs with listens and content."""
    both = inputs.warm & inputs.known
    scaler, scaled = inputs.content
    listeners = inputs.listeners[both]
    return lambda items: bridge.fit_bridge(scaler, scaled[both], items[both], listeners, inputs.config.bridge)


def kernel_bridge(inputs: FitInputs) -> bridge.KernelBridge:
    """The kernel bridge, ready to be mapped to any factors."""
    return bridge.fit_kernel(*inputs.content, inputs.listeners, inputs.known, inputs.config.bridge)


def bridged(
    name: str, model: FactorModel, inputs: FitInputs, map_to: Callable[[NDArray[np.float32]], AnyContentMap]
) -> FactorModel:
    """`model` with its songs without listens placed by a map from content to its factors."""
    plain = map_to(model.item_factors)
    cold = ~inputs.warm & inputs.known
    made = placed(name, model, inputs, plain.apply(inputs.content[1][cold]))
    shrinkage, norm = shrinking(model, inputs)
    # Songs that arrive after training go through the map alone: it carries what `placed` has just done.
    return replace(made, content_map=replace(plain, shrinkage=shrinkage, norm=norm))


def shrinking(model: FactorModel, inputs: FitInputs) -> tuple[float, float]:
    """`norm_shrinkage`, and the mean length of the vectors of songs with listens; zeros where nothing is to be done."""
    shrinkage = inputs.config.bridge.norm_shrinkage
    if not shrinkage or not inputs.warm.any():
        return 0.0, 0.0
    return shrinkage, float(np.linalg.norm(model.item_factors[inputs.warm].astype(np.float64), axis=1).mean())


def placed(name: str, model: FactorModel, inputs: FitInputs, vectors: NDArray[np.float32]) -> FactorModel:
    """`model` with `vectors`, float32 (n, f), for its n songs with content and without listens, lengths shrunk here."""
    cold = ~inputs.warm & inputs.known
    items = model.item_factors.copy()
    items[cold] = toward_norm(vectors, *shrinking(model, inputs))
    fold = model.fold
    if isinstance(fold, EaseFold):  # what a listener plays among them adds nothing to EASE
        fold = replace(fold, scale=np.where(cold, 0, fold.scale).astype(np.float32))
    scorable = inputs.warm | inputs.known
    return replace(model, name=name, item_factors=items, scorable=scorable, cold_tracks=True, fold=fold)
