"""The sets by name: a further one is a file beside this one and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from data.errors import InputError
from data.published.benchmark_set import BenchmarkSet
from data.published.citeulike import CITEULIKE_A, CITEULIKE_T
from data.published.lastfm2k import LASTFM2K

SETS: Mapping[str, BenchmarkSet] = MappingProxyType({one.name: one for one in (LASTFM2K, CITEULIKE_T, CITEULIKE_A)})


def benchmark_set(name: str) -> BenchmarkSet:
    """The set `name`. Raises InputError if there is none."""
    if name not in SETS:
        raise InputError(f"benchmark {name!r} must be one of {', '.join(SETS)}", code="unknown-set")
    return SETS[name]
