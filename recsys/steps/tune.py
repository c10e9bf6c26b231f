"""Search for better choices of an engine on listens held out inside the workspace's own."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from collab.config_values import Values, config_as_dict, value_of, with_values
from collab.engine import EngineConfig, fit
from collab.tuning import Measure, search
from collab.tuning_gain import Figures
from collab.tuning_space import space_as_dict, space_of
from collab.tuning_study import DONE, FAILED, Study, Trial
from collab.tuning_tasks import FOLDS, MOST_LISTENERS, Task, validation_tasks
from collab.validation import FEWEST_LISTENERS
from data.embeddings import SongEmbeddings
from data.errors import InputError
from data.files import fingerprint, write_json
from data.item_features import ItemFeatures
from data.json_lines import append_line, read_lines
from data.splits import Split
from evaluation.measure import Key, measure
from recsys.report import SILENT, Report
from recsys.steps.inputs import inputs_state, read_embeddings_if_any, read_interactions
from recsys.steps.tuned import read_tuned, tuned_path, write_tuned
from recsys.workspace import Workspace, open_workspace

SCHEMA = 1  # raise it where an engine, the splits or the search change: trials of before then count no more
PAIRS = FOLDS  # each artist is hidden once. With two, what won was often worse than the defaults on artists not looked at
K = 10
SHOWN = 5


def tune(
    root: Path,
    *,
    engine: str = "hybrid",
    minutes: float = 10.0,
    trials: int | None = None,
    seed: int = 0,
    report: Report = SILENT,
) -> dict[str, Any]:
    """Measure configurations of `engine` until the time is spent; a further run goes on where this one ended.

    Every trial is kept as soon as it is measured, in tuning/<engine>-<fingerprint>.jsonl; a run that is stopped loses the trial
    it was at. Only the workspace's listens are looked at: a fold of artists and a fifth of each listener's other artists are
    hidden, one fold after the other, and a configuration is worth its nDCG@10 on both relative to the defaults'.

    Parameters
    ----------
    minutes : of this run, >= 0, looked at between fits; the defaults are measured in any case, and alone where there are fewer
        than 30 listeners to choose by.
    trials : at most so many configurations, those of earlier runs among them.

    Returns
    -------
    "engine", "trials" (all: "number", "values", "state", "figures", "gain", "error", "early", "seconds", "note"), "defaults",
    "best" (up to five trials, best first), "winner" (its number, 0 if the defaults stand), "space", "splits", "new_trials",
    "report" and "written" (paths; "written" is None if the defaults stand), "summary".

    Raises
    ------
    InputError : bad options; no workspace, songs or listens; too few listens to hide any; an engine that lacks what it needs.
    """
    if not (math.isfinite(minutes) and minutes >= 0):
        raise InputError(f"minutes={minutes} must be 0 or more")
    if trials is not None and trials < 1:
        raise InputError(f"trials={trials} must be 1 or more")
    space_of(engine, None)  # an engine without choices shows before anything is read
    workspace = open_workspace(root)
    end = time.monotonic() + 60 * minutes
    with workspace.writing(), workspace.catalogue() as catalogue:
        interactions = read_interactions(workspace, catalogue)
        state = inputs_state(workspace, catalogue)
        content = read_embeddings_if_any(workspace)
        artists = [track.artist for track in interactions.tracks]
        tasks = validation_tasks(interactions.listens, artists, pairs=PAIRS, seed=seed)
        space = space_of(engine, None if content is None else content.vectors.shape[1])
        enough = _listeners(tasks) >= FEWEST_LISTENERS
        told = {"pairs": PAIRS, "listeners": MOST_LISTENERS, "k": K, "seed": seed}
        defaults = config_as_dict(EngineConfig())
        journal = workspace.tuning / f"{engine}-{fingerprint(SCHEMA, state, told, space_as_dict(space), defaults)}.jsonl"
        done = read_lines(journal)
        with report.task(f"tuning {engine}") as progress, threadpool_limits(1):
            progress(len(done), max(len(done), trials or 0))
            study = search(
                space,
                tasks,
                measuring(engine, content, artists=artists, seed=seed),
                seed=seed,
                trials=trials,
                go_on=lambda: enough and time.monotonic() < end,
                starts=_in_use(workspace, engine, list(space)),
                done=done,
                keep=lambda record: append_line(journal, record),
                progress=lambda n: progress(n, max(n, trials or n)),
            )
        result = _result(engine, study, tasks, state) | {
            "space": space_as_dict(space),
            "settings": told,
            "new_trials": len(study.trials) - len(done),
        }
        written = _put_in_use(workspace, engine, study, state, seed)
        result |= {
            "written": None if written is None else str(written),
            "report": str(workspace.reports / f"tuning-{engine}.json"),
        }
        result["summary"] = _summary(workspace, engine, study, result)
        write_json(Path(result["report"]), {"schema": SCHEMA, **result})
    return result


def measuring(
    engine: str,
    content: SongEmbeddings | None,
    *,
    features: ItemFeatures | None = None,
    artists: Sequence[str] = (),
    seed: int = 0,
) -> Measure:
    """How `search` measures a configuration of `engine`: one fit a task, nDCG@10 of each listener on both of its sides."""

    def run(config: EngineConfig, task: Task) -> Figures:
        begin = time.thread_time()
        fitted = fit(engine, task.warm.train, content, config, seed, features=features, artists=artists)
        seconds = time.thread_time() - begin

        def ndcg(split: Split) -> Any:
            return measure(fitted, split, k=(K,), slices=("all",), seed=seed).per_user[Key("all", "ndcg", K)]

        cold = ndcg(task.cold) if task.cold is not None and fitted.cold_tracks else None
        return Figures(ndcg(task.warm), cold, seconds)

    return run


def _in_use(workspace: Workspace, engine: str, names: Sequence[str]) -> list[Values]:
    """What an earlier search found, also on other inputs: a good place to begin."""
    found = read_tuned(workspace, engine)
    return [] if found is None else [{name: value_of(found[0], name) for name in names}]


def _put_in_use(workspace: Workspace, engine: str, study: Study, state: str, seed: int) -> Path | None:
    """Save the winner. Where the defaults stand, what an earlier search found goes once it was measured here and lost."""
    winner = study.best
    if winner.number:
        about = {"inputs": state, "seed": seed, "trials": len(study.trials), "gain": winner.gain, "error": winner.error}
        return write_tuned(workspace, engine, with_values(EngineConfig(), winner.values), about)
    names = list(study.trials[0].values)
    measured = [trial.values for trial in study.trials]
    if any(dict(start) in [dict(values) for values in measured] for start in _in_use(workspace, engine, names)):
        tuned_path(workspace, engine).unlink()
    return None


def _listeners(tasks: Sequence[Task]) -> int:
    """Listeners of whom something is hidden, in the task that has fewest."""
    return min(len(np.unique(task.warm.test.user)) for task in tasks)


def _result(engine: str, study: Study, tasks: Sequence[Task], state: str) -> dict[str, Any]:
    ranked = sorted((t for t in study.trials if t.state == DONE and t.number), key=lambda t: (-t.sure, t.number))
    splits = [
        {
            "warm_listeners": len(np.unique(task.warm.test.user)),
            "warm_candidates": int(task.warm.candidates.sum()),
            "cold_listeners": 0 if task.cold is None else len(np.unique(task.cold.test.user)),
            "cold_candidates": 0 if task.cold is None else int(task.cold.candidates.sum()),
        }
        for task in tasks
    ]
    return {
        "engine": engine,
        "inputs": state,
        "splits": splits,
        "defaults": _plain(study.trials[0]),
        "best": [_plain(trial) for trial in ranked[:SHOWN]],
        "winner": study.best.number,
        "trials": [_plain(trial) for trial in study.trials],
    }


def _plain(trial: Trial) -> dict[str, Any]:
    record = dict(vars(trial)) | {"values": dict(trial.values), "figures": dict(trial.figures)}
    return record | {"error": trial.error if math.isfinite(trial.error) else None}


def _summary(workspace: Workspace, engine: str, study: Study, result: dict[str, Any]) -> str:
    n, failed = len(study.trials), sum(trial.state == FAILED for trial in study.trials)
    told = f"{n} configuration{'s' * (n > 1)} of {engine} measured, {result['new_trials']} in this run"
    told += f", {failed} could not be fitted" if failed else ""
    winner = study.best
    if winner.number:
        return (
            f"{told}; the best gains {100 * winner.gain:.1f} % on the defaults (standard error {100 * winner.error:.1f}): "
            f"written to {result['written']}"
        )
    stands = f"{told}: nothing beats the defaults by more than a standard error; they stand"
    fewest = min(split["warm_listeners"] for split in result["splits"])
    if fewest < FEWEST_LISTENERS:
        stands = (
            f"too few listeners to choose by: {fewest} with something to hide, {FEWEST_LISTENERS} are needed. Only the defaults "
            f"of {engine} have been measured; they stand"
        )
    elif n == 1:
        stands = f"only the defaults of {engine} have been measured; they stand"
    left = tuned_path(workspace, engine)
    return f"{stands}. {left} of an earlier search was not measured and stays in use" if left.exists() else stands
