"""One fit for all questions to a model: warm and cold items are asked of the same one, as in real use."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from data.published.benchmark_set import Trial
from data.splits import Split
from recsys.steps.shared_fits import Engine, SharedFits


def fit_once(engine: Engine, trials: Sequence[Trial], seeds: Sequence[int]) -> SharedFits:
    """An engine as `evaluation.compare.compare` wants it, that fits once for all splits of a trial."""
    trial_of = {(split.name, split.seed): number for number, trial in enumerate(trials) for split in trial.splits}

    def key_of(split: Split, seed: int) -> Hashable:
        return trial_of[split.name, split.seed], seed

    asked: dict[Hashable, int] = {(number, seed): len(trial.splits) for number, trial in enumerate(trials) for seed in seeds}
    return SharedFits(engine, key_of, asked)


def seconds_of_fits(seconds: Mapping[str, Mapping[str, float]], trials: Sequence[Trial]) -> dict[str, dict[str, Any]]:
    """CPU seconds by split and model: `compare` saw the fit at a trial's first split only, and it counts for the others too."""
    fitted_at = {split.name: trial.splits[0].name for trial in trials for split in trial.splits}
    return {split: dict(seconds[fitted_at[split]]) for split in seconds}
