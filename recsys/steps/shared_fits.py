"""One fit for several questions to a model."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from threading import Lock

from data.recommender import Recommender
from data.splits import Split

Engine = Callable[[Split, int], Recommender]


class SharedFits:
    """An engine as `evaluation.compare.compare` wants it, that fits once for all models that share the fit, also over threads.

    A model is let go when it has been asked for as often as was said.

    Parameters
    ----------
    engine : (split, seed) -> fitted recommender.
    key_of : (split, seed) -> which fit answers for it.
    asked : key -> how often that model will be asked for.
    """

    def __init__(self, engine: Engine, key_of: Callable[[Split, int], Hashable], asked: Mapping[Hashable, int]) -> None:
        self._engine = engine
        self._key_of = key_of
        self._left = dict(asked)
        self._kept: dict[Hashable, Recommender] = {}
        self._locks = {key: Lock() for key in asked}

    def __call__(self, split: Split, seed: int) -> Recommender:
        """The model for `split` and `seed`; who comes while it is being fitted waits for it."""
        key = self._key_of(split, seed)
        with self._locks[key]:
            if key not in self._kept:
                self._kept[key] = self._engine(split, seed)
            model = self._kept[key]
            self._left[key] -= 1
            if not self._left[key]:
                del self._kept[key]
        return model
