"""What engines are fitted on, and every choice of every engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from collab.baselines import ContentRidgeConfig, ItemKNNConfig
from collab.bridge import BridgeConfig
from collab.content_scaling import ContentScaler, ScalingConfig, fit_scaler
from collab.ease import EaseConfig
from collab.factors import ALSConfig, BPRConfig
from collab.lightfm_hybrid import LightFMConfig
from collab.weighing import WeighingConfig
from data.errors import InputError
from data.listens import Listens

if TYPE_CHECKING:
    import scipy.sparse as sp

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class EngineConfig:
    """Every choice of every engine, each in the record of the module that it belongs to.

    Parameters
    ----------
    scaling : content as all engines but LightFM see it.
    lightfm_scaling : content as LightFM sees it: fewer columns, because its time grows with them.
    """

    scaling: ScalingConfig = field(default_factory=ScalingConfig)
    lightfm_scaling: ScalingConfig = field(default_factory=lambda: ScalingConfig(components=64))
    item_knn: ItemKNNConfig = field(default_factory=ItemKNNConfig)
    content_ridge: ContentRidgeConfig = field(default_factory=ContentRidgeConfig)
    lightfm: LightFMConfig = field(default_factory=LightFMConfig)
    als: ALSConfig = field(default_factory=ALSConfig)
    bpr: BPRConfig = field(default_factory=BPRConfig)
    ease: EaseConfig = field(default_factory=EaseConfig)
    bridge: BridgeConfig = field(default_factory=BridgeConfig)
    weighing: WeighingConfig = field(default_factory=WeighingConfig)


@dataclass(frozen=True)
class FitInputs:
    """What an engine is fitted on.

    Parameters
    ----------
    listens : who played what; `listens.tracks` are the I songs.
    artists : I names, "" where unknown, or () if none is known; validation hides whole artists.
    vectors, known : float32 (I, d) and bool (I,), the songs' own vectors and where there is one; None without content.
    widths : columns of each part of the vectors.
    features : CSR float32 (I, D), sparse features of unit length, or None.
    """

    listens: Listens
    artists: Sequence[str]
    vectors: NDArray[np.float32] | None
    known: NDArray[np.bool_]
    widths: tuple[int, ...]
    features: sp.csr_matrix | None
    config: EngineConfig
    seed: int
    progress: Progress | None = None

    @cached_property
    def plays(self) -> sp.csr_matrix:
        """CSR float32 (U, I)"""
        return self.listens.matrix()

    @cached_property
    def listeners(self) -> NDArray[np.int64]:
        """Distinct listeners of each song, int64 (I,)."""
        return np.bincount(self.plays.indices, minlength=self.plays.shape[1]).astype(np.int64)

    @property
    def warm(self) -> NDArray[np.bool_]:
        """Songs with listens, bool (I,)."""
        return self.listeners > 0

    @property
    def placeable(self) -> NDArray[np.bool_]:
        """Songs with a vector or a feature, bool (I,)."""
        return self.known if self.features is None else self.known | (np.diff(self.features.indptr) > 0)

    @cached_property
    def content(self) -> tuple[ContentScaler, NDArray[np.float32]]:
        """`scaled` by the scaling that all engines but LightFM share."""
        return self.scaled(self.config.scaling)

    def scaled(self, config: ScalingConfig) -> tuple[ContentScaler, NDArray[np.float32]]:
        """The scaling fitted on songs with listens, and float32 (I, c) with zeros where no vector is known."""
        if self.vectors is None:
            raise AssertionError("an engine without content asked for content")
        both = self.known & self.warm
        scaler = fit_scaler(self.vectors, both if both.sum() > 1 else self.known, config, self.widths)
        scaled = scaler.transform(self.vectors)
        scaled[~self.known] = 0.0
        return scaler, scaled

    def on(self, listens: Listens) -> FitInputs:
        """The same with other listens over the same users and songs, and no word of progress."""
        return replace(self, listens=listens, progress=None)

    def needs_both(self, engine: str) -> NDArray[np.bool_]:
        """Songs with listens and content, bool (I,). Raises InputError (code "no-content") if there is none."""
        both = self.warm & self.known
        if not both.any():
            raise InputError(
                f"engine {engine!r}: no song has both listens and an embedding",
                code="no-content",
                hint=f"Take '{engine}-cf'",
            )
        return both
