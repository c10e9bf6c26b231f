"""One fit for all questions to a model: warm and cold items are asked of the same one, as in real use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from data.published.benchmark_set import Trial
from data.recommender import Recommender
from data.splits import Split

Engine = Callable[[Split, int], Recommender]


class FitOnce:
    """An engine as `evaluation.compare.compare` wants it, that fits once for all splits of a trial.

    The model is kept from the trial's first split to its last and then let go. `compare` is done with all splits of one name
    before it turns to the next, so no two threads ask for the same model.
    """

    def __init__(self, engine: Engine, trials: Sequence[Trial]) -> None:
        self._engine = engine
        self._trial_of = {(s.name, s.seed): number for number, trial in enumerate(trials) for s in trial.splits}
        self._questions = [len(trial.splits) for trial in trials]
        self._kept: dict[tuple[int, int], tuple[Recommender, int]] = {}  # and how often it is still asked for

    def __call__(self, split: Split, seed: int) -> Recommender:
        """The model of the split's trial for `seed`; `split` is a view whose test is empty."""
        key = self._trial_of[split.name, split.seed], seed
        if key in self._kept:
            model, left = self._kept.pop(key)
        else:
            model, left = self._engine(split, seed), self._questions[key[0]]
        if left > 1:
            self._kept[key] = model, left - 1
        return model


def seconds_of_fits(seconds: Mapping[str, Mapping[str, float]], trials: Sequence[Trial]) -> dict[str, dict[str, Any]]:
    """CPU seconds by split and model: `compare` saw the fit at a trial's first split only, and it counts for the others too."""
    fitted_at = {split.name: trial.splits[0].name for trial in trials for split in trial.splits}
    return {split: dict(seconds[fitted_at[split]]) for split in seconds}
