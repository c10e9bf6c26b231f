"""`python -m benchmarks.defaults --data FOLDER`: which choices of an engine are best on several sets at once.

The search of `recsys tune` over the training parts of all sets: a configuration is worth the mean over sets of its relative gain
over today's defaults. It changes nothing; it prints what it found.
"""

from __future__ import annotations

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

import argparse
import math
import time
from collections.abc import Sequence
from pathlib import Path

from threadpoolctl import threadpool_limits

from benchmarks.tuning_sets import TuningSet, citeulike_t, composed, lastfm2k, moods4q
from collab.config_values import Value
from collab.inputs import EngineConfig
from collab.tuning import search
from collab.tuning_gain import LEAST, Figures
from collab.tuning_space import space_as_dict, space_of
from collab.tuning_study import ABANDONED, DONE, Study, Trial
from collab.tuning_tasks import Task, validation_tasks
from data.files import fingerprint
from data.json_lines import append_line, read_lines
from recsys.steps.tune import PAIRS, measuring

SHOWN = 8
LISTENERS = 600  # measured in each task


def tune(engine: str, sets: Sequence[TuningSet], args: argparse.Namespace) -> Study:
    """Search on all sets together."""
    by_name = {one.name: one for one in sets}
    tasks: list[Task] = []
    for one in sets:
        choices = {"pairs": args.pairs, "seed": args.seed, "group": one.name, "listeners": LISTENERS}
        tasks += validation_tasks(one.listens, one.artists, **choices)
    space = space_of(engine, 192)
    space = {name: dimension for name, dimension in space.items() if not args.only or name in args.only}
    journal = None
    if args.keep is not None:
        about = fingerprint(sorted(by_name), args.seed, args.pairs, space_as_dict(space), repr(EngineConfig()))
        journal = args.keep / f"{engine}-{about}.jsonl"

    def measure(config: EngineConfig, task: Task) -> Figures:
        content = by_name[task.group].content(task)
        return measuring(engine, content, artists=by_name[task.group].artists, seed=args.seed)(config, task)

    start = time.process_time()
    return search(
        space,
        tasks,
        measure,
        seed=args.seed,
        trials=args.trials,
        go_on=lambda: time.process_time() - start < 60 * args.minutes,
        done=[] if journal is None else read_lines(journal),
        keep=lambda record: None if journal is None else append_line(journal, record),
        progress=lambda n: print(f"{engine}: {n} trials, {time.process_time() - start:.0f} CPU s", end="\r", flush=True),
    )


def show(engine: str, study: Study, sets: Sequence[TuningSet]) -> None:
    """The defaults' figures, then the best few: gain on all sets, on each, and the choices in which they differ."""
    defaults = study.trials[0]
    done = sorted((trial for trial in study.trials if trial.state == DONE), key=lambda trial: -trial.sure)
    left = sum(trial.state == ABANDONED for trial in study.trials)
    print(f"\n\n{engine}: {len(study.trials)} trials, {left} of them left behind early; nDCG@10 of the defaults:")
    print("  " + ", ".join(f"{name} {value:.3f}" for name, value in defaults.figures.items()))
    print(f"  {'gain':>12}" + "".join(f"{one.name:>14}" for one in sets) + f"{'CPU s':>8}  differs in")
    for trial in done[:SHOWN]:
        gains = "".join(f"{100 * of_set(trial, defaults, one.name):>+13.1f}%" for one in sets)
        print(
            f"  {100 * trial.gain:>+5.1f} ± {100 * trial.error:.1f} %{gains}{trial.seconds:>8.2f}  {differences(trial, defaults)}"
        )
    print(f"  suggested: {differences(study.best, defaults) or 'the defaults stand'}", flush=True)


def of_set(trial: Trial, defaults: Trial, name: str) -> float:
    """Gain on one set: geometric mean over its sides of the figure relative to the defaults', less 1."""
    sides = [side for side in defaults.figures if side.startswith(f"{name} ")]
    logs = [math.log(max(trial.figures[side], LEAST) / max(defaults.figures[side], LEAST)) for side in sides]
    return math.exp(sum(logs) / len(logs)) - 1


def differences(trial: Trial, defaults: Trial) -> str:
    """The choices in which a trial differs from the defaults."""
    changed: dict[str, Value] = {name: value for name, value in trial.values.items() if value != defaults.values[name]}
    return ", ".join(f"{name}={value}" for name, value in changed.items())


def main() -> None:
    """Read the sets that are there, search, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.defaults", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with lastfm2k, citeulike-t and moods4q")
    parser.add_argument(
        "--vectors", type=Path, help="vectors of the clips of moods4q, .parquet or .npy; without: that set is left out"
    )
    parser.add_argument("--set", action="append", help="only these sets; may be repeated")
    parser.add_argument("--engine", action="append", help="may be repeated; default: als, ease")
    parser.add_argument("--only", action="append", metavar="CHOICE", help="tune only these choices, such as als.alpha")
    parser.add_argument("--minutes", type=float, default=5.0, help="CPU minutes an engine")
    parser.add_argument("--trials", type=int)
    parser.add_argument("--pairs", type=int, default=PAIRS, help="times that other artists and listens are hidden, in each set")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep trials here, and go on with those that are there")
    args = parser.parse_args()
    makers = {
        "lastfm2k": lambda: lastfm2k(args.data / "lastfm2k", args.seed),
        "citeulike-t": lambda: citeulike_t(args.data / "citeulike-t", args.seed),
        "composed": lambda: composed(args.seed),
    }
    if args.vectors is not None:
        makers["moods4q"] = lambda: moods4q(args.data / "moods4q", args.vectors, args.seed)
    else:
        print("moods4q is left out: no --vectors")
    with threadpool_limits(1):
        sets = [make() for name, make in makers.items() if not args.set or name in args.set]
        for one in sets:
            print(f"{one.name}: {len(one.listens.users)} users, {len(one.listens.tracks)} items, {len(one.listens)} listens")
        for engine in args.engine or ("als", "ease"):
            show(engine, tune(engine, sets, args), sets)


if __name__ == "__main__":
    main()
