"""Search for better choices of an engine: random draws, and steps from the best found so far.

What comes next follows from the seed and from what has been measured, and from nothing else: a search that is stopped and goes
on finds what an unbroken one finds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from collab.config_values import Value, Values, value_of, with_values
from collab.inputs import EngineConfig
from collab.tuning_gain import Figures, Gain, gain_over, mean_figures
from collab.tuning_space import Space, draw, moves
from collab.tuning_study import ABANDONED, DONE, FAILED, Study, Trial, record_of_last, study_of
from collab.tuning_tasks import Task
from data.errors import InputError

Measure = Callable[[EngineConfig, Task], Figures]
FIRST_DRAWS = 4  # random draws before the first step; later every third trial is one
STEPS = (1.0, 0.5)
FAR = 2.0  # standard errors behind the best after the first stage: not measured further


def search(
    space: Space,
    tasks: Sequence[Task],
    measure: Measure,
    *,
    seed: int = 0,
    trials: int | None = None,
    go_on: Callable[[], bool] = lambda: True,
    starts: Sequence[Values] = (),
    done: Sequence[Mapping[str, Any]] = (),
    keep: Callable[[dict[str, Any]], None] = lambda _record: None,
    progress: Callable[[int], None] = lambda _trials: None,
) -> Study:
    """Measure the defaults, then `starts`, then what promises most, until one of the limits.

    Parameters
    ----------
    tasks : in the order of their stages.
    measure : fits the engine with a configuration on `task.warm.train` and measures it.
    trials : at most so many in all, those of `done` among them; None for no limit.
    go_on : asked before each fit, but for those of the defaults; a trial in which it says no is not kept.
    starts : configurations to begin with, e.g. the one in use.
    done : records that `keep` got in an earlier part of the same search.
    keep : called with the record of each trial as soon as it is measured.
    progress : called with the number of trials finished.

    Returns
    -------
    Study with one trial at least.

    Raises
    ------
    InputError : the engine cannot be fitted by its defaults; `trials` below 1; records of another search.
    """
    if trials is not None and trials < 1:
        raise InputError(f"trials={trials} must be 1 or more")
    tasks = sorted(tasks, key=lambda task: task.stage)
    study = study_of(done, len(tasks))
    defaults = {name: value_of(EngineConfig(), name) for name in space}
    tried = {_key(trial.values) for trial in study.trials}
    while trials is None or len(study.trials) < trials:
        number = len(study.trials)
        values = defaults if not number else _first_new(starts, space, defaults, tried)
        if number and values is None:
            values = _next(space, study.best.values, tried, np.random.default_rng([seed, 11, number]), number)
        if values is None or (number and not go_on()):
            break
        if number:
            trial = _tried(Trial(number, values), tasks, measure, study, go_on)
            if trial is None:
                break
            study = Study((*study.trials, trial), study.reference)
        else:
            study = _first(values, tasks, measure)
        keep(record_of_last(study))
        tried.add(_key(values))
        progress(len(study.trials))
    return study


def _first(defaults: Mapping[str, Value], tasks: Sequence[Task], measure: Measure) -> Study:
    """The defaults, against which all others are measured."""
    figures = [measure(EngineConfig(), task) for task in tasks]
    seconds = float(np.mean([f.seconds for f in figures]))
    return Study((Trial(0, defaults, figures=mean_figures(figures, tasks), seconds=round(seconds, 3)),), tuple(figures))


def _tried(trial: Trial, tasks: Sequence[Task], measure: Measure, study: Study, go_on: Callable[[], bool]) -> Trial | None:
    """`trial` with what it reached, or None if there is no time to finish it."""
    figures: list[Figures] = []
    early: Gain | None = None
    try:
        config = with_values(EngineConfig(), trial.values)
        for row, task in enumerate(tasks):
            if row and not go_on():
                return None
            if row and task.stage != tasks[row - 1].stage and early is None:
                early = gain_over(figures, study.reference, tasks)
                if early.value + FAR * early.error < study.best.early:
                    return _measured(trial, ABANDONED, figures, tasks, early, early)
            figures.append(measure(config, task))
    # An extreme configuration may diverge or be singular; the search goes on, and the trial says why it failed. Were it to end
    # here, it would end here again each time that it goes on.
    except (InputError, ValueError, ArithmeticError) as error:
        return dataclasses.replace(trial, state=FAILED, note=(str(error) or type(error).__name__).splitlines()[0])
    gain = gain_over(figures, study.reference, tasks)
    return _measured(trial, DONE, figures, tasks, gain, early or gain)


def _measured(trial: Trial, state: str, figures: Sequence[Figures], tasks: Sequence[Task], gain: Gain, early: Gain) -> Trial:
    return dataclasses.replace(
        trial,
        state=state,
        figures=mean_figures(figures, tasks),
        gain=gain.value,
        error=gain.error,
        early=early.value,
        seconds=round(float(np.mean([f.seconds for f in figures])), 3),
    )


def _first_new(
    starts: Sequence[Values], space: Space, defaults: Mapping[str, Value], tried: set[str]
) -> Mapping[str, Value] | None:
    """The first of `starts`, as far as it lies in the space, that has not been tried."""
    for start in starts:
        values = {name: start.get(name, defaults[name]) for name in space}
        if _key(values) not in tried:
            return values
    return None


def _next(
    space: Space, best: Mapping[str, Value], tried: set[str], rng: np.random.Generator, number: int
) -> Mapping[str, Value] | None:
    """A configuration not tried yet: a step from the best in one choice, or a draw; None where the space seems exhausted."""
    if number > FIRST_DRAWS and number % 3:
        for step in STEPS:
            fresh = [values for values in moves(space, best, step) if _key(values) not in tried]
            if fresh:
                return fresh[int(rng.integers(len(fresh)))]
    for _ in range(200):
        values = draw(space, best, rng)
        if _key(values) not in tried:
            return values
    return None


def _key(values: Mapping[str, Value]) -> str:
    return repr(sorted(values.items()))
