"""What the default engine picked by validation, as values and in a line or two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collab.blend import BlendModel
from collab.content_map import ContentMap, KernelMap
from collab.model import FactorModel
from collab.model_records import AnyModel

WARM, COLD = "songs with listens", "songs without"


def choice_of(model: AnyModel) -> dict[str, Any] | None:
    """Of a blend {"weights": {"songs with listens": {part: weight}, "songs without": {part: weight}}, "bridges": {part: "linear",
    "kernel" or "own"}, "trust", "tail", "boost", "why", "validated", and what validation measured}; None of any other model.
    """
    if not isinstance(model, BlendModel):
        return None
    rule, names = model.rule, [part.name for part in model.parts]
    weights = {WARM: rule.mixed, COLD: rule.cold}
    return {
        "weights": {songs: {name: round(of.get(name, 0.0), 4) for name in names} for songs, of in weights.items()},
        "bridges": {part.name: bridge for part in model.parts if (bridge := _bridge(part))},
        "trust": rule.trust,
        "tail": rule.tail,
        "boost": [list(pair) for pair in rule.boost],
        **model.choice,
    }


def _bridge(part: object) -> str:
    """How a collaborative part places songs without listens."""
    if not isinstance(part, FactorModel) or part.name not in ("als", "ease", "bpr", "lightfm"):
        return ""
    if isinstance(part.content_map, KernelMap):
        return "kernel"
    if part.name == "ease":
        return "own" if part.cold_tracks else ""
    return "linear" if isinstance(part.content_map, ContentMap) else ""


def choice_in_words(choice: Mapping[str, Any] | None) -> list[str]:
    """Lines for a person; none where nothing was chosen."""
    if choice is None:
        return []
    weights = "; ".join(f"{songs}: {_shares(of)}" for songs, of in choice["weights"].items())
    how = f"on held-out listens of {choice['listeners']} listeners" if choice.get("validated") else "without validation"
    lines = [f"Picked {how} ({choice['why']}): {weights}"]
    bridges = {
        "linear": "by a linear map of their sound",
        "kernel": "by the songs that they sound like",
        "own": "by its own rule",
    }
    told = [f"{name} {bridges[bridge]}" for name, bridge in choice["bridges"].items()]
    return lines + ([f"Songs without listens are placed in {', in '.join(told)}"] if told else [])


def _shares(weights: Mapping[str, float]) -> str:
    total = sum(weights.values()) or 1.0
    ordered = sorted(weights.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{name} {100 * weight / total:.0f} %" for name, weight in ordered if weight > 0) or "none"
