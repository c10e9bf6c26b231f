"""How a blend weighs its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Rule:
    """How much each part counts.

    Two weighted sums are made: `mixed` is for any song and places songs without listens among the others, as a group: what
    collaborative parts think of them is little, and that is as it should be. `cold` ranks songs without listens among
    themselves; its mean and deviation over them are brought to those of `mixed`. A song with n listeners stands between the two:
    its share of `cold` is trust / (n + trust), so content gives way to listeners as they gather.

    Parameters
    ----------
    mixed, cold : part -> weight, >= 0.
    trust : listeners at which a song stands half way, >= 0; 0 is a hard switch at the first listener.
    tail : how much the standardised log(1 + listeners) of a song with listens counts against it, >= 0: models favour what is
        popular more than listeners do.
    boost : (songs of a listener, factor) pairs, ascending, on the parts of content alone; between them the factor is interpolated
        over log(1 + songs), beyond the last it is 1; () for 1 throughout.
    """

    mixed: Mapping[str, float]
    cold: Mapping[str, float]
    trust: float = 0.0
    tail: float = 0.0
    boost: tuple[tuple[int, float], ...] = ()

    def weights(self, names: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The weights of `mixed` and of `cold` for each part, float64 (k,) twice."""
        return np.array([self.mixed.get(n, 0.0) for n in names]), np.array([self.cold.get(n, 0.0) for n in names])

    def cold_share(self, listeners: NDArray[np.int64]) -> NDArray[np.float32]:
        """How far each song is ranked by `cold`, float32 of the shape of `listeners`."""
        share: NDArray[np.float32] = np.where(listeners == 0, 1.0, self.trust / np.maximum(listeners + self.trust, 1e-9)).astype(
            np.float32
        )
        return share

    def boosts(self, songs: NDArray[np.int64]) -> NDArray[np.float32]:
        """The factor of content for listeners with so many songs, float32 of the shape of `songs`."""
        if not self.boost:
            return np.ones(songs.shape, np.float32)
        at, factor = zip(*self.boost, strict=True)
        factors: NDArray[np.float32] = np.interp(np.log1p(songs), np.log1p(at), factor).astype(np.float32)
        return factors


def standard_popularity(listeners: NDArray[np.int64]) -> NDArray[np.float32]:
    """log(1 + listeners) less its mean, by its deviation, both over the songs with listens; 0 for the others. float32 (I,)."""
    warm = listeners > 0
    out = np.zeros(len(listeners), np.float32)
    if warm.any():
        logs = np.log1p(listeners[warm])
        out[warm] = (logs - logs.mean()) / (logs.std() or 1.0)
    return out
