"""Numbering equal things."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def occurrence(values: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """How many equal values stand earlier in the list, int64 (n,): [3, 1, 3, 3] gives [0, 0, 1, 2]."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    nth = np.empty(len(values), np.int64)
    nth[order] = np.arange(len(values)) - np.searchsorted(ordered, ordered)
    return nth
