"""The default engine: a blend of collaborative and content engines whose weights are learned on held-out training listens.

No one recipe wins everywhere: on some catalogues content is nearly all, on others it only helps where listens are missing. So
the parts, their way from content to songs without listens, and their weights for songs with and without listens are chosen by
validation inside the training listens, each time anew; `BlendModel.choice` tells what was tried and why it was taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collab import single
from collab.blend import CONTENT_PARTS, BlendModel, Part, standardised, weighed
from collab.boosting import learn_boost
from collab.bridge import KernelBridge
from collab.content_map import AnyContentMap
from collab.ease import affordable
from collab.inputs import FitInputs
from collab.model import FactorModel
from collab.rule import Rule
from collab.validation import FEWEST_LISTENERS, Validation, co_listens, hold_out
from collab.weighing import Pool, ascend, better
from data.errors import InputError

START = {"als": 1.0, "ease": 1.0, "content": 1.0, "features": 1.0, "content-ridge": 0.0}
SIMPLE: Mapping[str, Callable[[FitInputs], Part]] = {
    "content": single.content,
    "content-ridge": single.content_ridge,
    "features": single.features,
}
TAILS = (0.05, 0.1, 0.15, 0.2, 0.3)
TRUSTS = (0.0, 1.0, 3.0, 10.0, 30.0)


@dataclass(frozen=True)
class Picked:
    """What validation chose: the bridge of each part that has several, the rule, and the story as JSON-able values."""

    bridges: Mapping[str, str]
    rule: Rule
    story: dict[str, Any]


def fit_hybrid(inputs: FitInputs) -> BlendModel:
    """Choose by validation, then fit on all listens.

    Raises
    ------
    InputError : there is neither an embedding nor a feature (code "no-content").
    """
    if not inputs.known.any() and inputs.features is None:
        raise InputError(
            "engine 'hybrid' needs embeddings or features of the songs and there are none",
            code="no-content",
            hint="Embed songs first, or take an engine without content, such as 'als-cf'",
        )
    picked = pick(inputs)
    wanted = [name for name in START if picked.rule.mixed.get(name, 0) > 0 or picked.rule.cold.get(name, 0) > 0]
    parts = fit_parts(inputs, wanted, picked.bridges)
    songs = np.diff(inputs.plays.indptr).astype(np.int64)
    return BlendModel("hybrid", tuple(parts), picked.rule, inputs.listeners, songs, picked.story)


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
        why = f"too few listeners to validate on, {FEWEST_LISTENERS} are needed with songs of hidden artists and with others"
        bridges = dict.fromkeys(("als", "ease"), "kernel") if inputs.known.any() else {}
        return Picked(bridges, Rule(mixed, cold), {"why": f"{why}: all parts count alike", "validated": False})
    return _validated(inputs, validation, names)


def available(inputs: FitInputs) -> list[str]:
    """The parts that can be fitted."""
    columns = 0 if inputs.vectors is None else inputs.vectors.shape[1]
    usable = {
        "als": True,
        "ease": affordable(*inputs.plays.shape, columns),
        "content": bool(inputs.known.any()),
        "features": inputs.features is not None,
        "content-ridge": bool((inputs.known & inputs.warm).any()),
    }
    return [name for name in START if usable[name]]


def fit_parts(inputs: FitInputs, names: list[str], bridges: Mapping[str, str]) -> list[Part]:
    """Fit the parts on all listens; `bridges` says for "als" and "ease" how songs without listens are placed."""
    kernel = None
    if "kernel" in [bridges.get(name) for name in names] and (inputs.known & inputs.warm).any():
        kernel = single.kernel_bridge(inputs).map_to
    return [_fit_part(inputs, name, bridges.get(name, ""), kernel) for name in names]


def _fit_part(inputs: FitInputs, name: str, bridge: str, kernel: Callable[[NDArray[np.float32]], AnyContentMap] | None) -> Part:
    """One part on all listens."""
    if name in SIMPLE:
        return SIMPLE[name](inputs)
    model = _collaborative(inputs, name)
    if bridge in ("", "own") or not (inputs.known & inputs.warm).any():
        return model
    map_to = single.ridge_map(inputs) if bridge == "ridge" or kernel is None else kernel
    return single.bridged(name, model, inputs, map_to)


def _collaborative(inputs: FitInputs, name: str) -> FactorModel:
    if name == "als":
        return replace(single.als_cf(inputs), name=name)
    return single.ease_own(inputs) if inputs.vectors is not None else replace(single.ease_cf(inputs), name=name)


def _variants(inputs: FitInputs, name: str, kernel: KernelBridge | None) -> dict[str, Part]:
    """A part with every bridge that it can have, on validation's listens: bridge ("" for none) -> model."""
    if name in SIMPLE:
        return {"": SIMPLE[name](inputs)}
    model = _collaborative(inputs, name)
    if kernel is None:
        return {"own" if model.cold_tracks else "": model}
    cold = inputs.content[1][~inputs.warm & inputs.known]
    by_kernel = single.placed(name, model, inputs, kernel.place(model.item_factors, cold))
    if name == "als":
        return {"ridge": single.bridged(name, model, inputs, single.ridge_map(inputs)), "kernel": by_kernel}
    return {"own": model, "kernel": by_kernel}


def _validated(inputs: FitInputs, validation: Validation, names: list[str]) -> Picked:
    size, patience = inputs.config.weighing.pool, inputs.config.weighing.patience
    inner = inputs.on(validation.train)
    kernel = single.kernel_bridge(inner) if (inner.known & inner.warm).any() else None
    variants = {name: _variants(inner, name, kernel) for name in names}
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
