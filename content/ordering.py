"""An order in which neighbours sound alike: a short open way through all songs. numpy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError

MOST = 5_000  # songs; distances of all pairs are held, 4 bytes each
EXACT = 9  # up to so many songs the shortest way is found for certain, by dynamic programming (Held and Karp, 1962)
STARTS = 8  # greedy ways that are tried where the first song is free, of at most MOST_TRIED songs; of more one, to save time
MOST_TRIED = 100
SEGMENT = 3  # longest run of songs that is moved elsewhere at once (Or, 1976)
ROUNDS = 100
LEAST = 1e-6  # a gain below this is rounding


def flowing_order(unit: NDArray[np.float32], *, first: int | None = None) -> NDArray[np.int32]:
    """An order of all n songs, int32 (n,), with a small sum of distances between neighbours; the distance is 1 - cosine.

    Exact up to 9 songs. Beyond, greedy ways (always on to the nearest) are improved by 2-opt and Or-opt until neither shortens
    the way. The same input gives the same order.

    Parameters
    ----------
    unit : float32 (n, d), rows of length 1, or of zeros.
    first : row that stays at the start, or None if any may.

    Raises
    ------
    InputError : more than 5,000 songs, or `first` is no row.
    """
    n = len(unit)
    if n > MOST:
        raise InputError(f"{n} songs are too many to order at a time: at most {MOST}", hint="Split the list")
    if first is not None and not 0 <= first < n:
        raise InputError(f"first={first} must be a row of the {n} vectors")
    if n < 2:
        return np.arange(n, dtype=np.int32)
    distance = np.zeros((n + 1, n + 1), np.float32)  # the last row: nowhere, as near to every song as to any other
    distance[:n, :n] = np.maximum(1.0 - unit @ unit.T, 0.0)
    start = n if first is None else first
    if n <= EXACT:
        way = _shortest(distance, start, n)
    else:
        ways = [_improved(greedy, distance) for greedy in _greedy_ways(distance, first, n)]
        way = min(ways, key=lambda some: _length(some, distance))
    return way[way < n].astype(np.int32)


def steps(unit: NDArray[np.float32]) -> NDArray[np.float32]:
    """How unlike each two neighbours are, 1 - similarity, in [0, 1]: float32 (n - 1,)."""
    cosine = np.einsum("nd,nd->n", unit[1:], unit[:-1])
    return np.asarray(np.clip(0.5 - 0.5 * cosine, 0.0, 1.0), np.float32)


def _length(way: NDArray[np.intp], distance: NDArray[np.float32]) -> float:
    return float(distance[way[:-1], way[1:]].sum(dtype=np.float64))


def _shortest(distance: NDArray[np.float32], start: int, n: int) -> NDArray[np.intp]:
    """The shortest way from `start` (n: nowhere) through all of 0 .. n - 1."""
    songs = [song for song in range(n) if song != start]
    table = {(1 << at, at): (float(distance[start, song]), -1) for at, song in enumerate(songs)}  # (met, last) -> length, before
    for met in range(1, 1 << len(songs)):
        for last in range(len(songs)):
            rest = met & ~(1 << last)
            if not met >> last & 1 or not rest:
                continue
            table[met, last] = min(
                (table[rest, before][0] + float(distance[songs[before], songs[last]]), before)
                for before in range(len(songs))
                if rest >> before & 1
            )
    met = (1 << len(songs)) - 1
    last = min(range(len(songs)), key=lambda at: table[met, at])
    way: list[int] = []
    while last >= 0:
        way.append(songs[last])
        met, last = met & ~(1 << last), table[met, last][1]
    return np.array([start, *reversed(way)], np.intp)


def _greedy_ways(distance: NDArray[np.float32], first: int | None, n: int) -> list[NDArray[np.intp]]:
    """Ways that go on to the nearest song not met yet; from several songs, after "nowhere", where the first is free."""
    count = STARTS if n <= MOST_TRIED else 1
    starts = [first] if first is not None else np.unique(np.linspace(0, n - 1, count).astype(int)).tolist()
    ways = []
    for start in starts:
        way, here, free = [start], start, np.ones(n, np.bool_)
        free[start] = False
        for _ in range(n - 1):
            here = int(np.where(free, distance[here, :n], np.inf).argmin())
            free[here] = False
            way.append(here)
        ways.append(np.array(way if first is not None else [n, *way], np.intp))
    return ways


def _improved(way: NDArray[np.intp], distance: NDArray[np.float32]) -> NDArray[np.intp]:
    """`way` after 2-opt and Or-opt; its first element stays, its end is free."""
    way = way.copy()
    for _ in range(ROUNDS):
        before = _length(way, distance)
        for at in range(1, len(way)):
            _reverse_from(way, at, distance)
        for length in range(1, SEGMENT + 1):
            for at in range(1, len(way) - length + 1):
                way = _move(way, at, length, distance)
        if _length(way, distance) > before - LEAST:
            break
    return way


def _reverse_from(way: NDArray[np.intp], at: int, distance: NDArray[np.float32]) -> None:
    """2-opt: turn way[at:j + 1] round, in place, for the j that gains most, if any does."""
    left, here = way[at - 1], way[at]
    ends = way[at:]  # candidates for way[j]
    gain = distance[left, here] - distance[left, ends]
    gain[:-1] += distance[ends[:-1], way[at + 1 :]] - distance[here, way[at + 1 :]]
    best = int(gain.argmax())
    if gain[best] > LEAST:
        way[at : at + best + 1] = way[at : at + best + 1][::-1].copy()


def _move(way: NDArray[np.intp], at: int, length: int, distance: NDArray[np.float32]) -> NDArray[np.intp]:
    """Or-opt: put way[at:at + length], either way round, between the two songs where that gains most, if it gains."""
    run = way[at : at + length]
    rest = np.concatenate([way[:at], way[at + length :]])
    after = at < len(rest)
    freed = distance[rest[at - 1], run[0]]
    if after:
        freed = freed + distance[run[-1], rest[at]] - distance[rest[at - 1], rest[at]]
    best, place, turned = LEAST, -1, False
    for head, tail, round_ in ((run[0], run[-1], False), (run[-1], run[0], True)):
        cost = distance[rest, head].copy()  # after each element of `rest`
        cost[:-1] += distance[tail, rest[1:]] - distance[rest[:-1], rest[1:]]
        cheapest = int(cost.argmin())
        if freed - cost[cheapest] > best:
            best, place, turned = float(freed - cost[cheapest]), cheapest, round_
    if place < 0:
        return way
    return np.concatenate([rest[: place + 1], run[::-1] if turned else run, rest[place + 1 :]])
