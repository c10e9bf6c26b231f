"""The search for choices: what it looks at, that it can be stopped at any time, and what it takes for better."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from collab.config_values import Values, value_of, with_values
from collab.engine import fit
from collab.inputs import EngineConfig
from collab.tuning import Measure, search
from collab.tuning_gain import Figures, gain_over
from collab.tuning_space import SPACES, Choice, LogRange, check_space, draw, moves, space_of
from collab.tuning_study import ABANDONED, DONE, FAILED, Study, Trial
from collab.tuning_tasks import Task, validation_tasks
from data.embeddings import SongEmbeddings
from data.errors import InputError
from data.ids import IdMap
from data.listens import Listens

SPACE = {"als.alpha": LogRange(1, 100), "als.components": Choice((16, 32, 48, 64, 96, 128)), "als.iterations": Choice((10, 15))}
DEFAULTS = {name: value_of(EngineConfig(), name) for name in SPACE}


def listens(users: int = 40, songs: int = 60, seed: int = 0) -> Listens:
    rng = np.random.default_rng(seed)
    user, track = np.nonzero(rng.random((users, songs)) < 0.3)
    ids = [IdMap(tuple(f"{name}{i:03d}" for i in range(n)), name) for name, n in (("u", users), ("t", songs))]
    return Listens(user.astype(np.int32), track.astype(np.int32), np.ones(len(user), np.float32), None, *ids)


def artists(songs: int = 60) -> list[str]:
    return [f"artist {i // 3}" if i % 10 else "" for i in range(songs)]


TASKS = validation_tasks(listens(), artists())


def planted(best: float = 4.0, noise: float = 0.0) -> Measure:
    """The nearer alpha is to `best`, the better; the other choices are worth nothing."""

    def measure(config: EngineConfig, task: Task) -> Figures:
        worth = 0.5 - 0.1 * abs(float(np.log(config.als.alpha / best)))
        jitter = np.random.default_rng([task.warm.seed, int(100 * config.als.alpha)]).normal(size=40) * noise
        return Figures(np.full(40, worth) + jitter, np.full(40, worth / 2) + jitter, 0.1)

    return measure


def told(study: Study) -> list[dict[str, Any]]:
    return [dataclasses.asdict(trial) for trial in study.trials]


# what it looks at


def cells(part: Listens) -> set[tuple[int, int]]:
    return set(zip(part.user.tolist(), part.track.tolist(), strict=True))


def test_tasks_hold_nothing_but_the_given_listens_and_hide_what_they_ask_for() -> None:
    given = listens()
    for task in validation_tasks(given, artists(), pairs=3):
        assert task.cold is not None
        parts = [cells(task.warm.train), cells(task.warm.test), cells(task.cold.test)]
        assert set().union(*parts) <= cells(given)
        assert sum(len(part) for part in parts) == len(set().union(*parts))
        assert task.cold.train is task.warm.train


def test_every_artist_is_hidden_whole_and_once() -> None:
    names = artists()
    hidden: list[set[str]] = []
    for task in TASKS:
        assert task.cold is not None
        here = {names[t] or str(t) for t in np.flatnonzero(task.cold.candidates)}
        there = {names[t] or str(t) for t in np.unique(task.warm.train.track)}
        assert not here & there
        assert not any(here & others for others in hidden)
        hidden.append(here)
    assert set().union(*hidden) == {name or str(t) for t, name in enumerate(names)}


def test_a_measure_is_given_these_tasks_and_nothing_else() -> None:
    seen: list[Task] = []
    inner = planted()

    def measure(config: EngineConfig, task: Task) -> Figures:
        seen.append(task)
        return inner(config, task)

    search(SPACE, TASKS, measure, trials=8)
    assert {id(task) for task in seen} == {id(task) for task in TASKS}


def test_other_seeds_hide_other_listens() -> None:
    assert cells(validation_tasks(listens(), artists(), seed=1)[0].warm.test) != cells(TASKS[0].warm.test)
    assert cells(validation_tasks(listens(), artists())[0].warm.test) == cells(TASKS[0].warm.test)


def test_of_many_listeners_a_sample_is_measured() -> None:
    (task,) = validation_tasks(listens(), artists(), pairs=1, listeners=10)
    assert task.cold is not None
    assert [len(np.unique(split.test.user)) for split in (task.warm, task.cold)] == [10, 10]


def test_with_too_few_artists_to_hide_any_only_the_warm_side_is_measured() -> None:
    given = listens()
    tasks = validation_tasks(given, [f"artist {i % 4}" for i in range(60)])
    assert [task.cold for task in tasks] == [None] * len(tasks)


@pytest.mark.parametrize("users", [1, 40])
def test_too_few_listens_are_an_error(users: int) -> None:
    given = listens(users).where(listens(users).track == 0)
    with pytest.raises(InputError, match="too few listens") as caught:
        validation_tasks(given, artists())
    assert caught.value.code == "too-few-listens"


# how it goes on


def test_the_first_trial_is_the_defaults_and_no_trial_runs_twice() -> None:
    study = search(SPACE, TASKS, planted(), trials=40)
    keys = [tuple(sorted(trial.values.items())) for trial in study.trials]
    assert dict(keys[0]) == DEFAULTS
    assert len(set(keys)) == len(keys) == 40


def test_same_seed_same_trials_and_another_seed_others() -> None:
    first, again, other = (told(search(SPACE, TASKS, planted(noise=0.05), trials=20, seed=seed)) for seed in (0, 0, 1))
    assert first == again
    assert first[:1] == other[:1]
    assert first != other


def test_it_finds_the_planted_value() -> None:
    study = search(SPACE, TASKS, planted(best=40.0), trials=40)
    assert 30 < float(study.best.values["als.alpha"] or 0) < 55


@pytest.mark.parametrize("stop", [1, 2, 7, 19])
def test_stopped_and_resumed_equals_unbroken(stop: int) -> None:
    kept: list[dict[str, Any]] = []
    measure = planted(noise=0.05)
    unbroken = search(SPACE, TASKS, measure, trials=20)
    search(SPACE, TASKS, measure, trials=stop, keep=kept.append)
    done = json.loads(json.dumps(kept, allow_nan=False))
    resumed = search(SPACE, TASKS, measure, trials=20, done=done, keep=kept.append)
    assert told(resumed) == told(unbroken)
    assert len(kept) == 20


def test_a_trial_that_time_does_not_allow_to_finish_is_not_kept() -> None:
    asked = iter([True, False])  # its first fit, then not its second
    kept: list[dict[str, Any]] = []
    study = search(SPACE, TASKS, planted(), go_on=lambda: next(asked), keep=kept.append)
    assert len(study.trials) == len(kept) == 1


def test_without_any_time_the_defaults_are_measured() -> None:
    study = search(SPACE, TASKS, planted(), go_on=lambda: False)
    assert [trial.number for trial in study.trials] == [0]
    assert study.best.number == 0


def test_a_given_start_comes_second_and_only_once() -> None:
    start: Values = {"als.alpha": 5.5}
    study = search(SPACE, TASKS, planted(), trials=6, starts=[start, DEFAULTS])
    assert study.trials[1].values == {"als.alpha": 5.5, "als.components": 64, "als.iterations": 15}
    assert study.trials[2].values != study.trials[1].values


def test_a_small_space_is_tried_whole_and_then_it_ends() -> None:
    space = {"als.iterations": Choice((10, 15)), "als.components": Choice((32, 64, 96))}
    assert len(search(space, TASKS, planted()).trials) == 6


def test_what_cannot_be_fitted_is_kept_as_failed_and_the_search_goes_on() -> None:
    inner = planted()

    def measure(config: EngineConfig, task: Task) -> Figures:
        if config.als.components < 64:
            raise InputError("it diverged")
        return inner(config, task)

    study = search(SPACE, TASKS, measure, trials=20)
    failed = [trial for trial in study.trials if trial.state == FAILED]
    assert failed
    assert all(trial.note == "it diverged" for trial in failed)
    assert len(study.trials) == 20


def test_defaults_that_cannot_be_fitted_are_an_error() -> None:
    def measure(_config: EngineConfig, _task: Task) -> Figures:
        raise InputError("no embeddings")

    with pytest.raises(InputError, match="no embeddings"):
        search(SPACE, TASKS, measure)


def test_records_of_another_search_are_refused() -> None:
    kept: list[dict[str, Any]] = []
    search(SPACE, TASKS, planted(), trials=3, keep=kept.append)
    for wrong in (kept[1:], [kept[0], kept[2]], [{"number": 0}], [{**kept[0], "listeners": kept[0]["listeners"][:1]}]):
        with pytest.raises(InputError, match="records"):
            search(SPACE, TASKS, planted(), done=wrong)
    with pytest.raises(InputError, match="trials=0"):
        search(SPACE, TASKS, planted(), trials=0)


# what is better


def test_the_defaults_stand_where_nothing_beats_them() -> None:
    study = search(SPACE, TASKS, planted(best=EngineConfig().als.alpha), trials=20)
    assert study.best.number == 0


def test_a_gain_within_a_standard_error_is_none() -> None:
    lucky = Trial(1, {}, DONE, gain=0.02, error=0.03)
    sure = dataclasses.replace(lucky, error=0.01)
    left = Trial(2, {}, ABANDONED, gain=0.5, error=0.01)
    assert [Study((Trial(0, {}), trial, left), ()).best.number for trial in (lucky, sure)] == [0, 1]


def test_what_is_far_behind_after_the_first_stage_is_not_measured_further() -> None:
    fits: list[float] = []
    inner = planted(best=EngineConfig().als.alpha)

    def measure(config: EngineConfig, task: Task) -> Figures:
        fits.append(config.als.alpha)
        return inner(config, task)

    study = search(SPACE, TASKS, measure, trials=10)
    left = [trial for trial in study.trials if trial.state == ABANDONED]
    assert left
    assert len(fits) == 5 * len(study.trials) - 3 * len(left)


def figures(warm: Sequence[float], cold: Sequence[float] | None) -> Figures:
    return Figures(np.array(warm), None if cold is None else np.array(cold), 0.0)


NAN = float("nan")


def test_gain_is_the_geometric_mean_of_both_sides() -> None:
    base, own = figures([0.5, 0.3, NAN], [0.1, NAN, 0.1]), figures([0.6, 0.4, NAN], [0.2, NAN, 0.2])
    gain = gain_over([own], [base], TASKS[:1])
    assert gain.value == pytest.approx(np.sqrt((0.5 / 0.4) * (0.2 / 0.1)) - 1)


def test_an_engine_without_cold_songs_is_measured_by_warm_ones_alone() -> None:
    gain = gain_over([figures([0.6, 0.6], None)], [figures([0.4, 0.4], None)], TASKS[:1])
    assert gain == pytest.approx((0.5, 0.0))


def test_the_error_is_that_of_the_paired_difference() -> None:
    rng = np.random.default_rng(0)
    level, change = rng.random(500), rng.normal(0.0, 0.1, 500)
    gain = gain_over([figures(level + change, None)], [figures(level, None)], TASKS[:1])
    assert gain.error == pytest.approx(change.std(ddof=1) / np.sqrt(500) / level.mean(), rel=0.02)


def test_the_error_is_that_between_tasks_where_it_is_greater() -> None:
    base = [figures([0.4] * 9, None)] * 2
    gain = gain_over([figures([0.4] * 9, None), figures([0.8] * 9, None)], base, TASKS)
    assert gain == pytest.approx((0.5, 0.5))


def test_sets_count_alike_however_many_listeners_they_have() -> None:
    tasks = [dataclasses.replace(TASKS[0], group=name) for name in ("small", "large")]
    base = [figures([0.2, 0.2], None), figures([0.5] * 100, None)]
    own = [figures([0.4, 0.4], None), figures([0.5] * 100, None)]
    assert gain_over(own, base, tasks).value == pytest.approx(np.sqrt(2) - 1)


def test_two_tasks_of_one_set_are_one_listener_each() -> None:
    one = gain_over([figures([0.5, 0.2], None)], [figures([0.4, 0.3], None)], TASKS[:1])
    two = gain_over([figures([0.5, 0.2], None)] * 2, [figures([0.4, 0.3], None)] * 2, TASKS)
    assert two == pytest.approx(one)


# spaces


@pytest.mark.parametrize("engine", SPACES)
def test_every_default_lies_in_its_space(engine: str) -> None:
    check_space(SPACES[engine])
    for width in (None, 8, 64, 192):
        check_space(space_of(engine, width))


@pytest.mark.parametrize("engine", SPACES)
def test_draws_and_moves_stay_in_the_space(engine: str) -> None:
    space = space_of(engine, 192)
    start = {name: one.values[0] if isinstance(one, Choice) else one.low for name, one in space.items()}
    around = [start, *(draw(space, start, np.random.default_rng(seed)) for seed in range(20))]
    for values in [values for own in around for step in (1.0, 0.5) for values in moves(space, own, step)] + around:
        for name, one in space.items():
            value = values[name]
            assert value in one.values if isinstance(one, Choice) else one.low <= float(value or 0) <= one.high


def test_without_content_nothing_of_content_is_tuned() -> None:
    names = space_of("hybrid", None)
    assert "als.alpha" in names
    assert not any(name.startswith(("scaling", "bridge")) for name in names)


@pytest.mark.parametrize("engine", ["popularity", "nonsense"])
def test_an_engine_without_choices_is_refused(engine: str) -> None:
    with pytest.raises(InputError, match=f"{engine}.*hybrid"):
        space_of(engine, 192)


# Not of "hybrid": which of its two maps counts is for its validation to say, and so small a world has none.
@pytest.mark.parametrize(("engine", "name"), [(e, n) for e, space in SPACES.items() if e != "hybrid" for n in space])
def test_every_choice_that_is_tuned_makes_a_difference(engine: str, name: str) -> None:
    given = listens()
    rng = np.random.default_rng(0)
    given = given.where(given.track < 50)  # ten songs without listens
    vectors = rng.normal(size=(60, 20)) @ rng.normal(size=(20, 20)) * np.linspace(1, 9, 20)
    content = SongEmbeddings(given.tracks, vectors.astype(np.float32), "encoder")
    dimension = space_of(engine, 20)[name]
    ends = (dimension.values[0], dimension.values[-1]) if isinstance(dimension, Choice) else (dimension.low, dimension.high)
    scores = [
        fit(engine, given, content, with_values(EngineConfig(), {name: end})).scores(np.arange(40, dtype=np.int32))
        for end in ends
    ]
    assert not np.array_equal(*scores)
