"""Numbers and times as files write them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.importers.parsed import BAD_TIME, NO_TIME, Numbers

# Unix times in s, ms, us and ns lie far apart: 1e11 s is the year 5138, 1e11 ms is 1973.
_SCALES = ((1e11, 1e3), (1e14, 1e6), (1e17, 1e9))


def numbers(texts: Any) -> Numbers:
    """Parse n texts, a list or Arrow strings, as decimal numbers.

    "nan" and "inf" are numbers here; whoever calls refuses them.
    """
    import pyarrow as pa

    if isinstance(texts, pa.Array):
        try:
            return Numbers(texts.cast(pa.float64()).to_numpy(zero_copy_only=False), np.zeros(len(texts), bool))
        except pa.ArrowInvalid:
            texts = texts.to_pylist()
    return _numbers(texts)


def _numbers(texts: Sequence[str]) -> Numbers:
    try:
        return Numbers(np.fromiter(map(float, texts), np.float64, len(texts)), np.zeros(len(texts), bool))
    except ValueError:
        value = np.full(len(texts), np.nan)
        bad = np.zeros(len(texts), bool)
        for row, text in enumerate(texts):
            try:
                value[row] = float(text)
            except ValueError:
                bad[row] = True
        return Numbers(value, bad)


def unix_seconds(value: NDArray[np.float64]) -> NDArray[np.int64]:
    """Unix times in s, ms, us or ns, told apart by size, as seconds int64 (n,); 0 is NO_TIME, negative or not finite BAD_TIME."""
    seconds = value.copy()
    for limit, scale in _SCALES:
        seconds = np.where(value >= limit, value / scale, seconds)
    readable = np.isfinite(seconds) & (seconds >= 0) & (seconds < _SCALES[0][0])
    out = np.where(readable, seconds, 0).astype(np.int64)
    out[out == 0] = NO_TIME
    out[~readable] = BAD_TIME
    return out


def times(texts: Any) -> NDArray[np.int64]:
    """Unix times or ISO 8601 dates (without a zone: UTC) as seconds int64 (n,); "" is NO_TIME, what is neither BAD_TIME.

    Parameters
    ----------
    texts : a list of n texts, or Arrow strings.
    """
    import pyarrow as pa

    if isinstance(texts, pa.Array):
        for kind in (pa.int64(), pa.timestamp("s"), pa.timestamp("s", "UTC")):
            try:
                value = texts.cast(kind).cast(pa.int64()).to_numpy(zero_copy_only=False)
            except pa.ArrowInvalid:
                continue
            return unix_seconds(value.astype(np.float64)) if kind == pa.int64() else np.where(value <= 0, BAD_TIME, value)
        texts = texts.to_pylist()
    value, bad = _numbers([text or "0" for text in texts])
    out = unix_seconds(value)
    if bad.any():
        out[bad] = dates([text for text, is_text in zip(texts, bad, strict=True) if is_text])
    return out


def dates(texts: list[str], form: str = "ISO8601") -> NDArray[np.int64]:
    """Dates of one form, without a zone UTC, as seconds int64 (n,); BAD_TIME where a text is none, and before 1970."""
    import pandas as pd

    parsed = pd.to_datetime(pd.Series(texts, dtype=object), utc=True, errors="coerce", format=form)
    moments = parsed.dt.tz_localize(None).to_numpy().astype("datetime64[s]")
    seconds = moments.astype(np.int64)
    return np.where(np.isnat(moments) | (seconds <= 0), BAD_TIME, seconds)
