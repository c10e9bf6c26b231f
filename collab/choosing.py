"""What the hybrid is made of, chosen on listens held out of the training listens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collab import single
from collab.blend import CONTENT_PARTS, standardised, weighed
from collab.boosting import learn_boost
from collab.inputs import FitInputs
from collab.parts import START, available, variants_of
from collab.rule import Rule
from collab.validation import FEWEST_LISTENERS, Validation, co_listens, hold_out
from collab.weighing import Pool, ascend, better, standard_error

TAILS = (0.025, 0.05, 0.1, 0.15, 0.2, 0.3)
TAIL_COST = 0.005
TRUSTS = (0.0, 1.0, 3.0, 10.0, 30.0)


@dataclass(frozen=True)
class Picked:
    """What validation chose: the bridge of each part that has several, the rule, and the story as JSON-able values."""

    bridges: Mapping[str, str]
    rule: Rule
    story: dict[str, Any]


def pick(inputs: FitInputs) -> Picked:
    """Choose bridges and weights on listens held out of the training listens."""
    names = available(inputs)
    content = {name: START[name] for name in names if name in CONTENT_PARTS and START[name]}
    if not co_listens(inputs.listens):
        why = "nobody plays two songs, so no two songs share a listener: collaborative evidence is worth nothing"
        return Picked({}, Rule(content, content), {"why": f"{why}; content alone", "validated": False})
    validation = hold_out(inputs.listens, inputs.artists, inputs.placeable, inputs.config.weighing, inputs.seed)
    if not (validation.tells_of_new or validation.tells_of_others):
        equal = _by_name(names, _start(names))
        cold = equal if inputs.known.any() else content
        why = f"fewer than {FEWEST_LISTENERS} listeners to validate on: all parts count alike"
        bridges = dict.fromkeys(("als", "ease"), "kernel") if inputs.known.any() else {}
        return Picked(bridges, Rule(equal, cold), {"why": why, "validated": False})
    return _validated(inputs, validation, names)


def _validated(inputs: FitInputs, validation: Validation, names: list[str]) -> Picked:
    size, patience = inputs.config.weighing.pool, inputs.config.weighing.patience
    inner = inputs.on(validation.train)
    kernel = single.kernel_bridge(inner) if (inner.known & inner.warm).any() else None
    variants = {name: variants_of(inner, name, kernel) for name in names}
    scores = {
        (name, how): standardised(model.known(validation.users), model.scorable, validation.listeners > 0)
        for name, of_part in variants.items()
        for how, model in of_part.items()
    }
    keyed = {
        f"{name}/{how}".removesuffix("/"): values for (name, how), values in scores.items() if variants[name][how].cold_tracks
    }
    bridges = {name: "kernel" if "kernel" in of_part else next(iter(of_part)) for name, of_part in variants.items()}
    able = [name for name in names if variants[name][bridges[name]].cold_tracks]
    cold, of_new, alone_new = _start(able), None, {}
    if validation.tells_of_new and able:
        careful = patience * validation.doubt
        of_new = validation.among_new(keyed, size)
        reached = dict(zip(of_new.names, (of_new.ndcg(part) for part in of_new.scores), strict=True))
        alone_new = {key: round(float(figures.mean()), 4) for key, figures in reached.items()}
        for name, usual in bridges.items():
            others = [how for how in variants[name] if how != usual]
            if others:
                by_how = {how: reached[f"{name}/{how}"] for how in variants[name]}
                bridges[name], _ = better(by_how.__getitem__, usual, by_how[usual], others, careful)
        of_new = validation.among_new({name: scores[name, bridges[name]] for name in able}, size)
        cold, _ = ascend(lambda w: of_new.ndcg(of_new.blend(w)), _start(able), patience=careful)
    chosen = {name: variants[name][bridges[name]] for name in names}
    parts = {name: scores[name, bridges[name]] for name in names}
    scorable = np.any([model.scorable for model in chosen.values()], axis=0)
    rule, of_all = Rule(_by_name(names, _start(names)), _by_name(able, cold)), None
    if validation.tells_of_others:
        of_all = validation.among_all(parts, size, scorable)
        mixed, _ = ascend(
            lambda w: of_all.ndcg(weighed(of_all, replace(rule, mixed=_by_name(names, w)))), _start(names), patience=patience
        )
        rule = replace(rule, mixed=_by_name(names, mixed))
        rule = _trusting(of_all, rule, patience)
        rule = _for_the_tail(of_all, rule)
        rule = replace(rule, boost=learn_boost(rule, chosen, validation, inputs.config.weighing, inputs.seed))
    pools = {"all songs": of_all, "new songs": of_new}
    missing = [songs for songs, pool in pools.items() if pool is None]
    story = {
        "why": "weights that rank held-out training listens best"
        + (f"; too few listeners to choose for {missing[0]}, where all parts count alike" if missing else ""),
        "validated": True,
        "listeners": len(validation.users),
        "alone": {"all songs": {} if of_all is None else _alone(of_all), "new songs": alone_new},
        "blend": {songs: round(float(p.ndcg(weighed(p, rule)).mean()), 4) for songs, p in pools.items() if p is not None},
    }
    return Picked({name: how for name, how in bridges.items() if how}, rule, story)


def _alone(pool: Pool) -> dict[str, float]:
    """What each part reaches by itself."""
    return {name: round(float(pool.ndcg(part).mean()), 4) for name, part in zip(pool.names, pool.scores, strict=True)}


def _start(names: list[str]) -> NDArray[np.float64]:
    return np.array([START[name] for name in names])


def _by_name(names: list[str], weights: NDArray[np.float64]) -> dict[str, float]:
    """Weights that add up to 1."""
    return {name: float(weight) for name, weight in zip(names, weights / (weights.sum() or 1.0), strict=True)}


def _trusting(pool: Pool, rule: Rule, patience: float) -> Rule:
    """The rule with the trust that ranks best."""

    def measure(rival: Rule) -> NDArray[np.float64]:
        return pool.ndcg(weighed(pool, rival))

    rivals = [replace(rule, trust=trust) for trust in TRUSTS if trust != rule.trust]
    return better(measure, rule, measure(rule), rivals, patience)[0]


def _for_the_tail(pool: Pool, rule: Rule) -> Rule:
    """The strongest correction for popularity that costs next to nothing: no more than one standard error of the paired
    difference (Breiman et al., 1984), and than `TAIL_COST` of the ranking's quality. What is seldom played gains.
    """
    reached = pool.ndcg(weighed(pool, rule))
    for tail in sorted(TAILS, reverse=True):
        loss = reached - pool.ndcg(weighed(pool, replace(rule, tail=tail)))
        if loss.mean() <= min(standard_error(loss), TAIL_COST * reached.mean()):
            return replace(rule, tail=tail)
    return rule
