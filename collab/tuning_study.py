"""The trials of a search, and their form as records."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collab.config_values import Value
from collab.tuning_gain import Figures
from data.errors import InputError

DONE, ABANDONED, FAILED = "done", "abandoned", "failed"


@dataclass(frozen=True)
class Trial:
    """One configuration and what it reached.

    Parameters
    ----------
    number : 0 for the defaults.
    values : what each choice of the space was.
    state : "done"; "abandoned" after the first stage, far behind the best; "failed", `note` says why.
    figures : mean nDCG of each side that was measured.
    gain, error : relative to the defaults; of the first stage where the trial was abandoned.
    early : gain in the first stage.
    seconds : CPU time of one fit, mean.
    """

    number: int
    values: Mapping[str, Value]
    state: str = DONE
    figures: Mapping[str, float] = field(default_factory=dict)
    gain: float = 0.0
    error: float = 0.0
    early: float = 0.0
    seconds: float = 0.0
    note: str = ""

    @property
    def sure(self) -> float:
        """Gain less its standard error."""
        return self.gain - self.error


@dataclass(frozen=True)
class Study:
    """All trials, the defaults first, and what the defaults reached for each listener."""

    trials: tuple[Trial, ...]
    reference: tuple[Figures, ...]

    @property
    def best(self) -> Trial:
        """The greatest gain less its standard error: the defaults, unless something beats them by more than a standard error.

        Of many trials the one with the greatest gain is the luckiest; where artists are few that is nearly all it is.
        """
        return max((trial for trial in self.trials if trial.state == DONE), key=lambda trial: (trial.sure, -trial.number))


def record_of_last(study: Study) -> dict[str, Any]:
    """The last trial as plain values, the defaults with what they reached for each listener."""
    record = dataclasses.asdict(study.trials[-1])
    record["error"] = None if np.isinf(record["error"]) else record["error"]  # infinity is not JSON
    if len(study.trials) == 1:
        record["listeners"] = [{"warm": _listed(f.warm), "cold": _listed(f.cold), "seconds": f.seconds} for f in study.reference]
    return record


def study_of(records: Sequence[Mapping[str, Any]], n_tasks: int) -> Study:
    """The study whose records these are."""
    if not records:
        return Study((), ())
    try:
        reference = [
            Figures(_array(f["warm"]), None if f["cold"] is None else _array(f["cold"]), f["seconds"])
            for f in records[0]["listeners"]
        ]
        names = [one.name for one in dataclasses.fields(Trial)]
        rows = [{name: record[name] for name in names} for record in records]
        study = Study(
            tuple(Trial(**row | {"error": float("inf") if row["error"] is None else row["error"]}) for row in rows),
            tuple(reference),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"the records of the search are incomplete: {error}", code="damaged") from None
    if len(reference) != n_tasks or [trial.number for trial in study.trials] != list(range(len(records))):
        raise InputError("the records are of another search", code="damaged")
    return study


def _listed(values: NDArray[np.float64] | None) -> list[float | None] | None:
    return None if values is None else [float(v) if np.isfinite(v) else None for v in values]


def _array(values: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if v is None else v for v in values], np.float64)
