"""The table of `evaluate compose`: what the judge and the measurements say of all pieces, with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from data.errors import InputError

COPIED = 0.8  # likeness from which a piece counts as a copy of a real song
CENTROID_RANGE = (2.5, 97.5)  # percentiles of real songs of a label between which a piece's centroid should lie
Z = 1.959964  # of a 95 % interval


def wilson(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of `right` in `n` (Wilson 1927); (0, 1) for n = 0."""
    if n == 0:
        return 0.0, 1.0
    share = right / n
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    reach = Z * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def composing_table(rows: Sequence[Mapping[str, Any]], *, classes: Sequence[str]) -> dict[str, Any]:
    """Means, intervals, one line a label and the judge's confusion, of one row a piece.

    Parameters
    ----------
    rows : each has "label", "judged", "correct", "probability", "network_probability", "correlations" (block -> value or None),
        "clipped", "silence", "centroid_inside", "copied".
    classes : all labels that the judge can say.

    Returns
    -------
    "mean" ("judge_accuracy", "chance", "mel_correlation", "chroma_correlation", "network_probability", "clipped", "copied",
    "centroid_inside"), "low" and "high" (of the judge's accuracy), "labels", "confusion" (label -> what was judged -> pieces).

    Raises
    ------
    InputError : no row.
    """
    if not rows:
        raise InputError("no piece was composed: at least one label and one seed are needed", code="no-pieces")
    right = sum(bool(row["correct"]) for row in rows)
    low, high = wilson(right, len(rows))
    labels = list(dict.fromkeys(row["label"] for row in rows))
    return {
        "mean": {"judge_accuracy": right / len(rows), "chance": 1.0 / len(classes), **_means(rows)},
        "low": low,
        "high": high,
        "labels": [_of_label(label, [row for row in rows if row["label"] == label]) for label in labels],
        "confusion": {
            label: {said: sum(row["label"] == label and row["judged"] == said for row in rows) for said in classes}
            for label in labels
        },
    }


def _of_label(label: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    right = sum(bool(row["correct"]) for row in rows)
    low, high = wilson(right, len(rows))
    about = {"label": label, "pieces": len(rows), "judge_accuracy": right / len(rows), "low": low, "high": high}
    return about | _means(rows)


def _means(rows: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    blocks = {f"{block}_correlation": _mean([row["correlations"][block] for row in rows]) for block in rows[0]["correlations"]}
    shares = {name: _mean([float(row[name]) for row in rows]) for name in ("clipped", "silence", "centroid_inside", "copied")}
    return blocks | {"network_probability": _mean([row["network_probability"] for row in rows])} | shares


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
