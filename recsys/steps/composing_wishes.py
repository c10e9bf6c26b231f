"""From what a person asks for, labels or a blend, to wishes: kind -> value -> share; only what a network here has learned."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from data.catalogue import Catalogue
from data.errors import InputError

Known = Mapping[str, Sequence[str]]  # kind -> the values that the trained network tells


def learned(about: Mapping[str, Any] | None) -> Known:
    """What the trained encoder tells, from its description; nothing of the shipped one's tags."""
    if about is None:
        return {}
    further = {head["label"]: tuple(head["classes"]) for head in about.get("also", [])}
    return {about["label"]: tuple(about["classes"]), **further}


def read_wishes(labels: Sequence[str], blend: str | None, known: Known, catalogue: Catalogue) -> dict[str, dict[str, float]]:
    """Wishes of which the shares of each kind sum to 1.

    Parameters
    ----------
    labels : "jazz", or "genre=jazz" where several kinds have that value; several of one kind share it equally.
    blend : "jazz:0.5,blues:0.5", or None.

    Raises
    ------
    InputError : nothing is wished, a value that no song carries, a label that no network has learned, a bad share.
    """
    asked = [(label, 1.0) for label in labels] + (_parts(blend) if blend else [])
    if not asked:
        raise InputError("nothing to compose: give --label or --blend", code="no-label")
    wishes: dict[str, dict[str, float]] = {}
    for text, share in asked:
        kind, value = _find(text, known, catalogue)
        of_kind = wishes.setdefault(kind, {})
        of_kind[value] = of_kind.get(value, 0.0) + share
    return {kind: {value: share / sum(of.values()) for value, share in of.items()} for kind, of in wishes.items()}


def _parts(blend: str) -> list[tuple[str, float]]:
    out = []
    for part in blend.split(","):
        text, colon, number = part.strip().rpartition(":")
        try:
            share = float(number)
        except ValueError:
            share = math.nan
        if not (colon and text and 0 < share < math.inf):
            raise InputError(
                f"blend part {part.strip()!r} must be LABEL:SHARE with a positive share, for instance jazz:0.5", code="bad-blend"
            )
        out.append((text, share))
    return out


def _find(text: str, known: Known, catalogue: Catalogue) -> tuple[str, str]:
    """The kind and the value of one label."""
    kind, equals, value = text.partition("=")
    if equals and kind in known and value in known[kind]:
        return kind, value
    kinds = [kind for kind, values in known.items() if text in values]
    if len(kinds) == 1:
        return kinds[0], text
    if kinds:
        raise InputError(f"label {text!r} is both {' and '.join(kinds)}; write {kinds[0]}={text}", code="ambiguous-label")
    for kind in catalogue.label_kinds():
        if kind not in known and (text in catalogue.label_values(kind) or text.startswith(f"{kind}=")):
            raise InputError(
                f"label {text!r} is {_article(kind)} {kind}, and no network here has learned {kind}",
                code="no-model",
                hint=f"Run `recsys train-content --label {kind}` first",
            )
    if not known:
        raise InputError(
            f"label {text!r}: no network here has learned a label", code="no-model", hint="Run `recsys train-content` first"
        )
    told = "; ".join(f"{kind}: {', '.join(values)}" for kind, values in known.items())
    raise InputError(f"label {text!r} is none that the network here tells; {told}", code="unknown-label")


def _article(word: str) -> str:
    return "an" if word[0].lower() in "aeiou" else "a"
