"""The result of comparing recommenders: a stable record, ready for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

NOTES = (
    "All candidates are ranked, none is sampled; songs that a user has in train are left out of that user's candidates.",
    "Equal scores are ordered at random; for AUC they count half.",
    "A user's values are averaged over folds and seeds first; intervals are 95 % percentile bootstrap over users.",
    "Differences are paired: the same resamples of users for both models.",
    "Engines were fitted on a view of the split whose test is empty, and which lacks what new listeners give on arrival.",
    "coverage and gini are figures of all lists together: they have no interval over users.",
)


@dataclass(frozen=True)
class Comparison:
    """Figures of every model on every split; `as_dict` is the stable JSON.

    Parameters
    ----------
    rows : {"model", "split", "slice", "metric", "k", "value", "low", "high", "n_users", "n_candidates"}; "k" is None for figures
        of the whole list; "value", "low", "high" are None where no user has a test listen in the slice. "slice" is "all", a
        popularity bucket of the songs ("head", "middle", "tail", "cold": none has listens in train) or of users ("history 1-12").
    counts : split -> what was counted before and after each filter, in order.
    differences : {"model", "reference", "split", "slice", "metric", "k", "value", "low", "high", "n_users"}: model - reference.
    models : model -> {"cold_songs": whether it ranks songs without listens, "new_users": whether it answers listeners who came
        after training}.
    train_seconds : split -> model -> CPU seconds of one fit, mean over folds and seeds. The one figure that a second run changes.
    """

    rows: Sequence[Mapping[str, Any]]
    counts: Mapping[str, Mapping[str, int]]
    differences: Sequence[Mapping[str, Any]] = ()
    train_seconds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seeds: Sequence[int] = (0,)
    notes: Sequence[str] = NOTES

    def as_dict(self) -> dict[str, Any]:
        """Plain values, ready for `data.files.write_json`."""
        return {
            "rows": [dict(row) for row in self.rows],
            "counts": {split: dict(counts) for split, counts in self.counts.items()},
            "differences": [dict(row) for row in self.differences],
            "train_seconds": {split: dict(seconds) for split, seconds in self.train_seconds.items()},
            "models": {model: dict(about) for model, about in self.models.items()},
            "seeds": list(self.seeds),
            "notes": list(self.notes),
        }
