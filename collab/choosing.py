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
from collab.validation import Validation, co_listens, hold_out
from collab.weighing import Pool, ascend, better

TAILS = (0.05, 0.1, 0.15, 0.2, 0.3)
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
    content = {name: START[name] or 1.0 for name in names if name in CONTENT_PARTS and START[name]}
    if not co_listens(inputs.listens):
        why = "nobody plays two songs, so no two songs share a listener: collaborative evidence is worth nothing"
        return Picked({}, Rule(content, content), {"why": f"{why}; content alone", "validated": False})
    validation = hold_out(inputs.listens, inputs.artists, inputs.placeable, inputs.config.weighing, inputs.seed)
    if not validation.steady:
        mixed = {name: START[name] for name in names if START[name]}
        cold = {name: weight for name, weight in mixed.items() if name in CONTENT_PARTS or inputs.known.any()}
        why = "too few listeners to validate on: all parts count alike"
        bridges = dict.fromkeys(("als", "ease"), "kernel") if inputs.known.any() else {}
        return Picked(bridges, Rule(mixed, cold), {"why": why, "validated": False})
    return _validated(inputs, validation, names)


def _validated(inputs: FitInputs, validation: Validation, names: list[str]) -> Picked:
    size, patience = inputs.config.weighing.pool, inputs.config.weighing.patience
    inner = inputs.on(validation.train)
    kernel = single.kernel_bridge(inner) if (inner.known & inner.warm).any() else None
    variants = {name: variants_of(inner, name, kernel) for name in names}
    scores = {
        f"{name}/{how}": standardised(model.known(validation.users), model.scorable, validation.listeners > 0)
        for name, of_part in variants.items()
        for how, model in of_part.items()
        if model.cold_tracks or len(of_part) == 1
    }
    new = validation.among_new(scores, size)
    alone = {key: round(float(new.ndcg(part).mean()), 4) for key, part in zip(new.names, new.scores, strict=True)}
    bridges = {name: max(of_part, key=lambda how: alone[f"{name}/{how}"]) for name, of_part in variants.items()}
    chosen = {name: variants[name][bridges[name]] for name in names}
    parts = {name: scores[f"{name}/{bridges[name]}"] for name in names}
    able = [name for name in names if chosen[name].cold_tracks]
    new = validation.among_new({name: parts[name] for name in able}, size)
    scorable = np.any([model.scorable for model in chosen.values()], axis=0)
    other = validation.among_all(parts, size, scorable)

    cold_weights, _ = ascend(lambda w: new.ndcg(new.blend(w)), _start(able), patience=patience)
    cold = _summing_to_one(able, cold_weights)
    mixed_weights, _ = ascend(
        lambda w: other.ndcg(weighed(other, Rule(_summing_to_one(names, w), cold))), _start(names), patience=patience
    )
    rule = Rule(_summing_to_one(names, mixed_weights), cold)
    rule = _better_rule(other, rule, [replace(rule, trust=trust) for trust in TRUSTS], patience)
    rule = _for_the_tail(other, rule)
    rule = replace(rule, boost=learn_boost(rule, chosen, validation, inputs.config.weighing, inputs.seed))
    alone_in_all = {name: round(float(other.ndcg(part).mean()), 4) for name, part in zip(other.names, other.scores, strict=True)}
    story = {
        "why": "weights that rank held-out training listens best",
        "validated": True,
        "listeners": len(validation.users),
        "alone": {"all songs": alone_in_all, "new songs": {key.removesuffix("/"): value for key, value in alone.items()}},
        "blend": {
            "all songs": round(float(other.ndcg(weighed(other, rule)).mean()), 4),
            "new songs": round(float(new.ndcg(weighed(new, rule)).mean()), 4),
        },
    }
    return Picked({name: how for name, how in bridges.items() if how}, rule, story)


def _start(names: list[str]) -> NDArray[np.float64]:
    return np.array([START[name] for name in names])


def _summing_to_one(names: list[str], weights: NDArray[np.float64]) -> dict[str, float]:
    return {name: float(weight) for name, weight in zip(names, weights / weights.sum(), strict=True)}


def _for_the_tail(pool: Pool, rule: Rule) -> Rule:
    """The strongest correction for popularity within one standard error of the best ranking (Breiman et al., 1984): it costs
    hardly anything that could be measured, and what is seldom played gains.
    """
    reached = pool.ndcg(weighed(pool, rule))
    for tail in sorted(TAILS, reverse=True):
        loss = reached - pool.ndcg(weighed(pool, replace(rule, tail=tail)))
        if loss.mean() <= loss.std() / np.sqrt(len(loss)):
            return replace(rule, tail=tail)
    return rule


def _better_rule(pool: Pool, rule: Rule, rivals: list[Rule], patience: float) -> Rule:
    """The best of `rivals` if it gains on `rule` more than chance would."""
    rules = [rule, *rivals]

    def measure(number: NDArray[np.float64]) -> NDArray[np.float64]:
        return pool.ndcg(weighed(pool, rules[int(number[0])]))

    first = np.zeros(1)
    best, _ = better(measure, first, measure(first), [np.array([float(n)]) for n in range(1, len(rules))], patience)
    return rules[int(best[0])]
